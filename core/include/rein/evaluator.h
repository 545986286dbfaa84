/* SPDX-License-Identifier: MIT */

/*
 * Fitness for a population of the host's own: the host evolves, the device evaluates. An evaluator is
 * one job that holds its memory between calls; end it for the receipt. One thread at a time, but
 * rein_evaluator_stop() from any.
 */

#pragma once

#include <glib.h>
#include <rein/device.h>
#include <rein/problem.h>
#include <rein/receipt.h>
#include <rein/version.h>

G_BEGIN_DECLS

typedef struct ReinEvaluator ReinEvaluator;

/**
 * rein_evaluator_new:
 * @capacity: most individuals in one call, at least 1
 *
 * Builds the kernel and takes the memory for @capacity individuals.
 *
 * Returns: (transfer full): the evaluator, or %NULL with an error, everything given back [may block]
 */
REIN_API ReinEvaluator *rein_evaluator_new(ReinDevice *device, ReinProblem *problem,
                                           guint32 capacity, GError **error);

/* Ends the evaluator if that was not done, and frees it. NULL is a no-op. */
REIN_API void rein_evaluator_free(ReinEvaluator *self);

/**
 * rein_evaluator_run:
 * @genes: [n][n_genes], guint16 or guint32 as the problem's genome kind says
 * @n: individuals, at most the capacity
 * @fitness: (out caller-allocates): [n][n_planes], as the kernel wrote it, maximised planes included
 *
 * Evaluates @n individuals.
 *
 * Returns: whether it did; %REIN_ERROR_STOPPED after rein_evaluator_stop(), after other errors the
 *     evaluator can only be ended [may block]
 */
REIN_API gboolean rein_evaluator_run(ReinEvaluator *self, gconstpointer genes, guint32 n,
                                     double *fitness, GError **error);

/* Raises the stop flag; this and every later run ends with %REIN_ERROR_STOPPED. [any thread] */
REIN_API void rein_evaluator_stop(ReinEvaluator *self);

/**
 * rein_evaluator_end:
 *
 * Gives everything back. May be called again.
 *
 * Returns: (transfer full): the receipt [may block]
 */
REIN_API ReinReceipt *rein_evaluator_end(ReinEvaluator *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinEvaluator, rein_evaluator_free)

G_END_DECLS
