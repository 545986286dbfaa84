/* SPDX-License-Identifier: MIT */

/* Plugin status + message -> GError: the only translator. [any thread] */

#pragma once

#include <glib.h>
#include <rein/error.h>
#include <rein/plugin_abi.h>

G_BEGIN_DECLS

/*
 * Sets `error` from `status` (not REIN_OK): "`what`: `text`", or the status in words where the
 * plugin wrote nothing. `text` is made valid UTF-8 without control characters; its lines stay. A
 * status that the ABI does not know becomes REIN_ERROR_FAILED and is named by its number.
 */
void rein_error_set(GError **error, ReinStatus status, const char *text, const char *what);

/* Whether plugin_abi.h knows the status; REIN_OK is one. */
gboolean rein_status_is_known(ReinStatus status);

/*
 * What to do about an errno that a limit of this process brought, with a space in front; "" about any
 * other.
 */
const char *rein_error_advise(int number);

G_END_DECLS
