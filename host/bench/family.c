/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE /* syscall */

#include "family.h"

#include <errno.h>
#include <poll.h>
#include <rein/error.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NS_PER_MS G_GINT64_CONSTANT(1000000)
#define STOP_US 1000000 /* for a signal to be seen */

typedef struct {
    gint64 pid;
    gint64 parent;
} Kin;

struct Family {
    GArray *pids;  /* of gint64 */
    GArray *waits; /* of struct pollfd, one for each */
};

/* ---- who is one ---- */

/* FALSE if there is no such process. */
static gboolean
read_process(gint64 pid, char *state, gint64 *parent)
{
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/stat", pid);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return FALSE;
    }
    /* its name is in parentheses, and may have some itself */
    const char *after = strrchr(text, ')');
    return after != NULL && sscanf(after + 1, " %c %" G_GINT64_FORMAT, state, parent) == 2;
}

static GArray *
read_processes(GError **error)
{
    g_autoptr(GDir) folder = g_dir_open("/proc", 0, error);
    g_autoptr(GArray) processes = g_array_new(FALSE, FALSE, sizeof(Kin));
    const char *name = NULL;

    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        guint64 pid = 0;
        Kin kin = { 0 };
        char state = '\0';
        if (g_ascii_string_to_unsigned(name, 10, 1, G_MAXINT32, &pid, NULL) &&
            read_process((gint64)pid, &state, &kin.parent)) {
            kin.pid = (gint64)pid;
            g_array_append_val(processes, kin);
        }
    }
    return folder != NULL ? g_steal_pointer(&processes) : NULL;
}

/* One that has ended by now is none of them. */
static gboolean
family_add(Family *self, gint64 pid, GError **error)
{
    const int pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    const struct pollfd wait = { .fd = pidfd, .events = POLLIN };

    if (pidfd < 0 && errno == ESRCH) {
        return TRUE;
    }
    if (pidfd < 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED,
                    "pidfd of process %" G_GINT64_FORMAT ": %s", pid, g_strerror(errno));
        return FALSE;
    }
    g_array_append_val(self->pids, pid);
    g_array_append_val(self->waits, wait);
    return TRUE;
}

/* Those whose parent is `pid`, and theirs. */
static gboolean
family_add_children(Family *self, const GArray *processes, gint64 pid, GError **error)
{
    g_autoptr(GArray) parents = g_array_new(FALSE, FALSE, sizeof(gint64));

    g_array_append_val(parents, pid);
    for (guint next = 0; next < parents->len; next++) {
        const gint64 parent = g_array_index(parents, gint64, next);
        for (guint i = 0; i < processes->len; i++) {
            const Kin *kin = &g_array_index(processes, Kin, i);
            if (kin->parent != parent) {
                continue;
            }
            g_array_append_val(parents, kin->pid);
            if (!family_add(self, kin->pid, error)) {
                return FALSE;
            }
        }
    }
    return TRUE;
}

/* ---- life ---- */

Family *
family_new(gint64 pid, GError **error)
{
    g_autoptr(Family) self = g_new0(Family, 1);
    g_autoptr(GArray) processes = NULL;

    self->pids = g_array_new(FALSE, FALSE, sizeof(gint64));
    self->waits = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    processes = read_processes(error);
    if (processes == NULL || !family_add_children(self, processes, pid, error)) {
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
family_free(Family *self)
{
    if (self == NULL) {
        return;
    }
    for (guint i = 0; i < self->waits->len; i++) {
        close(g_array_index(self->waits, struct pollfd, i).fd);
    }
    g_array_unref(self->waits);
    g_array_unref(self->pids);
    g_free(self);
}

guint
family_get_n(const Family *self)
{
    return self->pids->len;
}

/* ---- their end ---- */

void
family_signal(const Family *self, int number)
{
    for (guint i = 0; i < self->waits->len; i++) {
        const int pidfd = g_array_index(self->waits, struct pollfd, i).fd;
        (void)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
    }
}

static gboolean
is_running(gint64 pid)
{
    gint64 parent = 0;
    char state = '\0';

    return read_process(pid, &state, &parent) && strchr("TZX", state) == NULL;
}

void
family_stop(const Family *self)
{
    const gint64 until_us = g_get_monotonic_time() + STOP_US;

    family_signal(self, SIGSTOP);
    for (guint i = 0; i < self->pids->len; i++) {
        while (is_running(g_array_index(self->pids, gint64, i)) &&
               g_get_monotonic_time() < until_us) {
            g_usleep(100);
        }
    }
}

guint
family_wait(const Family *self, gint64 limit_ns)
{
    const gint64 until_us = g_get_monotonic_time() + limit_ns / 1000;
    guint n_left = 0;

    for (guint i = 0; i < self->waits->len; i++) {
        struct pollfd wait = g_array_index(self->waits, struct pollfd, i);
        int n_ready = 0;
        do {
            const gint64 left_ns = (until_us - g_get_monotonic_time()) * 1000;
            n_ready = poll(&wait, 1, (int)CLAMP(left_ns / NS_PER_MS, 0, G_MAXINT));
        } while (n_ready < 0 && errno == EINTR);
        n_left += n_ready <= 0;
    }
    return n_left;
}

/* ---- what they hold ---- */

static gboolean
count_entries(gint64 pid, const char *name, gint64 *n, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/%s", pid, name);
    g_autoptr(GDir) folder = g_dir_open(path, 0, error);

    while (folder != NULL && g_dir_read_name(folder) != NULL) {
        (*n)++;
    }
    return folder != NULL;
}

gboolean
family_measure_process(gint64 pid, FamilyUse *use, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/statm", pid);
    g_autofree char *text = NULL;
    gint64 n_pages = 0;

    *use = (FamilyUse){ 0 };
    if (!count_entries(pid, "fd", &use->n_descriptors, error) ||
        !count_entries(pid, "task", &use->n_threads, error) ||
        !g_file_get_contents(path, &text, NULL, error)) {
        return FALSE;
    }
    if (sscanf(text, "%*d %" G_GINT64_FORMAT, &n_pages) != 1) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s: not two numbers", path);
        return FALSE;
    }
    use->resident_size = n_pages * sysconf(_SC_PAGESIZE);
    return TRUE;
}

gboolean
family_measure(const Family *self, FamilyUse *use, GError **error)
{
    *use = (FamilyUse){ 0 };
    for (guint i = 0; i < self->pids->len; i++) {
        FamilyUse one = { 0 };
        if (!family_measure_process(g_array_index(self->pids, gint64, i), &one, error)) {
            return FALSE;
        }
        use->n_descriptors += one.n_descriptors;
        use->n_threads += one.n_threads;
        use->resident_size += one.resident_size;
    }
    return TRUE;
}
