/* SPDX-License-Identifier: MIT */

#include "sweep_print.h"

#include "columns.h"
#include "common/json.h"
#include "common/value.h"
#include "sweep/sweep_group.h"

/* Settings with one value say nothing that tells one row from another. */
static gboolean
is_shown(const ReinSweepDimension *dimension)
{
    return dimension->n_values > 1;
}

static guint
count_shown(const ReinSweepPlan *plan)
{
    const GPtrArray *dimensions = rein_sweep_plan_get_file(plan)->dimensions;
    guint n_shown = 0;

    for (guint i = 0; i < dimensions->len; i++) {
        n_shown += is_shown(g_ptr_array_index(dimensions, i)) ? 1 : 0;
    }
    return n_shown;
}

static void
add_heads(Columns *columns, const ReinSweepPlan *plan)
{
    const GPtrArray *dimensions = rein_sweep_plan_get_file(plan)->dimensions;

    for (guint i = 0; i < dimensions->len; i++) {
        const ReinSweepDimension *dimension = g_ptr_array_index(dimensions, i);
        g_autofree char *head = g_ascii_strup(dimension->name, -1);
        if (is_shown(dimension)) {
            columns_add(columns, head);
        }
    }
}

static void
add_values(Columns *columns, const ReinSweepPlan *plan, guint group)
{
    const GPtrArray *dimensions = rein_sweep_plan_get_file(plan)->dimensions;

    for (guint i = 0; i < dimensions->len; i++) {
        if (is_shown(g_ptr_array_index(dimensions, i))) {
            columns_add(columns, rein_sweep_plan_get_value(plan, group, i));
        }
    }
}

static void
add_number(Columns *columns, guint64 number)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, number);

    columns_add(columns, text);
}

/* ---- the plan ---- */

static void
print_plan_text(const ReinSweepPlan *plan, const ReinOutput *output)
{
    guint n_shown = count_shown(plan);
    /* index and seed are numbers */
    g_autoptr(Columns) columns = columns_new(3 + n_shown, 1u | 1u << (2 + n_shown));

    columns_add(columns, "INDEX");
    columns_add(columns, "INSTANCE");
    add_heads(columns, plan);
    columns_add(columns, "SEED");
    for (guint number = 1; number <= rein_sweep_plan_get_n(plan); number++) {
        ReinSweepCombination combination = { 0 };
        rein_sweep_plan_get(plan, number, &combination);
        add_number(columns, number);
        columns_add(columns, combination.instance->name);
        add_values(columns, plan, combination.group);
        add_number(columns, combination.seed);
    }
    columns_print(columns, output);
}

static void
add_combination(JsonBuilder *builder, const ReinSweepPlan *plan, guint number)
{
    ReinSweepCombination combination = { 0 };

    rein_sweep_plan_get(plan, number, &combination);
    json_builder_begin_object(builder);
    rein_json_add_text(builder, "type", "combination");
    rein_json_add_number(builder, "index", number);
    rein_json_add_text(builder, "instance", combination.instance->name);
    rein_run_report_add_seed(builder, combination.seed);
    rein_sweep_add_settings(builder, plan, combination.group);
    json_builder_end_object(builder);
}

static void
print_document(JsonBuilder *builder, const ReinOutput *output)
{
    g_autoptr(JsonNode) node = json_builder_get_root(builder);

    rein_output_print_json(output, node);
    json_builder_reset(builder);
}

void
sweep_print_plan(const ReinSweepPlan *plan, const ReinOutput *output)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    gboolean is_one = output->format == REIN_OUTPUT_JSON;

    if (output->format == REIN_OUTPUT_TEXT) {
        print_plan_text(plan, output);
        return;
    }
    if (is_one) {
        json_builder_begin_object(builder);
        json_builder_set_member_name(builder, "combinations");
        json_builder_begin_array(builder);
    }
    for (guint number = 1; number <= rein_sweep_plan_get_n(plan); number++) {
        add_combination(builder, plan, number);
        if (!is_one) {
            print_document(builder, output);
        }
    }
    if (is_one) {
        json_builder_end_array(builder);
        json_builder_end_object(builder);
        print_document(builder, output);
    }
}

/* ---- the end ---- */

static void
add_cost(Columns *columns, const ReinSweepResult *result)
{
    g_autofree char *cost =
        result != NULL ? rein_sweep_result_describe_cost(result) : g_strdup("-");

    columns_add(columns, cost);
}

