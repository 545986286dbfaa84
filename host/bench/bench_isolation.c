/* SPDX-License-Identifier: MIT */

/* What a worker process between a plugin and its host costs. */

#include "bench_job.h"

#define JOB_NS G_GINT64_CONSTANT(400000000)
#define WARM_JOB_NS G_GINT64_CONSTANT(50000000)
#define N_WARM_JOBS 20u

static const BenchGoal rate_goal = { BENCH_MEDIAN_AT_LEAST, 0.98 };

/* What is run on both. */
static const struct {
    const char *name;
    const char *instance;
    guint32 population; /* 0: as `rein run` */
    guint32 n_moves;    /* 0: as `rein run` */
    gint64 slice_ns;
} works[] = {
    { "comp01", "comp01", 0, 0, 0 },
    { "comp05", "comp05", 0, 0, 0 },
    /* each slice is a message and its answer, which weighs most where both are small */
    { "comp01, population 2, 1 move, slices of 1 ms", "comp01", 2, 1, 1000000 },
};

/* The two kinds of devices, and what is measured on them. */
typedef struct {
    ReinDevice *devices[2]; /* isolated, in process */
    Series *rates[2];
    Series *ratio;
} Pair;

static void
pair_clear(Pair *self)
{
    for (guint i = 0; i < 2; i++) {
        g_clear_pointer(&self->devices[i], rein_device_unref);
        g_clear_pointer(&self->rates[i], series_free);
    }
    g_clear_pointer(&self->ratio, series_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

static gboolean
pair_init(Pair *self, const Bench *bench, GError **error)
{
    static const ReinDeviceFlags flags[] = { REIN_DEVICE_ISOLATED, REIN_DEVICE_IN_PROCESS };

    for (guint i = 0; i < 2; i++) {
        self->rates[i] = series_new();
        self->devices[i] = bench_open(bench, flags[i], error);
        if (self->devices[i] == NULL) {
            return FALSE;
        }
    }
    self->ratio = series_new();
    return TRUE;
}

static double
rate_of(ReinResult *result)
{
    return (double)rein_result_get_n_rounds(result) * 1e9 /
           (double)rein_result_get_elapsed_ns(result);
}

/* Rounds per second on both, which one is first by turns; the job must give both the same bytes. */
static gboolean
pair_run(Pair *self, const BenchJob *job, guint turn, GError **error)
{
    const guint first = turn % 2;
    g_autoptr(ReinResult) one = bench_job_run(job, self->devices[first], turn + 1, error);
    g_autoptr(ReinResult) other =
        one != NULL ? bench_job_run(job, self->devices[1 - first], turn + 1, error) : NULL;

    if (other == NULL) {
        return FALSE;
    }
    if (!g_bytes_equal(rein_result_get_best_genes(one), rein_result_get_best_genes(other))) {
        g_set_error(error, BENCH_ERROR, BENCH_ERROR_WRONG,
                    "the best is another one isolated than in process");
        return FALSE;
    }
    const double isolated = rate_of(first == 0 ? one : other);
    const double inside = rate_of(first == 0 ? other : one);
    series_add(self->rates[0], isolated);
    series_add(self->rates[1], inside);
    series_add(self->ratio, isolated / inside);
    return TRUE;
}

static gboolean
measure_work(Bench *bench, guint index, GError **error)
{
    g_auto(Pair) pair = { 0 };
    g_autoptr(BenchJob) job = bench_job_new(bench, works[index].instance, error);
    g_autofree char *isolated = g_strdup_printf("%s, rounds, isolated", works[index].name);
    g_autofree char *inside = g_strdup_printf("%s, rounds, in process", works[index].name);
    g_autofree char *both = g_strdup_printf("%s, isolated / in process", works[index].name);

    if (job == NULL || !pair_init(&pair, bench, error)) {
        return FALSE;
    }
    if (works[index].population > 0) {
        job->tuning.population = works[index].population;
        job->tuning.n_moves = works[index].n_moves;
    }
    job->slice_ns = works[index].slice_ns;
    if (!bench_job_calibrate(job, pair.devices[0], JOB_NS, error) ||
        !bench_job_calibrate(job, pair.devices[1], JOB_NS, error)) {
        return FALSE;
    }
    for (guint i = 0; i < bench->n_repeats; i++) {
        if (!pair_run(&pair, job, i, error)) {
            return FALSE;
        }
    }
    bench_report(bench, "isolation", isolated, "1/s", pair.rates[0]);
    bench_report(bench, "isolation", inside, "1/s", pair.rates[1]);
    bench_report_goal(bench, "isolation", both, "ratio", pair.ratio, rate_goal);
    return TRUE;
}

/* The rate of a worker's last job against that of its first one; < 0 with an error. */
static double
warm_up(const Bench *bench, const BenchJob *job, GError **error)
{
    g_autoptr(ReinDevice) device = bench_open(bench, REIN_DEVICE_ISOLATED, error);
    double first = 0;
    double last = 0;

    for (guint i = 0; device != NULL && i < N_WARM_JOBS; i++) {
        g_autoptr(ReinResult) result = bench_job_run(job, device, 1, error);
        if (result == NULL) {
            return -1;
        }
        first = i == 0 ? rate_of(result) : first;
        last = rate_of(result);
    }
    return device != NULL ? last / first : -1;
}

static gboolean
measure_warm(Bench *bench, GError **error)
{
    g_autoptr(BenchJob) job = bench_job_new(bench, "comp01", error);
    g_autoptr(ReinDevice) device = bench_open(bench, REIN_DEVICE_ISOLATED, error);
    g_autoptr(Series) ratio = series_new();

    if (job == NULL || device == NULL || !bench_job_calibrate(job, device, WARM_JOB_NS, error)) {
        return FALSE;
    }
    for (guint i = 0; i < bench->n_repeats; i++) {
        const double value = warm_up(bench, job, error);
        if (value < 0) {
            return FALSE;
        }
        series_add(ratio, value);
    }
    bench_report_goal(bench, "isolation", "comp01, a worker's 20th job / its first", "ratio", ratio,
                      rate_goal);
    return TRUE;
}

gboolean
bench_isolation(Bench *bench, GError **error)
{
    g_autoptr(GError) failure = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(works); i++) {
        if (!measure_work(bench, i, &failure) &&
            !bench_forgive(bench, "isolation", works[i].name, &failure)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
    }
    return measure_warm(bench, error);
}
