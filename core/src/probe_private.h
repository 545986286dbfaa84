/* SPDX-License-Identifier: MIT */

/*
 * Asks a loaded plugin for its devices and believes nothing of the answer: text is bounded, ids are
 * checked, refused devices leave a reason. A plugin is asked in a worker process; what the worker
 * answers is checked once more by who started it. [core thread, may block]
 */

#pragma once

#include <glib.h>

#include "plugin_private.h"

G_BEGIN_DECLS

#define REIN_PROBE_MAX_DEVICES 256u /* of one driver; more is a mistake */

/*
 * Appends a ReinDeviceInfo for each good device to `devices` (a GArray of them): its id is
 * printable ASCII, begins with the plugin's name and a colon, and is new in `devices`; its other
 * text is terminated. `settings` is as in rein_device_open().
 *
 * (transfer full): why there is none, or why some were refused, or what else the plugin said; "" if
 * there is nothing to say.
 */
char *rein_probe(ReinPlugin *plugin, GHashTable *settings, GArray *devices);

/*
 * The same for what a worker sent: appends the good ones among `arrived` to `devices`, in which those
 * of the plugin's earlier drivers are. `said` is the reason it gave, which comes first in what is
 * returned.
 */
char *rein_probe_check(const char *plugin, GArray *arrived, const char *said, GArray *devices);

G_END_DECLS
