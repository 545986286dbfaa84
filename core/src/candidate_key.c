/* SPDX-License-Identifier: MIT */

#include "candidate_key_private.h"

#include <string.h>
#include <sys/stat.h>

#include <rein/version.h>

/* With its end, so that two texts are never taken for two others. */
static void
add_text(GChecksum *sum, const char *text)
{
    g_checksum_update(sum, (const guchar *)text, (gssize)strlen(text) + 1);
}

static void
add_file(GChecksum *sum, const char *path)
{
    struct stat status = { 0 };
    g_autofree char *state = NULL;

    if (stat(path, &status) != 0) {
        status = (struct stat){ 0 };
    }
    state = g_strdup_printf("%" G_GINT64_FORMAT ".%09ld %" G_GINT64_FORMAT,
                            (gint64)status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                            (gint64)status.st_size);
    add_text(sum, path);
    add_text(sum, state);
}

char *
rein_candidate_key(const char *program, const char *path, const ReinDriverRecord *driver)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    add_text(sum, rein_version_string());
    add_file(sum, program);
    add_file(sum, path);
    if (driver != NULL) {
        add_text(sum, driver->name);
        add_file(sum, driver->path);
        for (guint i = 0; i < driver->environment->len; i++) {
            add_text(sum, g_ptr_array_index(driver->environment, i));
        }
    }
    return g_strdup(g_checksum_get_string(sum));
}

static int
compare_keys(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *
rein_candidate_settings_key(const char *plugin, GHashTable *settings)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *prefix = g_strdup_printf("%s.", plugin);
    GHashTableIter entries;
    gpointer key = NULL;

    g_hash_table_iter_init(&entries, settings);
    while (g_hash_table_iter_next(&entries, &key, NULL)) {
        if (plugin[0] != '\0' && g_str_has_prefix(key, prefix)) {
            g_ptr_array_add(keys, key);
        }
    }
    g_ptr_array_sort(keys, compare_keys);
    for (guint i = 0; i < keys->len; i++) {
        add_text(sum, g_ptr_array_index(keys, i));
        add_text(sum, g_hash_table_lookup(settings, g_ptr_array_index(keys, i)));
    }
    return keys->len > 0 ? g_strdup(g_checksum_get_string(sum)) : g_strdup("");
}
