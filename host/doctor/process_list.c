/* SPDX-License-Identifier: MIT */

#include "process_list.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_MAP_FIELDS 6 /* range, rights, offset, device, inode, and the path to the end */

static void
process_free(gpointer data)
{
    DoctorProcess *process = data;

    g_free(process->program);
    g_free(process);
}

/* The name of the file it runs, also if that was replaced meanwhile. */
static char *
find_program(const char *folder)
{
    g_autofree char *link = g_build_filename(folder, "exe", NULL);
    g_autofree char *path = g_file_read_link(link, NULL);
    const char deleted[] = " (deleted)";

    if (path == NULL) {
        return g_strdup("");
    }
    if (g_str_has_suffix(path, deleted)) {
        path[strlen(path) - strlen(deleted)] = '\0';
    }
    return g_path_get_basename(path);
}

GPtrArray *
doctor_process_list(void)
{
    GPtrArray *processes = g_ptr_array_new_with_free_func(process_free);
    g_autoptr(GDir) entries = g_dir_open("/proc", 0, NULL);
    const char *name = NULL;

    while (entries != NULL && (name = g_dir_read_name(entries)) != NULL) {
        g_autofree char *folder = g_build_filename("/proc", name, NULL);
        guint64 pid = 0;
        struct stat info;
        if (!g_ascii_string_to_unsigned(name, 10, 1, G_MAXINT32, &pid, NULL) ||
            stat(folder, &info) != 0 || info.st_uid != geteuid()) {
            continue;
        }
        DoctorProcess *process = g_new0(DoctorProcess, 1);
        process->pid = (gint64)pid;
        process->program = find_program(folder);
        g_ptr_array_add(processes, process);
    }
    return processes;
}

gboolean
doctor_process_is_ours(const DoctorProcess *self)
{
    static const char *const programs[] = { "rein", "reind", "rein-runner", "rein-worker", NULL };

    return g_strv_contains(programs, self->program);
}

static void
visit_descriptors(const DoctorProcess *self, DoctorHeldCb callback, gpointer user_data)
{
    g_autofree char *folder = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/fd", self->pid);
    g_autoptr(GDir) descriptors = g_dir_open(folder, 0, NULL);
    const char *name = NULL;

    while (descriptors != NULL && (name = g_dir_read_name(descriptors)) != NULL) {
        g_autofree char *link = g_build_filename(folder, name, NULL);
        g_autofree char *target = g_file_read_link(link, NULL);
        struct stat info;
        if (target != NULL && stat(link, &info) == 0) {
            callback(self, target, (guint64)info.st_ino, user_data);
        }
    }
}

static void
visit_maps(const DoctorProcess *self, DoctorHeldCb callback, gpointer user_data)
{
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/maps", self->pid);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], " ", N_MAP_FIELDS);
        guint64 inode = 0;
        if (g_strv_length(fields) == N_MAP_FIELDS &&
            g_ascii_string_to_unsigned(fields[N_MAP_FIELDS - 2], 10, 1, G_MAXUINT64, &inode,
                                       NULL)) {
            callback(self, g_strchug(fields[N_MAP_FIELDS - 1]), inode, user_data);
        }
    }
}

void
doctor_process_visit_held(const DoctorProcess *self, DoctorHeldCb callback, gpointer user_data)
{
    visit_descriptors(self, callback, user_data);
    visit_maps(self, callback, user_data);
}
