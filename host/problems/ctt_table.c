/* SPDX-License-Identifier: MIT */
#include "ctt_table.h"

#include <string.h>

void
ctt_table_init(CttTable *self, const CttInstance *instance, const CttSolution *solution,
               void (*repeated)(const CttPlacement *placement, gpointer user_data),
               gpointer user_data)
{
    gsize n_cells = (gsize)instance->n_courses * instance->n_periods;

    *self = (CttTable){ .instance = instance };
    self->room = g_new(guint32, n_cells);
    self->n_held = g_new0(guint32, instance->n_courses);
    memset(self->room, 0xff, n_cells * sizeof *self->room); /* CTT_NONE */
    for (guint32 i = 0; i < solution->n_placements; i++) {
        const CttPlacement *placement = &solution->placements[i];
        guint32 *room =
            &self->room[(gsize)placement->course * instance->n_periods + placement->period];
        if (*room == CTT_NONE) {
            *room = placement->room;
            self->n_held[placement->course]++;
            continue;
        }
        self->n_repeated++;
        if (repeated != NULL) {
            repeated(placement, user_data);
        }
    }
}

void
ctt_table_clear(CttTable *self)
{
    g_clear_pointer(&self->room, g_free);
    g_clear_pointer(&self->n_held, g_free);
}

guint32
ctt_table_count_days(const CttTable *self, guint32 course)
{
    guint32 n_days = 0;

    for (guint32 day = 0; day < self->instance->n_days; day++) {
        guint32 period = day * self->instance->periods_per_day;
        guint32 end = period + self->instance->periods_per_day;
        while (period < end && !ctt_table_is_held(self, course, period)) {
            period++;
        }
        n_days += period < end;
    }
    return n_days;
}

void
ctt_table_count_curriculum(const CttTable *self, guint32 curriculum, guint32 *n_lectures)
{
    const CttCurriculum *members = &self->instance->curricula[curriculum];

    memset(n_lectures, 0, self->instance->n_periods * sizeof *n_lectures);
    for (guint32 i = 0; i < members->n_courses; i++) {
        for (guint32 period = 0; period < self->instance->n_periods; period++) {
            n_lectures[period] += ctt_table_is_held(self, members->courses[i], period) ? 1 : 0;
        }
    }
}

gboolean
ctt_table_is_isolated(const CttTable *self, const guint32 *n_lectures, guint32 period)
{
    guint32 hour = period % self->instance->periods_per_day;

    return (hour == 0 || n_lectures[period - 1] == 0) &&
           (hour + 1 == self->instance->periods_per_day || n_lectures[period + 1] == 0);
}
