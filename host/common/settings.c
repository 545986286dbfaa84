/* SPDX-License-Identifier: MIT */

#include "settings.h"

#include <string.h>

#include <rein/error.h>

#include "settings_file.h"
#include "state.h"
#include "suggest.h"
#include "value.h"

#define ENVIRONMENT_PREFIX "REIN_"

/* What one key is set to. */
typedef struct Value {
    char *text;
    guint64 amount; /* number, ns, bytes, or index of the choice */
    ReinOrigin origin;
    char *where;
} Value;

struct ReinSettings {
    Value values[REIN_N_SETTINGS];
};

/* One file while it is read. */
typedef struct Layer {
    ReinSettings *settings;
    ReinOrigin origin;
    char *seen[REIN_N_SETTINGS]; /* where this file has set each key already */
} Layer;

static void
layer_clear(Layer *self)
{
    for (guint i = 0; i < REIN_N_SETTINGS; i++) {
        g_clear_pointer(&self->seen[i], g_free);
    }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Layer, layer_clear)

static gboolean
parse_choice(const ReinSettingInfo *info, const char *text, guint64 *amount, GError **error)
{
    g_auto(GStrv) choices = g_strsplit(info->choices, "|", -1);

    for (guint i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], text) == 0) {
            *amount = i;
            return TRUE;
        }
    }
    g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID, "\"%s\" is none of the choices", text);
    return FALSE;
}

/* What `text` means, before the range is looked at. */
static gboolean
parse_amount(const ReinSettingInfo *info, const char *text, guint64 *amount, GError **error)
{
    gint64 duration_ns = 0;

    switch (info->kind) {
    case REIN_SETTING_KIND_TEXT:
        *amount = 0;
        return TRUE;
    case REIN_SETTING_KIND_CHOICE:
        return parse_choice(info, text, amount, error);
    case REIN_SETTING_KIND_NUMBER:
        return rein_value_parse_number(text, amount, error);
    case REIN_SETTING_KIND_SIZE:
        return rein_value_parse_size(text, amount, error);
    case REIN_SETTING_KIND_DURATION:
        if (!rein_value_parse_duration(text, &duration_ns, error)) {
            return FALSE;
        }
        *amount = (guint64)duration_ns;
        return TRUE;
    }
    g_return_val_if_reached(FALSE);
}

static gboolean
has_range(const ReinSettingInfo *info)
{
    return info->kind != REIN_SETTING_KIND_TEXT && info->kind != REIN_SETTING_KIND_CHOICE;
}

/* Whether `text` may be the value of `info`; then `amount` is what it means. */
static gboolean
is_acceptable(const ReinSettingInfo *info, const char *text, guint64 *amount)
{
    if (info->kind == REIN_SETTING_KIND_TEXT && *text == '\0') {
        return *info->built_in == '\0';
    }
    if (info->kind == REIN_SETTING_KIND_NUMBER && strcmp(text, "auto") == 0) {
        return strcmp(info->built_in, "auto") == 0;
    }
    if (!parse_amount(info, text, amount, NULL)) {
        return FALSE;
    }
    return !has_range(info) || (*amount >= info->minimum && *amount <= info->maximum);
}

/* Takes a value over, or says what is wrong with it. */
static gboolean
apply(ReinSettings *self, ReinSettingKey key, const char *text, ReinOrigin origin,
      const char *where, GError **error)
{
    const ReinSettingInfo *info = rein_setting_get_info(key);
    Value *value = &self->values[key];
    guint64 amount = 0;

    if (!is_acceptable(info, text, &amount)) {
        g_autofree char *range = rein_setting_describe_range(info);
        g_autofree char *escaped = g_strescape(text, NULL);
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                    "%s: %s is \"%.60s\": it must be %s (built in is \"%s\")", where, info->key,
                    escaped, range, info->built_in);
        return FALSE;
    }

    g_free(value->text);
    g_free(value->where);
    *value = (Value){ g_strdup(text), amount, origin, g_strdup(where) };
    return TRUE;
}

