/* SPDX-License-Identifier: MIT */
#include "ctt_instance.h"
#include "ctt_instance_private.h"
#include "ctt_lines.h"

#include <string.h>

/* Where a reader is and what it needs beside the instance it fills. */
typedef struct Reader {
    CttLines lines;
    CttInstance *instance;
    guint32 n_constraints;
    guint32 n_members;         /* courses of the curricula so far */
    gint64 worst_soft;         /* no timetable costs more, by what was read so far */
    GPtrArray *teachers;       /* ids in order of appearance */
    GHashTable *teacher_index; /* id to index + 1; keys belong to `teachers` */
    GHashTable *curriculum_ids;
    guint32 *last_curriculum; /* [n_courses] 1 + the last curriculum that named the course */
} Reader;

/* Reads one row of a section, the current line, into place `index`. */
typedef gboolean (*RowFunc)(Reader *self, guint32 index, GError **error);

typedef struct Section {
    const char *title;
    const char *row; /* the shape of a row, for messages */
    guint n_fields;  /* at least as many; a curriculum's row says itself how many more */
    RowFunc read_row;
} Section;

static void
reader_clear(Reader *self)
{
    ctt_lines_clear(&self->lines);
    g_clear_pointer(&self->instance, ctt_instance_free);
    g_clear_pointer(&self->teachers, g_ptr_array_unref);
    g_clear_pointer(&self->teacher_index, g_hash_table_unref);
    g_clear_pointer(&self->curriculum_ids, g_hash_table_unref);
    g_clear_pointer(&self->last_curriculum, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

static const char *
plural(guint32 n)
{
    return n == 1 ? "" : "s";
}

/* Sets the error of a header line that is not the one of `key`. */
static gboolean
refuse_header_line(const Reader *self, const char *key, const char *value, GError **error)
{
    const CttLines *lines = &self->lines;
    const char *word = ctt_lines_field(lines, 0);
    g_autofree char *found = ctt_quote(word);

    if (strcmp(word, key) == 0) {
        ctt_lines_error(lines, error, "\"%s\" has nothing behind it (write %s there)", key, value);
    } else if (word[0] == '#') {
        ctt_lines_error(lines, error,
                        "found %s where \"%s\" and %s must stand (a .ctt file has no comments: "
                        "remove the line)",
                        found, key, value);
    } else {
        ctt_lines_error(lines, error,
                        "found %s where \"%s\" and %s must stand (give an ITC-2007 .ctt file)",
                        found, key, value);
    }
    return FALSE;
}

static gboolean
next_header_line(Reader *self, const char *key, const char *value, GError **error)
{
    gboolean is_first = self->lines.line == 0;

    if (!ctt_lines_next(&self->lines)) {
        if (is_first) {
            ctt_lines_error(&self->lines, error, "file is empty (give an ITC-2007 .ctt file)");
        } else {
            ctt_lines_error(&self->lines, error, "file ends before \"%s\" (it is truncated)", key);
        }
        return FALSE;
    }
    if (strcmp(ctt_lines_field(&self->lines, 0), key) != 0 || self->lines.fields->len < 2) {
        return refuse_header_line(self, key, value, error);
    }
    return TRUE;
}

static gboolean
read_header_number(Reader *self, const char *key, guint32 minimum, guint32 maximum, guint32 *number,
                   GError **error)
{
    if (!next_header_line(self, key, "a number", error)) {
        return FALSE;
    }
    if (self->lines.fields->len > 2) {
        g_autofree char *found = ctt_quote(ctt_lines_field(&self->lines, 2));
        ctt_lines_error(&self->lines, error, "found %s after the number of \"%s\" (remove it)",
                        found, key);
        return FALSE;
    }
    return ctt_lines_number(&self->lines, 1, key, minimum, maximum, number, error);
}

static gboolean
read_name(Reader *self, GError **error)
{
    GPtrArray *fields = self->lines.fields;
    g_autoptr(GString) name = g_string_new(NULL);

    if (!next_header_line(self, "Name:", "a name", error)) {
        return FALSE;
    }
    for (guint i = 1; i < fields->len; i++) {
        g_string_append_printf(name, "%s%s", i > 1 ? " " : "", ctt_lines_field(&self->lines, i));
    }
    self->instance->name = g_string_free(g_steal_pointer(&name), FALSE);
    return TRUE;
}

/* Days times periods, and these times rooms, bound everything that is allocated later. */
static gboolean
check_grid(Reader *self, GError **error)
{
    CttInstance *instance = self->instance;
    guint64 n_periods = (guint64)instance->n_days * instance->periods_per_day;

    if (n_periods > CTT_MAX_PERIODS) {
        ctt_lines_error(&self->lines, error,
                        "%u day%s of %u period%s are more than %u periods (use fewer)",
                        instance->n_days, plural(instance->n_days), instance->periods_per_day,
                        plural(instance->periods_per_day), CTT_MAX_PERIODS);
        return FALSE;
    }
    if (n_periods * instance->n_rooms > CTT_MAX_SLOTS) {
        ctt_lines_error(&self->lines, error,
                        "%u period%s in %u room%s are more than %u places (use fewer)",
                        (guint)n_periods, plural((guint32)n_periods), instance->n_rooms,
                        plural(instance->n_rooms), CTT_MAX_SLOTS);
        return FALSE;
    }
    instance->n_periods = (guint32)n_periods;
    return TRUE;
}

static gboolean
read_header(Reader *self, GError **error)
{
    CttInstance *instance = self->instance;

    return read_name(self, error) &&
           read_header_number(self, "Courses:", 1, CTT_MAX_COURSES, &instance->n_courses, error) &&
           read_header_number(self, "Rooms:", 1, CTT_MAX_ROOMS, &instance->n_rooms, error) &&
           read_header_number(self, "Days:", 1, CTT_MAX_PERIODS, &instance->n_days, error) &&
           read_header_number(self, "Periods_per_day:", 1, CTT_MAX_PERIODS,
                              &instance->periods_per_day, error) &&
           check_grid(self, error) &&
           read_header_number(self, "Curricula:", 0, CTT_MAX_CURRICULA, &instance->n_curricula,
                              error) &&
           read_header_number(self, "Constraints:", 0, instance->n_courses * instance->n_periods,
                              &self->n_constraints, error);
}

/* What the header promised is allocated here, where every count is known to be within its bound. */
static void
allocate(Reader *self)
{
    CttInstance *instance = self->instance;

    instance->courses = g_new0(CttCourse, instance->n_courses);
    instance->rooms = g_new0(CttRoom, instance->n_rooms);
    instance->curricula = g_new0(CttCurriculum, instance->n_curricula);
    instance->unavailable = g_malloc0((gsize)instance->n_courses * instance->n_periods);
    instance->course_index = g_hash_table_new(g_str_hash, g_str_equal);
    instance->room_index = g_hash_table_new(g_str_hash, g_str_equal);
    self->teachers = g_ptr_array_new_with_free_func(g_free);
    self->teacher_index = g_hash_table_new(g_str_hash, g_str_equal);
    self->curriculum_ids = g_hash_table_new(g_str_hash, g_str_equal);
    self->last_curriculum = g_new0(guint32, instance->n_courses);
}

/* Bounds what columns of text and messages can grow to. */
static gboolean
check_id(Reader *self, guint field, const char *noun, GError **error)
{
    const char *id = ctt_lines_field(&self->lines, field);

    if (strlen(id) <= CTT_MAX_ID_SIZE) {
        return TRUE;
    }
    g_autofree char *quoted = ctt_quote(id);
    ctt_lines_error(&self->lines, error, "%s %s is longer than %u bytes (shorten it)", noun, quoted,
                    CTT_MAX_ID_SIZE);
    return FALSE;
}

/* Enters the id that begins the row as number `index`, and keeps a copy of it in `*copy`. */
static gboolean
add_id(Reader *self, GHashTable *ids, const char *noun, guint32 index, char **copy, GError **error)
{
    const char *id = ctt_lines_field(&self->lines, 0);

    if (!check_id(self, 0, noun, error)) {
        return FALSE;
    }
    if (g_hash_table_contains(ids, id)) {
        g_autofree char *quoted = ctt_quote(id);
        ctt_lines_error(&self->lines, error, "%s %s is there twice (give each its own id)", noun,
                        quoted);
        return FALSE;
    }
    *copy = g_strdup(id);
    g_hash_table_insert(ids, *copy, GUINT_TO_POINTER(index + 1));
    return TRUE;
}

/* Keeps the fitness of every timetable within 32 bits. */
static gboolean
add_worst_soft(Reader *self, gint64 cost, GError **error)
{
    self->worst_soft += cost;
    if (self->worst_soft <= G_MAXINT32) {
        return TRUE;
    }
    ctt_lines_error(&self->lines, error,
                    "a timetable up to here may cost more than %d (use smaller numbers)",
                    G_MAXINT32);
    return FALSE;
}

static guint32
intern_teacher(Reader *self, const char *id)
{
    guint32 known = GPOINTER_TO_UINT(g_hash_table_lookup(self->teacher_index, id));

    if (known == 0) {
        char *copy = g_strdup(id);
        g_ptr_array_add(self->teachers, copy);
        known = self->teachers->len;
        g_hash_table_insert(self->teacher_index, copy, GUINT_TO_POINTER(known));
    }
    return known - 1;
}

static gboolean
read_course(Reader *self, guint32 index, GError **error)
{
    CttInstance *instance = self->instance;
    CttCourse *course = &instance->courses[index];
    CttLines *lines = &self->lines;

    if (!add_id(self, instance->course_index, "course", index, &course->id, error) ||
        !check_id(self, 1, "teacher", error) ||
        !ctt_lines_number(lines, 2, "number of lectures", 1, CTT_MAX_LECTURES, &course->n_lectures,
                          error) ||
        !ctt_lines_number(lines, 3, "minimum of working days", 0, CTT_MAX_PERIODS,
                          &course->min_working_days, error) ||
        !ctt_lines_number(lines, 4, "number of students", 0, CTT_MAX_NUMBER, &course->n_students,
                          error)) {
        return FALSE;
    }
    course->line = lines->line;
    course->teacher = intern_teacher(self, ctt_lines_field(lines, 1));
    course->first_lecture = instance->n_lectures;
    instance->n_lectures += course->n_lectures;
    if (instance->n_lectures > CTT_MAX_LECTURES) {
        ctt_lines_error(lines, error, "%u lectures up to here are more than %u (use fewer)",
                        instance->n_lectures, CTT_MAX_LECTURES);
        return FALSE;
    }
    /* no seat for any student, one room for each lecture, no working day at all */
    return add_worst_soft(self,
                          (gint64)course->n_lectures * ((gint64)course->n_students + 1) +
                              5 * (gint64)course->min_working_days,
                          error);
}

static gboolean
read_room(Reader *self, guint32 index, GError **error)
{
    CttRoom *room = &self->instance->rooms[index];

    return add_id(self, self->instance->room_index, "room", index, &room->id, error) &&
           ctt_lines_number(&self->lines, 1, "capacity", 0, CTT_MAX_NUMBER, &room->capacity, error);
}

/* Finds the course that the field at `field` names. */
static gboolean
read_course_id(Reader *self, guint field, guint32 *course, GError **error)
{
    const char *id = ctt_lines_field(&self->lines, field);

    *course = ctt_instance_find_course(self->instance, id);
    if (*course != CTT_NONE) {
        return TRUE;
    }
    g_autofree char *quoted = ctt_quote(id);
    ctt_lines_error(&self->lines, error, "course %s does not exist (use an id from COURSES)",
                    quoted);
    return FALSE;
}

static gboolean
read_member(Reader *self, CttCurriculum *curriculum, guint32 number, gint64 *n_lectures,
            GError **error)
{
    guint32 course = CTT_NONE;
    guint32 curriculum_mark = (guint32)(curriculum - self->instance->curricula) + 1;

    if (!read_course_id(self, number + 2, &course, error)) {
        return FALSE;
    }
    if (self->last_curriculum[course] == curriculum_mark) {
        g_autofree char *quoted = ctt_quote(self->instance->courses[course].id);
        ctt_lines_error(&self->lines, error,
                        "course %s is twice in the curriculum (name each course once)", quoted);
        return FALSE;
    }
    self->last_curriculum[course] = curriculum_mark;
    curriculum->courses[number] = course;
    *n_lectures += self->instance->courses[course].n_lectures;
    return TRUE;
}

static gboolean
read_curriculum(Reader *self, guint32 index, GError **error)
{
    CttCurriculum *curriculum = &self->instance->curricula[index];
    CttLines *lines = &self->lines;
    gint64 n_lectures = 0;
    guint32 n_courses = 0;

    if (!add_id(self, self->curriculum_ids, "curriculum", index, &curriculum->id, error) ||
        !ctt_lines_number(lines, 1, "number of courses", 1, self->instance->n_courses, &n_courses,
                          error)) {
        return FALSE;
    }
    if (lines->fields->len != n_courses + 2) {
        ctt_lines_error(
            lines, error, "curriculum has %s than the %u course%s it promises (correct the number)",
            lines->fields->len < n_courses + 2 ? "fewer" : "more", n_courses, plural(n_courses));
        return FALSE;
    }
    self->n_members += n_courses;
    if (self->n_members > CTT_MAX_MEMBERS) {
        ctt_lines_error(lines, error, "curricula up to here have more than %u courses (use fewer)",
                        CTT_MAX_MEMBERS);
        return FALSE;
    }
    curriculum->courses = g_new0(guint32, n_courses);
    curriculum->n_courses = n_courses;
    curriculum->line = lines->line;
    for (guint32 i = 0; i < n_courses; i++) {
        if (!read_member(self, curriculum, i, &n_lectures, error)) {
            return FALSE;
        }
    }
    return add_worst_soft(self, 2 * n_lectures, error);
}

static gboolean
read_constraint(Reader *self, guint32 index G_GNUC_UNUSED, GError **error)
{
    CttInstance *instance = self->instance;
    guint32 course = CTT_NONE;
    guint32 day = 0;
    guint32 hour = 0;

    if (!read_course_id(self, 0, &course, error) ||
        !ctt_lines_number(&self->lines, 1, "day", 0, instance->n_days - 1, &day, error) ||
        !ctt_lines_number(&self->lines, 2, "period", 0, instance->periods_per_day - 1, &hour,
                          error)) {
        return FALSE;
    }
    guint32 period = day * instance->periods_per_day + hour;
    instance->unavailable[(gsize)course * instance->n_periods + period] = 1;
    return TRUE;
}

static const Section sections[] = {
    { "COURSES:", "course teacher lectures working_days students", 5, read_course },
    { "ROOMS:", "room capacity", 2, read_room },
    { "CURRICULA:", "curriculum n course_1 ... course_n", 3, read_curriculum },
    { "UNAVAILABILITY_CONSTRAINTS:", "course day period", 3, read_constraint },
    { "END.", NULL, 0, NULL },
};

#define ORDER "COURSES:, ROOMS:, CURRICULA:, UNAVAILABILITY_CONSTRAINTS:, END."

/* Whether `text` is a title but for the colon or dot at its end. */
static gboolean
is_title_without_end(const char *text, const char *title)
{
    return strlen(text) + 1 == strlen(title) && g_str_has_prefix(title, text);
}

static gboolean
is_title(const CttLines *lines)
{
    if (lines->fields->len != 1) {
        return FALSE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(sections); i++) {
        const char *text = ctt_lines_field(lines, 0);
        if (strcmp(text, sections[i].title) == 0 || is_title_without_end(text, sections[i].title)) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Sets the error of a line that is not the title of section `number`. */
static gboolean
refuse_title(const CttLines *lines, guint number, guint32 n_rows, GError **error)
{
    const char *word = ctt_lines_field(lines, 0);
    const char *title = sections[number].title;
    g_autofree char *found = ctt_quote(word);
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_printf(text, "found %s where \"%s\" must stand", found, title);
    if (strcmp(word, title) == 0) {
        g_string_append(text, " alone on its line (remove what follows it)");
    } else if (is_title_without_end(word, title)) {
        g_string_append_printf(text, " (\"%s\" needs the %s)", title,
                               g_str_has_suffix(title, ".") ? "dot" : "colon");
    } else if (word[0] == '#') {
        g_string_append(text, " (a .ctt file has no comments: remove the line)");
    } else if (is_title(lines)) {
        g_string_append(text, " (the order is " ORDER ")");
    } else if (number == 0) {
        g_string_append(text, " (add that line)");
    } else {
        g_string_append_printf(text,
                               ", after %u row%s of \"%s\" (correct the number in the header)",
                               n_rows, plural(n_rows), sections[number - 1].title);
    }
    ctt_lines_error(lines, error, "%s", text->str);
    return FALSE;
}

/* Goes to the line with the title of section `number`, which follows `n_rows` rows. */
static gboolean
read_title(Reader *self, guint number, guint32 n_rows, GError **error)
{
    CttLines *lines = &self->lines;
    const char *title = sections[number].title;

    if (!ctt_lines_next(lines)) {
        ctt_lines_error(lines, error, "file ends before \"%s\" (it is truncated)", title);
        return FALSE;
    }
    if (lines->fields->len == 1 && strcmp(ctt_lines_field(lines, 0), title) == 0) {
        return TRUE;
    }
    return refuse_title(lines, number, n_rows, error);
}

static gboolean
read_row(Reader *self, const Section *section, guint32 index, guint32 n_rows, GError **error)
{
    CttLines *lines = &self->lines;
    gboolean may_be_longer = section->read_row == read_curriculum;

    if (!ctt_lines_next(lines)) {
        ctt_lines_error(lines, error, "file ends after %u of %u row%s of \"%s\" (it is truncated)",
                        index, n_rows, plural(n_rows), section->title);
        return FALSE;
    }
    if (is_title(lines)) {
        ctt_lines_error(lines, error,
                        "found \"%s\" after %u of %u row%s of \"%s\" (correct the number in the "
                        "header)",
                        ctt_lines_field(lines, 0), index, n_rows, plural(n_rows), section->title);
        return FALSE;
    }
    if (lines->fields->len < section->n_fields ||
        (lines->fields->len > section->n_fields && !may_be_longer)) {
        ctt_lines_error(lines, error, "row of \"%s\" has %s than %u fields (write \"%s\")",
                        section->title, lines->fields->len < section->n_fields ? "fewer" : "more",
                        section->n_fields, section->row);
        return FALSE;
    }
    return section->read_row(self, index, error);
}

static gboolean
read_sections(Reader *self, GError **error)
{
    const CttInstance *instance = self->instance;
    const guint32 n_rows[] = { instance->n_courses, instance->n_rooms, instance->n_curricula,
                               self->n_constraints };

    for (guint number = 0; number < G_N_ELEMENTS(sections); number++) {
        if (!read_title(self, number, number > 0 ? n_rows[number - 1] : 0, error)) {
            return FALSE;
        }
        for (guint32 i = 0; number < G_N_ELEMENTS(n_rows) && i < n_rows[number]; i++) {
            if (!read_row(self, &sections[number], i, n_rows[number], error)) {
                return FALSE;
            }
        }
    }
    if (ctt_lines_next(&self->lines)) {
        g_autofree char *found = ctt_quote(ctt_lines_field(&self->lines, 0));
        ctt_lines_error(&self->lines, error, "found %s after \"END.\" (remove it)", found);
        return FALSE;
    }
    return TRUE;
}

CttInstance *
ctt_instance_parse(const char *text, gsize size, const char *path, GError **error)
{
    g_auto(Reader) reader = { 0 };

    g_return_val_if_fail(path != NULL && (text != NULL || size == 0), NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    reader.instance = g_new0(CttInstance, 1);
    if (!ctt_lines_init(&reader.lines, text, size, path, error) || !read_header(&reader, error)) {
        return NULL;
    }
    allocate(&reader);
    if (!read_sections(&reader, error)) {
        return NULL;
    }
    reader.instance->n_teachers = reader.teachers->len;
    reader.instance->teachers = g_new0(char *, reader.teachers->len);
    for (guint i = 0; i < reader.teachers->len; i++) {
        reader.instance->teachers[i] = g_strdup(g_ptr_array_index(reader.teachers, i));
    }
    ctt_instance_derive(reader.instance);
    return g_steal_pointer(&reader.instance);
}

CttInstance *
ctt_instance_read(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize size = 0;

    g_return_val_if_fail(path != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    if (!ctt_lines_load(path, &text, &size, error)) {
        return NULL;
    }
    return ctt_instance_parse(text, size, path, error);
}
