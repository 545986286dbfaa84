/* SPDX-License-Identifier: MIT */
#include "ctt_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAX_QUOTED 40u /* bytes of a file's own text in a message */

GQuark
ctt_error_quark(void)
{
    return g_quark_from_static_string("ctt-error-quark");
}

static gboolean
set_io_error(GError **error, const char *path, int number)
{
    g_set_error(error, CTT_ERROR, CTT_ERROR_IO, "%s: cannot be read: %s (give a readable file)",
                path, g_strerror(number));
    return FALSE;
}

/* Appends all that `fd` gives to `content`, at most one byte more than a file may have. */
static gboolean
read_all(int fd, GString *content)
{
    char chunk[16384];

    while (content->len <= CTT_MAX_FILE_SIZE) {
        ssize_t n_read = read(fd, chunk, sizeof chunk);
        if (n_read < 0 && errno == EINTR) {
            continue;
        }
        if (n_read < 0) {
            return FALSE;
        }
        if (n_read == 0) {
            break;
        }
        g_string_append_len(content, chunk, n_read);
    }
    return TRUE;
}

static gboolean
check_size(gsize size, const char *path, GError **error)
{
    if (size <= CTT_MAX_FILE_SIZE) {
        return TRUE;
    }
    g_set_error(error, CTT_ERROR, CTT_ERROR_INVALID,
                "%s:1: file has more than %u bytes (give a smaller file)", path, CTT_MAX_FILE_SIZE);
    return FALSE;
}

gboolean
ctt_lines_load(const char *path, char **text, gsize *size, GError **error)
{
    g_autoptr(GString) content = NULL;

    g_return_val_if_fail(path != NULL && text != NULL && size != NULL, FALSE);

    *text = NULL;
    *size = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return set_io_error(error, path, errno);
    }
    content = g_string_new(NULL);
    gboolean is_read = read_all(fd, content);
    int number = errno;
    close(fd);
    if (!is_read) {
        return set_io_error(error, path, number);
    }
    if (!check_size(content->len, path, error)) {
        return FALSE;
    }
    *size = content->len;
    *text = g_string_free(g_steal_pointer(&content), FALSE);
    return TRUE;
}

static gboolean
is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* Refuses the first byte that no text file has; ids go into terminals, JSON and CSV as they are. */
static gboolean
check_is_text(CttLines *self, gsize size, GError **error)
{
    const char *bad = NULL;
    gboolean is_utf8 = g_utf8_validate(self->text, (gssize)size, &bad);

    self->line = 1;
    for (const char *at = self->text; at < bad; at++) {
        guchar byte = (guchar)*at;
        if (byte == '\n') {
            self->line++;
        } else if ((byte < 0x20 && !is_blank(*at)) || byte == 0x7f) {
            ctt_lines_error(self, error, "control character 0x%02x (give a plain text file)", byte);
            return FALSE;
        }
    }
    if (!is_utf8 && *bad == '\0') {
        ctt_lines_error(self, error, "NUL byte (give a plain text file)");
    } else if (!is_utf8) {
        ctt_lines_error(self, error, "byte 0x%02x is not UTF-8 (convert the file with iconv)",
                        (guchar)*bad);
    }
    return is_utf8;
}

gboolean
ctt_lines_init(CttLines *self, const char *text, gsize size, const char *path, GError **error)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";

    *self = (CttLines){ .path = path };
    if (!check_size(size, path, error)) {
        return FALSE;
    }
    if (size >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
        text += 3;
        size -= 3;
    }
    self->text = g_malloc(size + 1); /* bounded above */
    if (size > 0) {
        memcpy(self->text, text, size);
    }
    self->text[size] = '\0';
    self->fields = g_ptr_array_new();
    if (!check_is_text(self, size, error)) {
        return FALSE;
    }
    self->next = self->text;
    self->line = 0;
    return TRUE;
}

void
ctt_lines_clear(CttLines *self)
{
    g_clear_pointer(&self->text, g_free);
    g_clear_pointer(&self->fields, g_ptr_array_unref);
    self->next = NULL;
}

/* Cuts the line at `next` into fields and goes behind it. */
static void
split_line(CttLines *self)
{
    char *at = self->next;

    g_ptr_array_set_size(self->fields, 0);
    self->line++;
    while (*at != '\0' && *at != '\n') {
        if (is_blank(*at)) {
            *at++ = '\0';
            continue;
        }
        if (self->fields->len < CTT_LINES_MAX_FIELDS) {
            g_ptr_array_add(self->fields, at);
        }
        while (*at != '\0' && *at != '\n' && !is_blank(*at)) {
            at++;
        }
    }
    if (*at == '\n') {
        *at++ = '\0';
    }
    self->next = at;
}

gboolean
ctt_lines_next(CttLines *self)
{
    while (*self->next != '\0') {
        split_line(self);
        if (self->fields->len > 0) {
            return TRUE;
        }
    }
    self->line = MAX(self->line, 1);
    return FALSE;
}

const char *
ctt_lines_field(const CttLines *self, guint index)
{
    return g_ptr_array_index(self->fields, index);
}

void
ctt_lines_error(const CttLines *self, GError **error, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, CTT_ERROR, CTT_ERROR_INVALID, "%s:%u: %s", self->path, self->line, message);
}

/* Parses digits alone: no sign, no blank, no overflow, which the C library lets pass. */
static gboolean
parse_number(const char *text, guint32 *number)
{
    guint64 value = 0;

    if (*text == '\0') {
        return FALSE;
    }
    for (; *text != '\0'; text++) {
        if (!g_ascii_isdigit(*text)) {
            return FALSE;
        }
        value = value * 10 + (guint64)(*text - '0');
        if (value > G_MAXUINT32) {
            return FALSE;
        }
    }
    *number = (guint32)value;
    return TRUE;
}

gboolean
ctt_lines_number(const CttLines *self, guint index, const char *what, guint32 minimum,
                 guint32 maximum, guint32 *number, GError **error)
{
    guint32 value = 0;

    if (parse_number(ctt_lines_field(self, index), &value) && value >= minimum &&
        value <= maximum) {
        *number = value;
        return TRUE;
    }
    g_autofree char *quoted = ctt_quote(ctt_lines_field(self, index));
    ctt_lines_error(self, error, "%s is %s (give a whole number from %u to %u)", what, quoted,
                    minimum, maximum);
    return FALSE;
}

char *
ctt_quote(const char *text)
{
    g_autofree char *start = g_strndup(text, MAX_QUOTED);
    g_autofree char *escaped = g_strescape(start, NULL);

    return g_strdup_printf("\"%s%s\"", escaped, strlen(text) > MAX_QUOTED ? "..." : "");
}
