/* SPDX-License-Identifier: MIT */
/*
 * A course timetabling instance: what a .ctt file says, checked and with names turned into indices.
 * Made by reading, owned by the reader's caller, never changed afterwards, so any number of threads
 * may share one. Everything that indexes anything counts from zero, in the order of the file.
 *
 * Sizes hold for every instance that exists: n_periods * n_rooms <= CTT_MAX_SLOTS, so that a gene
 * (below) fits 16 bits with its "not placed" value, and the hard cost and the soft cost of the worst
 * genome each fit a gint32.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CTT_MAX_FILE_SIZE 16777216u /* bytes, of an instance or a solution */
#define CTT_MAX_COURSES 4096u
#define CTT_MAX_ROOMS 4096u
#define CTT_MAX_CURRICULA 65535u
#define CTT_MAX_MEMBERS 262144u /* courses of all curricula together */
#define CTT_MAX_PERIODS 4096u   /* days times periods per day */
#define CTT_MAX_SLOTS 65534u    /* periods times rooms */
#define CTT_MAX_LECTURES 32767u /* of all courses together */
#define CTT_MAX_NUMBER 1000000u /* students of a course, places in a room */
#define CTT_MAX_ID_SIZE 255u    /* bytes of an id */

/* An index that names nothing. */
#define CTT_NONE G_MAXUINT32

#define CTT_ERROR (ctt_error_quark())

typedef enum CttError {
    CTT_ERROR_IO,      /* the file cannot be read or written; the message says why */
    CTT_ERROR_INVALID, /* its content is wrong; the message begins with path:line */
} CttError;

typedef struct CttCourse {
    char *id;
    guint32 line;    /* of the file, from 1 */
    guint32 teacher; /* index into CttInstance.teachers */
    guint32 n_lectures;
    guint32 min_working_days;
    guint32 n_students;
    guint32 first_lecture; /* its first gene: the lectures of the courses before it */
    guint32 n_curricula;
    guint32 *curricula; /* the curricula it belongs to, ascending */
} CttCourse;

typedef struct CttRoom {
    char *id;
    guint32 capacity; /* students */
} CttRoom;

typedef struct CttCurriculum {
    char *id;
    guint32 line; /* of the file, from 1 */
    guint32 n_courses;
    guint32 *courses; /* in the order of the file, each once */
} CttCurriculum;

typedef struct CttInstance {
    char *name; /* as in the file's "Name:" line */
    guint32 n_courses;
    guint32 n_rooms;
    guint32 n_curricula;
    guint32 n_teachers;
    guint32 n_days;
    guint32 periods_per_day;
    guint32 n_periods;  /* n_days * periods_per_day; period = day * periods_per_day + hour */
    guint32 n_lectures; /* of all courses: the length of a genome */
    CttCourse *courses;
    CttRoom *rooms;
    CttCurriculum *curricula;
    char **teachers;     /* [n_teachers], in order of appearance */
    guint8 *unavailable; /* [n_courses][n_periods], 1 where the course must not be taught */
    guint8 *conflict;    /* [n_courses][n_courses], symmetric, 1 where two different courses share a
                            teacher or a curriculum; 0 on the diagonal */
    GHashTable *course_index; /* id to index + 1; use ctt_instance_find_course() */
    GHashTable *room_index;   /* id to index + 1; use ctt_instance_find_room() */
} CttInstance;

/*
 * A genome is one guint16 for each lecture, in course order and within a course in any order:
 * gene = period * n_rooms + room, and any gene of ctt_instance_not_placed() or more means that the
 * lecture has no place.
 */
typedef guint16 CttGene;

GQuark ctt_error_quark(void);

/**
 * ctt_instance_read:
 * @path: a .ctt file
 * @error: return location for a #GError
 *
 * Reads and checks a whole instance. Room ids may be written `B` or `rB`, lines may end in LF or
 * CRLF, blanks and tabs may trail, blank lines may stand anywhere.
 *
 * Returns: (transfer full) (nullable): the instance; NULL with #CTT_ERROR_IO if the file cannot be
 * read, or with #CTT_ERROR_INVALID if its content is wrong or larger than %CTT_MAX_FILE_SIZE, the
 * message then being `path:line: what (what to do)`. [may block]
 */
CttInstance *ctt_instance_read(const char *path, GError **error);

/**
 * ctt_instance_parse:
 * @text: (array length=size): the content of a .ctt file; need not end in NUL
 * @size: bytes in @text
 * @path: what messages call it
 * @error: return location for a #GError
 *
 * Like ctt_instance_read(), of a text in memory. Any bytes are safe.
 *
 * Returns: (transfer full) (nullable): the instance, or NULL with #CTT_ERROR_INVALID
 */
CttInstance *ctt_instance_parse(const char *text, gsize size, const char *path, GError **error);

/**
 * ctt_instance_free:
 * @self: (nullable) (transfer full): an instance, also a half-built one
 */
void ctt_instance_free(CttInstance *self);

/**
 * ctt_instance_find_course:
 *
 * Returns: the index of the course called @id, or %CTT_NONE
 */
guint32 ctt_instance_find_course(const CttInstance *self, const char *id);

/**
 * ctt_instance_find_room:
 *
 * Takes both dialects of room names: if no room is called exactly @id, a leading `r` is taken off
 * or put on, unless both of these name a room.
 *
 * Returns: the index of the room called @id, or %CTT_NONE
 */
guint32 ctt_instance_find_room(const CttInstance *self, const char *id);

/**
 * ctt_instance_not_placed:
 *
 * Returns: the gene of a lecture without a place: n_periods * n_rooms
 */
static inline CttGene
ctt_instance_not_placed(const CttInstance *self)
{
    return (CttGene)(self->n_periods * self->n_rooms);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CttInstance, ctt_instance_free)

G_END_DECLS
