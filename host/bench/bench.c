/* SPDX-License-Identifier: MIT */

#include "bench.h"

#include <stdio.h>
#include <string.h>

#include <rein/device.h>

#include "common/json.h"

const BenchCase bench_cases[] = {
    { "evaluate", "full timetable evaluations, against plain C on one core", FALSE,
      bench_evaluate },
    { "moves", "delta-evaluated timetable moves", FALSE, bench_moves },
    { "round", "what a round of empty kernels costs", FALSE, bench_round },
    { "host", "run_fitness against an OpenCL host program written by hand", FALSE, bench_host },
    { "versus", "one device against another", FALSE, bench_versus },
    { "build", "programs: the first start, and one from the cache", FALSE, bench_build },
    { "stop", "from the stop flag to the terminal state", FALSE, bench_stop },
    { "isolation", "the same job behind a worker process and in this one", FALSE, bench_isolation },
    { "gone", "from the stop flag to the end of a worker that does not stop", FALSE, bench_gone },
    { "kill", "from a host's kill -9 to the end of its last descendant", FALSE, bench_kill },
    { "teardown", "what giving back costs, and emptying the scratch folder", FALSE,
      bench_teardown },
    { "drift", "what many jobs on one worker leave behind", FALSE, bench_drift },
    { "timetable", "quality on ITC-2007 comp01 to comp07, against the best known", TRUE,
      bench_timetable },
    { NULL, NULL, FALSE, NULL },
};

GQuark
bench_error_quark(void)
{
    return g_quark_from_static_string("bench-error-quark");
}

/* ---- rows ---- */

static void
add_side(Bench *bench, const BenchSide *side, const BenchSide *against)
{
    rein_json_add_text(bench->rows, "device", side->device);
    rein_json_add_text(bench->rows, "backend", side->backend);
    if (against != NULL) {
        rein_json_add_text(bench->rows, "against_device", against->device);
        rein_json_add_text(bench->rows, "against_backend", against->backend);
    }
}

/* What a row is of, and how many values are behind it. */
typedef struct {
    const char *test;
    const char *what;
    const char *unit;
    const BenchSide *side;
    const BenchSide *against;
    guint n;
    const BenchGoal *goal; /* NULL: none */
} Row;

/* What a goal is called in a row, and the name of the value that it bounds. */
static const struct {
    const char *name;
    const char *value;
    gboolean is_least;
} bounds[] = {
    [BENCH_MEDIAN_AT_LEAST] = { "median_at_least", "median", TRUE },
    [BENCH_P99_AT_MOST] = { "p99_at_most", "p99", FALSE },
    [BENCH_MAX_AT_MOST] = { "max_at_most", "max", FALSE },
};

/* What the row should be, and whether it is. */
static void
add_goal(Bench *bench, const Row *row, const char *const *names, const double *values,
         guint n_values, GString *text)
{
    const BenchGoal *goal = row->goal;

    for (guint i = 0; goal != NULL && i < n_values; i++) {
        if (strcmp(names[i], bounds[goal->bound].value) != 0) {
            continue;
        }
        const gboolean is_held =
            bounds[goal->bound].is_least ? values[i] >= goal->value : values[i] <= goal->value;
        rein_json_add_real(bench->rows, bounds[goal->bound].name, goal->value);
        if (goal->value != 0) {
            rein_json_add_real(bench->rows, "part", values[i] / goal->value);
        }
        rein_json_add_boolean(bench->rows, "held", is_held);
        g_string_append_printf(text, "  %s %.4g: %s", bounds[goal->bound].name, goal->value,
                               is_held ? "held" : "MISSED");
    }
}

