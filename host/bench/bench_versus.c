/* SPDX-License-Identifier: MIT */

/* One device against another on the same kernels, each in a process of its own. */

#include "bench_peer.h"
#include "bench_work.h"

static gint64
peer_time(gpointer runner, guint32 first_round, guint32 n_rounds, GError **error)
{
    return rival_run(runner, first_round, n_rounds, TABLE_DEVICE_PROGRESS, error);
}

static gboolean
versus_measure(Bench *bench, const BenchWorkSpec *spec, BenchWork *work, const BenchPeer *peer,
               GError **error)
{
    const BenchSide sides[] = { bench_side(bench), bench_peer_side(peer) };
    g_autoptr(Series) ours = series_new();
    g_autoptr(Series) theirs = series_new();
    g_autoptr(Series) ratio = series_new();
    Series *const rates[] = { ours, theirs };
    const guint32 n_rounds = bench_calibrate(peer_time, peer->rival, error);
    guint32 round = 0;

    if (n_rounds == 0 || !bench_work_calibrate(work, error)) {
        return FALSE;
    }
    for (guint i = 0; i < bench->n_repeats; i++) {
        const double our_rate = bench_work_run(work, error);
        const gint64 their_ns = our_rate < 0 ? -1 : peer_time(peer->rival, round, n_rounds, error);
        if (their_ns < 0) {
            return FALSE;
        }
        const double their_rate = work->per_round * n_rounds / (double)MAX(their_ns, 1) * 1e9;
        round += n_rounds;
        series_add(ours, our_rate);
        series_add(theirs, their_rate);
        series_add(ratio, our_rate / their_rate);
    }
    bench_report_pair(bench, "versus", spec->name, sides, NULL, rates, ratio);
    return TRUE;
}

/* Both were compared with the CPU plugin, so they compute the same. */
static gboolean
versus_work(Bench *bench, const BenchWorkSpec *spec, GError **error)
{
    g_autoptr(BenchPeer) peer = bench_peer_start(bench, bench->against, spec->name, NULL, error);
    g_autoptr(BenchWork) work =
        peer != NULL ? bench_work_new(bench, spec, bench->device, bench->plugin_path, error) : NULL;

    return work != NULL && versus_measure(bench, spec, work, peer, error);
}

gboolean
bench_versus(Bench *bench, GError **error)
{
    if (bench->against == NULL) {
        bench_leave_out(bench, "versus", "", "nothing to compare with (--against SELECTOR)");
        return TRUE;
    }
    return bench_work_each(bench, "versus", BENCH_WORK_ANY, versus_work, error);
}
