/* SPDX-License-Identifier: MIT */

#include "warm_device.h"

#include <pthread.h>

#include <rein/error.h>

#include "runner/receipt_json.h"
#include "runner/run_device.h"
#include "sweep_plan.h"

/* Devices are opened one at a time: a driver may need the environment changed for that. */
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;

/* (transfer full): equal for settings that open the same device in the same way */
static char *
make_key(const ReinSettings *settings)
{
    g_autoptr(GString) key = g_string_new(NULL);

    for (guint i = 0; i < REIN_N_SETTINGS; i++) {
        const char *name = rein_setting_get_info((ReinSettingKey)i)->key;
        if (rein_sweep_is_device_setting(name)) {
            g_string_append_printf(key, "%s\n",
                                   rein_settings_get_text(settings, (ReinSettingKey)i));
        }
    }
    return g_string_free(g_steal_pointer(&key), FALSE);
}

ReinDevice *
rein_warm_device_get(ReinWarmDevice *self, const ReinRunSpec *spec, GError **error)
{
    g_return_val_if_fail(self != NULL && spec != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    g_autofree char *key = make_key(spec->settings);
    if (self->device != NULL && g_str_equal(self->key, key) && !rein_device_is_lost(self->device)) {
        return self->device;
    }
    rein_warm_device_close(self);
    pthread_mutex_lock(&open_lock);
    self->device = rein_run_open_device(spec, error);
    pthread_mutex_unlock(&open_lock);
    self->key = g_steal_pointer(&key);
    return self->device;
}

/* Whether the error says that the device, its driver or its plugin is not to be trusted. */
static gboolean
is_of_device(const ReinRunReport *report)
{
    const GError *error = report->error;

    if (error == NULL || error->domain != REIN_ERROR) {
        return FALSE;
    }
    switch ((ReinError)error->code) {
    case REIN_ERROR_INVALID:
    case REIN_ERROR_NO_DEVICE:
    case REIN_ERROR_UNSUPPORTED:
    case REIN_ERROR_BUILD:
    case REIN_ERROR_OUT_OF_MEMORY:
    case REIN_ERROR_STOPPED:
        return FALSE;
    case REIN_ERROR_TIMEOUT:
        return report->outcome != REIN_OUTCOME_DEADLINE;
    case REIN_ERROR_FAILED: /* the plugin's, or kernel and host disagree */
    case REIN_ERROR_PLUGIN:
    case REIN_ERROR_DEVICE_LOST:
    case REIN_ERROR_QUARANTINED:
        return TRUE;
    }
    return TRUE;
}

void
rein_warm_device_end_job(ReinWarmDevice *self, const ReinRunReport *report)
{
    g_return_if_fail(self != NULL && report != NULL);

    self->n_jobs += report->receipt != NULL ? 1 : 0;
    if (is_of_device(report) || !rein_receipt_is_clean_or_null(report->receipt)) {
        rein_warm_device_close(self);
    }
}

void
rein_warm_device_close(ReinWarmDevice *self)
{
    g_return_if_fail(self != NULL);

    g_clear_pointer(&self->device, rein_device_unref);
    g_clear_pointer(&self->key, g_free);
    self->n_jobs = 0;
}
