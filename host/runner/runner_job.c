/* SPDX-License-Identifier: MIT */

#include "runner_private.h"

#include <string.h>

#include <rein/leftovers.h>

#include "common/state.h"
#include "job_tidy.h"
#include "run_start.h"
#include "spec_ini.h"

/* Drivers leave unfinished files without being killed: those go without a word. */
static gboolean
is_worth_a_note(const ReinLeftover *leftover)
{
    return leftover->kind != REIN_LEFTOVER_TEMPORARY || !leftover->is_removed;
}

void
rein_runner_remove_leftovers(ReinRunner *self)
{
    g_autofree char *state_folder = rein_state_get_folder();
    g_autofree char *cache_folder = rein_state_path(REIN_STATE_CACHE);
    g_autoptr(GPtrArray) leftovers = rein_leftovers_find(state_folder, cache_folder);
    const guint n_failed = rein_leftovers_remove(leftovers);
    guint n_noted = 0;

    for (guint i = 0; i < leftovers->len; i++) {
        n_noted += is_worth_a_note(g_ptr_array_index(leftovers, i)) ? 1 : 0;
    }
    if (n_failed > 0) {
        rein_runner_note(
            self, "removed %u pieces of what killed runs left, %u stay (rein clean says why)",
            n_noted - n_failed, n_failed);
    } else if (n_noted > 0) {
        rein_runner_note(self, "removed what killed runs left: %u pieces", n_noted);
    }
}

static void
tidy(ReinRunner *self, const char *jobs_folder)
{
    const ReinSettings *settings = self->spec.settings;
    ReinJobTidyReport tidied = { 0 };

    rein_job_tidy(jobs_folder, rein_settings_get_duration_ns(settings, REIN_SETTING_JOBS_KEEP_AGE),
                  rein_settings_get_size(settings, REIN_SETTING_JOBS_KEEP_SIZE), self->cancellable,
                  &tidied);
    if (tidied.n_removed > 0 || tidied.n_lost > 0 || tidied.n_failed > 0) {
        rein_runner_detail(
            self, "tidied %s: %u folders removed, %u jobs lost, %u folders could not be removed",
            jobs_folder, tidied.n_removed, tidied.n_lost, tidied.n_failed);
    }
}

static void
on_event(const char *line, gpointer user_data)
{
    ReinRunner *self = user_data;

    if (self->observer.event != NULL) {
        self->observer.event(line, self->observer.user_data);
    }
}

/* From now on a stop is an event; so is one that came before. */
static void
publish_folder(ReinRunner *self, ReinJobFolder *folder)
{
    pthread_mutex_lock(&self->lock);
    self->folder = folder;
    if (self->stop_reason != NULL) {
        rein_runner_tell_stop(self);
    }
    pthread_mutex_unlock(&self->lock);
}

gboolean
rein_runner_make_folder(ReinRunner *self, GError **error)
{
    const char *given = self->spec.jobs_folder;
    g_autofree char *jobs_folder =
        given != NULL ? g_strdup(given) : rein_state_make_folder(REIN_STATE_JOBS, error);
    ReinRunReport *report = self->report;

    if (jobs_folder == NULL) {
        return FALSE;
    }
    if (given == NULL) {
        tidy(self, jobs_folder);
    }
    ReinJobFolder *folder = rein_job_folder_new(jobs_folder, error);
    if (folder == NULL) {
        return FALSE;
    }
    const ReinSpecFacts facts = { rein_job_folder_get_id(folder), report->problem,
                                  self->start_sha256, &self->tuning };
    g_autofree char *text = rein_spec_to_text(&self->spec, &facts);
    if (!rein_job_folder_save(folder, REIN_JOB_FILE_SPEC, text, error)) {
        rein_job_folder_remove(folder);
        return FALSE;
    }
    report->job_id = g_strdup(facts.job_id);
    report->job_path = g_strdup(rein_job_folder_get_path(folder));
    rein_job_folder_set_event_cb(folder, on_event, self);
    rein_run_tell_started(folder, &self->spec, report);
    publish_folder(self, folder);
    return TRUE;
}

gboolean
rein_runner_open_record(ReinRunner *self, GError **error)
{
    if (self->spec.record_path != NULL) {
        self->record = rein_run_record_open(self->spec.record_path, error);
    }
    return self->spec.record_path == NULL || self->record != NULL;
}

void
rein_runner_construct(ReinRunner *self)
{
    const ReinProblemFile *problem = self->report->problem;
    gsize genome_size = rein_problem_get_genome_size(self->kernel_problem);
    ReinScore score = { 0 };

    g_autofree char *size = problem->format->describe(problem->instance);
    rein_runner_note(self, "%s: %s, %s", problem->path,
                     problem->format->get_name(problem->instance), size);
    if (!self->spec.is_checked) {
        rein_problem_file_check(problem);
    }
    self->start =
        rein_run_start_construct(problem, self->start_file, genome_size, self->tuning.population,
                                 self->report->seed, self->cancellable, &self->n_start);
    g_autoptr(GBytes) first = g_bytes_new_from_bytes(self->start, 0, genome_size);
    rein_runner_keep_best(self, first);
    rein_problem_file_score_genes(problem, g_bytes_get_data(first, NULL), &score);
    rein_run_tell_start(self->folder, problem->format, &score, self->start_file != NULL,
                        self->n_start);
    g_autofree char *cost =
        rein_run_report_describe_planes(problem->format, score.planes, score.n_planes);
    rein_runner_note(self, "start: %s (%s)", cost,
                     self->start_file != NULL ? "file" : "construction");
}
