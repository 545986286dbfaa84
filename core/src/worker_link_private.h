/* SPDX-License-Identifier: MIT */

/*
 * The host's end of a worker that holds a device: sends a question, waits for its answer, and takes
 * the worker's end for one. Signals may come from any thread; everything else is the device
 * thread's, which starts the worker and outlives it.
 */

#pragma once

#include <glib.h>
#include <pthread.h>

#include "staging_private.h"
#include "wire_private.h"
#include "worker_process_private.h"

G_BEGIN_DECLS

typedef struct ReinWorkerLink {
    char *name; /* of the device, for messages */
    ReinStaging staging;
    pthread_mutex_t lock;      /* guards the process against signals while it is reaped */
    ReinWorkerProcess process; /* written under the lock */
    gint is_gone;              /* atomic: nothing of it is left */
    gint is_stuck;             /* atomic: it was killed and does not end */
    gint is_signalled;         /* atomic: terminate() or kill() came */
    gint n_swept;              /* atomic: processes that its supervisor had to kill */
    char *end;                 /* why it is gone; NULL while it is there */
    guint n_log_lines;
    char room[REIN_WIRE_PACKET_SIZE];
} ReinWorkerLink;

void rein_worker_link_init(ReinWorkerLink *self, const char *name);

/* Gives back what is held; a worker that still runs is ended. [may block: 1 s, and what a sweep takes] */
void rein_worker_link_clear(ReinWorkerLink *self);

/* Makes the shared memory, and starts the worker; `start` needs no descriptors. */
gboolean rein_worker_link_start(ReinWorkerLink *self, const ReinWorkerStart *start, GError **error);

/*
 * Sends a packet that is not answered. FALSE when there is no worker any more, also because it did not
 * take the packet by `due_ns`.
 */
gboolean rein_worker_link_send(ReinWorkerLink *self, const ReinWirePacket *packet, gint64 due_ns,
                               const char *when);

/*
 * Sends a packet and waits for what the worker says to it, which lies in `room` until the next call.
 * `due_ns` is monotonic, G_MAXINT64 for ever: who waits so is freed by a signal. `when` says in
 * messages what it was at: "while it was opened". FALSE when the worker is gone: `end` says why.
 */
gboolean rein_worker_link_ask(ReinWorkerLink *self, const ReinWirePacket *packet, gint64 due_ns,
                              const char *when, ReinWirePacket *reply);

/* Ends the connection and the worker, for a fault of its own. */
void rein_worker_link_fail(ReinWorkerLink *self, const char *fault);

/*
 * No more is asked: closes the channel, and waits until the worker has ended; one that does not is
 * terminated, then killed, and the log says so. [may block: 2.5 s, and what a sweep takes]
 */
void rein_worker_link_finish(ReinWorkerLink *self);

void rein_worker_link_terminate(ReinWorkerLink *self); /* [any thread] */
void rein_worker_link_kill(ReinWorkerLink *self);      /* [any thread] */

/* Interrupts the job's slice, if one runs. [any thread] */
void rein_worker_link_interrupt(ReinWorkerLink *self, guint64 job);

G_END_DECLS
