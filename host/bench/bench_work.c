/* SPDX-License-Identifier: MIT */

#include "bench_work.h"

#include <bench_functions.h>
#include <bench_none.h>
#include <rein/error.h>
#include <rein_kernel.h>

#define N_RANDOM 10u
#define N_IMPROVED 8u
#define N_DIMENSIONS 100u
#define MEASURE_NS 100e6

const BenchWorkSpec bench_works[] = {
    { "comp01, evaluations", BENCH_WORK_EVALUATE, "comp01", 0 },
    { "comp02, evaluations", BENCH_WORK_EVALUATE, "comp02", 0 },
    { "comp05, evaluations", BENCH_WORK_EVALUATE, "comp05", 0 },
    { "comp01, moves", BENCH_WORK_MOVES, "comp01", 0 },
    { "comp05, moves", BENCH_WORK_MOVES, "comp05", 0 },
    { "rastrigin d=100, evaluations", BENCH_WORK_FLOAT, NULL, 0 },
    { "6 empty kernels, 64 items", BENCH_WORK_ROUND, NULL, 64 },
    { "6 empty kernels, 1024 items", BENCH_WORK_ROUND, NULL, 1024 },
    { "6 empty kernels, 16384 items", BENCH_WORK_ROUND, NULL, 16384 },
    { NULL, BENCH_WORK_ROUND, NULL, 0 },
};

guint32
bench_calibrate(TableDevice *device, const ReinStage *stages, guint32 n_stages, GError **error)
{
    guint32 n_rounds = 1;

    for (;;) {
        const gint64 duration_ns = table_device_run(device, stages, n_stages, 0, n_rounds, error);
        if (duration_ns < 0) {
            return 0;
        }
        if (duration_ns > MEASURE_NS / 4 || n_rounds > 1u << 24) {
            const double wanted = MEASURE_NS / (double)MAX(duration_ns, 1) * n_rounds;
            return (guint32)CLAMP(wanted, 1.0, (double)(1u << 26));
        }
        n_rounds *= 2;
    }
}

gboolean
bench_make_empty_stages(TableDevice *device, guint32 n_items, ReinStage *stages, GError **error)
{
    const guint32 params[PARAM_COUNT] = { [PARAM_POPULATION] = n_items, [PARAM_N_PLANES] = 1 };
    const guint64 program =
        table_device_build(device, "none.cl", bench_none, bench_none_size, error);
    guint64 buffers[6] = { 0 };

    if (program == 0) {
        return FALSE;
    }
    for (guint32 i = 0; i < G_N_ELEMENTS(buffers); i++) {
        const gsize size = i == 0 ? sizeof params : (gsize)n_items * sizeof(guint32);
        buffers[i] = table_device_take(device, size, i == 0 ? params : NULL, error);
        if (buffers[i] == 0) {
            return FALSE;
        }
    }
    for (guint32 i = 0; i < BENCH_MAX_STAGES; i++) {
        stages[i] = (ReinStage){ .program = program, .kernel = "none_fitness", .n_items = n_items };
        table_device_bind(&stages[i], buffers, G_N_ELEMENTS(buffers));
    }
    return TRUE;
}

static gboolean
work_take_timetable(BenchWork *self, Bench *bench, const BenchWorkSpec *spec, GError **error)
{
    const gboolean is_moves = spec->kind == BENCH_WORK_MOVES;

    self->rig = ctt_rig_new(self->device, bench->data_folder, spec->instance,
                            is_moves ? N_IMPROVED : BENCH_EVALUATED, self->interleave,
                            is_moves ? 0 : N_RANDOM, error);
    if (self->rig == NULL) {
        return FALSE;
    }
    self->stages[0] = is_moves ? self->rig->improve : self->rig->evaluate;
    self->n_stages = 1;
    self->per_round = is_moves ? (double)N_IMPROVED * self->rig->n_moves : BENCH_EVALUATED;
    if (!is_moves) {
        self->fitness = self->rig->fitness;
        self->fitness_size = (gsize)2 * BENCH_EVALUATED * sizeof(gint32);
    }
    return TRUE;
}

