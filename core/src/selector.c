/* SPDX-License-Identifier: MIT */

#include "selector_private.h"

#include <string.h>

#include <rein/error.h>

#include "text_private.h"

#define MAX_LENGTH 127

static gboolean
refuse(const char *selector, const char *fault, GError **error)
{
    g_autofree char *shown = rein_text_line(selector, MAX_LENGTH);

    g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                "device selector \"%s\" %s (use auto, a plugin, plugin:index, an id or its "
                "beginning up to a colon)",
                shown, fault);
    return FALSE;
}

static gboolean
check(const char *selector, GError **error)
{
    const gsize length = strlen(selector);

    if (length == 0) {
        return refuse(selector, "is empty", error);
    }
    if (length > MAX_LENGTH) {
        return refuse(selector, "is too long", error);
    }
    if (strcmp(selector, "all") == 0) {
        return refuse(selector, "means many devices, and one is wanted here", error);
    }
    for (gsize i = 0; i < length; i++) {
        if (!g_ascii_isgraph(selector[i])) {
            return refuse(selector, "has other characters than printable ASCII", error);
        }
    }
    if (selector[0] == ':' || selector[length - 1] == ':') {
        return refuse(selector, "begins or ends with a colon", error);
    }
    return TRUE;
}

static const ReinDeviceEntry *
device_at(GPtrArray *devices, guint index)
{
    return g_ptr_array_index(devices, index);
}

static gint
find_id(const char *selector, GPtrArray *devices)
{
    for (guint i = 0; i < devices->len; i++) {
        if (strcmp(device_at(devices, i)->id, selector) == 0) {
            return (gint)i;
        }
    }
    return -1;
}

/* Whether a device answers what does not mean it in particular. */
static gboolean
is_free(const ReinDeviceEntry *device, gboolean with_quarantined)
{
    return with_quarantined || device->quarantine[0] == '\0';
}

static gint
find_first(const char *plugin, GPtrArray *devices, gboolean with_quarantined)
{
    for (guint i = 0; i < devices->len; i++) {
        const ReinDeviceEntry *device = device_at(devices, i);

        if (strcmp(device->plugin, plugin) == 0 && is_free(device, with_quarantined)) {
            return (gint)i;
        }
    }
    return -1;
}

/* The device of a place among those of its plugin. */
static gint
find_index(const char *selector, GPtrArray *devices)
{
    const char *colon = strchr(selector, ':');
    g_autofree char *plugin = NULL;
    guint64 index = 0;

    if (colon == NULL || !g_ascii_string_to_unsigned(colon + 1, 10, 0, G_MAXUINT32, &index, NULL)) {
        return -1;
    }
    plugin = g_strndup(selector, (gsize)(colon - selector));
    for (guint i = 0; i < devices->len; i++) {
        if (strcmp(device_at(devices, i)->plugin, plugin) == 0 && index-- == 0) {
            return (gint)i;
        }
    }
    return -1;
}

static gint
find_beginning(const char *selector, GPtrArray *devices, gboolean with_quarantined)
{
    const gsize length = strlen(selector);

    for (guint i = 0; i < devices->len; i++) {
        const ReinDeviceEntry *device = device_at(devices, i);

        if (strncmp(device->id, selector, length) == 0 && device->id[length] == ':' &&
            is_free(device, with_quarantined)) {
            return (gint)i;
        }
    }
    return -1;
}

static gint
find_auto(GPtrArray *devices, gboolean with_quarantined)
{
    for (guint i = 0; i < devices->len; i++) {
        const ReinDeviceEntry *device = device_at(devices, i);

        if (device->is_gpu && is_free(device, with_quarantined)) {
            return (gint)i;
        }
    }
    return find_first("cpu", devices, with_quarantined);
}

/* What may mean several devices. */
static gint
find_any(const char *selector, GPtrArray *devices, gboolean with_quarantined)
{
    gint index = -1;

    if (strcmp(selector, "auto") == 0) {
        return find_auto(devices, with_quarantined);
    }
    index = find_first(selector, devices, with_quarantined);
    return index >= 0 ? index : find_beginning(selector, devices, with_quarantined);
}

static gint
find(const char *selector, GPtrArray *devices, gint *skipped)
{
    const gboolean is_auto = strcmp(selector, "auto") == 0;
    gint index = is_auto ? -1 : find_id(selector, devices);

    *skipped = -1;
    if (index < 0 && !is_auto && find_first(selector, devices, TRUE) < 0) {
        index = find_index(selector, devices);
    }
    if (index >= 0) {
        return index;
    }
    const gint first = find_any(selector, devices, TRUE);
    index = find_any(selector, devices, FALSE);
    if (index >= 0 && index != first) {
        *skipped = first;
    }
    return index >= 0 ? index : first;
}

/* A refused file has no name but its file's: rein_plugin_cuda.so is likely to be cuda. */
static gboolean
is_file_of(const ReinCandidate *candidate, const char *plugin)
{
    g_autofree char *file = g_path_get_basename(candidate->path);
    g_autofree char *plain = g_strdup_printf("%s.so", plugin);
    g_autofree char *usual = g_strdup_printf("_%s.so", plugin);

    return strcmp(file, plain) == 0 || g_str_has_suffix(file, usual);
}

