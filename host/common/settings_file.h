/* SPDX-License-Identifier: MIT */

/*
 * The form of a settings file: sections in brackets, `key = value` below them, lines that begin with
 * `#`. Knows no key; what it reads goes to a callback with its line. [any thread]
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ReinSettingsFileCb:
 * @key: section and key, "job.slice"; borrowed
 * @value: without the blanks around it; borrowed
 * @where: "path:line"; borrowed
 *
 * Returns: FALSE with an error to end the reading
 */
typedef gboolean (*ReinSettingsFileCb)(const char *key, const char *value, const char *where,
                                       gpointer user_data, GError **error);

/**
 * rein_settings_file_read:
 *
 * A file that does not exist is an empty one.
 *
 * Returns: FALSE with %REIN_ERROR_INVALID for a file that cannot be read, is larger than 1 MiB, is not
 *     UTF-8, or has a line that is none of the above, or with the callback's error [may block]
 */
gboolean rein_settings_file_read(const char *path, ReinSettingsFileCb callback, gpointer user_data,
                                 GError **error);

G_END_DECLS
