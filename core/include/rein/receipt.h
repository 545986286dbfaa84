/* SPDX-License-Identifier: MIT */

/*
 * The proof of a teardown: what a job held, how each piece was given back, how long that took, and
 * what was not. Made once, when the job has ended; never changes afterwards. Reference counted.
 * [any thread]
 */

#pragma once

#include <glib.h>
#include <rein/device.h>
#include <rein/version.h>

G_BEGIN_DECLS

typedef struct ReinReceipt ReinReceipt;

/* One piece the job held, in the order it was given back. Text is owned by the receipt. */
typedef struct ReinReceiptStep {
    const char *kind; /* "buffer", "program", "device", "scratch" */
    const char *name;
    guint64 size;       /* bytes, 0 where it has none */
    gint64 duration_ns; /* of giving it back */
    const char *error;  /* (nullable) why that failed; the steps after it were done all the same */
} ReinReceiptStep;

/* One rung of the stop ladder that was climbed; times since the flag was set. */
typedef struct ReinReceiptRung {
    const char *name; /* "interrupt", "slice-left", "terminate", "kill", "gone", "abandoned" */
    gint64 at_ns;
} ReinReceiptRung;

/* What stood in the ledger, by kind. */
typedef struct ReinReceiptKind {
    const char *kind;
    guint n_held;
    guint64 held_size; /* bytes */
    guint n_left;      /* after teardown */
} ReinReceiptKind;

REIN_API ReinReceipt *rein_receipt_ref(ReinReceipt *self);
REIN_API void rein_receipt_unref(ReinReceipt *self);

/**
 * ReinMemoryCheck:
 * @REIN_MEMORY_NOT_MEASURABLE: the driver cannot tell (shared with the host, or with another job)
 * @REIN_MEMORY_BACK: by the driver's count at least 95 % of the job's bytes are free again
 * @REIN_MEMORY_MISSING: 5 s after the cleanup they were not
 */
typedef enum {
    REIN_MEMORY_NOT_MEASURABLE,
    REIN_MEMORY_BACK,
    REIN_MEMORY_MISSING,
} ReinMemoryCheck;

/*
 * Nothing is left: the plugin answered its cleanup, its own count is zero, no memory is missing, and its
 * scratch folder is empty. A step that failed before and was made good by the cleanup still shows its
 * error.
 */
REIN_API gboolean rein_receipt_is_clean(ReinReceipt *self);

/* The device hung and was given up: what the job held is with it and was not given back. */
REIN_API gboolean rein_receipt_is_abandoned(ReinReceipt *self);

REIN_API guint64 rein_receipt_get_released_size(ReinReceipt *self); /* bytes of device memory */
REIN_API guint64 rein_receipt_get_leaked_size(ReinReceipt *self);   /* by the plugin's own count */
REIN_API gint64 rein_receipt_get_teardown_ns(ReinReceipt *self);

/* What the driver says of the job's memory after the teardown, and how long that took to find out. */
REIN_API ReinMemoryCheck rein_receipt_get_memory_check(ReinReceipt *self);
REIN_API gint64 rein_receipt_get_memory_check_ns(ReinReceipt *self);

/**
 * ReinWorkerFate:
 * @REIN_WORKER_NONE: the plugin ran in this process
 * @REIN_WORKER_KEPT: the worker is there, and serves the next job if this receipt is clean
 * @REIN_WORKER_ENDED: it did not stop within the grace; the ladder ended it, and it is gone
 * @REIN_WORKER_SPENT: a job had left something in it, and this was the last one on it: it was ended, and
 *     is gone
 * @REIN_WORKER_DIED: the plugin ended it: a crash, an exit; it is gone, and what it held with it
 */
typedef enum {
    REIN_WORKER_NONE,
    REIN_WORKER_KEPT,
    REIN_WORKER_ENDED,
    REIN_WORKER_SPENT,
    REIN_WORKER_DIED,
} ReinWorkerFate;

REIN_API ReinIsolation rein_receipt_get_isolation(ReinReceipt *self);
REIN_API ReinWorkerFate rein_receipt_get_worker_fate(ReinReceipt *self);

/*
 * Processes that the plugin, or its driver, had started and that were there at the worker's end: killed
 * one by one, and counted, where there was no namespace; with one the kernel ends them, uncounted.
 */
REIN_API guint rein_receipt_get_n_swept(ReinReceipt *self);

/* One word, as in JSON: "none", "kept", "ended", "spent", "died". */
REIN_API const char *rein_worker_fate_to_string(ReinWorkerFate fate);

/* One word, as in JSON: "not-measurable", "back", "missing". */
REIN_API const char *rein_memory_check_to_string(ReinMemoryCheck check);

/* From the stop flag to the last plugin call's return; -1 if the job was never stopped. */
REIN_API gint64 rein_receipt_get_stop_ns(ReinReceipt *self);

REIN_API guint64 rein_receipt_get_n_launches(ReinReceipt *self);

/*
 * Kernel launches that the plugin began though the flag was set, by the time it looked at the flag before
 * its last one: zero unless the plugin breaks the contract.
 */
REIN_API guint64 rein_receipt_get_n_launches_after_stop(ReinReceipt *self);

REIN_API guint rein_receipt_get_n_steps(ReinReceipt *self);
REIN_API const ReinReceiptStep *rein_receipt_get_step(ReinReceipt *self, guint index);
REIN_API guint rein_receipt_get_n_rungs(ReinReceipt *self);
REIN_API const ReinReceiptRung *rein_receipt_get_rung(ReinReceipt *self, guint index);
REIN_API guint rein_receipt_get_n_kinds(ReinReceipt *self);
REIN_API const ReinReceiptKind *rein_receipt_get_kind(ReinReceipt *self, guint index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinReceipt, rein_receipt_unref)

G_END_DECLS
