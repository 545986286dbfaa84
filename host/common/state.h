/* SPDX-License-Identifier: MIT */

/*
 * Where rein keeps what outlives a process: `$XDG_STATE_HOME/rein/` (`~/.local/state/rein/`) with
 * `jobs/` (a folder for each run), `cache/` (built kernels), `processes/` (records of workers) and
 * what librein keeps about this machine (`quarantine`). A value of XDG_STATE_HOME that is no
 * absolute path counts as not set, as the XDG specification says. [any thread]
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define REIN_STATE_JOBS "jobs"
#define REIN_STATE_CACHE "cache"
#define REIN_STATE_PROCESSES "processes"

/**
 * rein_state_require_absolute:
 * @folder: what GLib says of an XDG variable
 * @otherwise: in the home folder, what it is where the variable is not set: ".local/state"
 *
 * Returns: (transfer full): @folder or, unless it is an absolute path, the other
 */
char *rein_state_require_absolute(const char *folder, const char *otherwise);

/* Returns: (transfer full): the path of the folder all of it is in, made or not */
char *rein_state_get_folder(void);

/* Returns: (transfer full): the path of the folder, made or not */
char *rein_state_path(const char *name);

/**
 * rein_state_make_folder:
 * @name: "jobs", "jobs/7f3a"
 *
 * Makes the folder and those above it, mode 0700, unless they are there.
 *
 * Returns: (transfer full): its path, or %NULL with %REIN_ERROR_INVALID if it cannot be made or
 *     written in; the message says what to do [may block]
 */
char *rein_state_make_folder(const char *name, GError **error);

G_END_DECLS
