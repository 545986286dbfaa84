/* SPDX-License-Identifier: MIT */

#include "bench_work.h"

#include <bench_functions.h>
#include <bench_none.h>
#include <rein/error.h>
#include <rein_kernel.h>
#include <string.h>

#define N_RANDOM 10u
#define N_IMPROVED 8u
#define N_DIMENSIONS 100u
#define MEASURE_NS 100e6

const BenchWorkSpec bench_works[] = {
    { "comp01, evaluations", BENCH_WORK_EVALUATE, "comp01", 0 },
    { "comp02, evaluations", BENCH_WORK_EVALUATE, "comp02", 0 },
    { "comp05, evaluations", BENCH_WORK_EVALUATE, "comp05", 0 },
    { "comp01, moves", BENCH_WORK_MOVES, "comp01", 0 },
    { "comp02, moves", BENCH_WORK_MOVES, "comp02", 0 },
    { "comp05, moves", BENCH_WORK_MOVES, "comp05", 0 },
    { "rastrigin d=100, evaluations", BENCH_WORK_FLOAT, NULL, 0 },
    { "6 empty kernels, 64 items", BENCH_WORK_ROUND, NULL, 64 },
    { "6 empty kernels, 1024 items", BENCH_WORK_ROUND, NULL, 1024 },
    { "6 empty kernels, 16384 items", BENCH_WORK_ROUND, NULL, 16384 },
    { NULL, BENCH_WORK_ROUND, NULL, 0 },
};

