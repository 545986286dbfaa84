/* SPDX-License-Identifier: MIT */

/* The inside of a result, filled by the engine before anyone else sees it. One thread. */

#pragma once

#include <glib.h>
#include <rein/problem.h>
#include <rein/result.h>

G_BEGIN_DECLS

struct ReinResult {
    gint n_refs; /* atomic */
    ReinOutcome outcome;
    GError *error;
    GBytes *best_genes;
    gboolean has_best;
    double best[REIN_MAX_PLANES];
    guint64 n_rounds;
    guint64 n_evaluations;
    guint64 n_moves;
    gint64 elapsed_ns;
    ReinReceipt *receipt;
};

ReinResult *rein_result_new(void);

G_END_DECLS
