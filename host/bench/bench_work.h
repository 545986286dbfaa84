/* SPDX-License-Identifier: MIT */

/*
 * Things to do on a plugin's table that rivals can do as well: which stages, over which buffers, and
 * what a round of them counts for. Each has a device of its own. Belongs to one thread.
 */

#pragma once

#include "bench.h"
#include "ctt_rig.h"

G_BEGIN_DECLS

#define BENCH_MAX_STAGES 6u
#define BENCH_EVALUATED 4096u /* genomes */

typedef enum {
    BENCH_WORK_EVALUATE, /* full timetable evaluations */
    BENCH_WORK_MOVES,    /* delta-evaluated timetable moves */
    BENCH_WORK_FLOAT,    /* evaluations of the Rastrigin function in 100 dimensions */
    BENCH_WORK_ROUND,    /* rounds of empty kernels */
} BenchWorkKind;

#define BENCH_WORK_ANY (-1)

typedef struct BenchWorkSpec {
    const char *name; /* ends a list where it is NULL */
    BenchWorkKind kind;
    const char *instance; /* of timetables */
    guint32 n_items;      /* of rounds */
} BenchWorkSpec;

extern const BenchWorkSpec bench_works[];

typedef struct BenchWork {
    TableDevice *device;
    CttRig *rig; /* of timetables, else NULL */
    ReinStage stages[BENCH_MAX_STAGES];
    guint32 n_stages;
    guint32 interleave;
    guint32 n_rounds; /* that take about 100 ms */
    guint32 round;    /* the next */
    double per_round; /* evaluations, moves, or 1 */
    guint64 result;   /* the buffer with what it is all about */
    gsize result_size;
    guint32 n_genes; /* of each item, if that is a buffer of genes; else 0 */
    guint32 n_items;
} BenchWork;

/* Measures one work and tells its figures. */
typedef gboolean (*BenchWorkFn)(Bench *bench, const BenchWorkSpec *spec, GError **error);

/*
 * Calls `measure` for each work of `kind`, a BenchWorkKind or BENCH_WORK_ANY. One that is computed wrong
 * is told and left out; any other error ends it.
 */
gboolean bench_work_each(Bench *bench, const char *test, int kind, BenchWorkFn measure,
                         GError **error);

/* The work of that name, or NULL. */
const BenchWorkSpec *bench_work_find(const char *name);

/*
 * Opens the device and makes everything ready; `entry` is of the plugin in `plugin_path`. Unless that is
 * the CPU plugin, it runs two rounds on both, and BENCH_ERROR_WRONG says that they differ.
 */
BenchWork *bench_work_new(Bench *bench, const BenchWorkSpec *spec, const ReinDeviceEntry *entry,
                          const char *plugin_path, GError **error);

/* NULL is a no-op. */
void bench_work_free(BenchWork *self);

/* Finds how many rounds take about 100 ms. */
gboolean bench_work_calibrate(BenchWork *self, GError **error);

/* Runs its `n_rounds` next rounds; how much of it is done in a second, or -1 with an error. */
double bench_work_run(BenchWork *self, GError **error);

/* Nanoseconds that rounds of `runner` from `first_round` on take, or -1 with an error. */
typedef gint64 (*BenchRunFn)(gpointer runner, guint32 first_round, guint32 n_rounds,
                             GError **error);

/* How many rounds take about 100 ms; 0 with an error. */
guint32 bench_calibrate(BenchRunFn run, gpointer runner, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BenchWork, bench_work_free)

G_END_DECLS
