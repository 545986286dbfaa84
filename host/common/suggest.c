/* SPDX-License-Identifier: MIT */

#include "suggest.h"

#include <string.h>

#define MAX_LENGTH 64u /* bytes of a word that is looked at */

/* Insertions, deletions and replacements that make `a` of `b`. */
static gsize
edit_distance(const char *a, gsize a_length, const char *b, gsize b_length)
{
    gsize row[MAX_LENGTH + 1];

    for (gsize j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (gsize i = 1; i <= a_length; i++) {
        gsize diagonal = row[0];
        row[0] = i;
        for (gsize j = 1; j <= b_length; j++) {
            gboolean is_same = g_ascii_tolower(a[i - 1]) == g_ascii_tolower(b[j - 1]);
            gsize replaced = diagonal + (is_same ? 0 : 1);
            diagonal = row[j];
            row[j] = MIN(replaced, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_length];
}

const char *
rein_suggest(const char *word, const char *const *candidates, gsize n_candidates)
{
    gsize length = strlen(word);
    gsize best = length / 3 + 1; /* changes beyond that make another word of it */
    const char *nearest = NULL;

    if (length > MAX_LENGTH) {
        return NULL;
    }
    for (gsize i = 0; i < n_candidates; i++) {
        gsize candidate_length = strlen(candidates[i]);
        if (candidate_length > MAX_LENGTH) {
            continue;
        }
        gsize distance = edit_distance(word, length, candidates[i], candidate_length);
        if (distance < best || (distance == best && nearest == NULL)) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}
