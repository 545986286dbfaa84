/* SPDX-License-Identifier: MIT */

/*
 * Files that were to be renamed or removed by whoever wrote them: entries of the caches that are not
 * finished, folders in which a compiler worked. Nothing in them says whose they are; so they are left
 * once every process that may have written them is dead: all of this user that use librein and live
 * now began after the last change. [any thread]
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* When the oldest process of this user that uses librein, or was started by one, began; now if there is
 * none. ns since 1970. [may block] */
gint64 rein_temporaries_find_oldest_start_ns(void);

/*
 * (transfer full): paths of those in `cache_folder` (nullable) and in the folder for temporary files
 * whose last change was before `before_ns`, by more than clocks may differ. [may block]
 */
GPtrArray *rein_temporaries_find(const char *cache_folder, gint64 before_ns);

G_END_DECLS
