/* SPDX-License-Identifier: MIT */

#include "bench.h"

#include <stdio.h>

#include "common/json.h"

const BenchCase bench_cases[] = {
    { "evaluate", "full timetable evaluations, against plain C on one core", FALSE,
      bench_evaluate },
    { "moves", "delta-evaluated timetable moves", FALSE, bench_moves },
    { "round", "what a round of empty kernels costs", FALSE, bench_round },
    { "host", "run_fitness against a host program written by hand", FALSE, bench_host },
    { "versus", "one device against another", FALSE, bench_versus },
    { "build", "programs: the first build, and one from the cache", FALSE, bench_build },
    { "stop", "from the stop flag to the terminal state", FALSE, bench_stop },
    { "timetable", "quality on ITC-2007 comp01 to comp07, against the best known", TRUE,
      bench_timetable },
    { NULL, NULL, FALSE, NULL },
};

/* One row, as text at once and as a member of the JSON document. */
static void
bench_row(Bench *bench, const char *test, const char *what, const char *unit, guint n,
          const char *const *names, const double *values, guint n_values)
{
    g_autoptr(GString) text = g_string_new(NULL);

    json_builder_begin_object(bench->rows);
    rein_json_add_text(bench->rows, "case", test);
    rein_json_add_text(bench->rows, "what", what);
    rein_json_add_text(bench->rows, "unit", unit);
    rein_json_add_text(bench->rows, "device", bench->device->id);
    rein_json_add_number(bench->rows, "n", n);
    for (guint i = 0; i < n_values; i++) {
        rein_json_add_real(bench->rows, names[i], values[i]);
        g_string_append_printf(text, "  %s %.4g", names[i], values[i]);
    }
    json_builder_end_object(bench->rows);
    if (bench->output->format == REIN_OUTPUT_TEXT) {
        rein_output_print(bench->output, "%-9s %-42s %8s%s  (n %u)\n", test, what, unit, text->str,
                          n);
        (void)fflush(stdout); /* the next row may be minutes away */
    }
}

void
bench_report(Bench *bench, const char *test, const char *what, const char *unit, Series *series)
{
    static const char *const names[] = { "median", "min", "max" };
    const double values[] = {
        series_get_percentile(series, 0.5),
        series_get_percentile(series, 0),
        series_get_percentile(series, 1),
    };

    bench_row(bench, test, what, unit, series_get_n(series), names, values, G_N_ELEMENTS(values));
}

void
bench_report_tail(Bench *bench, const char *test, const char *what, const char *unit,
                  Series *series)
{
    static const char *const names[] = { "p50", "p99", "max" };
    const double values[] = {
        series_get_percentile(series, 0.5),
        series_get_percentile(series, 0.99),
        series_get_percentile(series, 1),
    };

    bench_row(bench, test, what, unit, series_get_n(series), names, values, G_N_ELEMENTS(values));
}
