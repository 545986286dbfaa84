/* SPDX-License-Identifier: MIT */

/* Whole jobs on the instances of ITC-2007, as `rein run` makes them. Belongs to one thread. */

#pragma once

#include <rein/evolution.h>

#include "bench.h"
#include "problems/format.h"

G_BEGIN_DECLS

/* What a timetable costs. */
typedef struct BenchCost {
    gint64 hard;
    gint64 soft;
} BenchCost;

/* The instance `name` ("comp01"). */
ReinProblemFile *bench_load(const Bench *bench, const char *name, GError **error);

/* An evolution as `rein run` makes it, but for its settings. */
ReinEvolution *bench_evolution_new_tuned(ReinDevice *device, const ReinProblemFile *file,
                                         const ReinTuning *tuning, guint64 seed);

/* An evolution as `rein run` makes it. */
ReinEvolution *bench_evolution_new(ReinDevice *device, const ReinProblemFile *file, guint64 seed);

/*
 * Runs an evolution on the instance at `index` of the table for the time that is set. BENCH_ERROR_WRONG
 * if its best costs something else than the device says.
 */
gboolean bench_timetable_solve(Bench *bench, ReinDevice *device, guint index, guint seed,
                               BenchCost *cost, GError **error);

G_END_DECLS
