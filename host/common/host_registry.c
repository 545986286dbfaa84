/* SPDX-License-Identifier: MIT */

#include "host_registry.h"

#include "cache.h"
#include "output.h"
#include "state.h"

#define POLITE_NICE "19" /* the least there is */
#define NANOSECONDS_PER_MILLISECOND G_GINT64_CONSTANT(1000000)
#define POLITE_SLICE_NS (2 * NANOSECONDS_PER_MILLISECOND)

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

/* Not made here: a folder that cannot be written may still hold what others have found out. */
static void
set_state(ReinRegistry *registry)
{
    g_autofree char *folder = rein_state_get_folder();

    rein_registry_set(registry, "state-folder", folder);
}

static void
set_milliseconds(ReinRegistry *registry, const char *name, const ReinSettings *settings,
                 ReinSettingKey key)
{
    const gint64 duration_ns = rein_settings_get_duration_ns(settings, key);
    g_autofree char *text =
        g_strdup_printf("%" G_GINT64_FORMAT, duration_ns / NANOSECONDS_PER_MILLISECOND);

    rein_registry_set(registry, name, text);
}

static gboolean
is_in_process(const ReinSettings *settings)
{
    return g_str_equal(rein_settings_get_text(settings, REIN_SETTING_DEVICE_ISOLATION),
                       rein_isolation_to_string(REIN_ISOLATION_NONE));
}

/* How plugins are asked for their devices, and what is between them and us. */
static void
set_workers(ReinRegistry *registry, const ReinSettings *settings)
{
    const char *worker = rein_settings_get_text(settings, REIN_SETTING_WORKER_PATH);

    set_milliseconds(registry, "probe-timeout", settings, REIN_SETTING_PROBE_TIMEOUT);
    set_milliseconds(registry, "open-timeout", settings, REIN_SETTING_DEVICE_OPEN_TIMEOUT);
    if (!is_in_process(settings)) {
        rein_registry_set(registry, "isolation",
                          rein_settings_get_text(settings, REIN_SETTING_DEVICE_ISOLATION));
    }
    if (*worker != '\0') {
        rein_registry_set(registry, "worker", worker);
    }
    rein_registry_set(registry, "worker-environment",
                      rein_settings_get_text(settings, REIN_SETTING_WORKER_ENVIRONMENT));
}

/* What else is there is waited for: the plugin's threads only take what it leaves. */
static void
set_polite(ReinRegistry *registry, const ReinSettings *settings)
{
    g_autofree char *threads = g_strdup_printf("%u", MAX(1, g_get_num_processors() / 2));

    if (rein_host_is_polite(settings)) {
        rein_registry_set(registry, "nice", POLITE_NICE);
        rein_registry_set(registry, "thread-limit", threads);
    }
}

gboolean
rein_host_is_polite(const ReinSettings *settings)
{
    return g_str_equal(rein_settings_get_text(settings, REIN_SETTING_RUN_POLITE), "yes");
}

gint64
rein_host_get_slice_ns(const ReinSettings *settings)
{
    const gint64 slice_ns = rein_settings_get_duration_ns(settings, REIN_SETTING_JOB_SLICE);

    return rein_host_is_polite(settings) ? MIN(slice_ns, POLITE_SLICE_NS) : slice_ns;
}

/* In memory where the system has a place for that. */
static void
set_scratch(ReinRegistry *registry)
{
    g_autofree char *folder = g_build_filename(g_get_user_runtime_dir(), "rein", "scratch", NULL);

    rein_registry_set(registry, "scratch-folder", folder);
}

ReinDevice *
rein_host_registry_open(ReinRegistry *registry, const ReinSettings *settings, const char *selector,
                        GError **error)
{
    g_return_val_if_fail(registry != NULL && settings != NULL, NULL);

    return rein_registry_open_device(
        registry,
        selector != NULL ? selector : rein_settings_get_text(settings, REIN_SETTING_RUN_DEVICE),
        is_in_process(settings) ? REIN_DEVICE_IN_PROCESS : REIN_DEVICE_ISOLATED, error);
}

ReinRegistry *
rein_host_registry_new(const ReinSettings *settings)
{
    g_autoptr(ReinRegistry) registry = rein_registry_new();

    g_return_val_if_fail(settings != NULL, NULL);

    add_folders(registry, settings);
    set_state(registry);
    set_cache(registry, settings);
    set_workers(registry, settings);
    set_polite(registry, settings);
    set_scratch(registry);
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
