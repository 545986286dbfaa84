/* SPDX-License-Identifier: MIT */

/* How good whole jobs get in a given time, on one device or on two of them by turns. */

#include "bench_timetable.h"

#include <rein/error.h>
#include <stdio.h>

#include "bench_peer.h"

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

ReinProblemFile *
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

ReinEvolution *
bench_evolution_new_tuned(ReinDevice *device, const ReinProblemFile *file, const ReinTuning *tuning,
                          guint64 seed)
{
    g_autoptr(ReinProblem) problem = file->format->make_problem(file->instance);
    ReinEvolution *evolution = rein_evolution_new(device, problem);
    const gsize size = rein_problem_get_genome_size(problem);

    guint8 *genes = g_malloc0(size * tuning->population);
    for (guint32 i = 0; i < tuning->population; i++) {
        file->format->construct(file->instance, seed * tuning->population + i, genes + i * size);
    }
    g_autoptr(GBytes) start = g_bytes_new_take(genes, size * tuning->population);
    rein_evolution_set_population(evolution, tuning->population);
    rein_evolution_set_seed(evolution, seed);
    rein_evolution_set_operators(evolution, tuning->select_rate, tuning->tournament,
                                 tuning->cross_rate, tuning->mutate_rate, tuning->mutate_genes,
                                 tuning->n_elites, tuning->n_moves);
    rein_evolution_set_start(evolution, start, tuning->population);
    return evolution;
}

ReinEvolution *
bench_evolution_new(ReinDevice *device, const ReinProblemFile *file, guint64 seed)
{
    ReinTuning tuning = { 0 };

    file->format->recommend(file->instance, &tuning);
    return bench_evolution_new_tuned(device, file, &tuning, seed);
}

/* ---- one run ---- */

/* The host counts for itself what the best costs: a device that is wrong has no quality. */
static gboolean
check_best(const ReinProblemFile *file, ReinResult *result, GError **error)
{
    const ReinProblemFormat *format = file->format;
    const double *best = rein_result_get_best(result);
    GBytes *genes = rein_result_get_best_genes(result);
    ReinSolution *solution =
        format->solution_from_genes(file->instance, g_bytes_get_data(genes, NULL));
    ReinScore score = { 0 };

    format->score(file->instance, solution, &score);
    format->free_solution(solution);
    if (score.planes[0] != best[0] || score.planes[1] != best[1]) {
        g_set_error(error, BENCH_ERROR, BENCH_ERROR_WRONG,
                    "it says that its best costs %g/%g, and the host %g/%g", best[0], best[1],
                    score.planes[0], score.planes[1]);
        return FALSE;
    }
    return TRUE;
}

gboolean
bench_timetable_solve(Bench *bench, ReinDevice *device, guint index, guint seed, BenchCost *cost,
                      GError **error)
{
    g_return_val_if_fail(index < G_N_ELEMENTS(instances), FALSE);

    g_autoptr(ReinProblemFile) file = bench_load(bench, instances[index].name, error);
    const double target[REIN_MAX_PLANES] = { 0, instances[index].best_known };

    if (file == NULL) {
        return FALSE;
    }
    g_autoptr(ReinEvolution) evolution = bench_evolution_new(device, file, seed);
    rein_evolution_set_time_limit(evolution, bench->time_limit_ns);
    rein_evolution_set_target(evolution, target);
    g_autoptr(ReinResult) result = rein_evolution_run(evolution, NULL, NULL, NULL);
    const double *best = rein_result_get_best(result);
    if (rein_result_get_error(result) != NULL) {
        g_propagate_error(error, g_error_copy(rein_result_get_error(result)));
        return FALSE;
    }
    if (best == NULL) {
        *cost = (BenchCost){ .hard = 1 };
        return TRUE;
    }
    *cost = (BenchCost){ .hard = (gint64)best[0], .soft = (gint64)best[1] };
    return check_best(file, result, error);
}

/* ---- the table ---- */

/* One side of the table. */
typedef struct {
    BenchSide side;
    ReinDevice *device;    /* in this process; or NULL, and */
    const BenchPeer *peer; /* in another */
    Series *costs[G_N_ELEMENTS(instances)];
    guint n_infeasible;
} Player;

static void
player_init(Player *self, BenchSide side, ReinDevice *device, const BenchPeer *peer)
{
    *self = (Player){ .side = side, .device = device, .peer = peer };
    for (guint i = 0; i < G_N_ELEMENTS(instances); i++) {
        self->costs[i] = series_new();
    }
}

