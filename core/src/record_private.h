/* SPDX-License-Identifier: MIT */

/*
 * The record of one device that is open: a file in the folder `processes` of the state folder, there
 * from before its scratch folder is made and its worker started until both are gone. Whoever finds it
 * later sees what to look for if the owner was killed. The file's name is the tag of the worker; its
 * lock (flock) is held while the owner lives, so that an owner on another machine or in another
 * namespace is seen to live too. Belongs to one thread at a time.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct ReinRecord ReinRecord;

/* What a record says. */
typedef struct ReinRecordFacts {
    char *tag;
    char *device;
    char *scratch_folder; /* NULL: none */
} ReinRecordFacts;

/*
 * A record with a new tag, written as a whole or not at all. `state_folder` is made where it is
 * missing; NULL makes a record that is in no folder and has a tag all the same. `device`: its id.
 * `scratch_parent` (nullable): the absolute path of the folder in which its scratch folder is to be.
 * REIN_ERROR_FAILED says why it cannot be written.
 */
ReinRecord *rein_record_new(const char *state_folder, const char *device,
                            const char *scratch_parent, GError **error);

/* Removes the file. NULL is a no-op. */
void rein_record_free(ReinRecord *self);

/* As in REIN_WORKER_TAG. Lives as long as the record. */
const char *rein_record_get_tag(const ReinRecord *self);

/* The scratch folder, which is the caller's to make and to remove; NULL for none. */
const char *rein_record_get_scratch_folder(const ReinRecord *self);

/* Reads the file of a record; FALSE if it is none. */
gboolean rein_record_read(const char *path, ReinRecordFacts *facts);

/*
 * Whether the owner of the record at `path` is dead: it does not hold the lock, and it is gone or was
 * of another boot or namespace, where only the lock tells.
 */
gboolean rein_record_is_orphaned(const char *path);

void rein_record_facts_clear(ReinRecordFacts *facts);

/* (transfer full): the folder of records in a state folder. */
char *rein_record_get_folder(const char *state_folder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinRecord, rein_record_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ReinRecordFacts, rein_record_facts_clear)

G_END_DECLS
