/* SPDX-License-Identifier: MIT */

/*
 * A population on a device: the buffers of an evolution beyond those of its problem, and the stages of
 * a round over them. Two sets hold the last whole round and the one in the making; they swap by the
 * parity of the round. The buffers are the job's and end with it. Belongs to one thread.
 */

#pragma once

#include <glib.h>

#include "problem_job_private.h"

G_BEGIN_DECLS

typedef struct ReinPopulation {
    guint64 genes[2]; /* buffers, by the parity of the round that writes them */
    guint64 fitness[2];
    guint64 state[2];
    guint64 status[2];
    guint64 parents;
    guint64 parts;
    guint64 best;       /* two slots */
    guint64 best_state; /* two slots */
    guint64 ring;
} ReinPopulation;

/* Takes the buffers, with room for `n_ring` records. [may block] */
gboolean rein_population_take(ReinPopulation *self, const ReinProblemJob *on, guint32 n_ring,
                              GError **error);

/*
 * Fills `stages`, room for REIN_SLICER_STAGES, with those of round 0, which evaluates the start, or of
 * any other round. Returns their number.
 */
guint32 rein_population_get_start_stages(const ReinPopulation *self, const ReinProblemJob *on,
                                         ReinStage *stages);
guint32 rein_population_get_round_stages(const ReinPopulation *self, const ReinProblemJob *on,
                                         ReinStage *stages);

G_END_DECLS
