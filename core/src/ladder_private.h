/* SPDX-License-Identifier: MIT */

/*
 * The stop ladder: makes one plugin call and sees to it that the caller gets an answer. Raises the flag
 * at the deadline or when the call hangs; after the flag the plugin has the grace, in which it is
 * interrupted once; then the device is given up. One thread at a time.
 */

#pragma once

#include <glib.h>

#include "device_private.h"
#include "stop_private.h"

G_BEGIN_DECLS

#define REIN_GRACE_NS (2 * G_GINT64_CONSTANT(1000000000))
#define REIN_MAX_GRACE_NS (10 * G_GINT64_CONSTANT(1000000000))
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
    gint64 deadline_ns; /* monotonic; 0: none */

    /* what happened, for the receipt; times since the flag, -1: not climbed */
    gint64 slice_left_ns;
    gint64 interrupt_ns;
    gint64 abandoned_ns;
} ReinLadder;

void rein_ladder_init(ReinLadder *self, ReinDevice *device, ReinStop *stop);

/*
 * Posts `call` and waits for its end. `limit_ns` is when it counts as hung; limit and grace run from
 * when the device took it up, not while it waits behind calls of other jobs, and anew after this
 * process stood still. A build that began is
 * waited for: nothing can end it inside this process, so only its own limit counts.
 * Returns whether the plugin answered; FALSE after the device was given up.
 */
gboolean rein_ladder_call(ReinLadder *self, ReinCall *call, gint64 limit_ns);

/* The same for teardown: the flag is up already, each call has the grace for itself. */
gboolean rein_ladder_call_teardown(ReinLadder *self, ReinCall *call);

G_END_DECLS
