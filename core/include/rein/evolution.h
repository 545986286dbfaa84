/* SPDX-License-Identifier: MIT */

/*
 * The evolutionary engine: evolves a problem on a device until a limit, a target, a stop or an error
 * ends it, and gives back all it held before it answers. The population lives on the device; only
 * records and a better best come to the host. With the same settings, seed and number of rounds an
 * integer problem takes the same course on every device.
 *
 * Set up by one thread, then run once. rein_evolution_stop() may be called from any thread at any time.
 */

#pragma once

#include <gio/gio.h>
#include <rein/device.h>
#include <rein/problem.h>
#include <rein/result.h>
#include <rein/version.h>

G_BEGIN_DECLS

typedef struct ReinEvolution ReinEvolution;

/* Where a run stands. Borrowed for the callback. */
typedef struct ReinProgress {
    guint64 n_rounds;      /* whole rounds done; 0: the start population is evaluated */
    guint64 n_evaluations; /* full evaluations */
    guint64 n_moves;       /* moves of the improve kernel */
    gint64 elapsed_ns;
    double fraction;    /* of the limits used up, 0 to 1 */
    gboolean is_better; /* the best changed since the last call */
    guint n_planes;
    double best[REIN_MAX_PLANES]; /* best so far, plane by plane */
    GBytes *best_genes;           /* (transfer none): the best individual, canonical form */
} ReinProgress;

/* One round, as the device recorded it. Borrowed for the callback. */
typedef struct ReinRecord {
    guint32 round;       /* 0: the start population */
    guint32 best_index;  /* ties go to the lower index */
    guint32 n_evaluated; /* individuals that changed */
    guint32 n_nan;       /* individuals whose fitness holds a NaN; they rank last */
    guint32 digest;      /* of the whole population's fitness */
    guint n_planes;
    double best[REIN_MAX_PLANES]; /* of this round */
    double ever[REIN_MAX_PLANES]; /* so far */
} ReinRecord;

/* Called on the thread-default main context of the thread that called run_async(), or, in run(), on
 * the calling thread: at each better best and a few times a second. */
typedef void (*ReinProgressCb)(const ReinProgress *progress, gpointer user_data);

/* Called for each round in order, on the thread that runs the job; be quick. */
typedef void (*ReinRecordCb)(const ReinRecord *record, gpointer user_data);

/**
 * rein_evolution_new:
 *
 * Defaults: population 256, seed 1, tournaments of 2 for every child, crossover 0.9, mutation 0.5 of
 * up to 2 genes, one elite, no limit, slices of 10 ms, a grace of 2 s.
 *
 * Returns: (transfer full): an evolution that references @device and @problem
 */
REIN_API ReinEvolution *rein_evolution_new(ReinDevice *device, ReinProblem *problem);

/* Not while it runs. NULL is a no-op. */
REIN_API void rein_evolution_free(ReinEvolution *self);

REIN_API void rein_evolution_set_seed(ReinEvolution *self, guint64 seed);
REIN_API void rein_evolution_set_population(ReinEvolution *self, guint32 population);

/**
 * rein_evolution_set_start:
 * @genes: canonical form, [n][n_genes]; referenced
 * @n: individuals in @genes, at most the population; the others are drawn at random
 */
REIN_API void rein_evolution_set_start(ReinEvolution *self, GBytes *genes, guint32 n);

/**
 * rein_evolution_set_operators:
 * @select_rate: chance, 0 to 1, that a child's parent wins a tournament; else individual i follows from i
 * @tournament: individuals in a tournament, at least 1
 * @cross_rate: chance, 0 to 1, that a child has a second parent
 * @mutate_rate: chance, 0 to 1, that 1 to @mutate_genes of a child's genes are drawn anew
 * @n_elites: 0 or 1; 1 puts the best so far back as individual 0 of each round: not crossed and not
 *     mutated, but improved like the others
 * @n_moves: moves of the improve kernel per individual and round
 */
REIN_API void rein_evolution_set_operators(ReinEvolution *self, double select_rate,
                                           guint32 tournament, double cross_rate,
                                           double mutate_rate, guint32 mutate_genes,
                                           guint32 n_elites, guint32 n_moves);

/* Limits; 0 is none. The first one to be reached ends the run; the start is evaluated in any case. */
REIN_API void rein_evolution_set_round_limit(ReinEvolution *self, guint32 n_rounds);
REIN_API void rein_evolution_set_time_limit(ReinEvolution *self, gint64 limit_ns);
REIN_API void rein_evolution_set_evaluation_limit(ReinEvolution *self, guint64 n_evaluations);

/* Ends after so many rounds without a better best. */
REIN_API void rein_evolution_set_stagnation(ReinEvolution *self, guint32 n_rounds);

/* Ends in the first round whose best is at least as good, in order of planes; NULL is none. */
REIN_API void rein_evolution_set_target(ReinEvolution *self, const double *target);

/* The run must be over by then, from its start; passing it is an error of the job, with the best so
 * far. 0 is none. */
REIN_API void rein_evolution_set_deadline(ReinEvolution *self, gint64 deadline_ns);

/* What one plugin call aims to run for, 1 to 100 ms: the latency of a stop. */
REIN_API void rein_evolution_set_slice_target(ReinEvolution *self, gint64 target_ns);

/* What a plugin has between the stop flag and being given up, up to 10 s. */
REIN_API void rein_evolution_set_grace(ReinEvolution *self, gint64 grace_ns);

REIN_API void rein_evolution_set_record_cb(ReinEvolution *self, ReinRecordCb callback,
                                           gpointer user_data);

/**
 * rein_evolution_run:
 * @cancellable: (nullable): cancelling it is rein_evolution_stop()
 * @callback: (nullable): progress, on this thread
 *
 * Runs to the end, whatever ends it. Everything the job held has been given back on return. It is a
 * programming error to run an evolution twice, or with a start larger than the population.
 *
 * Returns: (transfer full): the result, never %NULL but after a programming error: a run that fails
 *     has an outcome, an error and a receipt, too [may block]
 */
REIN_API ReinResult *rein_evolution_run(ReinEvolution *self, GCancellable *cancellable,
                                        ReinProgressCb callback, gpointer user_data);

/**
 * rein_evolution_run_async:
 *
 * The same on a thread of its own; @progress and @callback are called on the caller's thread-default
 * main context. @self must live until then.
 */
REIN_API void rein_evolution_run_async(ReinEvolution *self, GCancellable *cancellable,
                                       ReinProgressCb progress, gpointer progress_data,
                                       GAsyncReadyCallback callback, gpointer user_data);

/* Returns: (transfer full): the result, as of rein_evolution_run() */
REIN_API ReinResult *rein_evolution_run_finish(ReinEvolution *self, GAsyncResult *result);

/* Raises the stop flag. Before the run it ends it at once; after its end it is a no-op. [any thread] */
REIN_API void rein_evolution_stop(ReinEvolution *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinEvolution, rein_evolution_free)

G_END_DECLS
