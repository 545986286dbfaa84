/* SPDX-License-Identifier: MIT */

/*
 * The inside of a device: plugin calls as objects, and the thread that makes them one at a time.
 * A call owns copies of all it points to, so that a caller may give up on one that hangs: it lives
 * until the plugin returns. Nothing above this line knows whether the table is the plugin's own or
 * one that forwards to a worker. Between threads only pthread primitives. [any thread]
 */

#pragma once

#include <glib.h>
#include <rein/device.h>
#include <rein/plugin_abi.h>

#include "clock_private.h"
#include "plugin_private.h"
#include "services_private.h"
#include "stop_private.h"

G_BEGIN_DECLS

/* The room build() gets for the compiler's log, in bytes with the NUL. */
#define REIN_BUILD_MSG_SIZE 65536u

/* For a plugin to close its device, a worker's end included; then its thread is left, with a warning. */
#define REIN_CLOSE_LIMIT_NS (8 * G_GINT64_CONSTANT(1000000000))

typedef enum {
    REIN_CALL_BUILD,
    REIN_CALL_DISCARD,
    REIN_CALL_ALLOCATE,
    REIN_CALL_RELEASE,
    REIN_CALL_WRITE,
    REIN_CALL_READ,
    REIN_CALL_RUN_FITNESS,
    REIN_CALL_USAGE,
    REIN_CALL_CLEANUP,
    REIN_CALL_MEMORY_INFO,
} ReinCallKind;

/*
 * One call of one slot. The poster writes the question before rein_device_post() and nothing after;
 * the members of the answer are valid once the call is done.
 */
typedef struct ReinCall {
    ReinCallKind kind;
    guint64 job;

    guint64 token;       /* in: program or buffer; out of build and allocate: the new one, or 0 */
    guint64 offset;      /* bytes; write, read */
    guint64 size;        /* bytes; allocate, write, read */
    guint32 usage;       /* allocate: REIN_BUFFER_* */
    GBytes *data;        /* in: write; out: read, NULL if that failed */
    char *source_name;   /* build */
    GBytes *source_text; /* with a NUL behind its last byte */
    GBytes *source_dialect;
    char *source_digest;
    guint32 source_flags;
    ReinSlice slice; /* run_fitness: slice.stages points to `stages` */
    ReinStage *stages;
    char **kernel_names; /* what the stages point to */
    ReinStop *stop;      /* run_fitness: a reference */

    ReinStatus status;
    char *text;             /* what the plugin wrote, "" if nothing; never NULL once done */
    ReinSliceReport report; /* counts no rounds and items unless the answer is REIN_OK */
    ReinUsage count;        /* usage, cleanup */
    guint64 free_size;      /* memory_info */
    guint64 total_size;
    gint64
        begun_ns; /* monotonic, just before and after the plugin's slot; 0 if it was not called */
    gint64 ended_ns;
    gboolean
        is_breach; /* the answer breaks the contract: `status` is REIN_ERR_FAILED, `text` why */

    /* private to device.c and call.c */
    gint is_done;       /* atomic; set under the device's lock */
    gint64 taken_ns;    /* under the device's lock; see rein_device_get_taken_ns() */
    gint n_refs;        /* atomic */
    guint64 wakes_seen; /* under the device's lock */
} ReinCall;

/* New calls hold one reference of the caller. Pointers are copied or referenced. */
ReinCall *rein_call_new(ReinCallKind kind, guint64 job);
ReinCall *rein_call_new_build(guint64 job, const char *name, GBytes *text, guint32 flags);
ReinCall *rein_call_new_write(guint64 job, guint64 buffer, guint64 offset, GBytes *data);
ReinCall *rein_call_new_run(guint64 job, const ReinSlice *slice, ReinStop *stop);
ReinCall *rein_call_ref(ReinCall *call);
void rein_call_unref(ReinCall *call); /* NULL is a no-op */

/*
 * Whether the call is complete and was answered with REIN_OK; else sets the error: "`what`: text".
 * An answer that breaks the contract is REIN_ERROR_PLUGIN, a call that is not answered
 * REIN_ERROR_TIMEOUT.
 */
gboolean rein_call_check(ReinCall *call, const char *what, GError **error);

/*
 * For the device: makes the call of the plugin and keeps its answer, whatever that is, in bounds.
 */
void rein_call_perform(ReinCall *call, const ReinPluginTable *table, ReinPluginDevice *handle);

/* For the device: answers without asking the plugin. */
void rein_call_answer(ReinCall *call, ReinStatus status, const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinCall, rein_call_unref)

