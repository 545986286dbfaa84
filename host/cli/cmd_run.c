/* SPDX-License-Identifier: MIT */

#include <rein/device.h>
#include <rein/error.h>

#include "cli.h"
#include "commands.h"
#include "run_print.h"
#include "run_session.h"
#include "runner/run_option.h"

/* The command's flags as they were written. */
typedef struct RunFlags {
    char *time;
    char *rounds;
    char *evaluations;
    char *target;
    char *stagnation;
    char *deadline;
    char *seed;
    char *population;
    char *device;
    char *fallback;
    char *start;
    char *output;
    char *record;
    char *slice;
    GStrv settings; /* KEY=VALUE */
    gboolean is_in_process;
    gboolean is_polite;
    gboolean has_no_grid;
} RunFlags;

static void
run_flags_clear(RunFlags *self)
{
    char **texts[] = { &self->time,       &self->rounds,   &self->evaluations, &self->target,
                       &self->stagnation, &self->deadline, &self->seed,        &self->population,
                       &self->device,     &self->fallback, &self->start,       &self->output,
                       &self->record,     &self->slice };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_clear_pointer(texts[i], g_free);
    }
    g_clear_pointer(&self->settings, g_strfreev);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RunFlags, run_flags_clear)

static gboolean
set_setting(Cli *cli, const char *assignment, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(assignment, "=", 2);
    ReinSettingKey key = REIN_N_SETTINGS;

    if (g_strv_length(parts) != 2) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                    "--set: \"%s\" has no = (give KEY=VALUE, as in cpu.threads=1)", assignment);
        return FALSE;
    }
    if (!rein_setting_find(parts[0], &key)) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                    "--set: no setting is called \"%s\" (see rein config)", parts[0]);
        return FALSE;
    }
    g_autofree char *flag = g_strconcat("--set ", parts[0], NULL);
    return rein_settings_set(cli->settings, key, parts[1], flag, error);
}

/* Settings by their keys first: a flag of its own counts more. */
static gboolean
make_spec(Cli *cli, const RunFlags *flags, ReinRunSpec *spec, GError **error)
{
    const struct {
        const char *name;
        const char *text; /* nullable */
    } options[] = {
        { "time", flags->time },
        { "rounds", flags->rounds },
        { "evaluations", flags->evaluations },
        { "target", flags->target },
        { "stagnation", flags->stagnation },
        { "deadline", flags->deadline },
        { "seed", flags->seed },
        { "population", flags->population },
        { "device", flags->device },
        { "slice-ms", flags->slice },
        { "start", flags->start },
    };

    *spec = (ReinRunSpec){
        .settings = cli->settings,
        .problem_path = cli->arguments[0],
        .output_path = flags->output,
        .record_path = flags->record,
    };
    for (guint i = 0; flags->settings != NULL && flags->settings[i] != NULL; i++) {
        if (!set_setting(cli, flags->settings[i], error)) {
            return FALSE;
        }
    }
    if (!cli_set(cli, REIN_SETTING_DEVICE_ISOLATION,
                 flags->is_in_process ? rein_isolation_to_string(REIN_ISOLATION_NONE) : NULL,
                 "--in-process", error) ||
        !cli_set(cli, REIN_SETTING_RUN_POLITE, flags->is_polite ? "yes" : NULL, "--polite",
                 error) ||
        !cli_set(cli, REIN_SETTING_RUN_FALLBACK, flags->fallback, "--fallback", error)) {
        return FALSE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autofree char *flag = g_strconcat("--", options[i].name, NULL);
        if (options[i].text != NULL && !rein_run_option_apply(spec, cli->settings, options[i].name,
                                                              options[i].text, flag, error)) {
            return FALSE;
        }
    }
    rein_run_option_complete(spec);
    return TRUE;
}

