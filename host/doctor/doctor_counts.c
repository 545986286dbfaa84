/* SPDX-License-Identifier: MIT */

#include "doctor.h"

#include <string.h>
#include <unistd.h>

#include <rein/leftovers.h>

#include "common/state.h"
#include "folder.h"
#include "process_list.h"

#define MEMORY_FILE_PREFIX "/memfd:rein" /* what the kernel calls the memory files that are ours */

/* Memory files are many descriptors' and mappings' at once: each is counted by its number. */
static void
take_memory_file(const DoctorProcess *process, const char *target, guint64 inode,
                 gpointer user_data)
{
    GHashTable *inodes = user_data;

    (void)process;
    if (g_str_has_prefix(target, MEMORY_FILE_PREFIX)) {
        guint64 *key = g_new(guint64, 1);
        *key = inode;
        g_hash_table_add(inodes, key);
    }
}

static void
count_processes(DoctorSection *section)
{
    g_autoptr(GPtrArray) processes = doctor_process_list();
    g_autoptr(GHashTable) inodes = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    guint n_ours = 0;
    guint n_workers = 0;

    for (guint i = 0; i < processes->len; i++) {
        const DoctorProcess *process = g_ptr_array_index(processes, i);
        if (process->pid == getpid()) {
            continue; /* who counts does not count */
        }
        n_ours += doctor_process_is_ours(process) ? 1 : 0;
        n_workers += strcmp(process->program, "rein-worker") == 0 ? 1 : 0;
        doctor_process_visit_held(process, take_memory_file, inodes);
    }
    doctor_section_set_number(section, "processes", n_ours);
    doctor_section_set_number(section, "workers", n_workers);
    doctor_section_set_number(section, "tagged_processes", rein_leftovers_count_tagged());
    doctor_section_set_number(section, "memory_files", g_hash_table_size(inodes));
}

/* As the driver told when it was asked for its devices: of the whole device. */
static void
add_device_memory(DoctorSection *section, ReinRegistry *registry)
{
    JsonObject *memory = json_object_new();

    json_object_set_object_member(section->facts, "device_memory_bytes", memory);
    for (guint i = 0; i < rein_registry_get_n_devices(registry); i++) {
        const ReinDeviceEntry *device = rein_registry_get_device(registry, i);
        g_autofree char *id = g_utf8_make_valid(device->id, -1);
        json_object_set_int_member(memory, id,
                                   (gint64)MIN(device->memory_size, (guint64)G_MAXINT64));
    }
}

void
doctor_examine_counts(DoctorSection *section, const DoctorPatient *patient)
{
    g_autofree char *records = rein_state_path(REIN_STATE_PROCESSES);
    g_autofree char *scratch = g_build_filename(g_get_user_runtime_dir(), "rein", "scratch", NULL);

    count_processes(section);
    doctor_section_set_number(section, "records", doctor_folder_count(records, "*:*"));
    doctor_section_set_number(section, "scratch_folders",
                              doctor_folder_count(scratch, "*") +
                                  doctor_folder_count(g_get_tmp_dir(), "rein-cpu-??????"));
    doctor_section_set_number(section, "shared_memory", doctor_folder_count("/dev/shm", "*rein*"));
    add_device_memory(section, patient->registry);
}
