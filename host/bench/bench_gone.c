/* SPDX-License-Identifier: MIT */

/* How soon a worker is gone that does not stop: its kernel never ends and never looks at the flag. */

#include <pthread.h>
#include <rein/error.h>
#include <signal.h>
#include <string.h>

#include "bench_job.h"
#include "family.h"

#define MAX_TRIALS 5u
#define POPULATION 4u
#define BEGIN_US 300000              /* for the slice to begin; its kernel is built before */
#define REAP_NS G_GINT64_CONSTANT(0) /* when the job has ended, all of it has */

/* Spins for ever if its data says so. */
static const char kernel_text[] =
    "REIN_KERNEL(spin, IN(u32, params), IN(u16, genes), IN(u32, changed), OUT(i32, fitness),\n"
    "            IN(i32, data), INOUT(u32, scratch))\n"
    "{\n"
    "    u32 sum = item;\n"
    "    if (data[0] != 0) {\n"
    "        for (;;) {\n"
    "            sum = sum * 1664525u + 1013904223u;\n"
    "            FITNESS(0, (i32)sum);\n"
    "        }\n"
    "    }\n"
    "    FITNESS(0, (i32)sum);\n"
    "}\n";

static ReinResult *
run_spin(ReinEvolution *evolution)
{
    rein_evolution_set_population(evolution, POPULATION);
    rein_evolution_set_round_limit(evolution, 1);
    return rein_evolution_run(evolution, NULL, NULL, NULL);
}

static ReinEvolution *
spin_new(ReinDevice *device, gint32 is_spinning)
{
    g_autoptr(ReinProblem) problem = rein_problem_new("spin", REIN_GENOME_INT16, 1);
    g_autoptr(GBytes) text = g_bytes_new_static(kernel_text, sizeof kernel_text - 1);
    g_autoptr(GBytes) data = g_bytes_new(&is_spinning, sizeof is_spinning);

    rein_problem_set_kernel(problem, "spin.cl", text, "spin", NULL);
    rein_problem_set_data(problem, data);
    return rein_evolution_new(device, problem);
}

/* Stops it when it spins; the plugin's process is held first, if that is wanted, so that it does not
 * even see SIGTERM. */
typedef struct {
    ReinEvolution *evolution;
    Family *held; /* (nullable) */
} Stopper;

static void *
stopper_run(void *data)
{
    const Stopper *stopper = data;

    g_usleep(BEGIN_US);
    if (stopper->held != NULL) {
        family_stop(stopper->held);
    }
    rein_evolution_stop(stopper->evolution);
    return NULL;
}

/* When it was gone, in ms since the flag; -1 if it never was. */
static double
find_gone_ms(ReinResult *result)
{
    ReinReceipt *receipt = rein_result_get_receipt(result);

    for (guint i = 0; i < rein_receipt_get_n_rungs(receipt); i++) {
        const ReinReceiptRung *rung = rein_receipt_get_rung(receipt, i);
        if (strcmp(rung->name, "gone") == 0) {
            return (double)rung->at_ns / 1e6;
        }
    }
    return -1;
}

/* One worker's end; `n_left` of its processes are there afterwards. */
static gboolean
measure_end(const Bench *bench, gboolean is_held, Series *gone, guint *n_left, GError **error)
{
    g_autoptr(ReinDevice) device = bench_open(bench, REIN_DEVICE_ISOLATED, error);
    g_autoptr(ReinEvolution) first = device != NULL ? spin_new(device, 0) : NULL;
    g_autoptr(ReinResult) built = first != NULL ? run_spin(first) : NULL;
    g_autoptr(Family) plugin = NULL;
    pthread_t thread;

    if (built == NULL) {
        return FALSE;
    }
    if (rein_result_get_error(built) != NULL) {
        g_propagate_error(error, g_error_copy(rein_result_get_error(built)));
        return FALSE;
    }
    plugin = family_new(rein_device_get_worker_pid(device), error);
    if (plugin == NULL) {
        return FALSE;
    }
    g_autoptr(ReinEvolution) evolution = spin_new(device, 1);
    Stopper stopper = { .evolution = evolution, .held = is_held ? plugin : NULL };
    const gboolean has_thread = pthread_create(&thread, NULL, stopper_run, &stopper) == 0;
    if (!has_thread) {
        rein_evolution_stop(evolution);
    }
    g_autoptr(ReinResult) result = run_spin(evolution);
    if (has_thread) {
        pthread_join(thread, NULL);
    }
    if (find_gone_ms(result) < 0) {
        g_set_error(error, BENCH_ERROR, BENCH_ERROR_WRONG,
                    "the kernel that never ends did, without the end of its worker");
        return FALSE;
    }
    series_add(gone, find_gone_ms(result));
    *n_left += family_wait(plugin, REAP_NS);
    return TRUE;
}

static gboolean
measure_ends(Bench *bench, gboolean is_held, GError **error)
{
    const char *how = is_held ? "endless kernel, process stopped" : "endless kernel";
    g_autofree char *what = g_strdup_printf("flag to gone, %s", how);
    g_autofree char *left_what = g_strdup_printf("processes left, %s", how);
    const BenchGoal soon = { BENCH_MAX_AT_MOST, 3000 };
    const BenchGoal none = { BENCH_MAX_AT_MOST, 0 };
    g_autoptr(Series) gone = series_new();
    g_autoptr(Series) left = series_new();
    guint n_left = 0;

    for (guint i = 0; i < MIN(bench->n_trials, MAX_TRIALS); i++) {
        if (!measure_end(bench, is_held, gone, &n_left, error)) {
            return FALSE;
        }
    }
    series_add(left, n_left);
    bench_report_goal(bench, "gone", what, "ms", gone, soon);
    bench_report_goal(bench, "gone", left_what, "count", left, none);
    return TRUE;
}

gboolean
bench_gone(Bench *bench, GError **error)
{
    g_autoptr(GError) failure = NULL;

    if (!bench->device->is_cpu) {
        bench_leave_out(bench, "gone", "", "only a CPU is made to hang, which nothing else shows");
        return TRUE;
    }
    for (guint i = 0; i < 2; i++) {
        if (measure_ends(bench, i == 1, &failure)) {
            continue;
        }
        if (g_error_matches(failure, REIN_ERROR, REIN_ERROR_BUILD) ||
            g_error_matches(failure, REIN_ERROR, REIN_ERROR_UNSUPPORTED)) { /* no compiler */
            bench_leave_out(bench, "gone", "", failure->message);
            return TRUE;
        }
        if (!bench_forgive(bench, "gone", "", &failure)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
    }
    return TRUE;
}
