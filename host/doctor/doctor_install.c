/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE /* dladdr */

#include "doctor.h"

#include <dlfcn.h>
#include <unistd.h>

#include <rein/version.h>

#include "places.h"

static void
examine_worker(DoctorSection *section, const DoctorPatient *patient)
{
    g_autofree char *worker = doctor_find_worker(patient->settings);
    const gboolean is_usable = access(worker, X_OK) == 0;

    doctor_section_set_text(section, "worker", worker);
    doctor_section_set_boolean(section, "worker_is_executable", is_usable);
    if (!is_usable) {
        doctor_section_find(
            section, DOCTOR_PROBLEM,
            "install rein as a whole, or name the program by worker.path or REIN_WORKER",
            "the worker %s is not there or cannot be executed", worker);
    }
}

static void
examine_plugins(DoctorSection *section, const DoctorPatient *patient)
{
    JsonArray *plugins = doctor_section_add_array(section, "plugins");
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < rein_registry_get_n_candidates(patient->registry); i++) {
        const ReinCandidate *candidate = rein_registry_get_candidate(patient->registry, i);
        if (!g_str_has_suffix(candidate->path, ".so") ||
            !g_hash_table_add(seen, (gpointer)candidate->path)) {
            continue;
        }
        JsonObject *plugin = doctor_array_add_object(plugins);
        doctor_object_set_text(plugin, "name", candidate->name);
        doctor_object_set_text(plugin, "version", candidate->version);
        doctor_object_set_text(plugin, "path", candidate->path);
    }
    if (json_array_get_length(plugins) == 0) {
        doctor_section_find(section, DOCTOR_PROBLEM,
                            "install rein as a whole, or name the folder of its plugins by "
                            "plugin.path or REIN_PLUGIN_PATH",
                            "no plugin was found");
    }
}

void
doctor_examine_install(DoctorSection *section, const DoctorPatient *patient)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *library = doctor_find_library();

    doctor_section_set_text(section, "version", rein_version_string());
    doctor_section_set_text(section, "program", program != NULL ? program : "");
    doctor_section_set_text(section, "librein", library);
    examine_worker(section, patient);
    examine_plugins(section, patient);
}
