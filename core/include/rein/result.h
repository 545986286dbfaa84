/* SPDX-License-Identifier: MIT */

/*
 * How a run ended: why, with which best individual, after how much work, and the receipt of its
 * teardown. Never changes; reference counted. [any thread]
 */

#pragma once

#include <glib.h>
#include <rein/receipt.h>
#include <rein/version.h>

G_BEGIN_DECLS

typedef struct ReinResult ReinResult;

/**
 * ReinOutcome:
 * @REIN_OUTCOME_ROUNDS: the limit of rounds was reached
 * @REIN_OUTCOME_TIME: the limit of time
 * @REIN_OUTCOME_EVALUATIONS: the limit of evaluations
 * @REIN_OUTCOME_STAGNATION: no better best for the given number of rounds
 * @REIN_OUTCOME_TARGET: the best is at least as good as the target
 * @REIN_OUTCOME_STOPPED: somebody stopped it
 * @REIN_OUTCOME_DEADLINE: the deadline passed
 * @REIN_OUTCOME_HANG: a plugin call did not come back
 * @REIN_OUTCOME_FAILED: an error, see rein_result_get_error()
 */
typedef enum {
    REIN_OUTCOME_ROUNDS,
    REIN_OUTCOME_TIME,
    REIN_OUTCOME_EVALUATIONS,
    REIN_OUTCOME_STAGNATION,
    REIN_OUTCOME_TARGET,
    REIN_OUTCOME_STOPPED,
    REIN_OUTCOME_DEADLINE,
    REIN_OUTCOME_HANG,
    REIN_OUTCOME_FAILED,
} ReinOutcome;

REIN_API ReinResult *rein_result_ref(ReinResult *self);
REIN_API void rein_result_unref(ReinResult *self);

REIN_API ReinOutcome rein_result_get_outcome(ReinResult *self);

/* One word, as in JSON: "rounds", "time", "stopped", … */
REIN_API const char *rein_outcome_to_string(ReinOutcome outcome);

/* Returns: (transfer none) (nullable): why it failed, hung or missed its deadline */
REIN_API const GError *rein_result_get_error(ReinResult *self);

/* Returns: (transfer none) (nullable): the best individual, canonical form; of the start if no round
 * was finished; NULL only if the run had no start of the host's and failed before its first round */
REIN_API GBytes *rein_result_get_best_genes(ReinResult *self);

/* Returns: (nullable): its fitness by planes; NULL if it was never evaluated */
REIN_API const double *rein_result_get_best(ReinResult *self);

REIN_API guint64 rein_result_get_n_rounds(ReinResult *self);
REIN_API guint64 rein_result_get_n_evaluations(ReinResult *self);
REIN_API guint64 rein_result_get_n_moves(ReinResult *self);
REIN_API gint64 rein_result_get_elapsed_ns(ReinResult *self); /* from start to receipt */

/* Returns: (transfer none): the receipt, never NULL */
REIN_API ReinReceipt *rein_result_get_receipt(ReinResult *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinResult, rein_result_unref)

G_END_DECLS
