/* SPDX-License-Identifier: MIT */

#include "columns.h"

#define GAP 2 /* blanks between columns */

struct Columns {
    guint n_columns;
    guint32 right_aligned; /* a bit for each column */
    GPtrArray *entries;    /* row by row */
};

Columns *
columns_new(guint n_columns, guint32 right_aligned)
{
    Columns *self = g_new0(Columns, 1);

    self->n_columns = n_columns;
    self->right_aligned = right_aligned;
    self->entries = g_ptr_array_new_with_free_func(g_free);
    return self;
}

void
columns_free(Columns *self)
{
    if (self == NULL) {
        return;
    }
    g_ptr_array_unref(self->entries);
    g_free(self);
}

void
columns_add(Columns *self, const char *text)
{
    char *entry = g_utf8_make_valid(text, -1);

    for (char *at = entry; *at != '\0'; at++) {
        if (g_ascii_iscntrl(*at)) {
            *at = '?';
        }
    }
    g_ptr_array_add(self->entries, entry);
}

static const char *
entry_at(const Columns *self, guint row, guint column)
{
    return g_ptr_array_index(self->entries, row * self->n_columns + column);
}

static int
width_of(const Columns *self, guint n_rows, guint column)
{
    glong width = 0;

    for (guint row = 0; row < n_rows; row++) {
        width = MAX(width, g_utf8_strlen(entry_at(self, row, column), -1));
    }
    return (int)width;
}

static void
append_entry(const Columns *self, GString *line, guint row, guint column, int width)
{
    const char *entry = entry_at(self, row, column);
    int n_blanks = width - (int)g_utf8_strlen(entry, -1);

    if ((self->right_aligned & (1u << column)) != 0) {
        g_string_append_printf(line, "%*s%s", n_blanks, "", entry);
    } else if (column + 1 < self->n_columns) {
        g_string_append_printf(line, "%s%*s", entry, n_blanks, "");
    } else {
        g_string_append(line, entry);
    }
}

void
columns_print(const Columns *self, const ReinOutput *output)
{
    guint n_rows = self->entries->len / self->n_columns;
    g_autofree int *widths = g_new0(int, self->n_columns);

    for (guint column = 0; column < self->n_columns; column++) {
        widths[column] = width_of(self, n_rows, column);
    }
    for (guint row = 0; row < n_rows; row++) {
        g_autoptr(GString) line = g_string_new(NULL);
        for (guint column = 0; column < self->n_columns; column++) {
            g_string_append_printf(line, "%*s", column == 0 ? 0 : GAP, "");
            append_entry(self, line, row, column, widths[column]);
        }
        if (row == 0 && output->has_colour) {
            rein_output_print(output, "\033[2m%s\033[0m\n", line->str);
        } else {
            rein_output_print(output, "%s\n", g_strchomp(line->str));
        }
    }
}
