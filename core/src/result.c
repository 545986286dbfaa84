/* SPDX-License-Identifier: MIT */

#include "result_private.h"

ReinResult *
rein_result_new(void)
{
    ReinResult *self = g_new0(ReinResult, 1);

    self->n_refs = 1;
    return self;
}

ReinResult *
rein_result_ref(ReinResult *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    g_atomic_int_inc(&self->n_refs);
    return self;
}

void
rein_result_unref(ReinResult *self)
{
    if (self == NULL || !g_atomic_int_dec_and_test(&self->n_refs)) {
        return;
    }
    g_clear_error(&self->error);
    g_clear_pointer(&self->best_genes, g_bytes_unref);
    rein_receipt_unref(self->receipt);
    g_free(self);
}

ReinOutcome
rein_result_get_outcome(ReinResult *self)
{
    g_return_val_if_fail(self != NULL, REIN_OUTCOME_FAILED);
    return self->outcome;
}

const char *
rein_outcome_to_string(ReinOutcome outcome)
{
    switch (outcome) {
    case REIN_OUTCOME_ROUNDS:
        return "rounds";
    case REIN_OUTCOME_TIME:
        return "time";
    case REIN_OUTCOME_EVALUATIONS:
        return "evaluations";
    case REIN_OUTCOME_STAGNATION:
        return "stagnation";
    case REIN_OUTCOME_TARGET:
        return "target";
    case REIN_OUTCOME_STOPPED:
        return "stopped";
    case REIN_OUTCOME_DEADLINE:
        return "deadline";
    case REIN_OUTCOME_HANG:
        return "hang";
    case REIN_OUTCOME_FAILED:
        return "failed";
    }
    return "unknown";
}

const GError *
rein_result_get_error(ReinResult *self)
{
    g_return_val_if_fail(self != NULL, NULL);
    return self->error;
}

GBytes *
rein_result_get_best_genes(ReinResult *self)
{
    g_return_val_if_fail(self != NULL, NULL);
    return self->best_genes;
}

const double *
rein_result_get_best(ReinResult *self)
{
    g_return_val_if_fail(self != NULL, NULL);
    return self->has_best ? self->best : NULL;
}

guint64
rein_result_get_n_rounds(ReinResult *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->n_rounds;
}

guint64
rein_result_get_n_evaluations(ReinResult *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->n_evaluations;
}

guint64
rein_result_get_n_moves(ReinResult *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->n_moves;
}

gint64
rein_result_get_elapsed_ns(ReinResult *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->elapsed_ns;
}

ReinReceipt *
rein_result_get_receipt(ReinResult *self)
{
    g_return_val_if_fail(self != NULL, NULL);
    return self->receipt;
}
