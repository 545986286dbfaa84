/* SPDX-License-Identifier: MIT */

/*
 * A run as a terminal sees it: the runner on a thread of its own, the main loop for signals, the
 * live line and the events. Once for each process: its signal handlers stay until the end.
 */

#pragma once

#include "common/output.h"
#include "runner/runner.h"

G_BEGIN_DECLS

/* From now on SIGINT, SIGTERM and SIGHUP stop the run, also one that is only about to begin, and
 * SIGUSR1 saves its best so far; SIGPIPE is ignored, and SIGHUP stays so if it was. */
void run_session_catch_signals(void);

/**
 * run_session_run:
 * @code: (out): the exit code where there is no report
 *
 * Runs it to its end. The first SIGINT, SIGTERM or SIGHUP stops it; SIGINT or SIGTERM after that
 * ends it at once.
 *
 * Returns: (transfer full) (nullable): the report; %NULL if it was ended at once, which has been
 *     said: the program then ends without freeing anything, for the run's thread may still be at
 *     work
 */
ReinRunReport *run_session_run(const ReinRunSpec *spec, const ReinOutput *output, int *code);

G_END_DECLS
