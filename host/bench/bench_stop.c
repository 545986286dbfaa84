/* SPDX-License-Identifier: MIT */

/* Whole jobs, by the library's public interface: how fast they stop. */

#include <pthread.h>
#include <rein/evolution.h>

#include "bench_timetable.h"

/* Stops an evolution some microseconds after it was told to begin. */
typedef struct {
    ReinEvolution *evolution;
    gulong delay_us;
} Stopper;

static void *
stopper_run(void *data)
{
    const Stopper *stopper = data;

    g_usleep(stopper->delay_us);
    rein_evolution_stop(stopper->evolution);
    return NULL;
}

gboolean
bench_stop(Bench *bench, GError **error)
{
    g_autoptr(ReinProblemFile) file = bench_load(bench, "comp01", error);
    g_autoptr(ReinDevice) device =
        file != NULL ? rein_registry_open_device(bench->registry, bench->device->id,
                                                 REIN_DEVICE_IN_PROCESS, error)
                     : NULL;
    g_autoptr(Series) latency = series_new();
    g_autoptr(Series) teardown = series_new();
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    guint64 n_late = 0;
    guint n_unclean = 0;

    if (device == NULL) {
        return FALSE;
    }
    for (guint i = 0; i < bench->n_stops; i++) {
        g_autoptr(ReinEvolution) evolution = bench_evolution_new(device, file, i + 1);
        Stopper stopper = { .evolution = evolution,
                            .delay_us = (gulong)g_rand_int_range(rand, 0, 20000) };
        pthread_t thread;
        const gboolean has_thread = pthread_create(&thread, NULL, stopper_run, &stopper) == 0;
        if (!has_thread) {
            rein_evolution_stop(evolution);
        }
        g_autoptr(ReinResult) result = rein_evolution_run(evolution, NULL, NULL, NULL);
        if (has_thread) {
            pthread_join(thread, NULL);
        }
        ReinReceipt *receipt = rein_result_get_receipt(result);
        series_add(latency, (double)rein_receipt_get_stop_ns(receipt) / 1e6);
        series_add(teardown, (double)rein_receipt_get_teardown_ns(receipt) / 1e6);
        n_late += rein_receipt_get_n_launches_after_stop(receipt);
        n_unclean += !rein_receipt_is_clean(receipt);
    }
    g_autoptr(Series) late = series_new();
    g_autoptr(Series) unclean = series_new();
    series_add(late, (double)n_late);
    series_add(unclean, n_unclean);
    bench_report_tail(bench, "stop", "flag to slice left, comp01", "ms", latency);
    bench_report_tail(bench, "stop", "teardown after it", "ms", teardown);
    bench_report(bench, "stop", "launches begun after the flag, all stops", "count", late);
    bench_report(bench, "stop", "receipts that are not clean", "count", unclean);
    return TRUE;
}
