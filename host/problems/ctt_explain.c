/* SPDX-License-Identifier: MIT */
#include "ctt_explain.h"
#include "ctt_table.h"

/* Who is told, and about what. */
typedef struct Teller {
    CttTable table;
    CttViolationCb callback;
    gpointer user_data;
} Teller;

static void
tell(const Teller *self, const CttViolation *violation)
{
    self->callback(violation, self->user_data);
}

/* A violation of one lecture, or of a course alone where room and period are CTT_NONE. */
static CttViolation
violation_of(CttKind kind, gint64 cost, guint32 course, guint32 room, guint32 period)
{
    return (CttViolation){
        .kind = kind,
        .cost = cost,
        .course = course,
        .other_course = CTT_NONE,
        .curriculum = CTT_NONE,
        .room = room,
        .other_room = CTT_NONE,
        .period = period,
    };
}

static void
tell_repeated(const CttPlacement *placement, gpointer user_data)
{
    CttViolation violation =
        violation_of(CTT_KIND_LECTURES, 0, placement->course, placement->room, placement->period);

    violation.is_warning = TRUE;
    tell(user_data, &violation);
}

static void
tell_lectures(const Teller *self)
{
    for (guint32 i = 0; i < self->table.instance->n_courses; i++) {
        guint32 n_wanted = self->table.instance->courses[i].n_lectures;
        guint32 n_found = self->table.n_held[i];
        gint64 n_missing = (gint64)n_wanted - (gint64)n_found;
        if (n_missing != 0) {
            CttViolation violation =
                violation_of(CTT_KIND_LECTURES, ABS(n_missing), i, CTT_NONE, CTT_NONE);
            violation.n_found = n_found;
            violation.n_wanted = n_wanted;
            tell(self, &violation);
        }
    }
}

static void
tell_conflicts_with(const Teller *self, guint32 first, guint32 period)
{
    const CttInstance *instance = self->table.instance;

    for (guint32 second = first + 1; second < instance->n_courses; second++) {
        if (instance->conflict[(gsize)first * instance->n_courses + second] != 0 &&
            ctt_table_is_held(&self->table, second, period)) {
            CttViolation violation = violation_of(CTT_KIND_CONFLICTS, 1, first, CTT_NONE, period);
            violation.other_course = second;
            tell(self, &violation);
        }
    }
}

static void
tell_conflicts(const Teller *self)
{
    for (guint32 period = 0; period < self->table.instance->n_periods; period++) {
        for (guint32 course = 0; course < self->table.instance->n_courses; course++) {
            if (ctt_table_is_held(&self->table, course, period)) {
                tell_conflicts_with(self, course, period);
            }
        }
    }
}

static void
tell_availability(const Teller *self)
{
    for (guint32 course = 0; course < self->table.instance->n_courses; course++) {
        for (guint32 period = 0; period < self->table.instance->n_periods; period++) {
            guint32 room = ctt_table_room(&self->table, course, period);
            if (room != CTT_NONE && ctt_table_is_unavailable(&self->table, course, period)) {
                CttViolation violation =
                    violation_of(CTT_KIND_AVAILABILITY, 1, course, room, period);
                tell(self, &violation);
            }
        }
    }
}

/* `holder` is scratch for the first course in each room. */
static void
tell_room_occupation_in(const Teller *self, guint32 period, guint32 *holder)
{
    const CttInstance *instance = self->table.instance;

    for (guint32 room = 0; room < instance->n_rooms; room++) {
        holder[room] = CTT_NONE;
    }
    for (guint32 course = 0; course < instance->n_courses; course++) {
        guint32 room = ctt_table_room(&self->table, course, period);
        if (room == CTT_NONE) {
            continue;
        }
        if (holder[room] == CTT_NONE) {
            holder[room] = course;
            continue;
        }
        CttViolation violation = violation_of(CTT_KIND_ROOM_OCCUPATION, 1, course, room, period);
        violation.other_course = holder[room];
        tell(self, &violation);
    }
}

static void
tell_room_occupation(const Teller *self)
{
    g_autofree guint32 *holder = g_new0(guint32, self->table.instance->n_rooms);

    for (guint32 period = 0; period < self->table.instance->n_periods; period++) {
        tell_room_occupation_in(self, period, holder);
    }
}

