/* SPDX-License-Identifier: MIT */

/* The inside of a runner: what its files share. All on the thread that runs it, but for what the
 * lock guards. */

#pragma once

#include <pthread.h>

#include <rein/registry.h>

#include "run_events.h"
#include "run_record.h"
#include "runner.h"

G_BEGIN_DECLS

/* What was done on a device before another one took over. All zero without a fallback. */
typedef struct ReinRunBefore {
    guint64 n_rounds;
    guint64 n_evaluations;
    guint64 n_moves;
    gint64 elapsed_ns;
    double fraction; /* of the limits used up */
} ReinRunBefore;

struct ReinRunner {
    ReinRunSpec spec;       /* points into the two that follow */
    ReinSettings *settings; /* a copy */
    GStringChunk *texts;
    ReinDevice *given_device; /* (nullable) a reference */
    ReinRunObserver observer;
    GCancellable *cancellable;
    gint64 begun_us;      /* monotonic */
    gint64 saved_us;      /* the last time the best so far was saved by the clock */
    gboolean has_unsaved; /* a better one was found since */

    /* of the thread that runs it */
    ReinRunReport *report;
    ReinProblem *kernel_problem;
    ReinTuning tuning;
    double target[REIN_MAX_PLANES];
    GBytes *start_file; /* the genome of --start */
    char *start_sha256;
    GBytes *start; /* the start population */
    guint32 n_start;
    ReinRegistry *registry; /* NULL before a device is opened, with a given one, and at the end */
    ReinDevice *device;     /* while it is used: a reference to the given one, or its own */
    gboolean has_fallen_back;
    ReinRunBefore before;
    double fraction; /* of the limits used up, all in all */
    ReinRunRecord *record;
    ReinRunPace pace;
    char *solution_name; /* in the folder */

    pthread_mutex_t save_lock; /* held while a solution is saved; comes before `lock` */
    pthread_mutex_t lock;      /* guards all below; the folder's own lock comes after it */
    ReinRunnerPhase phase;
    char *stop_reason;
    ReinJobFolder *folder; /* set once, before REIN_RUNNER_HOLDING is left */
    GBytes *best_genes;
    gboolean is_saved;
};

/* Lines for the log and whoever watches; a detail is for the curious. */
void rein_runner_note(ReinRunner *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
void rein_runner_detail(ReinRunner *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The first error is the run's; what goes wrong after it is only logged. (transfer full) */
void rein_runner_take_error(ReinRunner *self, GError *error);

/* The best so far, should somebody abandon the run. */
void rein_runner_keep_best(ReinRunner *self, GBytes *genes);

/* The event of the stop; the lock is held. */
void rein_runner_tell_stop(ReinRunner *self);

/* runner_input.c: reads and checks all that comes in; makes nothing. */
gboolean rein_runner_load(ReinRunner *self, GError **error);

/* Whether what comes out has a place, before the work is done. */
gboolean rein_runner_check_places(ReinRunner *self, GError **error);

/* runner_end.c: `genes` to the job's folder and, unless a later one is still to come and it is a
 * stream, to the place of --output. */
gboolean rein_runner_write_best(ReinRunner *self, GBytes *genes, gboolean is_final, GError **error);

/* runner_job.c: what killed runs left is removed before anything else; says so if it was
 * more than files that a driver did not finish. */
void rein_runner_remove_leftovers(ReinRunner *self);

/* The job's folder with its spec, tidied before; the file of --record; the start. */
gboolean rein_runner_make_folder(ReinRunner *self, GError **error);
gboolean rein_runner_open_record(ReinRunner *self, GError **error);
void rein_runner_construct(ReinRunner *self);

/* runner_evolve.c: opens no device and is no error if the run was stopped. Evolving begins with the
 * event of the device. */
gboolean rein_runner_open_device(ReinRunner *self, GError **error);
void rein_runner_evolve(ReinRunner *self);

/* What is left of the deadline, at least 1 ns; 0: there is none. */
gint64 rein_runner_get_deadline_left(const ReinRunner *self);

/* runner_fallback.c: opens the device that is asked for, or the fallback where there is one and the
 * first is not there, quarantined or broken. */
ReinDevice *rein_runner_open_any(ReinRunner *self, GError **error);

/* Counts what the device did wrong against it, for quarantine. */
void rein_runner_blame(ReinRunner *self, ReinResult *result);

/* Whether the run goes on with the fallback, which then is the device, the best so far in its start. */
gboolean rein_runner_go_on(ReinRunner *self, ReinResult *result);

/* Makes `genes` (nullable) the report's best; `claimed` (nullable) is what its kernel says. */
void rein_runner_take_best(ReinRunner *self, GBytes *genes, const double *claimed);

/* runner_end.c: what is saved whatever ended the run; then the receipt, and the end after it. */
void rein_runner_save_solution(ReinRunner *self);
void rein_runner_save_record(ReinRunner *self);
void rein_runner_end_job(ReinRunner *self);
char *rein_runner_make_solution_text(const ReinProblemFile *problem, GBytes *genes);

/* A run that failed to save what it found did not do what it was asked, whatever ended it. */
ReinExitCode rein_runner_find_exit_code(const ReinRunReport *report);

G_END_DECLS
