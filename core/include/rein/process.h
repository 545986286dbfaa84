/* SPDX-License-Identifier: MIT */

/*
 * Which process it was, in a form that outlives it: its number alone is given to another one soon.
 * A plain value, also as one line of text. [any thread]
 */

#pragma once

#include <glib.h>
#include <rein/version.h>

G_BEGIN_DECLS

#define REIN_BOOT_ID_SIZE 40u

typedef struct ReinProcess {
    gint64 pid;
    guint64 start_time;              /* clock ticks after the boot */
    char boot_id[REIN_BOOT_ID_SIZE]; /* "" where the kernel does not tell */
} ReinProcess;

/* This process. */
REIN_API void rein_process_get_own(ReinProcess *process);

/* The process with the number `pid`; FALSE if none is known that runs. A zombie does not run. */
REIN_API gboolean rein_process_get(gint64 pid, ReinProcess *process);

/*
 * The PID namespace in which this process's numbers mean what they say, 0 where the kernel does not
 * tell. A process of another one is not found by its number from here.
 */
REIN_API guint64 rein_process_get_pid_namespace(void);

/*
 * Whether it still runs: the same boot, number and start time. A zombie does not run. Where /proc is not
 * of this process's PID namespace nothing can be told, and everybody counts as running.
 */
REIN_API gboolean rein_process_is_alive(const ReinProcess *process);

/* Returns: (transfer full): one line without its end: `pid start-time boot-id` */
REIN_API char *rein_process_to_text(const ReinProcess *process);

/* Returns: whether `text` is such a line; it may have an end */
REIN_API gboolean rein_process_from_text(const char *text, ReinProcess *process);

G_END_DECLS
