/* SPDX-License-Identifier: MIT */

/*
 * Evolves a few rounds of one small problem on the device opencl:oclgrind:0, so that each kernel of
 * evolution and of that problem runs there as the engine runs it. What Oclgrind found is in its own
 * log. A program of its own, because drivers share no process.
 *     oclgrind_run CASE
 */

#include <rein/rein.h>
#include <stdio.h>
#include <string.h>

#include "oclgrind_functions.h"
#include "oclgrind_none.h"
#include "oclgrind_planted.h"
#include "problems/format.h"

#define POPULATION 20 /* more than one tile of GENE(i), and no multiple of it */
#define N_ROUNDS 4
#define N_GENES 6
#define N_MOVES 40

/* A problem that is a kernel and no more; NULL for a text that is a file's. */
typedef struct Case {
    const char *name; /* of its fitness kernel, too */
    const char *text;
    const gsize *size;
    ReinGenomeKind genome;
    ReinFitnessKind fitness;
} Case;

static const Case cases[] = {
    { "none_fitness", oclgrind_none, &oclgrind_none_size, REIN_GENOME_INT16, REIN_FITNESS_INT32 },
    { "planted_nothing", oclgrind_planted, &oclgrind_planted_size, REIN_GENOME_INT16,
      REIN_FITNESS_INT32 },
    { "planted_race", oclgrind_planted, &oclgrind_planted_size, REIN_GENOME_INT16,
      REIN_FITNESS_INT32 },
    { "planted_uninitialised", oclgrind_planted, &oclgrind_planted_size, REIN_GENOME_INT16,
      REIN_FITNESS_INT32 },
    { "planted_write_outside", oclgrind_planted, &oclgrind_planted_size, REIN_GENOME_INT16,
      REIN_FITNESS_INT32 },
    { "planted_read_outside", oclgrind_planted, &oclgrind_planted_size, REIN_GENOME_INT16,
      REIN_FITNESS_INT32 },
    { "sphere_fitness", oclgrind_functions, &oclgrind_functions_size, REIN_GENOME_INT32,
      REIN_FITNESS_FLOAT32 },
    { "rosenbrock_fitness", oclgrind_functions, &oclgrind_functions_size, REIN_GENOME_INT32,
      REIN_FITNESS_FLOAT32 },
    { "rastrigin_fitness", oclgrind_functions, &oclgrind_functions_size, REIN_GENOME_INT32,
      REIN_FITNESS_FLOAT32 },
    { "ackley_fitness", oclgrind_functions, &oclgrind_functions_size, REIN_GENOME_INT32,
      REIN_FITNESS_FLOAT32 },
    { "griewank_fitness", oclgrind_functions, &oclgrind_functions_size, REIN_GENOME_INT32,
      REIN_FITNESS_FLOAT32 },
    { "schwefel_fitness", oclgrind_functions, &oclgrind_functions_size, REIN_GENOME_INT32,
      REIN_FITNESS_FLOAT32 },
};

static ReinProblem *
make_problem(const char *name)
{
    const float data[] = { -5.0f, 5.0f }; /* the bounds that the test functions read */
    g_autoptr(GBytes) block = g_bytes_new(data, sizeof data);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *test = &cases[i];
        if (strcmp(test->name, name) == 0) {
            g_autoptr(GBytes) text = g_bytes_new_static(test->text, *test->size);
            ReinProblem *problem = rein_problem_new(name, test->genome, N_GENES);
            rein_problem_set_kernel(problem, name, text, name, NULL);
            rein_problem_set_fitness(problem, test->fitness, 1, 0);
            rein_problem_set_data(problem, block);
            return problem;
        }
    }
    return NULL;
}

/* A timetable from `path`, with a constructed start. */
static ReinEvolution *
timetable_new(ReinDevice *device, const char *path, GError **error)
{
    g_autoptr(ReinProblemFile) file = rein_problem_file_load(path, error);
    g_autoptr(ReinProblem) problem =
        file != NULL ? file->format->make_problem(file->instance) : NULL;

    if (problem == NULL) {
        return NULL;
    }
    const gsize size = rein_problem_get_genome_size(problem);
    guint8 *genes = g_malloc0(size);
    file->format->construct(file->instance, 1, genes);
    g_autoptr(GBytes) start = g_bytes_new_take(genes, size);
    ReinEvolution *evolution = rein_evolution_new(device, problem);
    rein_evolution_set_start(evolution, start, 1);
    return evolution;
}

static ReinEvolution *
evolution_new(ReinDevice *device, const char *name, GError **error)
{
    if (g_str_has_suffix(name, ".ctt")) {
        return timetable_new(device, name, error);
    }
    g_autoptr(ReinProblem) problem = make_problem(name);
    if (problem == NULL) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID, "no case %s", name);
        return NULL;
    }
    return rein_evolution_new(device, problem);
}

static gboolean
run(const char *name, GError **error)
{
    g_autoptr(ReinRegistry) registry = rein_registry_new();
    g_autoptr(ReinDevice) device =
        rein_registry_open_device(registry, "opencl:oclgrind:0", REIN_DEVICE_IN_PROCESS, error);
    g_autoptr(ReinEvolution) evolution = device != NULL ? evolution_new(device, name, error) : NULL;

    if (evolution == NULL) {
        return FALSE;
    }
    rein_evolution_set_population(evolution, POPULATION);
    rein_evolution_set_operators(evolution, 0.8, 3, 0.6, 0.7, 3, 1, N_MOVES);
    rein_evolution_set_round_limit(evolution, N_ROUNDS);
    g_autoptr(ReinResult) result = rein_evolution_run(evolution, NULL, NULL, NULL);
    if (rein_result_get_error(result) != NULL) {
        g_propagate_error(error, g_error_copy(rein_result_get_error(result)));
        return FALSE;
    }
    printf("%s: %" G_GUINT64_FORMAT " rounds\n", name, rein_result_get_n_rounds(result));
    return TRUE;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (argc != 2) {
        fprintf(stderr, "usage: %s CASE\n", argv[0]);
        return 2;
    }
    if (!run(argv[1], &error)) {
        fprintf(stderr, "%s: %s\n", argv[1], error->message);
        return 1;
    }
    return 0;
}
