/* SPDX-License-Identifier: MIT */

#include "sweep_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <rein/error.h>

#include "common/json.h"
#include "runner/job_folder.h"
#include "runner/job_tidy.h"
#include "runner/save.h"

#define FILE_LOCK "lock"
#define FILE_PLAN "sweep.json"
#define FILE_RESULTS "results.ndjson"
#define FILE_RECEIPT "receipt.json"
#define FOLDER_SOLUTIONS "solutions"
#define FOLDER_JOBS "jobs"
#define MAX_STEM_LENGTH 40u /* of an instance's name in that of a solution */

struct ReinSweepFolder {
    char *path;
    char *jobs;
    const ReinSweepPlan *plan;
    int lock_fd;
    pthread_mutex_t lock; /* guards all below */
    int results_fd;
    GPtrArray *results; /* ReinSweepResult by number - 1, NULL: none yet */
};

static gboolean
set_error(GError **error, const char *path, int number)
{
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(number),
                "%s: cannot be written: %s (make room, or give another --output)", path,
                g_strerror(number));
    return FALSE;
}

static gboolean
refuse(GError **error, const char *path, const char *why)
{
    g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID, "%s: %s", path, why);
    return FALSE;
}

static char *
get_file(const ReinSweepFolder *self, const char *name)
{
    return g_build_filename(self->path, name, NULL);
}

/* Whether nothing is in it but what the beginning of a sweep leaves. */
static gboolean
is_unused(const ReinSweepFolder *self)
{
    g_autoptr(GDir) folder = g_dir_open(self->path, 0, NULL);
    const char *name = NULL;
    gboolean is_empty = folder != NULL;

    while (is_empty && (name = g_dir_read_name(folder)) != NULL) {
        is_empty = strcmp(name, FILE_LOCK) == 0 || g_str_has_prefix(name, "." FILE_PLAN ".");
    }
    return is_empty;
}

static gboolean
take_lock(ReinSweepFolder *self, GError **error)
{
    g_autofree char *path = get_file(self, FILE_LOCK);

    self->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (self->lock_fd < 0) {
        return set_error(error, path, errno);
    }
    if (flock(self->lock_fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_AGAIN,
                    "%s: another rein sweep works on it (wait for its end, or give another "
                    "--output)",
                    self->path);
        return FALSE;
    }
    return TRUE;
}

/* ---- sweep.json ---- */

static void
add_lists(JsonBuilder *builder, const ReinSweepFile *file)
{
    json_builder_set_member_name(builder, "instances");
    json_builder_begin_array(builder);
    for (guint i = 0; i < file->instances->len; i++) {
        const ReinSweepInstance *instance = g_ptr_array_index(file->instances, i);
        json_builder_begin_object(builder);
        rein_json_add_text(builder, "name", instance->name);
        rein_json_add_text(builder, "sha256", instance->sha256);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "settings");
    json_builder_begin_object(builder);
    for (guint i = 0; i < file->dimensions->len; i++) {
        const ReinSweepDimension *dimension = g_ptr_array_index(file->dimensions, i);
        json_builder_set_member_name(builder, dimension->name);
        json_builder_begin_array(builder);
        for (guint j = 0; j < dimension->n_values; j++) {
            json_builder_add_string_value(builder, dimension->values[j]);
        }
        json_builder_end_array(builder);
    }
    json_builder_end_object(builder);
    rein_json_add_number(builder, "seeds", file->seeds->len);
}

static gboolean
save_plan(const ReinSweepFolder *self, GError **error)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    const ReinSweepFile *file = rein_sweep_plan_get_file(self->plan);
    g_autofree char *absolute = g_canonicalize_filename(file->path, NULL);
    g_autofree char *path = get_file(self, FILE_PLAN);

    json_builder_begin_object(builder);
    rein_json_add_number(builder, "v", REIN_SWEEP_VERSION);
    rein_json_add_text(builder, "version", rein_version_string());
    rein_json_add_text(builder, "file", absolute);
    rein_json_add_text(builder, "digest", rein_sweep_plan_get_digest(self->plan));
    rein_json_add_number(builder, "combinations", rein_sweep_plan_get_n(self->plan));
    add_lists(builder, file);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) node = json_builder_get_root(builder);
    g_autofree char *text = rein_json_to_text(node, TRUE);
    g_autofree char *ended = g_strconcat(text, "\n", NULL);
    return rein_save_text(path, ended, strlen(ended), error);
}

/* Whether the folder's combinations are the plan's. */
static gboolean
check_plan(const ReinSweepFolder *self, GError **error)
{
    g_autofree char *path = get_file(self, FILE_PLAN);
    g_autofree char *text = NULL;
    const char *digest = NULL;

    if (!g_file_get_contents(path, &text, NULL, error)) {
        return FALSE;
    }
    g_autoptr(JsonNode) root = json_from_string(text, NULL);
    if (root != NULL && JSON_NODE_HOLDS_OBJECT(root)) {
        JsonNode *node = json_object_get_member(json_node_get_object(root), "digest");
        digest = node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
    }
    if (digest == NULL) {
        return refuse(error, path, "does not say what was swept (give another --output)");
    }
    return strcmp(digest, rein_sweep_plan_get_digest(self->plan)) == 0 ||
           refuse(error, self->path,
                  "holds results of other combinations: the file of the sweep, one that it names, "
                  "run.time or run.population has changed since (give another --output, or remove "
                  "this folder)");
}

