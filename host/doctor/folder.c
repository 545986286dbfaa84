/* SPDX-License-Identifier: MIT */

#include "folder.h"

#include <fnmatch.h>

#include <gio/gio.h>

guint
doctor_folder_count(const char *folder, const char *pattern)
{
    g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
    const char *name = NULL;
    guint n_entries = 0;

    while (entries != NULL && (name = g_dir_read_name(entries)) != NULL) {
        n_entries += fnmatch(pattern, name, 0) == 0 ? 1 : 0;
    }
    return n_entries;
}

guint64
doctor_folder_measure(const char *folder)
{
    g_autoptr(GFile) file = g_file_new_for_path(folder);
    guint64 size = 0;

    return g_file_measure_disk_usage(file, G_FILE_MEASURE_APPARENT_SIZE, NULL, NULL, NULL, &size,
                                     NULL, NULL, NULL)
               ? size
               : 0;
}
