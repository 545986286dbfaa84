/* SPDX-License-Identifier: MIT */
/*
 * What the timetabling kernels (kernels/fitness/timetable.cl and timetable_improve.cl) are given:
 * the block of words that describes an instance to them, and the sizes and settings of a job that
 * runs them. Plain functions of the instance, safe from any thread.
 */
#pragma once

#include "ctt_instance.h"

G_BEGIN_DECLS

/* Words of scratch for each item up to which the search step runs; beyond it is left out. */
#define CTT_MAX_SEARCH_WORDS (16u * 1024u * 1024u)

/* Settings of the search step. Costs are those of the soft plane. */
typedef struct CttTuning {
    double start_temperature; /* at progress 0, above 0 */
    double end_temperature;   /* at the end, above 0 */
    double start_weight;      /* of a conflict or a missing lecture, at progress 0, at least 1 */
    double end_weight;        /* at the end, at least 1 */
    double room_chance;       /* a move to another period draws a new room */
    double room_only_chance;  /* a move keeps its period and draws a new room */
    double chain_chance;      /* a move exchanges a Kempe chain between two periods */
} CttTuning;

/*
 * Settings of a job that solves an instance well: tuned on the competition's instances. With the
 * search step there is no crossover, no mutation and no elite, which would end the annealing.
 */
typedef struct CttEvolution {
    guint32 population;
    guint32 n_moves;     /* of the search step, for each individual and round; 0: no search */
    guint32 select_rate; /* of 2^32: a child's parent is the winner of a tournament */
    guint32 tournament;
} CttEvolution;

/**
 * ctt_tuning_init:
 * @tuning: (out caller-allocates): the settings
 *
 * Fills in the settings that are best known for @instance.
 */
void ctt_tuning_init(CttTuning *tuning, const CttInstance *instance);

/**
 * ctt_block_new:
 * @tuning: (nullable): settings of the search, NULL for those of ctt_tuning_init()
 *
 * Builds the kernels' data: gint32 words in the machine's order, as laid out in timetable.cl. The
 * same instance and settings give the same bytes.
 *
 * Returns: (transfer full): the block
 */
GBytes *ctt_block_new(const CttInstance *instance, const CttTuning *tuning);

/**
 * ctt_block_n_scratch:
 *
 * Returns: the words of scratch that the kernels need for each item
 */
guint32 ctt_block_n_scratch(const CttInstance *instance);

/**
 * ctt_block_n_state:
 *
 * Returns: the words of state that the kernels need for each individual: none
 */
guint32 ctt_block_n_state(const CttInstance *instance);

/**
 * ctt_evolution_init:
 * @evolution: (out caller-allocates): the settings
 *
 * Fills in the settings of a job on @instance, the same on every device. If the search's tables
 * would be larger than %CTT_MAX_SEARCH_WORDS, there is no search step.
 */
void ctt_evolution_init(CttEvolution *evolution, const CttInstance *instance);

G_END_DECLS
