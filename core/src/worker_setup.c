/* SPDX-License-Identifier: MIT */

#include <string.h>

#include <rein/error.h>

#include "environment_private.h"
#include "worker_device_private.h"
#include "worker_process_private.h"

#define NS_PER_MS G_GINT64_CONSTANT(1000000)
#define OPEN_TIMEOUT_MS 60000u
#define MAX_OPEN_TIMEOUT_MS 3600000u

void
rein_worker_setup_free(ReinWorkerSetup *self)
{
    if (self == NULL) {
        return;
    }
    g_free(self->program);
    g_free(self->path);
    g_free(self->plugin);
    g_clear_pointer(&self->settings, g_hash_table_unref);
    g_clear_pointer(&self->variables, g_ptr_array_unref);
    g_free(self);
}

static gboolean
take_open_limit(GHashTable *settings, gint64 *limit_ns, GError **error)
{
    const char *text = g_hash_table_lookup(settings, "open-timeout");
    g_autoptr(GError) reason = NULL;
    guint64 limit_ms = OPEN_TIMEOUT_MS;

    if (text != NULL &&
        !g_ascii_string_to_unsigned(text, 10, 1, MAX_OPEN_TIMEOUT_MS, &limit_ms, &reason)) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID, "setting open-timeout: %s",
                    reason->message);
        return FALSE;
    }
    *limit_ns = (gint64)limit_ms * NS_PER_MS;
    return TRUE;
}

/* The host makes and removes the scratch folder: its worker must not make one of its own. */
static GHashTable *
copy_worker_settings(GHashTable *settings)
{
    GHashTable *copy = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GHashTableIter entries;
    gpointer key = NULL;
    gpointer value = NULL;

    g_hash_table_iter_init(&entries, settings);
    while (g_hash_table_iter_next(&entries, &key, &value)) {
        if (strcmp(key, "scratch-folder") != 0) {
            g_hash_table_insert(copy, g_strdup(key), g_strdup(value));
        }
    }
    return copy;
}

ReinWorkerSetup *
rein_worker_setup_new(GHashTable *settings, const char *path, const char *plugin,
                      GPtrArray *variables, GError **error)
{
    g_autoptr(ReinWorkerSetup) self = g_new0(ReinWorkerSetup, 1);

    if (!take_open_limit(settings, &self->open_limit_ns, error) ||
        !rein_worker_process_parse_isolation(g_hash_table_lookup(settings, "isolation"),
                                             &self->most, error)) {
        return NULL;
    }
    self->program = rein_worker_process_find_program(g_hash_table_lookup(settings, "worker"));
    self->path = g_strdup(path);
    self->plugin = g_strdup(plugin);
    self->settings = copy_worker_settings(settings);
    self->variables =
        rein_environment_choose(g_hash_table_lookup(settings, "worker-environment"), variables);
    return g_steal_pointer(&self);
}
