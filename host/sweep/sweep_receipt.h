/* SPDX-License-Identifier: MIT */

/*
 * The receipt over all jobs of a sweep, added up from its results, whichever processes ran them. A
 * plain value. [any thread, while none appends]
 */

#pragma once

#include "common/exit_code.h"
#include "sweep_folder.h"

G_BEGIN_DECLS

#define REIN_SWEEP_N_OUTCOMES ((guint)REIN_OUTCOME_FAILED + 1)

typedef struct ReinSweepReceipt {
    guint n;      /* combinations */
    guint n_jobs; /* with a result */
    guint n_ended;
    guint n_stopped;
    guint n_failed;
    guint n_clean;
    guint n_not_clean;
    guint64 leaked_size; /* bytes */
    double worst_teardown_ms;
    guint n_devices_opened; /* jobs that were the first on an open device */
    guint n_outcomes[REIN_SWEEP_N_OUTCOMES];
    ReinExitCode first_failure; /* of the failed combination with the lowest number, or 0 */
} ReinSweepReceipt;

void rein_sweep_receipt_init(ReinSweepReceipt *self, const ReinSweepPlan *plan,
                             const ReinSweepFolder *folder);

/* Adds the members of the receipt, within an object. host/README.md describes them. */
void rein_sweep_receipt_add_json(const ReinSweepReceipt *self, JsonBuilder *builder);

/* Returns: (transfer full): receipt.json */
char *rein_sweep_receipt_to_text(const ReinSweepReceipt *self);

/**
 * rein_sweep_receipt_get_exit_code:
 *
 * Returns: %REIN_EXIT_STOPPED if @is_stopped, else that of the failed combination with the lowest
 *     number, else %REIN_EXIT_OK: a limit is an end like any other, also without a feasible solution
 */
ReinExitCode rein_sweep_receipt_get_exit_code(const ReinSweepReceipt *self, gboolean is_stopped);

G_END_DECLS
