/* SPDX-License-Identifier: MIT */
#include "ctt_score.h"
#include "ctt_table.h"

/* The courses taught in each period, so that pairs are looked for among these alone. */
typedef struct Periods {
    guint32 *courses; /* [n_held in all], grouped by period */
    guint32 *first;   /* [n_periods + 1] where the group of a period begins */
} Periods;

static void
periods_clear(Periods *self)
{
    g_clear_pointer(&self->courses, g_free);
    g_clear_pointer(&self->first, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Periods, periods_clear)

static void
periods_init(Periods *self, const CttTable *table)
{
    const CttInstance *instance = table->instance;
    gsize n_held = 0;
    guint32 n_filled = 0;

    for (guint32 course = 0; course < instance->n_courses; course++) {
        n_held += table->n_held[course];
    }
    self->courses = g_new0(guint32, n_held);
    self->first = g_new0(guint32, instance->n_periods + 1);
    for (guint32 period = 0; period < instance->n_periods; period++) {
        self->first[period] = n_filled;
        for (guint32 course = 0; course < instance->n_courses; course++) {
            if (ctt_table_is_held(table, course, period)) {
                self->courses[n_filled++] = course;
            }
        }
    }
    self->first[instance->n_periods] = n_filled;
}

static void
count_conflicts(const CttTable *table, const Periods *periods, gint64 *cost)
{
    const CttInstance *instance = table->instance;

    for (guint32 period = 0; period < instance->n_periods; period++) {
        guint32 end = periods->first[period + 1];
        for (guint32 i = periods->first[period]; i < end; i++) {
            const guint8 *conflict =
                &instance->conflict[(gsize)periods->courses[i] * instance->n_courses];
            for (guint32 j = i + 1; j < end; j++) {
                cost[CTT_KIND_CONFLICTS] += conflict[periods->courses[j]];
            }
        }
    }
}

static void
count_rooms(const CttTable *table, const Periods *periods, gint64 *cost)
{
    const CttInstance *instance = table->instance;
    g_autofree guint32 *last_period = g_new0(guint32, instance->n_rooms); /* 1 + period */

    for (guint32 period = 0; period < instance->n_periods; period++) {
        for (guint32 i = periods->first[period]; i < periods->first[period + 1]; i++) {
            guint32 course = periods->courses[i];
            guint32 room = ctt_table_room(table, course, period);
            gint64 n_standing = (gint64)instance->courses[course].n_students -
                                (gint64)instance->rooms[room].capacity;
            cost[CTT_KIND_AVAILABILITY] += ctt_table_is_unavailable(table, course, period);
            cost[CTT_KIND_ROOM_OCCUPATION] += last_period[room] == period + 1;
            cost[CTT_KIND_ROOM_CAPACITY] += CTT_WEIGHT_ROOM_CAPACITY * MAX(n_standing, 0);
            last_period[room] = period + 1;
        }
    }
}

static void
count_courses(const CttTable *table, gint64 *cost)
{
    const CttInstance *instance = table->instance;
    g_autofree guint32 *last_course = g_new0(guint32, instance->n_rooms); /* 1 + course */

    for (guint32 i = 0; i < instance->n_courses; i++) {
        const CttCourse *course = &instance->courses[i];
        gint64 n_missing = (gint64)course->n_lectures - (gint64)table->n_held[i];
        gint64 n_idle_days =
            (gint64)course->min_working_days - (gint64)ctt_table_count_days(table, i);
        gint64 n_rooms = 0;
        for (guint32 period = 0; period < instance->n_periods; period++) {
            guint32 room = ctt_table_room(table, i, period);
            if (room != CTT_NONE && last_course[room] != i + 1) {
                last_course[room] = i + 1;
                n_rooms++;
            }
        }
        cost[CTT_KIND_LECTURES] += ABS(n_missing);
        cost[CTT_KIND_MIN_WORKING_DAYS] += CTT_WEIGHT_MIN_WORKING_DAYS * MAX(n_idle_days, 0);
        cost[CTT_KIND_ROOM_STABILITY] += CTT_WEIGHT_ROOM_STABILITY * MAX(n_rooms - 1, 0);
    }
}

static void
count_compactness(const CttTable *table, gint64 *cost)
{
    g_autofree guint32 *n_lectures = g_new0(guint32, table->instance->n_periods);

    for (guint32 curriculum = 0; curriculum < table->instance->n_curricula; curriculum++) {
        ctt_table_count_curriculum(table, curriculum, n_lectures);
        for (guint32 period = 0; period < table->instance->n_periods; period++) {
            if (n_lectures[period] > 0 && ctt_table_is_isolated(table, n_lectures, period)) {
                cost[CTT_KIND_COMPACTNESS] += CTT_WEIGHT_COMPACTNESS * (gint64)n_lectures[period];
            }
        }
    }
}

void
ctt_score_solution(const CttInstance *instance, const CttSolution *solution, CttScore *score)
{
    g_auto(CttTable) table = { 0 };
    g_auto(Periods) periods = { 0 };

    g_return_if_fail(instance != NULL && solution != NULL && score != NULL);

    *score = (CttScore){ 0 };
    ctt_table_init(&table, instance, solution, NULL, NULL);
    periods_init(&periods, &table);
    count_conflicts(&table, &periods, score->cost);
    count_rooms(&table, &periods, score->cost);
    count_courses(&table, score->cost);
    count_compactness(&table, score->cost);
    score->n_warnings = table.n_repeated;
    for (CttKind kind = 0; kind < CTT_N_KINDS; kind++) {
        *(ctt_kind_is_hard(kind) ? &score->hard : &score->soft) += score->cost[kind];
    }
}

void
ctt_score_genome(const CttInstance *instance, const CttGene *genome, CttScore *score)
{
    g_autoptr(CttSolution) solution = NULL;

    g_return_if_fail(instance != NULL && genome != NULL && score != NULL);

    solution = ctt_solution_from_genome(instance, genome);
    ctt_score_solution(instance, solution, score);
}

const char *
ctt_kind_name(CttKind kind)
{
    static const char *const names[CTT_N_KINDS] = {
        [CTT_KIND_LECTURES] = "lectures",
        [CTT_KIND_CONFLICTS] = "conflicts",
        [CTT_KIND_AVAILABILITY] = "availability",
        [CTT_KIND_ROOM_OCCUPATION] = "room_occupation",
        [CTT_KIND_ROOM_CAPACITY] = "room_capacity",
        [CTT_KIND_MIN_WORKING_DAYS] = "min_working_days",
        [CTT_KIND_COMPACTNESS] = "compactness",
        [CTT_KIND_ROOM_STABILITY] = "room_stability",
    };

    g_return_val_if_fail((guint)kind < CTT_N_KINDS, "unknown");

    return names[kind];
}

gboolean
ctt_kind_is_hard(CttKind kind)
{
    return kind < CTT_KIND_ROOM_CAPACITY;
}
