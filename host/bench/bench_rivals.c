/* SPDX-License-Identifier: MIT */

/* A plugin's table against host programs written by hand, and against another plugin's. */

#include <bench_evolve.h>
#include <ctt_kernels.h>
#include <glib/gstdio.h>
#include <rein/error.h>
#include <string.h>

#include "bench_work.h"
#include "rival.h"

#define RIVAL "opencl_host"
#define MAX_BUILDS 5u

/* ---- against a host program ---- */

static void
remove_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        (void)g_remove(path);
    }
    (void)g_rmdir(folder);
}

/* Both sides ran the same rounds from the same buffers: whatever they computed is the same. */
static gboolean
check_same(const BenchWork *work, Rival *rival, GError **error)
{
    for (guint i = 0; i < table_device_get_n_buffers(work->device); i++) {
        gsize size = 0;
        g_autofree gpointer ours = table_device_copy(work->device, i, &size, error);
        g_autofree gpointer theirs = ours != NULL ? rival_read(rival, i, size, error) : NULL;
        if (theirs == NULL) {
            return FALSE;
        }
        if (memcmp(ours, theirs, size) != 0) {
            g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED,
                        "buffer %u is not the same here and in " RIVAL
                        ", so their rates cannot be compared",
                        i);
            return FALSE;
        }
    }
    return TRUE;
}

static void
report_pair(Bench *bench, const char *test, const char *name, const char *const who[2],
            Series *const rates[2], Series *ratio)
{
    g_autofree char *ratio_label = g_strdup_printf("%s, %s / %s", name, who[0], who[1]);

    for (guint i = 0; i < 2; i++) {
        g_autofree char *label = g_strdup_printf("%s, %s", name, who[i]);
        bench_report(bench, test, label, "1/s", rates[i]);
    }
    bench_report(bench, test, ratio_label, "ratio", ratio);
}

static gboolean
host_measure(Bench *bench, const char *name, BenchWork *work, Rival *rival, GError **error)
{
    static const char *const who[] = { "run_fitness", "hand-written host" };
    g_autoptr(Series) ours = series_new();
    g_autoptr(Series) theirs = series_new();
    g_autoptr(Series) ratio = series_new();
    Series *const rates[] = { ours, theirs };

    for (guint i = 0; i < bench->n_repeats; i++) {
        const guint32 first_round = work->round;
        const double our_rate = bench_work_run(work, error);
        const gint64 their_ns = our_rate < 0 ? -1
                                             : rival_run(rival, first_round, work->n_rounds,
                                                         TABLE_DEVICE_PROGRESS, error);
        if (their_ns < 0) {
            return FALSE;
        }
        const double their_rate = work->per_round * work->n_rounds / (double)their_ns * 1e9;
        series_add(ours, our_rate);
        series_add(theirs, their_rate);
        series_add(ratio, our_rate / their_rate);
    }
    if (!check_same(work, rival, error)) {
        return FALSE;
    }
    report_pair(bench, "host", name, who, rates, ratio);
    return TRUE;
}

static gboolean
host_work(Bench *bench, const BenchWorkSpec *spec, const char *program, const char *folder,
          GError **error)
{
    const char *number = strrchr(bench->device->id, ':') + 1; /* "opencl:pocl:0" */
    const char *const arguments[] = { number, NULL };
    g_autoptr(BenchWork) work =
        bench_work_new(bench, spec, bench->device, bench->plugin_path, error);
    g_autoptr(Rival) rival = NULL;

    if (work == NULL || !table_device_save_job(work->device, work->stages, work->n_stages,
                                               work->interleave, folder, error)) {
        return FALSE;
    }
    rival = rival_start(program, folder, arguments, error);
    if (rival == NULL) {
        return FALSE;
    }
    rein_output_note(bench->output, "bench: host: %s: the rival's groups:%s", spec->name,
                     rival_get_choice(rival));
    return host_measure(bench, spec->name, work, rival, error);
}

