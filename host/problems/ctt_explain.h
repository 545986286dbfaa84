/* SPDX-License-Identifier: MIT */
/*
 * Why a timetable costs what it costs: each violation by course, room, day and period. The costs
 * listed for a part add up to that part of the score. Violations are plain values that live during
 * the callback; the strings made from them belong to the caller.
 */
#pragma once

#include "ctt_score.h"

G_BEGIN_DECLS

/* One violation. Members that do not apply to its kind are CTT_NONE, numbers 0. */
typedef struct CttViolation {
    CttKind kind;
    gboolean is_warning;  /* a second lecture of a course in one period: kind lectures, cost 0 */
    gint64 cost;          /* weighted */
    guint32 course;       /* always, but of compactness only the first course of the curriculum */
    guint32 other_course; /* the second of a conflict; the one that has the room already */
    guint32 curriculum;   /* of compactness */
    guint32 room;         /* where the lecture is; of room stability, the room beyond the first */
    guint32 other_room;   /* of room stability, the first room */
    guint32 period;       /* when the lecture is; of room stability, the first one in that room */
    guint32 n_found;      /* lectures, students or days there are */
    guint32 n_wanted;     /* and lectures, seats or days there should be */
} CttViolation;

typedef void (*CttViolationCb)(const CttViolation *violation, gpointer user_data);

/**
 * ctt_explain:
 * @callback: called for each violation, in the order of the kinds, then of the instance
 *
 * Finds all violations of @solution, warnings first.
 */
void ctt_explain(const CttInstance *instance, const CttSolution *solution, CttViolationCb callback,
                 gpointer user_data);

/**
 * ctt_violation_to_text:
 *
 * Returns: (transfer full): one line without its end, such as
 * `conflicts 1: course c0001 and course c0004 (teacher t000) on day 2 period 3`
 */
char *ctt_violation_to_text(const CttViolation *violation, const CttInstance *instance);

/**
 * ctt_explain_to_text:
 *
 * For solutions of sane size; a hostile one can have millions of violations, which ctt_explain()
 * tells one by one.
 *
 * Returns: (transfer full): all violations, one on each line; empty if there are none
 */
char *ctt_explain_to_text(const CttInstance *instance, const CttSolution *solution);

G_END_DECLS
