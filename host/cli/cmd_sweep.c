/* SPDX-License-Identifier: MIT */

#include <string.h>

#include <rein/device.h>
#include <rein/error.h>

#include "cli.h"
#include "commands.h"
#include "common/value.h"
#include "sweep_print.h"
#include "sweep_session.h"

#define RESULTS_EXTENSION ".results"

/* The command's flags as they were written. */
typedef struct SweepFlags {
    char *workers;
    char *device;
    char *on_failure;
    char *output;
    gboolean is_in_process;
    gboolean is_dry;
} SweepFlags;

static void
sweep_flags_clear(SweepFlags *self)
{
    char **texts[] = { &self->workers, &self->device, &self->on_failure, &self->output };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_clear_pointer(texts[i], g_free);
    }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SweepFlags, sweep_flags_clear)

static gboolean
read_workers(const char *text, guint *n_workers, GError **error)
{
    guint64 number = 1;

    if (text != NULL && !rein_value_parse_number(text, &number, error)) {
        g_prefix_error(error, "--workers: ");
        return FALSE;
    }
    if (number < 1 || number > REIN_SWEEP_MAX_WORKERS) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                    "--workers: %s is out of range (give 1 to %u)", text, REIN_SWEEP_MAX_WORKERS);
        return FALSE;
    }
    *n_workers = (guint)number;
    return TRUE;
}

static gboolean
read_on_failure(const char *text, const ReinSweepFile *file, gboolean *stops, GError **error)
{
    *stops = text != NULL ? strcmp(text, "stop") == 0 : file->stops_on_failure;
    if (text == NULL || *stops || strcmp(text, "continue") == 0) {
        return TRUE;
    }
    g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                "--on-failure: \"%s\" is neither continue nor stop", text);
    return FALSE;
}

/* A flag and the file cannot both say which device. */
static gboolean
check_device(const char *device, const ReinSweepFile *file, GError **error)
{
    for (guint i = 0; device != NULL && i < file->dimensions->len; i++) {
        const ReinSweepDimension *dimension = g_ptr_array_index(file->dimensions, i);
        if (strcmp(dimension->name, "device") == 0 || strcmp(dimension->name, "run.device") == 0) {
            g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                        "--device: %s says already which device (leave one out)", dimension->where);
            return FALSE;
        }
    }
    return TRUE;
}

/* (transfer full): where results go unless --output says: nightly.sweep has nightly.results */
static char *
make_folder_path(const char *file)
{
    g_autofree char *stem = g_strdup(file);
    char *dot = strrchr(stem, '.');
    char *slash = strrchr(stem, '/');

    if (dot != NULL && dot > (slash != NULL ? slash + 1 : stem)) {
        *dot = '\0';
    }
    return g_strconcat(stem, RESULTS_EXTENSION, NULL);
}

/* The receipt first, what is printed after it. */
static int
finish(Cli *cli, const SweepRequest *request, SweepEnd *end, gboolean is_stopped)
{
    g_autoptr(GError) save_error = NULL;
    ReinSweepReceipt receipt = { 0 };

    rein_sweep_receipt_init(&receipt, request->plan, request->folder);
    g_autofree char *text = rein_sweep_receipt_to_text(&receipt);
    if (!rein_sweep_folder_save_receipt(request->folder, text, &save_error) && end->error == NULL) {
        end->error = save_error;
    }
    end->exit_code = end->error != NULL ? rein_exit_code_of_error(end->error)
                                        : rein_sweep_receipt_get_exit_code(&receipt, is_stopped);
    gboolean is_complete = receipt.n_ended + receipt.n_failed == receipt.n && end->error == NULL;
    end->outcome = is_stopped ? "stopped" : is_complete ? "complete" : "failed";
    sweep_print_end(request->plan, request->folder, &receipt, end, &cli->output);
    if (end->error != NULL) {
        rein_output_error("%s", end->error->message);
    }
    return cli_end(cli, end->exit_code);
}

static int
run(Cli *cli, const SweepRequest *request, gboolean *is_abandoned)
{
    g_autoptr(GError) error = NULL;
    SweepEnd end = { 0 };

    for (guint number = 1; number <= rein_sweep_plan_get_n(request->plan); number++) {
        const ReinSweepResult *result = rein_sweep_folder_get_result(request->folder, number);
        end.n_earlier +=
            result != NULL && rein_sweep_result_get_end(result) != REIN_SWEEP_STOPPED ? 1 : 0;
    }
    SweepSessionEnd session_end = sweep_session_run(request, &cli->output, &error);
    *is_abandoned = session_end == SWEEP_SESSION_ABANDONED;
    if (*is_abandoned) {
        return REIN_EXIT_STOPPED;
    }
    end.error = error;
    return finish(cli, request, &end, session_end == SWEEP_SESSION_STOPPED);
}

