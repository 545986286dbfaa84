/* SPDX-License-Identifier: MIT */

#include "bundle.h"

#include <string.h>

#include <rein/error.h>

#include "common/json.h"
#include "common/state.h"
#include "places.h"
#include "runner/job_folder.h"
#include "tar.h"

#define FOLDER "rein-doctor/"
#define N_JOBS 5u
#define MAX_SIZE ((gsize)1 << 20) /* bytes of a file; of a longer one its end is packed */

static gboolean
add_text(DoctorTar *tar, const char *name, const char *text, GError **error)
{
    g_autofree char *full = g_strconcat(FOLDER, name, NULL);

    return doctor_tar_add(tar, full, text, strlen(text), error);
}

/* A file that is missing is left out. */
static gboolean
add_file(DoctorTar *tar, const char *name, const char *path, GError **error)
{
    g_autofree char *full = g_strconcat(FOLDER, name, NULL);
    g_autofree char *text = NULL;
    gsize size = 0;

    if (!g_file_get_contents(path, &text, &size, NULL)) {
        return TRUE;
    }
    const gsize left_out = size > MAX_SIZE ? size - MAX_SIZE : 0;
    return doctor_tar_add(tar, full, text + left_out, size - left_out, error);
}

/* What a program prints, errors too, or why it cannot be started; one that fails says so itself. */
static char *
run_program(const char *const *argv)
{
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_spawn_sync(NULL, (char **)(guintptr)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out,
                      &err, NULL, &error)) {
        return g_strdup_printf("%s: %s\n", argv[0], error->message);
    }
    return g_strconcat(out, err, NULL);
}

/* What this program says when it is called with those words. */
static gboolean
add_command(DoctorTar *tar, const char *name, const char *verb, const char *flag, GError **error)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    const char *const argv[] = { program, verb, flag, "--format", "json", NULL };
    g_autofree char *text = program != NULL ? run_program(argv) : g_strdup("");

    return add_text(tar, name, text, error);
}

static gboolean
add_libraries(DoctorTar *tar, const DoctorPatient *patient, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(files, g_file_read_link("/proc/self/exe", NULL));
    g_ptr_array_add(files, doctor_find_library());
    g_ptr_array_add(files, doctor_find_worker(patient->settings));
    for (guint i = 0; i < rein_registry_get_n_candidates(patient->registry); i++) {
        const char *path = rein_registry_get_candidate(patient->registry, i)->path;
        if (g_str_has_suffix(path, ".so") &&
            !g_ptr_array_find_with_equal_func(files, path, (GEqualFunc)g_strcmp0, NULL)) {
            g_ptr_array_add(files, g_strdup(path));
        }
    }
    for (guint i = 0; i < files->len; i++) {
        const char *path = g_ptr_array_index(files, i);
        if (path == NULL || *path == '\0') {
            continue;
        }
        const char *const argv[] = { "ldd", path, NULL };
        g_autofree char *lines = run_program(argv);
        g_string_append_printf(text, "%s:\n%s\n", path, lines);
    }
    return add_text(tar, "ldd", text->str, error);
}

static gint
compare_names(gconstpointer first, gconstpointer second)
{
    return strcmp(*(const char *const *)second, *(const char *const *)first);
}

/* Ids of jobs, the last ones first: they sort by time. */
static GPtrArray *
list_jobs(const char *jobs)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) entries = g_dir_open(jobs, 0, NULL);
    const char *name = NULL;

    while (entries != NULL && (name = g_dir_read_name(entries)) != NULL) {
        if (rein_job_id_is_valid(name)) {
            g_ptr_array_add(names, g_strdup(name));
        }
    }
    g_ptr_array_sort(names, compare_names);
    return names;
}

static gboolean
add_jobs(DoctorTar *tar, GError **error)
{
    static const char *const files[] = { REIN_JOB_FILE_RECEIPT, REIN_JOB_FILE_EVENTS,
                                         REIN_JOB_FILE_LOG };
    g_autofree char *jobs = rein_state_path(REIN_STATE_JOBS);
    g_autoptr(GPtrArray) names = list_jobs(jobs);

    for (guint i = 0; i < MIN(names->len, N_JOBS); i++) {
        for (guint j = 0; j < G_N_ELEMENTS(files); j++) {
            const char *id = g_ptr_array_index(names, i);
            g_autofree char *path = g_build_filename(jobs, id, files[j], NULL);
            g_autofree char *name = g_build_filename("jobs", id, files[j], NULL);
            if (!add_file(tar, name, path, error)) {
                return FALSE;
            }
        }
    }
    return TRUE;
}

gboolean
doctor_bundle_write(const char *path, JsonNode *document, const DoctorPatient *patient,
                    GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autofree char *text = rein_json_to_text(document, TRUE);
    g_autoptr(DoctorTar) tar = doctor_tar_new(path, &reason);

    if (tar == NULL || !add_text(tar, "doctor.json", text, &reason) ||
        !add_command(tar, "devices.json", "devices", "--why", &reason) ||
        !add_command(tar, "config.json", "config", "--explain", &reason) ||
        !add_jobs(tar, &reason) || !add_file(tar, "version", "/proc/version", &reason) ||
        !add_libraries(tar, patient, &reason) || !doctor_tar_finish(tar, &reason)) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                    "--bundle %s: %s (name a file in a folder you may write in)", path,
                    reason->message);
        return FALSE;
    }
    return TRUE;
}
