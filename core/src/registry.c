/* SPDX-License-Identifier: MIT */

#include <string.h>

#include <rein/error.h>
#include <rein/registry.h>

#include "device_private.h"
#include "environment_private.h"
#include "plugin_file_private.h"
#include "probe_private.h"
#include "quarantine_private.h"
#include "scan_private.h"
#include "search_private.h"
#include "selector_private.h"
#include "text_private.h"
#include "worker_device_private.h"

#define NOT_PROBED "not probed: only devices of another plugin were asked for"

typedef struct {
    ReinDeviceEntry shown; /* first: given out as such; its text is the registry's */
    ReinDeviceInfo info;   /* as the plugin gave it */
    ReinPluginFile *file;
    const ReinDriverRecord *driver; /* the file's; NULL where the plugin has no drivers */
} Device;

struct ReinRegistry {
    ReinSearch *search;
    GPtrArray *files;      /* ReinPluginFile */
    GPtrArray *candidates; /* ReinCandidate */
    GPtrArray *devices;    /* Device */
    GPtrArray *records;    /* all of both that were ever given out */
    GHashTable *settings;  /* text to text */
    ReinQuarantine *quarantine;
    GStringChunk *text;                 /* what candidates and devices point to */
    const ReinDeviceEntry *passed_over; /* by the last open */
    gboolean is_searched;
};

static const char *
keep(ReinRegistry *self, const char *text)
{
    return g_string_chunk_insert_const(self->text, text);
}

/* The same for text of a plugin. */
static const char *
keep_line(ReinRegistry *self, const char *text, gsize size)
{
    g_autofree char *line = rein_text_line(text, size);

    return keep(self, line);
}

ReinRegistry *
rein_registry_new(void)
{
    ReinRegistry *self = g_new0(ReinRegistry, 1);

    self->search = rein_search_new();
    self->files = g_ptr_array_new_with_free_func((GDestroyNotify)rein_plugin_file_free);
    self->candidates = g_ptr_array_new();
    self->devices = g_ptr_array_new();
    self->records = g_ptr_array_new_with_free_func(g_free);
    self->settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->quarantine = rein_quarantine_new();
    self->text = g_string_chunk_new(1024);
    return self;
}

void
rein_registry_free(ReinRegistry *self)
{
    if (self == NULL) {
        return;
    }
    g_ptr_array_unref(self->devices);
    g_ptr_array_unref(self->candidates);
    g_ptr_array_unref(self->records);
    g_ptr_array_unref(self->files);
    rein_quarantine_free(self->quarantine);
    rein_search_free(self->search);
    g_hash_table_unref(self->settings);
    g_string_chunk_free(self->text);
    g_free(self);
}

void
rein_registry_add_folder(ReinRegistry *self, const char *folder)
{
    g_return_if_fail(self != NULL && folder != NULL && folder[0] != '\0');
    g_return_if_fail(!self->is_searched);

    rein_search_add_folder(self->search, folder);
}

void
rein_registry_set(ReinRegistry *self, const char *key, const char *value)
{
    g_return_if_fail(self != NULL && key != NULL);

    if (value == NULL) {
        g_hash_table_remove(self->settings, key);
    } else {
        g_hash_table_replace(self->settings, g_strdup(key), g_strdup(value));
    }
    if (strcmp(key, "state-folder") == 0) {
        rein_quarantine_set_folder(self->quarantine, value);
    }
}

static ReinCandidate *
show_candidate(ReinRegistry *self, const ReinPluginFile *file, const char *reason,
               const char *since)
{
    ReinCandidate *candidate = g_new0(ReinCandidate, 1);

    *candidate = (ReinCandidate){
        .path = keep_line(self, file->path, strlen(file->path)),
        .name = keep(self, file->name),
        .version = keep(self, file->version),
        .driver = "",
        .driver_path = "",
        .state = file->state,
        .reason = keep(self, reason),
        .quarantined_since = keep(self, since),
    };
    g_ptr_array_add(self->records, candidate);
    g_ptr_array_add(self->candidates, candidate);
    return candidate;
}

