/* SPDX-License-Identifier: MIT */

#include "sweep.h"

#include <pthread.h>

#include <rein/error.h>

#include "warm_device.h"

/* One thread with its device. */
typedef struct Worker {
    ReinSweep *sweep;
    pthread_t thread;
    ReinWarmDevice device; /* of its thread */
    ReinRunner *runner;    /* under the lock: of the combination that runs */
    double fraction;       /* under the lock: of its limits */
} Worker;

struct ReinSweep {
    const ReinSweepPlan *plan;
    ReinSweepFolder *folder;
    ReinSettings *settings;
    gboolean stops_on_failure;
    ReinSweepObserver observer;
    guint n_workers;
    Worker *workers;

    pthread_mutex_t lock; /* guards all below; comes before that of a runner */
    gint64 begun_us;      /* monotonic */
    GArray *pending;      /* guint: numbers, the next one last */
    guint n_done;
    guint n_done_before;
    guint n_failed;
    gboolean is_over;   /* nothing more is to be begun */
    gboolean is_broken; /* for a result cannot be kept */
    char *stop_reason;
    GError *error; /* the first */
};

/* Each has its share of the cores; results do not depend on it. */
static void
share_threads(ReinSweep *self)
{
    if (self->n_workers == 1 ||
        rein_settings_get_number(self->settings, REIN_SETTING_CPU_THREADS) != 0) {
        return;
    }
    g_autofree char *share =
        g_strdup_printf("%u", MAX(1u, g_get_num_processors() / self->n_workers));
    (void)rein_settings_set(self->settings, REIN_SETTING_CPU_THREADS, share, "--workers", NULL);
}

/* What is to be run: all without a result, and those that somebody stopped. */
static void
collect_pending(ReinSweep *self)
{
    for (guint number = rein_sweep_plan_get_n(self->plan); number > 0; number--) {
        const ReinSweepResult *result = rein_sweep_folder_get_result(self->folder, number);
        if (result == NULL || rein_sweep_result_get_end(result) == REIN_SWEEP_STOPPED) {
            g_array_append_val(self->pending, number);
            continue;
        }
        self->n_done++;
        self->n_failed += rein_sweep_result_get_end(result) == REIN_SWEEP_FAILED ? 1 : 0;
    }
    self->n_done_before = self->n_done;
}

ReinSweep *
rein_sweep_new(const ReinSweepPlan *plan, ReinSweepFolder *folder, const ReinSettings *settings,
               guint n_workers, gboolean stops_on_failure, const ReinSweepObserver *observer)
{
    g_return_val_if_fail(plan != NULL && folder != NULL && settings != NULL, NULL);
    g_return_val_if_fail(n_workers >= 1 && n_workers <= REIN_SWEEP_MAX_WORKERS, NULL);

    ReinSweep *self = g_new0(ReinSweep, 1);
    self->plan = plan;
    self->folder = folder;
    self->settings = rein_settings_copy(settings);
    self->stops_on_failure = stops_on_failure;
    if (observer != NULL) {
        self->observer = *observer;
    }
    self->n_workers = n_workers;
    self->workers = g_new0(Worker, n_workers);
    self->pending = g_array_new(FALSE, FALSE, sizeof(guint));
    self->begun_us = g_get_monotonic_time();
    pthread_mutex_init(&self->lock, NULL);
    share_threads(self);
    collect_pending(self);
    return self;
}

void
rein_sweep_free(ReinSweep *self)
{
    if (self == NULL) {
        return;
    }
    pthread_mutex_destroy(&self->lock);
    rein_settings_free(self->settings);
    g_array_unref(self->pending);
    g_free(self->workers);
    g_free(self->stop_reason);
    g_clear_error(&self->error);
    g_free(self);
}

/* The number of the next combination; 0: there is none, or none is wanted. */
static guint
take_number(ReinSweep *self)
{
    guint number = 0;

    pthread_mutex_lock(&self->lock);
    if (!self->is_over && self->pending->len > 0) {
        number = g_array_index(self->pending, guint, self->pending->len - 1);
        g_array_set_size(self->pending, self->pending->len - 1);
    }
    pthread_mutex_unlock(&self->lock);
    return number;
}

