/* SPDX-License-Identifier: MIT */

#include "runner_private.h"

#include <string.h>

#include "common/json.h"
#include "receipt_json.h"
#include "save.h"

char *
rein_runner_make_solution_text(const ReinProblemFile *problem, GBytes *genes)
{
    ReinSolution *solution =
        problem->format->solution_from_genes(problem->instance, g_bytes_get_data(genes, NULL));
    char *text = problem->format->solution_to_text(problem->instance, solution);

    problem->format->free_solution(solution);
    return text;
}

gboolean
rein_runner_write_best(ReinRunner *self, GBytes *genes, gboolean is_final, GError **error)
{
    const char *output = self->spec.output_path;
    g_autofree char *text = rein_runner_make_solution_text(self->report->problem, genes);
    gsize size = strlen(text);

    gboolean is_saved = rein_job_folder_save(self->folder, self->solution_name, text, error);
    if (output != NULL && (is_final || !rein_save_is_stream(output)) &&
        !rein_save_text(output, text, size, is_saved ? error : NULL)) {
        is_saved = FALSE;
    }
    return is_saved;
}

/* First where it surely belongs, then where the user wants it. */
void
rein_runner_save_solution(ReinRunner *self)
{
    ReinRunReport *report = self->report;
    GError *error = NULL;

    if (report->genes == NULL || self->folder == NULL) {
        return;
    }
    g_autofree char *text = rein_runner_make_solution_text(report->problem, report->genes);
    pthread_mutex_lock(&self->save_lock); /* an older one must not come after this one */
    if (rein_job_folder_save(self->folder, self->solution_name, text, &error)) {
        report->solution_path = rein_job_folder_get_file(self->folder, self->solution_name);
    } else {
        rein_runner_take_error(self, g_steal_pointer(&error));
    }
    if (self->spec.output_path != NULL &&
        rein_save_text(self->spec.output_path, text, strlen(text), &error)) {
        report->output_path = g_strdup(self->spec.output_path);
    } else if (error != NULL) {
        rein_runner_take_error(self, g_steal_pointer(&error));
    }
    pthread_mutex_lock(&self->lock);
    self->is_saved = TRUE;
    pthread_mutex_unlock(&self->lock);
    pthread_mutex_unlock(&self->save_lock);
}

void
rein_runner_save_record(ReinRunner *self)
{
    GError *error = NULL;

    if (self->record != NULL && !rein_run_record_commit(self->record, &error)) {
        rein_runner_take_error(self, error);
    }
    g_clear_pointer(&self->record, rein_run_record_close);
}

ReinExitCode
rein_runner_find_exit_code(const ReinRunReport *report)
{
    gboolean is_feasible = report->has_score && report->score.is_feasible;

    if (report->is_disputed) {
        return REIN_EXIT_BUG;
    }
    if (report->error != NULL) {
        return report->outcome == REIN_OUTCOME_HANG ? REIN_EXIT_DEADLINE
                                                    : rein_exit_code_of_error(report->error);
    }
    if (report->outcome == REIN_OUTCOME_STOPPED) {
        return REIN_EXIT_STOPPED;
    }
    if (!rein_receipt_is_clean_or_null(report->receipt)) {
        return REIN_EXIT_DEVICE_LOST;
    }
    return is_feasible || report->outcome == REIN_OUTCOME_TARGET ? REIN_EXIT_OK
                                                                 : REIN_EXIT_INFEASIBLE;
}

static void
save_receipt(ReinRunner *self)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    GError *error = NULL;

    json_builder_begin_object(builder);
    rein_json_add_number(builder, "v", REIN_EVENT_VERSION);
    rein_json_add_text(builder, "job", self->report->job_id);
    rein_json_add_text(builder, "device", self->report->device_id);
    rein_run_report_add_fallback(builder, &self->report->fallback, TRUE);
    rein_receipt_add_json(builder, self->report->receipt, TRUE);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) node = json_builder_get_root(builder);
    g_autofree char *text = rein_json_to_text(node, TRUE);
    g_autofree char *ended = g_strconcat(text, "\n", NULL);
    if (!rein_job_folder_save(self->folder, REIN_JOB_FILE_RECEIPT, ended, &error)) {
        rein_runner_take_error(self, error);
    }
}

static void
log_receipt(ReinRunner *self)
{
    g_auto(GStrv) kinds = rein_receipt_describe_kinds(self->report->receipt);
    g_autofree char *text = rein_receipt_to_text(self->report->receipt);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);

    for (guint i = 0; kinds[i] != NULL; i++) {
        rein_runner_detail(self, "teardown: %s", kinds[i]);
    }
    for (guint i = 0; lines[i] != NULL; i++) {
        rein_job_folder_log(self->folder, "%s", lines[i]);
    }
}

/* The receipt first, the end after it, and nothing after that. */
void
rein_runner_end_job(ReinRunner *self)
{
    log_receipt(self);
    save_receipt(self);
    self->report->exit_code = rein_runner_find_exit_code(self->report);
    rein_run_tell_end(self->folder, self->report);

    JsonBuilder *builder = rein_job_folder_begin_event(self->folder, REIN_EVENT_JOB_ENDED);
    rein_run_report_add_json(self->report, builder);
    pthread_mutex_lock(&self->lock);
    self->phase = REIN_RUNNER_ENDED; /* a stop that comes later leaves no event */
    rein_job_folder_end_event(self->folder, builder);
    pthread_mutex_unlock(&self->lock);
}
