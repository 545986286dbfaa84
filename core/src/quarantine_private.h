/* SPDX-License-Identifier: MIT */

/*
 * What is not to be used or asked until this machine restarts: devices that failed too often or gave
 * something back no more, by their ids, and plugins' files and drivers that crashed or hung when they
 * were asked. It lies in a state folder that processes share, and is read anew at each look; without a
 * folder, or once that cannot be written, it lives in the object alone. Nothing here keeps a run from
 * going on: what goes wrong is logged as a warning. Belongs to one thread. [core thread, may block]
 */

#pragma once

#include <glib.h>

#include "quarantine_entry_private.h"

G_BEGIN_DECLS

#define REIN_QUARANTINE_MAX_ENTRIES 256u /* the oldest go */
#define REIN_QUARANTINE_FAILURES 3u      /* within so many ms put a device into quarantine: */
#define REIN_QUARANTINE_WINDOW_MS G_GINT64_CONSTANT(600000)

typedef struct ReinQuarantine ReinQuarantine;

/* Without a folder. */
ReinQuarantine *rein_quarantine_new(void);

/* NULL is a no-op. */
void rein_quarantine_free(ReinQuarantine *self);

/* From now on it lies in `folder` (nullable), which is made when something is first written. */
void rein_quarantine_set_folder(ReinQuarantine *self, const char *folder);

/*
 * Counts one failure of the device `id`; the third within 10 minutes puts it into quarantine. Returns
 * whether it is there now.
 */
gboolean rein_quarantine_note_failure(ReinQuarantine *self, const char *id, const char *reason);

/* Puts the device `id` there at once; a reason that is there already stays. */
void rein_quarantine_add_device(ReinQuarantine *self, const char *id, const char *reason);

/* Puts a candidate there, in place of what is known of the same one. (transfer full) */
void rein_quarantine_add_candidate(ReinQuarantine *self, ReinQuarantineEntry *entry);

/* The device's entry, or NULL if it is not there; good until the next call. */
const ReinQuarantineEntry *rein_quarantine_find_device(ReinQuarantine *self, const char *id);

/*
 * The same of the candidate of `key`, as its plugin would see it with `settings`. One that hung is not
 * there for who gives it a longer timeout.
 */
const ReinQuarantineEntry *rein_quarantine_find_candidate(ReinQuarantine *self, const char *key,
                                                          GHashTable *settings, gint64 timeout_ms);

/*
 * Lets go of all that is called `name`: a device's id, the path or name of a plugin, the path or name
 * of a driver, "plugin:driver"; NULL is all there is. Failures that were counted are forgotten, too.
 *
 * FALSE with REIN_ERROR_INVALID if nothing is called so, or if the file cannot be written; then all is
 * as it was.
 */
gboolean rein_quarantine_clear(ReinQuarantine *self, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinQuarantine, rein_quarantine_free)

G_END_DECLS
