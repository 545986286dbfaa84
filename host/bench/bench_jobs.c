/* SPDX-License-Identifier: MIT */

/* Whole jobs, by the library's public interface: how fast they stop and how good they get. */

#include <pthread.h>
#include <rein/evolution.h>

#include "bench.h"
#include "problems/format.h"

/* The best known costs, and the mean of ten runs of the competition's winner (Mueller, 2009). */
static const struct {
    const char *name;
    double best_known;
    double winner;
} instances[] = {
    { "comp01", 5, 5.0 },   { "comp02", 24, 61.3 },   { "comp03", 64, 94.8 },
    { "comp04", 35, 42.8 }, { "comp05", 284, 343.5 }, { "comp06", 27, 56.8 },
    { "comp07", 6, 33.9 },
};

static ReinProblemFile *
bench_load(const Bench *bench, const char *name, GError **error)
{
    g_autofree char *file = g_strdup_printf("%s.ctt", name);
    g_autofree char *path = g_build_filename(bench->data_folder, file, NULL);

    ReinProblemFile *problem = rein_problem_file_load(path, error);
    if (problem == NULL) {
        g_prefix_error(error, "--data: ");
    }
    return problem;
}

/* An evolution as `rein run` makes it. */
static ReinEvolution *
bench_evolution_new(ReinDevice *device, const ReinProblemFile *file, guint64 seed)
{
    g_autoptr(ReinProblem) problem = file->format->make_problem(file->instance);
    ReinEvolution *evolution = rein_evolution_new(device, problem);
    const gsize size = rein_problem_get_genome_size(problem);
    ReinTuning tuning = { 0 };

    file->format->recommend(file->instance, &tuning);
    guint8 *genes = g_malloc0(size * tuning.population);
    for (guint32 i = 0; i < tuning.population; i++) {
        file->format->construct(file->instance, seed * tuning.population + i, genes + i * size);
    }
    g_autoptr(GBytes) start = g_bytes_new_take(genes, size * tuning.population);
    rein_evolution_set_population(evolution, tuning.population);
    rein_evolution_set_seed(evolution, seed);
    rein_evolution_set_operators(evolution, tuning.select_rate, tuning.tournament,
                                 tuning.cross_rate, tuning.mutate_rate, tuning.mutate_genes,
                                 tuning.n_elites, tuning.n_moves);
    rein_evolution_set_start(evolution, start, tuning.population);
    return evolution;
}

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
    bench_report_tail(bench, "stop", "flag to terminal state, comp01", "ms", latency);
    bench_report_tail(bench, "stop", "of which teardown", "ms", teardown);
    bench_report(bench, "stop", "launches begun after the flag, all stops", "count", late);
    bench_report(bench, "stop", "receipts that are not clean", "count", unclean);
    return TRUE;
}

/* Runs of one instance; the costs of the feasible ones go into `costs`. */
static gboolean
timetable_instance(Bench *bench, ReinDevice *device, guint index, Series *costs,
                   guint *n_infeasible, GError **error)
{
    g_autoptr(ReinProblemFile) file = bench_load(bench, instances[index].name, error);
    const double target[REIN_MAX_PLANES] = { 0, instances[index].best_known };

    if (file == NULL) {
        return FALSE;
    }
    for (guint seed = 1; seed <= bench->n_seeds; seed++) {
        g_autoptr(ReinEvolution) evolution = bench_evolution_new(device, file, seed);
        rein_evolution_set_time_limit(evolution, bench->time_limit_ns);
        rein_evolution_set_target(evolution, target);
        g_autoptr(ReinResult) result = rein_evolution_run(evolution, NULL, NULL, NULL);
        const double *best = rein_result_get_best(result);
        if (rein_result_get_error(result) != NULL) {
            g_propagate_error(error, g_error_copy(rein_result_get_error(result)));
            return FALSE;
        }
        if (best == NULL || best[0] > 0) {
            (*n_infeasible)++;
        } else {
            series_add(costs, best[1]);
        }
    }
    return TRUE;
}

static double
series_get_mean(Series *series)
{
    double sum = 0;
    const guint n = series_get_n(series);

    for (guint i = 1; i <= n; i++) {
        sum += series_get_percentile(series, (double)i / n);
    }
    return n > 0 ? sum / n : 0;
}

/* How far the mean is above a reference. */
static void
timetable_report_value(Bench *bench, guint index, const char *what, double reference, double value)
{
    g_autoptr(Series) series = series_new();
    g_autofree char *label =
        g_strdup_printf("%s, mean above %s %g", instances[index].name, what, reference);

    series_add(series, value);
    bench_report(bench, "timetable", label, "cost", series);
}

static void
timetable_report(Bench *bench, guint index, Series *costs)
{
    const double mean = series_get_mean(costs);
    g_autofree char *label = g_strdup_printf("%s, soft cost", instances[index].name);

    bench_report(bench, "timetable", label, "cost", costs);
    timetable_report_value(bench, index, "best known", instances[index].best_known,
                           mean - instances[index].best_known);
    timetable_report_value(bench, index, "winner's mean", instances[index].winner,
                           mean - instances[index].winner);
}

gboolean
bench_timetable(Bench *bench, GError **error)
{
    g_autoptr(ReinDevice) device = rein_registry_open_device(bench->registry, bench->device->id,
                                                             REIN_DEVICE_IN_PROCESS, error);
    g_autoptr(Series) gap = series_new();
    g_autoptr(Series) winner_gap = series_new();
    double gap_sum = 0;
    double winner_sum = 0;
    guint n_infeasible = 0;

    if (device == NULL) {
        return FALSE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(instances); i++) {
        g_autoptr(Series) costs = series_new();
        if (!timetable_instance(bench, device, i, costs, &n_infeasible, error)) {
            return FALSE;
        }
        timetable_report(bench, i, costs);
        gap_sum += series_get_mean(costs) - instances[i].best_known;
        winner_sum += instances[i].winner - instances[i].best_known;
    }
    g_autoptr(Series) infeasible = series_new();
    series_add(gap, gap_sum);
    series_add(winner_gap, winner_sum);
    series_add(infeasible, n_infeasible);
    bench_report(bench, "timetable", "gap of the means to best known, summed", "cost", gap);
    bench_report(bench, "timetable", "the same of the competition's winner", "cost", winner_gap);
    bench_report(bench, "timetable", "runs that found no feasible timetable", "count", infeasible);
    return TRUE;
}
