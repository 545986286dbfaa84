/* SPDX-License-Identifier: MIT */

/* Rates of kernels on a plugin's table, without the core above it. */

#include <rein/error.h>

#include "bench_work.h"
#include "ctt_rig.h"
#include "plain_ctt.h"

#define N_RANDOM 10u
#define N_IMPROVED 8u
#define MEASURE_NS 100e6

static TableDevice *
bench_open(Bench *bench, GError **error)
{
    return table_device_open(bench->plugin_path, bench->device->id, bench->settings, NULL, error);
}

/* Kernel and plain C must agree on every genome, or their rates mean nothing. */
static gboolean
evaluate_check(const CttRig *rig, PlainCtt *plain, GError **error)
{
    g_autofree gint32 *fitness = g_new0(gint32, (gsize)2 * rig->n_items);

    if (!table_device_read(rig->device, rig->fitness, fitness,
                           (gsize)2 * rig->n_items * sizeof *fitness, error)) {
        return FALSE;
    }
    for (guint32 i = 0; i < rig->n_items; i++) {
        gint32 hard = 0;
        gint32 soft = 0;
        plain_ctt_evaluate(plain, rig->genomes + (gsize)i * rig->instance->n_lectures, &hard,
                           &soft);
        if (hard != fitness[i] || soft != fitness[rig->n_items + i]) {
            g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED,
                        "bench evaluate: genome %u: the kernel says %d/%d, plain C %d/%d", i,
                        fitness[i], fitness[rig->n_items + i], hard, soft);
            return FALSE;
        }
    }
    return TRUE;
}

/* Evaluations per second of plain C on this thread. */
static double
evaluate_plain(const CttRig *rig, PlainCtt *plain)
{
    const gint64 begun_us = g_get_monotonic_time();
    gint64 elapsed_us = 0;
    guint64 n = 0;
    volatile gint32 sink = 0;

    do {
        for (guint32 i = 0; i < 1024; i++) {
            gint32 hard = 0;
            gint32 soft = 0;
            const gsize item = (n + i) % rig->n_items;
            plain_ctt_evaluate(plain, rig->genomes + item * rig->instance->n_lectures, &hard,
                               &soft);
            sink = sink + hard + soft;
        }
        n += 1024;
        elapsed_us = g_get_monotonic_time() - begun_us;
    } while ((double)elapsed_us * 1000 < MEASURE_NS);
    return (double)n / (double)elapsed_us * 1e6;
}

static gboolean
evaluate_instance(Bench *bench, TableDevice *device, const char *name, GError **error)
{
    g_autoptr(CttRig) rig = ctt_rig_new(device, bench->data_folder, name, BENCH_EVALUATED,
                                        bench->device->interleave, N_RANDOM, error);
    g_autoptr(PlainCtt) plain = rig != NULL ? plain_ctt_new(rig->instance) : NULL;
    g_autoptr(Series) ours = series_new();
    g_autoptr(Series) theirs = series_new();
    g_autoptr(Series) ratio = series_new();
    g_autofree char *rein_label = g_strdup_printf("%s, kernel", name);
    g_autofree char *plain_label = g_strdup_printf("%s, plain C, one core", name);
    g_autofree char *ratio_label = g_strdup_printf("%s, kernel / plain C", name);
    guint32 n_rounds = 0;

    if (rig == NULL) {
        return FALSE;
    }
    n_rounds = bench_calibrate(device, &rig->evaluate, 1, error);
    if (n_rounds == 0 || !evaluate_check(rig, plain, error)) {
        return FALSE;
    }
    for (guint i = 0; i < bench->n_repeats; i++) {
        const gint64 duration_ns = table_device_run(device, &rig->evaluate, 1, 0, n_rounds, error);
        if (duration_ns < 0) {
            return FALSE;
        }
        const double our_rate = (double)n_rounds * BENCH_EVALUATED / (double)duration_ns * 1e9;
        const double their_rate = evaluate_plain(rig, plain);
        series_add(ours, our_rate);
        series_add(theirs, their_rate);
        series_add(ratio, our_rate / their_rate);
    }
    bench_report(bench, "evaluate", rein_label, "1/s", ours);
    bench_report(bench, "evaluate", plain_label, "1/s", theirs);
    bench_report(bench, "evaluate", ratio_label, "ratio", ratio);
    return TRUE;
}

gboolean
bench_evaluate(Bench *bench, GError **error)
{
    g_autoptr(TableDevice) device = bench_open(bench, error);

    return device != NULL && evaluate_instance(bench, device, "comp01", error) &&
           evaluate_instance(bench, device, "comp02", error) &&
           evaluate_instance(bench, device, "comp05", error);
}

static gboolean
moves_instance(Bench *bench, TableDevice *device, const char *name, GError **error)
{
    g_autoptr(CttRig) rig = ctt_rig_new(device, bench->data_folder, name, N_IMPROVED,
                                        bench->device->interleave, 0, error);
    g_autoptr(Series) rate = series_new();
    g_autofree char *label = g_strdup_printf("%s, moves", name);
    guint32 n_rounds = 0;
    guint32 round = 1;

    if (rig == NULL) {
        return FALSE;
    }
    n_rounds = bench_calibrate(device, &rig->improve, 1, error);
    if (n_rounds == 0) {
        return FALSE;
    }
    for (guint i = 0; i < bench->n_repeats; i++) {
        const gint64 duration_ns =
            table_device_run(device, &rig->improve, 1, round, n_rounds, error);
        if (duration_ns < 0) {
            return FALSE;
        }
        round += n_rounds;
        series_add(rate, (double)n_rounds * N_IMPROVED * rig->n_moves / (double)duration_ns * 1e9);
    }
    bench_report(bench, "moves", label, "1/s", rate);
    return TRUE;
}

gboolean
bench_moves(Bench *bench, GError **error)
{
    g_autoptr(TableDevice) device = bench_open(bench, error);

    return device != NULL && moves_instance(bench, device, "comp01", error) &&
           moves_instance(bench, device, "comp02", error) &&
           moves_instance(bench, device, "comp05", error);
}

static gboolean
round_population(Bench *bench, TableDevice *device, guint32 n_items, GError **error)
{
    ReinStage stages[BENCH_MAX_STAGES] = { 0 };
    g_autoptr(Series) cost = series_new();
    g_autofree char *label =
        g_strdup_printf("%u stages of an empty kernel, population %u", BENCH_MAX_STAGES, n_items);
    guint32 n_rounds = 0;

    if (!bench_make_empty_stages(device, n_items, stages, error)) {
        return FALSE;
    }
    n_rounds = bench_calibrate(device, stages, BENCH_MAX_STAGES, error);
    for (guint i = 0; n_rounds > 0 && i < bench->n_repeats; i++) {
        const gint64 duration_ns =
            table_device_run(device, stages, BENCH_MAX_STAGES, 0, n_rounds, error);
        if (duration_ns < 0) {
            return FALSE;
        }
        series_add(cost, (double)duration_ns / n_rounds / 1000);
    }
    if (n_rounds == 0) {
        return FALSE;
    }
    bench_report(bench, "round", label, "us", cost);
    return TRUE;
}

gboolean
bench_round(Bench *bench, GError **error)
{
    g_autoptr(TableDevice) device = bench_open(bench, error);

    return device != NULL && round_population(bench, device, 64, error) &&
           round_population(bench, device, 1024, error) &&
           round_population(bench, device, 16384, error);
}
