/* SPDX-License-Identifier: MIT */

#include "temporaries_private.h"

#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <rein/process.h>

#include "tag_private.h"

#define NS_PER_S G_GINT64_CONSTANT(1000000000)
#define MARGIN_NS (NS_PER_S / 20) /* what file times and start times may be apart by */
#define MAX_DEPTH 6               /* of folders in a cache */
#define RANDOM_LENGTH 6u          /* what mkstemp() and its like add */

static gboolean
is_random(const char *text)
{
    return strlen(text) == RANDOM_LENGTH &&
           strspn(text, G_CSET_A_2_Z G_CSET_a_2_z "0123456789") == RANDOM_LENGTH;
}

/* plugin_cache.c writes ENTRY.so.XXXXXX or ENTRY.bin.XXXXXX; PoCL tempfile_…, tempdir… and ….temp. */
static gboolean
is_unfinished_entry(const char *name)
{
    const char *dot = strrchr(name, '.');

    if (g_str_has_prefix(name, "tempfile") || g_str_has_prefix(name, "tempdir") ||
        g_str_has_suffix(name, ".temp")) {
        return TRUE;
    }
    if (dot == NULL || !is_random(dot + 1)) {
        return FALSE;
    }
    g_autofree char *entry = g_strndup(name, (gsize)(dot - name));
    return g_str_has_suffix(entry, ".so") || g_str_has_suffix(entry, ".bin");
}

/* Where the CPU plugin's compiler works. */
static gboolean
is_workplace(const char *name)
{
    const char prefix[] = "rein-cpu-";

    return g_str_has_prefix(name, prefix) && is_random(name + strlen(prefix));
}

static gint64
to_ns(const struct timespec *time)
{
    return time->tv_sec * NS_PER_S + time->tv_nsec;
}

/* When it was last changed: of a folder, that or anything right in it. */
static gint64
find_change_ns(const char *path, const struct stat *info)
{
    gint64 change_ns = MAX(to_ns(&info->st_mtim), to_ns(&info->st_ctim));
    g_autoptr(GDir) folder = S_ISDIR(info->st_mode) ? g_dir_open(path, 0, NULL) : NULL;
    const char *name = NULL;

    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        struct stat inner;
        if (lstat(file, &inner) == 0) {
            change_ns = MAX(change_ns, MAX(to_ns(&inner.st_mtim), to_ns(&inner.st_ctim)));
        }
    }
    return change_ns;
}

/* Whether the process uses librein or a plugin, or was started by one that does. */
static gboolean
may_write(gint64 pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/maps", pid);
    g_autofree char *tag = rein_tag_read(pid);
    g_autofree char *maps = NULL;

    if (tag != NULL || !g_file_get_contents(path, &maps, NULL, NULL)) {
        return tag != NULL;
    }
    return strstr(maps, "/librein.so") != NULL || strstr(maps, "/rein_plugin_") != NULL;
}

gint64
rein_temporaries_find_oldest_start_ns(void)
{
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    const gint64 now_ns = g_get_real_time() * 1000;
    const gint64 ticks = sysconf(_SC_CLK_TCK);
    struct timespec boot = { 0 };
    gint64 oldest_ns = now_ns;
    const char *name = NULL;

    (void)clock_gettime(CLOCK_BOOTTIME, &boot);
    while (processes != NULL && (name = g_dir_read_name(processes)) != NULL) {
        g_autofree char *folder = g_build_filename("/proc", name, NULL);
        guint64 pid = 0;
        struct stat info;
        ReinProcess process;
        if (!g_ascii_string_to_unsigned(name, 10, 1, G_MAXINT32, &pid, NULL) ||
            stat(folder, &info) != 0 || info.st_uid != geteuid() ||
            !rein_process_get((gint64)pid, &process) || !may_write((gint64)pid)) {
            continue;
        }
        const gint64 since_boot_ns = (gint64)process.start_time / ticks * NS_PER_S +
                                     (gint64)process.start_time % ticks * NS_PER_S / ticks;
        oldest_ns = MIN(oldest_ns, now_ns - (to_ns(&boot) - since_boot_ns));
    }
    return oldest_ns;
}

typedef gboolean (*IsTemporary)(const char *name);

/* Adds those in `folder` and, at most `depth` levels down, in the folders in it. */
static void
collect(const char *folder, short depth, IsTemporary is_temporary, GPtrArray *paths)
{
    char *const roots[] = { (char *)(guintptr)folder, NULL }; /* fts does not write to it */
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR | FTS_XDEV, NULL);
    FTSENT *entry = NULL;

    while (tree != NULL && (entry = fts_read(tree)) != NULL) {
        const gboolean is_folder = entry->fts_info == FTS_D;
        if (entry->fts_level == FTS_ROOTLEVEL || (!is_folder && entry->fts_info != FTS_F)) {
            continue;
        }
        const gboolean is_found =
            is_temporary(entry->fts_name) && entry->fts_statp->st_uid == geteuid();
        if (is_found) {
            g_ptr_array_add(paths, g_strdup(entry->fts_path));
        }
        if (is_folder && (is_found || entry->fts_level > depth)) {
            (void)fts_set(tree, entry, FTS_SKIP);
        }
    }
    if (tree != NULL) {
        (void)fts_close(tree);
    }
}

static gboolean
is_in_cache(const char *name)
{
    return is_unfinished_entry(name) || is_workplace(name);
}

GPtrArray *
rein_temporaries_find(const char *cache_folder, gint64 before_ns)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

    if (cache_folder != NULL) {
        collect(cache_folder, MAX_DEPTH, is_in_cache, paths);
    }
    collect(g_get_tmp_dir(), 0, is_workplace, paths);
    for (guint i = paths->len; i > 0; i--) {
        const char *path = g_ptr_array_index(paths, i - 1);
        struct stat info;
        if (lstat(path, &info) != 0 || find_change_ns(path, &info) > before_ns - MARGIN_NS) {
            g_ptr_array_remove_index(paths, i - 1);
        }
    }
    return g_steal_pointer(&paths);
}
