/* SPDX-License-Identifier: MIT */

#include "receipt_private.h"

#include <string.h>

#include "ledger_private.h"

struct ReinReceipt {
    gint n_refs;   /* atomic */
    GArray *steps; /* of ReinReceiptStep */
    GArray *rungs; /* of ReinReceiptRung */
    GArray *kinds; /* of ReinReceiptKind */
    guint64 released_size;
    guint64 leaked_size;
    guint64 n_leaked;
    gint64 teardown_ns;
    ReinMemoryCheck memory_check;
    gint64 memory_check_ns;
    gint64 stop_ns;
    guint64 n_launches;
    guint64 n_launches_after_stop;
    gboolean is_abandoned;
    ReinIsolation isolation;
    ReinWorkerFate worker_fate;
    guint n_swept;
};

struct ReinReceiptBuilder {
    ReinReceipt *receipt;
};

static void
step_clear(gpointer data)
{
    ReinReceiptStep *step = data;

    g_free((char *)step->kind);
    g_free((char *)step->name);
    g_free((char *)step->error);
}

static void
rung_clear(gpointer data)
{
    g_free((char *)((ReinReceiptRung *)data)->name);
}

static void
kind_clear(gpointer data)
{
    g_free((char *)((ReinReceiptKind *)data)->kind);
}

static ReinReceipt *
receipt_new(void)
{
    ReinReceipt *self = g_new0(ReinReceipt, 1);

    self->n_refs = 1;
    self->stop_ns = -1;
    self->steps = g_array_new(FALSE, TRUE, sizeof(ReinReceiptStep));
    g_array_set_clear_func(self->steps, step_clear);
    self->rungs = g_array_new(FALSE, TRUE, sizeof(ReinReceiptRung));
    g_array_set_clear_func(self->rungs, rung_clear);
    self->kinds = g_array_new(FALSE, TRUE, sizeof(ReinReceiptKind));
    g_array_set_clear_func(self->kinds, kind_clear);
    return self;
}

ReinReceipt *
rein_receipt_ref(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    g_atomic_int_inc(&self->n_refs);
    return self;
}

void
rein_receipt_unref(ReinReceipt *self)
{
    if (self == NULL || !g_atomic_int_dec_and_test(&self->n_refs)) {
        return;
    }
    g_array_unref(self->steps);
    g_array_unref(self->rungs);
    g_array_unref(self->kinds);
    g_free(self);
}

/* Files that are left can be read by the next job. */
static gboolean
has_scratch_left(ReinReceipt *self)
{
    for (guint i = 0; i < self->kinds->len; i++) {
        const ReinReceiptKind *row = &g_array_index(self->kinds, ReinReceiptKind, i);

        if (strcmp(row->kind, REIN_LEDGER_SCRATCH) == 0 && row->n_left > 0) {
            return TRUE;
        }
    }
    return FALSE;
}

gboolean
rein_receipt_is_clean(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, FALSE);

    return !self->is_abandoned && self->n_leaked == 0 && self->leaked_size == 0 &&
           self->memory_check != REIN_MEMORY_MISSING && !has_scratch_left(self);
}

gboolean
rein_receipt_is_abandoned(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, FALSE);
    return self->is_abandoned;
}

guint64
rein_receipt_get_released_size(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->released_size;
}

guint64
rein_receipt_get_leaked_size(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->leaked_size;
}

gint64
rein_receipt_get_teardown_ns(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->teardown_ns;
}

ReinMemoryCheck
rein_receipt_get_memory_check(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, REIN_MEMORY_NOT_MEASURABLE);
    return self->memory_check;
}

gint64
rein_receipt_get_memory_check_ns(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->memory_check_ns;
}

const char *
rein_memory_check_to_string(ReinMemoryCheck check)
{
    switch (check) {
    case REIN_MEMORY_NOT_MEASURABLE:
        return "not-measurable";
    case REIN_MEMORY_BACK:
        return "back";
    case REIN_MEMORY_MISSING:
        return "missing";
    }
    return "unknown";
}

ReinIsolation
rein_receipt_get_isolation(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, REIN_ISOLATION_NONE);
    return self->isolation;
}

ReinWorkerFate
rein_receipt_get_worker_fate(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, REIN_WORKER_NONE);
    return self->worker_fate;
}

guint
rein_receipt_get_n_swept(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->n_swept;
}

const char *
rein_worker_fate_to_string(ReinWorkerFate fate)
{
    switch (fate) {
    case REIN_WORKER_NONE:
        return "none";
    case REIN_WORKER_KEPT:
        return "kept";
    case REIN_WORKER_ENDED:
        return "ended";
    case REIN_WORKER_SPENT:
        return "spent";
    case REIN_WORKER_DIED:
        return "died";
    }
    return "unknown";
}

gint64
rein_receipt_get_stop_ns(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, -1);
    return self->stop_ns;
}

guint64
rein_receipt_get_n_launches(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->n_launches;
}

guint64
rein_receipt_get_n_launches_after_stop(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->n_launches_after_stop;
}

guint
rein_receipt_get_n_steps(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->steps->len;
}

const ReinReceiptStep *
rein_receipt_get_step(ReinReceipt *self, guint index)
{
    g_return_val_if_fail(self != NULL && index < self->steps->len, NULL);
    return &g_array_index(self->steps, ReinReceiptStep, index);
}

guint
rein_receipt_get_n_rungs(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->rungs->len;
}

