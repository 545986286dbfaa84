/* SPDX-License-Identifier: MIT */

#include "bench_job.h"

#include <rein/error.h>

#define MAX_ROUNDS 50000000u

BenchJob *
bench_job_new(const Bench *bench, const char *name, GError **error)
{
    ReinProblemFile *file = bench_load(bench, name, error);
    BenchJob *self = NULL;

    if (file == NULL) {
        return NULL;
    }
    self = g_new0(BenchJob, 1);
    self->file = file;
    self->n_rounds = 1;
    file->format->recommend(file->instance, &self->tuning);
    return self;
}

void
bench_job_free(BenchJob *self)
{
    if (self == NULL) {
        return;
    }
    rein_problem_file_free(self->file);
    g_free(self);
}

ReinResult *
bench_job_run(const BenchJob *self, ReinDevice *device, guint64 seed, GError **error)
{
    g_autoptr(ReinEvolution) evolution =
        bench_evolution_new_tuned(device, self->file, &self->tuning, seed);
    g_autoptr(ReinResult) result = NULL;

    rein_evolution_set_round_limit(evolution, self->n_rounds);
    if (self->slice_ns > 0) {
        rein_evolution_set_slice_target(evolution, self->slice_ns);
    }
    result = rein_evolution_run(evolution, NULL, NULL, NULL);
    if (rein_result_get_error(result) != NULL) {
        g_propagate_error(error, g_error_copy(rein_result_get_error(result)));
        return NULL;
    }
    if (rein_result_get_n_rounds(result) != self->n_rounds) {
        g_set_error(error, BENCH_ERROR, BENCH_ERROR_WRONG,
                    "it ended after %" G_GUINT64_FORMAT " of %u rounds",
                    rein_result_get_n_rounds(result), self->n_rounds);
        return NULL;
    }
    return g_steal_pointer(&result);
}

gboolean
bench_job_calibrate(BenchJob *self, ReinDevice *device, gint64 duration_ns, GError **error)
{
    gint64 elapsed_ns = 0;

    self->n_rounds = 1;
    for (;;) { /* the first time also builds its kernels */
        g_autoptr(ReinResult) result = bench_job_run(self, device, 1, error);
        if (result == NULL) {
            return FALSE;
        }
        elapsed_ns = rein_result_get_elapsed_ns(result);
        if (elapsed_ns >= duration_ns / 4 && self->n_rounds > 1) {
            break;
        }
        if (self->n_rounds >= MAX_ROUNDS) {
            return TRUE;
        }
        self->n_rounds *= 4;
    }
    const double factor = (double)duration_ns / (double)MAX(elapsed_ns, 1);
    self->n_rounds = (guint32)CLAMP(self->n_rounds * factor, 1, MAX_ROUNDS);
    return TRUE;
}

ReinDevice *
bench_open(const Bench *bench, ReinDeviceFlags flags, GError **error)
{
    return rein_registry_open_device(bench->registry, bench->device->id, flags, error);
}
