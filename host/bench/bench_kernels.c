/* SPDX-License-Identifier: MIT */

/* Rates of kernels on a plugin's table, without the core above it. */

#include <rein/error.h>

#include "bench_work.h"
#include "ctt_rig.h"
#include "plain_ctt.h"

#define MEASURE_NS 100e6

/* ---- against plain C ---- */

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
            g_set_error(error, BENCH_ERROR, BENCH_ERROR_WRONG,
                        "genome %u: the kernel says %d/%d, plain C %d/%d", i, fitness[i],
                        fitness[rig->n_items + i], hard, soft);
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
evaluate_measure(Bench *bench, const char *name, BenchWork *work, PlainCtt *plain, GError **error)
{
    static const char *const who[] = { "kernel", "plain C, one core" };
    const BenchSide sides[] = { bench_side(bench), { "host", "plain C" } };
    g_autoptr(Series) ours = series_new();
    g_autoptr(Series) theirs = series_new();
    g_autoptr(Series) ratio = series_new();
    Series *const rates[] = { ours, theirs };

    for (guint i = 0; i < bench->n_repeats; i++) {
        const double our_rate = bench_work_run(work, error);
        if (our_rate < 0) {
            return FALSE;
        }
        const double their_rate = evaluate_plain(work->rig, plain);
        series_add(ours, our_rate);
        series_add(theirs, their_rate);
        series_add(ratio, our_rate / their_rate);
    }
    bench_report_pair(bench, "evaluate", name, sides, who, rates, ratio);
    return TRUE;
}

static gboolean
evaluate_work(Bench *bench, const BenchWorkSpec *spec, GError **error)
{
    g_autoptr(BenchWork) work =
        bench_work_new(bench, spec, bench->device, bench->plugin_path, error);
    g_autoptr(PlainCtt) plain = work != NULL ? plain_ctt_new(work->rig->instance) : NULL;

    return work != NULL && bench_work_calibrate(work, error) &&
           evaluate_check(work->rig, plain, error) &&
           evaluate_measure(bench, spec->instance, work, plain, error);
}

gboolean
bench_evaluate(Bench *bench, GError **error)
{
    return bench_work_each(bench, "evaluate", BENCH_WORK_EVALUATE, evaluate_work, error);
}

/* ---- kernels whose rate is told by itself ---- */

/* How fast one work is done, in whatever the work counts. */
static gboolean
rate_work(Bench *bench, const BenchWorkSpec *spec, Series *rates, GError **error)
{
    g_autoptr(BenchWork) work =
        bench_work_new(bench, spec, bench->device, bench->plugin_path, error);

    if (work == NULL || !bench_work_calibrate(work, error)) {
        return FALSE;
    }
    for (guint i = 0; i < bench->n_repeats; i++) {
        const double rate = bench_work_run(work, error);
        if (rate < 0) {
            return FALSE;
        }
        series_add(rates, spec->kind == BENCH_WORK_ROUND ? 1e6 / rate : rate);
    }
    return TRUE;
}

static gboolean
moves_work(Bench *bench, const BenchWorkSpec *spec, GError **error)
{
    g_autoptr(Series) rates = series_new();

    if (!rate_work(bench, spec, rates, error)) {
        return FALSE;
    }
    bench_report(bench, "moves", spec->name, "1/s", rates);
    return TRUE;
}

gboolean
bench_moves(Bench *bench, GError **error)
{
    return bench_work_each(bench, "moves", BENCH_WORK_MOVES, moves_work, error);
}

static gboolean
round_work(Bench *bench, const BenchWorkSpec *spec, GError **error)
{
    g_autoptr(Series) costs = series_new();

    if (!rate_work(bench, spec, costs, error)) {
        return FALSE;
    }
    bench_report(bench, "round", spec->name, "us", costs);
    return TRUE;
}

gboolean
bench_round(Bench *bench, GError **error)
{
    return bench_work_each(bench, "round", BENCH_WORK_ROUND, round_work, error);
}