static gboolean
refuse_key(const char *where, const char *what, const char *name, const char *const *known,
           GError **error)
{
    const char *nearest = rein_suggest(name, known, REIN_N_SETTINGS);
    g_autofree char *hint =
        nearest != NULL ? g_strdup_printf("did you mean %s? ", nearest) : g_strdup("");

    g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                "%s: there is no %s \"%.80s\" (%srein config --explain lists all)", where, what,
                name, hint);
    return FALSE;
}

static gboolean
apply_line(const char *key_name, const char *value, const char *where, gpointer user_data,
           GError **error)
{
    Layer *layer = user_data;
    ReinSettingKey key = 0;

    if (!rein_setting_find(key_name, &key)) {
        const char *known[REIN_N_SETTINGS];
        for (guint i = 0; i < REIN_N_SETTINGS; i++) {
            known[i] = rein_setting_get_info((ReinSettingKey)i)->key;
        }
        return refuse_key(where, "setting", key_name, known, error);
    }
    if (layer->seen[key] != NULL) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                    "%s: %s is set a second time, first at %s (remove one)", where, key_name,
                    layer->seen[key]);
        return FALSE;
    }
    layer->seen[key] = g_strdup(where);
    return apply(layer->settings, key, value, layer->origin, where, error);
}

static gboolean
apply_file(ReinSettings *self, const char *path, ReinOrigin origin, GError **error)
{
    g_auto(Layer) layer = { .settings = self, .origin = origin };

    return rein_settings_file_read(path, apply_line, &layer, error);
}

static gboolean
apply_variable(ReinSettings *self, const char *name, const char *value, GError **error)
{
    const char *known[REIN_N_SETTINGS];

    for (guint i = 0; i < REIN_N_SETTINGS; i++) {
        known[i] = rein_setting_get_info((ReinSettingKey)i)->environment;
        if (strcmp(known[i], name) == 0) {
            /* what an empty variable means elsewhere, too: as if it were not there */
            return *value == '\0' ||
                   apply(self, (ReinSettingKey)i, value, REIN_ORIGIN_ENVIRONMENT, name, error);
        }
    }
    return refuse_key("environment", "setting", name, known, error);
}

