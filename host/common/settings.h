/* SPDX-License-Identifier: MIT */

/*
 * The user's settings: every key there is, with its value and where that came from. Later layers win:
 * built-in, system files, the user's file, `REIN_*` variables, flags. Loaded once by a program's main
 * thread, then only read. A key that is not known, a value that is malformed or out of range, and a
 * `REIN_*` variable that means nothing are errors, also where a later layer would win.
 *
 * A file has sections and keys: `[job]` and `slice = 10ms` set job.slice. The variable of a key is
 * REIN_, the key in capitals, `_` for `.` and `-` (REIN_JOB_SLICE), but for log.level it is REIN_LOG
 * and for worker.path REIN_WORKER.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    REIN_SETTING_RUN_TIME,
    REIN_SETTING_RUN_SEED,
    REIN_SETTING_RUN_POPULATION,
    REIN_SETTING_RUN_DEVICE,
    REIN_SETTING_RUN_FALLBACK,
    REIN_SETTING_RUN_POLITE,
    REIN_SETTING_JOB_SLICE,
    REIN_SETTING_JOB_GRACE,
    REIN_SETTING_JOB_SAVE,
    REIN_SETTING_JOBS_KEEP_AGE,
    REIN_SETTING_JOBS_KEEP_SIZE,
    REIN_SETTING_CACHE_KEEP_AGE,
    REIN_SETTING_CACHE_KEEP_SIZE,
    REIN_SETTING_PLUGIN_PATH,
    REIN_SETTING_PROBE_TIMEOUT,
    REIN_SETTING_WORKER_PATH,
    REIN_SETTING_WORKER_ENVIRONMENT,
    REIN_SETTING_DEVICE_ISOLATION,
    REIN_SETTING_DEVICE_OPEN_TIMEOUT,
    REIN_SETTING_CPU_THREADS,
    REIN_SETTING_CPU_LEVEL,
    REIN_SETTING_CPU_GRACE,
    REIN_SETTING_CPU_COMPILER,
    REIN_SETTING_OPENCL_GRACE,
    REIN_SETTING_OPENCL_LIBRARY,
    REIN_SETTING_OPENCL_TRIAL,
    REIN_SETTING_OUTPUT_FORMAT,
    REIN_SETTING_OUTPUT_COLOUR,
    REIN_SETTING_LOG_LEVEL,
    REIN_N_SETTINGS,
} ReinSettingKey;

/**
 * ReinSettingKind:
 * @REIN_SETTING_KIND_TEXT: any text
 * @REIN_SETTING_KIND_CHOICE: one of ReinSettingInfo.choices
 * @REIN_SETTING_KIND_NUMBER: a whole number; also "auto", read as 0, where that is the built-in value
 * @REIN_SETTING_KIND_DURATION: nanoseconds, written with a unit
 * @REIN_SETTING_KIND_SIZE: bytes, written with a unit
 */
typedef enum {
    REIN_SETTING_KIND_TEXT,
    REIN_SETTING_KIND_CHOICE,
    REIN_SETTING_KIND_NUMBER,
    REIN_SETTING_KIND_DURATION,
    REIN_SETTING_KIND_SIZE,
} ReinSettingKind;

/* What is known of a key beforehand. */
typedef struct ReinSettingInfo {
    const char *key;         /* "job.slice" */
    const char *environment; /* "REIN_JOB_SLICE" */
    ReinSettingKind kind;
    const char *built_in;
    guint64 minimum; /* both within the range; not of text and choices */
    guint64 maximum;
    const char *choices; /* separated by "|"; NULL but for choices */
    const char *meaning; /* one line */
} ReinSettingInfo;

typedef enum {
    REIN_ORIGIN_BUILT_IN,
    REIN_ORIGIN_SYSTEM_FILE,
    REIN_ORIGIN_USER_FILE,
    REIN_ORIGIN_ENVIRONMENT,
    REIN_ORIGIN_FLAG,
} ReinOrigin;

typedef struct ReinSettings ReinSettings;

/**
 * rein_settings_load:
 *
 * Reads `rein/rein.conf` in the system's and the user's configuration folders, where there is one,
 * and the environment. An XDG variable that names no absolute path counts as not set.
 *
 * Returns: (transfer full): the settings, or %NULL with %REIN_ERROR_INVALID, whose message begins with
 *     `file:line` or the variable, and says what to do [may block]
 */
ReinSettings *rein_settings_load(GError **error);

/**
 * rein_settings_load_from:
 * @system_files: (array zero-terminated=1) (nullable): paths, later ones win; may be missing
 * @user_file: (nullable): a path; may be missing
 * @environment: (array zero-terminated=1) (nullable): `NAME=value`
 *
 * The same of other places.
 */
ReinSettings *rein_settings_load_from(const char *const *system_files, const char *user_file,
                                      const char *const *environment, GError **error);

/* (transfer full): another object with the same values, for who reads them later [any thread] */
ReinSettings *rein_settings_copy(const ReinSettings *self);

/* NULL is a no-op. */
void rein_settings_free(ReinSettings *self);

/**
 * rein_settings_set:
 * @text: the value as the user wrote it
 * @flag: what it came from, "--time"; the message begins with it
 *
 * Overrides everything else.
 *
 * Returns: FALSE with %REIN_ERROR_INVALID, the setting as it was
 */
gboolean rein_settings_set(ReinSettings *self, ReinSettingKey key, const char *text,
                           const char *flag, GError **error);

/* The value as it was written. Of any kind. Lives until the setting is set again. */
const char *rein_settings_get_text(const ReinSettings *self, ReinSettingKey key);

/* Of a number; 0 for "auto". */
guint64 rein_settings_get_number(const ReinSettings *self, ReinSettingKey key);

/* Of a duration. */
gint64 rein_settings_get_duration_ns(const ReinSettings *self, ReinSettingKey key);

/* Of a size: bytes. */
guint64 rein_settings_get_size(const ReinSettings *self, ReinSettingKey key);

/* Of a choice: its place among ReinSettingInfo.choices, from 0. */
guint rein_settings_get_choice(const ReinSettings *self, ReinSettingKey key);

ReinOrigin rein_settings_get_origin(const ReinSettings *self, ReinSettingKey key);

/* Where exactly: "built-in", "/etc/xdg/rein/rein.conf:3", "REIN_JOB_SLICE", "--time". */
const char *rein_settings_get_where(const ReinSettings *self, ReinSettingKey key);

/* Returns: (transfer none): what is known of `key` beforehand; never NULL for a key there is */
const ReinSettingInfo *rein_setting_get_info(ReinSettingKey key);

/* Returns: whether a setting is called `name`; then `key` is it */
gboolean rein_setting_find(const char *name, ReinSettingKey *key);

/* Returns: (transfer full): what may be given: "a duration from 1ms to 100ms" */
char *rein_setting_describe_range(const ReinSettingInfo *info);

/* One word, as in JSON: "built-in", "system-file", "user-file", "environment", "flag". */
const char *rein_origin_to_string(ReinOrigin origin);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinSettings, rein_settings_free)

G_END_DECLS
