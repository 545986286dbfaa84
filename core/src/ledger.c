/* SPDX-License-Identifier: MIT */

#include "ledger_private.h"

#include "clock_private.h"

typedef struct {
    const char *kind;
    char *name;
    guint64 size;
    guint64 token;
    ReinLedgerUndo undo;
} Entry;

struct ReinLedger {
    gpointer owner;
    GPtrArray *entries; /* of Entry, in order of acquisition */
};

static void
entry_free(gpointer data)
{
    Entry *entry = data;

    g_free(entry->name);
    g_free(entry);
}

ReinLedger *
rein_ledger_new(gpointer owner)
{
    ReinLedger *self = g_new0(ReinLedger, 1);

    self->owner = owner;
    self->entries = g_ptr_array_new_with_free_func(entry_free);
    return self;
}

void
rein_ledger_free(ReinLedger *self)
{
    if (self == NULL) {
        return;
    }
    g_ptr_array_unref(self->entries);
    g_free(self);
}

void
rein_ledger_add(ReinLedger *self, const char *kind, const char *name, guint64 size, guint64 token,
                ReinLedgerUndo undo)
{
    Entry *entry = g_new0(Entry, 1);

    entry->kind = kind;
    entry->name = g_strdup(name);
    entry->size = size;
    entry->token = token;
    entry->undo = undo;
    g_ptr_array_add(self->entries, entry);
}

/* The entry's index, or -1. */
static gint
ledger_find(ReinLedger *self, const char *kind, guint64 token)
{
    for (guint i = self->entries->len; i > 0; i--) {
        const Entry *entry = self->entries->pdata[i - 1];
        if (entry->token == token && g_str_equal(entry->kind, kind)) {
            return (gint)i - 1;
        }
    }
    return -1;
}

gboolean
rein_ledger_undo(ReinLedger *self, const char *kind, guint64 token, GError **error)
{
    const gint index = ledger_find(self, kind, token);

    g_return_val_if_fail(index >= 0, FALSE);

    const Entry *entry = self->entries->pdata[index];
    if (!entry->undo(self->owner, token, error)) {
        return FALSE;
    }
    g_ptr_array_remove_index(self->entries, (guint)index);
    return TRUE;
}

void
rein_ledger_undo_all(ReinLedger *self, ReinReceiptBuilder *receipt)
{
    for (guint i = 0; i < self->entries->len; i++) {
        const Entry *entry = self->entries->pdata[i];
        rein_receipt_builder_add_held(receipt, entry->kind, entry->size);
    }
    while (self->entries->len > 0) {
        const Entry *entry = self->entries->pdata[self->entries->len - 1];
        g_autoptr(GError) error = NULL;
        const gint64 begun_ns = rein_now_ns();
        const gboolean is_undone = entry->undo(self->owner, entry->token, &error);

        rein_receipt_builder_add_step(receipt, entry->kind, entry->name, entry->size,
                                      rein_now_ns() - begun_ns, error);
        if (!is_undone) {
            rein_receipt_builder_add_left(receipt, entry->kind);
        }
        g_ptr_array_remove_index(self->entries, self->entries->len - 1);
    }
}

guint
rein_ledger_get_n_entries(ReinLedger *self)
{
    return self->entries->len;
}

guint64
rein_ledger_get_size(ReinLedger *self, const char *kind)
{
    guint64 size = 0;

    for (guint i = 0; i < self->entries->len; i++) {
        const Entry *entry = self->entries->pdata[i];
        if (g_str_equal(entry->kind, kind)) {
            size += entry->size;
        }
    }
    return size;
}

gboolean
rein_ledger_has(ReinLedger *self, const char *kind, guint64 token)
{
    return ledger_find(self, kind, token) >= 0;
}
