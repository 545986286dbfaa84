/* SPDX-License-Identifier: MIT */

#include "spec_ini.h"

#include <string.h>

#include "common/host_registry.h"
#include "common/value.h"

#define GROUP_JOB "job"
#define GROUP_PROBLEM "problem"
#define GROUP_START "start"
#define GROUP_RUN "run"
#define GROUP_LIMITS "limits"
#define GROUP_OPERATORS "operators"
#define GROUP_DEVICE "device"
#define GROUP_SETTINGS "settings"

/* File names need not be UTF-8, key files must be: such a name is written as the URI of the file. */
static void
set_path(GKeyFile *file, const char *group, const char *path)
{
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);

    if (g_utf8_validate(absolute, -1, NULL)) {
        g_key_file_set_string(file, group, "path", absolute);
        return;
    }
    g_autofree char *uri = g_filename_to_uri(absolute, NULL, NULL);
    g_key_file_set_string(file, group, "path-uri", uri);
}

/* The same of any text; its bytes are escaped as in an URI. */
static void
set_text(GKeyFile *file, const char *group, const char *key, const char *text)
{
    if (g_utf8_validate(text, -1, NULL)) {
        g_key_file_set_string(file, group, key, text);
        return;
    }
    g_autofree char *escaped_key = g_strconcat(key, "-escaped", NULL);
    g_autofree char *escaped = g_uri_escape_bytes((const guint8 *)text, strlen(text), "/:");
    g_key_file_set_string(file, group, escaped_key, escaped);
}

static void
set_duration(GKeyFile *file, const char *group, const char *key, gint64 duration_ns)
{
    if (duration_ns > 0) {
        g_autofree char *text = rein_value_format_duration(duration_ns);
        g_key_file_set_string(file, group, key, text);
    }
}

static void
set_count(GKeyFile *file, const char *group, const char *key, guint64 count)
{
    if (count > 0) {
        g_key_file_set_uint64(file, group, key, count);
    }
}

static void
set_job(GKeyFile *file, const ReinSpecFacts *facts)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");

    g_key_file_set_string(file, GROUP_JOB, "id", facts->job_id);
    g_key_file_set_string(file, GROUP_JOB, "created", time);
    g_key_file_set_string(file, GROUP_JOB, "version", rein_version_string());
    set_path(file, GROUP_PROBLEM, facts->problem->path);
    g_key_file_set_string(file, GROUP_PROBLEM, "format", facts->problem->format->name);
    g_key_file_set_string(file, GROUP_PROBLEM, "sha256", facts->problem->sha256);
}

static void
set_operators(GKeyFile *file, const ReinTuning *tuning)
{
    g_key_file_set_double(file, GROUP_OPERATORS, "select-rate", tuning->select_rate);
    g_key_file_set_uint64(file, GROUP_OPERATORS, "tournament", tuning->tournament);
    g_key_file_set_double(file, GROUP_OPERATORS, "cross-rate", tuning->cross_rate);
    g_key_file_set_double(file, GROUP_OPERATORS, "mutate-rate", tuning->mutate_rate);
    g_key_file_set_uint64(file, GROUP_OPERATORS, "mutate-genes", tuning->mutate_genes);
    g_key_file_set_uint64(file, GROUP_OPERATORS, "elites", tuning->n_elites);
    g_key_file_set_uint64(file, GROUP_OPERATORS, "moves", tuning->n_moves);
}

/* Those that somebody set; the others follow from the version. */
static void
set_settings(GKeyFile *file, const ReinSettings *settings)
{
    for (guint i = 0; i < REIN_N_SETTINGS; i++) {
        ReinSettingKey key = (ReinSettingKey)i;
        if (rein_settings_get_origin(settings, key) == REIN_ORIGIN_BUILT_IN) {
            continue;
        }
        set_text(file, GROUP_SETTINGS, rein_setting_get_info(key)->key,
                 rein_settings_get_text(settings, key));
    }
}

char *
rein_spec_to_text(const ReinRunSpec *spec, const ReinSpecFacts *facts)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    const ReinSettings *settings = spec->settings;

    g_return_val_if_fail(facts != NULL, NULL);

    set_job(file, facts);
    if (spec->start_path != NULL) {
        set_path(file, GROUP_START, spec->start_path);
        g_key_file_set_string(file, GROUP_START, "sha256", facts->start_sha256);
    }
    g_key_file_set_uint64(file, GROUP_RUN, "seed",
                          rein_settings_get_number(settings, REIN_SETTING_RUN_SEED));
    g_key_file_set_uint64(file, GROUP_RUN, "population", facts->tuning->population);
    set_duration(file, GROUP_RUN, "slice", rein_host_get_slice_ns(settings));
    set_duration(file, GROUP_RUN, "grace",
                 rein_settings_get_duration_ns(settings, REIN_SETTING_JOB_GRACE));
    set_duration(file, GROUP_LIMITS, "time", spec->time_ns);
    set_count(file, GROUP_LIMITS, "rounds", spec->n_rounds);
    set_count(file, GROUP_LIMITS, "evaluations", spec->n_evaluations);
    set_count(file, GROUP_LIMITS, "stagnation", spec->stagnation);
    set_duration(file, GROUP_LIMITS, "deadline", spec->deadline_ns);
    if (spec->target != NULL) {
        g_key_file_set_string(file, GROUP_LIMITS, "target", spec->target);
    }
    set_operators(file, facts->tuning);
    set_text(file, GROUP_DEVICE, "selector",
             rein_settings_get_text(settings, REIN_SETTING_RUN_DEVICE));
    set_text(file, GROUP_DEVICE, "isolation",
             rein_settings_get_text(settings, REIN_SETTING_DEVICE_ISOLATION));
    set_settings(file, settings);
    return g_key_file_to_data(file, NULL, NULL);
}