/* REIN_ERROR_PLUGIN if a device cannot be as `info` says. */
gboolean rein_device_check_info(const ReinDeviceInfo *info, GError **error);

/*
 * Opens the device `info->id` of `plugin` on a thread of its own, and waits for that. `settings`
 * (nullable; text to text, as in rein_registry_set(), and "thread-limit") and `info` are copied.
 * With `worker` (transfer full, also on failure; nullable) the plugin is a table of
 * worker_device_private.h, and the device's thread the parent of the worker.
 */
ReinDevice *rein_device_open(ReinPlugin *plugin, const ReinDeviceInfo *info, GHashTable *settings,
                             ReinWorkerSetup *worker, GError **error);

/*
 * Puts the call into the device's queue; the device takes a reference. Calls are made in the order
 * of posting. A lost device makes only usage and cleanup calls, which are legal in any state and, where
 * its worker is gone, release, discard and memory_info, which need none; others are answered with
 * REIN_ERR_DEVICE_LOST.
 */
void rein_device_post(ReinDevice *self, ReinCall *call);

/*
 * Waits until the call is done, `until_ns` (g_get_monotonic_time() * 1000; G_MAXINT64 for ever) has
 * passed, or rein_device_wake(); whether it is done. A wake that came after the call was posted and
 * before the wait began counts. One waiter per call.
 */
gboolean rein_device_wait(ReinDevice *self, ReinCall *call, gint64 until_ns);

/*
 * When the device's thread took the call up, monotonic; 0 while it waits behind others, which are
 * no fault of its own.
 */
gint64 rein_device_get_taken_ns(ReinDevice *self, const ReinCall *call);

/* Makes every rein_device_wait() return and look again. */
void rein_device_wake(ReinDevice *self);

/*
 * Has the plugin's interrupt() called for `job`, and does not wait for it; FALSE if it has none. The
 * device is closed when it has returned.
 */
gboolean rein_device_interrupt(ReinDevice *self, guint64 job);

/*
 * Gives the device up: the call that hangs keeps its thread and stays unanswered, every queued and
 * later call is answered with REIN_ERR_DEVICE_LOST at once. If the call still hangs at the last
 * unref, what it uses is leaked, with a warning; should it return after all, its thread cleans up,
 * closes the device and frees the rest.
 */
void rein_device_give_up(ReinDevice *self, const char *reason);

/* Whether the device is behind a worker, which can be ended. */
gboolean rein_device_is_isolated(ReinDevice *self);

/*
 * SIGTERM to the plugin's process, SIGKILL to all of the worker: the call that waits is answered with
 * REIN_ERR_DEVICE_LOST once the worker is gone. Only of an isolated device.
 */
void rein_device_terminate(ReinDevice *self);
void rein_device_kill(ReinDevice *self);

/* Whether it had a worker, and nothing of it is left. */
gboolean rein_device_is_worker_gone(ReinDevice *self);

/* The processes that the plugin had started and that were killed at its worker's end; see the receipt. */
guint rein_device_get_n_swept(ReinDevice *self);

/* Whether it had a worker that was killed and does not end: what it holds is held. */
gboolean rein_device_is_worker_stuck(ReinDevice *self);

/* No other job begins on the device; those that run are not touched. The first reason stays. */
void rein_device_spend(ReinDevice *self, const char *reason);

/*
 * Empties the scratch folder that the plugin was given, which is there for as long as the device is
 * open, when the job that asks is the only one on the device; FALSE if something stays. A job that
 * would begin meanwhile waits. [may block]
 */
gboolean rein_device_has_scratch(ReinDevice *self);
gboolean rein_device_reset_scratch(ReinDevice *self, gboolean *is_reset, GError **error);

/*
 * A number that no other job of the process has, from 1; the job keeps a reference to the device.
 */
guint64 rein_device_next_job(ReinDevice *self);

/*
 * A job begins on the device: its number, of rein_device_next_job(); 0 with REIN_ERROR_DEVICE_LOST
 * for a device that is lost or spent.
 */
guint64 rein_device_begin_job(ReinDevice *self, GError **error);

/* Whether no other job was on the device since the one of this number began. */
gboolean rein_device_is_alone(ReinDevice *self, guint64 number);

/* One ends there. TRUE for the last one on a spent device: its worker is to be ended. */
gboolean rein_device_end_job(ReinDevice *self);

/* Whether the plugin can say how much memory of its own the device has free. */
gboolean rein_device_can_measure_memory(ReinDevice *self);

G_END_DECLS
