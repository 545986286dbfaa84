/* SPDX-License-Identifier: MIT */
#include "format.h"
#include "ctt_format.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FIRST_SIZE 65536u     /* bytes a file's buffer begins with */
#define RECOGNISE_SIZE 65536u /* bytes of a file that its format is recognised by */

/* Every format there is; one that recognises more comes later. */
static const ReinProblemFormat *const formats[] = {
    &ctt_format,
};

GQuark
rein_problem_format_error_quark(void)
{
    return g_quark_from_static_string("rein-problem-format-error-quark");
}

guint
rein_problem_format_get_n(void)
{
    return G_N_ELEMENTS(formats);
}

const ReinProblemFormat *
rein_problem_format_get(guint index)
{
    g_return_val_if_fail(index < G_N_ELEMENTS(formats), NULL);

    return formats[index];
}

const ReinProblemFormat *
rein_problem_format_find(const char *name)
{
    g_return_val_if_fail(name != NULL, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (strcmp(formats[i]->name, name) == 0) {
            return formats[i];
        }
    }
    return NULL;
}

static gboolean
has_extension(const char *path, const char *extension)
{
    const char *dot = strrchr(path, '.');

    return dot != NULL && strchr(dot, '/') == NULL && g_ascii_strcasecmp(dot + 1, extension) == 0;
}

static void
set_unknown_error(GError **error, const char *path)
{
    g_autoptr(GString) known = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_string_append_printf(known, "%s.%s (%s)", i > 0 ? ", " : "", formats[i]->extension,
                               formats[i]->title);
    }
    g_set_error(error, REIN_PROBLEM_FORMAT_ERROR, REIN_PROBLEM_FORMAT_ERROR_UNKNOWN,
                "%s: neither its name nor its content is of a known format (known: %s)", path,
                known->str);
}

const ReinProblemFormat *
rein_problem_format_pick(const char *path, const char *text, gsize size, GError **error)
{
    g_return_val_if_fail(path != NULL && (text != NULL || size == 0), NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (has_extension(path, formats[i]->extension)) {
            return formats[i];
        }
    }
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (formats[i]->recognise(text, MIN(size, RECOGNISE_SIZE))) {
            return formats[i];
        }
    }
    set_unknown_error(error, path);
    return NULL;
}

static gboolean
set_read_error(GError **error, const char *path, const char *why)
{
    g_set_error(error, REIN_PROBLEM_FORMAT_ERROR, REIN_PROBLEM_FORMAT_ERROR_IO,
                "%s: cannot be read: %s (give a readable file)", *path != '\0' ? path : "\"\"",
                why);
    return FALSE;
}

/* Doubles the room in `text`, which keeps a byte for the NUL. */
static gboolean
grow(char **text, gsize *room)
{
    gsize larger = *room == 0 ? FIRST_SIZE : 2 * *room;
    char *grown = g_try_realloc(*text, larger + 1);

    if (grown == NULL) {
        return FALSE;
    }
    *text = grown;
    *room = larger;
    return TRUE;
}

static gboolean
read_all(int fd, const char *path, char **text, gsize *size, GError **error)
{
    gsize room = 0;

    for (;;) {
        if (*size == room && !grow(text, &room)) {
            return set_read_error(error, path, "not enough memory");
        }
        ssize_t n_read = read(fd, *text + *size, room - *size);
        if (n_read < 0 && errno == EINTR) {
            continue;
        }
        if (n_read < 0) {
            return set_read_error(error, path, g_strerror(errno));
        }
        if (n_read == 0) {
            (*text)[*size] = '\0';
            return TRUE;
        }
        *size += (gsize)n_read;
        if (*size > REIN_PROBLEM_FORMAT_MAX_FILE_SIZE) {
            return set_read_error(error, path, "it has more than 256 MiB");
        }
    }
}

char *
rein_problem_format_read_file(const char *path, gsize *size, GError **error)
{
    g_autofree char *text = NULL;

    g_return_val_if_fail(path != NULL && size != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    *size = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        set_read_error(error, path, g_strerror(errno));
        return NULL;
    }
    gboolean is_read = read_all(fd, path, &text, size, error);
    close(fd);
    return is_read ? g_steal_pointer(&text) : NULL;
}

ReinProblemFile *
rein_problem_file_load(const char *path, GError **error)
{
    g_autoptr(ReinProblemFile) self = NULL;
    g_autofree char *text = NULL;
    gsize size = 0;

    g_return_val_if_fail(path != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    text = rein_problem_format_read_file(path, &size, error);
    if (text == NULL) {
        return NULL;
    }
    const ReinProblemFormat *format = rein_problem_format_pick(path, text, size, error);
    if (format == NULL) {
        return NULL;
    }
    self = g_new0(ReinProblemFile, 1);
    self->format = format;
    self->path = g_strdup(path);
    self->instance = format->parse(text, size, path, error);
    if (self->instance == NULL) {
        return NULL;
    }
    self->sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text, size);
    return g_steal_pointer(&self);
}

void
rein_problem_file_free(ReinProblemFile *self)
{
    if (self == NULL) {
        return;
    }
    self->format->free_instance(self->instance);
    g_free(self->path);
    g_free(self->sha256);
    g_free(self);
}

typedef struct NoteCount {
    const char *path;
    guint n_told;
    guint n_left_out;
} NoteCount;

static void
warn_note(guint32 line, const char *text, gpointer user_data)
{
    NoteCount *count = user_data;

    if (count->n_told == REIN_PROBLEM_MAX_NOTES) {
        count->n_left_out++;
        return;
    }
    count->n_told++;
    if (line > 0) {
        g_warning("%s:%u: %s", count->path, line, text);
    } else {
        g_warning("%s: %s", count->path, text);
    }
}

void
rein_problem_file_check(const ReinProblemFile *self)
{
    NoteCount count = { 0 };

    g_return_if_fail(self != NULL);

    count.path = self->path;
    self->format->check(self->instance, warn_note, &count);
    if (count.n_left_out > 0) {
        g_warning("%s: %u more of the like", self->path, count.n_left_out);
    }
}

ReinSolution *
rein_problem_file_load_solution(const ReinProblemFile *self, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize size = 0;

    g_return_val_if_fail(self != NULL && path != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    text = rein_problem_format_read_file(path, &size, error);
    if (text == NULL) {
        return NULL;
    }
    return self->format->parse_solution(self->instance, text, size, path, error);
}

void
rein_problem_file_score_genes(const ReinProblemFile *self, gconstpointer genes, ReinScore *score)
{
    g_return_if_fail(self != NULL && genes != NULL && score != NULL);

    ReinSolution *solution = self->format->solution_from_genes(self->instance, genes);
    self->format->score(self->instance, solution, score);
    self->format->free_solution(solution);
}

gboolean
rein_score_is_better(const ReinScore *a, const ReinScore *b)
{
    g_return_val_if_fail(a != NULL && b != NULL && a->n_planes == b->n_planes, FALSE);

    for (guint i = 0; i < a->n_planes; i++) {
        if (a->planes[i] != b->planes[i]) {
            return a->planes[i] < b->planes[i];
        }
    }
    return FALSE;
}
