/* SPDX-License-Identifier: MIT */

/* What becomes of a run whose device does not do its work: whom it is told, and who does it instead. */

#include "runner_private.h"

#include <string.h>

#include <rein/rein.h>

#include "common/host_registry.h"
#include "receipt_json.h"

/* The selector of the fallback, or NULL where there is none, or it was taken already. */
static const char *
get_fallback(const ReinRunner *self)
{
    const char *selector = rein_settings_get_text(self->spec.settings, REIN_SETTING_RUN_FALLBACK);

    return *selector != '\0' && !self->has_fallen_back ? selector : NULL;
}

static gboolean
is_one_of(const GError *error, const ReinError *codes, guint n_codes)
{
    for (guint i = 0; i < n_codes; i++) {
        if (g_error_matches(error, REIN_ERROR, (int)codes[i])) {
            return TRUE;
        }
    }
    return FALSE;
}

static ReinDevice *
open_device(ReinRunner *self, const char *selector, GError **error)
{
    return rein_host_registry_open(self->registry, self->spec.settings, selector, error);
}

static void
report_other(ReinRunner *self, const char *from, ReinDevice *to, const char *reason)
{
    ReinRunFallback *fallback = &self->report->fallback;

    g_free(fallback->from);
    g_free(fallback->to);
    g_free(fallback->reason);
    fallback->from = g_strdup(from);
    fallback->to = g_strdup(rein_device_get_id(to));
    fallback->reason = g_strdup(reason);
}

/* What the selector meant first is in quarantine, and librein has warned of that. */
static void
note_passed_over(ReinRunner *self, ReinDevice *device)
{
    const ReinDeviceEntry *entry = rein_registry_get_passed_over(self->registry);

    if (entry != NULL) {
        g_autofree char *reason = g_strdup_printf("quarantined since %s: %s",
                                                  entry->quarantined_since, entry->quarantine);
        report_other(self, entry->id, device, reason);
    }
}

/* From here on the fallback is the run's device. */
static void
note_fallback(ReinRunner *self, const char *from, ReinDevice *to, const char *reason)
{
    const ReinRunFallback *fallback = &self->report->fallback;

    report_other(self, from, to, reason);
    self->has_fallen_back = TRUE;
    g_warning("the run goes on with %s in place of %s: %s", fallback->to, from, reason);
}

ReinDevice *
rein_runner_open_any(ReinRunner *self, GError **error)
{
    static const ReinError codes[] = { REIN_ERROR_NO_DEVICE, REIN_ERROR_QUARANTINED,
                                       REIN_ERROR_DEVICE_LOST, REIN_ERROR_PLUGIN,
                                       REIN_ERROR_TIMEOUT };
    const char *selector = rein_settings_get_text(self->spec.settings, REIN_SETTING_RUN_DEVICE);
    const char *fallback = get_fallback(self);
    g_autoptr(GError) reason = NULL;
    g_autoptr(GError) second = NULL;

    self->registry = rein_host_registry_new(self->spec.settings);
    ReinDevice *device = open_device(self, selector, &reason);
    if (device != NULL) {
        note_passed_over(self, device);
        return device;
    }
    if (fallback == NULL || !is_one_of(reason, codes, G_N_ELEMENTS(codes))) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return NULL;
    }
    device = open_device(self, fallback, &second);
    if (device != NULL) {
        note_fallback(self, selector, device, reason->message);
        return device;
    }
    g_set_error(error, reason->domain, reason->code, "%s; nor can the fallback %s be used: %s",
                reason->message, fallback, second->message);
    return NULL;
}

/* ---- what a job's end says of its device ---- */

/* Whether it is the device's fault that the job ended so; leaks of a plugin's own count are not. */
static gboolean
is_devices_fault(ReinResult *result)
{
    static const ReinError codes[] = { REIN_ERROR_DEVICE_LOST, REIN_ERROR_PLUGIN };

    return rein_result_get_outcome(result) == REIN_OUTCOME_HANG ||
           rein_receipt_is_abandoned(rein_result_get_receipt(result)) ||
           is_one_of(rein_result_get_error(result), codes, G_N_ELEMENTS(codes));
}

