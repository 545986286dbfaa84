/* SPDX-License-Identifier: MIT */
/*
 * Feeds any bytes to the reader of .ctt files. What it accepts must hold together: its indices and
 * sums are checked, and if it is small, a timetable is constructed for it, written, read again and
 * scored three ways. The same bytes are then read as a solution.
 */
#include "ctt.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SMALL_PLACES 2000u
#define SMALL_LECTURES 200u
#define SMALL_COURSES 200u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program in release builds too, where assert() does not. */
static void
require(gboolean is_true)
{
    if (!is_true) {
        abort();
    }
}

static void
check_courses(const CttInstance *instance)
{
    guint32 n_lectures = 0;

    for (guint32 i = 0; i < instance->n_courses; i++) {
        const CttCourse *course = &instance->courses[i];
        require(course->teacher < instance->n_teachers);
        require(course->first_lecture == n_lectures && course->n_lectures > 0);
        require(ctt_instance_find_course(instance, course->id) == i);
        require(instance->conflict[(gsize)i * instance->n_courses + i] == 0);
        for (guint32 j = 0; j < course->n_curricula; j++) {
            require(course->curricula[j] < instance->n_curricula);
        }
        n_lectures += course->n_lectures;
    }
    require(n_lectures == instance->n_lectures && n_lectures <= CTT_MAX_LECTURES);
}

static void
check_instance(const CttInstance *instance)
{
    require(instance->n_periods == instance->n_days * instance->periods_per_day);
    require(instance->n_periods > 0 && instance->n_rooms > 0 && instance->n_courses > 0);
    require((guint64)instance->n_periods * instance->n_rooms <= CTT_MAX_SLOTS);
    check_courses(instance);
    for (guint32 i = 0; i < instance->n_rooms; i++) {
        require(ctt_instance_find_room(instance, instance->rooms[i].id) == i);
    }
    for (guint32 i = 0; i < instance->n_curricula; i++) {
        for (guint32 j = 0; j < instance->curricula[i].n_courses; j++) {
            require(instance->curricula[i].courses[j] < instance->n_courses);
        }
    }
}

static void
add_cost(const CttViolation *violation, gpointer user_data)
{
    gint64 *sum = user_data;

    *sum += violation->cost;
}

/* Scores, explains and shows; all must agree. */
static void
check_solution(const CttInstance *instance, const CttSolution *solution, CttScore *score)
{
    g_autofree char *grid = ctt_show_grid(instance, solution, 80);
    g_autofree char *csv = ctt_show_csv(instance, solution);
    g_autofree char *explanation = ctt_explain_to_text(instance, solution);
    gint64 sum = 0;

    require(grid != NULL && csv != NULL && explanation != NULL);
    ctt_score_solution(instance, solution, score);
    ctt_explain(instance, solution, add_cost, &sum);
    require(sum == score->hard + score->soft);
}

static void
check_construction(const CttInstance *instance)
{
    g_autofree CttGene *genome = g_new0(CttGene, instance->n_lectures);
    g_autoptr(CttSolution) solution = NULL;
    g_autoptr(CttSolution) again = NULL;
    g_autofree char *text = NULL;
    CttScore score = { 0 };
    CttScore score_again = { 0 };
    CttScore score_genome = { 0 };

    ctt_construct(instance, 1, genome);
    solution = ctt_solution_from_genome(instance, genome);
    text = ctt_solution_to_text(solution, instance);
    again = ctt_solution_parse(instance, text, strlen(text), "written.sol", NULL);
    require(again != NULL);
    check_solution(instance, solution, &score);
    check_solution(instance, again, &score_again);
    ctt_score_genome(instance, genome, &score_genome);
    require(score.hard == score_again.hard && score.soft == score_again.soft);
    require(score.hard == score_genome.hard && score.soft == score_genome.soft);
    require(score.hard <= G_MAXINT32 && score.soft <= G_MAXINT32);
    require(score.n_warnings == 0);
}

/* One small instance for the bytes as a solution. */
static CttInstance *
known_instance(void)
{
    static const char text[] = "Name: K\nCourses: 2\nRooms: 2\nDays: 2\nPeriods_per_day: 2\n"
                               "Curricula: 1\nConstraints: 1\nCOURSES:\na t 2 2 9\nb u 1 1 5\n"
                               "ROOMS:\nrA 6\nrB 9\nCURRICULA:\nq 2 a b\n"
                               "UNAVAILABILITY_CONSTRAINTS:\na 0 0\nEND.\n";

    return ctt_instance_parse(text, sizeof text - 1, "known.ctt", NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) solution_error = NULL;
    g_autoptr(CttInstance) known = known_instance();
    g_autoptr(CttSolution) solution =
        ctt_solution_parse(known, (const char *)data, size, "fuzz.sol", &solution_error);
    g_autoptr(CttInstance) instance =
        ctt_instance_parse((const char *)data, size, "fuzz.ctt", &error);

    require((solution != NULL) == (solution_error == NULL));
    require((instance != NULL) == (error == NULL));
    require(error == NULL || g_str_has_prefix(error->message, "fuzz.ctt:"));
    require(error == NULL || g_utf8_validate(error->message, -1, NULL));
    if (solution != NULL) {
        CttScore score = { 0 };
        check_solution(known, solution, &score);
    }
    if (instance == NULL) {
        return 0;
    }
    check_instance(instance);
    if (ctt_instance_not_placed(instance) <= SMALL_PLACES &&
        instance->n_lectures <= SMALL_LECTURES && instance->n_courses <= SMALL_COURSES) {
        check_construction(instance);
    }
    return 0;
}
