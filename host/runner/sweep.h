/* SPDX-License-Identifier: MIT */

/*
 * Removes folders of finished jobs by age and by bytes, oldest first. A job runs while its lock is
 * held or its process is alive; such a one is never touched, nor anything in the jobs folder that
 * is not a folder of a job of this user. A job whose process is gone without a job_ended is given
 * that event, with the outcome "lost", and counts as finished. Several sweeps may run at once. [any
 * thread]
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a sweep found and did. */
typedef struct ReinSweepReport {
    guint n_finished; /* at the end: finished folders that stay */
    guint n_running;
    guint n_lost; /* were marked as such */
    guint n_removed;
    guint n_failed; /* could not be removed */
    guint64 size;   /* bytes that stay, of running jobs too */
    guint64 removed_size;
} ReinSweepReport;

/* Told of each folder that goes, or would: `reason` is why, `is_removed` whether it is gone. */
typedef void (*ReinSweptCb)(const char *name, guint64 size, const char *reason, gboolean is_removed,
                            gpointer user_data);

/* How to sweep when somebody looks on. */
typedef struct ReinSweepWatch {
    gboolean is_dry_run; /* nothing is changed; lost jobs are not marked */
    ReinSweptCb swept;   /* (nullable) */
    gpointer user_data;
} ReinSweepWatch;

/**
 * rein_sweep:
 * @jobs_folder: may be missing
 * @keep_age_ns: finished folders are removed this long after their last event
 * @keep_size: bytes; finished folders are removed until all are within it
 * @cancellable: (nullable): once it is cancelled, no more folders are removed
 * @report: (out caller-allocates)
 *
 * Never fails: what cannot be removed stays and is counted. [may block]
 */
void rein_sweep(const char *jobs_folder, gint64 keep_age_ns, guint64 keep_size,
                GCancellable *cancellable, ReinSweepReport *report);

/* The same, watched; of a dry run @report says nothing that was done. [may block] */
void rein_sweep_watched(const char *jobs_folder, gint64 keep_age_ns, guint64 keep_size,
                        GCancellable *cancellable, const ReinSweepWatch *watch,
                        ReinSweepReport *report);

G_END_DECLS
