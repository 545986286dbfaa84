/* SPDX-License-Identifier: MIT */
/*
 * What a timetable costs, part by part, counted as the competition's official validator counts
 * (formulation UD2). Plain C on the host that shares nothing with any fitness kernel, so that each
 * can be checked against the other. A score is a plain value in the caller's memory.
 */
#pragma once

#include "ctt_solution.h"

G_BEGIN_DECLS

#define CTT_WEIGHT_ROOM_CAPACITY 1
#define CTT_WEIGHT_MIN_WORKING_DAYS 5
#define CTT_WEIGHT_COMPACTNESS 2
#define CTT_WEIGHT_ROOM_STABILITY 1

/* The parts of a score, in the order in which everything prints them; the hard ones first. */
typedef enum CttKind {
    CTT_KIND_LECTURES,         /* lectures too few or too many, of each course */
    CTT_KIND_CONFLICTS,        /* pairs of conflicting courses in one period */
    CTT_KIND_AVAILABILITY,     /* lectures in a period that is forbidden to their course */
    CTT_KIND_ROOM_OCCUPATION,  /* lectures beyond the first in a room and period */
    CTT_KIND_ROOM_CAPACITY,    /* students without a seat, in each lecture */
    CTT_KIND_MIN_WORKING_DAYS, /* 5 for each day a course has too few */
    CTT_KIND_COMPACTNESS,      /* 2 for each lecture of a curriculum alone in its part of a day */
    CTT_KIND_ROOM_STABILITY,   /* rooms beyond the first, of each course */
    CTT_N_KINDS,
} CttKind;

typedef struct CttScore {
    gint64 cost[CTT_N_KINDS]; /* already weighted */
    gint64 hard;              /* the sum of the hard parts: zero in a feasible timetable */
    gint64 soft;              /* the sum of the soft parts */
    guint32 n_warnings;       /* second lectures of a course in one period: skipped, take no room */
} CttScore;

/**
 * ctt_score_solution:
 * @score: (out caller-allocates): the score; its n_warnings counts the placements that were skipped
 *
 * Scores a timetable of @instance.
 */
void ctt_score_solution(const CttInstance *instance, const CttSolution *solution, CttScore *score);

/**
 * ctt_score_genome:
 * @genome: (array): instance->n_lectures genes
 * @score: (out caller-allocates): the score
 *
 * Scores the timetable that @genome stands for, as ctt_score_solution() would.
 */
void ctt_score_genome(const CttInstance *instance, const CttGene *genome, CttScore *score);

/**
 * ctt_kind_name:
 *
 * Returns: the name of a part, as in the validator's table: `min_working_days`
 */
const char *ctt_kind_name(CttKind kind);

/**
 * ctt_kind_is_hard:
 *
 * Returns: whether a timetable with this cost is infeasible
 */
gboolean ctt_kind_is_hard(CttKind kind);

G_END_DECLS
