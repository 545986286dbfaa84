/* SPDX-License-Identifier: MIT */

/* "Did you mean …?": the known word nearest to one that is not known. [any thread] */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * rein_suggest:
 * @candidates: (array length=n_candidates)
 *
 * Compares without regard to case.
 *
 * Returns: (transfer none) (nullable): the candidate with the fewest changes to @word, the first of
 *     several; %NULL if none is near
 */
const char *rein_suggest(const char *word, const char *const *candidates, gsize n_candidates);

G_END_DECLS
