/* SPDX-License-Identifier: MIT */

#include "sweep_file.h"

#include <string.h>

#include <rein/error.h>

#include "common/settings_file.h"
#include "common/suggest.h"
#include "common/value.h"
#include "problems/format.h"
#include "runner/run_option.h"
#include "sweep_list.h"

#define SETTINGS_PREFIX "settings."

/* The file while it is read. */
typedef struct Reading {
    ReinSweepFile *file;
    const ReinSettings *settings;
    char *folder;     /* of the file */
    GHashTable *seen; /* char *: what was set, by its one name, to where */
} Reading;

static void
reading_clear(Reading *self)
{
    g_clear_pointer(&self->folder, g_free);
    g_clear_pointer(&self->seen, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

static void
instance_free(gpointer data)
{
    ReinSweepInstance *instance = data;

    g_free(instance->name);
    g_free(instance->path);
    g_free(instance->sha256);
    g_free(instance);
}

static void
dimension_free(gpointer data)
{
    ReinSweepDimension *dimension = data;

    g_free(dimension->name);
    g_free(dimension->where);
    g_strfreev(dimension->values);
    g_strfreev(dimension->applied);
    g_strfreev(dimension->sha256);
    g_free(dimension);
}

void
rein_sweep_file_free(ReinSweepFile *self)
{
    if (self == NULL) {
        return;
    }
    g_free(self->path);
    g_ptr_array_unref(self->instances);
    g_array_unref(self->seeds);
    g_ptr_array_unref(self->dimensions);
    g_free(self);
}

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean
refuse(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, REIN_ERROR, REIN_ERROR_INVALID, text);
    return FALSE;
}

/* (transfer full): the digest of the file's content, which must be a file that can be read again */
static char *
digest_file(const char *path, const char *where, GError **error)
{
    gsize size = 0;

    if (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        refuse(error, "%s: %s is no file (a sweep reads it again and again)", where, path);
        return NULL;
    }
    g_autofree char *text = rein_problem_format_read_file(path, &size, error);
    if (text == NULL) {
        g_prefix_error(error, "%s: ", where);
        return NULL;
    }
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text, size);
}

/* (transfer full): a path of the file, which counts from where the file is */
static char *
resolve(const Reading *reading, const char *name)
{
    return g_path_is_absolute(name) ? g_strdup(name)
                                    : g_build_filename(reading->folder, name, NULL);
}

static gboolean
read_instances(Reading *reading, const char *value, const char *where, GError **error)
{
    g_auto(GStrv) names = rein_sweep_list_split(value, REIN_SWEEP_MAX_INSTANCES, where, error);
    g_autoptr(GHashTable) places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        g_autofree char *path = resolve(reading, names[i]);
        g_autofree char *sha256 = digest_file(path, where, error);
        if (sha256 == NULL) {
            return FALSE;
        }
        if (!g_hash_table_add(places, g_canonicalize_filename(path, NULL))) {
            return refuse(error, "%s: %s is there twice (remove one)", where, names[i]);
        }
        ReinSweepInstance *instance = g_new0(ReinSweepInstance, 1);
        instance->name = g_strdup(names[i]);
        instance->path = g_steal_pointer(&path);
        instance->sha256 = g_steal_pointer(&sha256);
        g_ptr_array_add(reading->file->instances, instance);
    }
    return names != NULL;
}

static gboolean
read_on_failure(Reading *reading, const char *value, const char *where, GError **error)
{
    reading->file->stops_on_failure = strcmp(value, "stop") == 0;
    if (reading->file->stops_on_failure || strcmp(value, "continue") == 0) {
        return TRUE;
    }
    return refuse(error, "%s: on-failure is \"%.60s\": it must be continue or stop", where, value);
}

/* Whether an option is of each run, and not of the program or a matter of the other section. */
static gboolean
check_option(const char *name, const char *option, const char *where, GError **error)
{
    static const char *const whole[] = { "output.", "log.", "jobs.", "cache." };

    if (strcmp(option, rein_setting_get_info(REIN_SETTING_RUN_SEED)->key) == 0) {
        return refuse(error, "%s: %s is no setting here (write seeds = 1-10 in [sweep])", where,
                      name);
    }
    for (guint i = 0; i < G_N_ELEMENTS(whole); i++) {
        if (g_str_has_prefix(option, whole[i])) {
            return refuse(error,
                          "%s: %s is a setting of the whole program and not of one run (set it in "
                          "rein.conf)",
                          where, name);
        }
    }
    return TRUE;
}

/* What each value means: tried on a run that is never begun. */
static gboolean
check_values(const Reading *reading, ReinSweepDimension *dimension, gboolean is_path,
             GError **error)
{
    g_autoptr(ReinSettings) settings = rein_settings_copy(reading->settings);
    ReinRunSpec spec = { .settings = settings };

    dimension->applied = g_new0(char *, dimension->n_values + 1);
    dimension->sha256 = is_path ? g_new0(char *, dimension->n_values + 1) : NULL;
    for (guint i = 0; i < dimension->n_values; i++) {
        const char *value = dimension->values[i];
        dimension->applied[i] = is_path ? resolve(reading, value) : g_strdup(value);
        if (!rein_run_option_apply(&spec, settings, dimension->name, dimension->applied[i],
                                   dimension->where, error)) {
            return FALSE;
        }
        if (is_path) {
            dimension->sha256[i] = digest_file(dimension->applied[i], dimension->where, error);
        }
        if (is_path && dimension->sha256[i] == NULL) {
            return FALSE;
        }
        if (g_strv_contains((const char *const *)dimension->values + i + 1, value)) {
            return refuse(error, "%s: %s is there twice (remove one)", dimension->where, value);
        }
    }
    return TRUE;
}

