/* SPDX-License-Identifier: MIT */

/* Lists in the file of a sweep: entries between semicolons, and ranges of seeds. [any thread] */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * rein_sweep_list_split:
 * @text: entries separated by `;`, one more of which may stand at the end; `\;` is one that does not
 *     separate, `\\` a backslash
 * @max_entries: more are an error
 * @where: "path:line", with which the message begins
 *
 * Returns: (transfer full): at least one entry, none of them empty, without the blanks around them;
 *     or %NULL with %REIN_ERROR_INVALID
 */
GStrv rein_sweep_list_split(const char *text, guint max_entries, const char *where, GError **error);

/**
 * rein_sweep_list_read_seeds:
 * @text: such a list of whole numbers and ranges, `1-10; 20`
 * @seeds: guint64, empty; the seeds are added in the order in which they are written
 *
 * Returns: FALSE with %REIN_ERROR_INVALID, also if a seed is there twice
 */
gboolean rein_sweep_list_read_seeds(const char *text, guint max_seeds, const char *where,
                                    GArray *seeds, GError **error);

G_END_DECLS
