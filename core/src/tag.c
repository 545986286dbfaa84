/* SPDX-License-Identifier: MIT */

#include "tag_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_PARTS 5u
#define ENVIRONMENT_TURNS 5
#define ENVIRONMENT_US 1000

static guint64 last_number; /* atomic: how many tags this process has made */

char *
rein_tag_new(void)
{
    ReinProcess own;
    const guint64 number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);

    rein_process_get_own(&own);
    return g_strdup_printf(
        "%s:%" G_GUINT64_FORMAT ":%" G_GINT64_FORMAT ":%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
        own.boot_id, rein_process_get_pid_namespace(), own.pid, own.start_time, number);
}

gboolean
rein_tag_parse(const char *text, ReinTag *tag)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", -1);
    guint64 pid = 0;

    *tag = (ReinTag){ 0 };
    if (g_strv_length(parts) != N_PARTS || strlen(parts[0]) >= sizeof tag->owner.boot_id ||
        strchr(text, '/') != NULL ||
        !g_ascii_string_to_unsigned(parts[1], 10, 0, G_MAXUINT64, &tag->pid_namespace, NULL) ||
        !g_ascii_string_to_unsigned(parts[2], 10, 1, G_MAXINT32, &pid, NULL) ||
        !g_ascii_string_to_unsigned(parts[3], 10, 0, G_MAXUINT64, &tag->owner.start_time, NULL) ||
        !g_ascii_string_to_unsigned(parts[4], 10, 0, G_MAXUINT64, &tag->number, NULL)) {
        return FALSE;
    }
    g_strlcpy(tag->owner.boot_id, parts[0], sizeof tag->owner.boot_id);
    tag->owner.pid = (gint64)pid;
    return TRUE;
}

gboolean
rein_tag_is_orphaned(const ReinTag *tag)
{
    ReinProcess own;

    rein_process_get_own(&own);
    return strcmp(own.boot_id, tag->owner.boot_id) == 0 &&
           tag->pid_namespace == rein_process_get_pid_namespace() &&
           !rein_process_is_alive(&tag->owner);
}

/* Whether it is a program at all: no thread of the kernel's, and not dead. */
static gboolean
has_program(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "exe", NULL);
    g_autofree char *program = g_file_read_link(path, NULL);

    return program != NULL;
}

/* (transfer full) (nullable): one that is just becoming another program has none for a moment. */
static char *
read_environment(const char *folder, gsize *size)
{
    g_autofree char *path = g_build_filename(folder, "environ", NULL);
    g_autofree char *text = NULL;

    for (int i = 0; i < ENVIRONMENT_TURNS; i++) {
        g_clear_pointer(&text, g_free);
        if (!g_file_get_contents(path, &text, size, NULL)) {
            return NULL;
        }
        if (*size > 0 || !has_program(folder)) {
            break;
        }
        g_usleep(ENVIRONMENT_US);
    }
    return g_steal_pointer(&text);
}

char *
rein_tag_read(gint64 pid)
{
    g_autofree char *folder = g_strdup_printf("/proc/%" G_GINT64_FORMAT, pid);
    g_autofree char *text = NULL;
    struct stat info;
    gsize size = 0;

    if (stat(folder, &info) != 0 || info.st_uid != geteuid()) {
        return NULL;
    }
    text = read_environment(folder, &size);
    if (text == NULL) {
        return NULL;
    }
    for (const char *at = text; at < text + size; at += strlen(at) + 1) {
        if (g_str_has_prefix(at, REIN_TAG_VARIABLE "=")) {
            return g_strdup(at + strlen(REIN_TAG_VARIABLE "="));
        }
    }
    return NULL;
}

static void
tagged_free(gpointer data)
{
    ReinTagged *tagged = data;

    g_free(tagged->tag);
    g_free(tagged);
}

GPtrArray *
rein_tag_find_processes(void)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(tagged_free);
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    const char *name = NULL;

    while (processes != NULL && (name = g_dir_read_name(processes)) != NULL) {
        guint64 pid = 0;
        ReinProcess process;
        if (!g_ascii_string_to_unsigned(name, 10, 1, G_MAXINT32, &pid, NULL) ||
            (pid_t)pid == getpid()) {
            continue;
        }
        g_autofree char *tag = rein_tag_read((gint64)pid);
        /* which knows nobody where /proc speaks of other processes than pidfd_open() does */
        if (tag != NULL && rein_process_get((gint64)pid, &process)) {
            ReinTagged *tagged = g_new0(ReinTagged, 1);
            tagged->process = process;
            tagged->tag = g_steal_pointer(&tag);
            g_ptr_array_add(found, tagged);
        }
    }
    return found;
}