/* Random genes, the same for each individual however the device lays them out. */
static guint32 *
make_genes(guint32 interleave)
{
    guint32 *genes = g_new(guint32, (gsize)BENCH_EVALUATED * N_DIMENSIONS);
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);

    for (gsize item = 0; item < BENCH_EVALUATED; item++) {
        const gsize tile = item / interleave * interleave * N_DIMENSIONS;
        for (gsize i = 0; i < N_DIMENSIONS; i++) {
            genes[tile + i * interleave + item % interleave] = g_rand_int(rand);
        }
    }
    return genes;
}

static gboolean
work_take_function(BenchWork *self, GError **error)
{
    const float bounds[] = { -5.12f, 5.12f };
    const guint32 params[PARAM_COUNT] = {
        [PARAM_POPULATION] = BENCH_EVALUATED,
        [PARAM_N_GENES] = N_DIMENSIONS,
        [PARAM_N_PLANES] = 1,
        [PARAM_FLOAT] = 1,
    };
    const gsize row_size = BENCH_EVALUATED * sizeof(guint32);
    g_autofree guint32 *genes = make_genes(self->interleave);
    g_autofree guint32 *changed = g_new(guint32, BENCH_EVALUATED);
    guint64 buffers[6] = { 0 };
    const guint64 program = table_device_build(self->device, "functions.cl", bench_functions,
                                               bench_functions_size, error);

    for (gsize i = 0; i < BENCH_EVALUATED; i++) {
        changed[i] = 1;
    }
    if (program == 0 ||
        (buffers[0] = table_device_take(self->device, sizeof params, params, error)) == 0 ||
        (buffers[1] = table_device_take(self->device, row_size * N_DIMENSIONS, genes, error)) ==
            0 ||
        (buffers[2] = table_device_take(self->device, row_size, changed, error)) == 0 ||
        (buffers[3] = table_device_take(self->device, row_size, NULL, error)) == 0 ||
        (buffers[4] = table_device_take(self->device, sizeof bounds, bounds, error)) == 0 ||
        (buffers[5] = table_device_take(self->device, sizeof(guint32), NULL, error)) == 0) {
        return FALSE;
    }
    self->stages[0] = (ReinStage){ .program = program,
                                   .kernel = "rastrigin_fitness",
                                   .n_items = BENCH_EVALUATED };
    table_device_bind(&self->stages[0], buffers, G_N_ELEMENTS(buffers));
    self->n_stages = 1;
    self->per_round = BENCH_EVALUATED;
    self->fitness = buffers[3];
    self->fitness_size = row_size;
    return TRUE;
}

static gboolean
work_take_stages(BenchWork *self, Bench *bench, const BenchWorkSpec *spec, GError **error)
{
    switch (spec->kind) {
    case BENCH_WORK_EVALUATE:
    case BENCH_WORK_MOVES:
        return work_take_timetable(self, bench, spec, error);
    case BENCH_WORK_FLOAT:
        return work_take_function(self, error);
    case BENCH_WORK_ROUND:
        self->n_stages = BENCH_MAX_STAGES;
        self->per_round = 1;
        return bench_make_empty_stages(self->device, spec->n_items, self->stages, error);
    }
    g_return_val_if_reached(FALSE);
}

BenchWork *
bench_work_new(Bench *bench, const BenchWorkSpec *spec, const ReinDeviceEntry *entry,
               const char *plugin_path, GError **error)
{
    g_autoptr(BenchWork) self = g_new0(BenchWork, 1);

    self->interleave = entry->interleave;
    self->device = table_device_open(plugin_path, entry->id, bench->settings, NULL, error);
    if (self->device == NULL || !work_take_stages(self, bench, spec, error)) {
        return NULL;
    }
    self->n_rounds = bench_calibrate(self->device, self->stages, self->n_stages, error);
    return self->n_rounds > 0 ? g_steal_pointer(&self) : NULL;
}

void
bench_work_free(BenchWork *self)
{
    if (self == NULL) {
        return;
    }
    ctt_rig_free(self->rig);
    table_device_close(self->device);
    g_free(self);
}

double
bench_work_run(BenchWork *self, GError **error)
{
    const gint64 duration_ns = table_device_run(self->device, self->stages, self->n_stages,
                                                self->round, self->n_rounds, error);

    if (duration_ns < 0) {
        return -1;
    }
    self->round += self->n_rounds;
    return self->per_round * self->n_rounds / (double)MAX(duration_ns, 1) * 1e9;
}