/* ---- results.ndjson ---- */

static void
keep_result(ReinSweepFolder *self, ReinSweepResult *result)
{
    gpointer *place = &g_ptr_array_index(self->results, result->number - 1);

    rein_sweep_result_free(*place);
    *place = result;
}

/* Takes all lines over; `*good_size` is where those end that are results. A line that is none may
 * only be the last one, as it is after a crash. */
static gboolean
read_lines(ReinSweepFolder *self, FILE *file, const char *path, off_t *good_size, GError **error)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size = 0;
    guint n_lines = 0;
    guint bad_line = 0;

    while (bad_line == 0 && (size = getline(&line, &room, file)) > 0) {
        gboolean is_whole = line[size - 1] == '\n';
        ReinSweepResult *result = is_whole ? rein_sweep_result_parse(line, self->plan) : NULL;
        n_lines++;
        if (result != NULL) {
            keep_result(self, result);
            *good_size += size;
        } else {
            bad_line = n_lines;
        }
    }
    gboolean is_last = bad_line == 0 || getline(&line, &room, file) <= 0;
    free(line);
    if (is_last) {
        return TRUE;
    }
    g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                "%s:%u: is no result of this sweep (remove the line, or give another --output)",
                path, bad_line);
    return FALSE;
}

static gboolean
open_results(ReinSweepFolder *self, GError **error)
{
    g_autofree char *path = get_file(self, FILE_RESULTS);
    off_t good_size = 0;

    self->results_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    FILE *file = self->results_fd >= 0 ? fopen(path, "rbe") : NULL;
    if (file == NULL) {
        return set_error(error, path, errno);
    }
    gboolean is_read = read_lines(self, file, path, &good_size, error);
    (void)fclose(file);
    if (is_read && ftruncate(self->results_fd, good_size) != 0) {
        return set_error(error, path, errno);
    }
    return is_read;
}

/* ---- the folder ---- */

/* Jobs of combinations that were cut short: they are run again. */
static void
remove_leftover_jobs(ReinSweepFolder *self)
{
    g_autoptr(GDir) folder = g_dir_open(self->jobs, 0, NULL);
    g_autoptr(GHashTable) kept = g_hash_table_new(g_str_hash, g_str_equal);
    const char *name = NULL;

    for (guint i = 0; i < self->results->len; i++) {
        const ReinSweepResult *result = g_ptr_array_index(self->results, i);
        if (result != NULL && result->job != NULL) {
            g_hash_table_add(kept, result->job);
        }
    }
    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *job = g_build_filename(FOLDER_JOBS, name, NULL);
        if (!g_hash_table_contains(kept, job)) {
            (void)rein_job_tidy_remove(self->jobs, name);
        }
    }
}

/* Files of ours that a process had begun to write when it was killed. */
static void
remove_unfinished(const ReinSweepFolder *self)
{
    g_autoptr(GDir) folder = g_dir_open(self->path, 0, NULL);
    const char *name = NULL;

    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        gboolean is_ours = g_str_has_prefix(name, "." FILE_PLAN ".") ||
                           g_str_has_prefix(name, "." FILE_RECEIPT ".");
        if (is_ours && g_str_has_suffix(name, ".part")) {
            g_autofree char *path = get_file(self, name);
            (void)g_unlink(path);
        }
    }
}

static gboolean
make_folder(const char *path, GError **error)
{
    return g_mkdir_with_parents(path, 0777) == 0 ? TRUE : set_error(error, path, errno);
}

static gboolean
open_all(ReinSweepFolder *self, GError **error)
{
    g_autofree char *solutions = get_file(self, FOLDER_SOLUTIONS);
    g_autofree char *plan = get_file(self, FILE_PLAN);

    if (!make_folder(self->path, error)) {
        return FALSE;
    }
    if (!g_file_test(plan, G_FILE_TEST_EXISTS) && !is_unused(self)) {
        return refuse(error, self->path,
                      "holds other things than a sweep (give --output a new or an empty folder)");
    }
    if (!take_lock(self, error)) {
        return FALSE;
    }
    gboolean is_begun = g_file_test(plan, G_FILE_TEST_EXISTS);
    if (!(is_begun ? check_plan(self, error) : save_plan(self, error)) ||
        !make_folder(solutions, error) || !make_folder(self->jobs, error) ||
        !open_results(self, error)) {
        return FALSE;
    }
    remove_leftover_jobs(self);
    remove_unfinished(self);
    return TRUE;
}

