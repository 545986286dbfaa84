/* SPDX-License-Identifier: MIT */

#include "cli.h"

#include <rein/error.h>

/* What the flags that all commands have were set to. */
typedef struct CommonFlags {
    char *format;
    gboolean is_quiet;
    gboolean is_verbose;
    gboolean wants_help;
} CommonFlags;

static void
common_flags_clear(CommonFlags *self)
{
    g_clear_pointer(&self->format, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CommonFlags, common_flags_clear)

static GOptionContext *
make_context(const CliUsage *usage, CommonFlags *flags, GStrv *arguments)
{
    const GOptionEntry common[] = {
        { "format", 0, 0, G_OPTION_ARG_STRING, &flags->format,
          "Print results as text, json (one document) or ndjson (one a line)", "FORMAT" },
        { "quiet", 'q', 0, G_OPTION_ARG_NONE, &flags->is_quiet, "Print only results and errors",
          NULL },
        { "verbose", 'v', 0, G_OPTION_ARG_NONE, &flags->is_verbose,
          "Say on stderr what is being done", NULL },
        { "help", 'h', 0, G_OPTION_ARG_NONE, &flags->wants_help, "Print this help", NULL },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, arguments, NULL, NULL },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };
    GOptionContext *context = g_option_context_new(usage->arguments);

    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_summary(context, usage->summary);
    g_option_context_set_description(context, usage->details);
    if (usage->entries != NULL) {
        g_option_context_add_main_entries(context, usage->entries, NULL);
    }
    g_option_context_add_main_entries(context, common, NULL);
    return context;
}

static gboolean
parse_flags(Cli *self, const CliUsage *usage, CommonFlags *flags, int argc, char **argv,
            gboolean *is_help, GError **error)
{
    g_autoptr(GOptionContext) context = make_context(usage, flags, &self->arguments);
    g_autofree char *program = g_strdup_printf("rein %s", usage->verb);
    g_auto(GStrv) copy = g_new0(char *, (gsize)argc + 1);

    /* GLib takes the name in front for the usage line */
    copy[0] = g_strdup(program);
    for (int i = 1; i < argc; i++) {
        copy[i] = g_strdup(argv[i]);
    }
    g_set_prgname(program);
    gboolean is_parsed = g_option_context_parse_strv(context, &copy, error);
    *is_help = is_parsed && flags->wants_help;
    if (*is_help) {
        g_autofree char *help = g_option_context_get_help(context, TRUE, NULL);
        rein_output_print(&self->output, "%s", help);
    }
    return is_parsed;
}

static gboolean
check_arguments(Cli *self, const CliUsage *usage, GError **error)
{
    self->n_arguments = self->arguments != NULL ? g_strv_length(self->arguments) : 0;
    if (self->n_arguments < usage->n_least) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                    "something is missing: the command is rein %s %s", usage->verb,
                    usage->arguments);
        return FALSE;
    }
    if (self->n_arguments > usage->n_most) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                    "\"%s\" is one argument too many: the command is rein %s%s%s",
                    self->arguments[usage->n_most], usage->verb, *usage->arguments ? " " : "",
                    usage->arguments);
        return FALSE;
    }
    return TRUE;
}

gboolean
cli_begin(Cli *self, const CliUsage *usage, int argc, char **argv, int *code)
{
    g_auto(CommonFlags) flags = { 0 };
    g_autoptr(GError) error = NULL;
    gboolean is_help = FALSE;

    if (!parse_flags(self, usage, &flags, argc, argv, &is_help, &error)) {
        *code = cli_fail_usage(usage, "%s", error->message);
        return FALSE;
    }
    if (is_help) {
        *code = cli_end(self, REIN_EXIT_OK);
        return FALSE;
    }
    if (flags.is_quiet && flags.is_verbose) {
        *code = cli_fail_usage(usage, "--quiet and --verbose exclude each other");
        return FALSE;
    }
    if (!check_arguments(self, usage, &error)) {
        *code = cli_fail_usage(usage, "%s", error->message);
        return FALSE;
    }

    self->settings = rein_settings_load(&error);
    if (self->settings == NULL ||
        !cli_set(self, REIN_SETTING_OUTPUT_FORMAT, flags.format, "--format", &error)) {
        *code = cli_fail(self, error);
        return FALSE;
    }
    rein_output_init(&self->output, self->settings, flags.is_quiet, flags.is_verbose);
    return TRUE;
}

gboolean
cli_set(Cli *self, ReinSettingKey key, const char *text, const char *flag, GError **error)
{
    return text == NULL || rein_settings_set(self->settings, key, text, flag, error);
}

int
cli_fail(Cli *self, const GError *error)
{
    (void)rein_output_flush(&self->output, NULL); /* the error that came first counts */
    rein_output_error("%s", error->message);
    return (int)rein_exit_code_of_error(error);
}

int
cli_fail_usage(const CliUsage *usage, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    rein_output_error("%s: %s (see rein %s --help)", usage->verb, text, usage->verb);
    return REIN_EXIT_BAD_INPUT;
}

int
cli_end(Cli *self, ReinExitCode code)
{
    g_autoptr(GError) error = NULL;

    if (!rein_output_flush(&self->output, &error)) {
        return cli_fail(self, error);
    }
    return (int)code;
}

void
cli_clear(Cli *self)
{
    g_clear_pointer(&self->settings, rein_settings_free);
    g_clear_pointer(&self->arguments, g_strfreev);
    self->n_arguments = 0;
}
