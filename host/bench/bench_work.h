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
    guint32 n_rounds;   /* that take about 100 ms */
    guint32 round;      /* the next */
    double per_round;   /* evaluations, moves, or 1 */
    guint64 fitness;    /* buffer that holds the same after any round; 0: there is none */
    gsize fitness_size; /* bytes */
} BenchWork;

/* Opens the device and makes everything ready; `entry` is of the plugin in `plugin_path`. */
BenchWork *bench_work_new(Bench *bench, const BenchWorkSpec *spec, const ReinDeviceEntry *entry,
                          const char *plugin_path, GError **error);

/* NULL is a no-op. */
void bench_work_free(BenchWork *self);

/* Runs its `n_rounds` next rounds; how much of it is done in a second, or -1 with an error. */
double bench_work_run(BenchWork *self, GError **error);

/* Rounds of `stages` that take about 100 ms; 0 with an error. */
guint32 bench_calibrate(TableDevice *device, const ReinStage *stages, guint32 n_stages,
                        GError **error);

/* BENCH_MAX_STAGES stages of the empty kernel over `n_items`; FALSE with an error. */
gboolean bench_make_empty_stages(TableDevice *device, guint32 n_items, ReinStage *stages,
                                 GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BenchWork, bench_work_free)

G_END_DECLS
