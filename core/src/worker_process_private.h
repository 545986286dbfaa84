/* SPDX-License-Identifier: MIT */

/*
 * A process of the program rein-worker, as the one that started it holds it: a socket to talk to it,
 * a pipe with what it prints, and a pidfd that says when it ends. It leads a process group, which is
 * killed as a whole. Nothing here waits, but for clear(). Belongs to one thread, which has to outlive
 * the process: the kernel ends it with that thread. [core thread]
 */

#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* Where the worker finds its end of the socket when it starts. */
#define REIN_WORKER_SOCKET 3

typedef struct ReinWorkerProcess {
    pid_t pid;     /* 0: it was not started */
    int pidfd;     /* readable when it has ended; -1 once it is reaped */
    int socket;    /* -1 when closed */
    int output;    /* the end of the pipe that is read, -1 when closed */
    GString *tail; /* the last of what it printed */
    int end_code;  /* CLD_EXITED, CLD_KILLED or CLD_DUMPED; 0: not known */
    int end_status;
} ReinWorkerProcess;

#define REIN_WORKER_PROCESS_INIT \
    { \
        .pidfd = -1, .socket = -1, .output = -1 \
    }

/*
 * (transfer full): the program rein-worker: `chosen`, else what the variable REIN_WORKER names, else
 * the one in the folder `rein` beside librein. [any thread]
 */
char *rein_worker_process_find_program(const char *chosen);

/*
 * Starts `program` with `environment` (as execve() takes it), no open descriptor but those above, no
 * signal blocked or ignored. REIN_ERROR_FAILED says why it does not start; then nothing is held.
 */
gboolean rein_worker_process_start(ReinWorkerProcess *self, const char *program,
                                   char *const *environment, GError **error);

/* Sends SIGKILL to the whole group. Any number of times; a no-op once it is reaped. */
void rein_worker_process_kill(ReinWorkerProcess *self);

/*
 * Whether it has ended. If so it is reaped, after what is left of its group was killed, and end_code
 * and end_status say how it ended, unless somebody else in this process reaped it.
 */
gboolean rein_worker_process_reap(ReinWorkerProcess *self);

/*
 * Whether it ended by itself, by exit or by a signal that only a fault of its own brings, so that it
 * would do so again. After reap().
 */
gboolean rein_worker_process_has_broken(const ReinWorkerProcess *self);

/* Reads what it has printed so far, but no more than a share that lets others have their turn. */
void rein_worker_process_read_output(ReinWorkerProcess *self);

/* (transfer full): the last lines that it printed, as one, or NULL where there is none. */
char *rein_worker_process_get_last_words(const ReinWorkerProcess *self);

void rein_worker_process_close_socket(ReinWorkerProcess *self);

/*
 * Gives back what is held. A process that still runs is killed; one that has not ended 1 s later is
 * left, and the log says so. Safe to repeat. [may block]
 */
void rein_worker_process_clear(ReinWorkerProcess *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ReinWorkerProcess, rein_worker_process_clear)

G_END_DECLS
