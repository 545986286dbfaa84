/* SPDX-License-Identifier: MIT */

#include "sweep_receipt.h"

#include "common/json.h"

static void
count_outcome(ReinSweepReceipt *self, const char *outcome)
{
    for (guint i = 0; i < REIN_SWEEP_N_OUTCOMES; i++) {
        if (g_str_equal(rein_outcome_to_string((ReinOutcome)i), outcome)) {
            self->n_outcomes[i]++;
        }
    }
}

static void
count(ReinSweepReceipt *self, const ReinSweepResult *result)
{
    ReinSweepEnd end = rein_sweep_result_get_end(result);

    self->n_jobs++;
    self->n_ended += end == REIN_SWEEP_ENDED ? 1 : 0;
    self->n_stopped += end == REIN_SWEEP_STOPPED ? 1 : 0;
    self->n_failed += end == REIN_SWEEP_FAILED ? 1 : 0;
    if (end == REIN_SWEEP_FAILED && self->first_failure == REIN_EXIT_OK) {
        self->first_failure = result->exit_code;
    }
    self->n_clean += result->is_clean ? 1 : 0;
    self->n_not_clean += result->is_clean ? 0 : 1;
    self->leaked_size += result->leaked_size;
    self->worst_teardown_ms = MAX(self->worst_teardown_ms, result->teardown_ms);
    self->n_devices_opened += result->device != NULL && !result->is_warm ? 1 : 0;
    count_outcome(self, result->outcome);
}

void
rein_sweep_receipt_init(ReinSweepReceipt *self, const ReinSweepPlan *plan,
                        const ReinSweepFolder *folder)
{
    g_return_if_fail(self != NULL && plan != NULL && folder != NULL);

    *self = (ReinSweepReceipt){ .n = rein_sweep_plan_get_n(plan) };
    for (guint number = 1; number <= self->n; number++) {
        const ReinSweepResult *result = rein_sweep_folder_get_result(folder, number);
        if (result != NULL) {
            count(self, result);
        }
    }
}

void
rein_sweep_receipt_add_json(const ReinSweepReceipt *self, JsonBuilder *builder)
{
    g_return_if_fail(self != NULL && builder != NULL);

    rein_json_add_number(builder, "combinations", self->n);
    rein_json_add_number(builder, "jobs", self->n_jobs);
    rein_json_add_number(builder, "ended", self->n_ended);
    rein_json_add_number(builder, "stopped", self->n_stopped);
    rein_json_add_number(builder, "failed", self->n_failed);
    rein_json_add_number(builder, "clean", self->n_clean);
    rein_json_add_number(builder, "not_clean", self->n_not_clean);
    rein_json_add_number(builder, "leaked_bytes", (gint64)self->leaked_size);
    rein_json_add_real(builder, "worst_teardown_ms", self->worst_teardown_ms);
    rein_json_add_number(builder, "devices_opened", self->n_devices_opened);
    json_builder_set_member_name(builder, "outcomes");
    json_builder_begin_object(builder);
    for (guint i = 0; i < REIN_SWEEP_N_OUTCOMES; i++) {
        rein_json_add_number(builder, rein_outcome_to_string((ReinOutcome)i), self->n_outcomes[i]);
    }
    json_builder_end_object(builder);
}

char *
rein_sweep_receipt_to_text(const ReinSweepReceipt *self)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    rein_json_add_number(builder, "v", REIN_SWEEP_VERSION);
    rein_sweep_receipt_add_json(self, builder);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) node = json_builder_get_root(builder);
    g_autofree char *text = rein_json_to_text(node, TRUE);
    return g_strconcat(text, "\n", NULL);
}

ReinExitCode
rein_sweep_receipt_get_exit_code(const ReinSweepReceipt *self, gboolean is_stopped)
{
    g_return_val_if_fail(self != NULL, REIN_EXIT_BUG);

    return is_stopped ? REIN_EXIT_STOPPED : self->first_failure;
}
