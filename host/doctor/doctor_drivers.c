/* SPDX-License-Identifier: MIT */

#include "doctor.h"

#define QUARANTINE_ADVICE \
    "see to its cause, then let go of it by rein devices --clear, or restart the machine"

static void
judge(DoctorSection *section, const ReinCandidate *candidate)
{
    const char *name = *candidate->driver != '\0' ? candidate->driver : candidate->path;

    if (candidate->state == REIN_CANDIDATE_QUARANTINED) {
        doctor_section_find(section, DOCTOR_WARNING, QUARANTINE_ADVICE,
                            "%s%s%s is quarantined since %s: %s", candidate->name,
                            *candidate->name != '\0' ? ", " : "", name,
                            candidate->quarantined_since, candidate->reason);
    } else if (candidate->state == REIN_CANDIDATE_FAILED) {
        doctor_section_find(section, DOCTOR_WARNING,
                            "mend or remove that driver; the other devices work without it",
                            "%s%s%s: %s", candidate->name, *candidate->name != '\0' ? ", " : "",
                            name, candidate->reason);
    } else if (candidate->state == REIN_CANDIDATE_REFUSED) {
        doctor_section_find(
            section, DOCTOR_WARNING,
            "remove the file from the plugin folder, or install the one that belongs "
            "to this rein",
            "%s: %s", candidate->path, candidate->reason);
    }
}

static void
add_candidates(DoctorSection *section, ReinRegistry *registry)
{
    JsonArray *candidates = doctor_section_add_array(section, "candidates");

    for (guint i = 0; i < rein_registry_get_n_candidates(registry); i++) {
        const ReinCandidate *candidate = rein_registry_get_candidate(registry, i);
        JsonObject *object = doctor_array_add_object(candidates);
        doctor_object_set_text(object, "plugin", candidate->name);
        doctor_object_set_text(object, "driver", candidate->driver);
        doctor_object_set_text(object, "driver_path", candidate->driver_path);
        doctor_object_set_text(object, "state", rein_candidate_state_to_string(candidate->state));
        doctor_object_set_text(object, "reason", candidate->reason);
        json_object_set_int_member(object, "devices", candidate->n_devices);
        judge(section, candidate);
    }
}

static void
add_device(DoctorSection *section, JsonArray *devices, const ReinDeviceEntry *device)
{
    JsonObject *object = doctor_array_add_object(devices);
    const gboolean is_quarantined = *device->quarantine != '\0';

    doctor_object_set_text(object, "id", device->id);
    doctor_object_set_text(object, "name", device->name);
    doctor_object_set_text(object, "driver", device->driver);
    doctor_object_set_text(object, "state", is_quarantined ? "quarantined" : "ready");
    if (is_quarantined) {
        doctor_section_find(section, DOCTOR_WARNING, QUARANTINE_ADVICE,
                            "device %s is quarantined since %s: %s", device->id,
                            device->quarantined_since, device->quarantine);
    }
}

void
doctor_examine_drivers(DoctorSection *section, const DoctorPatient *patient)
{
    ReinRegistry *registry = patient->registry;
    guint n_gpus = 0;

    add_candidates(section, registry);
    JsonArray *devices = doctor_section_add_array(section, "devices");
    for (guint i = 0; i < rein_registry_get_n_devices(registry); i++) {
        const ReinDeviceEntry *device = rein_registry_get_device(registry, i);
        add_device(section, devices, device);
        n_gpus += device->is_gpu ? 1 : 0;
    }
    doctor_section_set_number(section, "gpus", n_gpus);
    if (rein_registry_get_n_devices(registry) == 0) {
        doctor_section_find(section, DOCTOR_PROBLEM,
                            "see the reasons in rein devices --why; the plugin cpu needs no driver",
                            "no device is usable");
    }
}
