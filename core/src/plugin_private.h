/* SPDX-License-Identifier: MIT */

/*
 * One loaded plugin: the library's handle, the version handshake, the table with every optional
 * slot filled by a stub that answers "unsupported". Reference counted; devices hold a reference.
 * The library is closed after the last one only if the plugin declares itself unloadable. [any
 * thread]
 */

#pragma once

#include <glib.h>
#include <rein/plugin_abi.h>

G_BEGIN_DECLS

/* Most bytes of a plugin's name: ids begin with it and a colon, and have room for 64. */
#define REIN_PLUGIN_NAME_SIZE 32

typedef struct ReinPlugin ReinPlugin;

/* Whether a plugin may be called so: 1 to REIN_PLUGIN_NAME_SIZE of a-z, 0-9 and -. */
gboolean rein_plugin_is_name(const char *name);

/*
 * Loads the shared object at `path` and shakes hands; REIN_ERROR_PLUGIN says what is wrong with it
 * (no ELF file, other architecture, no entry, other major, a required slot NULL, by name), without
 * the path. A file that is no whole shared object for this machine is refused before any code of it
 * runs. A library that was refused later stays loaded: it did not say that it may be unloaded.
 */
ReinPlugin *rein_plugin_load(const char *path, GError **error);

/* A plugin around a table that is not from a file: tests wrap a plugin's table so. */
ReinPlugin *rein_plugin_new_for_table(const ReinPluginTable *table, GError **error);

ReinPlugin *rein_plugin_ref(ReinPlugin *self);
void rein_plugin_unref(ReinPlugin *self);

/*
 * The completed table, a copy of this core's size: every slot but drivers, which is NULL where the
 * plugin has none, can be called; name and version are checked text.
 */
const ReinPluginTable *rein_plugin_get_table(ReinPlugin *self);
const char *rein_plugin_get_name(ReinPlugin *self);
const char *rein_plugin_get_path(ReinPlugin *self); /* "" for a table */

/* Whether the plugin brought its own interrupt(); the stub in its place does nothing. */
gboolean rein_plugin_has_interrupt(ReinPlugin *self);

/* The same of memory_info(). */
gboolean rein_plugin_has_memory_info(ReinPlugin *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinPlugin, rein_plugin_unref)

G_END_DECLS
