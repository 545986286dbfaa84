/* SPDX-License-Identifier: MIT */

/* How a receipt comes about: filled step by step during teardown, then sealed. One thread. */

#pragma once

#include <glib.h>
#include <rein/receipt.h>

G_BEGIN_DECLS

typedef struct ReinReceiptBuilder ReinReceiptBuilder;

ReinReceiptBuilder *rein_receipt_builder_new(void);
void rein_receipt_builder_free(ReinReceiptBuilder *self);

void rein_receipt_builder_add_held(ReinReceiptBuilder *self, const char *kind, guint64 size);
void rein_receipt_builder_add_left(ReinReceiptBuilder *self, const char *kind);
void rein_receipt_builder_add_step(ReinReceiptBuilder *self, const char *kind, const char *name,
                                   guint64 size, gint64 duration_ns, const GError *error);
void rein_receipt_builder_add_rung(ReinReceiptBuilder *self, const char *name, gint64 at_ns);

/* Bytes given back before the end, so by no step. */
void rein_receipt_builder_add_released(ReinReceiptBuilder *self, guint64 size);

/* What the plugin says its cleanup gave back: believed up to what was held and is by no step. */
void rein_receipt_builder_add_cleaned(ReinReceiptBuilder *self, guint64 size);

/* The plugin's cleanup made good what single steps failed to give back. */
void rein_receipt_builder_clear_left(ReinReceiptBuilder *self);
void rein_receipt_builder_set_leaked(ReinReceiptBuilder *self, guint64 size, guint64 n_pieces);
void rein_receipt_builder_set_abandoned(ReinReceiptBuilder *self);
void rein_receipt_builder_set_worker(ReinReceiptBuilder *self, ReinIsolation isolation,
                                     ReinWorkerFate fate, guint n_swept);
void rein_receipt_builder_set_memory_check(ReinReceiptBuilder *self, ReinMemoryCheck check,
                                           gint64 duration_ns);
void rein_receipt_builder_set_times(ReinReceiptBuilder *self, gint64 teardown_ns, gint64 stop_ns);
void rein_receipt_builder_set_launches(ReinReceiptBuilder *self, guint64 n_launches,
                                       guint64 n_after_stop);

/* Whether the receipt would be clean as far as it is written. */
gboolean rein_receipt_builder_is_clean(const ReinReceiptBuilder *self);

/* The receipt; the builder is used up. */
ReinReceipt *rein_receipt_builder_seal(ReinReceiptBuilder *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinReceiptBuilder, rein_receipt_builder_free)

G_END_DECLS
