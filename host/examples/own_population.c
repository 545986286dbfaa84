/* SPDX-License-Identifier: MIT */

/*
 * The host evolves, the device evaluates: a small genetic algorithm of our own over an evaluator.
 * The problem is a kernel in a string: numbers as different as can be from their neighbours.
 */

#include <rein/rein.h>

#define N_GENES 64
#define N_VALUES 100
#define POPULATION 256
#define N_GENERATIONS 200

static const char kernel_text[] =
    "REIN_KERNEL(contrast, IN(u32, params), IN(u16, genes), IN(u32, changed), OUT(i32, fitness),\n"
    "            IN(i32, data), INOUT(u32, scratch))\n"
    "{\n"
    "    const u32 n_genes = params[PARAM_N_GENES];\n"
    "    i32 sum = 0;\n"
    "    for (u32 i = 1; i < n_genes; i++) {\n"
    "        const i32 step = (i32)GENE(i) - (i32)GENE(i - 1);\n"
    "        sum += step < 0 ? -step : step;\n"
    "    }\n"
    "    FITNESS(0, sum);\n"
    "}\n";

typedef guint16 Genome[N_GENES];

static ReinProblem *
make_problem(void)
{
    ReinProblem *problem = rein_problem_new("contrast", REIN_GENOME_INT16, N_GENES);
    g_autoptr(GBytes) text = g_bytes_new_static(kernel_text, sizeof kernel_text - 1);

    rein_problem_set_kernel(problem, "contrast.cl", text, "contrast", NULL);
    rein_problem_set_fitness(problem, REIN_FITNESS_INT32, 1, 1u << 0); /* plane 0 is maximised */
    return problem;
}

/* The loser of each pair becomes its winner with one gene drawn anew; the best of the winners. */
static double
breed(GRand *random, Genome *population, const double *fitness)
{
    double best = 0;
    for (guint i = 0; i < POPULATION; i += 2) {
        guint winner = fitness[i] >= fitness[i + 1] ? i : i + 1;
        guint loser = winner ^ 1u;
        memcpy(population[loser], population[winner], sizeof(Genome));
        population[loser][g_rand_int_range(random, 0, N_GENES)] =
            (guint16)g_rand_int_range(random, 0, N_VALUES);
        best = MAX(best, fitness[winner]);
    }
    return best;
}

static gboolean
evolve(ReinEvaluator *evaluator, GError **error)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    g_autofree Genome *population = g_new(Genome, POPULATION);
    g_autofree double *fitness = g_new(double, POPULATION);

    for (guint i = 0; i < POPULATION * N_GENES; i++) {
        population[i / N_GENES][i % N_GENES] = (guint16)g_rand_int_range(random, 0, N_VALUES);
    }
    for (guint generation = 0; generation <= N_GENERATIONS; generation++) {
        if (!rein_evaluator_run(evaluator, population, POPULATION, fitness, error)) {
            return FALSE;
        }
        double best = breed(random, population, fitness);
        if (generation % 50 == 0) {
            g_print("generation %3u: best %.0f\n", generation, best);
        }
    }
    return TRUE;
}

int
main(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ReinRegistry) registry = rein_registry_new();
    g_autoptr(ReinDevice) device =
        rein_registry_open_device(registry, "cpu", REIN_DEVICE_ISOLATED, &error);
    g_autoptr(ReinProblem) problem = make_problem();
    g_autoptr(ReinEvaluator) evaluator =
        device != NULL ? rein_evaluator_new(device, problem, POPULATION, &error) : NULL;

    if (evaluator == NULL || !evolve(evaluator, &error)) {
        g_printerr("own_population: %s\n", error->message);
        return 1;
    }
    g_autoptr(ReinReceipt) receipt = rein_evaluator_end(evaluator);
    g_print("receipt: %s, %" G_GUINT64_FORMAT " bytes given back, %" G_GUINT64_FORMAT " leaked\n",
            rein_receipt_is_clean(receipt) ? "clean" : "not clean",
            rein_receipt_get_released_size(receipt), rein_receipt_get_leaked_size(receipt));
    return rein_receipt_is_clean(receipt) ? 0 : 1;
}
