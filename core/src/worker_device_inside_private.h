/* SPDX-License-Identifier: MIT */

/* What worker_device.c and worker_device_open.c share. [device thread] */

#pragma once

#include <pthread.h>

#include "worker_device_private.h"
#include "worker_link_private.h"

G_BEGIN_DECLS

/* What the core knows as the plugin's idea of a device. */
typedef struct WorkerDevice WorkerDevice;
struct WorkerDevice {
    ReinWorkerLink link;
    gint64 pid;
    gboolean is_open;      /* the plugin has opened the device */
    const ReinHost *host;  /* its services are the device's */
    pthread_mutex_t lock;  /* guards the witness against signals while it comes and goes */
    WorkerDevice *witness; /* a worker that is asked in place of one that is gone, NULL for none */
};

/* Nothing is started yet; `host` is kept. */
WorkerDevice *rein_worker_device_new(const char *id, const ReinHost *host);

/* Starts the worker and opens the device in it. */
ReinStatus rein_worker_device_begin(WorkerDevice *self, ReinMsg *msg);

/* The end of both, however far it came, and of the object. [may block: 5 s] */
void rein_worker_device_end(WorkerDevice *self);

/* Writes `text` into the message. The status. */
ReinStatus rein_worker_device_say(ReinMsg *msg, ReinStatus status, const char *text);

/* Asks for what is answered by ANSWER; the plugin's message goes into `msg` (nullable). */
ReinStatus rein_worker_device_ask(WorkerDevice *self, const ReinWirePacket *packet, gint64 due_ns,
                                  const char *when, ReinWireAnswer *answer, ReinMsg *msg);

G_END_DECLS
