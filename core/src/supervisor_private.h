/* SPDX-License-Identifier: MIT */

/*
 * The first process of a worker: it starts the plugin's process, waits for its end, and sees to it
 * that nothing of what that started is left. It loads no driver and makes no thread. Both die with the
 * host by two ways that are armed before any driver is loaded: the kernel's signal at the death of
 * the parent's thread, and the end of the control socket, which is the death of the host's process.
 * Without a namespace the supervisor sweeps before it ends, also where it was stopped (SIGSTOP): the
 * signal resumes it, and so does the plugin's process, which watches the control socket itself.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Where a worker finds what it starts with. */
#define REIN_WORKER_SOCKET 3  /* to be asked and to answer */
#define REIN_WORKER_CONTROL 4 /* to be interrupted; its end is the host's */
#define REIN_WORKER_STAGING 5 /* memory both sides have mapped; not there in one that only probes */
#define REIN_WORKER_STOP 6    /* the host's stop flags; the same */

/*
 * Takes the arguments of rein_worker_spawn(), and divides in two. Returns in the plugin's process, which
 * is tied to both. The supervisor never returns, nor does a process that lost its host before; both
 * end with _exit(). FALSE: these are no such arguments, and nothing was done.
 */
gboolean rein_supervisor_begin(int argc, char **argv);

G_END_DECLS
