/* SPDX-License-Identifier: MIT */

/* What `rein run` prints at its end. Main thread. */

#pragma once

#include "common/output.h"
#include "runner/run_report.h"

G_BEGIN_DECLS

/**
 * run_print:
 * @has_grid: show the solution in full, where that is text
 *
 * Prints the report to stdout: text, or one document of JSON; with ndjson nothing, for job_ended
 * has said it all. The error, if there is one, goes to stderr.
 */
void run_print(const ReinRunReport *report, const ReinOutput *output, gboolean has_grid);

G_END_DECLS
