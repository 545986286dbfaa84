/* SPDX-License-Identifier: MIT */

/* What the end of a job costs, and what many jobs on one worker leave behind. */

#include <string.h>
#include <unistd.h>

#include "bench_job.h"
#include "family.h"

#define NS_PER_MS 1e6
#define JOB_NS G_GINT64_CONSTANT(500000000)
#define N_FIRST_JOBS 20u /* after which all that is kept on purpose is there */

/* ---- teardown ---- */

typedef struct {
    Series *teardown;
    Series *share;
    Series *scratch;
} Ends;

static void
ends_clear(Ends *self)
{
    g_clear_pointer(&self->teardown, series_free);
    g_clear_pointer(&self->share, series_free);
    g_clear_pointer(&self->scratch, series_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ends, ends_clear)

static void
ends_add(Ends *self, ReinResult *result)
{
    ReinReceipt *receipt = rein_result_get_receipt(result);
    const double teardown_ns = (double)rein_receipt_get_teardown_ns(receipt);

    series_add(self->teardown, teardown_ns / NS_PER_MS);
    series_add(self->share, 100 * teardown_ns / (double)rein_result_get_elapsed_ns(result));
    for (guint i = 0; i < rein_receipt_get_n_steps(receipt); i++) {
        const ReinReceiptStep *step = rein_receipt_get_step(receipt, i);
        if (strcmp(step->kind, "scratch") == 0) {
            series_add(self->scratch, (double)step->duration_ns / NS_PER_MS);
        }
    }
}

static void
ends_report(const Ends *self, Bench *bench)
{
    const BenchGoal share = { BENCH_MAX_AT_MOST, 1 };
    const BenchGoal scratch = { BENCH_MAX_AT_MOST, 1 };

    bench_report_tail(bench, "teardown", "of a job on comp01, isolated", "ms", self->teardown);
    bench_report_goal(bench, "teardown", "its part of the job's time", "%", self->share, share);
    if (series_get_n(self->scratch) > 0) {
        bench_report_goal(bench, "teardown", "emptying the scratch folder", "ms", self->scratch,
                          scratch);
    } else {
        bench_leave_out(bench, "teardown", "emptying the scratch folder",
                        "no job had a scratch folder");
    }
}

gboolean
bench_teardown(Bench *bench, GError **error)
{
    g_autoptr(BenchJob) job = bench_job_new(bench, "comp01", error);
    g_autoptr(ReinDevice) device =
        job != NULL ? bench_open(bench, REIN_DEVICE_ISOLATED, error) : NULL;
    g_auto(Ends)
        ends = { .teardown = series_new(), .share = series_new(), .scratch = series_new() };

    if (device == NULL || !bench_job_calibrate(job, device, JOB_NS, error)) {
        return FALSE;
    }
    for (guint i = 0; i < bench->n_repeats; i++) {
        g_autoptr(ReinResult) result = bench_job_run(job, device, i + 1, error);
        if (result == NULL) {
            return FALSE;
        }
        ends_add(&ends, result);
    }
    ends_report(&ends, bench);
    return TRUE;
}

/* ---- drift ---- */

/* What this process and the worker hold. */
typedef struct {
    FamilyUse host;
    FamilyUse worker;
} Uses;

static gboolean
uses_measure(Uses *self, const Family *worker, GError **error)
{
    return family_measure_process(getpid(), &self->host, error) &&
           family_measure(worker, &self->worker, error);
}

static void
report_use(Bench *bench, const char *who, const FamilyUse *before, const FamilyUse *after)
{
    const BenchGoal none = { BENCH_MAX_AT_MOST, 0 };
    const BenchGoal memory = { BENCH_MAX_AT_MOST, 1024 };
    const struct {
        const char *what;
        const char *unit;
        double value;
        const BenchGoal *goal;
    } rows[] = {
        { "descriptors", "count", (double)(after->n_descriptors - before->n_descriptors), &none },
        { "threads", "count", (double)(after->n_threads - before->n_threads), &none },
        { "resident memory", "KiB", (double)(after->resident_size - before->resident_size) / 1024,
          &memory },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Series) series = series_new();
        g_autofree char *label =
            g_strdup_printf("%s more after %u jobs, %s", rows[i].what, bench->n_jobs, who);
        series_add(series, rows[i].value);
        bench_report_goal(bench, "drift", label, rows[i].unit, series, *rows[i].goal);
    }
}

static gboolean
run_jobs(const BenchJob *job, ReinDevice *device, guint n, GError **error)
{
    for (guint i = 0; i < n; i++) {
        g_autoptr(ReinResult) result = bench_job_run(job, device, i + 1, error);
        if (result == NULL) {
            return FALSE;
        }
    }
    return TRUE;
}

gboolean
bench_drift(Bench *bench, GError **error)
{
    g_autoptr(BenchJob) job = bench_job_new(bench, "comp01", error);
    g_autoptr(ReinDevice) device =
        job != NULL ? bench_open(bench, REIN_DEVICE_ISOLATED, error) : NULL;
    g_autoptr(Family) worker = NULL;
    Uses before = { 0 };
    Uses after = { 0 };

    if (device == NULL || !run_jobs(job, device, N_FIRST_JOBS, error)) {
        return FALSE;
    }
    worker = family_new(getpid(), error);
    if (worker == NULL || !uses_measure(&before, worker, error) ||
        !run_jobs(job, device, bench->n_jobs, error) || !uses_measure(&after, worker, error)) {
        return FALSE;
    }
    report_use(bench, "host", &before.host, &after.host);
    report_use(bench, "worker", &before.worker, &after.worker);
    return TRUE;
}
