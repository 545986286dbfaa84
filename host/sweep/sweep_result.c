/* SPDX-License-Identifier: MIT */

#include "sweep_result.h"

#include <math.h>
#include <string.h>

#include "common/json.h"
#include "runner/receipt_json.h"

#define FEASIBLE "feasible"

void
rein_sweep_result_free(ReinSweepResult *self)
{
    if (self == NULL) {
        return;
    }
    g_free(self->outcome);
    g_free(self->error);
    for (guint i = 0; i < REIN_MAX_PLANES; i++) {
        g_free(self->plane_names[i]);
    }
    g_free(self->device);
    g_free(self->solution);
    g_free(self->job);
    g_free(self);
}

static void
take_score(ReinSweepResult *self, const ReinRunReport *report)
{
    const char *const *names = report->problem->format->plane_names;

    for (guint i = 0; i < REIN_MAX_PLANES && names[i] != NULL; i++) {
        self->plane_names[i] = g_strdup(names[i]);
        self->planes[i] = report->score.planes[i];
        self->n_planes++;
    }
    self->is_feasible = report->score.is_feasible;
}

ReinSweepResult *
rein_sweep_result_new(guint number, const ReinRunReport *report)
{
    g_return_val_if_fail(report != NULL, NULL);

    ReinSweepResult *self = g_new0(ReinSweepResult, 1);
    self->number = number;
    self->outcome = g_strdup(rein_outcome_to_string(report->outcome));
    self->exit_code = report->exit_code;
    self->error = report->error != NULL ? g_strdup(report->error->message) : NULL;
    if (report->has_score) {
        take_score(self, report);
    }
    self->n_rounds = report->n_rounds;
    self->n_evaluations = report->n_evaluations;
    self->n_moves = report->n_moves;
    self->seconds = round((double)report->elapsed_ns / 1e6) / 1e3;
    self->device = g_strdup(report->device_id);
    self->is_clean = rein_receipt_is_clean_or_null(report->receipt);
    if (report->receipt != NULL) {
        self->leaked_size = rein_receipt_get_leaked_size(report->receipt);
        self->teardown_ms = (double)rein_receipt_get_teardown_ns(report->receipt) / 1e6;
    }
    return self;
}

ReinSweepResult *
rein_sweep_result_new_failed(guint number, const GError *error)
{
    g_return_val_if_fail(error != NULL, NULL);

    ReinSweepResult *self = g_new0(ReinSweepResult, 1);
    self->number = number;
    self->outcome = g_strdup(rein_outcome_to_string(REIN_OUTCOME_FAILED));
    self->exit_code = rein_exit_code_of_error(error);
    self->error = g_strdup(error->message);
    self->is_clean = TRUE; /* it never held anything */
    return self;
}

ReinSweepEnd
rein_sweep_result_get_end(const ReinSweepResult *self)
{
    g_return_val_if_fail(self != NULL, REIN_SWEEP_FAILED);

    if (self->exit_code == REIN_EXIT_OK || self->exit_code == REIN_EXIT_INFEASIBLE) {
        return REIN_SWEEP_ENDED;
    }
    return self->exit_code == REIN_EXIT_STOPPED ? REIN_SWEEP_STOPPED : REIN_SWEEP_FAILED;
}

gboolean
rein_sweep_result_is_better(const ReinSweepResult *a, const ReinSweepResult *b)
{
    g_return_val_if_fail(a != NULL && b != NULL, FALSE);

    for (guint i = 0; i < MIN(a->n_planes, b->n_planes); i++) {
        if (a->planes[i] != b->planes[i]) {
            return a->planes[i] < b->planes[i];
        }
    }
    return FALSE;
}

char *
rein_sweep_result_describe_cost(const ReinSweepResult *self)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_return_val_if_fail(self != NULL, NULL);

    for (guint i = 0; i < self->n_planes; i++) {
        g_string_append_printf(text, "%s%s %.15g", i > 0 ? ", " : "", self->plane_names[i],
                               self->planes[i]);
    }
    return self->n_planes > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : g_strdup("-");
}

void
rein_sweep_result_add_cost(const ReinSweepResult *self, JsonBuilder *builder, const char *member)
{
    json_builder_set_member_name(builder, member);
    if (self == NULL || self->n_planes == 0) {
        json_builder_add_null_value(builder);
        return;
    }
    json_builder_begin_object(builder);
    for (guint i = 0; i < self->n_planes; i++) {
        rein_run_report_add_cost(builder, self->plane_names[i], self->planes[i]);
    }
    rein_json_add_boolean(builder, FEASIBLE, self->is_feasible);
    json_builder_end_object(builder);
}

void
rein_sweep_add_settings(JsonBuilder *builder, const ReinSweepPlan *plan, guint group)
{
    const GPtrArray *dimensions = rein_sweep_plan_get_file(plan)->dimensions;

    json_builder_set_member_name(builder, "settings");
    json_builder_begin_object(builder);
    for (guint i = 0; i < dimensions->len; i++) {
        const ReinSweepDimension *dimension = g_ptr_array_index(dimensions, i);
        rein_json_add_text(builder, dimension->name, rein_sweep_plan_get_value(plan, group, i));
    }
    json_builder_end_object(builder);
}

static void
add_receipt(const ReinSweepResult *self, JsonBuilder *builder)
{
    json_builder_set_member_name(builder, "receipt");
    json_builder_begin_object(builder);
    rein_json_add_boolean(builder, "clean", self->is_clean);
    rein_json_add_number(builder, "leaked_bytes", (gint64)self->leaked_size);
    rein_json_add_real(builder, "teardown_ms", self->teardown_ms);
    json_builder_end_object(builder);
}

char *
rein_sweep_result_to_line(const ReinSweepResult *self, const ReinSweepPlan *plan)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    ReinSweepCombination combination = { 0 };

    g_return_val_if_fail(self != NULL && plan != NULL, NULL);

    rein_sweep_plan_get(plan, self->number, &combination);
    json_builder_begin_object(builder);
    rein_json_add_number(builder, "v", REIN_SWEEP_VERSION);
    rein_json_add_text(builder, "type", "combination");
    rein_json_add_number(builder, "index", self->number);
    rein_json_add_text(builder, "instance", combination.instance->name);
    rein_run_report_add_seed(builder, combination.seed);
    rein_sweep_add_settings(builder, plan, combination.group);
    rein_json_add_text(builder, "outcome", self->outcome);
    rein_json_add_text(builder, "error", self->error);
    rein_json_add_number(builder, "exit_code", self->exit_code);
    rein_sweep_result_add_cost(self, builder, "best");
    rein_json_add_number(builder, "rounds", (gint64)self->n_rounds);
    rein_json_add_number(builder, "evaluations", (gint64)self->n_evaluations);
    rein_json_add_number(builder, "moves", (gint64)self->n_moves);
    rein_json_add_real(builder, "seconds", self->seconds);
    rein_json_add_text(builder, "device", self->device);
    rein_json_add_boolean(builder, "warm", self->is_warm);
    add_receipt(self, builder);
    rein_json_add_text(builder, "solution", self->solution);
    rein_json_add_text(builder, "job", self->job);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) node = json_builder_get_root(builder);
    return rein_json_to_text(node, FALSE);
}