ReinSweepFolder *
rein_sweep_folder_open(const char *path, const ReinSweepPlan *plan, GError **error)
{
    g_autoptr(ReinSweepFolder) self = NULL;

    g_return_val_if_fail(path != NULL && plan != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    self = g_new0(ReinSweepFolder, 1);
    self->path = g_strdup(path);
    self->jobs = get_file(self, FOLDER_JOBS);
    self->plan = plan;
    self->lock_fd = self->results_fd = -1;
    pthread_mutex_init(&self->lock, NULL);
    self->results = g_ptr_array_new_with_free_func((GDestroyNotify)rein_sweep_result_free);
    g_ptr_array_set_size(self->results, (gint)rein_sweep_plan_get_n(plan));
    return open_all(self, error) ? g_steal_pointer(&self) : NULL;
}

void
rein_sweep_folder_close(ReinSweepFolder *self)
{
    if (self == NULL) {
        return;
    }
    if (self->results_fd >= 0) {
        (void)close(self->results_fd);
    }
    if (self->lock_fd >= 0) {
        (void)close(self->lock_fd);
    }
    g_ptr_array_unref(self->results);
    pthread_mutex_destroy(&self->lock);
    g_free(self->jobs);
    g_free(self->path);
    g_free(self);
}

const char *
rein_sweep_folder_get_path(const ReinSweepFolder *self)
{
    g_return_val_if_fail(self != NULL, NULL);
    return self->path;
}

const char *
rein_sweep_folder_get_jobs(const ReinSweepFolder *self)
{
    g_return_val_if_fail(self != NULL, NULL);
    return self->jobs;
}

/* (transfer full): where the solution goes, in the folder: 000012-comp01-s3.sol */
static char *
make_solution_name(const ReinSweepFolder *self, guint number, const char *extension)
{
    ReinSweepCombination combination = { 0 };

    rein_sweep_plan_get(self->plan, number, &combination);
    g_autofree char *stem = g_path_get_basename(combination.instance->name);
    char *dot = strrchr(stem, '.');
    if (dot != NULL && dot != stem) {
        *dot = '\0';
    }
    if (strlen(stem) > MAX_STEM_LENGTH) {
        stem[MAX_STEM_LENGTH] = '\0';
    }
    g_strcanon(stem, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.", '_');
    return g_strdup_printf(FOLDER_SOLUTIONS "/%06u-%s-s%" G_GUINT64_FORMAT ".%s", number, stem,
                           combination.seed, extension);
}

gboolean
rein_sweep_folder_take_files(ReinSweepFolder *self, const ReinRunReport *report,
                             ReinSweepResult *result, GError **error)
{
    g_return_val_if_fail(self != NULL && report != NULL && result != NULL, FALSE);

    if (report->solution_path != NULL) {
        g_autofree char *name =
            make_solution_name(self, result->number, report->problem->format->solution_extension);
        g_autofree char *path = get_file(self, name);
        if (g_rename(report->solution_path, path) != 0) {
            return set_error(error, path, errno);
        }
        result->solution = g_steal_pointer(&name);
    }
    if (report->job_id != NULL && rein_sweep_result_get_end(result) == REIN_SWEEP_FAILED) {
        result->job = g_build_filename(FOLDER_JOBS, report->job_id, NULL);
    } else if (report->job_id != NULL && !rein_job_tidy_remove(self->jobs, report->job_id)) {
        g_warning("%s: the folder of the job cannot be removed", report->job_path);
    }
    return TRUE;
}

/* Appends the whole line or nothing, and sees it on the disk. */
static gboolean
append_line_locked(ReinSweepFolder *self, const char *line)
{
    off_t before = lseek(self->results_fd, 0, SEEK_END);
    gsize size = strlen(line);
    gssize n_written = 0;

    /* a part may be written first, and only the rest tells why it is not all */
    while (size > 0 && (n_written = write(self->results_fd, line, size)) >= 0) {
        line += n_written;
        size -= (gsize)n_written;
    }
    if (size == 0 && fdatasync(self->results_fd) == 0) {
        return TRUE;
    }
    int number = errno;
    if (before >= 0) {
        (void)!ftruncate(self->results_fd, before);
    }
    errno = number;
    return FALSE;
}

gboolean
rein_sweep_folder_append(ReinSweepFolder *self, ReinSweepResult *result, GError **error)
{
    g_return_val_if_fail(self != NULL && result != NULL, FALSE);

    g_autofree char *text = rein_sweep_result_to_line(result, self->plan);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    pthread_mutex_lock(&self->lock);
    gboolean is_written = append_line_locked(self, line);
    int number = errno;
    if (is_written) {
        keep_result(self, result);
    }
    pthread_mutex_unlock(&self->lock);
    if (is_written) {
        return TRUE;
    }
    rein_sweep_result_free(result);
    g_autofree char *path = get_file(self, FILE_RESULTS);
    return set_error(error, path, number);
}

const ReinSweepResult *
rein_sweep_folder_get_result(const ReinSweepFolder *self, guint number)
{
    g_return_val_if_fail(self != NULL && number >= 1 && number <= self->results->len, NULL);

    return g_ptr_array_index(self->results, number - 1);
}

gboolean
rein_sweep_folder_save_receipt(ReinSweepFolder *self, const char *text, GError **error)
{
    g_return_val_if_fail(self != NULL && text != NULL, FALSE);

    g_autofree char *path = get_file(self, FILE_RECEIPT);
    return rein_save_text(path, text, strlen(text), error);
}