static void
stop_runners_locked(ReinSweep *self, const char *reason)
{
    self->is_over = TRUE;
    for (guint i = 0; i < self->n_workers; i++) {
        if (self->workers[i].runner != NULL) {
            (void)rein_runner_stop(self->workers[i].runner, reason);
        }
    }
}

/* Why a worker ends before its time, or all of them. The error is taken over. */
static void
keep_error(ReinSweep *self, GError *error, gboolean is_broken)
{
    pthread_mutex_lock(&self->lock);
    self->is_broken |= is_broken;
    if (is_broken) { /* what the others find could not be kept either */
        stop_runners_locked(self, "error");
    }
    if (self->error == NULL) {
        self->error = g_steal_pointer(&error);
    }
    pthread_mutex_unlock(&self->lock);
    g_clear_error(&error);
}

/* The result is in the folder; `result` is the folder's. */
static void
tell_ended(ReinSweep *self, const ReinSweepResult *result)
{
    ReinSweepEnd end = rein_sweep_result_get_end(result);

    pthread_mutex_lock(&self->lock);
    self->n_done += end != REIN_SWEEP_STOPPED ? 1 : 0;
    self->n_failed += end == REIN_SWEEP_FAILED ? 1 : 0;
    self->is_over |= end == REIN_SWEEP_FAILED && self->stops_on_failure;
    if (self->observer.ended != NULL) {
        self->observer.ended(result, self->observer.user_data);
    }
    pthread_mutex_unlock(&self->lock);
}

/* Everything was given back by now. `report` (nullable), `result` (transfer full). */
static void
record(ReinSweep *self, const ReinRunReport *report, ReinSweepResult *result)
{
    GError *error = NULL;

    if (report != NULL && !rein_sweep_folder_take_files(self->folder, report, result, &error)) {
        rein_sweep_result_free(result);
        keep_error(self, error, TRUE);
        return;
    }
    if (!rein_sweep_folder_append(self->folder, result, &error)) {
        keep_error(self, error, TRUE);
        return;
    }
    tell_ended(self, result);
}

static void
on_progress(const ReinProgress *progress, const ReinProblemFormat *format, gpointer user_data)
{
    Worker *worker = user_data;
    ReinSweep *sweep = worker->sweep;

    (void)format;
    pthread_mutex_lock(&sweep->lock);
    worker->fraction = progress->fraction;
    if (sweep->observer.progress != NULL) {
        sweep->observer.progress(sweep->observer.user_data);
    }
    pthread_mutex_unlock(&sweep->lock);
}

/* Runs it, where a stop reaches it. */
static ReinRunReport *
run(Worker *worker, const ReinRunSpec *spec)
{
    ReinSweep *sweep = worker->sweep;
    const ReinRunObserver observer = { .progress = on_progress, .user_data = worker };
    g_autoptr(ReinRunner) runner = rein_runner_new(spec, &observer);

    pthread_mutex_lock(&sweep->lock);
    worker->runner = runner;
    worker->fraction = 0;
    if (sweep->stop_reason != NULL) {
        (void)rein_runner_stop(runner, sweep->stop_reason);
    }
    pthread_mutex_unlock(&sweep->lock);
    ReinRunReport *report = rein_runner_run(runner);
    pthread_mutex_lock(&sweep->lock);
    worker->runner = NULL;
    pthread_mutex_unlock(&sweep->lock);
    return report;
}

/* Without a device: whether the worker goes on. */
static gboolean
fail_to_open(Worker *worker, guint number, GError *error)
{
    ReinSweep *sweep = worker->sweep;

    if (rein_sweep_plan_chooses_device(sweep->plan)) {
        record(sweep, NULL, rein_sweep_result_new_failed(number, error));
        g_error_free(error);
        return TRUE;
    }
    pthread_mutex_lock(&sweep->lock);
    g_array_append_val(sweep->pending, number); /* for another worker, or another time */
    pthread_mutex_unlock(&sweep->lock);
    keep_error(sweep, error, FALSE);
    return FALSE;
}

