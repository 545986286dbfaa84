/* SPDX-License-Identifier: MIT */

#include "run_events.h"

#include <math.h>

#include "common/json.h"

#define NS_PER_S G_GINT64_CONSTANT(1000000000)
#define BETTER_NS (NS_PER_S / 10)
#define PROGRESS_NS NS_PER_S
#define PROGRESS_PART 100 /* of the time so far: what a long run waits between two */

static void
add_seconds(JsonBuilder *builder, const char *member, gint64 duration_ns)
{
    rein_json_add_real(builder, member, round((double)duration_ns / 1e6) / 1e3);
}

static void
add_limits(JsonBuilder *builder, const ReinRunSpec *spec)
{
    json_builder_set_member_name(builder, "limits");
    json_builder_begin_object(builder);
    if (spec->time_ns > 0) {
        add_seconds(builder, "seconds", spec->time_ns);
    }
    if (spec->n_rounds > 0) {
        rein_json_add_number(builder, "rounds", spec->n_rounds);
    }
    if (spec->n_evaluations > 0) {
        rein_json_add_number(builder, "evaluations", (gint64)spec->n_evaluations);
    }
    if (spec->stagnation > 0) {
        rein_json_add_number(builder, "stagnation", spec->stagnation);
    }
    if (spec->deadline_ns > 0) {
        add_seconds(builder, "deadline_seconds", spec->deadline_ns);
    }
    if (spec->target != NULL) {
        rein_json_add_text(builder, "target", spec->target);
    }
    json_builder_end_object(builder);
}

void
rein_run_tell_started(ReinJobFolder *folder, const ReinRunSpec *spec, const ReinRunReport *report)
{
    JsonBuilder *builder = rein_job_folder_begin_event(folder, "job_started");
    const ReinProblemFile *problem = report->problem;

    rein_json_add_text(builder, "version", rein_version_string());
    rein_json_add_text(builder, "folder", rein_job_folder_get_path(folder));
    rein_json_add_text(builder, "problem", problem->path);
    rein_json_add_text(builder, "name", problem->format->get_name(problem->instance));
    rein_json_add_text(builder, "format", problem->format->name);
    rein_json_add_text(builder, "sha256", problem->sha256);
    rein_run_report_add_seed(builder, report->seed);
    rein_json_add_number(builder, "population", report->population);
    add_limits(builder, spec);
    rein_job_folder_end_event(folder, builder);
}

void
rein_run_tell_start(ReinJobFolder *folder, const ReinProblemFormat *format, const ReinScore *score,
                    gboolean is_from_file, guint32 n)
{
    JsonBuilder *builder = rein_job_folder_begin_event(folder, "start");

    rein_json_add_text(builder, "from", is_from_file ? "file" : "construction");
    rein_json_add_number(builder, "individuals", n);
    rein_run_report_add_planes(builder, "best", format, score->planes);
    rein_json_add_boolean(builder, "feasible", score->is_feasible);
    rein_job_folder_end_event(folder, builder);
}

void
rein_run_tell_device(ReinJobFolder *folder, ReinDevice *device)
{
    JsonBuilder *builder = rein_job_folder_begin_event(folder, "device_opened");

    rein_json_add_text(builder, "device", rein_device_get_id(device));
    rein_json_add_text(builder, "name", rein_device_get_name(device));
    rein_json_add_text(builder, "driver", rein_device_get_driver(device));
    rein_json_add_number(builder, "units", rein_device_get_n_units(device));
    rein_json_add_text(builder, "isolation",
                       rein_isolation_to_string(rein_device_get_isolation(device)));
    rein_job_folder_end_event(folder, builder);
}

void
rein_run_tell_fallback(ReinJobFolder *folder, const ReinRunFallback *fallback)
{
    JsonBuilder *builder = rein_job_folder_begin_event(folder, "fallback");

    rein_json_add_text(builder, "from", fallback->from);
    rein_json_add_text(builder, "to", fallback->to);
    rein_json_add_text(builder, "reason", fallback->reason);
    rein_job_folder_end_event(folder, builder);
}

void
rein_run_tell_progress(ReinJobFolder *folder, const ReinProblemFormat *format, ReinRunPace *pace,
                       const ReinProgress *progress)
{
    gint64 now_ns = progress->elapsed_ns;

    pace->has_better |= progress->is_better;
    gboolean is_better =
        pace->has_better && (pace->better_ns == 0 || now_ns - pace->better_ns >= BETTER_NS);
    gboolean is_due = now_ns - pace->progress_ns >= MAX(PROGRESS_NS, now_ns / PROGRESS_PART);
    if (!is_better && !is_due) {
        return;
    }
    JsonBuilder *builder = rein_job_folder_begin_event(folder, is_better ? "better" : "progress");
    rein_json_add_number(builder, "rounds", (gint64)progress->n_rounds);
    rein_json_add_number(builder, "evaluations", (gint64)progress->n_evaluations);
    rein_json_add_number(builder, "moves", (gint64)progress->n_moves);
    add_seconds(builder, "seconds", now_ns);
    rein_json_add_real(builder, "fraction", round(progress->fraction * 1e4) / 1e4);
    rein_run_report_add_planes(builder, "best", format, progress->best);
    rein_job_folder_end_event(folder, builder);
    if (is_better) {
        pace->has_better = FALSE;
        pace->better_ns = now_ns;
    } else {
        pace->progress_ns = now_ns;
    }
}

void
rein_run_tell_saved(ReinJobFolder *folder, const char *reason, const char *failure)
{
    JsonBuilder *builder = rein_job_folder_begin_event(folder, "saved");

    rein_json_add_text(builder, "reason", reason);
    rein_json_add_text(builder, "error", failure);
    rein_job_folder_end_event(folder, builder);
    rein_job_folder_log(folder, "%s: %s", reason, failure != NULL ? failure : "saved");
}

void
rein_run_tell_end(ReinJobFolder *folder, const ReinRunReport *report)
{
    JsonBuilder *builder = NULL;

    switch (report->outcome) {
    case REIN_OUTCOME_ROUNDS:
    case REIN_OUTCOME_TIME:
    case REIN_OUTCOME_EVALUATIONS:
    case REIN_OUTCOME_STAGNATION:
    case REIN_OUTCOME_TARGET:
    case REIN_OUTCOME_DEADLINE:
        builder = rein_job_folder_begin_event(folder, "limit");
        rein_json_add_text(builder, "limit", rein_outcome_to_string(report->outcome));
        rein_job_folder_end_event(folder, builder);
        break;
    case REIN_OUTCOME_STOPPED:
    case REIN_OUTCOME_HANG:
    case REIN_OUTCOME_FAILED:
        break;
    }
    if (report->error != NULL) {
        builder = rein_job_folder_begin_event(folder, "error");
        rein_json_add_text(builder, "message", report->error->message);
        rein_job_folder_end_event(folder, builder);
    }
}
