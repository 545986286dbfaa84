/* SPDX-License-Identifier: MIT */

#include "runner_private.h"

#include <rein/rein.h>

#include "common/host_registry.h"
#include "common/value.h"
#include "run_device.h"

gboolean
rein_runner_open_device(ReinRunner *self, GError **error)
{
    if (g_cancellable_is_cancelled(self->cancellable)) {
        return TRUE;
    }
    self->device = self->given_device != NULL ? rein_device_ref(self->given_device)
                                              : rein_runner_open_any(self, error);
    return self->device != NULL;
}

static void
tell_device(ReinRunner *self)
{
    ReinRunReport *report = self->report;

    g_free(report->device_id);
    g_free(report->device_name);
    report->device_id = g_strdup(rein_device_get_id(self->device));
    report->device_name = g_strdup(rein_device_get_name(self->device));
    if (report->fallback.to != NULL) {
        rein_run_tell_fallback(self->folder, &report->fallback);
    }
    rein_run_tell_device(self->folder, self->device);
    rein_runner_note(self, "device: %s (%s), seed %" G_GUINT64_FORMAT ", population %u",
                     report->device_id, report->device_name, report->seed, report->population);
}

/* A run that is killed, or loses its machine, leaves what it had found a moment ago. */
static void
save_by_the_clock(ReinRunner *self)
{
    const gint64 interval_us =
        rein_settings_get_duration_ns(self->spec.settings, REIN_SETTING_JOB_SAVE) / 1000;
    const gint64 now_us = g_get_monotonic_time();
    g_autofree char *message = NULL;

    if (!self->has_unsaved || now_us - MAX(self->saved_us, self->begun_us) < interval_us) {
        return;
    }
    if (!rein_runner_save_now(self, "interval", &message)) {
        rein_runner_detail(self, "%s", message);
    }
    self->saved_us = now_us;
    self->has_unsaved = FALSE;
}

static void
on_progress(const ReinProgress *progress, gpointer user_data)
{
    ReinRunner *self = user_data;
    const ReinRunBefore *before = &self->before;
    const ReinProblemFormat *format = self->report->problem->format;
    ReinProgress all = *progress;

    if (progress->is_better && progress->best_genes != NULL) {
        rein_runner_keep_best(self, progress->best_genes);
        self->has_unsaved = TRUE;
    }
    save_by_the_clock(self);
    all.n_rounds += before->n_rounds;
    all.n_evaluations += before->n_evaluations;
    all.n_moves += before->n_moves;
    all.elapsed_ns += before->elapsed_ns;
    all.fraction = before->fraction + (1 - before->fraction) * progress->fraction;
    self->fraction = all.fraction;
    rein_run_tell_progress(self->folder, format, &self->pace, &all);
    if (self->observer.progress != NULL) {
        self->observer.progress(&all, format, self->observer.user_data);
    }
}

/* The rounds of a fallback go on from those before it. */
static void
on_record(const ReinRecord *record, gpointer user_data)
{
    ReinRunner *self = user_data;
    ReinRecord all = *record;

    all.round += (guint32)self->before.n_rounds;
    rein_run_record_add(&all, self->record);
}

gint64
rein_runner_get_deadline_left(const ReinRunner *self)
{
    if (self->spec.deadline_ns == 0) {
        return 0;
    }
    gint64 used_ns = (g_get_monotonic_time() - self->begun_us) * 1000;
    return MAX(self->spec.deadline_ns - used_ns, 1);
}

/* A plugin whose driver is slow to come back can have a longer one. */
static gint64
get_grace_ns(const ReinSettings *settings, const char *device_id)
{
    g_autofree char *name = g_strdup_printf("%.*s.grace", (int)strcspn(device_id, ":"), device_id);
    ReinSettingKey key;
    const gint64 grace_ns =
        rein_setting_find(name, &key) ? rein_settings_get_duration_ns(settings, key) : 0;

    return grace_ns > 0 ? grace_ns
                        : rein_settings_get_duration_ns(settings, REIN_SETTING_JOB_GRACE);
}

