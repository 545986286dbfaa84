/* SPDX-License-Identifier: MIT */
#include "ctt_solution.h"
#include "ctt_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static CttSolution *
solution_new(guint32 n_placements, const CttPlacement *placements)
{
    CttSolution *self = g_new0(CttSolution, 1);

    self->n_placements = n_placements;
    self->placements = g_new0(CttPlacement, n_placements);
    if (n_placements > 0) {
        memcpy(self->placements, placements, n_placements * sizeof *placements);
    }
    return self;
}

void
ctt_solution_free(CttSolution *self)
{
    if (self == NULL) {
        return;
    }
    g_free(self->placements);
    g_free(self);
}

static gboolean
read_id(const CttLines *lines, guint field, const char *noun, const CttInstance *instance,
        guint32 index, GError **error)
{
    if (index != CTT_NONE) {
        return TRUE;
    }
    g_autofree char *id = ctt_quote(ctt_lines_field(lines, field));
    g_autofree char *name = ctt_quote(instance->name);
    ctt_lines_error(lines, error,
                    "%s %s does not exist in instance %s (is this a solution of another instance?)",
                    noun, id, name);
    return FALSE;
}

static gboolean
read_time(const CttLines *lines, guint field, const char *noun, guint32 n, guint32 *number,
          const CttInstance *instance, GError **error)
{
    if (!ctt_lines_number(lines, field, noun, 0, G_MAXUINT32, number, error)) {
        return FALSE;
    }
    if (*number < n) {
        return TRUE;
    }
    g_autofree char *name = ctt_quote(instance->name);
    ctt_lines_error(lines, error,
                    "%s is %u but instance %s has %ss 0 to %u (is this a solution of another "
                    "instance?)",
                    noun, *number, name, noun, n - 1);
    return FALSE;
}

static gboolean
read_placement(const CttLines *lines, const CttInstance *instance, CttPlacement *placement,
               GError **error)
{
    guint32 day = 0;
    guint32 hour = 0;

    if (lines->fields->len != 4) {
        ctt_lines_error(lines, error,
                        "line has %s than 4 fields (write \"course room day period\")",
                        lines->fields->len < 4 ? "fewer" : "more");
        return FALSE;
    }
    placement->course = ctt_instance_find_course(instance, ctt_lines_field(lines, 0));
    placement->room = ctt_instance_find_room(instance, ctt_lines_field(lines, 1));
    if (!read_id(lines, 0, "course", instance, placement->course, error) ||
        !read_id(lines, 1, "room", instance, placement->room, error) ||
        !read_time(lines, 2, "day", instance->n_days, &day, instance, error) ||
        !read_time(lines, 3, "period", instance->periods_per_day, &hour, instance, error)) {
        return FALSE;
    }
    placement->period = day * instance->periods_per_day + hour;
    return TRUE;
}

