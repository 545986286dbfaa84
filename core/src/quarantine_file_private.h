/* SPDX-License-Identifier: MIT */

/*
 * The file in which quarantine is kept between processes: `quarantine` in a state folder, whole at
 * any time, with `quarantine.lock` for who changes it. A damaged one counts as empty, after a
 * warning, and is moved to `quarantine.damaged`. [core thread]
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct ReinQuarantineFile ReinQuarantineFile;

ReinQuarantineFile *rein_quarantine_file_new(const char *folder);

/* NULL is a no-op. */
void rein_quarantine_file_free(ReinQuarantineFile *self);

/* Makes `entries`, of ReinQuarantineEntry, those in the file, unless they have not changed. */
void rein_quarantine_file_read(ReinQuarantineFile *self, GPtrArray *entries);

/*
 * Keeps others from changing the file until commit() or cancel(), and reads it. Waits 2 s at most for
 * another process. FALSE with REIN_ERROR_INVALID if it cannot be changed; then `entries` are as they
 * were. [may block]
 */
gboolean rein_quarantine_file_begin(ReinQuarantineFile *self, GPtrArray *entries, GError **error);

/* Writes `entries`; FALSE with REIN_ERROR_INVALID, the file being as it was. After begin(). */
gboolean rein_quarantine_file_commit(ReinQuarantineFile *self, GPtrArray *entries, GError **error);

/* Leaves the file as it is. After begin(). */
void rein_quarantine_file_cancel(ReinQuarantineFile *self);

G_END_DECLS