/* What one driver of a plugin, or the plugin, says for having no device. */
static void
add_excuse(GString *story, const ReinCandidate *candidate)
{
    if (candidate->n_devices > 0 || candidate->reason[0] == '\0') {
        return;
    }
    g_string_append_printf(story, "%s%s%s%s", story->len > 0 ? "; " : "", candidate->driver,
                           candidate->driver[0] != '\0' ? ": " : "", candidate->reason);
    if (candidate->state == REIN_CANDIDATE_QUARANTINED) {
        g_string_append_printf(story, " (quarantined since %s)", candidate->quarantined_since);
    }
}

/* NULL: there is no plugin of that name. */
static char *
named_story(const char *plugin, GPtrArray *candidates)
{
    g_autoptr(GString) excuses = g_string_new(NULL);
    guint n_candidates = 0;
    guint n_devices = 0;

    for (guint i = 0; i < candidates->len; i++) {
        const ReinCandidate *candidate = g_ptr_array_index(candidates, i);

        if (candidate->state != REIN_CANDIDATE_REFUSED &&
            candidate->state != REIN_CANDIDATE_SHADOWED && strcmp(candidate->name, plugin) == 0) {
            n_candidates++;
            n_devices += candidate->n_devices;
            add_excuse(excuses, candidate);
        }
    }
    if (n_candidates == 0) {
        return NULL;
    }
    if (n_devices == 0) {
        return g_strdup_printf("%s: %s", plugin, excuses->str);
    }
    return g_strdup_printf("%s: has %u device%s, not that one%s%s", plugin, n_devices,
                           n_devices > 1 ? "s" : "", excuses->len > 0 ? "; " : "", excuses->str);
}

static const char *
state_to_word(ReinCandidateState state)
{
    return state == REIN_CANDIDATE_FAILED        ? "failed"
           : state == REIN_CANDIDATE_QUARANTINED ? "is quarantined"
                                                 : "refused";
}

/* What there is to say about a plugin that did not answer. */
static char *
plugin_story(const char *plugin, GPtrArray *candidates)
{
    char *story = named_story(plugin, candidates);

    for (guint i = 0; story == NULL && i < candidates->len; i++) {
        const ReinCandidate *candidate = g_ptr_array_index(candidates, i);

        if (candidate->name[0] == '\0' && is_file_of(candidate, plugin)) {
            story = g_strdup_printf("%s: %s %s: %s", plugin, candidate->path,
                                    state_to_word(candidate->state), candidate->reason);
        }
    }
    return story != NULL ? story : g_strdup_printf("no plugin called \"%s\" is installed", plugin);
}

static char *
list_devices(GPtrArray *devices)
{
    GString *list = g_string_new(NULL);

    for (guint i = 0; i < devices->len; i++) {
        const ReinDeviceEntry *device = device_at(devices, i);

        g_string_append_printf(list, "%s%s", i > 0 ? ", " : "", device->id);
        if (device->name[0] != '\0') {
            g_string_append_printf(list, " (%s)", device->name);
        }
        if (device->quarantine[0] != '\0') {
            g_string_append(list, " in quarantine");
        }
    }
    return g_string_free(list, FALSE);
}

static void
say_none(const char *selector, GPtrArray *devices, GPtrArray *candidates, GError **error)
{
    const gboolean is_auto = strcmp(selector, "auto") == 0;
    g_autofree char *plugin =
        is_auto ? g_strdup("cpu") : g_strndup(selector, strcspn(selector, ":"));
    g_autofree char *story = plugin_story(plugin, candidates);
    g_autofree char *list = list_devices(devices);

    g_set_error(error, REIN_ERROR, REIN_ERROR_NO_DEVICE,
                "no device answers \"%s\": %s%s; devices here: %s; see rein devices --why",
                selector, is_auto ? "no GPU, and " : "", story, list[0] != '\0' ? list : "none");
}

gboolean
rein_selector_get_plugin(const char *selector, char **plugin, GError **error)
{
    g_return_val_if_fail(selector != NULL && plugin != NULL, FALSE);
    g_return_val_if_fail(error == NULL || *error == NULL, FALSE);

    *plugin = NULL;
    if (!check(selector, error)) {
        return FALSE;
    }
    if (strcmp(selector, "auto") != 0) {
        *plugin = g_strndup(selector, strcspn(selector, ":"));
    }
    return TRUE;
}

gint
rein_selector_find(const char *selector, GPtrArray *devices, GPtrArray *candidates, gint *skipped,
                   GError **error)
{
    g_return_val_if_fail(selector != NULL && devices != NULL && candidates != NULL, -1);
    g_return_val_if_fail(skipped != NULL, -1);
    g_return_val_if_fail(error == NULL || *error == NULL, -1);

    if (!check(selector, error)) {
        return -1;
    }
    gint index = find(selector, devices, skipped);
    if (index < 0) {
        say_none(selector, devices, candidates, error);
    }
    return index;
}
