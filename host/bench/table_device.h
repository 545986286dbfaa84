/* SPDX-License-Identifier: MIT */

/*
 * A plugin's table, called directly: what a backend does by itself, without the core above it. One
 * device, one job, programs and buffers that live until the device is closed. Belongs to one thread.
 */

#pragma once

#include <glib.h>
#include <rein/plugin_abi.h>
#include <rein/registry.h>

#include "common/settings.h"

G_BEGIN_DECLS

typedef struct TableDevice TableDevice;

/* Opens the device `id` of the plugin in the file `path`, with the user's settings for it. */
TableDevice *table_device_open(const char *path, const char *id, const ReinSettings *settings,
                               GError **error);

/* Cleans the job up, then closes. NULL is a no-op. */
void table_device_close(TableDevice *self);

/* 0 with an error. */
guint64 table_device_build(TableDevice *self, const char *name, const char *text, gsize size,
                           GError **error);

/* A buffer that begins with `content`, if that is not NULL; 0 with an error. */
guint64 table_device_take(TableDevice *self, gsize size, gconstpointer content, GError **error);

gboolean table_device_read(TableDevice *self, guint64 buffer, gpointer data, gsize size,
                           GError **error);

/* Runs whole rounds of `stages`; the wall clock's nanoseconds, or -1 with an error. */
gint64 table_device_run(TableDevice *self, const ReinStage *stages, guint32 n_stages,
                        guint32 first_round, guint32 n_rounds, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TableDevice, table_device_close)

G_END_DECLS