static void
player_clear(Player *self)
{
    for (guint i = 0; i < G_N_ELEMENTS(instances); i++) {
        g_clear_pointer(&self->costs[i], series_free);
    }
}

static gboolean
player_ask(const Player *self, guint index, guint seed, BenchCost *cost, GError **error)
{
    g_autofree char *answer = rival_ask(self->peer->rival, error, "solve %u %u", index, seed);

    if (answer == NULL) {
        return FALSE;
    }
    if (sscanf(answer, "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, &cost->hard, &cost->soft) != 2) {
        g_set_error(error, BENCH_ERROR, BENCH_ERROR_WRONG, "%s: %s", self->side.device, answer);
        return FALSE;
    }
    return TRUE;
}

static gboolean
player_solve(Player *self, Bench *bench, guint index, guint seed, GError **error)
{
    BenchCost cost = { 0 };

    if (self->peer != NULL
            ? !player_ask(self, index, seed, &cost, error)
            : !bench_timetable_solve(bench, self->device, index, seed, &cost, error)) {
        return FALSE;
    }
    if (cost.hard > 0) {
        self->n_infeasible++;
    } else {
        series_add(self->costs[index], (double)cost.soft);
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

static void
player_report_value(const Player *self, Bench *bench, const char *what, const char *unit,
                    double value)
{
    g_autoptr(Series) series = series_new();

    series_add(series, value);
    bench_report_side(bench, &self->side, NULL, "timetable", what, unit, series);
}

static void
player_report(const Player *self, Bench *bench, guint index)
{
    const double mean = series_get_mean(self->costs[index]);
    const char *name = instances[index].name;
    g_autofree char *label = g_strdup_printf("%s, soft cost", name);
    g_autofree char *best =
        g_strdup_printf("%s, mean above best known %g", name, instances[index].best_known);
    g_autofree char *winner =
        g_strdup_printf("%s, mean above winner's mean %g", name, instances[index].winner);

    bench_report_side(bench, &self->side, NULL, "timetable", label, "cost", self->costs[index]);
    player_report_value(self, bench, best, "cost", mean - instances[index].best_known);
    player_report_value(self, bench, winner, "cost", mean - instances[index].winner);
}

static void
player_report_sums(const Player *self, Bench *bench)
{
    double gap = 0;
    double winner_gap = 0;

    for (guint i = 0; i < G_N_ELEMENTS(instances); i++) {
        gap += series_get_mean(self->costs[i]) - instances[i].best_known;
        winner_gap += instances[i].winner - instances[i].best_known;
    }
    player_report_value(self, bench, "gap of the means to best known, summed", "cost", gap);
    player_report_value(self, bench, "the same of the competition's winner", "cost", winner_gap);
    player_report_value(self, bench, "runs that found no feasible timetable", "count",
                        self->n_infeasible);
}

/* All runs, the players by turns, so that what slows the machine down slows both. */
static gboolean
timetable_play(Bench *bench, Player *players, guint n_players, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(instances); i++) {
        for (guint seed = 1; seed <= bench->n_seeds; seed++) {
            for (guint k = 0; k < n_players; k++) {
                if (!player_solve(&players[k], bench, i, seed, error)) {
                    return FALSE;
                }
            }
        }
        for (guint k = 0; k < n_players; k++) {
            player_report(&players[k], bench, i);
        }
    }
    for (guint k = 0; k < n_players; k++) {
        player_report_sums(&players[k], bench);
    }
    return TRUE;
}

static gboolean
timetable_run(Bench *bench, GError **error)
{
    g_autoptr(BenchPeer) peer =
        bench->against != NULL ? bench_peer_start(bench, bench->against, BENCH_NO_WORK, NULL, error)
                               : NULL;
    g_autoptr(ReinDevice) device = NULL;
    Player players[2] = { 0 };

    if (bench->against != NULL && peer == NULL) {
        return FALSE;
    }
    device = rein_registry_open_device(bench->registry, bench->device->id, REIN_DEVICE_IN_PROCESS,
                                       error);
    if (device == NULL) {
        return FALSE;
    }
    player_init(&players[0], bench_side(bench), device, NULL);
    if (peer != NULL) {
        player_init(&players[1], bench_peer_side(peer), NULL, peer);
    }
    const gboolean is_done = timetable_play(bench, players, peer != NULL ? 2 : 1, error);
    player_clear(&players[0]);
    player_clear(&players[1]);
    return is_done;
}

gboolean
bench_timetable(Bench *bench, GError **error)
{
    g_autoptr(GError) failure = NULL;

    if (!timetable_run(bench, &failure) && !bench_forgive(bench, "timetable", "", &failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    return TRUE;
}
