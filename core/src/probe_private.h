/* SPDX-License-Identifier: MIT */

/*
 * Asks a loaded plugin for its devices and believes nothing of the answer: text is bounded, ids are
 * checked, refused devices leave a reason. Where plugins are asked in a process of their own, it is
 * this one function that moves. [core thread, may block]
 */

#pragma once

#include <glib.h>

#include "plugin_private.h"

G_BEGIN_DECLS

/*
 * Appends a ReinDeviceInfo for each good device to `devices` (a GArray of them): its id is
 * printable ASCII, begins with the plugin's name and a colon, and is new in `devices`; its other
 * text is terminated. `settings` is as in rein_device_open().
 *
 * (transfer full): why there is none, or why some were refused, or what else the plugin said; "" if
 * there is nothing to say.
 */
char *rein_probe(ReinPlugin *plugin, GHashTable *settings, GArray *devices);

G_END_DECLS