/* Whether the worker goes on. */
static gboolean
run_combination(Worker *worker, guint number)
{
    ReinSweep *sweep = worker->sweep;
    g_autoptr(ReinSettings) settings = rein_settings_copy(sweep->settings);
    ReinRunSpec spec = { 0 };
    GError *error = NULL;

    rein_sweep_plan_apply(sweep->plan, number, settings, &spec);
    spec.jobs_folder = rein_sweep_folder_get_jobs(sweep->folder);
    spec.device = rein_warm_device_get(&worker->device, &spec, &error);
    if (spec.device == NULL) {
        return fail_to_open(worker, number, error);
    }
    gboolean is_warm = worker->device.n_jobs > 0;
    g_autoptr(ReinRunReport) report = run(worker, &spec);
    rein_warm_device_end_job(&worker->device, report);
    ReinSweepResult *result = rein_sweep_result_new(number, report);
    result->is_warm = is_warm;
    record(sweep, report, result);
    return TRUE;
}

static void *
worker_main(void *data)
{
    Worker *worker = data;
    guint number = 0;

    while ((number = take_number(worker->sweep)) > 0 && run_combination(worker, number)) {
    }
    rein_warm_device_close(&worker->device);
    return NULL;
}

/* Starts as many as there is work for, at least one of them or an error. */
static guint
start_workers(ReinSweep *self, GError **error)
{
    guint n_wanted = MIN(self->n_workers, self->pending->len);
    guint n_started = 0;
    int number = 0;

    while (n_started < n_wanted && number == 0) {
        Worker *worker = &self->workers[n_started];
        worker->sweep = self;
        number = pthread_create(&worker->thread, NULL, worker_main, worker);
        n_started += number == 0 ? 1 : 0;
    }
    if (n_started == 0 && number != 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED,
                    "sweep: no thread: %s (end other programs)", g_strerror(number));
    }
    return n_started;
}

gboolean
rein_sweep_run(ReinSweep *self, GError **error)
{
    g_autoptr(GError) start_error = NULL;

    g_return_val_if_fail(self != NULL, FALSE);
    g_return_val_if_fail(error == NULL || *error == NULL, FALSE);

    pthread_mutex_lock(&self->lock);
    self->begun_us = g_get_monotonic_time();
    pthread_mutex_unlock(&self->lock);
    guint n_started = start_workers(self, &start_error);
    for (guint i = 0; i < n_started; i++) {
        pthread_join(self->workers[i].thread, NULL);
    }
    if (start_error != NULL) {
        g_propagate_error(error, g_steal_pointer(&start_error));
        return FALSE;
    }
    /* a worker without a device is no matter if others have done its work */
    gboolean is_short = self->pending->len > 0 && !self->is_over;
    if (self->error != NULL && (self->is_broken || is_short)) {
        g_propagate_error(error, g_steal_pointer(&self->error));
        return FALSE;
    }
    return TRUE;
}

void
rein_sweep_stop(ReinSweep *self, const char *reason)
{
    g_return_if_fail(self != NULL && reason != NULL);

    pthread_mutex_lock(&self->lock);
    if (self->stop_reason == NULL) {
        self->stop_reason = g_strdup(reason);
    }
    stop_runners_locked(self, reason);
    pthread_mutex_unlock(&self->lock);
}

gboolean
rein_sweep_is_stopped(ReinSweep *self)
{
    g_return_val_if_fail(self != NULL, FALSE);

    pthread_mutex_lock(&self->lock);
    gboolean is_stopped = self->stop_reason != NULL;
    pthread_mutex_unlock(&self->lock);
    return is_stopped;
}

void
rein_sweep_get_state(ReinSweep *self, ReinSweepState *state)
{
    double n_units = 0; /* combinations and parts of them that were run */

    g_return_if_fail(self != NULL && state != NULL);

    pthread_mutex_lock(&self->lock);
    *state = (ReinSweepState){
        .n = rein_sweep_plan_get_n(self->plan),
        .n_done = self->n_done,
        .n_failed = self->n_failed,
        .elapsed_ns = (g_get_monotonic_time() - self->begun_us) * 1000,
        .left_ns = -1,
    };
    n_units = self->n_done - self->n_done_before;
    for (guint i = 0; i < self->n_workers; i++) {
        const Worker *worker = &self->workers[i];
        state->n_running += worker->runner != NULL ? 1 : 0;
        n_units += worker->runner != NULL ? CLAMP(worker->fraction, 0, 1) : 0;
    }
    pthread_mutex_unlock(&self->lock);
    double n_left = (double)(state->n - self->n_done_before) - n_units;
    if (n_units > 0 && n_left >= 0) {
        state->left_ns = (gint64)((double)state->elapsed_ns / n_units * n_left);
    }
}
