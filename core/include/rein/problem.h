/* SPDX-License-Identifier: MIT */

/*
 * A problem: a fitness kernel with its data, the shape of a genome, the goal. Filled by one thread,
 * then read by any; reference counted. See kernels/README.md for how kernels are written.
 */

#pragma once

#include <glib.h>
#include <rein/version.h>

G_BEGIN_DECLS

typedef struct ReinProblem ReinProblem;

/* Most fitness planes; they are compared in order, the first decides. */
#define REIN_MAX_PLANES 4

/**
 * ReinGenomeKind:
 * @REIN_GENOME_INT16: integers of 16 bits, as guint16
 * @REIN_GENOME_INT32: integers of 32 bits, as guint32
 */
typedef enum {
    REIN_GENOME_INT16,
    REIN_GENOME_INT32,
} ReinGenomeKind;

typedef enum {
    REIN_FITNESS_INT32,
    REIN_FITNESS_FLOAT32,
} ReinFitnessKind;

/**
 * rein_problem_new:
 * @name: for messages
 * @kind: what a gene is
 * @n_genes: genes of one individual, at least 1
 *
 * One fitness plane of int32, minimised; every gene may take any value of its kind. A kernel must
 * still be set.
 *
 * Returns: (transfer full): the problem
 */
REIN_API ReinProblem *rein_problem_new(const char *name, ReinGenomeKind kind, guint32 n_genes);

REIN_API ReinProblem *rein_problem_ref(ReinProblem *self);
REIN_API void rein_problem_unref(ReinProblem *self);

/**
 * rein_problem_set_kernel:
 * @file_name: the text's name in compiler messages
 * @text: kernels in the dialect, without the dialect header itself
 * @fitness: the kernel that evaluates an individual; its arguments are, in order, IN(u32, params),
 *     IN(genes), IN(u32, changed), OUT(fitness), IN(i32, data), INOUT(u32, scratch)
 * @improve: (nullable): the problem's own local search, run before @fitness each round; its arguments
 *     are IN(u32, params), INOUT(genes), INOUT(u32, changed), IN(fitness), IN(i32, data),
 *     INOUT(u32, scratch), INOUT(u32, state)
 *
 * @text is referenced, the names are copied.
 */
REIN_API void rein_problem_set_kernel(ReinProblem *self, const char *file_name, GBytes *text,
                                      const char *fitness, const char *improve);

/* The user asked for fast math: results may then differ between devices. */
REIN_API void rein_problem_set_fast_math(ReinProblem *self, gboolean fast_math);

/**
 * rein_problem_set_fitness:
 * @n_planes: 1 to %REIN_MAX_PLANES
 * @maximise: bit p is set if plane p is maximised; the kernel writes through FITNESS() and need not
 *     know
 */
REIN_API void rein_problem_set_fitness(ReinProblem *self, ReinFitnessKind kind, guint n_planes,
                                       guint32 maximise);

/* The block that kernels see as `data`; referenced. A problem without one gives them four zero bytes. */
REIN_API void rein_problem_set_data(ReinProblem *self, GBytes *data);

/**
 * rein_problem_set_bounds:
 * @bounds: (array length=n_genes): gene i is drawn from 0 to @bounds[i] - 1, each at least 1; copied.
 *     A population that the host brings may hold other values
 */
REIN_API void rein_problem_set_bounds(ReinProblem *self, const guint32 *bounds);

/**
 * rein_problem_set_memory:
 * @n_state: u32 words kept with each individual: copied with its genome, zero at the start
 * @n_scratch: u32 words of working memory for each item; their content is undefined
 */
REIN_API void rein_problem_set_memory(ReinProblem *self, guint32 n_state, guint32 n_scratch);

REIN_API const char *rein_problem_get_name(ReinProblem *self);
REIN_API ReinGenomeKind rein_problem_get_genome_kind(ReinProblem *self);
REIN_API guint32 rein_problem_get_n_genes(ReinProblem *self);
REIN_API gsize rein_problem_get_genome_size(ReinProblem *self); /* bytes of one individual */
REIN_API guint rein_problem_get_n_planes(ReinProblem *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinProblem, rein_problem_unref)

G_END_DECLS
