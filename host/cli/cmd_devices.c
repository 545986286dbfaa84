/* SPDX-License-Identifier: MIT */

#include <string.h>

#include <rein/error.h>
#include <rein/registry.h>

#include "cli.h"
#include "columns.h"
#include "commands.h"
#include "common/host_registry.h"
#include "common/json.h"
#include "common/value.h"

/* What the command was asked for, and what it found. */
typedef struct Inventory {
    ReinRegistry *registry;
    const char *selector; /* NULL: none was given */
    char *selected;       /* the id of the device that answers it, else NULL */
} Inventory;

static void
inventory_clear(Inventory *self)
{
    g_clear_pointer(&self->registry, rein_registry_free);
    g_clear_pointer(&self->selected, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Inventory, inventory_clear)

/* Backends that rein knows of, to be told apart from those that nobody has heard of. */
static const char *const known_backends[] = { "cpu", "opencl", "cuda" };

#define ABSENT_REASON "not installed: no file of this plugin in any plugin folder"

/* Whether some file is, or by its name claims to be, the plugin called `backend`. */
static gboolean
has_candidate(ReinRegistry *registry, const char *backend)
{
    g_autofree char *file = g_strdup_printf("rein_plugin_%s.so", backend);

    for (guint i = 0; i < rein_registry_get_n_candidates(registry); i++) {
        const ReinCandidate *candidate = rein_registry_get_candidate(registry, i);
        if (strcmp(candidate->name, backend) == 0 || g_str_has_suffix(candidate->path, file)) {
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean
is_quarantined(const ReinDeviceEntry *device)
{
    return *device->quarantine != '\0';
}

static void
print_devices(const Inventory *self, const ReinOutput *output)
{
    static const char *const heading[] = { "ID",     "NAME",       "DRIVER", "UNITS",
                                           "MEMORY", "INTERLEAVE", "STATE" };
    g_autoptr(Columns) columns = columns_new(G_N_ELEMENTS(heading), 0x38);

    for (guint i = 0; i < G_N_ELEMENTS(heading); i++) {
        columns_add(columns, heading[i]);
    }
    for (guint i = 0; i < rein_registry_get_n_devices(self->registry); i++) {
        const ReinDeviceEntry *device = rein_registry_get_device(self->registry, i);
        g_autofree char *units = g_strdup_printf("%u", device->n_units);
        g_autofree char *memory = rein_value_describe_size(device->memory_size);
        g_autofree char *interleave = g_strdup_printf("%u", device->interleave);
        columns_add(columns, device->id);
        columns_add(columns, device->name);
        columns_add(columns, device->driver);
        columns_add(columns, units);
        columns_add(columns, memory);
        columns_add(columns, interleave);
        columns_add(columns, is_quarantined(device) ? "quarantined" : "ready");
    }
    columns_print(columns, output);
}

/* A line for each device in quarantine. */
static void
print_quarantine(const Inventory *self, const ReinOutput *output)
{
    for (guint i = 0; i < rein_registry_get_n_devices(self->registry); i++) {
        const ReinDeviceEntry *device = rein_registry_get_device(self->registry, i);
        if (is_quarantined(device)) {
            rein_output_print(
                output, "%s is quarantined since %s: %s (rein devices --clear %s ends that)\n",
                device->id, device->quarantined_since, device->quarantine, device->id);
        }
    }
}

/* (transfer full): for a table */
static char *
describe_reason(const ReinCandidate *candidate)
{
    if (candidate->state == REIN_CANDIDATE_QUARANTINED) {
        return g_strdup_printf("%s (quarantined since %s; rein devices --clear %s ends that)",
                               candidate->reason, candidate->quarantined_since,
                               *candidate->driver != '\0' ? candidate->driver : candidate->path);
    }
    return g_strdup(*candidate->reason != '\0' ? candidate->reason : "-");
}

static void
print_candidates(const Inventory *self, const ReinOutput *output)
{
    static const char *const heading[] = {
        "PLUGIN", "DRIVER", "STATE", "DEVICES", "FILE", "REASON"
    };
    g_autoptr(Columns) columns = columns_new(G_N_ELEMENTS(heading), 0x8);

    for (guint i = 0; i < G_N_ELEMENTS(heading); i++) {
        columns_add(columns, heading[i]);
    }
    for (guint i = 0; i < rein_registry_get_n_candidates(self->registry); i++) {
        const ReinCandidate *candidate = rein_registry_get_candidate(self->registry, i);
        g_autofree char *name = *candidate->name == '\0'
                                    ? g_strdup("-")
                                    : g_strdup_printf("%s %s", candidate->name, candidate->version);
        g_autofree char *devices = g_strdup_printf("%u", candidate->n_devices);
        columns_add(columns, name);
        columns_add(columns, *candidate->driver != '\0' ? candidate->driver : "-");
        columns_add(columns, rein_candidate_state_to_string(candidate->state));
        columns_add(columns, devices);
        columns_add(columns, candidate->path);
        g_autofree char *reason = describe_reason(candidate);
        columns_add(columns, reason);
    }
    for (guint i = 0; i < G_N_ELEMENTS(known_backends); i++) {
        if (!has_candidate(self->registry, known_backends[i])) {
            columns_add(columns, known_backends[i]);
            columns_add(columns, "-");
            columns_add(columns, "absent");
            columns_add(columns, "0");
            columns_add(columns, "-");
            columns_add(columns, ABSENT_REASON);
        }
    }
    columns_print(columns, output);
}

static void
print_text(const Inventory *self, const ReinOutput *output, gboolean is_explained)
{
    if (rein_registry_get_n_devices(self->registry) > 0) {
        print_devices(self, output);
    }
    if (is_explained) {
        rein_output_print(output, rein_registry_get_n_devices(self->registry) > 0 ? "\n" : "%s",
                          "");
        print_candidates(self, output);
        print_quarantine(self, output);
    }
    if (self->selected != NULL) {
        rein_output_print(output, "\n%s picks %s\n", self->selector, self->selected);
    }
}

static JsonNode *
describe_device(const ReinDeviceEntry *device)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    rein_json_add_text(builder, "type", "device");
    rein_json_add_text(builder, "id", device->id);
    rein_json_add_text(builder, "name", device->name);
    rein_json_add_text(builder, "vendor", device->vendor);
    rein_json_add_text(builder, "driver", device->driver);
    rein_json_add_text(builder, "pci", device->pci);
    rein_json_add_text(builder, "plugin", device->plugin);
    rein_json_add_number(builder, "units", device->n_units);
    rein_json_add_number(builder, "interleave", device->interleave);
    rein_json_add_number(builder, "memory_bytes",
                         (gint64)MIN(device->memory_size, (guint64)G_MAXINT64));
    rein_json_add_boolean(builder, "is_cpu", device->is_cpu);
    rein_json_add_boolean(builder, "is_gpu", device->is_gpu);
    rein_json_add_text(builder, "state", is_quarantined(device) ? "quarantined" : "ready");
    rein_json_add_text(builder, "reason", device->quarantine);
    rein_json_add_text(builder, "quarantined_since", device->quarantined_since);
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

static JsonNode *
describe_candidate(const ReinCandidate *candidate, const char *state)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    rein_json_add_text(builder, "type", "candidate");
    rein_json_add_text(builder, "plugin", candidate->name);
    rein_json_add_text(builder, "version", candidate->version);
    rein_json_add_text(builder, "driver", candidate->driver);
    rein_json_add_text(builder, "state", state);
    rein_json_add_text(builder, "path", candidate->path);
    rein_json_add_text(builder, "driver_path", candidate->driver_path);
    rein_json_add_text(builder, "reason", candidate->reason);
    rein_json_add_number(builder, "devices", candidate->n_devices);
    rein_json_add_text(builder, "quarantined_since", candidate->quarantined_since);
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

static JsonNode *
describe_absence(const char *backend)
{
    const ReinCandidate absent = {
        .path = "",
        .name = backend,
        .version = "",
        .driver = "",
        .driver_path = "",
        .reason = ABSENT_REASON,
        .quarantined_since = "",
    };

    return describe_candidate(&absent, "absent");
}

/* Devices, as nodes. */
static GPtrArray *
describe_devices(const Inventory *self)
{
    GPtrArray *nodes = g_ptr_array_new_with_free_func((GDestroyNotify)json_node_unref);

    for (guint i = 0; i < rein_registry_get_n_devices(self->registry); i++) {
        g_ptr_array_add(nodes, describe_device(rein_registry_get_device(self->registry, i)));
    }
    return nodes;
}

/* Candidate files, then known backends of which there is none, as nodes. */
static GPtrArray *
describe_candidates(const Inventory *self)
{
    GPtrArray *nodes = g_ptr_array_new_with_free_func((GDestroyNotify)json_node_unref);

    for (guint i = 0; i < rein_registry_get_n_candidates(self->registry); i++) {
        const ReinCandidate *candidate = rein_registry_get_candidate(self->registry, i);
        g_ptr_array_add(
            nodes, describe_candidate(candidate, rein_candidate_state_to_string(candidate->state)));
    }
    for (guint i = 0; i < G_N_ELEMENTS(known_backends); i++) {
        if (!has_candidate(self->registry, known_backends[i])) {
            g_ptr_array_add(nodes, describe_absence(known_backends[i]));
        }
    }
    return nodes;
}

static void
add_nodes(JsonBuilder *builder, const char *member, GPtrArray *nodes)
{
    json_builder_set_member_name(builder, member);
    json_builder_begin_array(builder);
    for (guint i = 0; i < nodes->len; i++) {
        json_builder_add_value(builder, json_node_ref(g_ptr_array_index(nodes, i)));
    }
    json_builder_end_array(builder);
}

static void
print_json(const Inventory *self, const ReinOutput *output, gboolean is_explained)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(GPtrArray) devices = describe_devices(self);
    g_autoptr(GPtrArray) candidates = is_explained ? describe_candidates(self) : NULL;

    json_builder_begin_object(builder);
    add_nodes(builder, "devices", devices);
    if (candidates != NULL) {
        add_nodes(builder, "candidates", candidates);
    }
    if (self->selected != NULL) {
        rein_json_add_text(builder, "selector", self->selector);
        rein_json_add_text(builder, "selected", self->selected);
    }
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    rein_output_print_json(output, root);
}

/* Each device, candidate and choice in a line of its own, told apart by `type`. */
static void
print_ndjson(const Inventory *self, const ReinOutput *output, gboolean is_explained)
{
    g_autoptr(GPtrArray) nodes = describe_devices(self);

    if (is_explained) {
        g_autoptr(GPtrArray) candidates = describe_candidates(self);
        for (guint i = 0; i < candidates->len; i++) {
            g_ptr_array_add(nodes, json_node_ref(g_ptr_array_index(candidates, i)));
        }
    }
    for (guint i = 0; i < nodes->len; i++) {
        rein_output_print_json(output, g_ptr_array_index(nodes, i));
    }
    if (self->selected != NULL) {
        g_autoptr(JsonBuilder) builder = json_builder_new();
        json_builder_begin_object(builder);
        rein_json_add_text(builder, "type", "selection");
        rein_json_add_text(builder, "selector", self->selector);
        rein_json_add_text(builder, "selected", self->selected);
        json_builder_end_object(builder);
        g_autoptr(JsonNode) root = json_builder_get_root(builder);
        rein_output_print_json(output, root);
    }
}

/* Opens the device that answers the selector, as a run would: the only way to know. */
static gboolean
select_device(Inventory *self, const ReinSettings *settings, GError **error)
{
    g_autoptr(ReinDevice) device = NULL;

    if (self->selector == NULL) {
        return TRUE;
    }
    device = rein_host_registry_open(self->registry, settings, self->selector, error);
    if (device == NULL) {
        return FALSE;
    }
    self->selected = g_strdup(rein_device_get_id(device));
    return TRUE;
}

/* Whether a run could use one of them, or why not. */
static gboolean
check_usable(const Inventory *self, gboolean is_explained, GError **error)
{
    const guint n_devices = rein_registry_get_n_devices(self->registry);
    const char *hint = is_explained ? "" : " (rein devices --why says what was found)";

    for (guint i = 0; i < n_devices; i++) {
        if (!is_quarantined(rein_registry_get_device(self->registry, i))) {
            return TRUE;
        }
    }
    g_set_error(error, REIN_ERROR, n_devices > 0 ? REIN_ERROR_QUARANTINED : REIN_ERROR_NO_DEVICE,
                "devices: %s%s", n_devices > 0 ? "all are quarantined" : "none is usable", hint);
    return FALSE;
}

static int
print_inventory(Cli *cli, const char *selector, gboolean is_explained)
{
    g_auto(Inventory) inventory = { .selector = selector };
    g_autoptr(GError) error = NULL;

    inventory.registry = rein_host_registry_new(cli->settings);
    rein_registry_scan(inventory.registry);
    (void)select_device(&inventory, cli->settings, &error);

    switch (cli->output.format) {
    case REIN_OUTPUT_TEXT:
        print_text(&inventory, &cli->output, is_explained);
        break;
    case REIN_OUTPUT_JSON:
        print_json(&inventory, &cli->output, is_explained);
        break;
    case REIN_OUTPUT_NDJSON:
        print_ndjson(&inventory, &cli->output, is_explained);
        break;
    }
    if (error == NULL) {
        (void)check_usable(&inventory, is_explained, &error);
    }
    return error != NULL ? cli_fail(cli, error) : cli_end(cli, REIN_EXIT_OK);
}

static void
print_cleared(const ReinOutput *output, const char *name)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    if (output->format == REIN_OUTPUT_TEXT) {
        rein_output_print(output, "%s: not quarantined any more\n", name);
        return;
    }
    json_builder_begin_object(builder);
    rein_json_add_text(builder, "type", "cleared");
    rein_json_add_text(builder, "name", name);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    rein_output_print_json(output, root);
}

/* Asks no plugin: what was let go of may hang once more. */
static int
clear_quarantine(Cli *cli, const char *name)
{
    g_autoptr(ReinRegistry) registry = NULL;
    g_autoptr(GError) error = NULL;

    if (*name == '\0') {
        g_set_error(&error, REIN_ERROR, REIN_ERROR_INVALID,
                    "--clear: no name (give one that rein devices --why shows, or all)");
        return cli_fail(cli, error);
    }
    registry = rein_host_registry_new(cli->settings);
    if (!rein_registry_clear_quarantine(registry, g_str_equal(name, "all") ? NULL : name, &error)) {
        g_prefix_error(&error, "--clear: ");
        return cli_fail(cli, error);
    }
    print_cleared(&cli->output, name);
    return cli_end(cli, REIN_EXIT_OK);
}

int
cmd_devices(int argc, char **argv)
{
    gboolean is_explained = FALSE;
    g_autofree char *selector = NULL;
    g_autofree char *cleared = NULL;
    const GOptionEntry entries[] = {
        { "why", 'w', 0, G_OPTION_ARG_NONE, &is_explained,
          "Also list each plugin file and driver that was found, what became of it and why", NULL },
        { "device", 'd', 0, G_OPTION_ARG_STRING, &selector,
          "Open the device a run with this selector would take, and say which", "SELECTOR" },
        { "clear", 'c', 0, G_OPTION_ARG_STRING, &cleared,
          "Let go of a quarantined device, plugin or driver, or of all; nothing else is done",
          "ID" },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };
    const CliUsage usage = {
        .verb = "devices",
        .arguments = "",
        .summary = "Lists the devices that plugins found on this machine.",
        .details =
            "Selectors: auto (a GPU if there is one, else the CPU plugin), a plugin (cpu),\n"
            "plugin:index (cuda:0), an id or its beginning up to a colon.\n"
            "A device that failed 3 times in 10 minutes, and a plugin or driver that crashed or "
            "hung,\nis quarantined until the machine restarts; ID is the device's id, the name "
            "or path of the\nplugin or of the driver, or all.\n"
            "Exit code 10 if there is no usable device, or none answers SELECTOR; 12 if what "
            "there is\nis quarantined.",
        .entries = entries,
    };
    g_auto(Cli) cli = { 0 };
    int code = 0;

    if (!cli_begin(&cli, &usage, argc, argv, &code)) {
        return code;
    }
    return cleared != NULL ? clear_quarantine(&cli, cleared)
                           : print_inventory(&cli, selector, is_explained);
}
