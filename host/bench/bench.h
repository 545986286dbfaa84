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

typedef struct Bench {
    const ReinSettings *settings;
    const ReinOutput *output;
    ReinRegistry *registry;
    const ReinDeviceEntry *device;  /* what is measured */
    const char *plugin_path;        /* the file of its plugin */
    const ReinDeviceEntry *against; /* what it is compared with, or NULL */
    const char *against_path;       /* the file of that one's plugin */
    const char *rivals;             /* folder with the hand-written host programs */
    const char *data_folder;        /* ITC-2007 instances */
    guint n_repeats;                /* values behind each median */
    guint n_stops;
    guint n_seeds;        /* of each instance in the quality table */
    gint64 time_limit_ns; /* of each run in the quality table */
    JsonBuilder *rows;    /* an open array */
} Bench;

typedef struct BenchCase {
    const char *name;
    const char *summary;
    gboolean is_long; /* minutes: only when named */
    gboolean (*run)(Bench *bench, GError **error);
} BenchCase;

/* All cases, ended by one without a name. */
extern const BenchCase bench_cases[];

/* Tells one figure: `what` in `unit`, median and spread of `series`. */
void bench_report(Bench *bench, const char *test, const char *what, const char *unit,
                  Series *series);

/* The same with percentiles, for latencies. */
void bench_report_tail(Bench *bench, const char *test, const char *what, const char *unit,
                       Series *series);

gboolean bench_evaluate(Bench *bench, GError **error);
gboolean bench_moves(Bench *bench, GError **error);
gboolean bench_round(Bench *bench, GError **error);
gboolean bench_host(Bench *bench, GError **error);
gboolean bench_versus(Bench *bench, GError **error);
gboolean bench_build(Bench *bench, GError **error);
gboolean bench_stop(Bench *bench, GError **error);
gboolean bench_timetable(Bench *bench, GError **error);

G_END_DECLS