static int
run(Cli *cli, const RunFlags *flags)
{
    g_autoptr(GError) error = NULL;
    ReinRunSpec spec = { 0 };
    int code = 0;

    if (!make_spec(cli, flags, &spec, &error)) {
        return cli_fail(cli, error);
    }
    g_autoptr(ReinRunReport) report = run_session_run(&spec, &cli->output, &code);
    if (report == NULL) {
        return code;
    }
    run_print(report, &cli->output, !flags->has_no_grid);
    return cli_end(cli, report->exit_code);
}

int
cmd_run(int argc, char **argv)
{
    g_auto(RunFlags) flags = { 0 };
    const GOptionEntry entries[] = {
        { "time", 't', 0, G_OPTION_ARG_STRING, &flags.time,
          "Limit of time: 20s, 5m (60s if no limit is given)", "T" },
        { "rounds", 0, 0, G_OPTION_ARG_STRING, &flags.rounds, "Limit of rounds", "N" },
        { "evaluations", 0, 0, G_OPTION_ARG_STRING, &flags.evaluations, "Limit of full evaluations",
          "N" },
        { "target", 0, 0, G_OPTION_ARG_STRING, &flags.target,
          "End when the best costs no more: 5, or hard,soft", "COST" },
        { "stagnation", 0, 0, G_OPTION_ARG_STRING, &flags.stagnation,
          "End after N rounds without a better best", "N" },
        { "deadline", 0, 0, G_OPTION_ARG_STRING, &flags.deadline,
          "The run must be over by then; passing it is an error", "T" },
        { "seed", 0, 0, G_OPTION_ARG_STRING, &flags.seed, "Seed of all random numbers", "N" },
        { "population", 0, 0, G_OPTION_ARG_STRING, &flags.population,
          "Individuals; the problem knows a good number", "N" },
        { "device", 'd', 0, G_OPTION_ARG_STRING, &flags.device,
          "auto, cpu, or the beginning of an id in rein devices", "SELECTOR" },
        { "fallback", 0, 0, G_OPTION_ARG_STRING, &flags.fallback,
          "Go on with this device if the other is not there, quarantined, lost or hangs",
          "SELECTOR" },
        { "start", 0, 0, G_OPTION_ARG_FILENAME, &flags.start, "Begin from this solution", "FILE" },
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &flags.output, "Copy the solution to FILE",
          "FILE" },
        { "record", 0, 0, G_OPTION_ARG_FILENAME, &flags.record,
          "Write what each round came to, as ndjson", "FILE" },
        { "in-process", 0, 0, G_OPTION_ARG_NONE, &flags.is_in_process,
          "Run the device's plugin in this process: nothing can end it if it hangs", NULL },
        { "polite", 0, 0, G_OPTION_ARG_NONE, &flags.is_polite,
          "Leave the machine usable: least priority, half the cores, short slices", NULL },
        { "slice-ms", 0, 0, G_OPTION_ARG_STRING, &flags.slice,
          "What one call of the plugin aims to take, 1 to 100", "N" },
        { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &flags.settings,
          "Set any setting for this run: cpu.threads=1", "KEY=VALUE" },
        { "no-grid", 0, 0, G_OPTION_ARG_NONE, &flags.has_no_grid,
          "Do not show the solution at the end", NULL },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };
    const CliUsage usage = {
        .verb = "run",
        .arguments = "PROBLEM",
        .n_least = 1,
        .n_most = 1,
        .summary = "Evolves a problem on a device and writes the best solution.",
        .details =
            "The solution always goes into the job's folder. The first Ctrl-C stops the run and "
            "saves\nthe best so far, the second one ends it at once. SIGUSR1 saves the best so far, and "
            "the\nrun goes on.",
        .entries = entries,
    };
    g_auto(Cli) cli = { 0 };
    int code = 0;

    run_session_catch_signals();
    if (!cli_begin(&cli, &usage, argc, argv, &code)) {
        return code;
    }
    return run(&cli, &flags);
}
