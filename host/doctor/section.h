/* SPDX-License-Identifier: MIT */

/*
 * One section of what `rein doctor` found: facts under names that stay, so that two documents can be
 * compared, and findings for people, each with what to do. Made and read by one thread.
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum {
    DOCTOR_OK,
    DOCTOR_WARNING, /* rein works, but not as well as it could, or not for long */
    DOCTOR_PROBLEM,
} DoctorState;

/* One thing that a person should know. */
typedef struct DoctorFinding {
    DoctorState state;
    char *what;
    char *advice; /* what to do; "" where that is nothing */
} DoctorFinding;

typedef struct DoctorSection {
    const char *name; /* static */
    JsonObject *facts;
    GPtrArray *findings; /* DoctorFinding */
} DoctorSection;

/* `name` is static: "install". */
DoctorSection *doctor_section_new(const char *name);

/* NULL is a no-op. */
void doctor_section_free(DoctorSection *self);

void doctor_section_set_text(DoctorSection *self, const char *member, const char *text);
void doctor_section_set_number(DoctorSection *self, const char *member, guint64 number);
void doctor_section_set_boolean(DoctorSection *self, const char *member, gboolean is_true);

/* Where it cannot be found out. */
void doctor_section_set_null(DoctorSection *self, const char *member);

/* Returns: (transfer none): a new array that is the member */
JsonArray *doctor_section_add_array(DoctorSection *self, const char *member);

/* Returns: (transfer none): a new object at the end of `array` */
JsonObject *doctor_array_add_object(JsonArray *array);

/* Sets a member of it to text that is made valid. */
void doctor_object_set_text(JsonObject *object, const char *member, const char *text);

/* `advice` is what to do, in the imperative. */
void doctor_section_find(DoctorSection *self, DoctorState state, const char *advice,
                         const char *format, ...) G_GNUC_PRINTF(4, 5);

/* The worst of its findings. */
DoctorState doctor_section_get_state(const DoctorSection *self);

/* "ok", "warning", "problem" */
const char *doctor_state_to_string(DoctorState state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DoctorSection, doctor_section_free)

G_END_DECLS
