/* SPDX-License-Identifier: MIT */

/*
 * How a run of a problem ended: what job_ended tells, what `rein run` prints. Filled by the runner,
 * then owned by who ran it; never changes afterwards.
 */

#pragma once

#include <json-glib/json-glib.h>
#include <rein/result.h>

#include "common/exit_code.h"
#include "problems/format.h"

G_BEGIN_DECLS

/* That another device did the work than the one that was asked for. */
typedef struct ReinRunFallback {
    char *from;           /* its id, or the selector it was asked for by where it was not opened */
    char *to;             /* the other's id; NULL: there was no other */
    char *reason;         /* what was wrong with the first */
    ReinReceipt *receipt; /* (nullable) of what the job held on the first */
} ReinRunFallback;

typedef struct ReinRunReport {
    ReinOutcome outcome;
    GError *error; /* (nullable) of the job, or of saving its solution */
    ReinExitCode exit_code;

    char *job_id; /* NULL: it ended before there was a job */
    char *job_path;
    char *solution_path; /* in the job's folder; NULL: there is none */
    char *output_path;   /* the copy of --output; NULL: none was wanted, or it cannot be written */

    ReinProblemFile *problem; /* (nullable) */
    GBytes *genes;            /* (nullable) the best, canonical form */
    ReinScore score;          /* of the best, counted on the host */
    gboolean has_score;       /* there is a best, and kernel and host agree on its cost */
    gboolean is_disputed;     /* they do not: a bug of ours, whatever the error's code */

    guint64 seed;
    guint32 population;
    char *device_id; /* NULL: none was opened */
    char *device_name;
    ReinRunFallback fallback;
    guint64 n_rounds; /* these four of both devices where there was a fallback */
    guint64 n_evaluations;
    guint64 n_moves;
    gint64 elapsed_ns;    /* of the evolution; 0 if it never began */
    ReinReceipt *receipt; /* (nullable) NULL: it never held anything */
} ReinRunReport;

/* NULL is a no-op. */
void rein_run_report_free(ReinRunReport *self);

/* Adds the members of `rein run --format json`, within an object. */
void rein_run_report_add_json(const ReinRunReport *self, JsonBuilder *builder);

/* Adds "fallback", null or an object; with the steps of its receipt if `has_steps`. */
void rein_run_report_add_fallback(JsonBuilder *builder, const ReinRunFallback *fallback,
                                  gboolean has_steps);

/* Adds `member`, an object with a value for each plane by its name. */
void rein_run_report_add_planes(JsonBuilder *builder, const char *member,
                                const ReinProblemFormat *format, const double *planes);

/* Adds the cost `member`: a whole number as such. */
void rein_run_report_add_cost(JsonBuilder *builder, const char *member, double cost);

/* Adds "seed": a number or, beyond 2^63, text. */
void rein_run_report_add_seed(JsonBuilder *builder, guint64 seed);

/* Returns: (transfer full): the planes for people: "hard 0, soft 5" */
char *rein_run_report_describe_planes(const ReinProblemFormat *format, const double *planes,
                                      guint n_planes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinRunReport, rein_run_report_free)

G_END_DECLS
