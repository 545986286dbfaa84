/* SPDX-License-Identifier: MIT */

#include "problem_job_private.h"

#include <rein/error.h>
#include <rein_evolve_int16.h>
#include <rein_evolve_int32.h>
#include <rein_kernel.h>
#include <string.h>

#include "kernel_text_private.h"
#include "problem_private.h"

G_STATIC_ASSERT(REIN_N_PARAMS == PARAM_COUNT);

gboolean
rein_problem_job_init(ReinProblemJob *self, ReinDevice *device, ReinProblem *problem,
                      guint32 population, GError **error)
{
    *self = (ReinProblemJob){
        .problem = rein_problem_ref(problem),
        .population = population,
        .slice_target_ns = 10 * 1000 * 1000,
    };
    self->param[PARAM_POPULATION] = population;
    self->param[PARAM_N_GENES] = problem->n_genes;
    self->param[PARAM_N_PLANES] = problem->n_planes;
    self->param[PARAM_MAXIMISE] = problem->maximise;
    self->param[PARAM_N_SCRATCH] = problem->n_scratch;
    self->param[PARAM_N_STATE] = problem->n_state;
    self->param[PARAM_FLOAT] = problem->fitness_kind == REIN_FITNESS_FLOAT32;
    self->job = rein_job_new(device, error);
    return self->job != NULL;
}

void
rein_problem_job_clear(ReinProblemJob *self)
{
    g_clear_pointer(&self->job, rein_job_free);
    g_clear_pointer(&self->problem, rein_problem_unref);
}

/* Items rounded up to whole tiles: rows are laid out in tiles. */
static guint64
problem_job_n_rows(const ReinProblemJob *self)
{
    const guint64 tile = rein_device_get_interleave(rein_job_get_device(self->job));

    return (self->population + tile - 1) / tile * tile;
}

guint64
rein_problem_job_rows_size(const ReinProblemJob *self, guint32 n_words)
{
    return MAX(problem_job_n_rows(self) * n_words, 1) * sizeof(guint32);
}

guint64
rein_problem_job_genes_size(const ReinProblemJob *self)
{
    return problem_job_n_rows(self) * rein_problem_get_genome_size(self->problem);
}

guint64
rein_problem_job_fitness_size(const ReinProblemJob *self)
{
    return (guint64)self->population * self->problem->n_planes * sizeof(guint32);
}

/* Kernels count elements in 32 bits. */
static gboolean
problem_job_check_size(const ReinProblemJob *self, GError **error)
{
    const ReinProblem *problem = self->problem;
    const guint64 n_words = /* two parents */
        MAX(2, MAX(MAX(problem->n_genes, problem->n_planes),
                   MAX(problem->n_state, problem->n_scratch)));

    if (problem_job_n_rows(self) * n_words <= G_MAXUINT32) {
        return TRUE;
    }
    const guint64 tile = rein_device_get_interleave(rein_job_get_device(self->job));
    g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                "%s: a population of %u with rows of %" G_GUINT64_FORMAT
                " values is more than kernels can count (use at most %" G_GUINT64_FORMAT ")",
                problem->name, self->population, n_words, G_MAXUINT32 / n_words / tile * tile);
    return FALSE;
}

/* The engine's own kernels, in the build for this kind of gene. */
static GBytes *
problem_job_evolve_text(const ReinProblemJob *self, const char **name)
{
    if (self->problem->genome_kind == REIN_GENOME_INT16) {
        *name = "evolve_int16";
        return g_bytes_new_static(rein_evolve_int16, rein_evolve_int16_size);
    }
    *name = "evolve_int32";
    return g_bytes_new_static(rein_evolve_int32, rein_evolve_int32_size);
}

