/* SPDX-License-Identifier: MIT */

#include "runner.h"

#include <time.h>

#include "common/json.h"
#include "runner_private.h"
#include "save.h"

#define ABANDON_WAIT_S 1 /* for the lock, which is never held for long */

/* A run may go on when who asked for it is gone: nothing of theirs is kept. */
static void
copy_spec(ReinRunner *self, const ReinRunSpec *spec)
{
    self->spec = *spec;
    self->settings = rein_settings_copy(spec->settings);
    self->spec.settings = self->settings;
    self->texts = g_string_chunk_new(64);
    self->given_device = spec->device != NULL ? rein_device_ref(spec->device) : NULL;
    const char **texts[] = { &self->spec.problem_path, &self->spec.start_path,
                             &self->spec.output_path,  &self->spec.record_path,
                             &self->spec.target,       &self->spec.jobs_folder };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        *texts[i] = *texts[i] != NULL ? g_string_chunk_insert(self->texts, *texts[i]) : NULL;
    }
}

ReinRunner *
rein_runner_new(const ReinRunSpec *spec, const ReinRunObserver *observer)
{
    g_return_val_if_fail(spec != NULL && spec->settings != NULL && spec->problem_path != NULL,
                         NULL);

    ReinRunner *self = g_new0(ReinRunner, 1);
    copy_spec(self, spec);
    if (observer != NULL) {
        self->observer = *observer;
    }
    self->cancellable = g_cancellable_new();
    pthread_mutex_init(&self->save_lock, NULL);
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
    rein_device_unref(self->given_device);
    rein_run_record_close(self->record);
    rein_job_folder_free(self->folder);
    g_clear_pointer(&self->best_genes, g_bytes_unref);
    g_free(self->solution_name);
    g_free(self->stop_reason);
    g_object_unref(self->cancellable);
    pthread_mutex_destroy(&self->lock);
    pthread_mutex_destroy(&self->save_lock);
    rein_settings_free(self->settings);
    g_string_chunk_free(self->texts);
    g_free(self);
}

/* A line for the log and for `watcher` (nullable). */
static void tell(ReinRunner *self, void (*watcher)(const char *text, gpointer user_data),
                 const char *format, va_list arguments) G_GNUC_PRINTF(3, 0);

static void
tell(ReinRunner *self, void (*watcher)(const char *text, gpointer user_data), const char *format,
     va_list arguments)
{
    g_autofree char *text = g_strdup_vprintf(format, arguments);

    if (self->folder != NULL) {
        rein_job_folder_log(self->folder, "%s", text);
    }
    if (watcher != NULL) {
        watcher(text, self->observer.user_data);
    }
}

void
rein_runner_note(ReinRunner *self, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    tell(self, self->observer.note, format, arguments);
    va_end(arguments);
}

void
rein_runner_detail(ReinRunner *self, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    tell(self, self->observer.detail, format, arguments);
    va_end(arguments);
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

    /* the device comes first, so that a selector that means none leaves no job behind */
    if (rein_runner_open_device(self, &error) && rein_runner_make_folder(self, &error) &&
        rein_runner_open_record(self, &error)) {
        rein_runner_construct(self);
    }
    if (error != NULL) {
        rein_runner_take_error(self, error);
    } else if (self->device != NULL && !g_cancellable_is_cancelled(self->cancellable)) {
        rein_runner_evolve(self);
    } else {
        report->outcome = REIN_OUTCOME_STOPPED;
    }
    if (report->genes == NULL) {
        rein_runner_take_best(self, self->best_genes, NULL);
    }
    rein_runner_save_solution(self);
    rein_runner_save_record(self);
    g_clear_pointer(&self->device, rein_device_unref);
    g_clear_pointer(&self->registry, rein_registry_free); /* on the thread that made it */
    g_clear_pointer(&self->given_device, rein_device_unref);
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
    rein_runner_remove_leftovers(self);
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
static gboolean
save_best(ReinRunner *self, GBytes *genes, gboolean is_final, char **message)
{
    g_autoptr(GError) error = NULL;

    if (!rein_runner_write_best(self, genes, is_final, &error)) {
        *message = g_strdup_printf("the best so far could not be saved: %s", error->message);
        return FALSE;
    }
    g_autofree char *path = rein_job_folder_get_file(self->folder, self->solution_name);
    *message = g_strdup_printf("the best so far is in %s", path);
    return TRUE;
}

/* Returns: (transfer full): the best so far, NULL if there is none or nothing is left to be saved */
static GBytes *
get_unsaved_best(ReinRunner *self)
{
    pthread_mutex_lock(&self->lock);
    gboolean is_due = self->phase == REIN_RUNNER_HOLDING && self->folder != NULL && !self->is_saved;
    GBytes *genes = is_due && self->best_genes != NULL ? g_bytes_ref(self->best_genes) : NULL;
    pthread_mutex_unlock(&self->lock);
    return genes;
}

gboolean
rein_runner_save_now(ReinRunner *self, const char *reason, char **message)
{
    g_return_val_if_fail(self != NULL && reason != NULL && message != NULL, FALSE);

    /* who has the lock may wait for the reader of a pipe */
    if (pthread_mutex_trylock(&self->save_lock) != 0) {
        *message = g_strdup("the solution is just being saved");
        return FALSE;
    }
    g_autoptr(GBytes) genes = get_unsaved_best(self);
    gboolean is_saved = FALSE;
    if (genes == NULL) {
        *message = g_strdup("there is no solution to be saved");
    } else {
        is_saved = save_best(self, genes, FALSE, message);
        rein_run_tell_saved(self->folder, reason, is_saved ? NULL : *message);
    }
    pthread_mutex_unlock(&self->save_lock);
    return is_saved;
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
        (void)save_best(self, self->best_genes, TRUE, message);
    }
    if (has_lock && self->folder != NULL) {
        rein_job_folder_log(self->folder, "ended at once: %s", *message);
    }
    rein_save_drop_all();
    /* the lock stays: the process ends */
    return TRUE;
}
