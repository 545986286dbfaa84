/* SPDX-License-Identifier: MIT */
#include "ctt_format.h"
#include "ctt.h"
#include "ctt_block.h"
#include "ctt_kernels.h"

#define HARD 0 /* planes of the fitness */
#define SOFT 1

G_STATIC_ASSERT(CTT_N_KINDS <= REIN_SCORE_MAX_PARTS);

static const CttInstance *
instance_of(const ReinInstance *instance)
{
    return (const CttInstance *)(gconstpointer)instance;
}

static const CttSolution *
solution_of(const ReinSolution *solution)
{
    return (const CttSolution *)(gconstpointer)solution;
}

/* The header lines that no other format has; a comment or a blank line may stand before them. */
static gboolean
recognise(const char *text, gsize size)
{
    return g_strstr_len(text, (gssize)size, "Periods_per_day:") != NULL &&
           g_strstr_len(text, (gssize)size, "Curricula:") != NULL;
}

static ReinInstance *
parse(const char *text, gsize size, const char *path, GError **error)
{
    return (ReinInstance *)(gpointer)ctt_instance_parse(text, size, path, error);
}

static void
free_instance(ReinInstance *instance)
{
    ctt_instance_free((CttInstance *)(gpointer)instance);
}

static const char *
get_name(const ReinInstance *instance)
{
    return instance_of(instance)->name;
}

static const char *
plural(guint32 n)
{
    return n == 1 ? "" : "s";
}

static char *
describe(const ReinInstance *instance)
{
    const CttInstance *ctt = instance_of(instance);

    return g_strdup_printf("%u course%s, %u lecture%s, %u room%s, %u day%s of %u period%s, %u %s",
                           ctt->n_courses, plural(ctt->n_courses), ctt->n_lectures,
                           plural(ctt->n_lectures), ctt->n_rooms, plural(ctt->n_rooms), ctt->n_days,
                           plural(ctt->n_days), ctt->periods_per_day, plural(ctt->periods_per_day),
                           ctt->n_curricula, ctt->n_curricula == 1 ? "curriculum" : "curricula");
}

static void
check(const ReinInstance *instance, ReinNoteCb callback, gpointer user_data)
{
    ctt_check(instance_of(instance), callback, user_data);
}

static void
recommend(const ReinInstance *instance, ReinTuning *tuning)
{
    CttEvolution evolution = { 0 };

    ctt_evolution_init(&evolution, instance_of(instance));
    *tuning = (ReinTuning){
        .population = evolution.population,
        .select_rate = evolution.select_rate / 4294967296.0,
        .tournament = evolution.tournament,
        .n_moves = evolution.n_moves,
    };
    if (evolution.n_moves > 0) {
        return;
    }
    /* without the search step the operators of evolution have to do the work */
    tuning->population = MAX(tuning->population, 256);
    tuning->select_rate = 1.0;
    tuning->cross_rate = 0.5;
    tuning->mutate_rate = 0.9;
    tuning->mutate_genes = 2;
    tuning->n_elites = 1;
}

static ReinProblem *
make_problem(const ReinInstance *instance)
{
    const CttInstance *ctt = instance_of(instance);
    g_autoptr(ReinProblem) problem =
        rein_problem_new(ctt->name, REIN_GENOME_INT16, ctt->n_lectures);
    g_autoptr(GBytes) text = g_bytes_new_static(ctt_kernels, ctt_kernels_size);
    g_autoptr(GBytes) block = ctt_block_new(ctt, NULL);
    g_autofree guint32 *bounds = g_new(guint32, ctt->n_lectures);
    CttEvolution evolution = { 0 };

    ctt_evolution_init(&evolution, ctt);
    for (guint32 i = 0; i < ctt->n_lectures; i++) {
        bounds[i] = ctt->n_periods * ctt->n_rooms;
    }
    rein_problem_set_kernel(problem, "timetable.cl", text, "timetable_fitness",
                            evolution.n_moves > 0 ? "timetable_improve" : NULL);
    rein_problem_set_fitness(problem, REIN_FITNESS_INT32, 2, 0);
    rein_problem_set_data(problem, block);
    rein_problem_set_bounds(problem, bounds);
    rein_problem_set_memory(problem, ctt_block_n_state(ctt), ctt_block_n_scratch(ctt));
    return g_steal_pointer(&problem);
}

static void
construct(const ReinInstance *instance, guint64 seed, gpointer genes)
{
    ctt_construct(instance_of(instance), seed, genes);
}