/* The kernels of the problem take what rein_problem_job_*_stage() bind, in that order. */
static gboolean
problem_job_check_kernels(const ReinProblem *problem, GError **error)
{
    const char *gene = problem->genome_kind == REIN_GENOME_INT16 ? "u16" : "u32";
    const char *value = problem->fitness_kind == REIN_FITNESS_FLOAT32 ? "f32" : "i32";
    const ReinKernelArgument fitness[] = {
        { "IN", "u32" },  { "IN", gene }, { "IN", "u32" },
        { "OUT", value }, { NULL, NULL }, { NULL, NULL },
    };
    const ReinKernelArgument improve[] = {
        { "IN", "u32" }, { "INOUT", gene }, { "INOUT", "u32" }, { "IN", value },
        { NULL, NULL },  { NULL, NULL },    { NULL, NULL },
    };

    return rein_kernel_text_check(problem->file_name, problem->text, problem->fitness_kernel,
                                  fitness, G_N_ELEMENTS(fitness), error) &&
           (problem->improve_kernel == NULL ||
            rein_kernel_text_check(problem->file_name, problem->text, problem->improve_kernel,
                                   improve, G_N_ELEMENTS(improve), error));
}

static gboolean
problem_job_build(ReinProblemJob *self, GError **error)
{
    const ReinProblem *problem = self->problem;
    const char *name = NULL;
    g_autoptr(GBytes) evolve = problem_job_evolve_text(self, &name);

    if (problem->text == NULL) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID, "%s: the problem has no kernel",
                    problem->name);
        return FALSE;
    }
    if (!problem_job_check_kernels(problem, error)) {
        return FALSE;
    }
    self->evolve = rein_job_build(self->job, name, evolve, 0, error);
    if (self->evolve == 0) {
        return FALSE;
    }
    self->program = rein_job_build(self->job, problem->file_name, problem->text,
                                   problem->fast_math ? REIN_SOURCE_FAST_MATH : 0, error);
    return self->program != 0;
}

/* Takes a buffer of `size` bytes that the host writes, and fills it if there is something to fill in. */
static gboolean
problem_job_take(ReinProblemJob *self, guint64 *buffer, const char *name, guint64 size,
                 gconstpointer content, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;

    *buffer = rein_job_allocate(self->job, name, size,
                                REIN_BUFFER_KERNEL_READ | REIN_BUFFER_KERNEL_WRITE |
                                    REIN_BUFFER_HOST_READ | REIN_BUFFER_HOST_WRITE,
                                error);
    if (*buffer == 0) {
        return FALSE;
    }
    if (content == NULL) {
        return TRUE;
    }
    bytes = g_bytes_new(content, size);
    return rein_job_write(self->job, *buffer, 0, bytes, error);
}

gboolean
rein_problem_job_prepare(ReinProblemJob *self, GError **error)
{
    const ReinProblem *problem = self->problem;
    const guint64 population = self->population;
    const guint64 canonical_size = population * rein_problem_get_genome_size(self->problem);
    gsize data_size = 0;
    gconstpointer data = g_bytes_get_data(problem->data, &data_size);

    return problem_job_check_size(self, error) && problem_job_build(self, error) &&
           problem_job_take(self, &self->params, "params", sizeof self->param, self->param,
                            error) &&
           problem_job_take(self, &self->bounds, "bounds",
                            problem->n_genes * sizeof *problem->bounds, problem->bounds, error) &&
           problem_job_take(self, &self->data, "data", data_size, data, error) &&
           problem_job_take(self, &self->given, "given", sizeof(guint32), NULL, error) &&
           problem_job_take(self, &self->canonical, "canonical", canonical_size, NULL, error) &&
           problem_job_take(self, &self->changed, "changed", population * sizeof(guint32), NULL,
                            error) &&
           problem_job_take(self, &self->scratch, "scratch",
                            rein_problem_job_rows_size(self, problem->n_scratch), NULL, error);
}

gboolean
rein_problem_job_give(ReinProblemJob *self, GBytes *genes, guint32 n, GError **error)
{
    g_autoptr(GBytes) given = g_bytes_new(&n, sizeof n);

    return rein_job_write(self->job, self->given, 0, given, error) &&
           (n == 0 || rein_job_write(self->job, self->canonical, 0, genes, error));
}

ReinStage
rein_stage(guint64 program, const char *kernel, guint32 n_items)
{
    return (ReinStage){ .program = program, .kernel = kernel, .n_items = n_items };
}

