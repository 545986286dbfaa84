/* SPDX-License-Identifier: MIT */

/* A plugin's table against a host program written by hand, which has the driver to itself. */

#include <rein/error.h>
#include <string.h>

#include "bench_folder.h"
#include "bench_work.h"
#include "rival.h"

#define RIVAL "opencl_host"

/* Both sides ran the same rounds from the same buffers: whatever they computed is the same. */
static gboolean
check_same(const BenchWork *work, Rival *rival, const char *folder, GError **error)
{
    for (guint i = 0; i < table_device_get_n_buffers(work->device); i++) {
        gsize size = 0;
        g_autofree gpointer ours = table_device_copy(work->device, i, &size, error);
        g_autofree gpointer theirs =
            ours != NULL ? rival_read(rival, i, size, folder, error) : NULL;
        if (theirs == NULL) {
            return FALSE;
        }
        if (memcmp(ours, theirs, size) != 0) {
            g_set_error(error, BENCH_ERROR, BENCH_ERROR_WRONG,
                        "buffer %u is not the same here and in " RIVAL
                        ", so their rates cannot be compared",
                        i);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
host_measure(Bench *bench, const char *name, BenchWork *work, Rival *rival, const char *folder,
             GError **error)
{
    static const char *const who[] = { "run_fitness", "hand-written host" };
    const BenchSide sides[] = { bench_side(bench), { bench->device->id, RIVAL } };
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
        const double their_rate = work->per_round * work->n_rounds / (double)MAX(their_ns, 1) * 1e9;
        series_add(ours, our_rate);
        series_add(theirs, their_rate);
        series_add(ratio, our_rate / their_rate);
    }
    if (!check_same(work, rival, folder, error)) {
        return FALSE;
    }
    bench_report_pair(bench, "host", name, sides, who, rates, ratio);
    return TRUE;
}

static gboolean
host_work(Bench *bench, const BenchWorkSpec *spec, GError **error)
{
    g_autofree char *program = g_build_filename(bench->rivals, RIVAL, NULL);
    g_autoptr(BenchWork) work =
        bench_work_new(bench, spec, bench->device, bench->plugin_path, error);
    g_autoptr(BenchFolder) folder = work != NULL ? bench_folder_new(error) : NULL;
    const char *number = strrchr(bench->device->id, ':') + 1; /* "opencl:pocl:0" */
    const char *const arguments[] = { folder, number, NULL };
    const RivalSetup setup = { .program = program,
                               .arguments = arguments,
                               .answer_ns = bench->answer_ns };

    if (folder == NULL || !bench_work_calibrate(work, error) ||
        !table_device_save_job(work->device, work->stages, work->n_stages, work->interleave, folder,
                               error)) {
        return FALSE;
    }
    g_autoptr(Rival) rival = rival_start(&setup, error);
    if (rival == NULL) {
        return FALSE;
    }
    rein_output_note(bench->output, "bench: host: %s: the rival's groups: %s", spec->name,
                     rival_get_choice(rival));
    return host_measure(bench, spec->name, work, rival, folder, error);
}

gboolean
bench_host(Bench *bench, GError **error)
{
    g_autofree char *program = g_build_filename(bench->rivals, RIVAL, NULL);

    if (!g_str_equal(bench->device->plugin, "opencl")) {
        bench_leave_out(bench, "host", "", "it is for devices of the plugin opencl");
        return TRUE;
    }
    if (!g_file_test(program, G_FILE_TEST_IS_EXECUTABLE)) {
        g_autofree char *reason = g_strdup_printf(
            "there is no program %s (--rivals DIR; it is built with the tests)", program);
        bench_leave_out(bench, "host", "", reason);
        return TRUE;
    }
    return bench_work_each(bench, "host", BENCH_WORK_ANY, host_work, error);
}