static void
show_device(ReinRegistry *self, ReinPluginFile *file, const ReinDriverRecord *driver,
            const ReinDeviceInfo *info)
{
    Device *device = g_new0(Device, 1);

    device->info = *info;
    device->file = file;
    device->driver = driver;
    device->shown = (ReinDeviceEntry){
        .id = keep(self, info->id),
        .name = keep_line(self, info->name, sizeof info->name),
        .vendor = keep_line(self, info->vendor, sizeof info->vendor),
        .driver = keep_line(self, info->driver, sizeof info->driver),
        .pci = keep_line(self, info->pci, sizeof info->pci),
        .plugin = keep(self, file->name),
        .n_units = info->n_units,
        .interleave = info->interleave,
        .memory_size = info->memory_size,
        .is_cpu = (info->flags & REIN_DEVICE_IS_CPU) != 0,
        .is_gpu = (info->flags & REIN_DEVICE_IS_GPU) != 0,
        .quarantine = "",
        .quarantined_since = "",
    };
    g_ptr_array_add(self->records, device);
    g_ptr_array_add(self->devices, device);
}

/* `devices`, of ReinDeviceInfo, are those of the plugin's drivers before this one. */
static void
show_probe(ReinRegistry *self, ReinPluginFile *file, const ReinFileProbe *probe, GArray *devices)
{
    const guint n_before = devices->len;
    g_autofree char *reason =
        probe->has_failed ? g_strdup(probe->reason)
                          : rein_probe_check(file->name, probe->devices, probe->reason, devices);
    ReinCandidate *candidate = show_candidate(self, file, reason, probe->since);

    if (probe->has_failed) {
        candidate->state =
            probe->since[0] != '\0' ? REIN_CANDIDATE_QUARANTINED : REIN_CANDIDATE_FAILED;
    }
    if (probe->driver != NULL) {
        candidate->driver = keep(self, probe->driver->name);
        candidate->driver_path = keep(self, probe->driver->path);
    }
    candidate->n_devices = devices->len - n_before;
    for (guint i = n_before; i < devices->len; i++) {
        show_device(self, file, probe->driver, &g_array_index(devices, ReinDeviceInfo, i));
    }
}

static void
show_file(ReinRegistry *self, ReinPluginFile *file)
{
    g_autoptr(GArray) devices = g_array_new(FALSE, FALSE, sizeof(ReinDeviceInfo));

    for (guint i = 0; i < file->probes->len; i++) {
        show_probe(self, file, g_ptr_array_index(file->probes, i), devices);
    }
    /* what the plugin says about no driver in particular comes behind them */
    if (file->stage == REIN_FILE_DESCRIBED) {
        show_candidate(self, file, NOT_PROBED, "");
    } else if (file->probes->len == 0 || file->reason[0] != '\0') {
        show_candidate(self, file, file->reason, file->since);
    }
}

/* Others may have put devices there or let go of them. */
static void
show_quarantine(ReinRegistry *self)
{
    for (guint i = 0; i < self->devices->len; i++) {
        ReinDeviceEntry *shown = &((Device *)g_ptr_array_index(self->devices, i))->shown;
        const ReinQuarantineEntry *entry = rein_quarantine_find_device(self->quarantine, shown->id);

        shown->quarantine = entry != NULL ? keep(self, entry->reason) : "";
        shown->quarantined_since = entry != NULL ? keep(self, entry->since) : "";
    }
}

/* Completes what is known of the plugin called `wanted`, or of all. */
static void
scan(ReinRegistry *self, const char *wanted)
{
    if (self->is_searched && rein_scan_is_complete(self->files, wanted)) {
        show_quarantine(self);
        return; /* what was given out stays as it is */
    }
    if (!self->is_searched) {
        self->is_searched = TRUE;
        rein_search_run(self->search, self->files);
    }
    rein_scan_run(self->files, wanted, self->settings, self->quarantine);
    g_ptr_array_set_size(self->candidates, 0);
    g_ptr_array_set_size(self->devices, 0);
    for (guint i = 0; i < self->files->len; i++) {
        show_file(self, g_ptr_array_index(self->files, i));
    }
    show_quarantine(self);
}

void
rein_registry_scan(ReinRegistry *self)
{
    g_return_if_fail(self != NULL);

    scan(self, NULL);
}

