/* SPDX-License-Identifier: MIT */

/*
 * A problem on a device: the job, the built programs, and the buffers that every use of a problem needs;
 * what the evaluator and the evolution have in common. Belongs to one thread.
 */

#pragma once

#include <glib.h>
#include <rein/problem.h>

#include "job_private.h"
#include "slicer_private.h"

G_BEGIN_DECLS

#define REIN_N_PARAMS 32

typedef struct ReinProblemJob {
    ReinProblem *problem; /* a reference */
    ReinJob *job;         /* owned */
    guint32 population;
    guint32 param[REIN_N_PARAMS]; /* PARAM_* of the dialect; uploaded by prepare() */

    guint64 evolve; /* programs */
    guint64 program;

    guint64 params; /* buffers */
    guint64 given;
    guint64 canonical;
    guint64 bounds;
    guint64 data;
    guint64 scratch;
    guint64 changed;

    gint64 slice_target_ns;
    ReinSlicer slicer;
} ReinProblemJob;

/*
 * Makes the job. After a failure of this or any other function the caller still ends and clears it.
 */
gboolean rein_problem_job_init(ReinProblemJob *self, ReinDevice *device, ReinProblem *problem,
                               guint32 population, GError **error);

/* Frees what init made; ends the job if that was not done. A zeroed object is a no-op. */
void rein_problem_job_clear(ReinProblemJob *self);

/* Builds the programs, takes and fills the buffers above. [may block] */
gboolean rein_problem_job_prepare(ReinProblemJob *self, GError **error);

/* Sizes in bytes for a whole population, in the device's layout; never 0. */
guint64 rein_problem_job_genes_size(const ReinProblemJob *self);
guint64 rein_problem_job_rows_size(const ReinProblemJob *self, guint32 n_words);
guint64 rein_problem_job_fitness_size(const ReinProblemJob *self);

/* Uploads `n` genomes in canonical form for the next round of stages that begins with a start stage. */
gboolean rein_problem_job_give(ReinProblemJob *self, GBytes *genes, guint32 n, GError **error);

/* Stages; `pair` is what a buffer is in even and odd rounds. */
ReinStage rein_problem_job_start_stage(const ReinProblemJob *self, guint32 n_items,
                                       const guint64 genes[2]);
ReinStage rein_problem_job_fitness_stage(const ReinProblemJob *self, guint32 n_items,
                                         const guint64 genes[2], const guint64 fitness[2]);
ReinStage rein_problem_job_improve_stage(const ReinProblemJob *self, const guint64 genes[2],
                                         const guint64 fitness[2], const guint64 state[2]);

/* A stage of `program` with `n_items`, and one more buffer of it. */
ReinStage rein_stage(guint64 program, const char *kernel, guint32 n_items);
void rein_stage_bind(ReinStage *stage, guint64 even, guint64 odd);

/* Begins a run of stages; they are borrowed until the next one. */
void rein_problem_job_begin(ReinProblemJob *self, const ReinStage *stages, guint32 n_stages,
                            guint32 first_round);

/* Runs the next slice, of at most `max_rounds`; `n_rounds` says how many rounds it completed. */
gboolean rein_problem_job_step(ReinProblemJob *self, guint32 max_rounds, guint64 progress_start,
                               guint64 progress_step, guint32 *n_rounds, GError **error);

/* Runs the one round just begun to its end, or until the job is stopped: then FALSE with an error. */
gboolean rein_problem_job_run_round(ReinProblemJob *self, GError **error);

G_END_DECLS
