/* SPDX-License-Identifier: MIT */

#include "runner.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <rein/rein.h>

#include "common/host_registry.h"
#include "common/json.h"
#include "common/state.h"
#include "receipt_json.h"
#include "run_events.h"
#include "run_record.h"
#include "run_start.h"
#include "save.h"
#include "spec_ini.h"
#include "sweep.h"

#define ABANDON_WAIT_S 1 /* for the lock, which is never held for long */

/* How far a run is, as far as those care who want to stop it. */
typedef enum {
    PHASE_LOADING, /* it holds nothing */
    PHASE_HOLDING,
    PHASE_ENDED,
} Phase;

struct ReinRunner {
    ReinRunSpec spec;
    ReinRunObserver observer;
    GCancellable *cancellable;
    gint64 begun_us; /* monotonic */

    /* of the thread that runs it */
    ReinRunReport *report;
    ReinProblem *kernel_problem;
    ReinTuning tuning;
    double target[REIN_MAX_PLANES];
    GBytes *start_file; /* the genome of --start */
    char *start_sha256;
    GBytes *start; /* the start population */
    guint32 n_start;
    ReinDevice *device;
    ReinRunRecord *record;
    ReinRunPace pace;
    char *solution_name; /* in the folder */

    pthread_mutex_t lock; /* guards all below; the folder's own lock comes after it */
    Phase phase;
    char *stop_reason;
    ReinJobFolder *folder; /* set once, before PHASE_HOLDING is left */
    GBytes *best_genes;
    gboolean is_saved;
};

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

/* For the log and whoever watches. */
static void note(ReinRunner *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void detail(ReinRunner *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
note(ReinRunner *self, const char *format, ...)
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

static void
detail(ReinRunner *self, const char *format, ...)
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

/* The first error is the run's; what goes wrong after it is only logged. */
static void
take_error(ReinRunner *self, GError *error)
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

static gboolean
is_stopped(ReinRunner *self)
{
    return g_cancellable_is_cancelled(self->cancellable);
}

/* ---- before there is a job ---- */

static gboolean
load_start(ReinRunner *self, GError **error)
{
    guint n_left_out = 0;

    if (self->spec.start_path == NULL) {
        return TRUE;
    }
    self->start_file = rein_run_start_read(self->report->problem, self->spec.start_path,
                                           &self->start_sha256, &n_left_out, error);
    if (self->start_file == NULL) {
        return FALSE;
    }
    if (n_left_out > 0) {
        g_warning("%s: %u of its entries do not fit the problem and were left out",
                  self->spec.start_path, n_left_out);
    }
    return TRUE;
}

static gboolean
load_target(ReinRunner *self, GError **error)
{
    const ReinProblemFormat *format = self->report->problem->format;

    if (self->spec.target == NULL || format->parse_target(self->spec.target, self->target, error)) {
        return TRUE;
    }
    g_prefix_error(error, "--target: ");
    return FALSE;
}

static gboolean
load(ReinRunner *self, GError **error)
{
    ReinRunReport *report = self->report;
    const ReinSettings *settings = self->spec.settings;

    report->seed = rein_settings_get_number(settings, REIN_SETTING_RUN_SEED);
    report->problem = rein_problem_file_load(self->spec.problem_path, error);
    if (report->problem == NULL) {
        return FALSE;
    }
    const ReinProblemFormat *format = report->problem->format;
    const ReinInstance *instance = report->problem->instance;
    format->recommend(instance, &self->tuning);
    guint64 population = rein_settings_get_number(settings, REIN_SETTING_RUN_POPULATION);
    if (population > 0) {
        self->tuning.population = (guint32)population;
    }
    report->population = self->tuning.population;
    self->solution_name = g_strconcat("solution.", format->solution_extension, NULL);
    if (!load_target(self, error) || !load_start(self, error)) {
        return FALSE;
    }
    self->kernel_problem = format->make_problem(instance);
    return TRUE;
}

/* Whether what comes out has a place, before the work is done. */
static gboolean
check_places(ReinRunner *self, GError **error)
{
    const ReinRunSpec *spec = &self->spec;
    struct stat problem = { 0 };
    struct stat output = { 0 };

    if (spec->output_path != NULL && stat(spec->problem_path, &problem) == 0 &&
        stat(spec->output_path, &output) == 0 && problem.st_dev == output.st_dev &&
        problem.st_ino == output.st_ino) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                    "%s: the solution would replace the problem (choose another place)",
                    spec->output_path);
        return FALSE;
    }
    return (spec->output_path == NULL || rein_save_check(spec->output_path, error)) &&
           (spec->record_path == NULL || rein_save_check(spec->record_path, error));
}

