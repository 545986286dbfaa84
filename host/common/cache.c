/* SPDX-License-Identifier: MIT */

#include "cache.h"

#include <sys/stat.h>

#include <glib/gstdio.h>

#define MAX_DEPTH 8u /* PoCL's own cache inside ours is 7 deep */
#define NS_PER_S G_GINT64_CONSTANT(1000000000)

typedef struct CacheFile {
    char *path;
    guint64 size;
    gint64 used_s; /* when it was last written or read, seconds since the epoch */
} CacheFile;

typedef struct CacheFolder {
    char *path;
    guint depth; /* levels below the root */
} CacheFolder;

static void
cache_file_clear(gpointer data)
{
    CacheFile *file = data;

    g_free(file->path);
}

static void
cache_folder_clear(gpointer data)
{
    CacheFolder *folder = data;

    g_free(folder->path);
}

/* Adds what is in one folder to `files` and `folders`. */
static void
collect(const char *path, guint depth, GArray *files, GArray *folders)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *entry = g_build_filename(path, name, NULL);
        GStatBuf info;
        if (g_lstat(entry, &info) != 0) {
            continue;
        }
        if (S_ISDIR(info.st_mode) && depth < MAX_DEPTH) {
            CacheFolder folder = { g_steal_pointer(&entry), depth + 1 };
            g_array_append_val(folders, folder);
        } else if (S_ISREG(info.st_mode)) {
            CacheFile file = { g_steal_pointer(&entry), (guint64)info.st_size,
                               MAX(info.st_mtime, info.st_atime) };
            g_array_append_val(files, file);
        }
    }
}

/* All files, and the folders below `root` with those inside after those around them. */
static void
collect_all(const char *root, GArray *files, GArray *folders)
{
    collect(root, 0, files, folders);
    for (guint i = 0; i < folders->len; i++) {
        /* a copy: the array moves when it grows */
        CacheFolder folder = g_array_index(folders, CacheFolder, i);
        collect(folder.path, folder.depth, files, folders);
    }
}

/* The one used last comes first. */
static gint
compare_files(gconstpointer first, gconstpointer second)
{
    const CacheFile *a = first;
    const CacheFile *b = second;

    return a->used_s > b->used_s ? -1 : a->used_s < b->used_s;
}

guint
rein_cache_tidy(const char *folder, gint64 keep_age_ns, guint64 keep_size)
{
    g_autoptr(GArray) files = g_array_new(FALSE, FALSE, sizeof(CacheFile));
    g_autoptr(GArray) folders = g_array_new(FALSE, FALSE, sizeof(CacheFolder));
    gint64 now_s = g_get_real_time() / G_USEC_PER_SEC;
    guint64 size = 0;
    guint n_deleted = 0;

    g_return_val_if_fail(folder != NULL, 0);

    g_array_set_clear_func(files, cache_file_clear);
    g_array_set_clear_func(folders, cache_folder_clear);
    collect_all(folder, files, folders);
    g_array_sort(files, compare_files);
    for (guint i = 0; i < files->len; i++) {
        const CacheFile *file = &g_array_index(files, CacheFile, i);
        gboolean is_old = now_s - file->used_s > keep_age_ns / NS_PER_S;
        gboolean is_beyond = file->size > keep_size || size > keep_size - file->size;
        if ((is_old || is_beyond) && g_unlink(file->path) == 0) {
            n_deleted++;
        } else {
            size += file->size;
        }
    }
    /* those inside first; one that is not empty stays */
    for (guint i = folders->len; n_deleted > 0 && i > 0; i--) {
        (void)g_rmdir(g_array_index(folders, CacheFolder, i - 1).path);
    }
    return n_deleted;
}
