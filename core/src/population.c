/* SPDX-License-Identifier: MIT */

#include "population_private.h"

#include <evolve/layout.cl>

#include "problem_private.h"

static guint32
population_n_blocks(const ReinProblemJob *on)
{
    return (guint32)(((guint64)on->population + BLOCK - 1) / BLOCK);
}

static gboolean
population_allocate(const ReinProblemJob *on, guint64 *buffer, const char *name, guint64 size,
                    GError **error)
{
    *buffer = rein_job_allocate(
        on->job, name, size,
        REIN_BUFFER_KERNEL_READ | REIN_BUFFER_KERNEL_WRITE | REIN_BUFFER_HOST_READ, error);
    return *buffer != 0;
}

static gboolean
population_allocate_pair(const ReinProblemJob *on, guint64 buffer[2], const char *name,
                         guint64 size, GError **error)
{
    return population_allocate(on, &buffer[0], name, size, error) &&
           population_allocate(on, &buffer[1], name, size, error);
}

gboolean
rein_population_take(ReinPopulation *self, const ReinProblemJob *on, guint32 n_ring, GError **error)
{
    const guint64 n_state = on->problem->n_state;
    const guint64 word = sizeof(guint32);

    return population_allocate_pair(on, self->genes, "genes", rein_problem_job_genes_size(on),
                                    error) &&
           population_allocate_pair(on, self->fitness, "fitness", rein_problem_job_fitness_size(on),
                                    error) &&
           population_allocate_pair(on, self->state, "state",
                                    rein_problem_job_rows_size(on, on->problem->n_state), error) &&
           population_allocate_pair(on, self->status, "status", STATUS_COUNT * word, error) &&
           population_allocate(on, &self->parents, "parents", on->population * 2 * word, error) &&
           population_allocate(on, &self->parts, "parts",
                               population_n_blocks(on) * PART_COUNT * word, error) &&
           population_allocate(on, &self->best, "best",
                               2 * rein_problem_get_genome_size(on->problem), error) &&
           population_allocate(on, &self->best_state, "best state", 2 * MAX(n_state, 1) * word,
                               error) &&
           population_allocate(on, &self->ring, "ring", n_ring * RECORD_COUNT * word, error);
}

static ReinStage
population_select_stage(const ReinPopulation *self, const ReinProblemJob *on)
{
    ReinStage stage = rein_stage(on->evolve, "evolve_select", on->population);

    rein_stage_bind(&stage, on->params, on->params);
    rein_stage_bind(&stage, self->fitness[1], self->fitness[0]);
    rein_stage_bind(&stage, self->parents, self->parents);
    return stage;
}

/* A round writes the set of its own parity and reads the other one. */
static ReinStage
population_cross_stage(const ReinPopulation *self, const ReinProblemJob *on)
{
    ReinStage stage = rein_stage(on->evolve, "evolve_cross", on->population);

    rein_stage_bind(&stage, on->params, on->params);
    rein_stage_bind(&stage, self->parents, self->parents);
    rein_stage_bind(&stage, self->status[1], self->status[0]);
    rein_stage_bind(&stage, self->best, self->best);
    rein_stage_bind(&stage, self->best_state, self->best_state);
    rein_stage_bind(&stage, self->genes[1], self->genes[0]);
    rein_stage_bind(&stage, self->fitness[1], self->fitness[0]);
    rein_stage_bind(&stage, self->state[1], self->state[0]);
    rein_stage_bind(&stage, self->genes[0], self->genes[1]);
    rein_stage_bind(&stage, self->fitness[0], self->fitness[1]);
    rein_stage_bind(&stage, self->state[0], self->state[1]);
    rein_stage_bind(&stage, on->changed, on->changed);
    return stage;
}

static ReinStage
population_mutate_stage(const ReinPopulation *self, const ReinProblemJob *on)
{
    ReinStage stage = rein_stage(on->evolve, "evolve_mutate", on->population);

    rein_stage_bind(&stage, on->params, on->params);
    rein_stage_bind(&stage, on->bounds, on->bounds);
    rein_stage_bind(&stage, self->genes[0], self->genes[1]);
    rein_stage_bind(&stage, on->changed, on->changed);
    return stage;
}

static ReinStage
population_reduce_stage(const ReinPopulation *self, const ReinProblemJob *on)
{
    ReinStage stage = rein_stage(on->evolve, "evolve_reduce", population_n_blocks(on));

    rein_stage_bind(&stage, on->params, on->params);
    rein_stage_bind(&stage, self->fitness[0], self->fitness[1]);
    rein_stage_bind(&stage, on->changed, on->changed);
    rein_stage_bind(&stage, self->parts, self->parts);
    return stage;
}

static ReinStage
population_keep_stage(const ReinPopulation *self, const ReinProblemJob *on)
{
    ReinStage stage = rein_stage(on->evolve, "evolve_keep", 1);

    rein_stage_bind(&stage, on->params, on->params);
    rein_stage_bind(&stage, self->parts, self->parts);
    rein_stage_bind(&stage, self->fitness[0], self->fitness[1]);
    rein_stage_bind(&stage, self->genes[0], self->genes[1]);
    rein_stage_bind(&stage, self->state[0], self->state[1]);
    rein_stage_bind(&stage, self->status[1], self->status[0]);
    rein_stage_bind(&stage, self->status[0], self->status[1]);
    rein_stage_bind(&stage, self->best, self->best);
    rein_stage_bind(&stage, self->best_state, self->best_state);
    rein_stage_bind(&stage, self->ring, self->ring);
    return stage;
}

guint32
rein_population_get_start_stages(const ReinPopulation *self, const ReinProblemJob *on,
                                 ReinStage *stages)
{
    guint32 n = 0;

    stages[n++] = rein_problem_job_start_stage(on, on->population, self->genes);
    stages[n++] = rein_problem_job_fitness_stage(on, on->population, self->genes, self->fitness);
    stages[n++] = population_reduce_stage(self, on);
    stages[n++] = population_keep_stage(self, on);
    return n;
}

guint32
rein_population_get_round_stages(const ReinPopulation *self, const ReinProblemJob *on,
                                 ReinStage *stages)
{
    guint32 n = 0;

    stages[n++] = population_select_stage(self, on);
    stages[n++] = population_cross_stage(self, on);
    stages[n++] = population_mutate_stage(self, on);
    if (on->problem->improve_kernel != NULL) {
        stages[n++] = rein_problem_job_improve_stage(on, self->genes, self->fitness, self->state);
    }
    stages[n++] = rein_problem_job_fitness_stage(on, on->population, self->genes, self->fitness);
    stages[n++] = population_reduce_stage(self, on);
    stages[n++] = population_keep_stage(self, on);
    return n;
}
