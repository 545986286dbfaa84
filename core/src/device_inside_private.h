/* SPDX-License-Identifier: MIT */

/* What device.c and device_thread.c share: the object, and what both do to it. */

#pragma once

#include <pthread.h>

#include "device_private.h"
#include "services_private.h"

G_BEGIN_DECLS

struct ReinDevice {
    gint n_refs;
    ReinPlugin *plugin;
    const ReinPluginTable *table; /* of the plugin */
    ReinServices *services;
    ReinDeviceInfo info; /* id is the plugin's own text, terminated */
    char *name;
    char *driver;
    pthread_t thread;
    gboolean is_isolated; /* the table forwards to a worker */
    ReinIsolation isolation;
    gint64 worker_pid;

    /* of the device's thread alone */
    GArray *open_jobs; /* guint64: jobs that may hold something in the plugin */

    pthread_mutex_t lock;     /* guards the rest */
    pthread_cond_t posted;    /* work for the thread */
    pthread_cond_t changed;   /* news for those who wait */
    ReinPluginDevice *handle; /* set while open; constant between */
    GQueue calls;             /* ReinCall, a reference each */
    ReinCall *running;        /* in a slot now, or NULL */
    guint64 n_wakes;
    gboolean is_opened; /* open() was answered: open_status and open_text are valid */
    gboolean is_closing;
    gboolean is_given_up;
    gboolean is_closed;    /* the thread has nothing more to do with the plugin */
    gboolean is_orphan;    /* nobody joins the thread: it frees the device */
    gboolean is_resetting; /* the scratch folder is being emptied: no job begins */
    guint n_interrupts;    /* calls of interrupt() that have not returned */
    char *lost_reason;     /* NULL while the device is fine */
    char *spent_reason;    /* NULL while new jobs may begin; those that run go on */
    guint n_jobs;          /* that have begun and not ended */
    guint n_in_scratch;    /* of them, that have not left the scratch folder */
    guint64 shared_until;  /* jobs up to this number had company */
    ReinStatus open_status;
    char *open_text;
};

void rein_device_free(ReinDevice *self);

/* The first reason stays. */
void rein_device_set_lost_locked(ReinDevice *self, const char *reason);

void rein_device_finish_locked(ReinDevice *self, ReinCall *call);
void rein_device_answer_lost_locked(ReinDevice *self, ReinCall *call);

/* Until every interrupt() that was called has returned. [device thread] */
void rein_device_wait_interrupts(ReinDevice *self);

/* The device's thread: opens, makes the calls one at a time, closes. */
void *rein_device_main(void *data);

G_END_DECLS