guint
rein_registry_get_n_candidates(ReinRegistry *self)
{
    g_return_val_if_fail(self != NULL, 0);

    return self->candidates->len;
}

const ReinCandidate *
rein_registry_get_candidate(ReinRegistry *self, guint index)
{
    g_return_val_if_fail(self != NULL && index < self->candidates->len, NULL);

    return g_ptr_array_index(self->candidates, index);
}

guint
rein_registry_get_n_devices(ReinRegistry *self)
{
    g_return_val_if_fail(self != NULL, 0);

    return self->devices->len;
}

const ReinDeviceEntry *
rein_registry_get_device(ReinRegistry *self, guint index)
{
    g_return_val_if_fail(self != NULL && index < self->devices->len, NULL);

    return g_ptr_array_index(self->devices, index);
}

/* A device other than the one that was meant first is never taken in silence. */
static void
pass_over(ReinRegistry *self, const char *selector, gint index, gint skipped)
{
    const ReinDeviceEntry *taken = NULL;
    const ReinDeviceEntry *left = NULL;

    if (index < 0 || skipped < 0) {
        return;
    }
    taken = rein_registry_get_device(self, (guint)index);
    left = rein_registry_get_device(self, (guint)skipped);
    self->passed_over = left;
    g_warning("%s is quarantined since %s: %s; \"%s\" means %s instead", left->id,
              left->quarantined_since, left->quarantine, selector, taken->id);
}

/* The place of the device that `selector` means among the devices, or -1. */
static gint
find_device(ReinRegistry *self, const char *selector, gint *skipped, GError **error)
{
    g_autofree char *plugin = NULL;
    gint64 timeout_ns = 0;
    gint index = -1;

    if (!rein_scan_take_timeout(self->settings, &timeout_ns, error)) {
        return -1;
    }

    if (!rein_selector_get_plugin(selector, &plugin, error)) {
        return -1;
    }
    scan(self, plugin);
    index = rein_selector_find(selector, self->devices, self->candidates, skipped, NULL);
    if (index < 0) {
        scan(self, NULL); /* the message says what else is there */
        index = rein_selector_find(selector, self->devices, self->candidates, skipped, error);
    }
    return index;
}

/* Loads the plugin into this process, unless it is there, for a device of `driver`. */
static gboolean
load_here(ReinPluginFile *file, const ReinDriverRecord *driver, GError **error)
{
    g_autoptr(ReinPlugin) plugin = NULL;

    if (driver != NULL && !rein_environment_take(file->name, driver, error)) {
        return FALSE;
    }
    if (file->plugin != NULL) {
        return TRUE;
    }
    plugin = rein_plugin_load(file->path, error);
    if (plugin == NULL) {
        return FALSE;
    }
    if (strcmp(rein_plugin_get_name(plugin), file->name) != 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_PLUGIN,
                    "%s: it was replaced by another plugin in the meantime (scan anew)",
                    file->path);
        return FALSE;
    }
    file->plugin = g_steal_pointer(&plugin);
    return TRUE;
}

static ReinDevice *
open_isolated(ReinRegistry *self, const Device *device, GError **error)
{
    const ReinPluginFile *file = device->file;
    const ReinPluginTable table =
        rein_worker_device_table(file->name, file->version, file->features);
    ReinWorkerSetup *setup =
        rein_worker_setup_new(self->settings, file->path, file->name,
                              device->driver != NULL ? device->driver->environment : NULL, error);
    g_autoptr(ReinPlugin) plugin = NULL;

    if (setup == NULL) {
        return NULL;
    }
    plugin = rein_plugin_new_for_table(&table, error);
    if (plugin == NULL) {
        rein_worker_setup_free(setup);
        return NULL;
    }
    return rein_device_open(plugin, &device->info, self->settings, setup, error);
}

static ReinDevice *
open_in_process(ReinRegistry *self, const Device *device, GError **error)
{
    if (!load_here(device->file, device->driver, error)) {
        g_prefix_error(error, "open %s: ", device->shown.id);
        return NULL;
    }
    return rein_device_open(device->file->plugin, &device->info, self->settings, NULL, error);
}

