/* SPDX-License-Identifier: MIT */
#include "ctt_show.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_WIDTH 100u
#define LABEL_WIDTH 10u /* "day period" */
#define GAP 2u          /* blanks before a column */
#define MAX_NAMED 2u    /* lectures of a cell that are named; more of them are counted */

typedef struct Cell {
    GString *text; /* NULL if empty */
    guint n_lectures;
} Cell;

typedef struct Grid {
    const CttInstance *instance;
    Cell *cells;  /* [n_periods][n_rooms] */
    guint *width; /* [n_rooms] of each column, in characters */
} Grid;

static int
compare_placements(const void *first, const void *second)
{
    const CttPlacement *a = first;
    const CttPlacement *b = second;

    if (a->period != b->period) {
        return a->period < b->period ? -1 : 1;
    }
    if (a->room != b->room) {
        return a->room < b->room ? -1 : 1;
    }
    return a->course < b->course ? -1 : a->course > b->course;
}

/* The placements of `solution` by time, room and course. */
static CttPlacement *
sort_placements(const CttSolution *solution)
{
    CttPlacement *sorted = g_new0(CttPlacement, solution->n_placements + 1);

    if (solution->n_placements > 0) {
        memcpy(sorted, solution->placements, solution->n_placements * sizeof *sorted);
        qsort(sorted, solution->n_placements, sizeof *sorted, compare_placements);
    }
    return sorted;
}

static Cell *
grid_cell(const Grid *self, guint32 period, guint32 room)
{
    return &self->cells[(gsize)period * self->instance->n_rooms + room];
}

static void
grid_clear(Grid *self)
{
    for (gsize i = 0; self->cells != NULL && i < ctt_instance_not_placed(self->instance); i++) {
        if (self->cells[i].text != NULL) {
            g_string_free(self->cells[i].text, TRUE);
        }
    }
    g_clear_pointer(&self->cells, g_free);
    g_clear_pointer(&self->width, g_free);
}

static void
fill_cells(Grid *self, const CttSolution *solution)
{
    g_autofree CttPlacement *sorted = sort_placements(solution);

    for (guint32 i = 0; i < solution->n_placements; i++) {
        const char *id = self->instance->courses[sorted[i].course].id;
        Cell *cell = grid_cell(self, sorted[i].period, sorted[i].room);
        if (cell->text == NULL) {
            cell->text = g_string_new(id);
        } else if (cell->n_lectures < MAX_NAMED) {
            g_string_append_printf(cell->text, "+%s", id);
        }
        cell->n_lectures++;
    }
    for (gsize i = 0; i < ctt_instance_not_placed(self->instance); i++) {
        if (self->cells[i].n_lectures > MAX_NAMED) {
            g_string_append_printf(self->cells[i].text, "+%u more",
                                   self->cells[i].n_lectures - MAX_NAMED);
        }
    }
}

static void
measure_columns(Grid *self)
{
    for (guint32 room = 0; room < self->instance->n_rooms; room++) {
        glong width = g_utf8_strlen(self->instance->rooms[room].id, -1);
        for (guint32 period = 0; period < self->instance->n_periods; period++) {
            const Cell *cell = grid_cell(self, period, room);
            if (cell->text != NULL) {
                width = MAX(width, g_utf8_strlen(cell->text->str, -1));
            }
        }
        self->width[room] = (guint)width;
    }
}

static void
grid_init(Grid *self, const CttInstance *instance, const CttSolution *solution)
{
    self->instance = instance;
    self->cells = g_new0(Cell, ctt_instance_not_placed(instance));
    self->width = g_new0(guint, instance->n_rooms);
    fill_cells(self, solution);
    measure_columns(self);
}

/* The room after the last one that fits a block that begins with `first`. */
static guint32
find_block_end(const Grid *self, guint32 first, guint width)
{
    guint used = LABEL_WIDTH;
    guint32 end = first;

    while (end < self->instance->n_rooms) {
        used += GAP + self->width[end];
        if (used > width && end > first) {
            break;
        }
        end++;
    }
    return end;
}