static gboolean
read_dimension(Reading *reading, const char *name, const char *option, const char *value,
               const char *where, GError **error)
{
    GPtrArray *dimensions = reading->file->dimensions;

    if (!check_option(name, option, where, error)) {
        return FALSE;
    }
    if (dimensions->len >= REIN_SWEEP_MAX_DIMENSIONS) {
        return refuse(error, "%s: more than %u settings (leave some to rein.conf)", where,
                      REIN_SWEEP_MAX_DIMENSIONS);
    }
    g_auto(GStrv) values = rein_sweep_list_split(value, REIN_SWEEP_MAX_VALUES, where, error);
    if (values == NULL) {
        return FALSE;
    }
    ReinSweepDimension *dimension = g_new0(ReinSweepDimension, 1);
    dimension->name = g_strdup(name);
    dimension->where = g_strdup(where);
    dimension->n_values = g_strv_length(values);
    dimension->values = g_steal_pointer(&values);
    g_ptr_array_add(dimensions, dimension); /* which frees it whatever its values are */
    return check_values(reading, dimension, strcmp(option, "start") == 0, error);
}

static gboolean
refuse_key(const char *key, const char *where, GError **error)
{
    static const char *const known[] = { "sweep.instances", "sweep.seeds", "sweep.on-failure" };
    const char *what = key;
    const char *nearest = NULL;

    if (g_str_has_prefix(key, SETTINGS_PREFIX)) {
        what = key + strlen(SETTINGS_PREFIX);
        nearest = rein_run_option_suggest(what);
    } else {
        nearest = rein_suggest(key, known, G_N_ELEMENTS(known));
    }
    g_autofree char *hint =
        nearest != NULL ? g_strdup_printf("did you mean %s? ", nearest) : g_strdup("");
    return refuse(error,
                  "%s: there is no \"%.80s\" (%sknown are instances, seeds and on-failure in "
                  "[sweep], flags and settings of rein run in [settings])",
                  where, what, hint);
}

/* A ReinSettingsFileCb. */
static gboolean
read_pair(const char *key, const char *value, const char *where, gpointer user_data, GError **error)
{
    Reading *reading = user_data;
    const char *name =
        g_str_has_prefix(key, SETTINGS_PREFIX) ? key + strlen(SETTINGS_PREFIX) : NULL;
    const char *option = name != NULL ? rein_run_option_find(name) : key;

    if (option == NULL) {
        return refuse_key(key, where, error);
    }
    const char *before = g_hash_table_lookup(reading->seen, option);
    if (before != NULL) {
        return refuse(error, "%s: %s is set a second time, first at %s (remove one)", where,
                      name != NULL ? name : key, before);
    }
    g_hash_table_insert(reading->seen, g_strdup(option), g_strdup(where));
    if (name != NULL) {
        return read_dimension(reading, name, option, value, where, error);
    }
    if (strcmp(key, "sweep.instances") == 0) {
        return read_instances(reading, value, where, error);
    }
    if (strcmp(key, "sweep.seeds") == 0) {
        return rein_sweep_list_read_seeds(value, REIN_SWEEP_MAX_SEEDS, where, reading->file->seeds,
                                          error);
    }
    if (strcmp(key, "sweep.on-failure") == 0) {
        return read_on_failure(reading, value, where, error);
    }
    return refuse_key(key, where, error);
}

/* What must be there is, or is as the settings say; and all together is not too much. */
static gboolean
complete(Reading *reading, GError **error)
{
    ReinSweepFile *file = reading->file;

    if (file->instances->len == 0) {
        return refuse(error,
                      "%s: it names no instances (write [sweep], and instances = FILE; FILE below)",
                      file->path);
    }
    if (file->seeds->len == 0) {
        guint64 seed = rein_settings_get_number(reading->settings, REIN_SETTING_RUN_SEED);
        g_array_append_val(file->seeds, seed);
    }
    guint64 n_combinations = (guint64)file->instances->len * file->seeds->len;
    for (guint i = 0; i < file->dimensions->len; i++) {
        const ReinSweepDimension *dimension = g_ptr_array_index(file->dimensions, i);
        n_combinations = MIN(n_combinations, REIN_SWEEP_MAX_COMBINATIONS + 1);
        n_combinations *= dimension->n_values;
    }
    if (n_combinations > REIN_SWEEP_MAX_COMBINATIONS) {
        return refuse(error, "%s: these are more than %u combinations (make several sweeps of it)",
                      file->path, REIN_SWEEP_MAX_COMBINATIONS);
    }
    file->n_combinations = (guint)n_combinations;
    return TRUE;
}

ReinSweepFile *
rein_sweep_file_read(const char *path, const ReinSettings *settings, GError **error)
{
    g_autoptr(ReinSweepFile) self = NULL;
    g_auto(Reading) reading = { .settings = settings };

    g_return_val_if_fail(path != NULL && settings != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        refuse(error, "%s: there is no such file (see rein sweep --help for its form)", path);
        return NULL;
    }
    self = g_new0(ReinSweepFile, 1);
    self->path = g_strdup(path);
    self->instances = g_ptr_array_new_with_free_func(instance_free);
    self->seeds = g_array_new(FALSE, FALSE, sizeof(guint64));
    self->dimensions = g_ptr_array_new_with_free_func(dimension_free);
    reading.file = self;
    reading.folder = g_path_get_dirname(path);
    reading.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (!rein_settings_file_read(path, read_pair, &reading, error) || !complete(&reading, error)) {
        return NULL;
    }
    return g_steal_pointer(&self);
}