/* (transfer full): what the file asks for, and in `request` what the flags say */
static ReinSweepPlan *
read_request(Cli *cli, const SweepFlags *flags, SweepRequest *request, GError **error)
{
    g_autoptr(ReinSweepFile) file = NULL;

    if (!read_workers(flags->workers, &request->n_workers, error) ||
        !cli_set(cli, REIN_SETTING_RUN_DEVICE, flags->device, "--device", error) ||
        !cli_set(cli, REIN_SETTING_DEVICE_ISOLATION,
                 flags->is_in_process ? rein_isolation_to_string(REIN_ISOLATION_NONE) : NULL,
                 "--in-process", error)) {
        return NULL;
    }
    file = rein_sweep_file_read(cli->arguments[0], cli->settings, error);
    if (file == NULL || !check_device(flags->device, file, error) ||
        !read_on_failure(flags->on_failure, file, &request->stops_on_failure, error)) {
        return NULL;
    }
    return rein_sweep_plan_new(g_steal_pointer(&file), cli->settings);
}

static int
sweep(Cli *cli, const SweepFlags *flags)
{
    g_autoptr(GError) error = NULL;
    SweepRequest request = { .settings = cli->settings };
    gboolean is_abandoned = FALSE;

    g_autoptr(ReinSweepPlan) plan = read_request(cli, flags, &request, &error);
    if (plan == NULL) {
        return cli_fail(cli, error);
    }
    if (flags->is_dry) {
        sweep_print_plan(plan, &cli->output);
        return cli_end(cli, REIN_EXIT_OK);
    }
    g_autofree char *path =
        flags->output != NULL ? g_strdup(flags->output) : make_folder_path(cli->arguments[0]);
    g_autoptr(ReinSweepFolder) folder = rein_sweep_folder_open(path, plan, &error);
    if (folder == NULL) {
        return cli_fail(cli, error);
    }
    request.plan = plan;
    request.folder = folder;
    int code = run(cli, &request, &is_abandoned);
    if (is_abandoned) {
        /* the workers use them until the end of the process, a moment from now */
        plan = NULL;
        folder = NULL;
    }
    return code;
}

static const char details[] =
    "FILE is a key file; values are separated by semicolons, and paths count from where it is:\n"
    "\n"
    "  [sweep]\n"
    "  instances = comp01.ctt; comp02.ctt\n"
    "  seeds = 1-10; 20\n"
    "  on-failure = continue\n"
    "  [settings]\n"
    "  time = 10s\n"
    "  population = 4; 8\n"
    "\n"
    "[settings] takes every flag of rein run that is a number, a limit, a device or a start,\n"
    "and every setting of rein config. The same command goes on with a sweep that was stopped\n"
    "or killed. The first Ctrl-C stops it, the second one ends it at once.";

int
cmd_sweep(int argc, char **argv)
{
    g_auto(SweepFlags) flags = { 0 };
    const GOptionEntry entries[] = {
        { "workers", 'w', 0, G_OPTION_ARG_STRING, &flags.workers,
          "Run N at a time, each on a device of its own (1)", "N" },
        { "device", 'd', 0, G_OPTION_ARG_STRING, &flags.device,
          "auto, cpu, or the beginning of an id in rein devices", "SELECTOR" },
        { "on-failure", 0, 0, G_OPTION_ARG_STRING, &flags.on_failure,
          "continue with the rest, or stop", "WHAT" },
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &flags.output,
          "Where results go (FILE with the extension .results)", "FOLDER" },
        { "in-process", 0, 0, G_OPTION_ARG_NONE, &flags.is_in_process,
          "Run the devices' plugins in this process: nothing can end one that hangs", NULL },
        { "dry-run", 0, 0, G_OPTION_ARG_NONE, &flags.is_dry, "Print the combinations, run none",
          NULL },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };
    const CliUsage usage = {
        .verb = "sweep",
        .arguments = "FILE",
        .n_least = 1,
        .n_most = 1,
        .summary = "Runs all combinations of instances, settings and seeds on warm devices.",
        .details = details,
        .entries = entries,
    };
    g_auto(Cli) cli = { 0 };
    int code = 0;

    if (!cli_begin(&cli, &usage, argc, argv, &code)) {
        return code;
    }
    return sweep(&cli, &flags);
}