static void
append_padding(GString *text, guint n_blanks)
{
    for (guint i = 0; i < n_blanks; i++) {
        g_string_append_c(text, ' ');
    }
}

static void
append_entry(GString *text, const char *entry, guint width)
{
    append_padding(text, GAP);
    g_string_append(text, entry);
    append_padding(text, width - (guint)g_utf8_strlen(entry, -1));
}

static void
end_line(GString *text)
{
    gsize size = text->len;

    while (size > 0 && text->str[size - 1] == ' ') {
        size--;
    }
    g_string_truncate(text, size);
    g_string_append_c(text, '\n');
}

static void
append_row(GString *text, const Grid *grid, guint32 period, guint32 first, guint32 end)
{
    guint32 periods_per_day = grid->instance->periods_per_day;

    g_string_append_printf(text, "%3u %6u", period / periods_per_day, period % periods_per_day);
    for (guint32 room = first; room < end; room++) {
        const Cell *cell = grid_cell(grid, period, room);
        append_entry(text, cell->text != NULL ? cell->text->str : ".", grid->width[room]);
    }
    end_line(text);
}

static void
append_block(GString *text, const Grid *grid, guint32 first, guint32 end)
{
    g_string_append(text, "day period");
    for (guint32 room = first; room < end; room++) {
        append_entry(text, grid->instance->rooms[room].id, grid->width[room]);
    }
    end_line(text);
    for (guint32 period = 0; period < grid->instance->n_periods; period++) {
        if (period > 0 && period % grid->instance->periods_per_day == 0) {
            end_line(text);
        }
        append_row(text, grid, period, first, end);
    }
}

char *
ctt_show_grid(const CttInstance *instance, const CttSolution *solution, guint width)
{
    Grid grid = { 0 };
    guint32 first = 0;

    g_return_val_if_fail(instance != NULL && solution != NULL, NULL);

    GString *text = g_string_new(NULL);
    grid_init(&grid, instance, solution);
    while (first < instance->n_rooms) {
        guint32 end = find_block_end(&grid, first, width > 0 ? width : DEFAULT_WIDTH);
        if (first > 0) {
            end_line(text);
        }
        append_block(text, &grid, first, end);
        first = end;
    }
    grid_clear(&grid);
    return g_string_free(text, FALSE);
}

/* RFC 4180: what holds a comma or a quote is quoted, and its quotes doubled. */
static void
append_csv_field(GString *text, const char *field)
{
    if (strpbrk(field, ",\"") == NULL) {
        g_string_append(text, field);
        return;
    }
    g_string_append_c(text, '"');
    for (; *field != '\0'; field++) {
        g_string_append_c(text, *field);
        if (*field == '"') {
            g_string_append_c(text, '"');
        }
    }
    g_string_append_c(text, '"');
}

char *
ctt_show_csv(const CttInstance *instance, const CttSolution *solution)
{
    g_autofree CttPlacement *sorted = NULL;

    g_return_val_if_fail(instance != NULL && solution != NULL, NULL);

    GString *text = g_string_new("day,period,room,course,teacher,students\n");
    sorted = sort_placements(solution);
    for (guint32 i = 0; i < solution->n_placements; i++) {
        const CttCourse *course = &instance->courses[sorted[i].course];
        g_string_append_printf(text, "%u,%u,", sorted[i].period / instance->periods_per_day,
                               sorted[i].period % instance->periods_per_day);
        append_csv_field(text, instance->rooms[sorted[i].room].id);
        g_string_append_c(text, ',');
        append_csv_field(text, course->id);
        g_string_append_c(text, ',');
        append_csv_field(text, instance->teachers[course->teacher]);
        g_string_append_printf(text, ",%u\n", course->n_students);
    }
    return g_string_free(text, FALSE);
}
