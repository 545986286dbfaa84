/* SPDX-License-Identifier: MIT */

/*
 * The stop ladder: makes one plugin call and sees to it that the caller gets an answer. Raises the flag
 * at the deadline or when the call hangs; after the flag the plugin has the grace, in which it is
 * interrupted once. Then a worker gets SIGTERM, half a second later SIGKILL, and is gone; a device
 * in this process is given up. One thread at a time.
 *
 * In this process each call has the grace for itself. In a worker all calls after the flag have it
 * together, so that the flag and the end are no further apart however many calls there are.
 */

#pragma once

#include <glib.h>

#include "device_private.h"
#include "stop_private.h"

G_BEGIN_DECLS

#define REIN_GRACE_NS (2 * G_GINT64_CONSTANT(1000000000))
#define REIN_MAX_GRACE_NS (10 * G_GINT64_CONSTANT(1000000000))
#define REIN_TERM_NS (G_GINT64_CONSTANT(500000000))  /* from SIGTERM to SIGKILL */
#define REIN_KILL_NS (G_GINT64_CONSTANT(1500000000)) /* then it hangs in the kernel */
#define REIN_BUILD_LIMIT_NS (120 * G_GINT64_CONSTANT(1000000000))
#define REIN_HANG_NS (5 * G_GINT64_CONSTANT(1000000000))
#define REIN_HANG_FACTOR 20
#define REIN_STALL_NS (G_GINT64_CONSTANT(250000000)) /* who looks so late stood still */
#define REIN_MEMORY_LIMIT_NS (5 * G_GINT64_CONSTANT(1000000000))
#define REIN_MEMORY_POLL_US 10000
#define REIN_TRANSFER_LIMIT_NS (60 * G_GINT64_CONSTANT(1000000000))

typedef struct ReinLadder {
    ReinDevice *device; /* borrowed */
    ReinStop *stop;     /* borrowed */
    gint64 grace_ns;
    gint64 deadline_ns;  /* monotonic; 0: none */
    gint64 begun_ns;     /* of the teardown, monotonic; 0: not yet */
    gint64 spent_ns;     /* in calls of a worker after the flag, or of the teardown */
    gint64 signalled_ns; /* when the worker got its last signal, monotonic */

    /* what happened, for the receipt; times since the flag, or the teardown's begin where there is
     * none; -1: not climbed */
    gint64 slice_left_ns;
    gint64 interrupt_ns;
    gint64 terminate_ns;
    gint64 kill_ns;
    gint64 gone_ns;
    gint64 abandoned_ns;
} ReinLadder;

void rein_ladder_init(ReinLadder *self, ReinDevice *device, ReinStop *stop);

/*
 * Posts `call` and waits for its end. `limit_ns` is when it counts as hung; limit and grace run from
 * when the device took it up, not while it waits behind calls of other jobs, and anew after this
 * process stood still. A build that began in this process is waited for: nothing can end it, so only its
 * own limit counts. Returns whether there is an answer, if only that the worker is gone; FALSE after the
 * device was given up.
 */
gboolean rein_ladder_call(ReinLadder *self, ReinCall *call, gint64 limit_ns);

/* The same for teardown, with or without the flag. */
gboolean rein_ladder_call_teardown(ReinLadder *self, ReinCall *call);

G_END_DECLS
