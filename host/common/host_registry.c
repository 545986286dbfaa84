/* SPDX-License-Identifier: MIT */

#include "host_registry.h"

#include "cache.h"
#include "output.h"
#include "state.h"

#define NANOSECONDS_PER_MILLISECOND G_GINT64_CONSTANT(1000000)

/* Settings that plugins see. */
static const ReinSettingKey plugin_keys[] = {
    REIN_SETTING_CPU_THREADS,    REIN_SETTING_CPU_LEVEL,    REIN_SETTING_CPU_COMPILER,
    REIN_SETTING_OPENCL_LIBRARY, REIN_SETTING_OPENCL_TRIAL,
};

static void
add_folders(ReinRegistry *registry, const ReinSettings *settings)
{
    g_auto(GStrv) folders =
        g_strsplit(rein_settings_get_text(settings, REIN_SETTING_PLUGIN_PATH), ":", -1);

    /* librein reads the variable itself */
    if (rein_settings_get_origin(settings, REIN_SETTING_PLUGIN_PATH) == REIN_ORIGIN_ENVIRONMENT) {
        return;
    }
    /* each goes in front of those before it */
    for (guint i = g_strv_length(folders); i > 0; i--) {
        if (*folders[i - 1] != '\0') {
            rein_registry_add_folder(registry, folders[i - 1]);
        }
    }
}

static void
set_cache(ReinRegistry *registry, const ReinSettings *settings)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = rein_state_make_folder(REIN_STATE_CACHE, &error);

    if (folder == NULL) {
        rein_output_warning("%s; built kernels are not kept", error->message);
        return;
    }
    rein_cache_tidy(folder, rein_settings_get_duration_ns(settings, REIN_SETTING_CACHE_KEEP_AGE),
                    rein_settings_get_size(settings, REIN_SETTING_CACHE_KEEP_SIZE));
    rein_registry_set(registry, "cache-folder", folder);
}

/* How plugins are asked for their devices. */
static void
set_probing(ReinRegistry *registry, const ReinSettings *settings)
{
    const gint64 timeout_ns = rein_settings_get_duration_ns(settings, REIN_SETTING_PROBE_TIMEOUT);
    const char *worker = rein_settings_get_text(settings, REIN_SETTING_WORKER_PATH);
    g_autofree char *timeout_ms =
        g_strdup_printf("%" G_GINT64_FORMAT, timeout_ns / NANOSECONDS_PER_MILLISECOND);

    rein_registry_set(registry, "probe-timeout", timeout_ms);
    if (*worker != '\0') {
        rein_registry_set(registry, "worker", worker);
    }
}

ReinRegistry *
rein_host_registry_new(const ReinSettings *settings)
{
    g_autoptr(ReinRegistry) registry = rein_registry_new();

    g_return_val_if_fail(settings != NULL, NULL);

    add_folders(registry, settings);
    set_cache(registry, settings);
    set_probing(registry, settings);
    for (guint i = 0; i < G_N_ELEMENTS(plugin_keys); i++) {
        ReinSettingKey key = plugin_keys[i];
        const char *text = rein_settings_get_text(settings, key);
        gboolean is_built_in = rein_settings_get_origin(settings, key) == REIN_ORIGIN_BUILT_IN;
        /* what was not chosen is for the plugin to choose */
        if (!is_built_in && !g_str_equal(text, "auto")) {
            rein_registry_set(registry, rein_setting_get_info(key)->key, text);
        }
    }
    return g_steal_pointer(&registry);
}