/* From here on the run must be waited for, unless it was stopped before. */
static gboolean
begin_holding(ReinRunner *self)
{
    pthread_mutex_lock(&self->lock);
    gboolean goes_on = self->stop_reason == NULL;
    if (goes_on) {
        self->phase = PHASE_HOLDING;
    }
    pthread_mutex_unlock(&self->lock);
    return goes_on;
}

/* ---- the job ---- */

static void
sweep(ReinRunner *self, const char *jobs_folder)
{
    const ReinSettings *settings = self->spec.settings;
    ReinSweepReport swept = { 0 };

    rein_sweep(jobs_folder, rein_settings_get_duration_ns(settings, REIN_SETTING_JOBS_KEEP_AGE),
               rein_settings_get_size(settings, REIN_SETTING_JOBS_KEEP_SIZE), &swept);
    if (swept.n_removed > 0 || swept.n_lost > 0 || swept.n_failed > 0) {
        detail(self, "swept %s: %u folders removed, %u jobs lost, %u folders could not be removed",
               jobs_folder, swept.n_removed, swept.n_lost, swept.n_failed);
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

static void
tell_stop(ReinRunner *self)
{
    JsonBuilder *builder = rein_job_folder_begin_event(self->folder, "stop");

    rein_json_add_text(builder, "reason", self->stop_reason);
    rein_job_folder_end_event(self->folder, builder);
    rein_job_folder_log(self->folder, "stop: %s", self->stop_reason);
}

/* From now on a stop is an event; so is one that came before. */
static void
publish_folder(ReinRunner *self, ReinJobFolder *folder)
{
    pthread_mutex_lock(&self->lock);
    self->folder = folder;
    if (self->stop_reason != NULL) {
        tell_stop(self);
    }
    pthread_mutex_unlock(&self->lock);
}

static gboolean
make_folder(ReinRunner *self, GError **error)
{
    g_autofree char *jobs_folder = rein_state_make_folder(REIN_STATE_JOBS, error);
    ReinRunReport *report = self->report;

    if (jobs_folder == NULL) {
        return FALSE;
    }
    sweep(self, jobs_folder);
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

static gboolean
open_record(ReinRunner *self, GError **error)
{
    if (self->spec.record_path != NULL) {
        self->record = rein_run_record_open(self->spec.record_path, error);
    }
    return self->spec.record_path == NULL || self->record != NULL;
}

static void
keep_best(ReinRunner *self, GBytes *genes)
{
    g_bytes_ref(genes); /* first: they may be the same */
    pthread_mutex_lock(&self->lock);
    g_clear_pointer(&self->best_genes, g_bytes_unref);
    self->best_genes = genes;
    pthread_mutex_unlock(&self->lock);
}

static gboolean
construct(ReinRunner *self, GError **error)
{
    const ReinProblemFile *problem = self->report->problem;
    gsize genome_size = rein_problem_get_genome_size(self->kernel_problem);
    ReinScore score = { 0 };

    (void)error; /* a construction cannot fail */
    g_autofree char *size = problem->format->describe(problem->instance);
    note(self, "%s: %s, %s", problem->path, problem->format->get_name(problem->instance), size);
    self->start =
        rein_run_start_construct(problem, self->start_file, genome_size, self->tuning.population,
                                 self->report->seed, self->cancellable, &self->n_start);
    g_autoptr(GBytes) first = g_bytes_new_from_bytes(self->start, 0, genome_size);
    keep_best(self, first);
    rein_problem_file_score_genes(problem, g_bytes_get_data(first, NULL), &score);
    rein_run_tell_start(self->folder, problem->format, &score, self->start_file != NULL,
                        self->n_start);
    g_autofree char *cost =
        rein_run_report_describe_planes(problem->format, score.planes, score.n_planes);
    note(self, "start: %s (%s)", cost, self->start_file != NULL ? "file" : "construction");
    return TRUE;
}

static gboolean
open_device(ReinRunner *self, GError **error)
{
    if (is_stopped(self)) {
        return TRUE;
    }
    g_autoptr(ReinRegistry) registry = rein_host_registry_new(self->spec.settings);
    self->device = rein_registry_open_device(
        registry, rein_settings_get_text(self->spec.settings, REIN_SETTING_RUN_DEVICE),
        REIN_DEVICE_IN_PROCESS, error);
    if (self->device == NULL) {
        return FALSE;
    }
    self->report->device_id = g_strdup(rein_device_get_id(self->device));
    self->report->device_name = g_strdup(rein_device_get_name(self->device));
    rein_run_tell_device(self->folder, self->device);
    note(self, "device: %s (%s), seed %" G_GUINT64_FORMAT ", population %u",
         self->report->device_id, self->report->device_name, self->report->seed,
         self->report->population);
    return TRUE;
}

/* ---- the evolution ---- */

static void
on_progress(const ReinProgress *progress, gpointer user_data)
{
    ReinRunner *self = user_data;
    const ReinProblemFormat *format = self->report->problem->format;

    if (progress->is_better && progress->best_genes != NULL) {
        keep_best(self, progress->best_genes);
    }
    rein_run_tell_progress(self->folder, format, &self->pace, progress);
    if (self->observer.progress != NULL) {
        self->observer.progress(progress, format, self->observer.user_data);
    }
}

/* What is left of the deadline, which counts from the beginning of the run. */
static gint64
get_deadline_left(const ReinRunner *self)
{
    if (self->spec.deadline_ns == 0) {
        return 0;
    }
    gint64 used_ns = (g_get_monotonic_time() - self->begun_us) * 1000;
    return MAX(self->spec.deadline_ns - used_ns, 1);
}

static ReinEvolution *
make_evolution(ReinRunner *self)
{
    ReinEvolution *evolution = rein_evolution_new(self->device, self->kernel_problem);
    const ReinTuning *tuning = &self->tuning;
    const ReinSettings *settings = self->spec.settings;

    rein_evolution_set_seed(evolution, self->report->seed);
    rein_evolution_set_population(evolution, tuning->population);
    rein_evolution_set_start(evolution, self->start, self->n_start);
    rein_evolution_set_operators(evolution, tuning->select_rate, tuning->tournament,
                                 tuning->cross_rate, tuning->mutate_rate, tuning->mutate_genes,
                                 tuning->n_elites, tuning->n_moves);
    rein_evolution_set_time_limit(evolution, self->spec.time_ns);
    rein_evolution_set_round_limit(evolution, self->spec.n_rounds);
    rein_evolution_set_evaluation_limit(evolution, self->spec.n_evaluations);
    rein_evolution_set_stagnation(evolution, self->spec.stagnation);
    rein_evolution_set_target(evolution, self->spec.target != NULL ? self->target : NULL);
    rein_evolution_set_deadline(evolution, get_deadline_left(self));
    rein_evolution_set_slice_target(
        evolution, rein_settings_get_duration_ns(settings, REIN_SETTING_JOB_SLICE));
    rein_evolution_set_grace(evolution,
                             rein_settings_get_duration_ns(settings, REIN_SETTING_JOB_GRACE));
    if (self->record != NULL) {
        rein_evolution_set_record_cb(evolution, rein_run_record_add, self->record);
    }
    return evolution;
}

/* Kernel and host count on their own; a claim that the host cannot confirm is not made. */
static void
check_cost(ReinRunner *self, const double *claimed)
{
    ReinRunReport *report = self->report;
    const ReinProblemFormat *format = report->problem->format;
    guint n_planes = report->score.n_planes;
    gboolean is_agreed = TRUE;

    for (guint i = 0; claimed != NULL && i < n_planes; i++) {
        is_agreed &= claimed[i] == report->score.planes[i];
    }
    if (is_agreed) {
        return;
    }
    report->has_score = FALSE;
    report->outcome = REIN_OUTCOME_FAILED;
    g_autofree char *kernel = rein_run_report_describe_planes(format, claimed, n_planes);
    g_autofree char *host = rein_run_report_describe_planes(format, report->score.planes, n_planes);
    g_clear_error(&report->error);
    take_error(self, g_error_new(REIN_ERROR, REIN_ERROR_FAILED,
                                 "the best solution costs %s by its kernel but %s by the host's "
                                 "count (a bug in rein: keep %s and report it)",
                                 kernel, host, report->job_path));
}

static void
take_best(ReinRunner *self, GBytes *genes, const double *claimed)
{
    ReinRunReport *report = self->report;

    if (genes == NULL) {
        return;
    }
    keep_best(self, genes);
    report->genes = g_bytes_ref(genes);
    rein_problem_file_score_genes(report->problem, g_bytes_get_data(genes, NULL), &report->score);
    report->has_score = TRUE;
    check_cost(self, claimed);
}

static void
log_receipt(ReinRunner *self)
{
    g_auto(GStrv) kinds = rein_receipt_describe_kinds(self->report->receipt);
    g_autofree char *text = rein_receipt_to_text(self->report->receipt);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);

    for (guint i = 0; kinds[i] != NULL; i++) {
        detail(self, "teardown: %s", kinds[i]);
    }
    for (guint i = 0; lines[i] != NULL; i++) {
        rein_job_folder_log(self->folder, "%s", lines[i]);
    }
}

static void
evolve(ReinRunner *self)
{
    ReinRunReport *report = self->report;
    g_autoptr(ReinEvolution) evolution = make_evolution(self);
    ReinResult *result = rein_evolution_run(evolution, self->cancellable, on_progress, self);

    report->outcome = rein_result_get_outcome(result);
    report->n_rounds = rein_result_get_n_rounds(result);
    report->n_evaluations = rein_result_get_n_evaluations(result);
    report->n_moves = rein_result_get_n_moves(result);
    report->elapsed_ns = rein_result_get_elapsed_ns(result);
    report->receipt = rein_receipt_ref(rein_result_get_receipt(result));
    if (rein_result_get_error(result) != NULL) {
        take_error(self, g_error_copy(rein_result_get_error(result)));
    }
    take_best(self, rein_result_get_best_genes(result), rein_result_get_best(result));
    rein_result_unref(result);
}

/* ---- the end ---- */

static char *
make_solution_text(const ReinProblemFile *problem, GBytes *genes)
{
    ReinSolution *solution =
        problem->format->solution_from_genes(problem->instance, g_bytes_get_data(genes, NULL));
    char *text = problem->format->solution_to_text(problem->instance, solution);

    problem->format->free_solution(solution);
    return text;
}

/* First where it surely belongs, then where the user wants it. */
static void
save_solution(ReinRunner *self)
{
    ReinRunReport *report = self->report;
    GError *error = NULL;

    if (report->genes == NULL || self->folder == NULL) {
        return;
    }
    g_autofree char *text = make_solution_text(report->problem, report->genes);
    if (rein_job_folder_save(self->folder, self->solution_name, text, &error)) {
        report->solution_path = rein_job_folder_get_file(self->folder, self->solution_name);
    } else {
        take_error(self, g_steal_pointer(&error));
    }
    if (self->spec.output_path != NULL &&
        rein_save_text(self->spec.output_path, text, strlen(text), &error)) {
        report->output_path = g_strdup(self->spec.output_path);
    } else if (error != NULL) {
        take_error(self, g_steal_pointer(&error));
    }
    pthread_mutex_lock(&self->lock);
    self->is_saved = TRUE;
    pthread_mutex_unlock(&self->lock);
}

static void
save_record(ReinRunner *self)
{
    GError *error = NULL;

    if (self->record != NULL && !rein_run_record_commit(self->record, &error)) {
        take_error(self, error);
    }
    g_clear_pointer(&self->record, rein_run_record_close);
}

/* A run that failed to save what it found did not do what it was asked, whatever ended it. */
static ReinExitCode
find_exit_code(const ReinRunReport *report)
{
    gboolean is_feasible = report->has_score && report->score.is_feasible;

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
    rein_receipt_add_json(builder, self->report->receipt, TRUE);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) node = json_builder_get_root(builder);
    g_autofree char *text = rein_json_to_text(node, TRUE);
    g_autofree char *ended = g_strconcat(text, "\n", NULL);
    if (!rein_job_folder_save(self->folder, REIN_JOB_FILE_RECEIPT, ended, &error)) {
        take_error(self, error);
    }
}

/* The receipt first, the end after it, and nothing after that. */
static void
end_job(ReinRunner *self)
{
    log_receipt(self);
    save_receipt(self);
    self->report->exit_code = find_exit_code(self->report);
    rein_run_tell_end(self->folder, self->report);

    JsonBuilder *builder = rein_job_folder_begin_event(self->folder, REIN_EVENT_JOB_ENDED);
    rein_run_report_add_json(self->report, builder);
    pthread_mutex_lock(&self->lock);
    self->phase = PHASE_ENDED; /* a stop that comes later leaves no event */
    rein_job_folder_end_event(self->folder, builder);
    pthread_mutex_unlock(&self->lock);
}

static void
run_job(ReinRunner *self)
{
    ReinRunReport *report = self->report;
    GError *error = NULL;

    if (make_folder(self, &error) && open_record(self, &error) && construct(self, &error) &&
        open_device(self, &error) && self->device != NULL) {
        evolve(self);
    } else if (error != NULL) {
        take_error(self, error);
    } else {
        report->outcome = REIN_OUTCOME_STOPPED;
    }
    if (report->genes == NULL) {
        take_best(self, self->best_genes, NULL);
    }
    save_solution(self);
    save_record(self);
    g_clear_pointer(&self->device, rein_device_unref);
    if (self->folder != NULL) {
        end_job(self);
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
    if (!load(self, &error)) {
        take_error(self, error);
    }
    if (!begin_holding(self)) {
        self->report->outcome = REIN_OUTCOME_STOPPED;
        g_clear_error(&self->report->error);
    } else if (self->report->error == NULL) {
        if (check_places(self, &error)) {
            run_job(self);
        } else {
            take_error(self, error);
        }
    }
    self->report->exit_code = find_exit_code(self->report);
    pthread_mutex_lock(&self->lock);
    self->phase = PHASE_ENDED;
    pthread_mutex_unlock(&self->lock);
    return g_steal_pointer(&self->report);
}

/* ---- from outside ---- */

gboolean
rein_runner_stop(ReinRunner *self, const char *reason)
{
    g_return_val_if_fail(self != NULL && reason != NULL, FALSE);

    pthread_mutex_lock(&self->lock);
    gboolean is_first = self->stop_reason == NULL && self->phase != PHASE_ENDED;
    gboolean holds_nothing = self->phase == PHASE_LOADING;
    if (is_first) {
        self->stop_reason = g_strdup(reason);
    }
    if (is_first && self->folder != NULL) {
        tell_stop(self);
    }
    pthread_mutex_unlock(&self->lock);
    g_cancellable_cancel(self->cancellable);
    return holds_nothing;
}

/* The best so far, to both its places; what could be done is said. */
static char *
save_abandoned(ReinRunner *self)
{
    const ReinProblemFile *problem = self->report->problem;
    g_autofree char *path = rein_job_folder_get_file(self->folder, self->solution_name);
    g_autoptr(GError) error = NULL;

    g_autofree char *text = make_solution_text(problem, self->best_genes);
    gboolean is_saved = rein_save_text(path, text, strlen(text), &error);
    if (self->spec.output_path != NULL &&
        !rein_save_text(self->spec.output_path, text, strlen(text),
                        error == NULL ? &error : NULL)) {
        is_saved = FALSE;
    }
    return is_saved ? g_strdup_printf("the best so far is in %s", path)
                    : g_strdup_printf("the best so far could not be saved: %s", error->message);
}

void
rein_runner_abandon(ReinRunner *self, char **message)
{
    struct timespec until = { 0 };

    g_return_if_fail(self != NULL && message != NULL);

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ABANDON_WAIT_S;
    int code = pthread_mutex_timedlock(&self->lock, &until);
    if (code != 0 || self->folder == NULL || self->best_genes == NULL) {
        *message = g_strdup("there is no solution yet");
    } else if (self->is_saved) {
        *message =
            g_strdup_printf("the best so far is in %s", rein_job_folder_get_path(self->folder));
    } else {
        *message = save_abandoned(self);
    }
    if (code == 0 && self->folder != NULL) {
        rein_job_folder_log(self->folder, "ended at once: %s", *message);
    }
    rein_save_drop_all();
    /* the lock stays: the process ends */
}