guint32
bench_calibrate(BenchRunFn run, gpointer runner, GError **error)
{
    guint32 n_rounds = 1;

    for (;;) {
        const gint64 duration_ns = run(runner, 0, n_rounds, error);
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
bench_work_each(Bench *bench, const char *test, int kind, BenchWorkFn measure, GError **error)
{
    for (const BenchWorkSpec *spec = bench_works; spec->name != NULL; spec++) {
        g_autoptr(GError) failure = NULL;
        if (kind != BENCH_WORK_ANY && (int)spec->kind != kind) {
            continue;
        }
        if (!measure(bench, spec, &failure) && !bench_forgive(bench, test, spec->name, &failure)) {
            g_propagate_prefixed_error(error, g_steal_pointer(&failure), "bench %s: %s: ", test,
                                       spec->name);
            return FALSE;
        }
    }
    return TRUE;
}

const BenchWorkSpec *
bench_work_find(const char *name)
{
    for (const BenchWorkSpec *spec = bench_works; spec->name != NULL; spec++) {
        if (strcmp(spec->name, name) == 0) {
            return spec;
        }
    }
    return NULL;
}

/* ---- what there is to do ---- */

static gboolean
work_take_empty(BenchWork *self, guint32 n_items, GError **error)
{
    TableDevice *device = self->device;
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
        self->stages[i] =
            (ReinStage){ .program = program, .kernel = "none_fitness", .n_items = n_items };
        table_device_bind(&self->stages[i], buffers, G_N_ELEMENTS(buffers));
    }
    self->n_stages = BENCH_MAX_STAGES;
    self->per_round = 1;
    self->result = buffers[3];
    self->result_size = (gsize)n_items * sizeof(guint32);
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
    if (is_moves) {
        const guint32 n_rows = (N_IMPROVED + self->interleave - 1) / self->interleave;
        self->n_items = N_IMPROVED;
        self->n_genes = self->rig->instance->n_lectures;
        self->result = self->rig->improve.buffers[1][0];
        self->result_size = (gsize)n_rows * self->interleave * self->n_genes * sizeof(CttGene);
    } else {
        self->result = self->rig->fitness;
        self->result_size = (gsize)2 * BENCH_EVALUATED * sizeof(gint32);
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
    self->result = buffers[3];
    self->result_size = row_size;
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
        return work_take_empty(self, spec->n_items, error);
    }
    g_return_val_if_reached(FALSE);
}

/* ---- whether it is done right ---- */

/* What two rounds from the start come to, the same however the device lays genes out; to be freed. */
static guint8 *
work_result(BenchWork *self, gsize *size, GError **error)
{
    g_autofree guint8 *bytes = g_malloc(self->result_size);
    g_autofree CttGene *genes = g_new(CttGene, (gsize)self->n_items * self->n_genes);
    const CttGene *laid_out = (const CttGene *)(gconstpointer)bytes;

    self->round = 2;
    if (table_device_run(self->device, self->stages, self->n_stages, 0, self->round, error) < 0 ||
        !table_device_read(self->device, self->result, bytes, self->result_size, error)) {
        return NULL;
    }
    if (self->n_genes == 0) {
        *size = self->result_size;
        return g_steal_pointer(&bytes);
    }
    for (gsize item = 0; item < self->n_items; item++) {
        const gsize tile = item / self->interleave * self->interleave * self->n_genes;
        for (gsize i = 0; i < self->n_genes; i++) {
            genes[item * self->n_genes + i] =
                laid_out[tile + i * self->interleave + item % self->interleave];
        }
    }
    *size = (gsize)self->n_items * self->n_genes * sizeof *genes;
    return (guint8 *)g_steal_pointer(&genes);
}

static BenchWork *
work_open(Bench *bench, const BenchWorkSpec *spec, const ReinDeviceEntry *entry,
          const char *plugin_path, GError **error)
{
    g_autoptr(BenchWork) self = g_new0(BenchWork, 1);

    self->interleave = entry->interleave;
    self->device = table_device_open(plugin_path, entry->id, bench->settings, NULL, error);
    if (self->device == NULL || !work_take_stages(self, bench, spec, error)) {
        return NULL;
    }
    return g_steal_pointer(&self);
}

/* The CPU plugin is the reference for the others; two drivers alike may both be wrong. */
static gboolean
work_check(Bench *bench, const BenchWorkSpec *spec, BenchWork *self, GError **error)
{
    const ReinDeviceEntry *entry = NULL;
    const char *path = NULL;
    gsize size = 0;
    gsize expected_size = 0;

    if (!bench_pick_device(bench, "cpu", &entry, &path, NULL, error)) {
        g_prefix_error(error, "to check results by: ");
        return FALSE;
    }
    g_autoptr(BenchWork) oracle = work_open(bench, spec, entry, path, error);
    g_autofree guint8 *expected =
        oracle != NULL ? work_result(oracle, &expected_size, error) : NULL;
    g_autofree guint8 *result = expected != NULL ? work_result(self, &size, error) : NULL;
    if (result == NULL) {
        return FALSE;
    }
    if (size != expected_size || memcmp(result, expected, size) != 0) {
        g_set_error(error, BENCH_ERROR, BENCH_ERROR_WRONG,
                    "what it computes is not what the CPU plugin does");
        return FALSE;
    }
    return TRUE;
}

/* ---- life ---- */

BenchWork *
bench_work_new(Bench *bench, const BenchWorkSpec *spec, const ReinDeviceEntry *entry,
               const char *plugin_path, GError **error)
{
    g_autoptr(BenchWork) self = work_open(bench, spec, entry, plugin_path, error);

    if (self == NULL ||
        (!g_str_equal(entry->plugin, "cpu") && !work_check(bench, spec, self, error))) {
        return NULL;
    }
    return g_steal_pointer(&self);
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

/* ---- rates ---- */

static gint64
work_time(gpointer runner, guint32 first_round, guint32 n_rounds, GError **error)
{
    BenchWork *self = runner;

    return table_device_run(self->device, self->stages, self->n_stages, first_round, n_rounds,
                            error);
}

gboolean
bench_work_calibrate(BenchWork *self, GError **error)
{
    self->n_rounds = bench_calibrate(work_time, self, error);
    return self->n_rounds > 0;
}

double
bench_work_run(BenchWork *self, GError **error)
{
    const gint64 duration_ns = work_time(self, self->round, self->n_rounds, error);

    if (duration_ns < 0) {
        return -1;
    }
    self->round += self->n_rounds;
    return self->per_round * self->n_rounds / (double)MAX(duration_ns, 1) * 1e9;
}
