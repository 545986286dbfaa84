/* SPDX-License-Identifier: MIT */

#include "cli.h"
#include "commands.h"
#include "common/json.h"

static void
print_text(const Cli *cli, gboolean is_explained)
{
    for (guint i = 0; i < REIN_N_SETTINGS; i++) {
        ReinSettingKey key = (ReinSettingKey)i;
        const ReinSettingInfo *info = rein_setting_get_info(key);
        const char *text = rein_settings_get_text(cli->settings, key);
        g_autofree char *range = rein_setting_describe_range(info);
        if (!is_explained) {
            rein_output_print(&cli->output, "%s = %s\n", info->key, text);
            continue;
        }
        rein_output_print(&cli->output, "%s%s = %s\n", i == 0 ? "" : "\n", info->key, text);
        rein_output_print(&cli->output, "    %s\n", info->meaning);
        rein_output_print(&cli->output, "    from %s; may be %s; variable %s\n",
                          rein_settings_get_where(cli->settings, key), range, info->environment);
    }
}

static const char *
kind_to_string(ReinSettingKind kind)
{
    switch (kind) {
    case REIN_SETTING_KIND_TEXT:
        return "text";
    case REIN_SETTING_KIND_CHOICE:
        return "choice";
    case REIN_SETTING_KIND_NUMBER:
        return "number";
    case REIN_SETTING_KIND_DURATION:
        return "duration";
    case REIN_SETTING_KIND_SIZE:
        return "size";
    }
    g_return_val_if_reached("text");
}

static JsonNode *
describe(const ReinSettings *settings, ReinSettingKey key, gboolean is_explained)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    const ReinSettingInfo *info = rein_setting_get_info(key);
    g_autofree char *range = rein_setting_describe_range(info);
    ReinOrigin origin = rein_settings_get_origin(settings, key);

    json_builder_begin_object(builder);
    rein_json_add_text(builder, "key", info->key);
    rein_json_add_text(builder, "value", rein_settings_get_text(settings, key));
    rein_json_add_text(builder, "origin", rein_origin_to_string(origin));
    rein_json_add_text(builder, "where", rein_settings_get_where(settings, key));
    if (is_explained) {
        rein_json_add_text(builder, "type", kind_to_string(info->kind));
        rein_json_add_text(builder, "range", range);
        rein_json_add_text(builder, "built_in", info->built_in);
        rein_json_add_text(builder, "environment", info->environment);
        rein_json_add_text(builder, "meaning", info->meaning);
    }
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

/* `{"settings": [...]}`, or each setting in a line of its own. */
static void
print_json(const Cli *cli, gboolean is_explained)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "settings");
    json_builder_begin_array(builder);
    for (guint i = 0; i < REIN_N_SETTINGS; i++) {
        g_autoptr(JsonNode) node = describe(cli->settings, (ReinSettingKey)i, is_explained);
        if (cli->output.format == REIN_OUTPUT_NDJSON) {
            rein_output_print_json(&cli->output, node);
        } else {
            json_builder_add_value(builder, g_steal_pointer(&node));
        }
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    if (cli->output.format == REIN_OUTPUT_JSON) {
        g_autoptr(JsonNode) root = json_builder_get_root(builder);
        rein_output_print_json(&cli->output, root);
    }
}

int
cmd_config(int argc, char **argv)
{
    gboolean is_explained = FALSE;
    const GOptionEntry entries[] = {
        { "explain", 'e', 0, G_OPTION_ARG_NONE, &is_explained,
          "Say of each setting what it means, what it may be and where its value is from", NULL },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };
    const CliUsage usage = {
        .verb = "config",
        .arguments = "",
        .summary = "Prints the settings in force.",
        .details = "Later ones win: built-in, rein/rein.conf in the folders of XDG_CONFIG_DIRS,\n"
                   "rein/rein.conf in XDG_CONFIG_HOME (~/.config), REIN_* variables, flags.",
        .entries = entries,
    };
    g_auto(Cli) cli = { 0 };
    int code = 0;

    if (!cli_begin(&cli, &usage, argc, argv, &code)) {
        return code;
    }
    if (cli.output.format == REIN_OUTPUT_TEXT) {
        print_text(&cli, is_explained);
    } else {
        print_json(&cli, is_explained);
    }
    return cli_end(&cli, REIN_EXIT_OK);
}
