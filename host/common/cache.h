/* SPDX-License-Identifier: MIT */

/*
 * The bound of a cache folder: plugins fill it, this empties it. A plugin copes with a file that is
 * gone as with one that never was. [any thread]
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * rein_cache_tidy:
 * @keep_age_ns: files neither written nor read for longer are deleted
 * @keep_size: bytes; of the others, those unused for longest are deleted until the rest is within it
 *
 * Deletes files in @folder and four levels of folders below it, then the folders that are empty. Links
 * are neither followed nor counted. What cannot be deleted stays, without an error.
 *
 * Returns: the number of files deleted [may block]
 */
guint rein_cache_tidy(const char *folder, gint64 keep_age_ns, guint64 keep_size);

G_END_DECLS
