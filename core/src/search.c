/* SPDX-License-Identifier: MIT */

#include "search_private.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "own_folder_private.h"
#include "plugin_file_private.h"

#define PLUGIN_FOLDER "rein/plugins"

/* A folder of the search path. One that somebody named should be there. */
typedef struct {
    char *path;
    gboolean is_named;
} Folder;

struct ReinSearch {
    GPtrArray *folders; /* Folder, in the order of the search */
    GHashTable *seen;   /* real paths of what was looked at */
};

static void
folder_free(gpointer data)
{
    Folder *folder = data;

    g_free(folder->path);
    g_free(folder);
}

static void
add_folder(ReinSearch *self, gint index, const char *path, gboolean is_named)
{
    Folder *folder = g_new0(Folder, 1);

    folder->path = g_canonicalize_filename(path, NULL);
    folder->is_named = is_named;
    g_ptr_array_insert(self->folders, index, folder);
}

static void
add_environment_folders(ReinSearch *self)
{
    const char *list = g_getenv("REIN_PLUGIN_PATH");
    g_auto(GStrv) paths = list != NULL ? g_strsplit(list, G_SEARCHPATH_SEPARATOR_S, -1) : NULL;

    for (gsize i = 0; paths != NULL && paths[i] != NULL; i++) {
        if (paths[i][0] != '\0') {
            add_folder(self, -1, paths[i], TRUE);
        }
    }
}

/* Not GLib's functions for these folders, which remember what the variables were at first. */
static void
add_user_folder(ReinSearch *self)
{
    const char *data_home = g_getenv("XDG_DATA_HOME");
    const char *home = g_getenv("HOME");
    g_autofree char *path = NULL;

    if (data_home != NULL && g_path_is_absolute(data_home)) {
        path = g_build_filename(data_home, PLUGIN_FOLDER, NULL);
    } else {
        path = g_build_filename(home != NULL ? home : g_get_home_dir(), ".local", "share",
                                PLUGIN_FOLDER, NULL);
    }
    add_folder(self, -1, path, FALSE);
}

static void
add_own_folder(ReinSearch *self)
{
    g_autofree char *folder = rein_own_folder();
    g_autofree char *path = NULL;

    if (folder != NULL) {
        path = g_build_filename(folder, PLUGIN_FOLDER, NULL);
        add_folder(self, -1, path, FALSE);
    }
}

ReinSearch *
rein_search_new(void)
{
    ReinSearch *self = g_new0(ReinSearch, 1);

    self->folders = g_ptr_array_new_with_free_func(folder_free);
    self->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    add_environment_folders(self);
    add_user_folder(self);
    add_own_folder(self);
    return self;
}

void
rein_search_free(ReinSearch *self)
{
    if (self == NULL) {
        return;
    }
    g_ptr_array_unref(self->folders);
    g_hash_table_unref(self->seen);
    g_free(self);
}

void
rein_search_add_folder(ReinSearch *self, const char *folder)
{
    add_folder(self, 0, folder, TRUE);
}

/* Whether this is the first time that the file or folder comes up, by whatever path. */
static gboolean
is_new(ReinSearch *self, const char *path)
{
    char *real_path = realpath(path, NULL);
    gboolean is_first =
        g_hash_table_add(self->seen, g_strdup(real_path != NULL ? real_path : path));

    free(real_path);
    return is_first;
}

static int
is_shared_object(const struct dirent *entry)
{
    return g_str_has_suffix(entry->d_name, ".so");
}

/* By bytes, so that the order does not follow the user's language. */
static int
compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void
look_at_folder(ReinSearch *self, const Folder *folder, GPtrArray *files)
{
    struct dirent **entries = NULL;

    if (!is_new(self, folder->path)) {
        return;
    }
    int n_entries = scandir(folder->path, &entries, is_shared_object, compare_names);
    if (n_entries < 0) {
        g_autofree char *reason = g_strdup_printf("cannot be searched: %s", g_strerror(errno));

        if (folder->is_named) {
            ReinPluginFile *file = rein_plugin_file_new(folder->path);

            rein_plugin_file_end(file, REIN_CANDIDATE_REFUSED, reason);
            g_ptr_array_add(files, file);
        }
        return;
    }
    for (int i = 0; i < n_entries; i++) {
        g_autofree char *path = g_build_filename(folder->path, entries[i]->d_name, NULL);

        if (is_new(self, path)) {
            g_ptr_array_add(files, rein_plugin_file_new(path));
        }
        free(entries[i]);
    }
    free(entries);
}

void
rein_search_run(ReinSearch *self, GPtrArray *files)
{
    for (guint i = 0; i < self->folders->len; i++) {
        look_at_folder(self, g_ptr_array_index(self->folders, i), files);
    }
}