static const char *
describe_fault(ReinResult *result)
{
    const GError *error = rein_result_get_error(result);

    return error != NULL ? error->message : "a call did not come back after a stop";
}

void
rein_runner_blame(ReinRunner *self, ReinResult *result)
{
    const char *id = rein_device_get_id(self->device);
    const char *missing = "the memory of a job did not come back";
    ReinReceipt *receipt = rein_result_get_receipt(result);
    const char *reason = NULL;

    if (self->registry == NULL) {
        return; /* who gave the device judges it */
    }
    if (rein_receipt_get_memory_check(receipt) == REIN_MEMORY_MISSING) {
        rein_registry_quarantine(self->registry, id, missing);
        reason = missing;
    } else if (is_devices_fault(result) &&
               rein_registry_note_failure(self->registry, id, describe_fault(result))) {
        reason = "it failed too often";
    }
    if (reason != NULL) {
        g_warning("%s is quarantined: %s (rein devices --clear %s ends that)", id, reason, id);
    }
}

/* ---- going on ---- */

/* Whether the limits leave anything to do. */
static gboolean
is_work_left(const ReinRunner *self, const ReinRunBefore *done)
{
    const ReinRunSpec *spec = &self->spec;

    return (spec->time_ns == 0 || done->elapsed_ns < spec->time_ns) &&
           (spec->n_rounds == 0 || done->n_rounds < spec->n_rounds) &&
           (spec->n_evaluations == 0 || done->n_evaluations < spec->n_evaluations) &&
           (spec->deadline_ns == 0 || rein_runner_get_deadline_left(self) > 1);
}

/* The fallback, unless it is the device that has just failed. */
static ReinDevice *
open_other(ReinRunner *self, const char *selector, GError **error)
{
    const ReinDeviceEntry *entry = rein_registry_find_device(self->registry, selector, error);

    if (entry == NULL) {
        return NULL;
    }
    if (g_str_equal(entry->id, rein_device_get_id(self->device))) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID, "it is the same device");
        return NULL;
    }
    return open_device(self, entry->id, error);
}

/* Individual 0 becomes the best so far. */
static void
start_from(ReinRunner *self, GBytes *genes)
{
    gsize size = 0;

    if (genes == NULL) {
        return;
    }
    g_autofree guint8 *start =
        g_memdup2(g_bytes_get_data(self->start, NULL), g_bytes_get_size(self->start));
    const void *best = g_bytes_get_data(genes, &size);
    memcpy(start, best, size);
    GBytes *joined = g_bytes_new_take(g_steal_pointer(&start), g_bytes_get_size(self->start));
    g_bytes_unref(self->start);
    self->start = joined;
    rein_runner_keep_best(self, genes);
}

gboolean
rein_runner_go_on(ReinRunner *self, ReinResult *result)
{
    const char *selector = get_fallback(self);
    g_autoptr(GError) error = NULL;
    const ReinRunBefore done = {
        .n_rounds = rein_result_get_n_rounds(result),
        .n_evaluations = rein_result_get_n_evaluations(result),
        .n_moves = rein_result_get_n_moves(result),
        .elapsed_ns = rein_result_get_elapsed_ns(result),
        .fraction = self->fraction,
    };

    if (selector == NULL || self->registry == NULL || !is_devices_fault(result) ||
        g_cancellable_is_cancelled(self->cancellable) || !is_work_left(self, &done)) {
        return FALSE;
    }
    ReinDevice *device = open_other(self, selector, &error);
    if (device == NULL) {
        g_warning("the fallback %s cannot be used: %s", selector, error->message);
        return FALSE;
    }
    note_fallback(self, rein_device_get_id(self->device), device, describe_fault(result));
    rein_job_folder_log(self->folder, "error: %s", self->report->fallback.reason);
    self->report->fallback.receipt = rein_receipt_ref(rein_result_get_receipt(result));
    self->before = done;
    start_from(self, rein_result_get_best_genes(result));
    rein_device_unref(self->device);
    self->device = device;
    return TRUE;
}
