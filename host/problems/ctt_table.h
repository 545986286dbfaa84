/* SPDX-License-Identifier: MIT */
/*
 * A timetable laid out by course and period, as the official validator does before it counts: of
 * two lectures of one course in one period it keeps the first. Lives in the caller's memory, for
 * one thread; the instance is borrowed and must outlive it.
 */
#pragma once

#include "ctt_solution.h"

G_BEGIN_DECLS

typedef struct CttTable {
    const CttInstance *instance;
    guint32 *room;      /* [n_courses][n_periods], CTT_NONE where the course is not taught */
    guint32 *n_held;    /* [n_courses] periods in which it is taught */
    guint32 n_repeated; /* placements that were skipped */
} CttTable;

/* Lays out `solution`; calls `repeated`, which may be NULL, with each placement that is skipped. */
void ctt_table_init(CttTable *self, const CttInstance *instance, const CttSolution *solution,
                    void (*repeated)(const CttPlacement *placement, gpointer user_data),
                    gpointer user_data);

/* Frees what @self holds; safe to repeat. */
void ctt_table_clear(CttTable *self);

/* The room `course` has in `period`, or CTT_NONE. */
static inline guint32
ctt_table_room(const CttTable *self, guint32 course, guint32 period)
{
    return self->room[(gsize)course * self->instance->n_periods + period];
}

static inline gboolean
ctt_table_is_held(const CttTable *self, guint32 course, guint32 period)
{
    return ctt_table_room(self, course, period) != CTT_NONE;
}

static inline gboolean
ctt_table_is_unavailable(const CttTable *self, guint32 course, guint32 period)
{
    return self->instance->unavailable[(gsize)course * self->instance->n_periods + period] != 0;
}

/* The days in which `course` is taught. */
guint32 ctt_table_count_days(const CttTable *self, guint32 course);

/* Lectures of each period, [n_periods], of a curriculum. */
void ctt_table_count_curriculum(const CttTable *self, guint32 curriculum, guint32 *n_lectures);

/* Whether nothing stands before or after `period` on the same day, in a row of n_periods counts. */
gboolean ctt_table_is_isolated(const CttTable *self, const guint32 *n_lectures, guint32 period);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CttTable, ctt_table_clear)

G_END_DECLS
