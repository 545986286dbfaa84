/* SPDX-License-Identifier: MIT */

#include "run_print.h"

#include "common/json.h"
#include "live_line.h"
#include "runner/receipt_json.h"

/* What ended the run, in words. */
static const char *
describe_outcome(ReinOutcome outcome)
{
    switch (outcome) {
    case REIN_OUTCOME_ROUNDS:
        return "the limit of rounds was reached";
    case REIN_OUTCOME_TIME:
        return "the limit of time was reached";
    case REIN_OUTCOME_EVALUATIONS:
        return "the limit of evaluations was reached";
    case REIN_OUTCOME_STAGNATION:
        return "nothing better was found for too many rounds";
    case REIN_OUTCOME_TARGET:
        return "the target was reached";
    case REIN_OUTCOME_STOPPED:
        return "stopped";
    case REIN_OUTCOME_DEADLINE:
        return "the deadline passed";
    case REIN_OUTCOME_HANG:
        return "the device hung";
    case REIN_OUTCOME_FAILED:
        return "failed";
    }
    return "failed";
}

/* After an error the best is only named; but what could be saved nowhere is at least shown. */
static gboolean
is_shown_whole(const ReinRunReport *report)
{
    return report->error == NULL || (report->solution_path == NULL && report->output_path == NULL);
}

static void
print_best(const ReinRunReport *report, const ReinOutput *output)
{
    const ReinScore *score = &report->score;
    g_autofree char *planes =
        rein_run_report_describe_planes(report->problem->format, score->planes, score->n_planes);

    rein_output_print(output, "best: %s, %s\n", planes,
                      score->is_feasible ? "feasible" : "NOT feasible");
    if (output->is_quiet || !is_shown_whole(report)) {
        return;
    }
    for (guint i = 0; i < score->n_parts; i++) {
        const ReinScorePart *part = &score->parts[i];
        rein_output_print(output, "  %-18s %6" G_GINT64_FORMAT "%s\n", part->name, part->cost,
                          part->is_hard ? "  hard" : "");
    }
}

static void
print_grid(const ReinRunReport *report, const ReinOutput *output)
{
    const ReinProblemFile *problem = report->problem;
    ReinSolution *solution = problem->format->solution_from_genes(
        problem->instance, g_bytes_get_data(report->genes, NULL));
    g_autofree char *grid = problem->format->show(problem->instance, solution, output->width);

    problem->format->free_solution(solution);
    rein_output_print(output, "\n%s", grid);
}

static void
print_work(const ReinRunReport *report, const ReinOutput *output)
{
    double seconds = (double)report->elapsed_ns / 1e9;
    double rate = seconds > 0 ? 1 / seconds : 0;
    g_autofree char *elapsed = live_line_format_duration(report->elapsed_ns);
    g_autofree char *evaluations = live_line_format_number((double)report->n_evaluations * rate);
    g_autofree char *moves = live_line_format_number((double)report->n_moves * rate);

    rein_output_print(output, "run: %s after %s", describe_outcome(report->outcome), elapsed);
    rein_output_print(output, ": %" G_GUINT64_FORMAT " rounds, %s evaluations/s", report->n_rounds,
                      evaluations);
    if (report->n_moves > 0) {
        rein_output_print(output, ", %s moves/s", moves);
    }
    rein_output_print(output, " on %s (%s), seed %" G_GUINT64_FORMAT "\n", report->device_id,
                      report->device_name, report->seed);
}

static void
print_fallback(const ReinRunFallback *fallback, const ReinOutput *output)
{
    if (fallback->to != NULL) {
        rein_output_print(output, "fallback: %s in place of %s: %s\n", fallback->to, fallback->from,
                          fallback->reason);
    }
}

static void
print_solution_place(const ReinRunReport *report, const ReinOutput *output)
{
    if (report->genes == NULL) {
        rein_output_print(output, "solution: there was none yet\n");
        return;
    }
    rein_output_print(output, "solution: %s\n",
                      report->solution_path != NULL ? report->solution_path : "not saved");
    if (report->output_path != NULL) {
        rein_output_print(output, "output: %s\n", report->output_path);
    }
}

static void
print_text(const ReinRunReport *report, const ReinOutput *output, gboolean has_grid)
{
    if (report->has_score) {
        print_best(report, output);
    }
    if (report->has_score && is_shown_whole(report) && has_grid && !output->is_quiet) {
        print_grid(report, output);
        rein_output_print(output, "\n");
    }
    if (report->device_id != NULL && !output->is_quiet) {
        print_work(report, output);
        print_fallback(&report->fallback, output);
    } else if (report->error == NULL && !output->is_quiet) {
        rein_output_print(output, "run: %s before it began\n", describe_outcome(report->outcome));
    }
    if (report->error == NULL || report->genes != NULL) {
        print_solution_place(report, output);
    }
    if (report->job_id != NULL && !output->is_quiet) {
        g_autofree char *receipt = rein_receipt_to_text(report->receipt);
        rein_output_print(output, "%s", receipt);
    }
}

static void
print_json(const ReinRunReport *report, const ReinOutput *output)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    rein_run_report_add_json(report, builder);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) node = json_builder_get_root(builder);
    rein_output_print_json(output, node);
}

void
run_print(const ReinRunReport *report, const ReinOutput *output, gboolean has_grid)
{
    g_return_if_fail(report != NULL && output != NULL);

    switch (output->format) {
    case REIN_OUTPUT_TEXT:
        print_text(report, output, has_grid);
        break;
    case REIN_OUTPUT_JSON:
        print_json(report, output);
        break;
    case REIN_OUTPUT_NDJSON:
        break;
    }
    if (!rein_receipt_is_clean_or_null(report->fallback.receipt)) {
        rein_output_warning("%s: the receipt is not clean (see fallback in receipt.json in %s)",
                            report->fallback.from, report->job_path);
    }
    if (!rein_receipt_is_clean_or_null(report->receipt)) {
        rein_output_warning("%s: the receipt is not clean (see receipt.json in %s)",
                            report->device_id, report->job_path);
    }
    if (report->error != NULL) {
        rein_output_error("%s", report->error->message);
    }
}