static void
tell_room_capacity(const Teller *self)
{
    const CttInstance *instance = self->table.instance;

    for (guint32 course = 0; course < instance->n_courses; course++) {
        guint32 n_students = instance->courses[course].n_students;
        for (guint32 period = 0; period < instance->n_periods; period++) {
            guint32 room = ctt_table_room(&self->table, course, period);
            if (room == CTT_NONE || n_students <= instance->rooms[room].capacity) {
                continue;
            }
            gint64 n_standing = (gint64)n_students - (gint64)instance->rooms[room].capacity;
            CttViolation violation =
                violation_of(CTT_KIND_ROOM_CAPACITY, CTT_WEIGHT_ROOM_CAPACITY * n_standing, course,
                             room, period);
            violation.n_found = n_students;
            violation.n_wanted = instance->rooms[room].capacity;
            tell(self, &violation);
        }
    }
}

static void
tell_min_working_days(const Teller *self)
{
    for (guint32 i = 0; i < self->table.instance->n_courses; i++) {
        guint32 n_wanted = self->table.instance->courses[i].min_working_days;
        guint32 n_found = ctt_table_count_days(&self->table, i);
        if (n_found < n_wanted) {
            gint64 n_missing = (gint64)n_wanted - (gint64)n_found;
            CttViolation violation =
                violation_of(CTT_KIND_MIN_WORKING_DAYS, CTT_WEIGHT_MIN_WORKING_DAYS * n_missing, i,
                             CTT_NONE, CTT_NONE);
            violation.n_found = n_found;
            violation.n_wanted = n_wanted;
            tell(self, &violation);
        }
    }
}

/* `n_lectures` are those of `curriculum` in each period. */
static void
tell_isolated(const Teller *self, guint32 curriculum, const guint32 *n_lectures, guint32 period)
{
    const CttCurriculum *members = &self->table.instance->curricula[curriculum];
    guint32 i = 0;

    while (!ctt_table_is_held(&self->table, members->courses[i], period)) {
        i++; /* ends, because there is a lecture */
    }
    CttViolation violation = violation_of(
        CTT_KIND_COMPACTNESS, CTT_WEIGHT_COMPACTNESS * (gint64)n_lectures[period],
        members->courses[i], ctt_table_room(&self->table, members->courses[i], period), period);
    violation.curriculum = curriculum;
    violation.n_found = n_lectures[period];
    tell(self, &violation);
}

static void
tell_compactness(const Teller *self)
{
    const CttInstance *instance = self->table.instance;
    g_autofree guint32 *n_lectures = g_new0(guint32, instance->n_periods);

    for (guint32 curriculum = 0; curriculum < instance->n_curricula; curriculum++) {
        ctt_table_count_curriculum(&self->table, curriculum, n_lectures);
        for (guint32 period = 0; period < instance->n_periods; period++) {
            if (n_lectures[period] > 0 && ctt_table_is_isolated(&self->table, n_lectures, period)) {
                tell_isolated(self, curriculum, n_lectures, period);
            }
        }
    }
}

static void
tell_room_stability(const Teller *self)
{
    const CttInstance *instance = self->table.instance;
    g_autofree guint32 *last_course = g_new0(guint32, instance->n_rooms); /* 1 + course */

    for (guint32 course = 0; course < instance->n_courses; course++) {
        guint32 first_room = CTT_NONE;
        for (guint32 period = 0; period < instance->n_periods; period++) {
            guint32 room = ctt_table_room(&self->table, course, period);
            if (room == CTT_NONE || last_course[room] == course + 1) {
                continue;
            }
            last_course[room] = course + 1;
            if (first_room == CTT_NONE) {
                first_room = room;
                continue;
            }
            CttViolation violation = violation_of(CTT_KIND_ROOM_STABILITY,
                                                  CTT_WEIGHT_ROOM_STABILITY, course, room, period);
            violation.other_room = first_room;
            tell(self, &violation);
        }
    }
}

void
ctt_explain(const CttInstance *instance, const CttSolution *solution, CttViolationCb callback,
            gpointer user_data)
{
    g_return_if_fail(instance != NULL && solution != NULL && callback != NULL);

    Teller teller = { .callback = callback, .user_data = user_data };
    ctt_table_init(&teller.table, instance, solution, tell_repeated, &teller);
    tell_lectures(&teller);
    tell_conflicts(&teller);
    tell_availability(&teller);
    tell_room_occupation(&teller);
    tell_room_capacity(&teller);
    tell_min_working_days(&teller);
    tell_compactness(&teller);
    tell_room_stability(&teller);
    ctt_table_clear(&teller.table);
}

