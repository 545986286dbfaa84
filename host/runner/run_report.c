/* SPDX-License-Identifier: MIT */

#include "run_report.h"

#include <math.h>

#include "common/json.h"
#include "receipt_json.h"

void
rein_run_report_free(ReinRunReport *self)
{
    if (self == NULL) {
        return;
    }
    g_clear_error(&self->error);
    g_free(self->job_id);
    g_free(self->job_path);
    g_free(self->solution_path);
    g_free(self->output_path);
    rein_problem_file_free(self->problem);
    g_clear_pointer(&self->genes, g_bytes_unref);
    g_free(self->device_id);
    g_free(self->device_name);
    g_free(self->fallback.from);
    g_free(self->fallback.to);
    g_free(self->fallback.reason);
    g_clear_pointer(&self->fallback.receipt, rein_receipt_unref);
    g_clear_pointer(&self->receipt, rein_receipt_unref);
    g_free(self);
}

void
rein_run_report_add_cost(JsonBuilder *builder, const char *member, double cost)
{
    if (cost == floor(cost) && fabs(cost) < 9007199254740992.0) {
        rein_json_add_number(builder, member, (gint64)cost);
    } else {
        rein_json_add_real(builder, member, cost);
    }
}

static void
add_plane_members(JsonBuilder *builder, const ReinProblemFormat *format, const double *planes)
{
    for (guint i = 0; i < REIN_MAX_PLANES && format->plane_names[i] != NULL; i++) {
        rein_run_report_add_cost(builder, format->plane_names[i], planes[i]);
    }
}

void
rein_run_report_add_planes(JsonBuilder *builder, const char *member,
                           const ReinProblemFormat *format, const double *planes)
{
    g_return_if_fail(builder != NULL && format != NULL && planes != NULL);

    json_builder_set_member_name(builder, member);
    json_builder_begin_object(builder);
    add_plane_members(builder, format, planes);
    json_builder_end_object(builder);
}

char *
rein_run_report_describe_planes(const ReinProblemFormat *format, const double *planes,
                                guint n_planes)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < n_planes; i++) {
        const char *name = format->plane_names[i] != NULL ? format->plane_names[i] : "plane";
        g_string_append_printf(text, "%s%s %.15g", i > 0 ? ", " : "", name, planes[i]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
add_best(JsonBuilder *builder, const ReinRunReport *self)
{
    json_builder_set_member_name(builder, "best");
    if (!self->has_score) {
        json_builder_add_null_value(builder);
        return;
    }
    json_builder_begin_object(builder);
    add_plane_members(builder, self->problem->format, self->score.planes);
    rein_json_add_boolean(builder, "feasible", self->score.is_feasible);
    json_builder_set_member_name(builder, "parts");
    json_builder_begin_object(builder);
    for (guint i = 0; i < self->score.n_parts; i++) {
        rein_json_add_number(builder, self->score.parts[i].name, self->score.parts[i].cost);
    }
    json_builder_end_object(builder);
    json_builder_end_object(builder);
}

void
rein_run_report_add_seed(JsonBuilder *builder, guint64 seed)
{
    /* whole numbers end at 2^63 here */
    if (seed <= G_MAXINT64) {
        rein_json_add_number(builder, "seed", (gint64)seed);
        return;
    }
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, seed);
    rein_json_add_text(builder, "seed", text);
}

void
rein_run_report_add_fallback(JsonBuilder *builder, const ReinRunFallback *fallback,
                             gboolean has_steps)
{
    g_return_if_fail(builder != NULL && fallback != NULL);

    json_builder_set_member_name(builder, "fallback");
    if (fallback->to == NULL) {
        json_builder_add_null_value(builder);
        return;
    }
    json_builder_begin_object(builder);
    rein_json_add_text(builder, "from", fallback->from);
    rein_json_add_text(builder, "to", fallback->to);
    rein_json_add_text(builder, "reason", fallback->reason);
    json_builder_set_member_name(builder, "receipt");
    json_builder_begin_object(builder);
    rein_receipt_add_json(builder, fallback->receipt, has_steps);
    json_builder_end_object(builder);
    json_builder_end_object(builder);
}

void
rein_run_report_add_json(const ReinRunReport *self, JsonBuilder *builder)
{
    g_return_if_fail(self != NULL && builder != NULL);

    rein_json_add_text(builder, "outcome", rein_outcome_to_string(self->outcome));
    rein_json_add_text(builder, "error", self->error != NULL ? self->error->message : NULL);
    rein_json_add_number(builder, "exit_code", self->exit_code);
    add_best(builder, self);
    rein_json_add_number(builder, "rounds", (gint64)self->n_rounds);
    rein_json_add_number(builder, "evaluations", (gint64)self->n_evaluations);
    rein_json_add_number(builder, "moves", (gint64)self->n_moves);
    rein_json_add_real(builder, "seconds", round((double)self->elapsed_ns / 1e6) / 1e3);
    rein_json_add_text(builder, "device", self->device_id);
    rein_run_report_add_fallback(builder, &self->fallback, FALSE);
    rein_run_report_add_seed(builder, self->seed);
    rein_json_add_number(builder, "population", self->population);
    rein_json_add_text(builder, "solution", self->solution_path);
    rein_json_add_text(builder, "output", self->output_path);
    rein_json_add_text(builder, "job", self->job_id);
    json_builder_set_member_name(builder, "receipt");
    json_builder_begin_object(builder);
    rein_receipt_add_json(builder, self->receipt, FALSE);
    json_builder_end_object(builder);
}
