/* SPDX-License-Identifier: MIT */

/*
 * An open device: one accelerator behind one plugin, with the one thread on which the plugin is
 * called. Reference counted; the last unref closes the plugin's device and joins the thread, after
 * every job on it has ended. [any thread]
 */

#pragma once

#include <glib.h>
#include <rein/version.h>

G_BEGIN_DECLS

typedef struct ReinDevice ReinDevice;

/**
 * ReinDeviceFlags:
 * @REIN_DEVICE_ISOLATED: behind a worker process, which the core ends if it has to: the default
 * @REIN_DEVICE_IN_PROCESS: in this process; a call that hangs is given up, not ended, and a plugin
 *     that crashes takes the process with it
 */
typedef enum {
    REIN_DEVICE_ISOLATED = 0,
    REIN_DEVICE_IN_PROCESS = 1,
} ReinDeviceFlags;

/**
 * ReinIsolation:
 * @REIN_ISOLATION_NONE: the plugin is in this process
 * @REIN_ISOLATION_SUBREAPER: it is in a worker; what the plugin starts is found by its parentage and
 *     killed, by its tag where the worker's supervisor is killed first. Where this program is killed,
 *     too, a child that left its session runs on until rein_leftovers_remove()
 * @REIN_ISOLATION_NAMESPACE: it is in a worker with a PID namespace of its own: the kernel ends all
 *     that was ever started in it
 *
 * What is between a plugin and the program.
 */
typedef enum {
    REIN_ISOLATION_NONE,
    REIN_ISOLATION_SUBREAPER,
    REIN_ISOLATION_NAMESPACE,
} ReinIsolation;

/* One word, as in JSON: "in-process", "subreaper", "namespace". */
REIN_API const char *rein_isolation_to_string(ReinIsolation isolation);

REIN_API ReinDevice *rein_device_ref(ReinDevice *self);

/* Gives up one reference; the last one may block while the plugin closes. NULL is a no-op. */
REIN_API void rein_device_unref(ReinDevice *self);

REIN_API const char *rein_device_get_id(ReinDevice *self);
REIN_API const char *rein_device_get_name(ReinDevice *self);
REIN_API const char *rein_device_get_driver(ReinDevice *self);
REIN_API guint rein_device_get_n_units(ReinDevice *self);
REIN_API guint rein_device_get_interleave(ReinDevice *self);
REIN_API gboolean rein_device_is_cpu(ReinDevice *self);

/* What is between the device's plugin and this process. */
REIN_API ReinIsolation rein_device_get_isolation(ReinDevice *self);

/* The number of the worker's supervisor, outside of any namespace; 0 without one. */
REIN_API gint64 rein_device_get_worker_pid(ReinDevice *self);

/*
 * Whether no new job starts: the device was given up (a call hung, its worker died, the plugin said it is
 * lost), or a job on it left something behind. Of the latter the jobs that run there go on.
 */
REIN_API gboolean rein_device_is_lost(ReinDevice *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinDevice, rein_device_unref)

G_END_DECLS