CttSolution *
ctt_solution_parse(const CttInstance *instance, const char *text, gsize size, const char *path,
                   GError **error)
{
    g_auto(CttLines) lines = { 0 };
    g_autoptr(GArray) placements = g_array_new(FALSE, FALSE, sizeof(CttPlacement));

    g_return_val_if_fail(instance != NULL && path != NULL && (text != NULL || size == 0), NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    if (!ctt_lines_init(&lines, text, size, path, error)) {
        return NULL;
    }
    while (ctt_lines_next(&lines)) {
        CttPlacement placement = { 0 };
        if (!read_placement(&lines, instance, &placement, error)) {
            return NULL;
        }
        if (placements->len == CTT_MAX_PLACEMENTS) {
            ctt_lines_error(&lines, error, "solution has more than %u lectures (remove some)",
                            CTT_MAX_PLACEMENTS);
            return NULL;
        }
        g_array_append_val(placements, placement);
    }
    return solution_new(placements->len, (const CttPlacement *)(gpointer)placements->data);
}

CttSolution *
ctt_solution_read(const CttInstance *instance, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize size = 0;

    g_return_val_if_fail(instance != NULL && path != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    if (!ctt_lines_load(path, &text, &size, error)) {
        return NULL;
    }
    return ctt_solution_parse(instance, text, size, path, error);
}

CttSolution *
ctt_solution_from_genome(const CttInstance *instance, const CttGene *genome)
{
    g_autofree CttPlacement *placements = NULL;
    guint32 n_placements = 0;

    g_return_val_if_fail(instance != NULL && genome != NULL, NULL);

    placements = g_new0(CttPlacement, instance->n_lectures);
    for (guint32 i = 0; i < instance->n_courses; i++) {
        const CttCourse *course = &instance->courses[i];
        for (guint32 j = 0; j < course->n_lectures; j++) {
            CttGene gene = genome[course->first_lecture + j];
            if (gene < ctt_instance_not_placed(instance)) {
                placements[n_placements++] = (CttPlacement){
                    .course = i,
                    .room = gene % instance->n_rooms,
                    .period = gene / instance->n_rooms,
                };
            }
        }
    }
    return solution_new(n_placements, placements);
}

guint32
ctt_solution_to_genome(const CttSolution *self, const CttInstance *instance, CttGene *genome)
{
    g_autofree guint32 *n_filled = NULL;
    g_autofree guint8 *is_held = NULL; /* [n_courses][n_periods] */
    guint32 n_left_out = 0;

    g_return_val_if_fail(self != NULL && instance != NULL && genome != NULL, 0);

    n_filled = g_new0(guint32, instance->n_courses);
    is_held = g_malloc0((gsize)instance->n_courses * instance->n_periods);
    for (guint32 i = 0; i < instance->n_lectures; i++) {
        genome[i] = ctt_instance_not_placed(instance);
    }
    for (guint32 i = 0; i < self->n_placements; i++) {
        const CttPlacement *placement = &self->placements[i];
        const CttCourse *course = &instance->courses[placement->course];
        guint32 *filled = &n_filled[placement->course];
        guint8 *held = &is_held[(gsize)placement->course * instance->n_periods + placement->period];
        if (*filled == course->n_lectures || *held) {
            n_left_out++;
            continue;
        }
        *held = 1;
        genome[course->first_lecture + (*filled)++] =
            (CttGene)(placement->period * instance->n_rooms + placement->room);
    }
    return n_left_out;
}

char *
ctt_solution_to_text(const CttSolution *self, const CttInstance *instance)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_return_val_if_fail(self != NULL && instance != NULL, NULL);

    for (guint32 i = 0; i < self->n_placements; i++) {
        const CttPlacement *placement = &self->placements[i];
        g_string_append_printf(text, "%s %s %u %u\n", instance->courses[placement->course].id,
                               instance->rooms[placement->room].id,
                               placement->period / instance->periods_per_day,
                               placement->period % instance->periods_per_day);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static gboolean
set_write_error(GError **error, const char *path, int number)
{
    g_set_error(error, CTT_ERROR, CTT_ERROR_IO, "%s: cannot be written: %s (choose another place)",
                path, g_strerror(number));
    return FALSE;
}

/* Replacing a pipe, a terminal or /dev/null by a file would be wrong; they get the bytes. */
static gboolean
write_into_special_file(const char *path, const char *text, GError **error)
{
    gsize size = strlen(text);
    gsize n_done = 0;

    int fd = g_open(path, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0) {
        return set_write_error(error, path, errno);
    }
    while (n_done < size) {
        gssize n_written = write(fd, text + n_done, size - n_done);
        if (n_written < 0 && errno != EINTR) {
            int number = errno;
            close(fd);
            return set_write_error(error, path, number);
        }
        n_done += n_written > 0 ? (gsize)n_written : 0;
    }
    return close(fd) == 0 ? TRUE : set_write_error(error, path, errno);
}

static gboolean
replace_file(const char *path, const char *text, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (g_file_set_contents(path, text, -1, &cause)) {
        return TRUE;
    }
    g_set_error(error, CTT_ERROR, CTT_ERROR_IO, "%s: cannot be written: %s (choose another place)",
                path, cause->message);
    return FALSE;
}

gboolean
ctt_solution_write(const CttSolution *self, const CttInstance *instance, const char *path,
                   GError **error)
{
    g_autofree char *text = NULL;
    char *target = NULL;
    struct stat status;

    g_return_val_if_fail(self != NULL && instance != NULL && path != NULL, FALSE);
    g_return_val_if_fail(error == NULL || *error == NULL, FALSE);

    text = ctt_solution_to_text(self, instance);
    if (stat(path, &status) == 0) {
        if (S_ISDIR(status.st_mode)) {
            return set_write_error(error, path, EISDIR);
        }
        if (!S_ISREG(status.st_mode)) {
            return write_into_special_file(path, text, error);
        }
        target = realpath(path, NULL); /* so that a link stays a link */
    }
    gboolean is_written = replace_file(target != NULL ? target : path, text, error);
    free(target);
    return is_written;
}
