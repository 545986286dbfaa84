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

/* Half-way: what a search does most of its time. */
#define TABLE_DEVICE_PROGRESS 0x80000000u

typedef struct TableDevice TableDevice;

/*
 * Opens the device `id` of the plugin in the file `path`, with the user's settings for it; it may keep
 * what it builds in the folder `cache` (nullable).
 */
TableDevice *table_device_open(const char *path, const char *id, const ReinSettings *settings,
                               const char *cache, GError **error);

/* Cleans the job up, then closes. NULL is a no-op. */
void table_device_close(TableDevice *self);

/* 0 with an error. */
guint64 table_device_build(TableDevice *self, const char *name, const char *text, gsize size,
                           GError **error);

/* A buffer that begins with `content`, if that is not NULL; 0 with an error. */
guint64 table_device_take(TableDevice *self, gsize size, gconstpointer content, GError **error);

/* Binds `n` buffers to the stage, the same in rounds of either parity. */
void table_device_bind(ReinStage *stage, const guint64 *buffers, guint32 n);

gboolean table_device_read(TableDevice *self, guint64 buffer, gpointer data, gsize size,
                           GError **error);

/*
 * Writes the job of `stages`, all of one program, into `folder` for a rival: its text and the content of
 * all buffers as they are, and the file `manifest` that tests/bench/opencl_host.c documents.
 */
gboolean table_device_save_job(TableDevice *self, const ReinStage *stages, guint32 n_stages,
                               guint32 interleave, const char *folder, GError **error);

/* Buffers taken so far; a rival knows them by their place. */
guint table_device_get_n_buffers(const TableDevice *self);

/* The content of the buffer at place `index` and its bytes; to be freed. */
gpointer table_device_copy(TableDevice *self, guint index, gsize *size, GError **error);

/* Runs whole rounds of `stages`; the wall clock's nanoseconds, or -1 with an error. */
gint64 table_device_run(TableDevice *self, const ReinStage *stages, guint32 n_stages,
                        guint32 first_round, guint32 n_rounds, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TableDevice, table_device_close)

G_END_DECLS
