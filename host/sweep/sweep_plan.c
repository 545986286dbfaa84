/* SPDX-License-Identifier: MIT */

#include "sweep_plan.h"

#include <string.h>

#include "runner/run_option.h"

struct ReinSweepPlan {
    ReinSweepFile *file;
    ReinSettings *settings;
    guint n_settings; /* combinations of settings */
    char *digest;
};

static const ReinSweepDimension *
get_dimension(const ReinSweepPlan *self, guint index)
{
    return g_ptr_array_index(self->file->dimensions, index);
}

static void
add_text(GChecksum *checksum, const char *what, const char *text)
{
    g_checksum_update(checksum, (const guchar *)what, -1);
    g_checksum_update(checksum, (const guchar *)"=", 1);
    g_checksum_update(checksum, (const guchar *)text, -1);
    g_checksum_update(checksum, (const guchar *)"\n", 1);
}

static void
add_setting(GChecksum *checksum, const ReinSettings *settings, ReinSettingKey key)
{
    add_text(checksum, rein_setting_get_info(key)->key, rein_settings_get_text(settings, key));
}

static char *
make_digest(const ReinSweepPlan *self)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    const ReinSweepFile *file = self->file;

    for (guint i = 0; i < file->instances->len; i++) {
        const ReinSweepInstance *instance = g_ptr_array_index(file->instances, i);
        add_text(checksum, "instance", instance->name);
        add_text(checksum, "sha256", instance->sha256);
    }
    for (guint i = 0; i < file->seeds->len; i++) {
        g_autofree char *seed =
            g_strdup_printf("%" G_GUINT64_FORMAT, g_array_index(file->seeds, guint64, i));
        add_text(checksum, "seed", seed);
    }
    for (guint i = 0; i < file->dimensions->len; i++) {
        const ReinSweepDimension *dimension = get_dimension(self, i);
        add_text(checksum, "setting", dimension->name);
        for (guint j = 0; j < dimension->n_values; j++) {
            add_text(checksum, "value", dimension->values[j]);
            if (dimension->sha256 != NULL) {
                add_text(checksum, "sha256", dimension->sha256[j]);
            }
        }
    }
    add_setting(checksum, self->settings, REIN_SETTING_RUN_TIME);
    add_setting(checksum, self->settings, REIN_SETTING_RUN_POPULATION);
    return g_strdup(g_checksum_get_string(checksum));
}

ReinSweepPlan *
rein_sweep_plan_new(ReinSweepFile *file, const ReinSettings *settings)
{
    g_return_val_if_fail(file != NULL && settings != NULL, NULL);

    ReinSweepPlan *self = g_new0(ReinSweepPlan, 1);
    self->file = file;
    self->settings = rein_settings_copy(settings);
    self->n_settings = 1;
    for (guint i = 0; i < file->dimensions->len; i++) {
        self->n_settings *= get_dimension(self, i)->n_values;
    }
    self->digest = make_digest(self);
    return self;
}

void
rein_sweep_plan_free(ReinSweepPlan *self)
{
    if (self == NULL) {
        return;
    }
    rein_sweep_file_free(self->file);
    rein_settings_free(self->settings);
    g_free(self->digest);
    g_free(self);
}

const ReinSweepFile *
rein_sweep_plan_get_file(const ReinSweepPlan *self)
{
    g_return_val_if_fail(self != NULL, NULL);
    return self->file;
}

guint
rein_sweep_plan_get_n(const ReinSweepPlan *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->file->n_combinations;
}

guint
rein_sweep_plan_get_n_groups(const ReinSweepPlan *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->file->n_combinations / self->file->seeds->len;
}

void
rein_sweep_plan_get(const ReinSweepPlan *self, guint number, ReinSweepCombination *combination)
{
    g_return_if_fail(self != NULL && combination != NULL);
    g_return_if_fail(number >= 1 && number <= self->file->n_combinations);

    const GArray *seeds = self->file->seeds;
    combination->number = number;
    combination->group = (number - 1) / seeds->len;
    combination->seed = g_array_index(seeds, guint64, (number - 1) % seeds->len);
    combination->instance =
        g_ptr_array_index(self->file->instances, combination->group / self->n_settings);
}

