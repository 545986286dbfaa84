/* SPDX-License-Identifier: MIT */

/*
 * A table of text: columns as wide as their widest entry, the last one as long as it is. Made, filled
 * and printed by one thread.
 */

#pragma once

#include "common/output.h"

G_BEGIN_DECLS

typedef struct Columns Columns;

/* An empty table with `n_columns` columns, of which those with their bit set are of numbers. */
Columns *columns_new(guint n_columns, guint32 right_aligned);

/* NULL is a no-op. */
void columns_free(Columns *self);

/* Adds an entry, row by row from the left; control characters in it become "?". Copied. */
void columns_add(Columns *self, const char *text);

/* Prints all whole rows, the first of them dimmed as a heading if there is colour. */
void columns_print(const Columns *self, const ReinOutput *output);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Columns, columns_free)

G_END_DECLS
