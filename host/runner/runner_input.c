/* SPDX-License-Identifier: MIT */

#include "runner_private.h"

#include <rein/error.h>
#include <sys/stat.h>

#include "run_start.h"
#include "save.h"

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

gboolean
rein_runner_load(ReinRunner *self, GError **error)
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

gboolean
rein_runner_check_places(ReinRunner *self, GError **error)
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
