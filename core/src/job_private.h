/* SPDX-License-Identifier: MIT */

/*
 * One job: what it holds on one device, its stop flag and deadline, and its end. A job is made, used
 * and ended by one thread at a time; rein_job_stop() may come from any. Every plugin call goes through
 * the stop ladder, so that none outlasts the flag by more than the grace. When the job has ended,
 * everything it held has been given back, and the receipt says so.
 */

#pragma once

#include <glib.h>
#include <rein/receipt.h>

#include "device_private.h"
#include "stop_private.h"

G_BEGIN_DECLS

typedef struct ReinJob ReinJob;

/**
 * ReinJobState:
 * @REIN_JOB_NEW: may acquire; nothing ran yet
 * @REIN_JOB_RUNNING: has run a slice
 * @REIN_JOB_ENDING: being torn down; nothing new begins
 * @REIN_JOB_ENDED: the receipt is there; every call is refused, a stop is a no-op
 */
typedef enum {
    REIN_JOB_NEW,
    REIN_JOB_RUNNING,
    REIN_JOB_ENDING,
    REIN_JOB_ENDED,
} ReinJobState;

/* References `device`; an error if it is lost. */
ReinJob *rein_job_new(ReinDevice *device, GError **error);

/* Ends the job if that was not done. NULL is a no-op. */
void rein_job_free(ReinJob *self);

void rein_job_set_grace(ReinJob *self, gint64 grace_ns);

/* How long the verification waits for the driver to have the memory back. */
void rein_job_set_memory_limit(ReinJob *self, gint64 limit_ns);
void rein_job_set_deadline(ReinJob *self, gint64 deadline_ns); /* monotonic; 0: none */

/* Acquisitions: each is in the ledger before it is returned, 0 with an error otherwise. [may block] */
guint64 rein_job_build(ReinJob *self, const char *name, GBytes *text, guint32 flags,
                       GError **error);
guint64 rein_job_allocate(ReinJob *self, const char *name, guint64 size, guint32 usage,
                          GError **error);

/* Gives one buffer back before the end. [may block] */
gboolean rein_job_release(ReinJob *self, guint64 buffer, GError **error);

gboolean rein_job_write(ReinJob *self, guint64 buffer, guint64 offset, GBytes *data,
                        GError **error);

/* (transfer full): `size` bytes, exactly */
GBytes *rein_job_read(ReinJob *self, guint64 buffer, guint64 offset, guint64 size, GError **error);

/*
 * Runs one slice. `predicted_ns` (0: unknown) is for the watchdog: a slice that takes longer than both
 * 5 s and 20 times that hangs. A raised flag is no error: the report says how far the slice came.
 */
gboolean rein_job_run(ReinJob *self, const ReinSlice *slice, gint64 predicted_ns,
                      ReinSliceReport *report, gint64 *duration_ns, GError **error);

/* Raises the flag; after the end a no-op. [any thread] */
void rein_job_stop(ReinJob *self, ReinStopReason reason);
ReinStopReason rein_job_get_stop_reason(ReinJob *self);

/*
 * Tears the job down: everything in the ledger in reverse order, then the plugin's cleanup, then its
 * own count. May be called again. (transfer full): the receipt, never NULL. [may block]
 */
ReinReceipt *rein_job_end(ReinJob *self);

ReinJobState rein_job_get_state(ReinJob *self);
ReinDevice *rein_job_get_device(ReinJob *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinJob, rein_job_free)

G_END_DECLS
