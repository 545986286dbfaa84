/* SPDX-License-Identifier: MIT */

#include "run_start.h"

#include <string.h>

/* Takes the seeds of neighbouring individuals far apart: 2^64 over the golden ratio. */
#define SEED_STEP G_GUINT64_CONSTANT(0x9E3779B97F4A7C15)

GBytes *
rein_run_start_read(const ReinProblemFile *problem, const char *path, char **sha256,
                    guint *n_left_out, GError **error)
{
    g_autofree char *text = NULL;
    gsize size = 0;

    g_return_val_if_fail(problem != NULL && path != NULL && sha256 != NULL, NULL);
    g_return_val_if_fail(n_left_out != NULL, NULL);

    const ReinProblemFormat *format = problem->format;
    *sha256 = NULL;
    text = rein_problem_format_read_file(path, &size, error);
    if (text == NULL) {
        return NULL;
    }
    ReinSolution *solution = format->parse_solution(problem->instance, text, size, path, error);
    if (solution == NULL) {
        return NULL;
    }
    g_autoptr(ReinProblem) shape = format->make_problem(problem->instance);
    gsize genome_size = rein_problem_get_genome_size(shape);
    g_autofree guint8 *genes = g_malloc(genome_size);
    *n_left_out = format->solution_to_genes(problem->instance, solution, genes);
    format->free_solution(solution);
    *sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text, size);
    return g_bytes_new_take(g_steal_pointer(&genes), genome_size);
}

static void
swap(guint8 *a, guint8 *b, gsize size)
{
    g_autofree guint8 *kept = g_memdup2(a, size);

    memcpy(a, b, size);
    memcpy(b, kept, size);
}

/* Ties go to the lower index. */
static void
put_best_first(const ReinProblemFile *problem, guint8 *genes, gsize genome_size, guint32 n)
{
    ReinScore best = { 0 };
    guint32 best_index = 0;

    rein_problem_file_score_genes(problem, genes, &best);
    for (guint32 i = 1; i < n; i++) {
        ReinScore score = { 0 };
        rein_problem_file_score_genes(problem, genes + i * genome_size, &score);
        if (rein_score_is_better(&score, &best)) {
            best = score;
            best_index = i;
        }
    }
    if (best_index > 0) {
        swap(genes, genes + best_index * genome_size, genome_size);
    }
}

GBytes *
rein_run_start_construct(const ReinProblemFile *problem, GBytes *first, gsize genome_size,
                         guint32 population, guint64 seed, GCancellable *cancellable, guint32 *n)
{
    g_autofree guint8 *genes = NULL;
    guint32 n_wanted = MIN(population, REIN_RUN_MAX_CONSTRUCTED);

    g_return_val_if_fail(problem != NULL && population >= 1 && n != NULL, NULL);
    g_return_val_if_fail(first == NULL || g_bytes_get_size(first) == genome_size, NULL);

    genes = g_malloc(n_wanted * genome_size);
    *n = 0;
    if (first != NULL) {
        memcpy(genes, g_bytes_get_data(first, NULL), genome_size);
        *n = 1;
    }
    while (*n < n_wanted && (*n == 0 || !g_cancellable_is_cancelled(cancellable))) {
        problem->format->construct(problem->instance, seed + *n * SEED_STEP,
                                   genes + *n * genome_size);
        (*n)++;
    }
    if (first == NULL) {
        put_best_first(problem, genes, genome_size, *n);
    }
    return g_bytes_new_take(g_steal_pointer(&genes), *n * genome_size);
}
