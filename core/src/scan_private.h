/* SPDX-License-Identifier: MIT */

/*
 * Asks the plugins in files for what they are and have, each in a worker process of its own, all at
 * once. No plugin is loaded into this process. [core thread, may block]
 */

#pragma once

#include <glib.h>

#include "quarantine_private.h"

G_BEGIN_DECLS

/*
 * Completes each of `files`, of ReinPluginFile: all are described, and those of the plugin called
 * `wanted` (all for NULL) are probed, unless that was done before. `settings` are the registry's.
 * What is in `quarantine` is not asked, and what crashes or hangs is put there. No worker is left when
 * it returns.
 */
void rein_scan_run(GPtrArray *files, const char *wanted, GHashTable *settings,
                   ReinQuarantine *quarantine);

/* The setting probe-timeout; FALSE with REIN_ERROR_INVALID if it is none. */
gboolean rein_scan_take_timeout(GHashTable *settings, gint64 *timeout_ns, GError **error);

/* Whether that would change nothing. */
gboolean rein_scan_is_complete(GPtrArray *files, const char *wanted);

G_END_DECLS