static void
print_table(const ReinSweepPlan *plan, const ReinSweepFolder *folder, const ReinOutput *output)
{
    guint n_shown = count_shown(plan);
    g_autoptr(Columns) columns = columns_new(7 + n_shown, 7u << (1 + n_shown));

    columns_add(columns, "INSTANCE");
    add_heads(columns, plan);
    columns_add(columns, "ENDED");
    columns_add(columns, "FAILED");
    columns_add(columns, "FEASIBLE");
    columns_add(columns, "BEST");
    columns_add(columns, "MEDIAN");
    columns_add(columns, "WORST");
    for (guint i = 0; i < rein_sweep_plan_get_n_groups(plan); i++) {
        ReinSweepGroup group = { 0 };
        rein_sweep_group_init(&group, plan, folder, i);
        g_autofree char *ended = g_strdup_printf("%u/%u", group.n_ended, group.n);
        columns_add(columns, rein_sweep_group_get_instance(plan, i));
        add_values(columns, plan, i);
        columns_add(columns, ended);
        add_number(columns, group.n_failed);
        add_number(columns, group.n_feasible);
        add_cost(columns, group.best);
        add_cost(columns, group.median);
        add_cost(columns, group.worst);
    }
    columns_print(columns, output);
}

static void
print_text(const ReinSweepPlan *plan, const ReinSweepFolder *folder,
           const ReinSweepReceipt *receipt, const SweepEnd *end, const ReinOutput *output)
{
    g_autofree char *leaked = rein_value_describe_size(receipt->leaked_size);

    print_table(plan, folder, output);
    if (output->is_quiet) {
        return;
    }
    rein_output_print(output, "\nsweep: %s: %u of %u ended, %u failed, %u stopped", end->outcome,
                      receipt->n_ended, receipt->n, receipt->n_failed, receipt->n_stopped);
    if (end->n_earlier > 0) {
        rein_output_print(output, "; %u of them earlier", end->n_earlier);
    }
    rein_output_print(output, "\nresults: %s/results.ndjson\n", rein_sweep_folder_get_path(folder));
    if (receipt->n_not_clean == 0) {
        rein_output_print(output, "receipt: clean, everything was given back\n");
    } else {
        rein_output_print(output, "receipt: NOT clean in %u of %u jobs\n", receipt->n_not_clean,
                          receipt->n_jobs);
    }
    rein_output_print(
        output, "  %u jobs, devices opened: %u, longest teardown %.1f ms, %s leaked\n",
        receipt->n_jobs, receipt->n_devices_opened, receipt->worst_teardown_ms, leaked);
}

/* The members of the last document; the groups, too, if all is in one. */
static void
add_end(JsonBuilder *builder, const ReinSweepPlan *plan, const ReinSweepFolder *folder,
        const ReinSweepReceipt *receipt, const SweepEnd *end, gboolean has_groups)
{
    json_builder_begin_object(builder);
    rein_json_add_text(builder, "type", "sweep");
    rein_json_add_text(builder, "outcome", end->outcome);
    rein_json_add_text(builder, "error", end->error != NULL ? end->error->message : NULL);
    rein_json_add_number(builder, "exit_code", end->exit_code);
    rein_json_add_text(builder, "folder", rein_sweep_folder_get_path(folder));
    rein_json_add_number(builder, "earlier", end->n_earlier);
    if (has_groups) {
        json_builder_set_member_name(builder, "groups");
        json_builder_begin_array(builder);
        for (guint i = 0; i < rein_sweep_plan_get_n_groups(plan); i++) {
            ReinSweepGroup group = { 0 };
            rein_sweep_group_init(&group, plan, folder, i);
            json_builder_begin_object(builder);
            rein_sweep_group_add_json(&group, plan, i, builder);
            json_builder_end_object(builder);
        }
        json_builder_end_array(builder);
    }
    json_builder_set_member_name(builder, "receipt");
    json_builder_begin_object(builder);
    rein_sweep_receipt_add_json(receipt, builder);
    json_builder_end_object(builder);
    json_builder_end_object(builder);
}

void
sweep_print_end(const ReinSweepPlan *plan, const ReinSweepFolder *folder,
                const ReinSweepReceipt *receipt, const SweepEnd *end, const ReinOutput *output)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    gboolean is_one = output->format == REIN_OUTPUT_JSON;

    g_return_if_fail(plan != NULL && folder != NULL && receipt != NULL && end != NULL);

    if (output->format == REIN_OUTPUT_TEXT) {
        print_text(plan, folder, receipt, end, output);
        return;
    }
    for (guint i = 0; !is_one && i < rein_sweep_plan_get_n_groups(plan); i++) {
        ReinSweepGroup group = { 0 };
        rein_sweep_group_init(&group, plan, folder, i);
        json_builder_begin_object(builder);
        rein_sweep_group_add_json(&group, plan, i, builder);
        json_builder_end_object(builder);
        print_document(builder, output);
    }
    add_end(builder, plan, folder, receipt, end, is_one);
    print_document(builder, output);
}
