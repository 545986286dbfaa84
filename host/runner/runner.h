/* SPDX-License-Identifier: MIT */

/*
 * One run of a problem from end to end: load it, open the device, make the job's folder, construct a
 * start, evolve, save the best, give everything back, and only then say how it ended. The thread
 * that runs it may be any; stopping it and giving it up are for every other one.
 */

#pragma once

#include <rein/evolution.h>

#include "common/settings.h"
#include "job_folder.h"
#include "run_report.h"

G_BEGIN_DECLS

/* What is asked for. From the settings come seed, population, device, slice, grace, those of the
 * plugins and what tidying keeps. */
typedef struct ReinRunSpec {
    const ReinSettings *settings;
    const char *problem_path;
    const char *start_path;  /* (nullable) */
    const char *output_path; /* (nullable) where the solution is copied to */
    const char *record_path; /* (nullable) see run_record.h */
    const char *target;      /* (nullable) as the problem's format reads it */
    gint64 time_ns;          /* limits; 0: none */
    guint32 n_rounds;
    guint64 n_evaluations;
    guint32 stagnation;
    gint64 deadline_ns; /* from the beginning of the run */
    ReinDevice *device; /* (nullable) open: the run is on this one and opens none; referenced */
    /* (nullable) an existing folder that the job's folder is made in, and nothing is tidied in;
     * else the one of the state */
    const char *jobs_folder;
    gboolean is_checked; /* what the problem demands in vain was said before */
} ReinRunSpec;

/* Who watches a run, on the thread that runs it; be quick. All members may be NULL. */
typedef struct ReinRunObserver {
    ReinEventCb event; /* also on the thread that stops it */
    /* what a person may like to know, one line; and what only a curious one does */
    void (*note)(const char *text, gpointer user_data);
    void (*detail)(const char *text, gpointer user_data);
    void (*progress)(const ReinProgress *progress, const ReinProblemFormat *format,
                     gpointer user_data);
    gpointer user_data;
} ReinRunObserver;

/**
 * ReinRunnerPhase:
 * @REIN_RUNNER_LOADING: it holds nothing and has made nothing, and once stopped it never will: who
 *     stops it now need not wait for rein_runner_run(), which may be reading a file that never
 *     comes
 * @REIN_RUNNER_HOLDING: it has a job; wait for it
 * @REIN_RUNNER_ENDED: everything was given back and written
 */
typedef enum {
    REIN_RUNNER_LOADING,
    REIN_RUNNER_HOLDING,
    REIN_RUNNER_ENDED,
} ReinRunnerPhase;

typedef struct ReinRunner ReinRunner;

/* Both structs are copied with all they point to but the observer's user_data: a run whose caller
 * does not wait for it reads nothing of the caller's. */
ReinRunner *rein_runner_new(const ReinRunSpec *spec, const ReinRunObserver *observer);

/* Not while it runs. NULL is a no-op. */
void rein_runner_free(ReinRunner *self);

/**
 * rein_runner_run:
 *
 * Runs it, once. When this returns, everything the job held was given back, its receipt is on disk,
 * and then its end. Before that: the best solution is in the job's folder, and in its place,
 * whatever ended the run. No folder is made before the input was found to be good, the places of
 * what is written to be writable and none of what is read, and the device to be there.
 *
 * Returns: (transfer full): the report, never %NULL [may block]
 */
ReinRunReport *rein_runner_run(ReinRunner *self);

/**
 * rein_runner_stop:
 * @reason: what stopped it, "SIGINT"
 *
 * Asks it to end and save what it has. After its end a no-op; the first reason stays.
 *
 * Returns: how far the run is [any thread]
 */
ReinRunnerPhase rein_runner_stop(ReinRunner *self, const char *reason);

/**
 * rein_runner_save_now:
 * @reason: who wants it, "SIGUSR1"
 * @message: (out) (transfer full): what was done, for people
 *
 * Saves the best so far as the end would, as a whole or not at all, and the run goes on. A stream
 * (a pipe, a terminal) as the place of the output only gets the end's. An event tells of it.
 *
 * Returns: whether a solution was saved; not before there is one, nor after the end's [any thread,
 *     may block]
 */
gboolean rein_runner_save_now(ReinRunner *self, const char *reason, char **message);

/**
 * rein_runner_abandon:
 * @message: (out) (transfer full): what became of it, for people
 *
 * For a program that ends at once instead of waiting: saves the best so far, if that was not done,
 * and leaves no unfinished file. The job has no end and no receipt; the next tidying says that it was
 * lost. From then on the run cannot end: the program must.
 *
 * Returns: FALSE if the run is over; then nothing was done [any thread, may block]
 */
gboolean rein_runner_abandon(ReinRunner *self, char **message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinRunner, rein_runner_free)

G_END_DECLS
