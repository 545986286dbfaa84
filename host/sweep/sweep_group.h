/* SPDX-License-Identifier: MIT */

/*
 * What the seeds of one instance under the same settings came to. A plain value; its pointers are
 * the folder's. [any thread, while none appends]
 */

#pragma once

#include "sweep_folder.h"

G_BEGIN_DECLS

typedef struct ReinSweepGroup {
    guint n;          /* combinations */
    guint n_ended;    /* by a limit or the target; the costs are of these */
    guint n_feasible; /* among these */
    guint n_failed;
    const ReinSweepResult *best;   /* NULL: none has a cost */
    const ReinSweepResult *median; /* of an even number the worse of the two in the middle */
    const ReinSweepResult *worst;
} ReinSweepGroup;

/* Looks at the results of the group, from 0. */
void rein_sweep_group_init(ReinSweepGroup *self, const ReinSweepPlan *plan,
                           const ReinSweepFolder *folder, guint group);

/* Returns: (transfer none): the instance of the group as it is written */
const char *rein_sweep_group_get_instance(const ReinSweepPlan *plan, guint group);

/* Adds the members of the group, within an object. host/README.md describes them. */
void rein_sweep_group_add_json(const ReinSweepGroup *self, const ReinSweepPlan *plan, guint group,
                               JsonBuilder *builder);

G_END_DECLS
