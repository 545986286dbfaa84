/* SPDX-License-Identifier: MIT */

/* Numbers about folders. One that is not there has nothing in it. [any thread] */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How many entries have a name of this pattern, as a shell has it. */
guint doctor_folder_count(const char *folder, const char *pattern);

/* Bytes of all files in it and in the folders in it; links are not followed. */
guint64 doctor_folder_measure(const char *folder);

G_END_DECLS
