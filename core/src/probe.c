/* SPDX-License-Identifier: MIT */

#include "probe_private.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "device_private.h"
#include "error_private.h"
#include "services_private.h"
#include "text_private.h"

/* Everything up to the id must be there; what is missing behind it reads as zero. */
#define LEAST_INFO_SIZE (offsetof(ReinDeviceInfo, id) + sizeof((ReinDeviceInfo){ 0 }).id)

/* Registries of several threads may hold the same plugin. */
static pthread_mutex_t one_probe = PTHREAD_MUTEX_INITIALIZER;

typedef struct {
    const char *plugin;
    GArray *devices;
    guint n_before; /* devices of earlier drivers */
    guint n_found;
    GString *refusals;
} Finding;

static void
add_reason(GString *reasons, const char *text)
{
    if (reasons->len > 0) {
        g_string_append(reasons, "; ");
    }
    g_string_append(reasons, text);
}

static void
terminate(char *text, gsize size)
{
    text[size - 1] = '\0';
}

/* Why an id that others may have will not do, or NULL. */
static const char *
double_fault(const Finding *finding, const char *id)
{
    for (guint i = 0; i < finding->devices->len; i++) {
        if (strcmp(g_array_index(finding->devices, ReinDeviceInfo, i).id, id) == 0) {
            return i < finding->n_before ? "an earlier driver has a device of this id"
                                         : "its id is there twice";
        }
    }
    return NULL;
}

/* Why the id will not do, or NULL. */
static const char *
id_fault(const Finding *finding, const char *id, gsize size)
{
    const gsize name_length = strlen(finding->plugin);
    const gsize length = strnlen(id, size);

    if (length == size) {
        return "its id is not terminated";
    }
    for (gsize i = 0; i < length; i++) {
        if (!g_ascii_isgraph(id[i])) {
            return "its id has other characters than printable ASCII";
        }
    }
    if (strncmp(id, finding->plugin, name_length) != 0 || id[name_length] != ':' ||
        length == name_length + 1) {
        return "its id does not begin with the plugin's name and a colon";
    }
    return double_fault(finding, id);
}

static void
refuse_device(Finding *finding, const char *id, gsize size, const char *fault)
{
    g_autofree char *shown = rein_text_line(id, size);
    g_autofree char *text =
        g_strdup_printf("device %u \"%s\" refused: %s", finding->n_found - 1, shown, fault);

    add_reason(finding->refusals, text);
}

static void
found(void *context, const ReinDeviceInfo *given)
{
    Finding *finding = context;
    ReinDeviceInfo info = { 0 };
    g_autoptr(GError) fault = NULL;

    finding->n_found++;
    if (finding->n_found > REIN_PROBE_MAX_DEVICES) {
        return; /* one reason for all of them, below */
    }
    if (given == NULL || given->struct_size < LEAST_INFO_SIZE) {
        refuse_device(finding, "", 0, "it is described by too few bytes to have an id");
        return;
    }
    memcpy(&info, given, MIN((gsize)given->struct_size, sizeof info));
    info.struct_size = sizeof info;

    const char *id_text = id_fault(finding, info.id, sizeof info.id);
    if (id_text != NULL) {
        refuse_device(finding, info.id, sizeof info.id, id_text);
        return;
    }
    if (!rein_device_check_info(&info, &fault)) {
        refuse_device(finding, info.id, sizeof info.id, fault->message);
        return;
    }
    terminate(info.name, sizeof info.name);
    terminate(info.vendor, sizeof info.vendor);
    terminate(info.driver, sizeof info.driver);
    terminate(info.pci, sizeof info.pci);
    g_array_append_val(finding->devices, info);
}

static char *
conclude(Finding *finding, const char *said)
{
    GString *reasons = g_string_new(said);
    g_autofree char *too_many = NULL;

    if (finding->n_found == 0 && reasons->len == 0) {
        g_string_assign(reasons, "found no device, and did not say why");
    }
    if (finding->refusals->len > 0) {
        add_reason(reasons, finding->refusals->str);
    }
    if (finding->n_found > REIN_PROBE_MAX_DEVICES) {
        too_many =
            g_strdup_printf("%u devices more than %u were left out",
                            finding->n_found - REIN_PROBE_MAX_DEVICES, REIN_PROBE_MAX_DEVICES);
        add_reason(reasons, too_many);
    }
    return g_string_free(reasons, FALSE);
}

char *
rein_probe_check(const char *plugin, GArray *arrived, const char *said, GArray *devices)
{
    Finding finding = { .plugin = plugin, .devices = devices, .n_before = devices->len };
    char *reason = NULL;

    finding.refusals = g_string_new(NULL);
    for (guint i = 0; i < arrived->len; i++) {
        found(&finding, &g_array_index(arrived, ReinDeviceInfo, i));
    }
    reason = conclude(&finding, said);
    g_string_free(finding.refusals, TRUE);
    return reason;
}

char *
rein_probe(ReinPlugin *plugin, GHashTable *settings, GArray *devices)
{
    char room[REIN_MSG_SIZE] = "";
    ReinMsg msg = { .text = room, .size = sizeof room };
    const char *name = rein_plugin_get_name(plugin);
    const guint n_before = devices->len;
    Finding finding = { .plugin = name, .devices = devices };
    g_autoptr(ReinServices) services = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *said = NULL;
    char *reason = NULL;

    services = rein_services_new(name, name, settings, &error);
    if (services == NULL) {
        return g_strdup(error->message);
    }
    finding.refusals = g_string_new(NULL);
    pthread_mutex_lock(&one_probe);
    ReinStatus status = rein_plugin_get_table(plugin)->probe(rein_services_get_host(services),
                                                             found, &finding, &msg);
    pthread_mutex_unlock(&one_probe);
    said = rein_text_line(room, sizeof room);
    if (status != REIN_OK) {
        g_array_set_size(devices, n_before); /* an error means that what was found may not be so */
        rein_error_set(&error, status, said, "probe");
        reason = g_strdup(error->message);
    } else {
        reason = conclude(&finding, said);
    }
    g_string_free(finding.refusals, TRUE);
    return reason;
}