/* The place of the group's value in `dimension`; those behind it change faster. */
static guint
find_value(const ReinSweepPlan *self, guint group, guint dimension)
{
    guint at = group % self->n_settings;

    for (guint i = self->file->dimensions->len - 1; i > dimension; i--) {
        at /= get_dimension(self, i)->n_values;
    }
    return at % get_dimension(self, dimension)->n_values;
}

const char *
rein_sweep_plan_get_value(const ReinSweepPlan *self, guint group, guint dimension)
{
    g_return_val_if_fail(self != NULL && dimension < self->file->dimensions->len, NULL);

    return get_dimension(self, dimension)->values[find_value(self, group, dimension)];
}

char *
rein_sweep_plan_describe(const ReinSweepPlan *self, guint number)
{
    ReinSweepCombination combination = { 0 };
    g_autoptr(GString) text = g_string_new(NULL);

    rein_sweep_plan_get(self, number, &combination);
    g_string_append_printf(text, "%s, seed %" G_GUINT64_FORMAT, combination.instance->name,
                           combination.seed);
    for (guint i = 0; i < self->file->dimensions->len; i++) {
        const ReinSweepDimension *dimension = get_dimension(self, i);
        if (dimension->n_values > 1) {
            g_string_append_printf(text, ", %s %s", dimension->name,
                                   rein_sweep_plan_get_value(self, combination.group, i));
        }
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

void
rein_sweep_plan_apply(const ReinSweepPlan *self, guint number, ReinSettings *settings,
                      ReinRunSpec *spec)
{
    ReinSweepCombination combination = { 0 };

    g_return_if_fail(self != NULL && settings != NULL && spec != NULL);

    rein_sweep_plan_get(self, number, &combination);
    guint n_of_instance = self->n_settings * self->file->seeds->len;
    *spec = (ReinRunSpec){
        .settings = settings,
        .problem_path = combination.instance->path,
        .is_checked = (number - 1) % n_of_instance != 0, /* the first one of each instance is */
    };
    g_autofree char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, combination.seed);
    (void)rein_run_option_apply(spec, settings, "seed", seed, self->file->path, NULL);
    for (guint i = 0; i < self->file->dimensions->len; i++) {
        const ReinSweepDimension *dimension = get_dimension(self, i);
        const char *value = dimension->applied[find_value(self, combination.group, i)];
        (void)rein_run_option_apply(spec, settings, dimension->name, value, dimension->where, NULL);
    }
    rein_run_option_complete(spec);
}

const char *
rein_sweep_plan_get_digest(const ReinSweepPlan *self)
{
    g_return_val_if_fail(self != NULL, NULL);
    return self->digest;
}

gboolean
rein_sweep_is_device_setting(const char *key)
{
    static const char *const others[] = { "run.time", "run.seed", "run.population" };
    static const char *const sections[] = { "job.", "jobs.", "cache.", "output.", "log." };

    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        if (strcmp(key, others[i]) == 0) {
            return FALSE;
        }
    }
    for (guint i = 0; i < G_N_ELEMENTS(sections); i++) {
        if (g_str_has_prefix(key, sections[i])) {
            return FALSE;
        }
    }
    return TRUE;
}

gboolean
rein_sweep_plan_chooses_device(const ReinSweepPlan *self)
{
    g_return_val_if_fail(self != NULL, FALSE);

    for (guint i = 0; i < self->file->dimensions->len; i++) {
        const char *option = rein_run_option_find(get_dimension(self, i)->name);
        ReinSettingKey key = REIN_N_SETTINGS;
        if (rein_setting_find(option, &key) && rein_sweep_is_device_setting(option)) {
            return TRUE;
        }
    }
    return FALSE;
}
