/* SPDX-License-Identifier: MIT */

#include "plain_ctt.h"

#include <string.h>

struct PlainCtt {
    const CttInstance *instance;
    guint8 *is_taught;   /* [n_courses][n_periods] */
    guint8 *n_taught;    /* [n_curricula][n_periods] lectures of a curriculum */
    guint8 *is_occupied; /* [n_periods * n_rooms] */
    guint16 *course_at;  /* [n_periods][n_courses] courses taught in a period, in any order */
    guint16 *n_at;       /* [n_periods] how many */
    guint8 *has_room;    /* [n_rooms] of one course */
    guint8 *has_day;     /* [n_days] of one course */
    guint16 *period_of;  /* [n_slots] */
    guint16 *room_of;    /* [n_slots] */
};

PlainCtt *
plain_ctt_new(const CttInstance *instance)
{
    const guint32 n_periods = instance->n_periods;
    const guint32 n_slots = n_periods * instance->n_rooms;
    PlainCtt *self = g_new0(PlainCtt, 1);

    self->instance = instance;
    self->is_taught = g_new0(guint8, (gsize)instance->n_courses * n_periods);
    self->n_taught = g_new0(guint8, (gsize)instance->n_curricula * n_periods + 1);
    self->is_occupied = g_new0(guint8, n_slots);
    self->course_at = g_new0(guint16, (gsize)n_periods * instance->n_courses);
    self->n_at = g_new0(guint16, n_periods);
    self->has_room = g_new0(guint8, instance->n_rooms);
    self->has_day = g_new0(guint8, instance->n_days);
    self->period_of = g_new0(guint16, n_slots);
    self->room_of = g_new0(guint16, n_slots);
    for (guint32 slot = 0; slot < n_slots; slot++) {
        self->period_of[slot] = (guint16)(slot / instance->n_rooms);
        self->room_of[slot] = (guint16)(slot % instance->n_rooms);
    }
    return self;
}

void
plain_ctt_free(PlainCtt *self)
{
    if (self == NULL) {
        return;
    }
    g_free(self->is_taught);
    g_free(self->n_taught);
    g_free(self->is_occupied);
    g_free(self->course_at);
    g_free(self->n_at);
    g_free(self->has_room);
    g_free(self->has_day);
    g_free(self->period_of);
    g_free(self->room_of);
    g_free(self);
}

/* Places the lectures of one course; what that costs by itself. */
static void
plain_ctt_add_course(PlainCtt *self, guint32 index, const CttGene *genes, gint32 *hard,
                     gint32 *soft)
{
    const CttInstance *instance = self->instance;
    const CttCourse *course = &instance->courses[index];
    const guint32 n_periods = instance->n_periods;
    guint8 *is_taught = self->is_taught + (gsize)index * n_periods;
    const guint8 *unavailable = instance->unavailable + (gsize)index * n_periods;
    guint32 n_rooms = 0;
    guint32 n_days = 0;

    memset(self->has_room, 0, instance->n_rooms);
    memset(self->has_day, 0, instance->n_days);
    for (guint32 i = 0; i < course->n_lectures; i++) {
        const guint32 slot = genes[course->first_lecture + i];
        if (slot >= n_periods * instance->n_rooms || is_taught[self->period_of[slot]]) {
            (*hard)++;
            continue;
        }
        const guint32 period = self->period_of[slot];
        const guint32 room = self->room_of[slot];
        const guint32 day = period / instance->periods_per_day;
        is_taught[period] = 1;
        self->course_at[period * instance->n_courses + self->n_at[period]++] = (guint16)index;
        *hard += unavailable[period] + self->is_occupied[slot];
        self->is_occupied[slot] = 1;
        if (course->n_students > instance->rooms[room].capacity) {
            *soft += (gint32)(course->n_students - instance->rooms[room].capacity);
        }
        n_rooms += !self->has_room[room];
        self->has_room[room] = 1;
        n_days += !self->has_day[day];
        self->has_day[day] = 1;
        for (guint32 k = 0; k < course->n_curricula; k++) {
            self->n_taught[(gsize)course->curricula[k] * n_periods + period]++;
        }
    }
    *soft += n_rooms > 1 ? (gint32)n_rooms - 1 : 0;
    *soft +=
        n_days < course->min_working_days ? 5 * (gint32)(course->min_working_days - n_days) : 0;
}

static gint32
plain_ctt_count_conflicts(const PlainCtt *self)
{
    const guint32 n_courses = self->instance->n_courses;
    gint32 n = 0;

    for (guint32 period = 0; period < self->instance->n_periods; period++) {
        const guint16 *courses = self->course_at + period * n_courses;
        for (guint32 a = 0; a < self->n_at[period]; a++) {
            const guint8 *conflict = self->instance->conflict + (gsize)courses[a] * n_courses;
            for (guint32 b = a + 1; b < self->n_at[period]; b++) {
                n += conflict[courses[b]];
            }
        }
    }
    return n;
}

static gint32
plain_ctt_count_isolated(const PlainCtt *self)
{
    const CttInstance *instance = self->instance;
    const guint32 n_hours = instance->periods_per_day;
    const guint8 *n_taught = self->n_taught;
    gint32 n = 0;

    for (guint32 row = 0; row < instance->n_curricula * instance->n_days; row++) {
        for (guint32 hour = 0; hour < n_hours; hour++) {
            const gboolean is_before = hour > 0 && n_taught[hour - 1] > 0;
            const gboolean is_after = hour + 1 < n_hours && n_taught[hour + 1] > 0;
            n += is_before || is_after ? 0 : n_taught[hour];
        }
        n_taught += n_hours;
    }
    return n;
}

void
plain_ctt_evaluate(PlainCtt *self, const CttGene *genes, gint32 *hard, gint32 *soft)
{
    const CttInstance *instance = self->instance;
    const guint32 n_periods = instance->n_periods;

    *hard = 0;
    *soft = 0;
    memset(self->is_taught, 0, (gsize)instance->n_courses * n_periods);
    memset(self->n_taught, 0, (gsize)instance->n_curricula * n_periods);
    memset(self->is_occupied, 0, (gsize)n_periods * instance->n_rooms);
    memset(self->n_at, 0, n_periods * sizeof *self->n_at);
    for (guint32 i = 0; i < instance->n_courses; i++) {
        plain_ctt_add_course(self, i, genes, hard, soft);
    }
    *hard += plain_ctt_count_conflicts(self);
    *soft += 2 * plain_ctt_count_isolated(self);
}