const ReinReceiptRung *
rein_receipt_get_rung(ReinReceipt *self, guint index)
{
    g_return_val_if_fail(self != NULL && index < self->rungs->len, NULL);
    return &g_array_index(self->rungs, ReinReceiptRung, index);
}

guint
rein_receipt_get_n_kinds(ReinReceipt *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->kinds->len;
}

const ReinReceiptKind *
rein_receipt_get_kind(ReinReceipt *self, guint index)
{
    g_return_val_if_fail(self != NULL && index < self->kinds->len, NULL);
    return &g_array_index(self->kinds, ReinReceiptKind, index);
}

ReinReceiptBuilder *
rein_receipt_builder_new(void)
{
    ReinReceiptBuilder *self = g_new0(ReinReceiptBuilder, 1);

    self->receipt = receipt_new();
    return self;
}

void
rein_receipt_builder_free(ReinReceiptBuilder *self)
{
    if (self == NULL) {
        return;
    }
    rein_receipt_unref(self->receipt);
    g_free(self);
}

static ReinReceiptKind *
builder_kind(ReinReceiptBuilder *self, const char *kind)
{
    ReinReceiptKind row = { .kind = NULL };

    for (guint i = 0; i < self->receipt->kinds->len; i++) {
        ReinReceiptKind *known = &g_array_index(self->receipt->kinds, ReinReceiptKind, i);
        if (g_str_equal(known->kind, kind)) {
            return known;
        }
    }
    row.kind = g_strdup(kind);
    g_array_append_val(self->receipt->kinds, row);
    return &g_array_index(self->receipt->kinds, ReinReceiptKind, self->receipt->kinds->len - 1);
}

void
rein_receipt_builder_add_held(ReinReceiptBuilder *self, const char *kind, guint64 size)
{
    ReinReceiptKind *row = builder_kind(self, kind);

    row->n_held++;
    row->held_size += size;
}

void
rein_receipt_builder_add_left(ReinReceiptBuilder *self, const char *kind)
{
    builder_kind(self, kind)->n_left++;
}

void
rein_receipt_builder_add_step(ReinReceiptBuilder *self, const char *kind, const char *name,
                              guint64 size, gint64 duration_ns, const GError *error)
{
    const ReinReceiptStep step = {
        .kind = g_strdup(kind),
        .name = g_strdup(name),
        .size = size,
        .duration_ns = duration_ns,
        .error = error != NULL ? g_strdup(error->message) : NULL,
    };

    g_array_append_val(self->receipt->steps, step);
    if (error == NULL) {
        self->receipt->released_size += size;
    }
}

void
rein_receipt_builder_add_rung(ReinReceiptBuilder *self, const char *name, gint64 at_ns)
{
    const ReinReceiptRung rung = { .name = g_strdup(name), .at_ns = at_ns };

    g_array_append_val(self->receipt->rungs, rung);
}

void
rein_receipt_builder_add_released(ReinReceiptBuilder *self, guint64 size)
{
    self->receipt->released_size += size;
}

void
rein_receipt_builder_add_cleaned(ReinReceiptBuilder *self, guint64 size)
{
    ReinReceipt *receipt = self->receipt;
    guint64 held_size = 0;

    for (guint i = 0; i < receipt->kinds->len; i++) {
        held_size += g_array_index(receipt->kinds, ReinReceiptKind, i).held_size;
    }
    if (held_size > receipt->released_size) {
        receipt->released_size += MIN(size, held_size - receipt->released_size);
    }
}

void
rein_receipt_builder_set_leaked(ReinReceiptBuilder *self, guint64 size, guint64 n_pieces)
{
    self->receipt->leaked_size = size;
    self->receipt->n_leaked = n_pieces;
}

void
rein_receipt_builder_clear_left(ReinReceiptBuilder *self)
{
    for (guint i = 0; i < self->receipt->kinds->len; i++) {
        g_array_index(self->receipt->kinds, ReinReceiptKind, i).n_left = 0;
    }
}

void
rein_receipt_builder_set_abandoned(ReinReceiptBuilder *self)
{
    self->receipt->is_abandoned = TRUE;
}

void
rein_receipt_builder_set_worker(ReinReceiptBuilder *self, ReinIsolation isolation,
                                ReinWorkerFate fate, guint n_swept)
{
    self->receipt->isolation = isolation;
    self->receipt->worker_fate = fate;
    self->receipt->n_swept = n_swept;
}

void
rein_receipt_builder_set_memory_check(ReinReceiptBuilder *self, ReinMemoryCheck check,
                                      gint64 duration_ns)
{
    self->receipt->memory_check = check;
    self->receipt->memory_check_ns = duration_ns;
}

void
rein_receipt_builder_set_times(ReinReceiptBuilder *self, gint64 teardown_ns, gint64 stop_ns)
{
    self->receipt->teardown_ns = teardown_ns;
    self->receipt->stop_ns = stop_ns;
}

void
rein_receipt_builder_set_launches(ReinReceiptBuilder *self, guint64 n_launches,
                                  guint64 n_after_stop)
{
    self->receipt->n_launches = n_launches;
    self->receipt->n_launches_after_stop = n_after_stop;
}

gboolean
rein_receipt_builder_is_clean(const ReinReceiptBuilder *self)
{
    return rein_receipt_is_clean(self->receipt);
}

ReinReceipt *
rein_receipt_builder_seal(ReinReceiptBuilder *self)
{
    ReinReceipt *receipt = g_steal_pointer(&self->receipt);

    rein_receipt_builder_free(self);
    return receipt;
}
