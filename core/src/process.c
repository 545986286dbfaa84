/* SPDX-License-Identifier: MIT */

#include <rein/process.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fields of /proc/PID/stat after the name, which is in parentheses and may hold anything. */
#define FIELD_STATE 0
#define FIELD_START_TIME 19

/*
 * Whether /proc speaks of our numbers. In a new PID namespace that has kept the old /proc it speaks of
 * other processes by the same numbers.
 */
static gboolean
is_proc_ours(void)
{
    g_autofree char *self = g_file_read_link("/proc/self", NULL);
    guint64 pid = 0;

    return self != NULL && g_ascii_string_to_unsigned(self, 10, 1, G_MAXINT32, &pid, NULL) &&
           (pid_t)pid == getpid();
}

/* Reads the start time in `folder`; FALSE if there is no such process or it has ended. */
static gboolean
read_start_time(const char *folder, guint64 *start_time)
{
    g_autofree char *path = g_build_filename(folder, "stat", NULL);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return FALSE;
    }
    const char *end_of_name = strrchr(text, ')');
    if (end_of_name == NULL || end_of_name[1] == '\0') {
        return FALSE;
    }
    g_auto(GStrv) fields = g_strsplit(end_of_name + 2, " ", -1);
    return g_strv_length(fields) > FIELD_START_TIME && strcmp(fields[FIELD_STATE], "Z") != 0 &&
           strcmp(fields[FIELD_STATE], "X") != 0 &&
           g_ascii_string_to_unsigned(fields[FIELD_START_TIME], 10, 0, G_MAXUINT64, start_time,
                                      NULL);
}

static void
read_boot_id(char *boot_id)
{
    g_autofree char *text = NULL;

    *boot_id = '\0';
    if (g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL)) {
        g_strlcpy(boot_id, g_strstrip(text), REIN_BOOT_ID_SIZE);
    }
}

void
rein_process_get_own(ReinProcess *process)
{
    g_return_if_fail(process != NULL);

    *process = (ReinProcess){ .pid = getpid() };
    read_boot_id(process->boot_id);
    if (!read_start_time("/proc/self", &process->start_time)) {
        process->start_time = 0;
    }
}

gboolean
rein_process_get(gint64 pid, ReinProcess *process)
{
    g_return_val_if_fail(process != NULL, FALSE);

    *process = (ReinProcess){ .pid = pid };
    read_boot_id(process->boot_id);
    g_autofree char *folder = g_strdup_printf("/proc/%" G_GINT64_FORMAT, pid);
    return is_proc_ours() && read_start_time(folder, &process->start_time);
}

guint64
rein_process_get_pid_namespace(void)
{
    struct stat info;

    return stat("/proc/self/ns/pid", &info) == 0 ? (guint64)info.st_ino : 0;
}

gboolean
rein_process_is_alive(const ReinProcess *process)
{
    ReinProcess present;

    g_return_val_if_fail(process != NULL, FALSE);

    if (!is_proc_ours()) {
        return TRUE;
    }
    return rein_process_get(process->pid, &present) && present.start_time == process->start_time &&
           strcmp(present.boot_id, process->boot_id) == 0;
}

char *
rein_process_to_text(const ReinProcess *process)
{
    g_return_val_if_fail(process != NULL, NULL);

    return g_strdup_printf("%" G_GINT64_FORMAT " %" G_GUINT64_FORMAT " %s", process->pid,
                           process->start_time, process->boot_id);
}

gboolean
rein_process_from_text(const char *text, ReinProcess *process)
{
    g_return_val_if_fail(text != NULL && process != NULL, FALSE);

    *process = (ReinProcess){ 0 };
    return sscanf(text, "%" G_GINT64_FORMAT " %" G_GUINT64_FORMAT " %39s", &process->pid,
                  &process->start_time, process->boot_id) >= 2 &&
           process->pid > 0;
}
