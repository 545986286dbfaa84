/* SPDX-License-Identifier: MIT */

#include "evolution_private.h"

#include <math.h>
#include <rein/error.h>
#include <string.h>

#include "ladder_private.h"
#include "problem_private.h"

#define NS_PER_MS (G_GINT64_CONSTANT(1000000))

/* A chance as kernels take it: 2^32-1 is always. */
static guint32
threshold(double rate)
{
    return (guint32)CLAMP(floor(rate * 4294967296.0), 0.0, (double)G_MAXUINT32);
}

ReinEvolution *
rein_evolution_new(ReinDevice *device, ReinProblem *problem)
{
    g_return_val_if_fail(device != NULL && problem != NULL, NULL);

    ReinEvolution *self = g_new0(ReinEvolution, 1);
    self->device = rein_device_ref(device);
    self->problem = rein_problem_ref(problem);
    self->seed = 1;
    self->population = 256;
    self->slice_target_ns = 10 * NS_PER_MS;
    self->grace_ns = REIN_GRACE_NS;
    pthread_mutex_init(&self->mutex, NULL);
    rein_evolution_set_operators(self, 1.0, 2, 0.9, 0.5, 2, 1, 0);
    return self;
}

void
rein_evolution_free(ReinEvolution *self)
{
    if (self == NULL) {
        return;
    }
    g_clear_pointer(&self->start, g_bytes_unref);
    pthread_mutex_destroy(&self->mutex);
    rein_problem_unref(self->problem);
    rein_device_unref(self->device);
    g_free(self);
}

void
rein_evolution_set_seed(ReinEvolution *self, guint64 seed)
{
    g_return_if_fail(self != NULL);
    self->seed = seed;
}

void
rein_evolution_set_population(ReinEvolution *self, guint32 population)
{
    g_return_if_fail(self != NULL && population >= 1);
    self->population = population;
}

void
rein_evolution_set_start(ReinEvolution *self, GBytes *genes, guint32 n)
{
    g_return_if_fail(self != NULL && genes != NULL && n >= 1);
    g_return_if_fail(g_bytes_get_size(genes) == n * rein_problem_get_genome_size(self->problem));

    g_bytes_ref(genes);
    g_clear_pointer(&self->start, g_bytes_unref);
    self->start = genes;
    self->n_start = n;
}

void
rein_evolution_set_operators(ReinEvolution *self, double select_rate, guint32 tournament,
                             double cross_rate, double mutate_rate, guint32 mutate_genes,
                             guint32 n_elites, guint32 n_moves)
{
    g_return_if_fail(self != NULL && tournament >= 1 && n_elites <= 1);
    g_return_if_fail(select_rate >= 0 && select_rate <= 1 && cross_rate >= 0 && cross_rate <= 1);
    g_return_if_fail(mutate_rate >= 0 && mutate_rate <= 1);

    self->select_rate = threshold(select_rate);
    self->tournament = tournament;
    self->cross_rate = threshold(cross_rate);
    self->mutate_rate = threshold(mutate_rate);
    self->mutate_genes = MAX(mutate_genes, 1);
    self->n_elites = n_elites;
    self->n_moves = n_moves;
}

void
rein_evolution_set_round_limit(ReinEvolution *self, guint32 n_rounds)
{
    g_return_if_fail(self != NULL);
    self->round_limit = n_rounds;
}

void
rein_evolution_set_time_limit(ReinEvolution *self, gint64 limit_ns)
{
    g_return_if_fail(self != NULL && limit_ns >= 0);
    self->time_limit_ns = limit_ns;
}

void
rein_evolution_set_evaluation_limit(ReinEvolution *self, guint64 n_evaluations)
{
    g_return_if_fail(self != NULL);
    self->evaluation_limit = n_evaluations;
}

void
rein_evolution_set_stagnation(ReinEvolution *self, guint32 n_rounds)
{
    g_return_if_fail(self != NULL);
    self->stagnation = n_rounds;
}

void
rein_evolution_set_target(ReinEvolution *self, const double *target)
{
    g_return_if_fail(self != NULL);

    for (guint plane = 0; target != NULL && plane < self->problem->n_planes; plane++) {
        g_return_if_fail(!isnan(target[plane]));
    }
    self->has_target = target != NULL;
    if (target != NULL) {
        memcpy(self->target, target, self->problem->n_planes * sizeof *target);
    }
}

void
rein_evolution_set_deadline(ReinEvolution *self, gint64 deadline_ns)
{
    g_return_if_fail(self != NULL && deadline_ns >= 0);
    self->deadline_ns = deadline_ns;
}

void
rein_evolution_set_slice_target(ReinEvolution *self, gint64 target_ns)
{
    g_return_if_fail(self != NULL);
    self->slice_target_ns = CLAMP(target_ns, NS_PER_MS, 100 * NS_PER_MS);
}

void
rein_evolution_set_grace(ReinEvolution *self, gint64 grace_ns)
{
    g_return_if_fail(self != NULL && grace_ns > 0);
    self->grace_ns = MIN(grace_ns, REIN_MAX_GRACE_NS);
}

void
rein_evolution_set_record_cb(ReinEvolution *self, ReinRecordCb callback, gpointer user_data)
{
    g_return_if_fail(self != NULL);

    self->record_cb = callback;
    self->record_data = user_data;
}

void
rein_evolution_set_job(ReinEvolution *self, ReinJob *job)
{
    pthread_mutex_lock(&self->mutex);
    self->job = job;
    if (job == NULL) {
        self->is_stop_requested = FALSE;
    } else if (self->is_stop_requested) {
        rein_job_stop(job, REIN_STOP_USER);
    }
    pthread_mutex_unlock(&self->mutex);
}

void
rein_evolution_stop(ReinEvolution *self)
{
    g_return_if_fail(self != NULL);

    pthread_mutex_lock(&self->mutex);
    if (self->job != NULL) {
        rein_job_stop(self->job, REIN_STOP_USER);
    } else {
        self->is_stop_requested = TRUE;
    }
    pthread_mutex_unlock(&self->mutex);
}

static void
evolution_on_cancelled(GCancellable *cancellable, gpointer user_data)
{
    (void)cancellable;
    rein_evolution_stop(user_data);
}

ReinResult *
rein_evolution_run(ReinEvolution *self, GCancellable *cancellable, ReinProgressCb callback,
                   gpointer user_data)
{
    gulong handler = 0;
    gboolean has_run = FALSE;

    g_return_val_if_fail(self != NULL, NULL);
    g_return_val_if_fail(self->n_start <= self->population, NULL);

    pthread_mutex_lock(&self->mutex);
    has_run = self->has_run;
    self->has_run = TRUE;
    pthread_mutex_unlock(&self->mutex);
    g_return_val_if_fail(!has_run, NULL);

    if (cancellable != NULL) {
        handler =
            g_cancellable_connect(cancellable, G_CALLBACK(evolution_on_cancelled), self, NULL);
    }
    ReinResult *result = rein_evolution_execute(self, callback, user_data);
    g_cancellable_disconnect(cancellable, handler);
    /* a cancel that was under way is over; the lock says so to those who cannot look into GLib */
    pthread_mutex_lock(&self->mutex);
    pthread_mutex_unlock(&self->mutex);
    return result;
}
