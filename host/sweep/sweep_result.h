/* SPDX-License-Identifier: MIT */

/*
 * How one combination of a sweep ended: a line of results.ndjson. host/README.md describes the
 * members. Made by one thread, then only read.
 */

#pragma once

#include <json-glib/json-glib.h>

#include "runner/run_report.h"
#include "sweep_plan.h"

G_BEGIN_DECLS

#define REIN_SWEEP_VERSION 1 /* of all files in the folder of a sweep */

typedef struct ReinSweepResult {
    guint number; /* of the combination, from 1 */
    char *outcome;
    ReinExitCode exit_code;
    char *error;    /* (nullable) */
    guint n_planes; /* 0: there is no solution whose cost is known */
    char *plane_names[REIN_MAX_PLANES];
    double planes[REIN_MAX_PLANES];
    gboolean is_feasible;
    guint64 n_rounds;
    guint64 n_evaluations;
    guint64 n_moves;
    double seconds;
    char *device;     /* (nullable) its id */
    gboolean is_warm; /* another combination was on the device since it was opened */
    gboolean is_clean;
    guint64 leaked_size; /* bytes */
    double teardown_ms;
    char *solution; /* (nullable) path in the sweep's folder */
    char *job;      /* (nullable) path of the job's folder there, if that was kept */
} ReinSweepResult;

/* What the end of a combination comes to by its exit code. */
typedef enum {
    REIN_SWEEP_ENDED,   /* by a limit or its target, feasible or not */
    REIN_SWEEP_STOPPED, /* by somebody: it is to be run again */
    REIN_SWEEP_FAILED,
} ReinSweepEnd;

/* Makes the result of a run; `solution` and `job` are for the caller to set. */
ReinSweepResult *rein_sweep_result_new(guint number, const ReinRunReport *report);

/* The result of a combination that could not be begun. */
ReinSweepResult *rein_sweep_result_new_failed(guint number, const GError *error);

/* NULL is a no-op. */
void rein_sweep_result_free(ReinSweepResult *self);

ReinSweepEnd rein_sweep_result_get_end(const ReinSweepResult *self);

/* Whether `a` costs less than `b`; both have the same planes. */
gboolean rein_sweep_result_is_better(const ReinSweepResult *a, const ReinSweepResult *b);

/* Returns: (transfer full): "hard 0, soft 5", or "-" if nothing is known */
char *rein_sweep_result_describe_cost(const ReinSweepResult *self);

/* Returns: (transfer full): the line without its end */
char *rein_sweep_result_to_line(const ReinSweepResult *self, const ReinSweepPlan *plan);

/**
 * rein_sweep_result_parse:
 *
 * Returns: (transfer full): the result that the line says, or %NULL if it is none of a combination
 *     of @plan
 */
ReinSweepResult *rein_sweep_result_parse(const char *line, const ReinSweepPlan *plan);

/* Adds "settings", an object with the group's values as they are written. */
void rein_sweep_add_settings(JsonBuilder *builder, const ReinSweepPlan *plan, guint group);

/* Adds "best", or any other `member`: the planes by name and `feasible`; null if nothing is known. */
void rein_sweep_result_add_cost(const ReinSweepResult *self, JsonBuilder *builder,
                                const char *member);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinSweepResult, rein_sweep_result_free)

G_END_DECLS
