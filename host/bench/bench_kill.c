/* SPDX-License-Identifier: MIT */

/* What is left of a host that is killed: nothing, and how soon. */

#include <rein/error.h>
#include <signal.h>
#include <stdio.h>

#include "bench_job.h"
#include "bench_peer.h"
#include "family.h"

#define LIMIT_NS G_GINT64_CONSTANT(10000000000) /* after which one counts as left */

/* ---- the host ---- */

/* In the midst of it once a round was done. */
static void
on_progress(const ReinProgress *progress, gpointer user_data)
{
    const Bench *bench = user_data;
    static gboolean is_told;

    if (progress->n_rounds > 0 && !is_told) {
        is_told = TRUE;
        printf("ready %s %s 0\n", bench->device->id, bench->device->plugin);
        (void)fflush(stdout);
    }
}

gboolean
bench_serve_job(Bench *bench, GError **error)
{
    g_autoptr(ReinProblemFile) file = bench_load(bench, "comp01", error);
    g_autoptr(ReinDevice) device =
        file != NULL ? bench_open(bench, REIN_DEVICE_ISOLATED, error) : NULL;
    g_autoptr(ReinEvolution) evolution = NULL;
    g_autoptr(ReinResult) result = NULL;

    if (device == NULL) {
        return FALSE;
    }
    evolution = bench_evolution_new(device, file, 1);
    result = rein_evolution_run(evolution, NULL, on_progress, bench);
    if (rein_result_get_error(result) != NULL) {
        g_propagate_error(error, g_error_copy(rein_result_get_error(result)));
        return FALSE;
    }
    g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "a job without a limit ended");
    return FALSE;
}

/* ---- the one who kills it ---- */

typedef struct {
    Series *latency;
    Series *members;
    guint n_left;
} Deaths;

static void
deaths_clear(Deaths *self)
{
    g_clear_pointer(&self->latency, series_free);
    g_clear_pointer(&self->members, series_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Deaths, deaths_clear)

/* Starts a host, and kills it; with its descendants stopped before, if that is wanted. */
static gboolean
deaths_add(Deaths *self, Bench *bench, gboolean is_stopped, GError **error)
{
    g_autoptr(BenchPeer) host =
        bench_peer_start(bench, bench->device->id, BENCH_JOB_WORK, NULL, error);
    g_autoptr(Family) family = host != NULL ? family_new(rival_get_pid(host->rival), error) : NULL;

    if (family == NULL) {
        return FALSE;
    }
    if (is_stopped) {
        family_stop(family);
    }
    const gint64 begun_us = g_get_monotonic_time();
    kill((pid_t)rival_get_pid(host->rival), SIGKILL);
    const guint n_left = family_wait(family, LIMIT_NS);
    series_add(self->latency, (double)(g_get_monotonic_time() - begun_us) / 1e3);
    series_add(self->members, family_get_n(family));
    self->n_left += n_left;
    if (n_left > 0) {
        family_signal(family, SIGKILL);
    }
    return TRUE;
}

static gboolean
measure_deaths(Bench *bench, gboolean is_stopped, GError **error)
{
    const char *how = is_stopped ? ", all of them stopped" : "";
    const BenchGoal soon = { BENCH_MAX_AT_MOST, 1000 };
    const BenchGoal none = { BENCH_MAX_AT_MOST, 0 };
    g_autofree char *gone = g_strdup_printf("host killed to last one gone%s", how);
    g_autofree char *left = g_strdup_printf("descendants left after 10 s%s", how);
    g_autofree char *members = g_strdup_printf("descendants of a host%s", how);
    g_auto(Deaths) deaths = { .latency = series_new(), .members = series_new() };
    g_autoptr(Series) n_left = series_new();

    for (guint i = 0; i < bench->n_trials; i++) {
        if (!deaths_add(&deaths, bench, is_stopped, error)) {
            return FALSE;
        }
    }
    series_add(n_left, deaths.n_left);
    bench_report_goal(bench, "kill", gone, "ms", deaths.latency, soon);
    bench_report(bench, "kill", members, "count", deaths.members);
    bench_report_goal(bench, "kill", left, "count", n_left, none);
    return TRUE;
}

gboolean
bench_kill(Bench *bench, GError **error)
{
    return measure_deaths(bench, FALSE, error) && measure_deaths(bench, TRUE, error);
}
