/* SPDX-License-Identifier: MIT */

/*
 * Removes folders of finished jobs by age and by bytes, oldest first. A job runs while its lock is
 * held or its process is alive; such a one is never touched, nor anything in the jobs folder that
 * is not a folder of a job of this user. A job whose process is gone without a job_ended is given
 * that event, with the outcome "lost", and counts as finished. Several may tidy at once. [any
 * thread]
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What tidying found and did. */
typedef struct ReinJobTidyReport {
    guint n_finished; /* at the end: finished folders that stay */
    guint n_running;
    guint n_lost; /* were marked as such */
    guint n_removed;
    guint n_failed; /* could not be removed */
    guint64 size;   /* bytes that stay, of running jobs too */
    guint64 removed_size;
} ReinJobTidyReport;

/* Told of each folder that goes, or would: `reason` is why, `is_removed` whether it is gone. */
typedef void (*ReinJobTidiedCb)(const char *name, guint64 size, const char *reason,
                                gboolean is_removed, gpointer user_data);

/* How to tidy when somebody looks on. */
typedef struct ReinJobTidyWatch {
    gboolean is_dry_run;    /* nothing is changed; lost jobs are not marked */
    ReinJobTidiedCb tidied; /* (nullable) */
    gpointer user_data;
} ReinJobTidyWatch;

/**
 * rein_job_tidy:
 * @jobs_folder: may be missing
 * @keep_age_ns: finished folders are removed this long after their last event
 * @keep_size: bytes; finished folders are removed until all are within it
 * @cancellable: (nullable): once it is cancelled, no more folders are removed
 * @report: (out caller-allocates)
 *
 * Never fails: what cannot be removed stays and is counted. [may block]
 */
void rein_job_tidy(const char *jobs_folder, gint64 keep_age_ns, guint64 keep_size,
                   GCancellable *cancellable, ReinJobTidyReport *report);

/**
 * rein_job_tidy_remove:
 * @jobs_folder: the folder it is in
 * @name: the id of a job, or the name that a removal which was cut short has left
 *
 * Removes the folder of one job that the caller knows to have ended, be it a moment ago in this
 * process.
 *
 * Returns: whether it is gone; not if its lock is held, it is no job's, or it cannot be removed [may
 *     block]
 */
gboolean rein_job_tidy_remove(const char *jobs_folder, const char *name);

/* The same, watched; of a dry run @report says nothing that was done. [may block] */
void rein_job_tidy_watched(const char *jobs_folder, gint64 keep_age_ns, guint64 keep_size,
                           GCancellable *cancellable, const ReinJobTidyWatch *watch,
                           ReinJobTidyReport *report);

G_END_DECLS
