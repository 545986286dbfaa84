/* SPDX-License-Identifier: MIT */

/*
 * Text that came from a plugin, made fit to be shown: bounded, terminated, valid UTF-8, free of
 * control characters that a terminal would obey. [any thread]
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* At most `size` bytes of `text` (nullable, need not be terminated) as one line. */
char *rein_text_line(const char *text, gsize size);

/* The same for text of many lines, as a compiler's log: newlines and tabs stay, the last goes. */
char *rein_text_lines(const char *text, gsize size);

G_END_DECLS
