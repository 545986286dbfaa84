/* SPDX-License-Identifier: MIT */

/* Whole jobs, by the library's public interface: how fast they stop. */

#include <pthread.h>
#include <rein/evolution.h>

#include "bench_job.h"

#define NS_PER_MS 1e6

/* Stops an evolution some microseconds after it was told to begin. */
typedef struct {
    ReinEvolution *evolution;
    gulong delay_us;
    gint64 stopped_us; /* when that was */
} Stopper;

/* What is found in all stops on one kind of device. */
typedef struct {
    const char *place; /* "in process" */
    Series *latency;
    Series *teardown;
    Series *terminal;
    guint64 n_late;
    guint n_unclean;
} Stops;

static void
stops_clear(Stops *self)
{
    g_clear_pointer(&self->latency, series_free);
    g_clear_pointer(&self->teardown, series_free);
    g_clear_pointer(&self->terminal, series_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stops, stops_clear)

static void *
stopper_run(void *data)
{
    Stopper *stopper = data;

    g_usleep(stopper->delay_us);
    stopper->stopped_us = g_get_monotonic_time();
    rein_evolution_stop(stopper->evolution);
    return NULL;
}

static void
stops_add(Stops *self, ReinDevice *device, const ReinProblemFile *file, guint64 seed,
          gulong delay_us)
{
    g_autoptr(ReinEvolution) evolution = bench_evolution_new(device, file, seed);
    Stopper stopper = { .evolution = evolution, .delay_us = delay_us };
    pthread_t thread;
    const gint64 begun_us = g_get_monotonic_time();
    const gboolean has_thread = pthread_create(&thread, NULL, stopper_run, &stopper) == 0;
    if (!has_thread) {
        rein_evolution_stop(evolution);
    }
    g_autoptr(ReinResult) result = rein_evolution_run(evolution, NULL, NULL, NULL);
    const gint64 ended_us = g_get_monotonic_time();
    if (has_thread) {
        pthread_join(thread, NULL);
    }
    ReinReceipt *receipt = rein_result_get_receipt(result);
    series_add(self->latency, (double)rein_receipt_get_stop_ns(receipt) / NS_PER_MS);
    series_add(self->teardown, (double)rein_receipt_get_teardown_ns(receipt) / NS_PER_MS);
    series_add(self->terminal, (double)(ended_us - MAX(begun_us, stopper.stopped_us)) / 1e3);
    self->n_late += rein_receipt_get_n_launches_after_stop(receipt);
    self->n_unclean += !rein_receipt_is_clean(receipt);
}

static void
stops_report_count(const Stops *self, Bench *bench, const char *what, guint64 n)
{
    const BenchGoal none = { BENCH_MAX_AT_MOST, 0 };
    g_autoptr(Series) series = series_new();
    g_autofree char *label = g_strdup_printf("%s, %s", what, self->place);

    series_add(series, (double)n);
    bench_report_goal(bench, "stop", label, "count", series, none);
}

static void
stops_report(const Stops *self, Bench *bench)
{
    const BenchGoal slice = { BENCH_P99_AT_MOST, bench->device->is_gpu ? 250 : 100 };
    const BenchGoal terminal = { BENCH_P99_AT_MOST, 500 };
    g_autofree char *left = g_strdup_printf("flag to slice left, comp01, %s", self->place);
    g_autofree char *after = g_strdup_printf("teardown after it, %s", self->place);
    g_autofree char *end = g_strdup_printf("stop to terminal state, comp01, %s", self->place);

    bench_report_goal(bench, "stop", left, "ms", self->latency, slice);
    bench_report_tail(bench, "stop", after, "ms", self->teardown);
    bench_report_goal(bench, "stop", end, "ms", self->terminal, terminal);
    stops_report_count(self, bench, "launches begun after the flag, all stops", self->n_late);
    stops_report_count(self, bench, "receipts that are not clean", self->n_unclean);
}

static gboolean
measure_stops(Bench *bench, ReinDeviceFlags flags, const char *place, GError **error)
{
    g_autoptr(ReinProblemFile) file = bench_load(bench, "comp01", error);
    g_autoptr(ReinDevice) device = file != NULL ? bench_open(bench, flags, error) : NULL;
    g_auto(Stops) stops = {
        .place = place, .latency = series_new(), .teardown = series_new(), .terminal = series_new()
    };
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);

    if (device == NULL) {
        return FALSE;
    }
    for (guint i = 0; i < bench->n_stops; i++) {
        stops_add(&stops, device, file, i + 1, (gulong)g_rand_int_range(rand, 0, 20000));
    }
    stops_report(&stops, bench);
    return TRUE;
}

gboolean
bench_stop(Bench *bench, GError **error)
{
    return measure_stops(bench, REIN_DEVICE_IN_PROCESS, "in process", error) &&
           measure_stops(bench, REIN_DEVICE_ISOLATED, "isolated", error);
}
