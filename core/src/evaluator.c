/* SPDX-License-Identifier: MIT */

#include <rein/evaluator.h>

#include "problem_job_private.h"
#include "problem_private.h"

struct ReinEvaluator {
    ReinProblemJob on; /* the problem on its device */
    guint64 genes;
    guint64 fitness;
    gboolean is_broken; /* a run failed; only the end is left */
};

static gboolean
evaluator_prepare(ReinEvaluator *self, GError **error)
{
    const guint32 usage = REIN_BUFFER_KERNEL_READ | REIN_BUFFER_KERNEL_WRITE;

    if (!rein_problem_job_prepare(&self->on, error)) {
        return FALSE;
    }
    self->genes = rein_job_allocate(self->on.job, "genes", rein_problem_job_genes_size(&self->on),
                                    usage, error);
    if (self->genes == 0) {
        return FALSE;
    }
    self->fitness =
        rein_job_allocate(self->on.job, "fitness", rein_problem_job_fitness_size(&self->on),
                          usage | REIN_BUFFER_HOST_READ, error);
    return self->fitness != 0;
}

ReinEvaluator *
rein_evaluator_new(ReinDevice *device, ReinProblem *problem, guint32 capacity, GError **error)
{
    g_autoptr(ReinEvaluator) self = NULL;

    g_return_val_if_fail(device != NULL && problem != NULL && capacity >= 1, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    self = g_new0(ReinEvaluator, 1);
    if (!rein_problem_job_init(&self->on, device, problem, capacity, error) ||
        !evaluator_prepare(self, error)) {
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
rein_evaluator_free(ReinEvaluator *self)
{
    if (self == NULL) {
        return;
    }
    rein_problem_job_clear(&self->on);
    g_free(self);
}

/* The device's planes side by side, as the host wants them: [n][n_planes]. */
static gboolean
evaluator_read_fitness(ReinEvaluator *self, guint32 n, double *fitness, GError **error)
{
    const ReinProblem *problem = self->on.problem;
    g_autoptr(GBytes) bytes = rein_job_read(self->on.job, self->fitness, 0,
                                            rein_problem_job_fitness_size(&self->on), error);

    if (bytes == NULL) {
        return FALSE;
    }

    const guint32 *words = g_bytes_get_data(bytes, NULL);
    for (guint32 i = 0; i < n; i++) {
        for (guint plane = 0; plane < problem->n_planes; plane++) {
            const guint32 word = words[(gsize)plane * self->on.population + i];
            fitness[(gsize)i * problem->n_planes + plane] =
                rein_problem_value(problem, plane, word);
        }
    }
    return TRUE;
}

static gboolean
evaluator_run(ReinEvaluator *self, gconstpointer genes, guint32 n, double *fitness, GError **error)
{
    const guint64 genes_pair[2] = { self->genes, self->genes };
    const guint64 fitness_pair[2] = { self->fitness, self->fitness };
    const ReinStage stages[] = {
        rein_problem_job_start_stage(&self->on, n, genes_pair),
        rein_problem_job_fitness_stage(&self->on, n, genes_pair, fitness_pair),
    };
    g_autoptr(GBytes) given =
        g_bytes_new(genes, n * rein_problem_get_genome_size(self->on.problem));

    if (!rein_problem_job_give(&self->on, given, n, error)) {
        return FALSE;
    }
    rein_problem_job_begin(&self->on, stages, G_N_ELEMENTS(stages), 0);
    return rein_problem_job_run_round(&self->on, error) &&
           evaluator_read_fitness(self, n, fitness, error);
}

gboolean
rein_evaluator_run(ReinEvaluator *self, gconstpointer genes, guint32 n, double *fitness,
                   GError **error)
{
    g_return_val_if_fail(self != NULL && genes != NULL && fitness != NULL, FALSE);
    g_return_val_if_fail(n >= 1 && n <= self->on.population, FALSE);
    g_return_val_if_fail(!self->is_broken, FALSE);
    g_return_val_if_fail(rein_job_get_state(self->on.job) < REIN_JOB_ENDING, FALSE);

    if (!evaluator_run(self, genes, n, fitness, error)) {
        self->is_broken = rein_job_get_stop_reason(self->on.job) == REIN_STOP_NONE;
        return FALSE;
    }
    return TRUE;
}

void
rein_evaluator_stop(ReinEvaluator *self)
{
    g_return_if_fail(self != NULL);
    rein_job_stop(self->on.job, REIN_STOP_USER);
}

ReinReceipt *
rein_evaluator_end(ReinEvaluator *self)
{
    g_return_val_if_fail(self != NULL, NULL);
    return rein_job_end(self->on.job);
}