static gboolean
parse_cost(const char *text, double *cost)
{
    guint64 number = 0;

    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT32, &number, NULL)) {
        return FALSE;
    }
    *cost = (double)number;
    return TRUE;
}

static gboolean
parse_target(const char *text, double *planes, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", 3);
    guint n_words = g_strv_length(words);

    planes[HARD] = 0;
    if (n_words == 1 && parse_cost(words[0], &planes[SOFT])) {
        return TRUE;
    }
    if (n_words == 2 && parse_cost(words[0], &planes[HARD]) &&
        parse_cost(words[1], &planes[SOFT])) {
        return TRUE;
    }
    g_set_error(error, REIN_PROBLEM_FORMAT_ERROR, REIN_PROBLEM_FORMAT_ERROR_INVALID,
                "\"%s\" is not a cost (give the soft cost of a feasible timetable, as in 5, or "
                "hard,soft, as in 2,100)",
                text);
    return FALSE;
}

static ReinSolution *
parse_solution(const ReinInstance *instance, const char *text, gsize size, const char *path,
               GError **error)
{
    return (ReinSolution *)(gpointer)ctt_solution_parse(instance_of(instance), text, size, path,
                                                        error);
}

static ReinSolution *
solution_from_genes(const ReinInstance *instance, gconstpointer genes)
{
    return (ReinSolution *)(gpointer)ctt_solution_from_genome(instance_of(instance), genes);
}

static guint
solution_to_genes(const ReinInstance *instance, const ReinSolution *solution, gpointer genes)
{
    return ctt_solution_to_genome(solution_of(solution), instance_of(instance), genes);
}

static void
free_solution(ReinSolution *solution)
{
    ctt_solution_free((CttSolution *)(gpointer)solution);
}

static char *
solution_to_text(const ReinInstance *instance, const ReinSolution *solution)
{
    return ctt_solution_to_text(solution_of(solution), instance_of(instance));
}

static void
score_solution(const ReinInstance *instance, const ReinSolution *solution, ReinScore *score)
{
    CttScore ctt = { 0 };

    ctt_score_solution(instance_of(instance), solution_of(solution), &ctt);
    *score = (ReinScore){
        .n_planes = 2,
        .planes = { (double)ctt.hard, (double)ctt.soft },
        .is_feasible = ctt.hard == 0,
        .n_parts = CTT_N_KINDS,
        .n_warnings = ctt.n_warnings,
    };
    for (guint i = 0; i < CTT_N_KINDS; i++) {
        score->parts[i] = (ReinScorePart){
            .name = ctt_kind_name((CttKind)i),
            .cost = ctt.cost[i],
            .is_hard = ctt_kind_is_hard((CttKind)i),
        };
    }
}

typedef struct Listener {
    const CttInstance *instance;
    ReinViolationCb callback;
    gpointer user_data;
} Listener;

static void
tell_violation(const CttViolation *violation, gpointer user_data)
{
    const Listener *listener = user_data;
    g_autofree char *text = ctt_violation_to_text(violation, listener->instance);
    const ReinViolation told = {
        .part = ctt_kind_name(violation->kind),
        .cost = violation->cost,
        .is_warning = violation->is_warning,
        .text = text,
    };

    listener->callback(&told, listener->user_data);
}

static void
explain(const ReinInstance *instance, const ReinSolution *solution, ReinViolationCb callback,
        gpointer user_data)
{
    Listener listener = { instance_of(instance), callback, user_data };

    ctt_explain(listener.instance, solution_of(solution), tell_violation, &listener);
}

static char *
show(const ReinInstance *instance, const ReinSolution *solution, guint width)
{
    return ctt_show_grid(instance_of(instance), solution_of(solution), width);
}

static char *
show_csv(const ReinInstance *instance, const ReinSolution *solution)
{
    return ctt_show_csv(instance_of(instance), solution_of(solution));
}

const ReinProblemFormat ctt_format = {
    .name = "itc2007",
    .title = "ITC-2007 course timetabling",
    .extension = "ctt",
    .solution_extension = "sol",
    .plane_names = { "hard", "soft" },
    .recognise = recognise,
    .parse = parse,
    .free_instance = free_instance,
    .get_name = get_name,
    .describe = describe,
    .check = check,
    .make_problem = make_problem,
    .recommend = recommend,
    .construct = construct,
    .parse_target = parse_target,
    .parse_solution = parse_solution,
    .solution_from_genes = solution_from_genes,
    .solution_to_genes = solution_to_genes,
    .free_solution = free_solution,
    .solution_to_text = solution_to_text,
    .score = score_solution,
    .explain = explain,
    .show = show,
    .show_csv = show_csv,
};
