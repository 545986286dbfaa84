/* SPDX-License-Identifier: MIT */

/*
 * The course of a run as a file: a line of JSON for each round, the same for the same seed,
 * settings and rounds on every device, thread count and slice size. Used by the thread that runs
 * the job.
 */

#pragma once

#include <rein/evolution.h>

G_BEGIN_DECLS

typedef struct ReinRunRecord ReinRunRecord;

/* Begins the file. (transfer full): it, or %NULL with an error [may block] */
ReinRunRecord *rein_run_record_open(const char *path, GError **error);

/* A ReinRecordCb; `self` is a ReinRunRecord. What cannot be written is told by the commit. */
void rein_run_record_add(const ReinRecord *record, gpointer self);

/* Puts the file into its place. [may block] */
gboolean rein_run_record_commit(ReinRunRecord *self, GError **error);

/* Frees it; what was not committed is gone. NULL is a no-op. */
void rein_run_record_close(ReinRunRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinRunRecord, rein_run_record_close)

G_END_DECLS
