/* SPDX-License-Identifier: MIT */

#include "run_option.h"

#include <string.h>

#include <rein/error.h>

#include "common/suggest.h"
#include "common/value.h"

#define MAX_SLICE_MS 100u

typedef enum {
    OPTION_TIME,
    OPTION_ROUNDS,
    OPTION_EVALUATIONS,
    OPTION_STAGNATION,
    OPTION_DEADLINE,
    OPTION_TARGET,
    OPTION_START,
    OPTION_SLICE_MS,
    OPTION_SETTING,
} OptionKind;

/* Options that are no setting, or that have a shorter name than the setting. */
static const struct Option {
    const char *name;
    OptionKind kind;
    ReinSettingKey key; /* of a setting and of the slice */
} options[] = {
    { "time", OPTION_TIME, 0 },
    { "rounds", OPTION_ROUNDS, 0 },
    { "evaluations", OPTION_EVALUATIONS, 0 },
    { "stagnation", OPTION_STAGNATION, 0 },
    { "deadline", OPTION_DEADLINE, 0 },
    { "target", OPTION_TARGET, 0 },
    { "start", OPTION_START, 0 },
    { "slice-ms", OPTION_SLICE_MS, REIN_SETTING_JOB_SLICE },
    { "seed", OPTION_SETTING, REIN_SETTING_RUN_SEED },
    { "population", OPTION_SETTING, REIN_SETTING_RUN_POPULATION },
    { "device", OPTION_SETTING, REIN_SETTING_RUN_DEVICE },
};

/* What `name` asks for; whether there is such an option. */
static gboolean
find(const char *name, OptionKind *kind, ReinSettingKey *key)
{
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        if (strcmp(options[i].name, name) == 0) {
            *kind = options[i].kind;
            *key = options[i].key;
            return TRUE;
        }
    }
    *kind = OPTION_SETTING;
    return rein_setting_find(name, key);
}

const char *
rein_run_option_find(const char *name)
{
    OptionKind kind = OPTION_SETTING;
    ReinSettingKey key = REIN_N_SETTINGS;

    g_return_val_if_fail(name != NULL, NULL);

    if (!find(name, &kind, &key)) {
        return NULL;
    }
    if (kind == OPTION_SETTING || kind == OPTION_SLICE_MS) {
        return rein_setting_get_info(key)->key;
    }
    guint at = 0;
    while (options[at].kind != kind) {
        at++;
    }
    return options[at].name;
}

const char *
rein_run_option_suggest(const char *name)
{
    const char *names[G_N_ELEMENTS(options) + REIN_N_SETTINGS];

    g_return_val_if_fail(name != NULL, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        names[i] = options[i].name;
    }
    for (guint i = 0; i < REIN_N_SETTINGS; i++) {
        names[G_N_ELEMENTS(options) + i] = rein_setting_get_info((ReinSettingKey)i)->key;
    }
    return rein_suggest(name, names, G_N_ELEMENTS(names));
}

/* A whole number of at least 1. */
static gboolean
read_count(const char *text, const char *where, guint64 maximum, guint64 *count, GError **error)
{
    if (!rein_value_parse_number(text, count, error)) {
        g_prefix_error(error, "%s: ", where);
        return FALSE;
    }
    if (*count >= 1 && *count <= maximum) {
        return TRUE;
    }
    g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                "%s: %s is out of range (give 1 to %" G_GUINT64_FORMAT ")", where, text, maximum);
    return FALSE;
}

static gboolean
read_count32(const char *text, const char *where, guint32 *count, GError **error)
{
    guint64 wide = 0;

    if (!read_count(text, where, G_MAXUINT32 - 1, &wide, error)) {
        return FALSE;
    }
    *count = (guint32)wide;
    return TRUE;
}

/* A duration above 0. */
static gboolean
read_duration(const char *text, const char *where, gint64 *duration_ns, GError **error)
{
    if (!rein_value_parse_duration(text, duration_ns, error)) {
        g_prefix_error(error, "%s: ", where);
        return FALSE;
    }
    if (*duration_ns > 0) {
        return TRUE;
    }
    g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                "%s: %s is no time at all (give a duration such as 20s)", where, text);
    return FALSE;
}

static gboolean
set_slice(ReinSettings *settings, const char *text, const char *where, GError **error)
{
    guint64 slice_ms = 0;

    if (!read_count(text, where, MAX_SLICE_MS, &slice_ms, error)) {
        return FALSE;
    }
    g_autofree char *slice = g_strdup_printf("%" G_GUINT64_FORMAT "ms", slice_ms);
    return rein_settings_set(settings, REIN_SETTING_JOB_SLICE, slice, where, error);
}

gboolean
rein_run_option_apply(ReinRunSpec *spec, ReinSettings *settings, const char *name, const char *text,
                      const char *where, GError **error)
{
    OptionKind kind = OPTION_SETTING;
    ReinSettingKey key = REIN_N_SETTINGS;
    gboolean is_known = find(name, &kind, &key);

    g_return_val_if_fail(spec != NULL && settings != NULL && is_known, FALSE);
    g_return_val_if_fail(text != NULL && where != NULL, FALSE);

    switch (kind) {
    case OPTION_TIME:
        return read_duration(text, where, &spec->time_ns, error);
    case OPTION_ROUNDS:
        return read_count32(text, where, &spec->n_rounds, error);
    case OPTION_EVALUATIONS:
        return read_count(text, where, G_MAXINT64, &spec->n_evaluations, error);
    case OPTION_STAGNATION:
        return read_count32(text, where, &spec->stagnation, error);
    case OPTION_DEADLINE:
        return read_duration(text, where, &spec->deadline_ns, error);
    case OPTION_TARGET:
        spec->target = text;
        return TRUE;
    case OPTION_START:
        spec->start_path = text;
        return TRUE;
    case OPTION_SLICE_MS:
        return set_slice(settings, text, where, error);
    case OPTION_SETTING:
        return rein_settings_set(settings, key, text, where, error);
    }
    g_return_val_if_reached(FALSE);
}

void
rein_run_option_complete(ReinRunSpec *spec)
{
    g_return_if_fail(spec != NULL && spec->settings != NULL);

    if (spec->time_ns == 0 && spec->n_rounds == 0 && spec->n_evaluations == 0) {
        spec->time_ns = rein_settings_get_duration_ns(spec->settings, REIN_SETTING_RUN_TIME);
    }
}
