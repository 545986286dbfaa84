/* SPDX-License-Identifier: MIT */

/*
 * The table of a plugin that runs in a worker: each slot goes to the worker and waits for its answer, or
 * for the worker's end. What the core has above the table does not know the difference. A worker
 * that ends in any way but close() makes the device lost; what it held went with it, so that release,
 * discard and cleanup are then done by themselves, and memory_info asks a fresh worker, which is there
 * for that long.
 */

#pragma once

#include <glib.h>
#include <rein/device.h>
#include <rein/plugin_abi.h>

#include "services_private.h"

G_BEGIN_DECLS

/* How to start the worker: owned by the services of the device. */
struct ReinWorkerSetup {
    char *program;        /* rein-worker */
    char *path;           /* of the plugin */
    char *plugin;         /* the name it had when it was probed */
    GHashTable *settings; /* text to text */
    GPtrArray *variables; /* "NAME=VALUE" beside, or in place of, what it inherits */
    ReinIsolation most;   /* the most isolation that is tried */
    gint64 open_limit_ns; /* for loading and opening, together */
};

/*
 * For a device of the plugin at `path`, from the registry's settings, of which it takes copies: "worker",
 * "isolation", "worker-environment", "open-timeout" (milliseconds, 60000) and, for the worker, all but "scratch-folder".
 * NULL with REIN_ERROR_INVALID for a bad one.
 */
ReinWorkerSetup *rein_worker_setup_new(GHashTable *settings, const char *path, const char *plugin,
                                       GPtrArray *variables, GError **error);
void rein_worker_setup_free(ReinWorkerSetup *self); /* NULL is a no-op */

/* The table; `features` is what the plugin has of the optional slots, of REIN_FEATURE_*. */
ReinPluginTable rein_worker_device_table(const char *name, const char *version, guint32 features);

/* For a handle that open() of this table gave, until close(). [any thread] */

/* SIGTERM for the plugin's process; then SIGKILL for all of it. The slot that waits returns. */
void rein_worker_device_terminate(ReinPluginDevice *handle);
void rein_worker_device_kill(ReinPluginDevice *handle);

/* Whether there is no worker any more, nor anything that it started. */
gboolean rein_worker_device_is_gone(ReinPluginDevice *handle);

/* Whether there is one that was killed and does not end. */
gboolean rein_worker_device_is_stuck(ReinPluginDevice *handle);

/* The processes that were left at its end and had to be killed; 0 until it is gone. */
guint rein_worker_device_get_n_swept(ReinPluginDevice *handle);

/* Why there is none; NULL while there is one. [device thread] */
const char *rein_worker_device_get_end(ReinPluginDevice *handle);

ReinIsolation rein_worker_device_get_isolation(ReinPluginDevice *handle);
gint64 rein_worker_device_get_pid(ReinPluginDevice *handle); /* the first it had */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinWorkerSetup, rein_worker_setup_free)

G_END_DECLS