static ReinEvolution *
make_evolution(ReinRunner *self)
{
    ReinEvolution *evolution = rein_evolution_new(self->device, self->kernel_problem);
    const ReinTuning *tuning = &self->tuning;
    const ReinRunSpec *spec = &self->spec;
    const ReinRunBefore *before = &self->before;
    const ReinSettings *settings = spec->settings;

    rein_evolution_set_seed(evolution, self->report->seed);
    rein_evolution_set_population(evolution, tuning->population);
    rein_evolution_set_start(evolution, self->start, self->n_start);
    rein_evolution_set_operators(evolution, tuning->select_rate, tuning->tournament,
                                 tuning->cross_rate, tuning->mutate_rate, tuning->mutate_genes,
                                 tuning->n_elites, tuning->n_moves);
    /* a run that has used up a limit does not come here, so that 0 is none */
    rein_evolution_set_time_limit(evolution,
                                  spec->time_ns > 0 ? spec->time_ns - before->elapsed_ns : 0);
    rein_evolution_set_round_limit(
        evolution, spec->n_rounds > 0 ? spec->n_rounds - (guint32)before->n_rounds : 0);
    rein_evolution_set_evaluation_limit(
        evolution, spec->n_evaluations > 0 ? spec->n_evaluations - before->n_evaluations : 0);
    rein_evolution_set_stagnation(evolution, spec->stagnation);
    rein_evolution_set_target(evolution, spec->target != NULL ? self->target : NULL);
    rein_evolution_set_deadline(evolution, rein_runner_get_deadline_left(self));
    rein_evolution_set_slice_target(evolution, rein_host_get_slice_ns(settings));
    rein_evolution_set_grace(evolution, get_grace_ns(settings, rein_device_get_id(self->device)));
    if (self->record != NULL) {
        rein_evolution_set_record_cb(evolution, on_record, self);
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
    report->is_disputed = TRUE;
    report->outcome = REIN_OUTCOME_FAILED;
    g_autofree char *kernel = rein_run_report_describe_planes(format, claimed, n_planes);
    g_autofree char *host = rein_run_report_describe_planes(format, report->score.planes, n_planes);
    g_clear_error(&report->error);
    rein_runner_take_error(
        self, g_error_new(REIN_ERROR, REIN_ERROR_FAILED,
                          "the best solution costs %s by its kernel but %s by the host's "
                          "count (a bug in rein: keep %s and report it)",
                          kernel, host, report->job_path));
}

void
rein_runner_take_best(ReinRunner *self, GBytes *genes, const double *claimed)
{
    ReinRunReport *report = self->report;

    if (genes == NULL) {
        return;
    }
    rein_runner_keep_best(self, genes);
    report->genes = g_bytes_ref(genes);
    rein_problem_file_score_genes(report->problem, g_bytes_get_data(genes, NULL), &report->score);
    report->has_score = TRUE;
    check_cost(self, claimed);
}

/* (transfer full): what the run says of an error of its evolution: of a deadline, the one that was
 * asked for, of which the evolution was only given the rest. */
static GError *
make_error(ReinRunner *self, ReinResult *result)
{
    const GError *error = rein_result_get_error(result);
    ReinReceipt *receipt = rein_result_get_receipt(result);

    if (rein_result_get_outcome(result) != REIN_OUTCOME_DEADLINE ||
        !g_error_matches(error, REIN_ERROR, REIN_ERROR_TIMEOUT) ||
        rein_receipt_is_abandoned(receipt)) {
        return g_error_copy(error);
    }
    g_autofree char *deadline = rein_value_format_duration(self->spec.deadline_ns);
    guint64 n_rounds = rein_result_get_n_rounds(result);
    g_autofree char *when = n_rounds > 0
                                ? g_strdup_printf("after %" G_GUINT64_FORMAT " rounds", n_rounds)
                                : g_strdup("before the first round ended");
    rein_job_folder_log(self->folder, "%s", error->message);
    return g_error_new(REIN_ERROR, REIN_ERROR_TIMEOUT,
                       "the deadline of %s passed %s (give --deadline more time)", deadline, when);
}

static void
take_result(ReinRunner *self, ReinResult *result)
{
    ReinRunReport *report = self->report;

    report->outcome = rein_result_get_outcome(result);
    report->n_rounds = self->before.n_rounds + rein_result_get_n_rounds(result);
    report->n_evaluations = self->before.n_evaluations + rein_result_get_n_evaluations(result);
    report->n_moves = self->before.n_moves + rein_result_get_n_moves(result);
    report->elapsed_ns = self->before.elapsed_ns + rein_result_get_elapsed_ns(result);
    report->receipt = rein_receipt_ref(rein_result_get_receipt(result));
    if (rein_result_get_error(result) != NULL) {
        rein_runner_take_error(self, make_error(self, result));
    }
    rein_runner_take_best(self, rein_result_get_best_genes(result), rein_result_get_best(result));
}

void
rein_runner_evolve(ReinRunner *self)
{
    g_autoptr(ReinResult) result = NULL;

    do {
        tell_device(self);
        g_autoptr(ReinEvolution) evolution = make_evolution(self);
        g_clear_pointer(&result, rein_result_unref);
        result = rein_evolution_run(evolution, self->cancellable, on_progress, self);
        rein_runner_blame(self, result);
    } while (rein_runner_go_on(self, result));
    take_result(self, result);
}
