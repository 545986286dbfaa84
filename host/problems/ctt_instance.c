/* SPDX-License-Identifier: MIT */
#include "ctt_instance.h"
#include "ctt_instance_private.h"

static guint8 *
conflict_row(const CttInstance *self, guint32 course)
{
    return &self->conflict[(gsize)course * self->n_courses];
}

/* Goes row by row, which stay in the cache; each pair of courses comes twice, once from each side. */
static void
derive_conflicts(CttInstance *self)
{
    self->conflict = g_malloc0((gsize)self->n_courses * self->n_courses);
    for (guint32 i = 0; i < self->n_curricula; i++) {
        const CttCurriculum *curriculum = &self->curricula[i];
        for (guint32 first = 0; first < curriculum->n_courses; first++) {
            guint8 *row = conflict_row(self, curriculum->courses[first]);
            for (guint32 second = 0; second < curriculum->n_courses; second++) {
                row[curriculum->courses[second]] = 1;
            }
        }
    }
    for (guint32 first = 0; first < self->n_courses; first++) {
        guint8 *row = conflict_row(self, first);
        for (guint32 second = 0; second < self->n_courses; second++) {
            row[second] |= self->courses[first].teacher == self->courses[second].teacher;
        }
        row[first] = 0;
    }
}

static void
derive_curricula_of_courses(CttInstance *self)
{
    for (guint32 i = 0; i < self->n_curricula; i++) {
        for (guint32 j = 0; j < self->curricula[i].n_courses; j++) {
            self->courses[self->curricula[i].courses[j]].n_curricula++;
        }
    }
    for (guint32 i = 0; i < self->n_courses; i++) {
        self->courses[i].curricula = g_new0(guint32, self->courses[i].n_curricula);
        self->courses[i].n_curricula = 0;
    }
    for (guint32 i = 0; i < self->n_curricula; i++) {
        for (guint32 j = 0; j < self->curricula[i].n_courses; j++) {
            CttCourse *course = &self->courses[self->curricula[i].courses[j]];
            course->curricula[course->n_curricula++] = i;
        }
    }
}

void
ctt_instance_derive(CttInstance *self)
{
    derive_conflicts(self);
    derive_curricula_of_courses(self);
}

void
ctt_instance_free(CttInstance *self)
{
    if (self == NULL) {
        return;
    }
    /* counts are set before their arrays are, so a half-built instance may lack any of them */
    for (guint32 i = 0; self->courses != NULL && i < self->n_courses; i++) {
        g_free(self->courses[i].id);
        g_free(self->courses[i].curricula);
    }
    for (guint32 i = 0; self->rooms != NULL && i < self->n_rooms; i++) {
        g_free(self->rooms[i].id);
    }
    for (guint32 i = 0; self->curricula != NULL && i < self->n_curricula; i++) {
        g_free(self->curricula[i].id);
        g_free(self->curricula[i].courses);
    }
    for (guint32 i = 0; self->teachers != NULL && i < self->n_teachers; i++) {
        g_free(self->teachers[i]);
    }
    g_clear_pointer(&self->course_index, g_hash_table_unref);
    g_clear_pointer(&self->room_index, g_hash_table_unref);
    g_free(self->courses);
    g_free(self->rooms);
    g_free(self->curricula);
    g_free(self->teachers);
    g_free(self->unavailable);
    g_free(self->conflict);
    g_free(self->name);
    g_free(self);
}

static guint32
look_up(GHashTable *index, const char *id)
{
    guint32 found = GPOINTER_TO_UINT(g_hash_table_lookup(index, id));

    return found > 0 ? found - 1 : CTT_NONE;
}

guint32
ctt_instance_find_course(const CttInstance *self, const char *id)
{
    return look_up(self->course_index, id);
}

guint32
ctt_instance_find_room(const CttInstance *self, const char *id)
{
    g_autofree char *longer_id = g_strconcat("r", id, NULL);
    guint32 exact = look_up(self->room_index, id);
    guint32 longer = look_up(self->room_index, longer_id);
    guint32 shorter = id[0] == 'r' ? look_up(self->room_index, id + 1) : CTT_NONE;

    if (exact != CTT_NONE) {
        return exact;
    }
    if (longer != CTT_NONE && shorter != CTT_NONE) {
        return CTT_NONE;
    }
    return longer != CTT_NONE ? longer : shorter;
}
