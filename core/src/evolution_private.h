/* SPDX-License-Identifier: MIT */

/* The settings of an evolution, and the handle by which others reach the job while it runs. */

#pragma once

#include <gio/gio.h>
#include <pthread.h>
#include <rein/evolution.h>

#include "job_private.h"

G_BEGIN_DECLS

struct ReinEvolution {
    ReinDevice *device;
    ReinProblem *problem;

    guint64 seed;
    guint32 population;
    GBytes *start; /* NULL: none */
    guint32 n_start;
    guint32 select_rate; /* 32-bit thresholds */
    guint32 tournament;
    guint32 cross_rate;
    guint32 mutate_rate;
    guint32 mutate_genes;
    guint32 n_elites;
    guint32 n_moves;

    guint32 round_limit; /* limits; 0: none */
    gint64 time_limit_ns;
    guint64 evaluation_limit;
    guint32 stagnation;
    gboolean has_target;
    double target[REIN_MAX_PLANES];
    gint64 deadline_ns; /* from the start of the run */
    gint64 slice_target_ns;
    gint64 grace_ns;
    ReinRecordCb record_cb;
    gpointer record_data;

    pthread_mutex_t mutex;
    ReinJob *job;               /* under the mutex: set while a run holds it */
    gboolean is_stop_requested; /* under the mutex */
    gboolean has_run;           /* under the mutex */
};

/* The run itself; see rein_evolution_run(). */
ReinResult *rein_evolution_execute(ReinEvolution *self, ReinProgressCb callback,
                                   gpointer user_data);

/* Makes the job known to rein_evolution_stop(), or with NULL no longer. */
void rein_evolution_set_job(ReinEvolution *self, ReinJob *job);

G_END_DECLS
