/* SPDX-License-Identifier: MIT */

/*
 * By what a plugin's file, or a driver behind it, is known again when it is asked the next time. It is
 * another one once a file of it or the program that asks it was replaced. [any thread]
 */

#pragma once

#include <glib.h>

#include "driver_private.h"

G_BEGIN_DECLS

/*
 * (transfer full): of this version, the program rein-worker, the plugin's file and `driver` (nullable for the plugin
 * itself): paths, times of change and sizes of the files, the driver's name and environment. Taken
 * before it is asked, it is that of the file which was asked.
 */
char *rein_candidate_key(const char *program, const char *path, const ReinDriverRecord *driver);

/* (transfer full): of the settings that the plugin called `plugin` sees; none are seen before it has a
 * name: "". */
char *rein_candidate_settings_key(const char *plugin, GHashTable *settings);

G_END_DECLS