/* One row, as text at once and as a member of the JSON document. */
static void
bench_row(Bench *bench, const Row *row, const char *const *names, const double *values,
          guint n_values)
{
    g_autoptr(GString) text = g_string_new(NULL);

    json_builder_begin_object(bench->rows);
    rein_json_add_text(bench->rows, "case", row->test);
    rein_json_add_text(bench->rows, "what", row->what);
    rein_json_add_text(bench->rows, "unit", row->unit);
    add_side(bench, row->side, row->against);
    rein_json_add_number(bench->rows, "n", row->n);
    for (guint i = 0; i < n_values; i++) {
        rein_json_add_real(bench->rows, names[i], values[i]);
        g_string_append_printf(text, "  %s %.4g", names[i], values[i]);
    }
    add_goal(bench, row, names, values, n_values, text);
    json_builder_end_object(bench->rows);
    if (bench->output->format == REIN_OUTPUT_TEXT) {
        rein_output_print(bench->output, "%-9s %-42s %8s%s  (n %u)  %s by %s%s%s\n", row->test,
                          row->what, row->unit, text->str, row->n, row->side->device,
                          row->side->backend, row->against != NULL ? " / " : "",
                          row->against != NULL ? row->against->device : "");
        (void)fflush(stdout); /* the next row may be minutes away */
    }
}

BenchSide
bench_side(const Bench *bench)
{
    return (BenchSide){ .device = bench->device->id, .backend = bench->device->plugin };
}

static void
report_spread(Bench *bench, const BenchSide *side, const BenchSide *against, const char *test,
              const char *what, const char *unit, Series *series, const BenchGoal *goal)
{
    static const char *const names[] = { "median", "min", "max" };
    const Row row = { test, what, unit, side, against, series_get_n(series), goal };
    const double values[] = {
        series_get_percentile(series, 0.5),
        series_get_percentile(series, 0),
        series_get_percentile(series, 1),
    };

    bench_row(bench, &row, names, values, G_N_ELEMENTS(values));
}

static void
report_tail(Bench *bench, const BenchSide *side, const char *test, const char *what,
            const char *unit, Series *series, const BenchGoal *goal)
{
    static const char *const names[] = { "p50", "p99", "max" };
    const Row row = { test, what, unit, side, NULL, series_get_n(series), goal };
    const double values[] = {
        series_get_percentile(series, 0.5),
        series_get_percentile(series, 0.99),
        series_get_percentile(series, 1),
    };

    bench_row(bench, &row, names, values, G_N_ELEMENTS(values));
}

void
bench_report_side(Bench *bench, const BenchSide *side, const BenchSide *against, const char *test,
                  const char *what, const char *unit, Series *series)
{
    report_spread(bench, side, against, test, what, unit, series, NULL);
}

void
bench_report(Bench *bench, const char *test, const char *what, const char *unit, Series *series)
{
    const BenchSide side = bench_side(bench);

    report_spread(bench, &side, NULL, test, what, unit, series, NULL);
}

void
bench_report_tail(Bench *bench, const char *test, const char *what, const char *unit,
                  Series *series)
{
    const BenchSide side = bench_side(bench);

    report_tail(bench, &side, test, what, unit, series, NULL);
}

void
bench_report_goal(Bench *bench, const char *test, const char *what, const char *unit,
                  Series *series, BenchGoal goal)
{
    const BenchSide side = bench_side(bench);

    if (goal.bound == BENCH_MEDIAN_AT_LEAST) {
        report_spread(bench, &side, NULL, test, what, unit, series, &goal);
    } else {
        report_tail(bench, &side, test, what, unit, series, &goal);
    }
}

void
bench_report_pair(Bench *bench, const char *test, const char *what, const BenchSide sides[2],
                  const char *const who[2], Series *const rates[2], Series *ratio)
{
    const char *const names[] = { who != NULL ? who[0] : sides[0].device,
                                  who != NULL ? who[1] : sides[1].device };
    g_autofree char *ratio_label = g_strdup_printf("%s, %s / %s", what, names[0], names[1]);

    for (guint i = 0; i < 2; i++) {
        g_autofree char *label = g_strdup_printf("%s, %s", what, names[i]);
        bench_report_side(bench, &sides[i], NULL, test, label, "1/s", rates[i]);
    }
    bench_report_side(bench, &sides[0], &sides[1], test, ratio_label, "ratio", ratio);
}

