/* SPDX-License-Identifier: MIT */

/*
 * A job of so many rounds on an instance of ITC-2007 that can be run again and again, on a device of
 * either kind. Belongs to one thread.
 */

#pragma once

#include "bench_timetable.h"

G_BEGIN_DECLS

typedef struct BenchJob {
    ReinProblemFile *file;
    ReinTuning tuning; /* what `rein run` would take, at first */
    guint32 n_rounds;  /* 1 at first */
    gint64 slice_ns;   /* 0: as `rein run` */
} BenchJob;

/* NULL with an error if there is no instance `name`. */
BenchJob *bench_job_new(const Bench *bench, const char *name, GError **error);

/* NULL is a no-op. */
void bench_job_free(BenchJob *self);

/* Runs it to its end; NULL with an error if that is not its limit of rounds. (transfer full) */
ReinResult *bench_job_run(const BenchJob *self, ReinDevice *device, guint64 seed, GError **error);

/* Sets `n_rounds` so that it runs for about `duration_ns`. */
gboolean bench_job_calibrate(BenchJob *self, ReinDevice *device, gint64 duration_ns,
                             GError **error);

/* Opens the measured device. (transfer full) */
ReinDevice *bench_open(const Bench *bench, ReinDeviceFlags flags, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BenchJob, bench_job_free)

G_END_DECLS
