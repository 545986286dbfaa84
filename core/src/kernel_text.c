/* SPDX-License-Identifier: MIT */

#include "kernel_text_private.h"

#include <rein/error.h>
#include <string.h>

/* Where a text is read, for messages: `#line` of an embedded text is followed. */
typedef struct {
    const char *at;
    const char *end;
    char *file;
    guint line;
} Cursor;

static gboolean
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *
skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at)) {
        at++;
    }
    return at;
}

/* Takes note of `#line N "file"` at the cursor. */
static void
cursor_follow(Cursor *self)
{
    static const char directive[] = "#line ";
    const gsize size = (gsize)(self->end - self->at);

    if (size <= strlen(directive) || strncmp(self->at, directive, strlen(directive)) != 0) {
        return;
    }

    const char *line_end = memchr(self->at, '\n', size);
    g_autofree char *line =
        g_strndup(self->at, line_end != NULL ? (gsize)(line_end - self->at) : size);
    const char *quote = strchr(line, '"');
    self->line = (guint)g_ascii_strtoull(line + strlen(directive), NULL, 10) - 1;
    if (quote != NULL) {
        g_free(self->file);
        self->file = g_strdup(quote + 1);
        g_strdelimit(self->file, "\"", '\0');
    }
}

/* The cursor to the beginning of the next line; FALSE at the end. */
static gboolean
cursor_next_line(Cursor *self)
{
    const char *end = memchr(self->at, '\n', (gsize)(self->end - self->at));

    if (end == NULL) {
        return FALSE;
    }
    self->at = end + 1;
    self->line++;
    return TRUE;
}

/* If REIN_KERNEL(`kernel`, … begins at the cursor: what follows the name, else NULL. */
static const char *
cursor_match(const Cursor *self, const char *kernel)
{
    static const char macro[] = "REIN_KERNEL(";
    const char *at = self->at;

    if ((gsize)(self->end - at) < strlen(macro) || strncmp(at, macro, strlen(macro)) != 0) {
        return NULL;
    }
    at = skip_blanks(at + strlen(macro), self->end);
    if ((gsize)(self->end - at) < strlen(kernel) || strncmp(at, kernel, strlen(kernel)) != 0) {
        return NULL;
    }
    at = skip_blanks(at + strlen(kernel), self->end);
    return at < self->end && (*at == ',' || *at == ')') ? at : NULL;
}

/* The arguments after the name, from `at` to the closing parenthesis, without blanks: "IN(u32,params)". */
static GPtrArray *
read_arguments(const char *at, const char *end)
{
    GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) argument = g_string_new(NULL);
    guint depth = 0;

    for (; at < end; at++) {
        if (depth == 0 && (*at == ',' || *at == ')')) {
            if (argument->len > 0) {
                g_ptr_array_add(arguments, g_strdup(argument->str));
                g_string_truncate(argument, 0);
            }
            if (*at == ')') {
                break;
            }
            continue;
        }
        depth += *at == '(' ? 1 : 0;
        depth -= *at == ')' && depth > 0 ? 1 : 0;
        if (!is_blank(*at)) {
            g_string_append_c(argument, *at);
        }
    }
    return arguments;
}

/* Whether `argument`, "IN(u32,genes)", is of the `expected` direction and type; NULL: of any. */
static gboolean
is_argument(const char *argument, const ReinKernelArgument *expected)
{
    g_autofree char *begin = NULL;

    if (expected->type == NULL) {
        return TRUE;
    }
    begin = g_strdup_printf("%s(%s,", expected->direction, expected->type);
    return g_str_has_prefix(argument, begin);
}

static gboolean
check_arguments(const Cursor *cursor, const char *kernel, const GPtrArray *arguments,
                const ReinKernelArgument *expected, guint n_expected, GError **error)
{
    if (arguments->len != n_expected) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_BUILD,
                    "%s:%u: kernel %s has %u arguments, where the engine gives it %u (see "
                    "kernels/README.md)",
                    cursor->file, cursor->line, kernel, arguments->len, n_expected);
        return FALSE;
    }
    for (guint i = 0; i < n_expected; i++) {
        if (!is_argument(arguments->pdata[i], &expected[i])) {
            g_set_error(error, REIN_ERROR, REIN_ERROR_BUILD,
                        "%s:%u: argument %u of kernel %s is %s, where this problem needs %s(%s, …)",
                        cursor->file, cursor->line, i + 1, kernel,
                        (const char *)arguments->pdata[i], expected[i].direction, expected[i].type);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean
rein_kernel_text_check(const char *file, GBytes *text, const char *kernel,
                       const ReinKernelArgument *expected, guint n_expected, GError **error)
{
    gsize size = 0;
    const char *data = g_bytes_get_data(text, &size);
    const char *begin = data != NULL ? data : ""; /* of an empty text */
    Cursor cursor = { .at = begin, .end = begin + size, .file = g_strdup(file), .line = 1 };
    gboolean is_found = FALSE;
    gboolean is_right = TRUE;

    do {
        const char *after = NULL;
        cursor_follow(&cursor);
        after = cursor_match(&cursor, kernel);
        if (after != NULL) {
            g_autoptr(GPtrArray) arguments = read_arguments(after, cursor.end);
            is_found = TRUE;
            is_right = check_arguments(&cursor, kernel, arguments, expected, n_expected, error);
        }
    } while (!is_found && cursor_next_line(&cursor));

    /* if it is not found, a macro of the text's own may declare it: the compiler decides */
    g_free(cursor.file);
    return is_right;
}
