/* SPDX-License-Identifier: MIT */

#include "stop_signals.h"

#include <glib-unix.h>
#include <signal.h>

static StopSignalCb stop_cb;
static SaveSignalCb save_cb;

static gboolean
on_interrupt(gpointer user_data)
{
    (void)user_data;
    stop_cb("SIGINT", TRUE);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_terminate(gpointer user_data)
{
    (void)user_data;
    stop_cb("SIGTERM", TRUE);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_hang_up(gpointer user_data)
{
    (void)user_data;
    stop_cb("SIGHUP", FALSE);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_save(gpointer user_data)
{
    (void)user_data;
    if (save_cb != NULL) {
        save_cb();
    }
    return G_SOURCE_CONTINUE;
}

/* Whether whoever started this program wants it to outlive the terminal, as nohup does. */
static gboolean
is_ignored(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void
stop_signals_catch(StopSignalCb stop, SaveSignalCb save)
{
    stop_cb = stop;
    save_cb = save;
    /* shells start background jobs of scripts with SIGINT ignored; kill -INT must work all the same */
    g_unix_signal_add_full(G_PRIORITY_HIGH, SIGINT, on_interrupt, NULL, NULL);
    g_unix_signal_add_full(G_PRIORITY_HIGH, SIGTERM, on_terminate, NULL, NULL);
    g_unix_signal_add_full(G_PRIORITY_HIGH, SIGUSR1, on_save, NULL, NULL);
    if (!is_ignored(SIGHUP)) {
        g_unix_signal_add_full(G_PRIORITY_HIGH, SIGHUP, on_hang_up, NULL, NULL);
    }
}
