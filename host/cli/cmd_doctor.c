/* SPDX-License-Identifier: MIT */

#include <rein/error.h>

#include "cli.h"
#include "commands.h"
#include "common/host_registry.h"
#include "common/json.h"
#include "doctor/bundle.h"
#include "doctor/doctor.h"

/* Facts that are no lists, for those who ask for more. */
static void
print_facts(const DoctorSection *section, const ReinOutput *output)
{
    JsonObjectIter members;
    const char *member = NULL;
    JsonNode *value = NULL;

    json_object_iter_init_ordered(&members, section->facts);
    while (json_object_iter_next_ordered(&members, &member, &value)) {
        g_autofree char *text = rein_json_to_text(value, FALSE);
        rein_output_print(output, "    %s: %s\n", member, text);
    }
}

static void
print_text(GPtrArray *sections, const ReinOutput *output)
{
    guint n_findings = 0;

    for (guint i = 0; i < sections->len; i++) {
        const DoctorSection *section = g_ptr_array_index(sections, i);
        const char *state = doctor_state_to_string(doctor_section_get_state(section));
        rein_output_print(output, "%-12s %s\n", section->name, state);
        for (guint j = 0; j < section->findings->len; j++) {
            const DoctorFinding *finding = g_ptr_array_index(section->findings, j);
            g_autofree char *what = g_strescape(finding->what, NULL);
            rein_output_print(output, "  %s%s%s\n", what,
                              *finding->advice != '\0' ? "\n    do: " : "", finding->advice);
            n_findings += finding->state != DOCTOR_OK ? 1 : 0;
        }
        if (output->is_verbose) {
            print_facts(section, output);
        }
    }
    if (n_findings == 0) {
        rein_output_print(output, "\nall is well\n");
    } else {
        rein_output_print(output, "\n%u to look after\n", n_findings);
    }
}

/* `{"state": …, "sections": [...]}`, or each section in a line of its own. */
static void
print_json(JsonNode *document, const ReinOutput *output)
{
    if (output->format == REIN_OUTPUT_JSON) {
        rein_output_print_json(output, document);
        return;
    }
    JsonArray *sections = json_object_get_array_member(json_node_get_object(document), "sections");
    for (guint i = 0; i < json_array_get_length(sections); i++) {
        rein_output_print_json(output, json_array_get_element(sections, i));
    }
}

static ReinExitCode
find_exit_code(GPtrArray *sections, ReinRegistry *registry)
{
    if (rein_registry_get_n_devices(registry) == 0) {
        return REIN_EXIT_NO_DEVICE;
    }
    return doctor_get_state(sections) == DOCTOR_PROBLEM ? REIN_EXIT_TRY_AGAIN : REIN_EXIT_OK;
}

static int
examine(Cli *cli, const char *bundle)
{
    g_autoptr(ReinRegistry) registry = rein_host_registry_new(cli->settings);
    g_autoptr(GError) error = NULL;

    rein_registry_scan(registry);
    const DoctorPatient patient = { cli->settings, registry };
    g_autoptr(GPtrArray) sections = doctor_examine(&patient);
    g_autoptr(JsonNode) document = doctor_to_json(sections);
    if (cli->output.format == REIN_OUTPUT_TEXT) {
        print_text(sections, &cli->output);
    } else {
        print_json(document, &cli->output);
    }
    if (bundle != NULL) {
        if (!doctor_bundle_write(bundle, document, &patient, &error)) {
            return cli_fail(cli, error);
        }
        rein_output_note(&cli->output, "bundle: %s", bundle);
    }
    return cli_end(cli, find_exit_code(sections, registry));
}

int
cmd_doctor(int argc, char **argv)
{
    g_autofree char *bundle = NULL;
    const GOptionEntry entries[] = {
        { "bundle", 'b', 0, G_OPTION_ARG_FILENAME, &bundle,
          "Also pack the evidence, to be sent to who is to help", "FILE.tar.gz" },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };
    const CliUsage usage = {
        .verb = "doctor",
        .arguments = "",
        .summary = "Examines this machine and this rein, and says what to do about what is wrong.",
        .details =
            "--verbose shows all facts, --format json too: keep it before and after something "
            "to compare.\nThe bundle has no problem, no solution and no environment. Exit "
            "code 10 if there is no\nusable device, 75 if there is another problem, 0 with "
            "warnings.",
        .entries = entries,
    };
    g_auto(Cli) cli = { 0 };
    int code = 0;

    if (!cli_begin(&cli, &usage, argc, argv, &code)) {
        return code;
    }
    return examine(&cli, bundle);
}
