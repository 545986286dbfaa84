/* SPDX-License-Identifier: MIT */

/* Which device a selector means, and in words why none does. [any thread] */

#pragma once

#include <glib.h>
#include <rein/registry.h>

G_BEGIN_DECLS

/*
 * Which plugin's devices `selector` can mean: its name in `plugin` (transfer full), or NULL for all
 * plugins. FALSE with REIN_ERROR_INVALID for a malformed selector ("all" is one: it means many).
 */
gboolean rein_selector_get_plugin(const char *selector, char **plugin, GError **error);

/*
 * The index in `devices` (of ReinDeviceEntry *, in the order they were found) of the one `selector`
 * means, looked for in this order: an id; a plugin's name, for its first device; "plugin:index",
 * for the device of that place in its plugin; the beginning of an id up to a colon. "auto" is the
 * first GPU, else the first device of the plugin cpu, and nothing else.
 *
 * Of several that a plugin's name, a beginning or "auto" mean, the first that is not in quarantine;
 * `skipped` is then the one before it that is, or -1.
 *
 * -1 with REIN_ERROR_INVALID for a malformed selector, or with REIN_ERROR_NO_DEVICE and what `candidates` (of ReinCandidate *) say.
 */
gint rein_selector_find(const char *selector, GPtrArray *devices, GPtrArray *candidates,
                        gint *skipped, GError **error);

G_END_DECLS