static gboolean
apply_environment(ReinSettings *self, const char *const *environment, GError **error)
{
    for (; environment != NULL && *environment != NULL; environment++) {
        const char *equals = strchr(*environment, '=');
        if (equals == NULL || !g_str_has_prefix(*environment, ENVIRONMENT_PREFIX)) {
            continue;
        }
        g_autofree char *name = g_strndup(*environment, (gsize)(equals - *environment));
        if (!apply_variable(self, name, equals + 1, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static ReinSettings *
settings_new_built_in(void)
{
    ReinSettings *self = g_new0(ReinSettings, 1);

    for (guint i = 0; i < REIN_N_SETTINGS; i++) {
        const char *text = rein_setting_get_info((ReinSettingKey)i)->built_in;
        gboolean is_applied =
            apply(self, (ReinSettingKey)i, text, REIN_ORIGIN_BUILT_IN, "built-in", NULL);
        g_assert(is_applied); /* a wrong line in the table: every program would stop here */
    }
    return self;
}

ReinSettings *
rein_settings_load_from(const char *const *system_files, const char *user_file,
                        const char *const *environment, GError **error)
{
    g_autoptr(ReinSettings) self = settings_new_built_in();

    for (; system_files != NULL && *system_files != NULL; system_files++) {
        if (!apply_file(self, *system_files, REIN_ORIGIN_SYSTEM_FILE, error)) {
            return NULL;
        }
    }
    if (user_file != NULL && !apply_file(self, user_file, REIN_ORIGIN_USER_FILE, error)) {
        return NULL;
    }
    if (!apply_environment(self, environment, error)) {
        return NULL;
    }
    return g_steal_pointer(&self);
}

ReinSettings *
rein_settings_load(GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *folder = rein_state_require_absolute(g_get_user_config_dir(), ".config");
    g_autofree char *user_file = g_build_filename(folder, "rein", "rein.conf", NULL);
    g_auto(GStrv) environment = g_get_environ();
    const char *const *folders = g_get_system_config_dirs();

    /* the first folder counts most, so it is read last */
    for (guint i = g_strv_length((char **)folders); i > 0; i--) {
        if (g_path_is_absolute(folders[i - 1])) {
            g_ptr_array_add(files, g_build_filename(folders[i - 1], "rein", "rein.conf", NULL));
        }
    }
    g_ptr_array_add(files, NULL);
    return rein_settings_load_from((const char *const *)files->pdata, user_file,
                                   (const char *const *)environment, error);
}

ReinSettings *
rein_settings_copy(const ReinSettings *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    ReinSettings *copy = g_new0(ReinSettings, 1);
    for (guint i = 0; i < REIN_N_SETTINGS; i++) {
        const Value *value = &self->values[i];
        copy->values[i] =
            (Value){ g_strdup(value->text), value->amount, value->origin, g_strdup(value->where) };
    }
    return copy;
}

void
rein_settings_free(ReinSettings *self)
{
    if (self == NULL) {
        return;
    }
    for (guint i = 0; i < REIN_N_SETTINGS; i++) {
        g_free(self->values[i].text);
        g_free(self->values[i].where);
    }
    g_free(self);
}

gboolean
rein_settings_set(ReinSettings *self, ReinSettingKey key, const char *text, const char *flag,
                  GError **error)
{
    g_return_val_if_fail(self != NULL && text != NULL && flag != NULL, FALSE);
    g_return_val_if_fail((guint)key < REIN_N_SETTINGS, FALSE);

    return apply(self, key, text, REIN_ORIGIN_FLAG, flag, error);
}

static const Value *
value_of(const ReinSettings *self, ReinSettingKey key)
{
    g_assert((guint)key < REIN_N_SETTINGS);
    return &self->values[key];
}

static guint64
amount_of(const ReinSettings *self, ReinSettingKey key, ReinSettingKind kind)
{
    g_return_val_if_fail(rein_setting_get_info(key)->kind == kind, 0);

    return value_of(self, key)->amount;
}

const char *
rein_settings_get_text(const ReinSettings *self, ReinSettingKey key)
{
    return value_of(self, key)->text;
}

guint64
rein_settings_get_number(const ReinSettings *self, ReinSettingKey key)
{
    return amount_of(self, key, REIN_SETTING_KIND_NUMBER);
}

gint64
rein_settings_get_duration_ns(const ReinSettings *self, ReinSettingKey key)
{
    return (gint64)amount_of(self, key, REIN_SETTING_KIND_DURATION);
}

guint64
rein_settings_get_size(const ReinSettings *self, ReinSettingKey key)
{
    return amount_of(self, key, REIN_SETTING_KIND_SIZE);
}

guint
rein_settings_get_choice(const ReinSettings *self, ReinSettingKey key)
{
    return (guint)amount_of(self, key, REIN_SETTING_KIND_CHOICE);
}

ReinOrigin
rein_settings_get_origin(const ReinSettings *self, ReinSettingKey key)
{
    return value_of(self, key)->origin;
}

const char *
rein_settings_get_where(const ReinSettings *self, ReinSettingKey key)
{
    return value_of(self, key)->where;
}

const char *
rein_origin_to_string(ReinOrigin origin)
{
    switch (origin) {
    case REIN_ORIGIN_BUILT_IN:
        return "built-in";
    case REIN_ORIGIN_SYSTEM_FILE:
        return "system-file";
    case REIN_ORIGIN_USER_FILE:
        return "user-file";
    case REIN_ORIGIN_ENVIRONMENT:
        return "environment";
    case REIN_ORIGIN_FLAG:
        return "flag";
    }
    g_return_val_if_reached("built-in");
}