/* ` in room B on day 2 period 3`, as far as the violation has them. */
static void
append_place(GString *text, const CttViolation *violation, const CttInstance *instance)
{
    if (violation->room != CTT_NONE) {
        g_string_append_printf(text, " in room %s", instance->rooms[violation->room].id);
    }
    if (violation->period != CTT_NONE) {
        g_string_append_printf(text, " on day %u period %u",
                               violation->period / instance->periods_per_day,
                               violation->period % instance->periods_per_day);
    }
}

/* What two courses must not share a period for: ` (teacher t000)` or ` (curriculum q000)`. */
static void
append_reason(GString *text, const CttCourse *first, const CttCourse *second,
              const CttInstance *instance)
{
    guint32 i = 0;
    guint32 j = 0;

    if (first->teacher == second->teacher) {
        g_string_append_printf(text, " (teacher %s)", instance->teachers[first->teacher]);
        return;
    }
    while (i < first->n_curricula && j < second->n_curricula) {
        if (first->curricula[i] == second->curricula[j]) {
            g_string_append_printf(text, " (curriculum %s)",
                                   instance->curricula[first->curricula[i]].id);
            return;
        }
        if (first->curricula[i] < second->curricula[j]) {
            i++;
        } else {
            j++;
        }
    }
}

static void
append_numbers(GString *text, const CttViolation *violation, const CttInstance *instance)
{
    switch (violation->kind) {
    case CTT_KIND_LECTURES:
        g_string_append_printf(text, " has %u of %u lecture%s", violation->n_found,
                               violation->n_wanted, violation->n_wanted == 1 ? "" : "s");
        break;
    case CTT_KIND_AVAILABILITY:
        g_string_append(text, ", which is forbidden to it");
        break;
    case CTT_KIND_ROOM_OCCUPATION:
        g_string_append_printf(text, ", where course %s is",
                               instance->courses[violation->other_course].id);
        break;
    case CTT_KIND_ROOM_CAPACITY:
        g_string_append_printf(text, ", %u student%s on %u seat%s", violation->n_found,
                               violation->n_found == 1 ? "" : "s", violation->n_wanted,
                               violation->n_wanted == 1 ? "" : "s");
        break;
    case CTT_KIND_MIN_WORKING_DAYS:
        g_string_append_printf(text, " is on %u of %u day%s", violation->n_found,
                               violation->n_wanted, violation->n_wanted == 1 ? "" : "s");
        break;
    case CTT_KIND_COMPACTNESS:
        g_string_append_printf(text, ", %u of curriculum %s with nothing before or after",
                               violation->n_found, instance->curricula[violation->curriculum].id);
        break;
    case CTT_KIND_ROOM_STABILITY:
        g_string_append_printf(text, ", but first in room %s",
                               instance->rooms[violation->other_room].id);
        break;
    case CTT_KIND_CONFLICTS:
    case CTT_N_KINDS:
    default:
        break;
    }
}

char *
ctt_violation_to_text(const CttViolation *violation, const CttInstance *instance)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_return_val_if_fail(violation != NULL && instance != NULL, NULL);

    const CttCourse *course = &instance->courses[violation->course];
    if (violation->is_warning) {
        g_string_append_printf(text, "course %s", course->id);
        append_place(text, violation, instance);
        g_string_append(text, " is skipped, it has a lecture then");
        return g_string_free(g_steal_pointer(&text), FALSE);
    }
    g_string_append_printf(text, "%s %" G_GINT64_FORMAT ": course %s",
                           ctt_kind_name(violation->kind), violation->cost, course->id);
    if (violation->kind == CTT_KIND_CONFLICTS) {
        const CttCourse *other = &instance->courses[violation->other_course];
        g_string_append_printf(text, " and course %s", other->id);
        append_reason(text, course, other, instance);
    }
    append_place(text, violation, instance);
    append_numbers(text, violation, instance);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

typedef struct Listing {
    const CttInstance *instance;
    GString *text;
} Listing;

static void
list_violation(const CttViolation *violation, gpointer user_data)
{
    Listing *self = user_data;
    g_autofree char *line = ctt_violation_to_text(violation, self->instance);

    g_string_append_printf(self->text, "%s%s\n", violation->is_warning ? "warning: " : "", line);
}

char *
ctt_explain_to_text(const CttInstance *instance, const CttSolution *solution)
{
    g_return_val_if_fail(instance != NULL && solution != NULL, NULL);

    Listing listing = { .instance = instance, .text = g_string_new(NULL) };
    ctt_explain(instance, solution, list_violation, &listing);
    return g_string_free(listing.text, FALSE);
}
