/* SPDX-License-Identifier: MIT */

#include "doctor.h"

static const struct {
    const char *name;
    void (*examine)(DoctorSection *section, const DoctorPatient *patient);
} examinations[] = {
    { "install", doctor_examine_install },
    { "drivers", doctor_examine_drivers },
    { "permissions", doctor_examine_permissions },
    { "isolation", doctor_examine_isolation },
    { "kernel", doctor_examine_kernel },
    { "limits", doctor_examine_limits },
    { "state", doctor_examine_state },
    { "sockets", doctor_examine_sockets },
    { "counts", doctor_examine_counts },
    { "leftovers", doctor_examine_leftovers },
};

GPtrArray *
doctor_examine(const DoctorPatient *patient)
{
    GPtrArray *sections = g_ptr_array_new_with_free_func((GDestroyNotify)doctor_section_free);

    for (guint i = 0; i < G_N_ELEMENTS(examinations); i++) {
        DoctorSection *section = doctor_section_new(examinations[i].name);
        examinations[i].examine(section, patient);
        g_ptr_array_add(sections, section);
    }
    return sections;
}

DoctorState
doctor_get_state(GPtrArray *sections)
{
    DoctorState state = DOCTOR_OK;

    for (guint i = 0; i < sections->len; i++) {
        state = MAX(state, doctor_section_get_state(g_ptr_array_index(sections, i)));
    }
    return state;
}

static JsonArray *
describe_findings(const DoctorSection *section)
{
    JsonArray *findings = json_array_new();

    for (guint i = 0; i < section->findings->len; i++) {
        const DoctorFinding *finding = g_ptr_array_index(section->findings, i);
        JsonObject *object = doctor_array_add_object(findings);
        doctor_object_set_text(object, "state", doctor_state_to_string(finding->state));
        doctor_object_set_text(object, "what", finding->what);
        doctor_object_set_text(object, "advice", finding->advice);
    }
    return findings;
}

JsonNode *
doctor_to_json(GPtrArray *sections)
{
    JsonNode *root = json_node_new(JSON_NODE_OBJECT);
    g_autoptr(JsonObject) object = json_object_new();
    JsonArray *array = json_array_new();

    for (guint i = 0; i < sections->len; i++) {
        const DoctorSection *section = g_ptr_array_index(sections, i);
        JsonObject *entry = doctor_array_add_object(array);
        doctor_object_set_text(entry, "name", section->name);
        doctor_object_set_text(entry, "state",
                               doctor_state_to_string(doctor_section_get_state(section)));
        json_object_set_object_member(entry, "facts", json_object_ref(section->facts));
        json_object_set_array_member(entry, "findings", describe_findings(section));
    }
    doctor_object_set_text(object, "state", doctor_state_to_string(doctor_get_state(sections)));
    json_object_set_array_member(object, "sections", array);
    json_node_set_object(root, object);
    return root;
}
