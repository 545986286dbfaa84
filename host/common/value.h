/* SPDX-License-Identifier: MIT */

/*
 * Values with units as people write them, in settings and on the command line: durations (`20s`,
 * `1.5h`), sizes (`2GiB`, `500MB`), whole numbers. Read exactly, without floating point, and only if
 * the whole text is one value. [any thread]
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * rein_value_parse_duration:
 * @text: a number of at most five decimals and `ms`, `s`, `m` (minutes), `h` or `d`; seconds without
 *     a unit. Blanks may stand around the number
 * @duration_ns: (out): at least 0
 *
 * Returns: FALSE with %REIN_ERROR_INVALID and a message such as `"20x" is not a duration (…)`
 */
gboolean rein_value_parse_duration(const char *text, gint64 *duration_ns, GError **error);

/**
 * rein_value_parse_size:
 * @text: a number of at most five decimals and `KiB`, `MiB`, `GiB`, `TiB` (powers of 1024), `kB`,
 *     `MB`, `GB`, `TB` (powers of 1000) or `B`; bytes without a unit
 * @size: (out): bytes
 *
 * Returns: FALSE with %REIN_ERROR_INVALID
 */
gboolean rein_value_parse_size(const char *text, guint64 *size, GError **error);

/**
 * rein_value_parse_number:
 * @text: decimal digits
 *
 * Returns: FALSE with %REIN_ERROR_INVALID
 */
gboolean rein_value_parse_number(const char *text, guint64 *number, GError **error);

/* Returns: (transfer full): the duration in its largest unit that shows it exactly: `10ms`, `90s` */
char *rein_value_format_duration(gint64 duration_ns);

/* Returns: (transfer full): the size in its largest power of 1024 that shows it exactly: `2GiB` */
char *rein_value_format_size(guint64 size);

/* Returns: (transfer full): the size for people, rounded to three digits: `7.7 GiB`, `512 MiB` */
char *rein_value_describe_size(guint64 size);

G_END_DECLS
