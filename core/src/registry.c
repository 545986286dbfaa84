/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE /* dladdr */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rein/error.h>
#include <rein/registry.h>

#include "device_private.h"
#include "plugin_private.h"
#include "probe_private.h"
#include "selector_private.h"
#include "text_private.h"

#define PLUGIN_FOLDER "rein/plugins"

/* A folder of the search path. One that somebody named should be there. */
typedef struct {
    char *path;
    gboolean is_named;
} Folder;

typedef struct {
    ReinCandidate shown; /* first: given out as such; its text is the registry's */
    ReinPlugin *plugin;  /* NULL unless it is loaded */
} Candidate;

typedef struct {
    ReinDeviceEntry shown; /* first: given out as such; its text is the registry's */
    ReinDeviceInfo info;   /* as the plugin gave it */
    ReinPlugin *plugin;    /* a reference */
} Device;

struct ReinRegistry {
    GPtrArray *folders;    /* Folder, in the order of the search */
    GPtrArray *candidates; /* Candidate */
    GPtrArray *devices;    /* Device */
    GHashTable *settings;  /* text to text */
    GHashTable *seen;      /* real paths of what was looked at */
    GStringChunk *text;    /* what candidates and devices point to */
    gboolean is_scanned;
};

static void
folder_free(gpointer data)
{
    Folder *folder = data;

    g_free(folder->path);
    g_free(folder);
}

static void
candidate_free(gpointer data)
{
    Candidate *candidate = data;

    rein_plugin_unref(candidate->plugin);
    g_free(candidate);
}

static void
device_record_free(gpointer data)
{
    Device *device = data;

    rein_plugin_unref(device->plugin);
    g_free(device);
}

static const char *
keep(ReinRegistry *self, const char *text)
{
    return g_string_chunk_insert(self->text, text);
}

/* The same for text of a plugin. */
static const char *
keep_line(ReinRegistry *self, const char *text, gsize size)
{
    g_autofree char *line = rein_text_line(text, size);

    return keep(self, line);
}

static void
add_folder(ReinRegistry *self, gint index, const char *path, gboolean is_named)
{
    Folder *folder = g_new0(Folder, 1);

    folder->path = g_canonicalize_filename(path, NULL);
    folder->is_named = is_named;
    g_ptr_array_insert(self->folders, index, folder);
}

static void
add_environment_folders(ReinRegistry *self)
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
add_user_folder(ReinRegistry *self)
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

/*
 * Beside librein, wherever that was installed or built; a program that links it statically counts.
 */
static void
add_own_folder(ReinRegistry *self)
{
    static const char here = 'h'; /* lies in the file that holds this code */
    Dl_info info = { 0 };
    g_autofree char *folder = NULL;
    g_autofree char *path = NULL;

    if (dladdr(&here, &info) == 0 || info.dli_fname == NULL) {
        return;
    }
    char *file = realpath(info.dli_fname, NULL);
    folder = g_path_get_dirname(file != NULL ? file : info.dli_fname);
    free(file);
    path = g_build_filename(folder, PLUGIN_FOLDER, NULL);
    add_folder(self, -1, path, FALSE);
}

ReinRegistry *
rein_registry_new(void)
{
    ReinRegistry *self = g_new0(ReinRegistry, 1);

    self->folders = g_ptr_array_new_with_free_func(folder_free);
    self->candidates = g_ptr_array_new_with_free_func(candidate_free);
    self->devices = g_ptr_array_new_with_free_func(device_record_free);
    self->settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->text = g_string_chunk_new(1024);
    add_environment_folders(self);
    add_user_folder(self);
    add_own_folder(self);
    return self;
}

void
rein_registry_free(ReinRegistry *self)
{
    if (self == NULL) {
        return;
    }
    g_ptr_array_unref(self->devices);
    g_ptr_array_unref(self->candidates);
    g_ptr_array_unref(self->folders);
    g_hash_table_unref(self->settings);
    g_hash_table_unref(self->seen);
    g_string_chunk_free(self->text);
    g_free(self);
}

void
rein_registry_add_folder(ReinRegistry *self, const char *folder)
{
    g_return_if_fail(self != NULL && folder != NULL && folder[0] != '\0');
    g_return_if_fail(!self->is_scanned);

    add_folder(self, 0, folder, TRUE);
}

void
rein_registry_set(ReinRegistry *self, const char *key, const char *value)
{
    g_return_if_fail(self != NULL && key != NULL);

    if (value == NULL) {
        g_hash_table_remove(self->settings, key);
    } else {
        g_hash_table_replace(self->settings, g_strdup(key), g_strdup(value));
    }
}

static Candidate *
add_candidate(ReinRegistry *self, const char *path, ReinCandidateState state, const char *reason)
{
    Candidate *candidate = g_new0(Candidate, 1);

    candidate->shown = (ReinCandidate){
        .path = keep_line(self, path, strlen(path)),
        .name = "",
        .version = "",
        .state = state,
        .reason = keep(self, reason),
    };
    g_ptr_array_add(self->candidates, candidate);
    return candidate;
}

/* Whether this is the first time that the file or folder comes up, by whatever path. */
static gboolean
is_new(ReinRegistry *self, const char *path)
{
    char *real_path = realpath(path, NULL);
    gboolean is_first =
        g_hash_table_add(self->seen, g_strdup(real_path != NULL ? real_path : path));

    free(real_path);
    return is_first;
}

