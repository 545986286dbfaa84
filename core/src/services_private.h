/* SPDX-License-Identifier: MIT */

/*
 * What the core offers a plugin while it probes or has a device open: log, settings, folders,
 * thread limit, as a ReinHost with its own copies of all it points to. Owned by the device or by
 * the probe; what the plugin calls may be called on [any thread].
 */

#pragma once

#include <glib.h>
#include <rein/plugin_abi.h>

G_BEGIN_DECLS

typedef struct ReinServices ReinServices;

/* How to start the worker of an isolated device: worker_device_private.h. */
typedef struct ReinWorkerSetup ReinWorkerSetup;

/*
 * `plugin` is the plugin's name, `who` what stands before its log lines ("cpu:0"). `settings` maps
 * text to text and is copied: "PLUGIN.KEY" is what the plugin `PLUGIN` sees as KEY; "thread-limit",
 * "cache-folder" and "scratch-folder" are for all. Each plugin gets a folder of its own in the
 * cache folder; a folder that cannot be made is a warning, and the plugin gets none. Fails with
 * REIN_ERROR_INVALID for a "thread-limit" or a "nice" that is no number.
 */
ReinServices *rein_services_new(const char *plugin, const char *who, GHashTable *settings,
                                GError **error);

/*
 * For a device that is about to be opened: makes the record of it, in the "state-folder" where one is
 * set, and its scratch folder, where one is set. Both are gone after rein_services_free().
 */
void rein_services_begin_device(ReinServices *self);

/* The tag for the worker of such a device; lives as long as the services. */
const char *rein_services_get_tag(const ReinHost *host);

/* Empties the scratch folder; whether nothing is left in it. TRUE where there is none. [may block] */
gboolean rein_services_reset_scratch(ReinServices *self, GError **error);

/* "" where there is none. */
const char *rein_services_get_scratch(ReinServices *self);

/* In a worker: the folder that its host has made and will remove; "" for none. */
void rein_services_set_scratch(ReinServices *self, const char *folder);

/* What the forwarding table finds there when it opens; (transfer full). */
void rein_services_set_worker(ReinServices *self, ReinWorkerSetup *setup);
const ReinWorkerSetup *rein_services_get_worker(const ReinHost *host);

/* Gives the calling thread, and those that it starts, the nice value "nice", 0 to 19. Before open(). */
void rein_services_lower_priority(ReinServices *self);

/* NULL is a no-op. */
void rein_services_free(ReinServices *self);

/* Valid as long as the services. */
const ReinHost *rein_services_get_host(ReinServices *self);

/* The field of a log entry that names the plugin. */
#define REIN_LOG_FIELD_PLUGIN "REIN_PLUGIN"

/* Writes a line of `plugin`, at one of REIN_LOG_*, to the log of this process. [any thread] */
void rein_services_log(const char *plugin, gint32 level, const char *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinServices, rein_services_free)

G_END_DECLS
