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
 * @REIN_DEVICE_ISOLATED: behind a worker process, which the core can kill; not in this version
 * @REIN_DEVICE_IN_PROCESS: in this process; a call that hangs is given up, not ended
 */
typedef enum {
    REIN_DEVICE_ISOLATED = 0,
    REIN_DEVICE_IN_PROCESS = 1,
} ReinDeviceFlags;

REIN_API ReinDevice *rein_device_ref(ReinDevice *self);

/* Gives up one reference; the last one may block while the plugin closes. NULL is a no-op. */
REIN_API void rein_device_unref(ReinDevice *self);

REIN_API const char *rein_device_get_id(ReinDevice *self);
REIN_API const char *rein_device_get_name(ReinDevice *self);
REIN_API const char *rein_device_get_driver(ReinDevice *self);
REIN_API guint rein_device_get_n_units(ReinDevice *self);
REIN_API guint rein_device_get_interleave(ReinDevice *self);
REIN_API gboolean rein_device_is_cpu(ReinDevice *self);

/* Whether the device was given up (a call hung, or the plugin said it is lost); no new job starts. */
REIN_API gboolean rein_device_is_lost(ReinDevice *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinDevice, rein_device_unref)

G_END_DECLS
