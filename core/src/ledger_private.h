/* SPDX-License-Identifier: MIT */

/*
 * What one job holds, in the order it was acquired: each piece is entered before anyone uses it and
 * undone in reverse, on every way out. An error in one step does not stop the next. Belongs to the
 * thread that runs the job.
 */

#pragma once

#include <glib.h>

#include "receipt_private.h"

G_BEGIN_DECLS

typedef struct ReinLedger ReinLedger;

/* Kinds of entries; constant texts, compared by content. */
#define REIN_LEDGER_DEVICE "device"
#define REIN_LEDGER_PROGRAM "program"
#define REIN_LEDGER_BUFFER "buffer"
#define REIN_LEDGER_SCRATCH "scratch"

/* Gives one piece back. `owner` is what the ledger was made with, `token` names the piece. */
typedef gboolean (*ReinLedgerUndo)(gpointer owner, guint64 token, GError **error);

ReinLedger *rein_ledger_new(gpointer owner);

/* Frees the list; whatever still stands in it is not undone. NULL is a no-op. */
void rein_ledger_free(ReinLedger *self);

/* Enters a piece; its name is copied. `size` in bytes, 0 where it has none. */
void rein_ledger_add(ReinLedger *self, const char *kind, const char *name, guint64 size,
                     guint64 token, ReinLedgerUndo undo);

/* Undoes one piece early; it leaves the ledger only if that succeeds. */
gboolean rein_ledger_undo(ReinLedger *self, const char *kind, guint64 token, GError **error);

/* Undoes all that is left, last in first out, and writes each step into the receipt. */
void rein_ledger_undo_all(ReinLedger *self, ReinReceiptBuilder *receipt);

guint rein_ledger_get_n_entries(ReinLedger *self);
guint64 rein_ledger_get_size(ReinLedger *self, const char *kind); /* bytes held */

/* Whether the ledger holds this piece; a token that was never entered is not used. */
gboolean rein_ledger_has(ReinLedger *self, const char *kind, guint64 token);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinLedger, rein_ledger_free)

G_END_DECLS
