/* SPDX-License-Identifier: MIT */

#include "runner_private.h"

#include <rein/error.h>

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

/* What is written must not take the place of what is read, nor of the other thing written. The
 * solution may replace the one it began from. */
static gboolean
check_overlap(const ReinRunSpec *spec, GError **error)
{
    const struct {
        const char *path; /* nullable, as is `other` */
        const char *what;
        const char *other;
        const char *other_what;
    } pairs[] = {
        { spec->output_path, "the solution", spec->problem_path, "the problem" },
        { spec->record_path, "the record", spec->problem_path, "the problem" },
        { spec->record_path, "the record", spec->start_path, "the start solution" },
        { spec->record_path, "the record", spec->output_path, "the solution" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
        if (pairs[i].path != NULL && pairs[i].other != NULL &&
            rein_save_is_same_place(pairs[i].path, pairs[i].other)) {
            g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                        "%s: %s would replace %s (choose another place)", pairs[i].path,
                        pairs[i].what, pairs[i].other_what);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean
rein_runner_check_places(ReinRunner *self, GError **error)
{
    const ReinRunSpec *spec = &self->spec;

    return (spec->output_path == NULL || rein_save_check(spec->output_path, error)) &&
           (spec->record_path == NULL || rein_save_check(spec->record_path, error)) &&
           check_overlap(spec, error);
}
