/* SPDX-License-Identifier: MIT */

/*
 * The folder of one job, `jobs/ID/`: what it was asked (spec.ini), what happened (events.ndjson),
 * its solution, its receipt and its log. A lock on the file `lock` says that the job runs; the
 * kernel drops it with the process. Made and closed by one thread; events and log lines may come
 * from any. host/README.md describes the files and every event.
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define REIN_JOB_FILE_LOCK "lock" /* holds the process as one line of rein/process.h */
#define REIN_JOB_FILE_SPEC "spec.ini"
#define REIN_JOB_FILE_EVENTS "events.ndjson"
#define REIN_JOB_FILE_RECEIPT "receipt.json"
#define REIN_JOB_FILE_LOG "log"

#define REIN_EVENT_VERSION 1
#define REIN_EVENT_JOB_ENDED "job_ended" /* the last event of every job */

/* The outcome that tidying gives a job whose process ended without saying so. */
#define REIN_OUTCOME_LOST_TEXT "lost"

typedef struct ReinJobFolder ReinJobFolder;

/* Given each event as one line of JSON without its end, in the order of the file; be quick.
 * Called on the thread that emits it, with the folder's lock held. */
typedef void (*ReinEventCb)(const char *line, gpointer user_data);

/**
 * rein_job_folder_new:
 * @jobs_folder: where folders of jobs are; must exist
 *
 * Makes a folder with a new id, locked.
 *
 * Returns: (transfer full): the folder, or %NULL with an error of the domain G_FILE_ERROR [may
 *     block]
 */
ReinJobFolder *rein_job_folder_new(const char *jobs_folder, GError **error);

/* Gives the lock back; the folder stays. NULL is a no-op. */
void rein_job_folder_free(ReinJobFolder *self);

/* Frees it and removes it from the disk: for a job that could not begin. */
void rein_job_folder_remove(ReinJobFolder *self);

/* Before the first event. */
void rein_job_folder_set_event_cb(ReinJobFolder *self, ReinEventCb callback, gpointer user_data);

/* Time of its making, in UTC, and six random digits: 20251122-083712-7f3a90. Sorts by time. */
const char *rein_job_folder_get_id(ReinJobFolder *self);
const char *rein_job_folder_get_path(ReinJobFolder *self);

/* Returns: (transfer full): the path of the file `name` in it */
char *rein_job_folder_get_file(ReinJobFolder *self, const char *name);

/* Writes the file `name`, as a whole or not at all. [may block] */
gboolean rein_job_folder_save(ReinJobFolder *self, const char *name, const char *text,
                              GError **error);

/* Adds a line with the time to the log. What cannot be written is not logged. [any thread] */
void rein_job_folder_log(ReinJobFolder *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

/**
 * rein_job_folder_begin_event:
 *
 * Returns: (transfer full): a builder within the event's object, to which the caller adds members
 *     [any thread]
 */
JsonBuilder *rein_job_folder_begin_event(ReinJobFolder *self, const char *event);

/**
 * rein_job_folder_end_event:
 * @builder: (transfer full): from rein_job_folder_begin_event()
 *
 * Appends the event to the file, as a whole line or, on a full disk, not at all.
 *
 * Returns: whether it is in the file; only the first failure is logged [any thread]
 */
gboolean rein_job_folder_end_event(ReinJobFolder *self, JsonBuilder *builder);

/* Returns: whether `name` has the form of an id */
gboolean rein_job_id_is_valid(const char *name);

/* Begins an event of the job `id` in a builder of its own, as for rein_job_folder_begin_event(). */
JsonBuilder *rein_event_begin(const char *id, const char *event);

/* Ends it. (transfer full): the line without its end; @builder is used up */
char *rein_event_end(JsonBuilder *builder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinJobFolder, rein_job_folder_free)

G_END_DECLS
