/* SPDX-License-Identifier: MIT */

/*
 * How much one plugin call may run. The slicer keeps the position of a run (round, stage, item) and
 * what each stage cost so far, and cuts the work into slices of about the target time: many rounds in
 * one call where a round is short, item ranges of one stage where it is long. What is cut where shows
 * in no result. Belongs to the thread that runs the job.
 */

#pragma once

#include <glib.h>
#include <rein/plugin_abi.h>

G_BEGIN_DECLS

#define REIN_SLICER_STAGES 16
#define REIN_SLICER_MAX_GRANULE (1u << 24)

typedef struct ReinSlicer {
    const ReinStage *stages; /* borrowed */
    guint32 n_stages;
    guint32 granule; /* fewest items that use the whole device */
    gint64 target_ns;

    guint32 round; /* where the run stands: the next round, */
    guint32 stage; /* stage, */
    guint32 item;  /* and item to run */

    double item_ns[REIN_SLICER_STAGES]; /* measured; 0: not yet */
    double round_ns;                    /* measured over slices of whole rounds; 0: not yet */
    guint32 last_rounds;                /* of the last such slice */
} ReinSlicer;

/*
 * Begins a run of `n_stages` (at most REIN_SLICER_STAGES) at `first_round`. `granule` is at least 1
 * and at most REIN_SLICER_MAX_GRANULE.
 */
void rein_slicer_init(ReinSlicer *self, const ReinStage *stages, guint32 n_stages,
                      guint32 first_round, guint32 granule, gint64 target_ns);

/*
 * Fills `slice` with what to run next, at most `max_rounds` (at least 1) whole rounds; progress is left
 * to the caller.
 */
void rein_slicer_next(const ReinSlicer *self, guint32 max_rounds, ReinSlice *slice);

/* What the slicer expects `slice` to take; 0 if it cannot tell yet. */
gint64 rein_slicer_predict(const ReinSlicer *self, const ReinSlice *slice);

/*
 * Takes note of how far `slice` came in `duration_ns` and moves on. Returns the number of whole rounds
 * that this completed.
 */
guint32 rein_slicer_advance(ReinSlicer *self, const ReinSlice *slice, const ReinSliceReport *report,
                            gint64 duration_ns);

G_END_DECLS
