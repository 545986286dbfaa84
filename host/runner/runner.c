/* SPDX-License-Identifier: MIT */

#include "runner.h"

#include <string.h>
#include <time.h>

#include "common/json.h"
#include "runner_private.h"
#include "save.h"

#define ABANDON_WAIT_S 1 /* for the lock, which is never held for long */

ReinRunner *
rein_runner_new(const ReinRunSpec *spec, const ReinRunObserver *observer)
{
    g_return_val_if_fail(spec != NULL && spec->settings != NULL && spec->problem_path != NULL,
                         NULL);

    ReinRunner *self = g_new0(ReinRunner, 1);
    self->spec = *spec;
    if (observer != NULL) {
        self->observer = *observer;
    }
    self->cancellable = g_cancellable_new();
    pthread_mutex_init(&self->lock, NULL);
    return self;
}

void
rein_runner_free(ReinRunner *self)
{
    if (self == NULL) {
        return;
    }
    rein_run_report_free(self->report);
    rein_problem_unref(self->kernel_problem);
    g_clear_pointer(&self->start_file, g_bytes_unref);
    g_free(self->start_sha256);
    g_clear_pointer(&self->start, g_bytes_unref);
    rein_device_unref(self->device);
    rein_run_record_close(self->record);
    rein_job_folder_free(self->folder);
    g_clear_pointer(&self->best_genes, g_bytes_unref);
    g_free(self->solution_name);
    g_free(self->stop_reason);
    g_object_unref(self->cancellable);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

void
rein_runner_note(ReinRunner *self, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (self->folder != NULL) {
        rein_job_folder_log(self->folder, "%s", text);
    }
    if (self->observer.note != NULL) {
        self->observer.note(text, self->observer.user_data);
    }
}

void
rein_runner_detail(ReinRunner *self, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (self->folder != NULL) {
        rein_job_folder_log(self->folder, "%s", text);
    }
    if (self->observer.detail != NULL) {
        self->observer.detail(text, self->observer.user_data);
    }
}

void
rein_runner_take_error(ReinRunner *self, GError *error)
{
    if (self->folder != NULL) {
        rein_job_folder_log(self->folder, "error: %s", error->message);
    }
    if (self->report->error == NULL) {
        self->report->error = error;
        return;
    }
    g_warning("%s", error->message);
    g_error_free(error);
}

void
rein_runner_keep_best(ReinRunner *self, GBytes *genes)
{
    g_bytes_ref(genes); /* first: they may be the same */
    pthread_mutex_lock(&self->lock);
    g_clear_pointer(&self->best_genes, g_bytes_unref);
    self->best_genes = genes;
    pthread_mutex_unlock(&self->lock);
}

void
rein_runner_tell_stop(ReinRunner *self)
{
    JsonBuilder *builder = rein_job_folder_begin_event(self->folder, "stop");

    rein_json_add_text(builder, "reason", self->stop_reason);
    rein_job_folder_end_event(self->folder, builder);
    rein_job_folder_log(self->folder, "stop: %s", self->stop_reason);
}

/* From here on the run must be waited for, unless it was stopped before. */
static gboolean
begin_holding(ReinRunner *self)
{
    pthread_mutex_lock(&self->lock);
    gboolean goes_on = self->stop_reason == NULL;
    if (goes_on) {
        self->phase = REIN_RUNNER_HOLDING;
    }
    pthread_mutex_unlock(&self->lock);
    return goes_on;
}

static void
run_job(ReinRunner *self)
{
    ReinRunReport *report = self->report;
    GError *error = NULL;

    if (rein_runner_make_folder(self, &error) && rein_runner_open_record(self, &error)) {
        rein_runner_construct(self);
    }
    if (error == NULL && rein_runner_open_device(self, &error) && self->device != NULL) {
        rein_runner_evolve(self);
    } else if (error != NULL) {
        rein_runner_take_error(self, error);
    } else {
        report->outcome = REIN_OUTCOME_STOPPED;
    }
    if (report->genes == NULL) {
        rein_runner_take_best(self, self->best_genes, NULL);
    }
    rein_runner_save_solution(self);
    rein_runner_save_record(self);
    g_clear_pointer(&self->device, rein_device_unref);
    if (self->folder != NULL) {
        rein_runner_end_job(self);
    }
}

ReinRunReport *
rein_runner_run(ReinRunner *self)
{
    GError *error = NULL;

    g_return_val_if_fail(self != NULL && self->report == NULL, NULL);

    self->begun_us = g_get_monotonic_time();
    self->report = g_new0(ReinRunReport, 1);
    self->report->outcome = REIN_OUTCOME_FAILED;
    if (!rein_runner_load(self, &error)) {
        rein_runner_take_error(self, error);
    }
    if (!begin_holding(self)) {
        self->report->outcome = REIN_OUTCOME_STOPPED;
        g_clear_error(&self->report->error);
    } else if (self->report->error == NULL) {
        if (rein_runner_check_places(self, &error)) {
            run_job(self);
        } else {
            rein_runner_take_error(self, error);
        }
    }
    self->report->exit_code = rein_runner_find_exit_code(self->report);
    pthread_mutex_lock(&self->lock);
    self->phase = REIN_RUNNER_ENDED;
    pthread_mutex_unlock(&self->lock);
    return g_steal_pointer(&self->report);
}

/* ---- from outside ---- */

ReinRunnerPhase
rein_runner_stop(ReinRunner *self, const char *reason)
{
    g_return_val_if_fail(self != NULL && reason != NULL, REIN_RUNNER_ENDED);

    pthread_mutex_lock(&self->lock);
    ReinRunnerPhase phase = self->phase;
    gboolean is_first = self->stop_reason == NULL && phase != REIN_RUNNER_ENDED;
    if (is_first) {
        self->stop_reason = g_strdup(reason);
    }
    if (is_first && self->folder != NULL) {
        rein_runner_tell_stop(self);
    }
    pthread_mutex_unlock(&self->lock);
    g_cancellable_cancel(self->cancellable);
    return phase;
}

/* The best so far, to both its places; what could be done is said. */
static char *
save_abandoned(ReinRunner *self)
{
    const ReinProblemFile *problem = self->report->problem;
    g_autofree char *path = rein_job_folder_get_file(self->folder, self->solution_name);
    g_autoptr(GError) error = NULL;

    g_autofree char *text = rein_runner_make_solution_text(problem, self->best_genes);
    gboolean is_saved = rein_save_text(path, text, strlen(text), &error);
    if (self->spec.output_path != NULL &&
        !rein_save_text(self->spec.output_path, text, strlen(text),
                        error == NULL ? &error : NULL)) {
        is_saved = FALSE;
    }
    return is_saved ? g_strdup_printf("the best so far is in %s", path)
                    : g_strdup_printf("the best so far could not be saved: %s", error->message);
}

gboolean
rein_runner_abandon(ReinRunner *self, char **message)
{
    struct timespec until = { 0 };

    g_return_val_if_fail(self != NULL && message != NULL, FALSE);

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ABANDON_WAIT_S;
    gboolean has_lock = pthread_mutex_timedlock(&self->lock, &until) == 0;
    if (has_lock && self->phase == REIN_RUNNER_ENDED) {
        pthread_mutex_unlock(&self->lock);
        return FALSE;
    }
    if (!has_lock || self->folder == NULL || self->best_genes == NULL) {
        *message = g_strdup("there is no solution yet");
    } else if (self->is_saved) {
        *message =
            g_strdup_printf("the best so far is in %s", rein_job_folder_get_path(self->folder));
    } else {
        *message = save_abandoned(self);
    }
    if (has_lock && self->folder != NULL) {
        rein_job_folder_log(self->folder, "ended at once: %s", *message);
    }
    rein_save_drop_all();
    /* the lock stays: the process ends */
    return TRUE;
}
