/* SPDX-License-Identifier: MIT */

#include "sweep_group.h"

#include "common/json.h"

static gint
compare_costs(gconstpointer a, gconstpointer b)
{
    const ReinSweepResult *first = *(const ReinSweepResult *const *)a;
    const ReinSweepResult *second = *(const ReinSweepResult *const *)b;

    if (rein_sweep_result_is_better(first, second)) {
        return -1;
    }
    if (rein_sweep_result_is_better(second, first)) {
        return 1;
    }
    return first->number < second->number ? -1 : 1;
}

void
rein_sweep_group_init(ReinSweepGroup *self, const ReinSweepPlan *plan,
                      const ReinSweepFolder *folder, guint group)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new(); /* with a cost */

    g_return_if_fail(self != NULL && plan != NULL && folder != NULL);
    g_return_if_fail(group < rein_sweep_plan_get_n_groups(plan));

    guint n_seeds = rein_sweep_plan_get_file(plan)->seeds->len;
    *self = (ReinSweepGroup){ .n = n_seeds };
    for (guint i = 1; i <= n_seeds; i++) {
        const ReinSweepResult *result = rein_sweep_folder_get_result(folder, group * n_seeds + i);
        if (result == NULL || rein_sweep_result_get_end(result) != REIN_SWEEP_ENDED) {
            self->n_failed +=
                result != NULL && rein_sweep_result_get_end(result) == REIN_SWEEP_FAILED;
            continue;
        }
        self->n_ended++;
        self->n_feasible += result->n_planes > 0 && result->is_feasible ? 1 : 0;
        if (result->n_planes > 0) {
            g_ptr_array_add(known, (gpointer)result);
        }
    }
    g_ptr_array_sort(known, compare_costs);
    if (known->len > 0) {
        self->best = g_ptr_array_index(known, 0);
        self->median = g_ptr_array_index(known, known->len / 2);
        self->worst = g_ptr_array_index(known, known->len - 1);
    }
}

const char *
rein_sweep_group_get_instance(const ReinSweepPlan *plan, guint group)
{
    ReinSweepCombination combination = { 0 };

    rein_sweep_plan_get(plan, group * rein_sweep_plan_get_file(plan)->seeds->len + 1, &combination);
    return combination.instance->name;
}

void
rein_sweep_group_add_json(const ReinSweepGroup *self, const ReinSweepPlan *plan, guint group,
                          JsonBuilder *builder)
{
    g_return_if_fail(self != NULL && plan != NULL && builder != NULL);

    rein_json_add_text(builder, "type", "group");
    rein_json_add_text(builder, "instance", rein_sweep_group_get_instance(plan, group));
    rein_sweep_add_settings(builder, plan, group);
    rein_json_add_number(builder, "combinations", self->n);
    rein_json_add_number(builder, "ended", self->n_ended);
    rein_json_add_number(builder, "feasible", self->n_feasible);
    rein_json_add_number(builder, "failed", self->n_failed);
    rein_sweep_result_add_cost(self->best, builder, "best");
    rein_sweep_result_add_cost(self->median, builder, "median");
    rein_sweep_result_add_cost(self->worst, builder, "worst");
}
