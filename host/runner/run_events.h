/* SPDX-License-Identifier: MIT */

/*
 * The events of a job's course, each with its members, and how often progress is worth one.
 * host/README.md describes them all. For the thread that runs the job.
 */

#pragma once

#include <rein/device.h>
#include <rein/evolution.h>

#include "job_folder.h"
#include "run_report.h"
#include "runner.h"

G_BEGIN_DECLS

/* When progress was last told. Zeroed at the start. */
typedef struct ReinRunPace {
    gint64 progress_ns; /* of the evolution's clock */
    gint64 better_ns;
    gboolean has_better; /* the best changed since the last event */
} ReinRunPace;

void rein_run_tell_started(ReinJobFolder *folder, const ReinRunSpec *spec,
                           const ReinRunReport *report);
void rein_run_tell_start(ReinJobFolder *folder, const ReinProblemFormat *format,
                         const ReinScore *score, gboolean is_from_file, guint32 n);
void rein_run_tell_device(ReinJobFolder *folder, ReinDevice *device);

/* That another device is taken; before its own event. */
void rein_run_tell_fallback(ReinJobFolder *folder, const ReinRunFallback *fallback);

/* A `better` at most ten times a second; a `progress` once a second, later more seldom. */
void rein_run_tell_progress(ReinJobFolder *folder, const ReinProblemFormat *format,
                            ReinRunPace *pace, const ReinProgress *progress);

/* Why it ended, if by itself: `limit`, or `error`. */
void rein_run_tell_end(ReinJobFolder *folder, const ReinRunReport *report);

/* The best so far was saved before the end because of `reason`, or could not be. [any thread] */
void rein_run_tell_saved(ReinJobFolder *folder, const char *reason, const char *failure);

G_END_DECLS
