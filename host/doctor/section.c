/* SPDX-License-Identifier: MIT */

#include "section.h"

static void
finding_free(gpointer data)
{
    DoctorFinding *finding = data;

    g_free(finding->what);
    g_free(finding->advice);
    g_free(finding);
}

DoctorSection *
doctor_section_new(const char *name)
{
    DoctorSection *self = g_new0(DoctorSection, 1);

    self->name = name;
    self->facts = json_object_new();
    self->findings = g_ptr_array_new_with_free_func(finding_free);
    return self;
}

void
doctor_section_free(DoctorSection *self)
{
    if (self == NULL) {
        return;
    }
    json_object_unref(self->facts);
    g_ptr_array_unref(self->findings);
    g_free(self);
}

void
doctor_object_set_text(JsonObject *object, const char *member, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    json_object_set_string_member(object, member, valid);
}

void
doctor_section_set_text(DoctorSection *self, const char *member, const char *text)
{
    doctor_object_set_text(self->facts, member, text);
}

void
doctor_section_set_number(DoctorSection *self, const char *member, guint64 number)
{
    json_object_set_int_member(self->facts, member, (gint64)MIN(number, (guint64)G_MAXINT64));
}

void
doctor_section_set_boolean(DoctorSection *self, const char *member, gboolean is_true)
{
    json_object_set_boolean_member(self->facts, member, is_true);
}

void
doctor_section_set_null(DoctorSection *self, const char *member)
{
    json_object_set_null_member(self->facts, member);
}

JsonArray *
doctor_section_add_array(DoctorSection *self, const char *member)
{
    JsonArray *array = json_array_new();

    json_object_set_array_member(self->facts, member, array);
    return array;
}

JsonObject *
doctor_array_add_object(JsonArray *array)
{
    JsonObject *object = json_object_new();

    json_array_add_object_element(array, object);
    return object;
}

void
doctor_section_find(DoctorSection *self, DoctorState state, const char *advice, const char *format,
                    ...)
{
    DoctorFinding *finding = g_new0(DoctorFinding, 1);
    va_list arguments;

    va_start(arguments, format);
    finding->what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    finding->state = state;
    finding->advice = g_strdup(advice);
    g_ptr_array_add(self->findings, finding);
}

DoctorState
doctor_section_get_state(const DoctorSection *self)
{
    DoctorState state = DOCTOR_OK;

    for (guint i = 0; i < self->findings->len; i++) {
        state = MAX(state, ((const DoctorFinding *)g_ptr_array_index(self->findings, i))->state);
    }
    return state;
}

const char *
doctor_state_to_string(DoctorState state)
{
    switch (state) {
    case DOCTOR_OK:
        return "ok";
    case DOCTOR_WARNING:
        return "warning";
    case DOCTOR_PROBLEM:
        return "problem";
    }
    g_return_val_if_reached("problem");
}
