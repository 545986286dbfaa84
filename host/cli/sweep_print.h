/* SPDX-License-Identifier: MIT */

/* What `rein sweep` prints at its end, and for --dry-run. Main thread. */

#pragma once

#include "common/output.h"
#include "sweep/sweep_folder.h"
#include "sweep/sweep_receipt.h"

G_BEGIN_DECLS

/* How it ended. */
typedef struct SweepEnd {
    const char *outcome; /* "complete", "stopped", "failed" */
    const GError *error; /* (nullable) why it had to end early */
    ReinExitCode exit_code;
    guint n_earlier; /* combinations that had a result before */
} SweepEnd;

/* Prints the combinations and runs nothing. */
void sweep_print_plan(const ReinSweepPlan *plan, const ReinOutput *output);

/* Prints the table of all groups and the receipt; the error is for the caller. */
void sweep_print_end(const ReinSweepPlan *plan, const ReinSweepFolder *folder,
                     const ReinSweepReceipt *receipt, const SweepEnd *end,
                     const ReinOutput *output);

G_END_DECLS