void
rein_stage_bind(ReinStage *stage, guint64 even, guint64 odd)
{
    g_return_if_fail(stage->n_buffers < REIN_STAGE_BUFFERS);

    stage->buffers[stage->n_buffers][0] = even;
    stage->buffers[stage->n_buffers][1] = odd;
    stage->n_buffers++;
}

ReinStage
rein_problem_job_start_stage(const ReinProblemJob *self, guint32 n_items, const guint64 genes[2])
{
    ReinStage stage = rein_stage(self->evolve, "evolve_start", n_items);

    rein_stage_bind(&stage, self->params, self->params);
    rein_stage_bind(&stage, self->given, self->given);
    rein_stage_bind(&stage, self->canonical, self->canonical);
    rein_stage_bind(&stage, self->bounds, self->bounds);
    rein_stage_bind(&stage, genes[0], genes[1]);
    rein_stage_bind(&stage, self->changed, self->changed);
    return stage;
}

/* What fitness and improve kernels have in common. */
static ReinStage
problem_job_stage(const ReinProblemJob *self, const char *kernel, guint32 n_items,
                  const guint64 genes[2], const guint64 fitness[2])
{
    ReinStage stage = rein_stage(self->program, kernel, n_items);

    rein_stage_bind(&stage, self->params, self->params);
    rein_stage_bind(&stage, genes[0], genes[1]);
    rein_stage_bind(&stage, self->changed, self->changed);
    rein_stage_bind(&stage, fitness[0], fitness[1]);
    rein_stage_bind(&stage, self->data, self->data);
    rein_stage_bind(&stage, self->scratch, self->scratch);
    return stage;
}

ReinStage
rein_problem_job_fitness_stage(const ReinProblemJob *self, guint32 n_items, const guint64 genes[2],
                               const guint64 fitness[2])
{
    return problem_job_stage(self, self->problem->fitness_kernel, n_items, genes, fitness);
}

ReinStage
rein_problem_job_improve_stage(const ReinProblemJob *self, const guint64 genes[2],
                               const guint64 fitness[2], const guint64 state[2])
{
    ReinStage stage =
        problem_job_stage(self, self->problem->improve_kernel, self->population, genes, fitness);

    rein_stage_bind(&stage, state[0], state[1]);
    return stage;
}

void
rein_problem_job_begin(ReinProblemJob *self, const ReinStage *stages, guint32 n_stages,
                       guint32 first_round)
{
    ReinDevice *device = rein_job_get_device(self->job);
    const guint64 n_lanes = rein_device_is_cpu(device) ? 1 : rein_device_get_interleave(device);
    const guint64 granule = MAX(rein_device_get_n_units(device), 1) * n_lanes;

    rein_slicer_init(&self->slicer, stages, n_stages, first_round,
                     (guint32)MIN(granule, REIN_SLICER_MAX_GRANULE), self->slice_target_ns);
}

gboolean
rein_problem_job_step(ReinProblemJob *self, guint32 max_rounds, guint64 progress_start,
                      guint64 progress_step, guint32 *n_rounds, GError **error)
{
    ReinSlice slice = { 0 };
    ReinSliceReport report = { 0 };
    gint64 duration_ns = 0;

    rein_slicer_next(&self->slicer, max_rounds, &slice);
    slice.progress_start = progress_start;
    slice.progress_step = progress_step;
    *n_rounds = 0;
    if (!rein_job_run(self->job, &slice, rein_slicer_predict(&self->slicer, &slice), &report,
                      &duration_ns, error)) {
        return FALSE;
    }
    *n_rounds = rein_slicer_advance(&self->slicer, &slice, &report, duration_ns);
    return TRUE;
}

gboolean
rein_problem_job_run_round(ReinProblemJob *self, GError **error)
{
    guint32 n_rounds = 0;

    while (n_rounds == 0) {
        if (!rein_problem_job_step(self, 1, 0, 0, &n_rounds, error)) {
            return FALSE;
        }
    }
    return TRUE;
}