/* ---- what is not there ---- */

static void
left_out_free(gpointer data)
{
    BenchLeftOut *self = data;

    g_free(self->test);
    g_free(self->what);
    g_free(self->device);
    g_free(self->reason);
    g_free(self);
}

void
bench_leave_out(Bench *bench, const char *test, const char *what, const char *reason)
{
    BenchLeftOut *left_out = g_new0(BenchLeftOut, 1);

    left_out->test = g_strdup(test);
    left_out->what = g_strdup(what);
    left_out->device = g_strdup(bench->device->id);
    left_out->reason = g_strdup(reason);
    if (bench->left_out == NULL) {
        bench->left_out = g_ptr_array_new_with_free_func(left_out_free);
    }
    g_ptr_array_add(bench->left_out, left_out);
    if (bench->output->format == REIN_OUTPUT_TEXT) {
        rein_output_print(bench->output, "%-9s %s%sleft out: %s\n", test, what,
                          *what != '\0' ? ": " : "", reason);
        (void)fflush(stdout);
    }
}

gboolean
bench_forgive(Bench *bench, const char *test, const char *what, GError **error)
{
    if (error == NULL || !g_error_matches(*error, BENCH_ERROR, BENCH_ERROR_WRONG)) {
        return FALSE;
    }
    bench->n_wrong++;
    bench_leave_out(bench, test, what, (*error)->message);
    g_clear_error(error);
    return TRUE;
}

void
bench_add_left_out(Bench *bench)
{
    json_builder_set_member_name(bench->rows, "left_out");
    json_builder_begin_array(bench->rows);
    for (guint i = 0; bench->left_out != NULL && i < bench->left_out->len; i++) {
        const BenchLeftOut *left_out = g_ptr_array_index(bench->left_out, i);
        json_builder_begin_object(bench->rows);
        rein_json_add_text(bench->rows, "case", left_out->test);
        rein_json_add_text(bench->rows, "what", left_out->what);
        rein_json_add_text(bench->rows, "device", left_out->device);
        rein_json_add_text(bench->rows, "reason", left_out->reason);
        json_builder_end_object(bench->rows);
    }
    json_builder_end_array(bench->rows);
    g_clear_pointer(&bench->left_out, g_ptr_array_unref);
}

/* ---- devices ---- */

gboolean
bench_pick_device(Bench *bench, const char *selector, const ReinDeviceEntry **picked,
                  const char **plugin_path, gint64 *opened_ns, GError **error)
{
    g_autoptr(ReinDevice) device = NULL;
    gint64 begun_us = 0;

    if (opened_ns != NULL) { /* finding devices is not part of opening one */
        rein_registry_scan(bench->registry);
    }
    begun_us = g_get_monotonic_time();
    device = rein_registry_open_device(bench->registry, selector, REIN_DEVICE_IN_PROCESS, error);
    if (device == NULL) {
        return FALSE;
    }
    if (opened_ns != NULL) {
        *opened_ns = (g_get_monotonic_time() - begun_us) * 1000;
    }
    for (guint i = 0; i < rein_registry_get_n_devices(bench->registry); i++) {
        const ReinDeviceEntry *entry = rein_registry_get_device(bench->registry, i);
        if (strcmp(entry->id, rein_device_get_id(device)) == 0) {
            *picked = entry;
        }
    }
    for (guint i = 0; i < rein_registry_get_n_candidates(bench->registry); i++) {
        const ReinCandidate *candidate = rein_registry_get_candidate(bench->registry, i);
        if (candidate->state == REIN_CANDIDATE_LOADED &&
            strcmp(candidate->name, (*picked)->plugin) == 0) {
            *plugin_path = candidate->path;
        }
    }
    return TRUE;
}
