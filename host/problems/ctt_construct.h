/* SPDX-License-Identifier: MIT */
/*
 * A start solution: a timetable built lecture by lecture, the hardest to place first, quickly
 * enough to stand before a search begins (milliseconds for the competition's instances).
 */
#pragma once

#include "ctt_instance.h"

G_BEGIN_DECLS

/**
 * ctt_construct:
 * @seed: chooses among equally good decisions; the same seed gives the same genome everywhere
 * @genome: (out) (array): instance->n_lectures genes
 *
 * Builds a timetable with few hard violations, most often none, and a fair soft cost. Every lecture
 * is placed, if need be where it violates something; only a course with more lectures than there
 * are periods leaves the surplus not placed.
 */
void ctt_construct(const CttInstance *instance, guint64 seed, CttGene *genome);

G_END_DECLS
