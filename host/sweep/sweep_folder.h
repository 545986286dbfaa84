/* SPDX-License-Identifier: MIT */

/*
 * The folder of a sweep: what is swept (sweep.json), how each combination ended (results.ndjson,
 * a line each), their solutions, the folders of their jobs, the receipt over all. A lock says that
 * a process works on it, and goes with that process; so a sweep that was killed is taken up again
 * by whoever opens its folder next. Opened and closed by one thread; rein_sweep_folder_append() and
 * rein_sweep_folder_take_files() from any.
 */

#pragma once

#include "runner/run_report.h"
#include "sweep_plan.h"
#include "sweep_result.h"

G_BEGIN_DECLS

typedef struct ReinSweepFolder ReinSweepFolder;

/**
 * rein_sweep_folder_open:
 * @path: made if it is not there
 * @plan: must outlive the folder
 *
 * Begins a sweep in a new or empty folder, or goes on with that of an old one: reads its results,
 * drops a last line that is torn, and removes the folders of jobs without a result.
 *
 * Returns: (transfer full): the folder, locked; or %NULL with %G_FILE_ERROR_AGAIN if another process
 *     works on it, %REIN_ERROR_INVALID if it holds something else, results of other combinations or
 *     a line that is no result, or an error of the files [may block]
 */
ReinSweepFolder *rein_sweep_folder_open(const char *path, const ReinSweepPlan *plan,
                                        GError **error);

/* Gives the lock back. NULL is a no-op. */
void rein_sweep_folder_close(ReinSweepFolder *self);

const char *rein_sweep_folder_get_path(const ReinSweepFolder *self);

/* Where the folders of its jobs are made. */
const char *rein_sweep_folder_get_jobs(const ReinSweepFolder *self);

/**
 * rein_sweep_folder_take_files:
 * @result: of the run; its solution and job are set
 *
 * Moves the solution out of the job's folder, and removes that, but for one of a failure, which is
 * kept as evidence. After the run's end. [any thread, may block]
 */
gboolean rein_sweep_folder_take_files(ReinSweepFolder *self, const ReinRunReport *report,
                                      ReinSweepResult *result, GError **error);

/**
 * rein_sweep_folder_append:
 * @result: (transfer full)
 *
 * Adds its line, as a whole or not at all, and waits until it is on the disk.
 *
 * Returns: FALSE with an error if it could not be written; then the combination has no result [any
 *     thread, may block]
 */
gboolean rein_sweep_folder_append(ReinSweepFolder *self, ReinSweepResult *result, GError **error);

/* Returns: (transfer none) (nullable): the last result of the combination. Not while others append. */
const ReinSweepResult *rein_sweep_folder_get_result(const ReinSweepFolder *self, guint number);

/* Writes receipt.json, as a whole or not at all. [may block] */
gboolean rein_sweep_folder_save_receipt(ReinSweepFolder *self, const char *text, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinSweepFolder, rein_sweep_folder_close)

G_END_DECLS
