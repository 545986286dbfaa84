/* SPDX-License-Identifier: MIT */

#include <rein/leftovers.h>

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock_private.h"
#include "tag_private.h"

#define KILL_NS G_GINT64_CONSTANT(1000000000)
#define NS_PER_MS 1000000

static void
close_fds(GArray *pidfds)
{
    for (guint i = 0; i < pidfds->len; i++) {
        close(g_array_index(pidfds, struct pollfd, i).fd);
    }
    g_array_set_size(pidfds, 0);
}

/* `wanted` is a whole tag or, with a colon at its end, the beginning of several. */
static gboolean
is_wanted(const char *tag, const char *wanted)
{
    return g_str_has_suffix(wanted, ":") ? g_str_has_prefix(tag, wanted) : strcmp(tag, wanted) == 0;
}

/* The pidfd comes first: if the number is another process's when its tag is read, nothing is hit. */
static void
kill_one(gint64 pid, const char *wanted, GArray *pidfds)
{
    struct pollfd ended = { .fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0u), .events = POLLIN };

    if (ended.fd < 0) {
        return;
    }
    g_autofree char *tag = rein_tag_read(pid);
    if (tag == NULL || !is_wanted(tag, wanted) ||
        syscall(SYS_pidfd_send_signal, ended.fd, SIGKILL, NULL, 0u) != 0) {
        close(ended.fd);
        return;
    }
    g_array_append_val(pidfds, ended);
}

/* Kills those there are now, and holds them. */
static void
kill_all(const char *wanted, GArray *pidfds)
{
    g_autoptr(GPtrArray) processes = rein_tag_find_processes();

    for (guint i = 0; i < processes->len; i++) {
        const ReinTagged *tagged = g_ptr_array_index(processes, i);

        if (is_wanted(tagged->tag, wanted)) {
            kill_one(tagged->process.pid, wanted, pidfds);
        }
    }
}

/* How many of them have ended by `until_ns`; those that have are no longer looked at. */
static guint
wait_for_all(GArray *pidfds, gint64 until_ns)
{
    struct pollfd *polls = (struct pollfd *)(gpointer)pidfds->data;
    guint n_ended = 0;

    while (n_ended < pidfds->len) {
        const gint64 left_ms = (until_ns - rein_now_ns()) / NS_PER_MS;
        if (poll(polls, pidfds->len, (int)MAX(0, left_ms)) == 0) {
            break;
        }
        for (guint i = 0; i < pidfds->len; i++) {
            if (polls[i].events != 0 && polls[i].revents != 0) {
                polls[i].events = 0;
                close(polls[i].fd);
                polls[i].fd = -1; /* which poll() passes over */
                n_ended++;
            }
        }
    }
    return n_ended;
}

guint
rein_leftovers_kill_tagged(const char *tag, guint *n_left)
{
    const gint64 until_ns = rein_now_ns() + KILL_NS;
    g_autoptr(GArray) pidfds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    guint n_killed = 0;
    guint n_running = 0;

    g_return_val_if_fail(tag != NULL && *tag != '\0', 0);

    do { /* once more, for what one of them started just before it was killed */
        kill_all(tag, pidfds);
        const guint n_ended = wait_for_all(pidfds, until_ns);
        n_killed += n_ended;
        n_running = pidfds->len - n_ended;
        if (pidfds->len == 0) {
            break;
        }
        close_fds(pidfds);
    } while (rein_now_ns() < until_ns);
    if (n_left != NULL) {
        *n_left = n_running;
    }
    return n_killed;
}

guint
rein_leftovers_count_tagged(void)
{
    g_autoptr(GPtrArray) processes = rein_tag_find_processes();

    return processes->len;
}
