/* SPDX-License-Identifier: MIT */

/*
 * Runs what a plan has and its folder has no result of: on some workers side by side, each a thread
 * with a device of its own that stays open from one combination to the next. What a combination
 * held is given back, and its receipt made, before its outcome is looked at or recorded. One thread
 * runs it; stopping and looking are for any.
 */

#pragma once

#include "sweep_folder.h"
#include "sweep_plan.h"

G_BEGIN_DECLS

#define REIN_SWEEP_MAX_WORKERS 64u

/* Who watches; on a worker's thread, one at a time; be quick. All members may be NULL. */
typedef struct ReinSweepObserver {
    /* it is in the folder, whose the result is */
    void (*ended)(const ReinSweepResult *result, gpointer user_data);
    void (*progress)(gpointer user_data); /* the state has changed */
    gpointer user_data;
} ReinSweepObserver;

/* Where it stands. A plain value. */
typedef struct ReinSweepState {
    guint n;        /* combinations of the plan */
    guint n_done;   /* with a result, also from before */
    guint n_failed; /* among these */
    guint n_running;
    gint64 elapsed_ns;
    gint64 left_ns; /* as far as the past tells; -1: it does not yet */
} ReinSweepState;

typedef struct ReinSweep ReinSweep;

/**
 * rein_sweep_new:
 * @plan: borrowed, as is @folder, until the sweep is freed
 * @settings: copied. With several workers and cpu.threads left to the plugin, each has its share
 * @n_workers: 1 to %REIN_SWEEP_MAX_WORKERS
 * @stops_on_failure: begin no more combinations once one has failed
 */
ReinSweep *rein_sweep_new(const ReinSweepPlan *plan, ReinSweepFolder *folder,
                          const ReinSettings *settings, guint n_workers, gboolean stops_on_failure,
                          const ReinSweepObserver *observer);

/* Not while it runs. NULL is a no-op. */
void rein_sweep_free(ReinSweep *self);

/**
 * rein_sweep_run:
 *
 * Runs it, once, to the end of all workers. A combination that fails has a result that says so. A
 * device that cannot be opened is a failure of the combination only if the file of the sweep has
 * settings that choose it; else its worker ends without it, and the sweep with the last of them.
 *
 * Returns: FALSE with an error if it had to end before all was done: no device, or no room for
 *     results [may block]
 */
gboolean rein_sweep_run(ReinSweep *self, GError **error);

/* Stops what runs, and begins no more; the first reason stays. [any thread, not the observer] */
void rein_sweep_stop(ReinSweep *self, const char *reason);

/* Whether somebody stopped it. [any thread, not the observer] */
gboolean rein_sweep_is_stopped(ReinSweep *self);

/* [any thread, not the observer] */
void rein_sweep_get_state(ReinSweep *self, ReinSweepState *state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinSweep, rein_sweep_free)

G_END_DECLS
