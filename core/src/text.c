/* SPDX-License-Identifier: MIT */

#include "text_private.h"

#include <string.h>

/* C0, DEL and C1; C1 controls are two bytes in UTF-8, so this looks at characters, not bytes. */
static gboolean
is_control(gunichar c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

static char *
clean_copy(const char *text, gsize size, gboolean keep_lines)
{
    g_autofree char *valid = NULL;
    GString *clean = NULL;

    if (text == NULL) {
        return g_strdup("");
    }
    valid = g_utf8_make_valid(text, (gssize)strnlen(text, size));
    clean = g_string_sized_new(strlen(valid) + 1);
    for (char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (keep_lines && (c == '\n' || c == '\t')) {
            g_string_append_c(clean, (char)c);
        } else if (keep_lines && c == '\r' && p[1] == '\n') {
            continue;
        } else if (is_control(c)) {
            g_string_append_c(clean, ' ');
        } else {
            g_string_append_unichar(clean, c);
        }
    }
    return g_strchomp(g_string_free(clean, FALSE));
}

char *
rein_text_line(const char *text, gsize size)
{
    return clean_copy(text, size, FALSE);
}

char *
rein_text_lines(const char *text, gsize size)
{
    return clean_copy(text, size, TRUE);
}
