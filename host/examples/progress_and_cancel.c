/* SPDX-License-Identifier: MIT */

/*
 * A run without a limit beside a main loop: progress comes as it goes, and after a while we cancel
 * it. The problem is OneMax, a kernel in a string: as many ones as can be.
 */

#include <rein/rein.h>

#define N_GENES 2000
#define ENOUGH 3 /* times of progress */

static const char kernel_text[] =
    "REIN_KERNEL(onemax, IN(u32, params), IN(u16, genes), IN(u32, changed), OUT(i32, fitness),\n"
    "            IN(i32, data), INOUT(u32, scratch))\n"
    "{\n"
    "    const u32 n_genes = params[PARAM_N_GENES];\n"
    "    i32 sum = 0;\n"
    "    for (u32 i = 0; i < n_genes; i++) {\n"
    "        sum += (i32)GENE(i);\n"
    "    }\n"
    "    FITNESS(0, sum);\n"
    "}\n";

typedef struct Watch {
    ReinEvolution *evolution;
    GMainLoop *loop;
    GCancellable *cancellable;
    ReinResult *result;
    guint n_told;
} Watch;

static ReinProblem *
make_problem(void)
{
    ReinProblem *problem = rein_problem_new("onemax", REIN_GENOME_INT16, N_GENES);
    g_autoptr(GBytes) text = g_bytes_new_static(kernel_text, sizeof kernel_text - 1);
    g_autofree guint32 *bounds = g_new(guint32, N_GENES);

    for (guint i = 0; i < N_GENES; i++) {
        bounds[i] = 2; /* a gene is 0 or 1 */
    }
    rein_problem_set_kernel(problem, "onemax.cl", text, "onemax", NULL);
    rein_problem_set_fitness(problem, REIN_FITNESS_INT32, 1, 1u << 0); /* plane 0 is maximised */
    rein_problem_set_bounds(problem, bounds);
    return problem;
}

static void
on_progress(const ReinProgress *progress, gpointer user_data)
{
    Watch *watch = user_data;

    g_print("round %" G_GUINT64_FORMAT ": %.0f ones\n", progress->n_rounds, progress->best[0]);
    if (++watch->n_told == ENOUGH) {
        g_cancellable_cancel(watch->cancellable);
    }
}

/* By now everything the run held has been given back. */
static void
on_ended(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Watch *watch = user_data;

    (void)source; /* there is none */
    watch->result = rein_evolution_run_finish(watch->evolution, result);
    g_main_loop_quit(watch->loop);
}

int
main(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    Watch watch = { .loop = loop, .cancellable = cancellable };
    g_autoptr(ReinRegistry) registry = rein_registry_new();
    g_autoptr(ReinDevice) device =
        rein_registry_open_device(registry, "cpu", REIN_DEVICE_ISOLATED, &error);

    if (device == NULL) {
        g_printerr("progress_and_cancel: %s\n", error->message);
        return 1;
    }
    g_autoptr(ReinProblem) problem = make_problem();
    g_autoptr(ReinEvolution) evolution = rein_evolution_new(device, problem);
    watch.evolution = evolution;
    rein_evolution_run_async(evolution, cancellable, on_progress, &watch, on_ended, &watch);
    g_main_loop_run(loop);

    g_autoptr(ReinResult) result = watch.result;
    ReinReceipt *receipt = rein_result_get_receipt(result);
    g_print("%s after %" G_GUINT64_FORMAT " rounds, receipt %s\n",
            rein_outcome_to_string(rein_result_get_outcome(result)),
            rein_result_get_n_rounds(result),
            rein_receipt_is_clean(receipt) ? "clean" : "not clean");
    return rein_receipt_is_clean(receipt) ? 0 : 1;
}
