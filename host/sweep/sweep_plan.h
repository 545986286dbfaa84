/* SPDX-License-Identifier: MIT */

/*
 * The combinations that a sweep's file stands for, in their order: the instances as they are
 * written; for each of them the settings, the last one changing fastest; for each of these the
 * seeds. Made once, then only read. [any thread]
 */

#pragma once

#include "runner/runner.h"
#include "sweep_file.h"

G_BEGIN_DECLS

typedef struct ReinSweepPlan ReinSweepPlan;

/* One run of a sweep. All pointers are the plan's. */
typedef struct ReinSweepCombination {
    guint number; /* from 1 */
    guint group;  /* from 0: those that differ in their seeds alone are one group */
    const ReinSweepInstance *instance;
    guint64 seed;
} ReinSweepCombination;

/* Makes the plan of `file` (transfer full), on top of `settings`, which are copied. */
ReinSweepPlan *rein_sweep_plan_new(ReinSweepFile *file, const ReinSettings *settings);

/* NULL is a no-op. */
void rein_sweep_plan_free(ReinSweepPlan *self);

const ReinSweepFile *rein_sweep_plan_get_file(const ReinSweepPlan *self);
guint rein_sweep_plan_get_n(const ReinSweepPlan *self);        /* combinations */
guint rein_sweep_plan_get_n_groups(const ReinSweepPlan *self); /* instances × settings */

/* What the combination `number`, from 1, is. */
void rein_sweep_plan_get(const ReinSweepPlan *self, guint number,
                         ReinSweepCombination *combination);

/* Returns: (transfer none): the value that `dimension` of the file has in the group, as written */
const char *rein_sweep_plan_get_value(const ReinSweepPlan *self, guint group, guint dimension);

/* Returns: (transfer full): the combination for people: "comp01.ctt, seed 3, population 4" */
char *rein_sweep_plan_describe(const ReinSweepPlan *self, guint number);

/**
 * rein_sweep_plan_apply:
 * @settings: a copy of the sweep's, into which the combination's settings go
 * @spec: (out): what is to be run, which points into the plan and to @settings
 *
 * Never fails: every value was tried when the file was read.
 */
void rein_sweep_plan_apply(const ReinSweepPlan *self, guint number, ReinSettings *settings,
                           ReinRunSpec *spec);

/* Returns: (transfer none): a digest of all that makes the combinations what they are: instances
 * and start solutions with their content, seeds, settings, and the user's own run.time and
 * run.population */
const char *rein_sweep_plan_get_digest(const ReinSweepPlan *self);

/* Whether the file has settings by which a device is chosen or opened, so that one that cannot be
 * opened is the combination's own failure. */
gboolean rein_sweep_plan_chooses_device(const ReinSweepPlan *self);

/* Whether the setting says which device is opened or how. */
gboolean rein_sweep_is_device_setting(const char *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinSweepPlan, rein_sweep_plan_free)

G_END_DECLS
