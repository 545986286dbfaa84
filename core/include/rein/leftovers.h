/* SPDX-License-Identifier: MIT */

/*
 * What programs that were killed have left: processes, folders, files. A leftover belongs to a process
 * that is known to be dead by its boot, number and start time; a name alone makes nothing a leftover.
 * For programs that clean up when they start; several may do so at once. [any thread]
 */

#pragma once

#include <glib.h>
#include <rein/version.h>

G_BEGIN_DECLS

/**
 * ReinLeftoverKind:
 * @REIN_LEFTOVER_PROCESS: a process started for a worker whose owner is gone
 * @REIN_LEFTOVER_SCRATCH: the scratch folder of such a worker
 * @REIN_LEFTOVER_TEMPORARY: a file or folder in the cache, or a compiler's folder among temporary
 *     files, that was never finished: no process that could finish it lives
 * @REIN_LEFTOVER_RECORD: the record of such a worker
 */
typedef enum {
    REIN_LEFTOVER_PROCESS,
    REIN_LEFTOVER_SCRATCH,
    REIN_LEFTOVER_TEMPORARY,
    REIN_LEFTOVER_RECORD,
} ReinLeftoverKind;

typedef struct ReinLeftover {
    ReinLeftoverKind kind;
    gint64 pid;          /* of a process, else 0 */
    guint64 start_time;  /* of a process: clock ticks after the boot */
    char *path;          /* of what is on the disk; of a process, its program or "" */
    char *tag;           /* of the worker; NULL for temporaries */
    char *reason;        /* why it is one */
    guint64 size;        /* bytes on the disk */
    gboolean is_removed; /* set by rein_leftovers_remove() */
    char *failure;       /* why it was not removed, else NULL */
} ReinLeftover;

/**
 * rein_leftovers_find:
 * @state_folder: (nullable): where records of workers are; may be missing
 * @cache_folder: (nullable): the "cache-folder" of registries; may be missing
 *
 * Processes come first and records last, so that what a record names is gone before the record.
 * Changes nothing. Records whose owner holds their lock are passed over, on whatever machine or in
 * whatever container it runs. An unfinished file in the cache counts as left when it was last
 * changed before any process of this user that uses librein, or was started by one, began, and as
 * long as no locked record tells of a process that cannot be seen from here.
 *
 * Returns: (transfer full) (element-type ReinLeftover): what was found [may block]
 */
REIN_API GPtrArray *rein_leftovers_find(const char *state_folder, const char *cache_folder);

/**
 * rein_leftovers_remove:
 * @leftovers: from rein_leftovers_find()
 *
 * Removes what is left still, in that order: kills processes, at most 1 s for each worker, and deletes
 * files and folders. A record stays where what it names cannot be removed.
 *
 * Returns: how many could not be removed; their @failure says why [may block]
 */
REIN_API guint rein_leftovers_remove(GPtrArray *leftovers);

/**
 * rein_leftovers_kill_tagged:
 * @tag: the tag of a worker; or that of its owner, all up to and with the last colon
 * @n_left: (out) (optional): processes that still run, as those that hang in the kernel
 *
 * Kills all processes of this user that carry the tag in their environment, but for this one, also what
 * they start meanwhile, and waits until they have ended, at most 1 s. Processes are held by pidfd
 * while they are looked at, so that no other one with a reused number is hit.
 *
 * Returns: how many were killed and have ended [may block]
 */
REIN_API guint rein_leftovers_kill_tagged(const char *tag, guint *n_left);

/* How many processes of this user carry the tag of a worker, but for this one. [may block] */
REIN_API guint rein_leftovers_count_tagged(void);

/* "process", "scratch", "temporary", "record" */
REIN_API const char *rein_leftover_kind_to_string(ReinLeftoverKind kind);

G_END_DECLS
