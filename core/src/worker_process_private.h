/* SPDX-License-Identifier: MIT */

/*
 * A worker, as the one that started it holds it: a socket to talk to it, another whose end ends it, a
 * pipe with what it prints, and a pidfd that says when all of it is gone. What is held is the
 * supervisor, the plugin's process is its child. Nothing here waits, but for clear(). Belongs to one
 * thread, which has to outlive the worker: with a namespace the kernel ends it with that thread. [core thread]
 */

#pragma once

#include <glib.h>
#include <rein/device.h>
#include <sys/types.h>

G_BEGIN_DECLS

typedef struct ReinWorkerProcess {
    pid_t pid;   /* of the supervisor; 0: it was not started, or is gone */
    int pidfd;   /* readable when it has ended; -1 once it is reaped */
    int socket;  /* -1 when closed */
    int control; /* its end is the worker's */
    int output;  /* the end of the pipe that is read, -1 when closed */
    ReinIsolation isolation;
    GString *tail; /* the last of what it printed */
    int end_code;  /* of the plugin's process: CLD_EXITED, CLD_KILLED or CLD_DUMPED; 0: not known */
    int end_status;
    guint n_swept;      /* see get_n_swept() */
    gboolean is_killed; /* once by kill() */
    char *tag;
} ReinWorkerProcess;

/* How to start one. */
typedef struct ReinWorkerStart {
    const char *program;
    char **environment;      /* as execve() takes it, but for the tag */
    const char *tag;         /* REIN_WORKER_TAG: by it all that it starts is found */
    ReinIsolation isolation; /* the most that is tried */
    int staging;             /* descriptors of memory to share, -1 for none: then both are */
    int stop;
} ReinWorkerStart;

#define REIN_WORKER_PROCESS_INIT \
    { \
        .pidfd = -1, .socket = -1, .control = -1, .output = -1 \
    }

/*
 * (transfer full): the program rein-worker: `chosen`, else what the variable REIN_WORKER names, else
 * the one in the folder `rein` beside librein. [any thread]
 */
char *rein_worker_process_find_program(const char *chosen);

/*
 * What the setting "isolation" means: "namespace" (the best there is, also for NULL) or "subreaper".
 * FALSE with REIN_ERROR_INVALID for another word.
 */
gboolean rein_worker_process_parse_isolation(const char *word, ReinIsolation *isolation,
                                             GError **error);

/*
 * Starts it with no open descriptor but those of supervisor_private.h. REIN_ERROR_FAILED says why it
 * does not start; then nothing is held.
 */
gboolean rein_worker_process_start(ReinWorkerProcess *self, const ReinWorkerStart *start,
                                   GError **error);

/* Sends SIGTERM to the plugin's process. Any number of times; a no-op once it is reaped. */
void rein_worker_process_terminate(ReinWorkerProcess *self);

/*
 * Ends all of it. Without a namespace the first call leaves that to the supervisor, which finds what
 * has left the group, and the second, for one that does not do it, sends SIGKILL to the group. Any
 * number of times; a no-op once it is reaped.
 */
void rein_worker_process_kill(ReinWorkerProcess *self);

/*
 * Whether it has ended, and with it everything it started. If so it is reaped, and end_code and
 * end_status say how, unless somebody else in this process reaped it. Where the supervisor of a worker
 * without a namespace did not tell of its sweep, that is done here, by the tag.
 */
gboolean rein_worker_process_reap(ReinWorkerProcess *self);

/*
 * How many processes the plugin had left that were alive after its end, and were killed: by the
 * supervisor or, where that was killed itself, here. 0 with a namespace, whose end is theirs. After
 * reap().
 */
guint rein_worker_process_get_n_swept(const ReinWorkerProcess *self);

/* (transfer full): "`who` ended the process by SIGSEGV `when`"; after its end. */
char *rein_worker_process_describe_end(const ReinWorkerProcess *self, const char *who,
                                       const char *when);

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

/* Waits until it has ended, for so long; whether it has, and is reaped. [may block] */
gboolean rein_worker_process_wait(ReinWorkerProcess *self, int timeout_ms);

/*
 * Gives back what is held. A process that still runs is killed; one that has not ended 1 s later is
 * left, and the log says so. Safe to repeat. [may block]
 */
void rein_worker_process_clear(ReinWorkerProcess *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ReinWorkerProcess, rein_worker_process_clear)

G_END_DECLS
