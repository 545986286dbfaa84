/* SPDX-License-Identifier: MIT */

#include "settings_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rein/error.h>

#define MAX_FILE_SIZE ((gsize)1024 * 1024) /* bytes */

/* At most `MAX_FILE_SIZE` + 1 bytes of the file, so that too large a one shows. */
static GByteArray *
read_bytes(FILE *file)
{
    GByteArray *bytes = g_byte_array_new();
    guint8 chunk[4096];
    gsize n_read = 0;

    while (bytes->len <= MAX_FILE_SIZE && (n_read = fread(chunk, 1, sizeof chunk, file)) > 0) {
        g_byte_array_append(bytes, chunk, (guint)n_read);
    }
    return bytes;
}

/* The content as text; NULL without an error if there is no such file. */
static char *
load(const char *path, GError **error)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        if (errno != ENOENT && errno != ENOTDIR) {
            g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                        "%s: cannot be read: %s (mend its permissions or remove it)", path,
                        g_strerror(errno));
        }
        return NULL;
    }

    g_autoptr(GByteArray) bytes = read_bytes(file);
    int read_errno = ferror(file) ? errno : 0;
    (void)fclose(file);
    if (read_errno != 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                    "%s: cannot be read: %s (it must be a text file)", path,
                    g_strerror(read_errno));
        return NULL;
    }
    if (bytes->len > MAX_FILE_SIZE || !g_utf8_validate((char *)bytes->data, bytes->len, NULL)) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                    "%s: is not a settings file (it must be UTF-8 text of at most 1 MiB)", path);
        return NULL;
    }
    return g_strndup((char *)bytes->data, bytes->len);
}

static gboolean
refuse_line(const char *where, const char *line, const char *why, GError **error)
{
    g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID, "%s: \"%.60s\" %s", where, line, why);
    return FALSE;
}

/* `[section]`, whose name goes to `*section`. */
static gboolean
read_section(char *line, const char *where, char **section, GError **error)
{
    gsize length = strlen(line);

    if (length < 3 || line[length - 1] != ']') {
        return refuse_line(where, line, "is not a section (write it as [run])", error);
    }
    g_free(*section);
    *section = g_strstrip(g_strndup(line + 1, length - 2));
    return TRUE;
}

static gboolean
read_pair(char *line, const char *where, const char *section, ReinSettingsFileCb callback,
          gpointer user_data, GError **error)
{
    char *equals = strchr(line, '=');

    if (equals == NULL || equals == line) {
        return refuse_line(where, line, "is no setting (write it as key = value)", error);
    }
    if (section == NULL) {
        return refuse_line(where, line,
                           "stands before the first section (put one above it, as [run])", error);
    }
    g_autofree char *name = g_strstrip(g_strndup(line, (gsize)(equals - line)));
    g_autofree char *key = g_strdup_printf("%s.%s", section, name);
    return callback(key, g_strstrip(equals + 1), where, user_data, error);
}

gboolean
rein_settings_file_read(const char *path, ReinSettingsFileCb callback, gpointer user_data,
                        GError **error)
{
    g_autoptr(GError) local_error = NULL;
    g_autofree char *text = load(path, &local_error);
    g_autofree char *section = NULL;

    if (text == NULL) {
        if (local_error != NULL) {
            g_propagate_error(error, g_steal_pointer(&local_error));
            return FALSE;
        }
        return TRUE;
    }

    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        char *line = g_strstrip(lines[i]);
        g_autofree char *where = g_strdup_printf("%s:%u", path, i + 1);
        gboolean is_read = TRUE;
        if (*line == '[') {
            is_read = read_section(line, where, &section, error);
        } else if (*line != '\0' && *line != '#') {
            is_read = read_pair(line, where, section, callback, user_data, error);
        }
        if (!is_read) {
            return FALSE;
        }
    }
    return TRUE;
}
