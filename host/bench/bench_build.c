/* SPDX-License-Identifier: MIT */

/* What starting costs: a device and its programs, from nothing, and when all was built before. */

#include "bench_folder.h"
#include "bench_peer.h"

#define MAX_BUILDS 5u

enum { STEP_OPEN, STEP_EVOLVE, STEP_TIMETABLE, N_STEPS };

/* One process that begins: adds the milliseconds of each step to its series. */
static gboolean
build_start(Bench *bench, const char *home, Series *const series[N_STEPS], GError **error)
{
    static const char *const questions[N_STEPS] = { NULL, "build evolve_int16", "build timetable" };
    g_autoptr(BenchPeer) peer =
        bench_peer_start(bench, bench->device->id, BENCH_NO_WORK, home, error);

    if (peer == NULL) {
        return FALSE;
    }
    series_add(series[STEP_OPEN], (double)peer->opened_ns / 1e6);
    for (guint i = STEP_EVOLVE; i < N_STEPS; i++) {
        const gint64 duration_ns = rival_ask_number(peer->rival, error, "%s", questions[i]);
        if (duration_ns < 0) {
            return FALSE;
        }
        series_add(series[i], (double)duration_ns / 1e6);
    }
    return TRUE;
}

static void
build_report(Bench *bench, const char *when, Series *const series[N_STEPS])
{
    static const char *const steps[N_STEPS] = { "open the device once found", "build evolve_int16",
                                                "build timetable" };

    for (guint i = 0; i < N_STEPS; i++) {
        g_autofree char *label = g_strdup_printf("%s, %s", steps[i], when);
        bench_report(bench, "build", label, "ms", series[i]);
    }
}

static gboolean
build_measure(Bench *bench, Series *const first[N_STEPS], Series *const second[N_STEPS],
              GError **error)
{
    for (guint i = 0; i < MIN(bench->n_repeats, MAX_BUILDS); i++) {
        g_autoptr(BenchFolder) home = bench_folder_new(error);
        if (home == NULL || !build_start(bench, home, first, error) ||
            !build_start(bench, home, second, error)) {
            g_prefix_error(error, "bench build: ");
            return FALSE;
        }
    }
    build_report(bench, "from nothing", first);
    build_report(bench, "second process", second);
    return TRUE;
}

gboolean
bench_build(Bench *bench, GError **error)
{
    Series *first[N_STEPS];
    Series *second[N_STEPS];

    for (guint i = 0; i < N_STEPS; i++) {
        first[i] = series_new();
        second[i] = series_new();
    }
    const gboolean is_done = build_measure(bench, first, second, error);
    for (guint i = 0; i < N_STEPS; i++) {
        series_free(first[i]);
        series_free(second[i]);
    }
    return is_done;
}