const ReinDeviceEntry *
rein_registry_find_device(ReinRegistry *self, const char *selector, GError **error)
{
    gint skipped = -1;

    g_return_val_if_fail(self != NULL && selector != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    const gint index = find_device(self, selector, &skipped, error);
    return index >= 0 ? rein_registry_get_device(self, (guint)index) : NULL;
}

/* Opens it, or counts that as a failure of the device if it is to blame. */
static ReinDevice *
open_noting(ReinRegistry *self, const Device *device, ReinDeviceFlags flags, GError **error)
{
    g_autoptr(GError) reason = NULL;
    ReinDevice *opened = (flags & REIN_DEVICE_IN_PROCESS) != 0
                             ? open_in_process(self, device, &reason)
                             : open_isolated(self, device, &reason);

    if (opened == NULL && (g_error_matches(reason, REIN_ERROR, REIN_ERROR_DEVICE_LOST) ||
                           g_error_matches(reason, REIN_ERROR, REIN_ERROR_PLUGIN) ||
                           g_error_matches(reason, REIN_ERROR, REIN_ERROR_TIMEOUT))) {
        (void)rein_registry_note_failure(self, device->shown.id, reason->message);
    }
    if (opened == NULL) {
        g_propagate_error(error, g_steal_pointer(&reason));
    }
    return opened;
}

ReinDevice *
rein_registry_open_device(ReinRegistry *self, const char *selector, ReinDeviceFlags flags,
                          GError **error)
{
    g_return_val_if_fail(self != NULL && selector != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    gint64 timeout_ns = 0;
    if (!rein_scan_take_timeout(self->settings, &timeout_ns, error)) {
        return NULL;
    }
    gint skipped = -1;
    self->passed_over = NULL;
    gint index = find_device(self, selector, &skipped, error);
    if (index < 0) {
        return NULL;
    }
    pass_over(self, selector, index, skipped);
    Device *device = g_ptr_array_index(self->devices, (guint)index);
    if (device->shown.quarantine[0] != '\0') {
        g_set_error(error, REIN_ERROR, REIN_ERROR_QUARANTINED,
                    "%s is quarantined since %s: %s (choose another device, or see to it and then: "
                    "rein devices --clear %s)",
                    device->shown.id, device->shown.quarantined_since, device->shown.quarantine,
                    device->shown.id);
        return NULL;
    }
    return open_noting(self, device, flags, error);
}

const ReinDeviceEntry *
rein_registry_get_passed_over(ReinRegistry *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    return self->passed_over;
}

gboolean
rein_registry_note_failure(ReinRegistry *self, const char *device_id, const char *reason)
{
    g_return_val_if_fail(self != NULL && device_id != NULL && reason != NULL, FALSE);

    const gboolean is_there = rein_quarantine_note_failure(self->quarantine, device_id, reason);
    show_quarantine(self);
    return is_there;
}

void
rein_registry_quarantine(ReinRegistry *self, const char *device_id, const char *reason)
{
    g_return_if_fail(self != NULL && device_id != NULL && reason != NULL);

    rein_quarantine_add_device(self->quarantine, device_id, reason);
    show_quarantine(self);
}

gboolean
rein_registry_clear_quarantine(ReinRegistry *self, const char *name, GError **error)
{
    g_return_val_if_fail(self != NULL && (name == NULL || name[0] != '\0'), FALSE);
    g_return_val_if_fail(error == NULL || *error == NULL, FALSE);

    if (!rein_quarantine_clear(self->quarantine, name, error)) {
        return FALSE;
    }
    for (guint i = 0; i < self->files->len; i++) {
        rein_plugin_file_retry(g_ptr_array_index(self->files, i));
    }
    show_quarantine(self);
    return TRUE;
}

const char *
rein_candidate_state_to_string(ReinCandidateState state)
{
    switch (state) {
    case REIN_CANDIDATE_LOADED:
        return "loaded";
    case REIN_CANDIDATE_REFUSED:
        return "refused";
    case REIN_CANDIDATE_SHADOWED:
        return "shadowed";
    case REIN_CANDIDATE_FAILED:
        return "failed";
    case REIN_CANDIDATE_QUARANTINED:
        return "quarantined";
    }
    g_return_val_if_reached("refused");
}
