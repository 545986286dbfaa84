/* SPDX-License-Identifier: MIT */

/*
 * A sweep as a terminal sees it: its workers on threads of their own, the main loop for signals, the
 * live line and the lines of results. Once for each process: its signal handlers stay until the end.
 */

#pragma once

#include "common/output.h"
#include "sweep/sweep.h"

G_BEGIN_DECLS

/* What is to be run; as for rein_sweep_new(). */
typedef struct SweepRequest {
    const ReinSweepPlan *plan;
    ReinSweepFolder *folder;
    const ReinSettings *settings;
    guint n_workers;
    gboolean stops_on_failure;
} SweepRequest;

/**
 * SweepSessionEnd:
 * @SWEEP_SESSION_OVER: it ended by itself; there may be an error
 * @SWEEP_SESSION_STOPPED: somebody stopped it before it was complete
 * @SWEEP_SESSION_ABANDONED: it was ended at once, which has been said: the program then ends without
 *     freeing anything, for the workers may still be at work
 */
typedef enum {
    SWEEP_SESSION_OVER,
    SWEEP_SESSION_STOPPED,
    SWEEP_SESSION_ABANDONED,
} SweepSessionEnd;

/* Runs it to its end. The first SIGINT, SIGTERM or SIGHUP stops it; SIGINT or SIGTERM after that
 * ends it at once. SIGUSR1, which saves what a run has found, is of no use here and passed over. */
SweepSessionEnd sweep_session_run(const SweepRequest *request, const ReinOutput *output,
                                  GError **error);

G_END_DECLS
