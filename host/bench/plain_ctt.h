/* SPDX-License-Identifier: MIT */

/*
 * A timetable evaluator as a careful C programmer writes it for one core, without rein: what the rate
 * of the kernels is measured against. Belongs to one thread.
 */

#pragma once

#include "problems/ctt_instance.h"

G_BEGIN_DECLS

typedef struct PlainCtt PlainCtt;

/* Borrows the instance. */
PlainCtt *plain_ctt_new(const CttInstance *instance);
void plain_ctt_free(PlainCtt *self);

/* The hard and the soft cost of a genome: instance->n_lectures genes. */
void plain_ctt_evaluate(PlainCtt *self, const CttGene *genes, gint32 *hard, gint32 *soft);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PlainCtt, plain_ctt_free)

G_END_DECLS
