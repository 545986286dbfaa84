/* SPDX-License-Identifier: MIT */

#include "doctor.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <rein/leftovers.h>

#include "common/state.h"
#include "common/value.h"
#include "folder.h"

#define LEAST_FREE ((guint64)256 * 1024 * 1024) /* bytes */

/* The folder or, as it is made when it is needed, the one it will be in. */
static char *
find_existing(const char *folder)
{
    char *path = g_strdup(folder);

    while (access(path, F_OK) != 0 && g_strcmp0(path, "/") != 0) {
        char *parent = g_path_get_dirname(path);
        g_free(path);
        path = parent;
    }
    return path;
}

static void
examine_disk(DoctorSection *section, const char *path)
{
    struct statvfs disk;

    if (statvfs(path, &disk) != 0) {
        doctor_section_set_null(section, "free_bytes");
        return;
    }
    const guint64 n_free = (guint64)disk.f_bavail * disk.f_frsize;
    doctor_section_set_number(section, "free_bytes", n_free);
    if (n_free < LEAST_FREE) {
        g_autofree char *size = rein_value_describe_size(n_free);
        doctor_section_find(section, DOCTOR_WARNING,
                            "rein clean --older 1d, or set XDG_STATE_HOME to another disk",
                            "only %s are free on the disk of %s", size, path);
    }
}

static void
examine_access(DoctorSection *section, const char *folder, const char *existing)
{
    struct stat info;
    const gboolean is_there = stat(folder, &info) == 0;
    const gboolean is_writable = access(existing, R_OK | W_OK | X_OK) == 0;

    doctor_section_set_boolean(section, "exists", is_there);
    doctor_section_set_boolean(section, "writable", is_writable);
    if (!is_writable) {
        doctor_section_find(
            section, DOCTOR_PROBLEM,
            "give it to this user, or set XDG_STATE_HOME to a folder you may write in",
            "%s cannot be written in", existing);
    }
    if (!is_there) {
        doctor_section_set_null(section, "mode");
        return;
    }
    g_autofree char *mode = g_strdup_printf("%04o", (guint)info.st_mode & 07777);
    doctor_section_set_text(section, "mode", mode);
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        g_autofree char *advice = g_strdup_printf("chmod go-w %s", folder);
        doctor_section_find(section, DOCTOR_WARNING, advice, "others may write in %s (mode %s)",
                            folder, mode);
    }
}

void
doctor_examine_state(DoctorSection *section, const DoctorPatient *patient)
{
    g_autofree char *folder = rein_state_get_folder();
    g_autofree char *existing = find_existing(folder);
    g_autofree char *jobs = rein_state_path(REIN_STATE_JOBS);
    g_autofree char *cache = rein_state_path(REIN_STATE_CACHE);

    (void)patient;
    doctor_section_set_text(section, "folder", folder);
    doctor_section_set_number(section, "jobs", doctor_folder_count(jobs, "*-*-*"));
    doctor_section_set_number(section, "jobs_bytes", doctor_folder_measure(jobs));
    doctor_section_set_number(section, "cache_bytes", doctor_folder_measure(cache));
    examine_access(section, folder, existing);
    examine_disk(section, existing);
}

void
doctor_examine_leftovers(DoctorSection *section, const DoctorPatient *patient)
{
    g_autofree char *state_folder = rein_state_get_folder();
    g_autofree char *cache_folder = rein_state_path(REIN_STATE_CACHE);
    g_autoptr(GPtrArray) leftovers = rein_leftovers_find(state_folder, cache_folder);
    JsonArray *items = doctor_section_add_array(section, "items");

    guint n_owned = 0; /* what a driver did not finish is usual, and the next run removes it */

    (void)patient;
    for (guint i = 0; i < leftovers->len; i++) {
        const ReinLeftover *leftover = g_ptr_array_index(leftovers, i);
        n_owned += leftover->kind != REIN_LEFTOVER_TEMPORARY ? 1 : 0;
        JsonObject *item = doctor_array_add_object(items);
        doctor_object_set_text(item, "kind", rein_leftover_kind_to_string(leftover->kind));
        doctor_object_set_text(item, "path", leftover->path);
        json_object_set_int_member(item, "pid", leftover->pid);
        json_object_set_int_member(item, "bytes", (gint64)leftover->size);
        doctor_object_set_text(item, "reason", leftover->reason);
    }
    if (n_owned > 0) {
        doctor_section_find(section, DOCTOR_WARNING, "rein clean (see rein clean --dry-run first)",
                            "killed runs left %u pieces", n_owned);
    }
}
