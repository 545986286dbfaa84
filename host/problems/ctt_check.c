/* SPDX-License-Identifier: MIT */
#include "ctt_check.h"
#include "ctt_lines.h"

#include <string.h>

#define NEVER_FEASIBLE "no timetable can be feasible"

typedef struct Checker {
    const CttInstance *instance;
    CttNoteCb callback;
    gpointer user_data;
    guint8 *is_free; /* [n_periods] of the group of courses that is looked at */
} Checker;

static const char *
plural(guint64 n)
{
    return n == 1 ? "" : "s";
}

static void tell(const Checker *self, guint32 line, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void
tell(const Checker *self, guint32 line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    self->callback(line, text, self->user_data);
}

static void
begin_group(Checker *self)
{
    memset(self->is_free, 0, self->instance->n_periods);
}

static void
add_to_group(Checker *self, guint32 course)
{
    const CttInstance *instance = self->instance;
    const guint8 *unavailable = &instance->unavailable[(gsize)course * instance->n_periods];

    for (guint32 period = 0; period < instance->n_periods; period++) {
        self->is_free[period] |= unavailable[period] == 0;
    }
}

/* Of courses no two of which may share a period. */
static void
end_group(const Checker *self, guint32 line, const char *noun, const char *id, guint64 n_lectures)
{
    guint32 n_free = 0;

    for (guint32 period = 0; period < self->instance->n_periods; period++) {
        n_free += self->is_free[period];
    }
    if (n_lectures > n_free) {
        g_autofree char *quoted = ctt_quote(id);
        tell(self, line,
             "%s %s has %" G_GUINT64_FORMAT " lecture%s but %u free period%s (" NEVER_FEASIBLE ")",
             noun, quoted, n_lectures, plural(n_lectures), n_free, plural(n_free));
    }
}

static void
check_places(const Checker *self)
{
    const CttInstance *instance = self->instance;
    guint32 n_places = instance->n_periods * instance->n_rooms;

    if (instance->n_lectures > n_places) {
        tell(self, 0, "%u lectures have %u place%s, periods times rooms (" NEVER_FEASIBLE ")",
             instance->n_lectures, n_places, plural(n_places));
    }
}

/* With the free periods of the course in the group: on how many days it can be. */
static guint32
count_days(const Checker *self, const CttCourse *course)
{
    const CttInstance *instance = self->instance;
    guint32 n_days = 0;

    for (guint32 day = 0; day < instance->n_days; day++) {
        const guint8 *is_free = &self->is_free[day * instance->periods_per_day];
        n_days += memchr(is_free, 1, instance->periods_per_day) != NULL;
    }
    return MIN(n_days, course->n_lectures);
}

static void
check_courses(Checker *self)
{
    for (guint32 i = 0; i < self->instance->n_courses; i++) {
        const CttCourse *course = &self->instance->courses[i];
        begin_group(self);
        add_to_group(self, i);
        end_group(self, course->line, "course", course->id, course->n_lectures);
        guint32 n_days = count_days(self, course);
        if (course->min_working_days > n_days) {
            g_autofree char *quoted = ctt_quote(course->id);
            tell(self, course->line,
                 "course %s must be on %u day%s but can be on %u at most (the soft cost can never "
                 "be 0)",
                 quoted, course->min_working_days, plural(course->min_working_days), n_days);
        }
    }
}

/* A teacher of one course has been looked at with it. */
static void
check_teachers(Checker *self)
{
    const CttInstance *instance = self->instance;
    g_autofree guint32 *last = g_new(guint32, instance->n_teachers);
    g_autofree guint32 *next = g_new(guint32, instance->n_courses); /* of the same teacher */

    memset(last, 0xff, sizeof *last * instance->n_teachers);
    for (guint32 i = instance->n_courses; i-- > 0;) {
        next[i] = last[instance->courses[i].teacher];
        last[instance->courses[i].teacher] = i; /* in the end, the first */
    }
    for (guint32 teacher = 0; teacher < instance->n_teachers; teacher++) {
        guint64 n_lectures = 0;
        guint32 first = last[teacher];
        if (next[first] == CTT_NONE) {
            continue;
        }
        begin_group(self);
        for (guint32 i = first; i != CTT_NONE; i = next[i]) {
            add_to_group(self, i);
            n_lectures += instance->courses[i].n_lectures;
        }
        end_group(self, instance->courses[first].line, "teacher", instance->teachers[teacher],
                  n_lectures);
    }
}

static void
check_curricula(Checker *self)
{
    const CttInstance *instance = self->instance;

    for (guint32 i = 0; i < instance->n_curricula; i++) {
        const CttCurriculum *curriculum = &instance->curricula[i];
        guint64 n_lectures = 0;
        if (curriculum->n_courses < 2) {
            continue;
        }
        begin_group(self);
        for (guint32 j = 0; j < curriculum->n_courses; j++) {
            add_to_group(self, curriculum->courses[j]);
            n_lectures += instance->courses[curriculum->courses[j]].n_lectures;
        }
        end_group(self, curriculum->line, "curriculum", curriculum->id, n_lectures);
    }
}

void
ctt_check(const CttInstance *instance, CttNoteCb callback, gpointer user_data)
{
    g_return_if_fail(instance != NULL && callback != NULL);

    g_autofree guint8 *is_free = g_malloc(instance->n_periods); /* at most CTT_MAX_PERIODS */
    Checker checker = { instance, callback, user_data, is_free };

    check_places(&checker);
    check_courses(&checker);
    check_teachers(&checker);
    check_curricula(&checker);
}
