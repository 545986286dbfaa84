/* SPDX-License-Identifier: MIT */

#include "slicer_private.h"

/* A slice is at most so many times as long as the one before it: a guess may be far off. */
#define GROWTH 8.0

void
rein_slicer_init(ReinSlicer *self, const ReinStage *stages, guint32 n_stages, guint32 first_round,
                 guint32 granule, gint64 target_ns)
{
    g_return_if_fail(n_stages >= 1 && n_stages <= REIN_SLICER_STAGES);
    g_return_if_fail(granule >= 1 && granule <= REIN_SLICER_MAX_GRANULE);

    *self = (ReinSlicer){
        .stages = stages,
        .n_stages = n_stages,
        .granule = granule,
        .target_ns = target_ns,
        .round = first_round,
    };
}

/* What a round takes, as far as it is known: measured as a whole, else the sum of its stages. */
static double
slicer_round_ns(const ReinSlicer *self)
{
    double sum = 0;

    if (self->round_ns > 0) {
        return self->round_ns;
    }
    for (guint32 i = 0; i < self->n_stages; i++) {
        if (self->item_ns[i] <= 0) {
            return 0;
        }
        sum += self->item_ns[i] * self->stages[i].n_items;
    }
    return sum;
}

static guint32
slicer_n_rounds(const ReinSlicer *self, guint32 max_rounds)
{
    const double round_ns = slicer_round_ns(self);
    const double target_ns = (double)self->target_ns;

    if (self->stage != 0 || self->item != 0 || round_ns <= 0 || round_ns > target_ns) {
        return 0;
    }

    const double wanted = MIN(target_ns / round_ns, GROWTH * MAX(self->last_rounds, 1));
    return (guint32)CLAMP(wanted, 1.0, (double)max_rounds);
}

/* The first slice of a stage is one granule; then as many items as the target allows. */
static guint32
slicer_n_items(const ReinSlicer *self)
{
    const guint32 n_left = self->stages[self->stage].n_items - self->item;
    const double item_ns = self->item_ns[self->stage];
    double wanted = self->granule;

    if (item_ns > 0) {
        wanted = MAX(wanted, (double)self->target_ns / item_ns);
        if (self->item > 0) {
            wanted = MIN(wanted, GROWTH * MAX(self->item, self->granule));
        }
        wanted -= (guint64)wanted % self->granule;
    }
    /* an evenly cut rest beats a full slice and a remnant */
    if (wanted < n_left && n_left < 2 * wanted) {
        wanted = n_left / 2.0;
        wanted += self->granule - 1;
        wanted -= (guint64)wanted % self->granule;
    }
    return wanted >= n_left ? n_left : (guint32)MAX(wanted, self->granule);
}

void
rein_slicer_next(const ReinSlicer *self, guint32 max_rounds, ReinSlice *slice)
{
    const guint32 n_rounds = slicer_n_rounds(self, MAX(max_rounds, 1));

    *slice = (ReinSlice){
        .struct_size = sizeof *slice,
        .stage_size = sizeof *slice->stages,
        .first_round = self->round,
        .budget_ns = (guint64)self->target_ns * 2,
    };
    if (n_rounds > 0) {
        slice->stages = self->stages;
        slice->n_stages = self->n_stages;
        slice->n_rounds = n_rounds;
    } else {
        slice->stages = &self->stages[self->stage];
        slice->n_stages = 1;
        slice->n_rounds = 1;
        slice->first_item = self->item;
        slice->end_item = self->item + slicer_n_items(self);
    }
}

gint64
rein_slicer_predict(const ReinSlicer *self, const ReinSlice *slice)
{
    if (slice->end_item == 0) {
        return (gint64)(slicer_round_ns(self) * slice->n_rounds);
    }
    return (gint64)(self->item_ns[self->stage] * (slice->end_item - slice->first_item));
}

/* A running mean that trusts the newest half; a first value stands by itself. */
static double
average(double known, double measured)
{
    return known > 0 ? (known + measured) / 2 : measured;
}

static guint32
slicer_advance_rounds(ReinSlicer *self, const ReinSliceReport *report, double duration_ns)
{
    if (report->n_rounds > 0) {
        self->round_ns = average(self->round_ns, MAX(duration_ns / report->n_rounds, 1.0));
        self->last_rounds = report->n_rounds;
        self->round += report->n_rounds;
    }
    return report->n_rounds;
}

guint32
rein_slicer_advance(ReinSlicer *self, const ReinSlice *slice, const ReinSliceReport *report,
                    gint64 duration_ns)
{
    if (slice->end_item == 0) {
        return slicer_advance_rounds(self, report, (double)duration_ns);
    }
    if (report->n_items == 0) {
        return 0;
    }

    const double item_ns = (double)duration_ns / report->n_items;
    self->item_ns[self->stage] = average(self->item_ns[self->stage], MAX(item_ns, 0.001));
    self->item += report->n_items;
    if (self->item < self->stages[self->stage].n_items) {
        return 0;
    }
    self->item = 0;
    self->stage++;
    if (self->stage < self->n_stages) {
        return 0;
    }
    self->stage = 0;
    self->round++;
    self->round_ns = 0; /* the stages know better now */
    return 1;
}
