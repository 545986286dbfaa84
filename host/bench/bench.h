/* SPDX-License-Identifier: MIT */

/*
 * The measurements behind `rein bench`. Each case measures its rivals in turn, A B A B …, in one run,
 * and reports medians with their spread. Main thread.
 */

#pragma once

#include <json-glib/json-glib.h>
#include <rein/registry.h>

#include "common/output.h"
#include "common/settings.h"
#include "series.h"

G_BEGIN_DECLS

/* What was computed is wrong: there is no figure, and the other figures are taken all the same. */
#define BENCH_ERROR (bench_error_quark())

typedef enum {
    BENCH_ERROR_WRONG,
} BenchError;

GQuark bench_error_quark(void);

typedef struct Bench {
    const ReinSettings *settings;
    const ReinOutput *output;
    ReinRegistry *registry;
    const ReinDeviceEntry *device; /* what is measured */
    const char *plugin_path;       /* the file of its plugin */
    gint64 opened_ns;              /* how long opening it took, its driver included */
    const char *against;           /* selector of what it is compared with, or NULL */
    char *const *environment;      /* as it was before a driver was let in */
    const char *rivals;            /* folder with the hand-written host programs */
    const char *data_folder;       /* ITC-2007 instances */
    guint n_repeats;               /* values behind each median */
    guint n_stops;
    guint n_seeds;        /* of each instance in the quality table */
    gint64 time_limit_ns; /* of each run in the quality table */
    guint n_trials;       /* hosts and workers that are killed */
    guint n_jobs;         /* of the case drift */
    gint64 answer_ns;     /* that another process may take to answer */
    JsonBuilder *rows;    /* an open array */
    GPtrArray *left_out;  /* BenchLeftOut */
    guint n_wrong;        /* of these, for what was computed was wrong */
} Bench;

/* A figure that is not there. */
typedef struct BenchLeftOut {
    char *test;
    char *what;
    char *device;
    char *reason;
} BenchLeftOut;

/* Which of a figure's values is held against a number, and how. */
typedef enum {
    BENCH_MEDIAN_AT_LEAST,
    BENCH_P99_AT_MOST,
    BENCH_MAX_AT_MOST,
} BenchBound;

/* What a figure should be, of DESIGN's numbers to hold, in the figure's own unit. */
typedef struct BenchGoal {
    BenchBound bound;
    double value;
} BenchGoal;

/* Whose figure it is. */
typedef struct BenchSide {
    const char *device;  /* its id */
    const char *backend; /* the plugin, or the rival's name */
} BenchSide;

typedef struct BenchCase {
    const char *name;
    const char *summary;
    gboolean is_long; /* minutes: only when named */
    gboolean (*run)(Bench *bench, GError **error);
} BenchCase;

/* All cases, ended by one without a name. */
extern const BenchCase bench_cases[];

/* Tells one figure of the measured device: `what` in `unit`, median and spread of `series`. */
void bench_report(Bench *bench, const char *test, const char *what, const char *unit,
                  Series *series);

/* The same of another side; `against` (nullable) is the other one of a ratio. */
void bench_report_side(Bench *bench, const BenchSide *side, const BenchSide *against,
                       const char *test, const char *what, const char *unit, Series *series);

/* The same as bench_report() with percentiles, for latencies. */
void bench_report_tail(Bench *bench, const char *test, const char *what, const char *unit,
                       Series *series);

/* The same with what it should be: percentiles, but for a goal of the median. */
void bench_report_goal(Bench *bench, const char *test, const char *what, const char *unit,
                       Series *series, BenchGoal goal);

/* Tells the rates of both sides and their ratio; `who` (nullable) are words for them, else ids. */
void bench_report_pair(Bench *bench, const char *test, const char *what, const BenchSide sides[2],
                       const char *const who[2], Series *const rates[2], Series *ratio);

/* The side that is measured. */
BenchSide bench_side(const Bench *bench);

/* Tells that a figure is not there, and why; `what` is "" for all of a case. */
void bench_leave_out(Bench *bench, const char *test, const char *what, const char *reason);

/* Whether a case may go on after `error`: if it is BENCH_ERROR_WRONG, which is told and cleared. */
gboolean bench_forgive(Bench *bench, const char *test, const char *what, GError **error);

/* Adds the array `left_out` to the document; frees what it is of. */
void bench_add_left_out(Bench *bench);

/*
 * Finds the device that answers `selector` and the file of its plugin, and makes this process one in
 * which it can be opened; `opened_ns` (nullable) is how long that took, its driver's start included.
 */
gboolean bench_pick_device(Bench *bench, const char *selector, const ReinDeviceEntry **picked,
                           const char **plugin_path, gint64 *opened_ns, GError **error);

#define BENCH_NO_WORK "none"
#define BENCH_JOB_WORK "job" /* a job without an end on an isolated device: see bench_kill.c */

/* Serves another rein bench, which reads and writes lines: see bench_peer.h. */
gboolean bench_serve(Bench *bench, const char *work, GError **error);

/* Runs such a job, and says that it is ready once that is under way. */
gboolean bench_serve_job(Bench *bench, GError **error);

gboolean bench_evaluate(Bench *bench, GError **error);
gboolean bench_moves(Bench *bench, GError **error);
gboolean bench_round(Bench *bench, GError **error);
gboolean bench_host(Bench *bench, GError **error);
gboolean bench_versus(Bench *bench, GError **error);
gboolean bench_build(Bench *bench, GError **error);
gboolean bench_stop(Bench *bench, GError **error);
gboolean bench_isolation(Bench *bench, GError **error);
gboolean bench_gone(Bench *bench, GError **error);
gboolean bench_kill(Bench *bench, GError **error);
gboolean bench_teardown(Bench *bench, GError **error);
gboolean bench_drift(Bench *bench, GError **error);
gboolean bench_timetable(Bench *bench, GError **error);

G_END_DECLS