gboolean
bench_host(Bench *bench, GError **error)
{
    g_autofree char *program = g_build_filename(bench->rivals, RIVAL, NULL);

    if (!g_str_equal(bench->device->plugin, "opencl")) {
        rein_output_note(bench->output,
                         "bench: host: left out: it is for devices of the plugin opencl");
        return TRUE;
    }
    if (!g_file_test(program, G_FILE_TEST_IS_EXECUTABLE)) {
        rein_output_note(
            bench->output,
            "bench: host: left out: there is no %s (--rivals DIR, built with the tests)", program);
        return TRUE;
    }
    for (const BenchWorkSpec *spec = bench_works; spec->name != NULL; spec++) {
        g_autofree char *folder = g_dir_make_tmp("rein-bench-XXXXXX", error);
        const gboolean is_done = folder != NULL && host_work(bench, spec, program, folder, error);
        if (folder != NULL) {
            remove_folder(folder);
        }
        if (!is_done) {
            g_prefix_error(error, "bench host: %s: ", spec->name);
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- against another device ---- */

/* Evaluations of the same genomes: both must find the same. */
static gboolean
check_fitness(const BenchWork *a, const BenchWork *b, GError **error)
{
    const gsize size = a->fitness_size;
    g_autofree gpointer first = g_malloc(size);
    g_autofree gpointer second = g_malloc(size);

    if (!table_device_read(a->device, a->fitness, first, size, error) ||
        !table_device_read(b->device, b->fitness, second, size, error)) {
        return FALSE;
    }
    if (memcmp(first, second, size) != 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED,
                    "the two devices do not evaluate alike, so their rates cannot be compared");
        return FALSE;
    }
    return TRUE;
}

static gboolean
versus_work(Bench *bench, const BenchWorkSpec *spec, GError **error)
{
    const char *const who[] = { bench->device->id, bench->against->id };
    g_autoptr(BenchWork) first =
        bench_work_new(bench, spec, bench->device, bench->plugin_path, error);
    g_autoptr(BenchWork) second =
        first != NULL ? bench_work_new(bench, spec, bench->against, bench->against_path, error)
                      : NULL;
    g_autoptr(Series) first_rate = series_new();
    g_autoptr(Series) second_rate = series_new();
    g_autoptr(Series) ratio = series_new();
    Series *const rates[] = { first_rate, second_rate };

    if (second == NULL || (first->fitness != 0 && !check_fitness(first, second, error))) {
        return FALSE;
    }
    for (guint i = 0; i < bench->n_repeats; i++) {
        const double a = bench_work_run(first, error);
        const double b = a < 0 ? -1 : bench_work_run(second, error);
        if (b < 0) {
            return FALSE;
        }
        series_add(first_rate, a);
        series_add(second_rate, b);
        series_add(ratio, a / b);
    }
    report_pair(bench, "versus", spec->name, who, rates, ratio);
    return TRUE;
}

gboolean
bench_versus(Bench *bench, GError **error)
{
    if (bench->against == NULL) {
        rein_output_note(bench->output, "bench: versus: left out: no --against SELECTOR");
        return TRUE;
    }
    for (const BenchWorkSpec *spec = bench_works; spec->name != NULL; spec++) {
        if (!versus_work(bench, spec, error)) {
            g_prefix_error(error, "bench versus: %s: ", spec->name);
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- programs ---- */

/* Milliseconds of one build on a device opened for it; negative with an error. */
static double
build_once(Bench *bench, const char *name, const char *text, gsize size, const char *cache,
           GError **error)
{
    g_autoptr(TableDevice) device =
        table_device_open(bench->plugin_path, bench->device->id, bench->settings, cache, error);
    const gint64 begun_us = g_get_monotonic_time();

    if (device == NULL || table_device_build(device, name, text, size, error) == 0) {
        return -1;
    }
    return (double)(g_get_monotonic_time() - begun_us) / 1000;
}

static gboolean
build_program(Bench *bench, const char *name, const char *text, gsize size, GError **error)
{
    g_autoptr(Series) first = series_new();
    g_autoptr(Series) second = series_new();
    g_autofree char *first_label = g_strdup_printf("%s, first build", name);
    g_autofree char *second_label = g_strdup_printf("%s, from the cache", name);

    for (guint i = 0; i < MIN(bench->n_repeats, MAX_BUILDS); i++) {
        g_autofree char *cache = g_dir_make_tmp("rein-bench-XXXXXX", error);
        const double a = cache != NULL ? build_once(bench, name, text, size, cache, error) : -1;
        const double b = a < 0 ? -1 : build_once(bench, name, text, size, cache, error);
        if (cache != NULL) {
            remove_folder(cache);
        }
        if (b < 0) {
            return FALSE;
        }
        series_add(first, a);
        series_add(second, b);
    }
    bench_report(bench, "build", first_label, "ms", first);
    bench_report(bench, "build", second_label, "ms", second);
    return TRUE;
}

gboolean
bench_build(Bench *bench, GError **error)
{
    return build_program(bench, "evolve_int16", bench_evolve, bench_evolve_size, error) &&
           build_program(bench, "timetable", ctt_kernels, ctt_kernels_size, error);
}
