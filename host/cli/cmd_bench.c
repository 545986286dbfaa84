/* SPDX-License-Identifier: MIT */

#include <rein/error.h>
#include <string.h>

#include "bench/bench.h"
#include "cli.h"
#include "commands.h"
#include "common/host_registry.h"
#include "common/json.h"
#include "common/value.h"

static char *flag_data;
static char *flag_device;
static char *flag_time;
static char *flag_against;
static char *flag_rivals;
static char *flag_patience;
static char *flag_peer;
static int flag_repeats = 11;
static int flag_stops = 1000;
static int flag_seeds = 3;
static int flag_trials = 20;
static int flag_jobs = 200;

static const GOptionEntry entries[] = {
    { "data", 0, 0, G_OPTION_ARG_FILENAME, &flag_data,
      "Folder with comp01.ctt to comp07.ctt (tests/data/itc2007)", "DIR" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &flag_device, "What to measure", "SELECTOR" },
    { "against", 0, 0, G_OPTION_ARG_STRING, &flag_against,
      "What versus and timetable compare it with", "SELECTOR" },
    { "rivals", 0, 0, G_OPTION_ARG_FILENAME, &flag_rivals,
      "Folder with the hand-written programs (tests/rivals of the build)", "DIR" },
    { "patience", 0, 0, G_OPTION_ARG_STRING, &flag_patience,
      "How long another process may take to answer (2m)", "DURATION" },
    { "peer", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &flag_peer,
      "Serve another rein bench by lines", "WORK" },
    { "repeats", 0, 0, G_OPTION_ARG_INT, &flag_repeats, "Values behind each median (11)", "N" },
    { "stops", 0, 0, G_OPTION_ARG_INT, &flag_stops, "Stops of the case stop (1000)", "N" },
    { "trials", 0, 0, G_OPTION_ARG_INT, &flag_trials,
      "Hosts that are killed in kill; workers in gone, at most 5 (20)", "N" },
    { "jobs", 0, 0, G_OPTION_ARG_INT, &flag_jobs, "Jobs of the case drift (200)", "N" },
    { "seeds", 0, 0, G_OPTION_ARG_INT, &flag_seeds, "Runs of each instance in timetable (3)", "N" },
    { "time", 0, 0, G_OPTION_ARG_STRING, &flag_time, "Length of each run in timetable",
      "DURATION" },
    { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
};

static const CliUsage usage = {
    .verb = "bench",
    .arguments = "[CASE…]",
    .n_least = 0,
    .n_most = 16,
    .summary = "Measures this machine: rates, cost per round, stop latency, quality.",
    .details =
        "Cases:\n"
        "  evaluate   full timetable evaluations, against plain C on one core\n"
        "  moves      delta-evaluated timetable moves\n"
        "  round      what a round of empty kernels costs\n"
        "  host       run_fitness against an OpenCL host program written by hand\n"
        "  versus     --device against --against, on the same kernels\n"
        "  build      starting a device and its programs: from nothing, and once more\n"
        "  stop       from the stop flag to the terminal state\n"
        "  isolation  the same job behind a worker process and in this one; a warm worker\n"
        "  gone       from the stop flag to the end of a worker that does not stop\n"
        "  kill       from a host's kill -9 to the end of its last descendant\n"
        "  teardown   what giving back costs, and emptying the scratch folder\n"
        "  drift      what many jobs on one worker leave behind\n"
        "  timetable  quality on ITC-2007 comp01 to comp07; takes minutes, only when named\n"
        "Without a case: all but timetable. What a device computes is compared with plain C\n"
        "and the CPU plugin first; where it is wrong there is no figure, and the exit code\n"
        "is 12.\n",
    .entries = entries,
};

/* Whether `test` was asked for. */
static gboolean
is_wanted(const Cli *cli, const BenchCase *test)
{
    if (cli->n_arguments == 0) {
        return !test->is_long;
    }
    return g_strv_contains((const char *const *)cli->arguments, test->name);
}

static const char *
find_unknown_case(const Cli *cli)
{
    for (guint i = 0; i < cli->n_arguments; i++) {
        gboolean is_known = FALSE;
        for (const BenchCase *test = bench_cases; test->name != NULL; test++) {
            is_known |= strcmp(test->name, cli->arguments[i]) == 0;
        }
        if (!is_known) {
            return cli->arguments[i];
        }
    }
    return NULL;
}

static gboolean
run_cases(Bench *bench, const Cli *cli, GError **error)
{
    if (cli->output.format == REIN_OUTPUT_TEXT) {
        rein_output_print(&cli->output, "device %s: %s, %s\n", bench->device->id,
                          bench->device->name, bench->device->driver);
    }
    for (const BenchCase *test = bench_cases; test->name != NULL; test++) {
        if (!is_wanted(cli, test)) {
            continue;
        }
        rein_output_note(&cli->output, "bench: %s: %s", test->name, test->summary);
        if (!test->run(bench, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* The whole document: what was measured on, and all rows. */
static gboolean
run_bench(Bench *bench, Cli *cli, GError **error)
{
    g_autoptr(JsonBuilder) rows = json_builder_new();
    g_autoptr(JsonNode) root = NULL;

    bench->rows = rows;
    json_builder_begin_object(rows);
    rein_json_add_text(rows, "device", bench->device->id);
    rein_json_add_text(rows, "name", bench->device->name);
    rein_json_add_text(rows, "driver", bench->device->driver);
    json_builder_set_member_name(rows, "rows");
    json_builder_begin_array(rows);
    if (!run_cases(bench, cli, error)) {
        return FALSE;
    }
    json_builder_end_array(rows);
    bench_add_left_out(bench);
    json_builder_end_object(rows);
    root = json_builder_get_root(rows);
    if (cli->output.format != REIN_OUTPUT_TEXT) {
        rein_output_print_json(&cli->output, root);
    }
    if (bench->n_wrong > 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED,
                    "bench: %s: %u left out, because what it computes is wrong", bench->device->id,
                    bench->n_wrong);
        return FALSE;
    }
    return TRUE;
}

/* Beside the folder this program is in, as the build makes it. */
static char *
make_rivals_path(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(program != NULL ? program : "bin/rein");
    g_autofree char *path = g_build_filename(folder, "..", "tests", "rivals", NULL);

    return g_canonicalize_filename(path, NULL);
}

static gboolean
parse_patience(gint64 *answer_ns, GError **error)
{
    if (!rein_value_parse_duration(flag_patience != NULL ? flag_patience : "2m", answer_ns,
                                   error)) {
        g_prefix_error(error, "--patience: ");
        return FALSE;
    }
    return TRUE;
}

/* Measures, or serves another that does. */
static gboolean
begin_bench(Bench *bench, Cli *cli, GError **error)
{
    const char *selector = rein_settings_get_text(cli->settings, REIN_SETTING_RUN_DEVICE);
    const gboolean is_opening_timed = g_strcmp0(flag_peer, BENCH_NO_WORK) == 0;

    if (!parse_patience(&bench->answer_ns, error) ||
        !bench_pick_device(bench, selector, &bench->device, &bench->plugin_path,
                           is_opening_timed ? &bench->opened_ns : NULL, error)) {
        return FALSE;
    }
    return flag_peer != NULL ? bench_serve(bench, flag_peer, error) : run_bench(bench, cli, error);
}

int
cmd_bench(int argc, char **argv)
{
    g_auto(Cli) cli = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(ReinRegistry) registry = NULL;
    g_autofree char *rivals = make_rivals_path();
    g_auto(GStrv) environment = g_get_environ();
    int code = 0;

    if (!cli_begin(&cli, &usage, argc, argv, &code)) {
        return code;
    }
    if (find_unknown_case(&cli) != NULL) {
        return cli_fail_usage(&usage, "there is no case \"%s\"", find_unknown_case(&cli));
    }
    if (MIN(flag_repeats, flag_stops) < 1 || MIN(flag_seeds, flag_trials) < 1 || flag_jobs < 1) {
        return cli_fail_usage(
            &usage, "--repeats, --stops, --seeds, --trials and --jobs must be at least 1");
    }
    if (!cli_set(&cli, REIN_SETTING_RUN_TIME, flag_time, "--time", &error) ||
        !cli_set(&cli, REIN_SETTING_RUN_DEVICE, flag_device, "--device", &error)) {
        return cli_fail(&cli, error);
    }
    registry = rein_host_registry_new(cli.settings);

    Bench bench = {
        .settings = cli.settings,
        .output = &cli.output,
        .registry = registry,
        .data_folder = flag_data != NULL ? flag_data : "tests/data/itc2007",
        .against = flag_against,
        .environment = environment,
        .rivals = flag_rivals != NULL ? flag_rivals : rivals,
        .n_repeats = (guint)flag_repeats,
        .n_stops = (guint)flag_stops,
        .n_seeds = (guint)flag_seeds,
        .n_trials = (guint)flag_trials,
        .n_jobs = (guint)flag_jobs,
        .time_limit_ns = rein_settings_get_duration_ns(cli.settings, REIN_SETTING_RUN_TIME),
    };
    if (!begin_bench(&bench, &cli, &error)) {
        return cli_fail(&cli, error);
    }
    return cli_end(&cli, REIN_EXIT_OK);
}