static const Candidate *
find_loaded(ReinRegistry *self, const char *name)
{
    for (guint i = 0; i < self->candidates->len; i++) {
        const Candidate *candidate = g_ptr_array_index(self->candidates, i);

        if (candidate->shown.state == REIN_CANDIDATE_LOADED &&
            strcmp(candidate->shown.name, name) == 0) {
            return candidate;
        }
    }
    return NULL;
}

static void
add_device(ReinRegistry *self, ReinPlugin *plugin, const ReinDeviceInfo *info)
{
    Device *device = g_new0(Device, 1);

    device->info = *info;
    device->plugin = rein_plugin_ref(plugin);
    device->shown = (ReinDeviceEntry){
        .id = keep(self, info->id),
        .name = keep_line(self, info->name, sizeof info->name),
        .vendor = keep_line(self, info->vendor, sizeof info->vendor),
        .driver = keep_line(self, info->driver, sizeof info->driver),
        .pci = keep_line(self, info->pci, sizeof info->pci),
        .plugin = keep(self, rein_plugin_get_name(plugin)),
        .n_units = info->n_units,
        .interleave = info->interleave,
        .memory_size = info->memory_size,
        .is_cpu = (info->flags & REIN_DEVICE_IS_CPU) != 0,
        .is_gpu = (info->flags & REIN_DEVICE_IS_GPU) != 0,
    };
    g_ptr_array_add(self->devices, device);
}

static void
probe_candidate(ReinRegistry *self, Candidate *candidate)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(ReinDeviceInfo));
    g_autofree char *reason = rein_probe(candidate->plugin, self->settings, found);

    for (guint i = 0; i < found->len; i++) {
        add_device(self, candidate->plugin, &g_array_index(found, ReinDeviceInfo, i));
    }
    candidate->shown.n_devices = found->len;
    candidate->shown.reason = keep(self, reason);
}

static void
look_at_file(ReinRegistry *self, const char *path)
{
    g_autoptr(ReinPlugin) plugin = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *reason = NULL;

    if (!is_new(self, path)) {
        return;
    }
    plugin = rein_plugin_load(path, &error);
    if (plugin == NULL) {
        add_candidate(self, path, REIN_CANDIDATE_REFUSED, error->message);
        return;
    }

    const char *name = rein_plugin_get_name(plugin);
    const Candidate *earlier = find_loaded(self, name);
    if (earlier != NULL) {
        reason = g_strdup_printf("%s came first with the same name", earlier->shown.path);
    }
    Candidate *candidate =
        add_candidate(self, path, earlier != NULL ? REIN_CANDIDATE_SHADOWED : REIN_CANDIDATE_LOADED,
                      reason != NULL ? reason : "");
    candidate->shown.name = keep(self, name);
    candidate->shown.version = keep(self, rein_plugin_get_table(plugin)->version);
    if (earlier == NULL) {
        candidate->plugin = g_steal_pointer(&plugin);
        probe_candidate(self, candidate);
    }
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
look_at_folder(ReinRegistry *self, const Folder *folder)
{
    struct dirent **entries = NULL;

    if (!is_new(self, folder->path)) {
        return;
    }
    int n_entries = scandir(folder->path, &entries, is_shared_object, compare_names);
    if (n_entries < 0) {
        g_autofree char *reason = g_strdup_printf("cannot be searched: %s", g_strerror(errno));

        if (folder->is_named) {
            add_candidate(self, folder->path, REIN_CANDIDATE_REFUSED, reason);
        }
        return;
    }
    for (int i = 0; i < n_entries; i++) {
        g_autofree char *path = g_build_filename(folder->path, entries[i]->d_name, NULL);

        look_at_file(self, path);
        free(entries[i]);
    }
    free(entries);
}

void
rein_registry_scan(ReinRegistry *self)
{
    g_return_if_fail(self != NULL);

    if (self->is_scanned) {
        return;
    }
    self->is_scanned = TRUE;
    for (guint i = 0; i < self->folders->len; i++) {
        look_at_folder(self, g_ptr_array_index(self->folders, i));
    }
}

guint
rein_registry_get_n_candidates(ReinRegistry *self)
{
    g_return_val_if_fail(self != NULL, 0);

    return self->candidates->len;
}

const ReinCandidate *
rein_registry_get_candidate(ReinRegistry *self, guint index)
{
    g_return_val_if_fail(self != NULL && index < self->candidates->len, NULL);

    return g_ptr_array_index(self->candidates, index);
}

guint
rein_registry_get_n_devices(ReinRegistry *self)
{
    g_return_val_if_fail(self != NULL, 0);

    return self->devices->len;
}

const ReinDeviceEntry *
rein_registry_get_device(ReinRegistry *self, guint index)
{
    g_return_val_if_fail(self != NULL && index < self->devices->len, NULL);

    return g_ptr_array_index(self->devices, index);
}

ReinDevice *
rein_registry_open_device(ReinRegistry *self, const char *selector, ReinDeviceFlags flags,
                          GError **error)
{
    g_return_val_if_fail(self != NULL && selector != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    if ((flags & REIN_DEVICE_IN_PROCESS) == 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_UNSUPPORTED,
                    "isolated devices are not available in this version "
                    "(use REIN_DEVICE_IN_PROCESS)");
        return NULL;
    }
    rein_registry_scan(self);
    gint index = rein_selector_find(selector, self->devices, self->candidates, error);
    if (index < 0) {
        return NULL;
    }
    Device *device = g_ptr_array_index(self->devices, (guint)index);
    return rein_device_open(device->plugin, &device->info, self->settings, error);
}
