/* SPDX-License-Identifier: MIT */

/* The command line: finds the command and hands it its arguments. */

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <rein/version.h>

#include "commands.h"
#include "common/exit_code.h"
#include "common/output.h"
#include "common/suggest.h"

typedef struct Command {
    const char *verb;
    int (*run)(int argc, char **argv);
    const char *summary;
} Command;

static const Command commands[] = {
    { "run", cmd_run, "evolve a problem on a device, write the best solution" },
    { "sweep", cmd_sweep, "run all combinations of instances, settings and seeds" },
    { "verify", cmd_verify, "score a solution and explain what it costs" },
    { "devices", cmd_devices, "list the devices there are, and why others are not" },
    { "config", cmd_config, "print the settings in force" },
    { "doctor", cmd_doctor, "examine this machine, say what is wrong and what to do" },
    { "clean", cmd_clean, "remove what killed runs left, and folders of old jobs" },
    { "bench", cmd_bench, "measure rates, stop latency and quality on this machine" },
};

static const Command *
find_command(const char *verb)
{
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i].verb, verb) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

/* Where what is printed without settings goes. */
static const ReinOutput output;

static int
finish(void)
{
    g_autoptr(GError) error = NULL;

    if (!rein_output_flush(&output, &error)) {
        rein_output_error("%s", error->message);
        return REIN_EXIT_BAD_INPUT;
    }
    return REIN_EXIT_OK;
}

static const char help_head[] =
    "Usage: rein COMMAND [ARGUMENTS]\n"
    "       rein help COMMAND\n"
    "       rein --version\n"
    "\n"
    "Runs fitness kernels of genetic algorithms on accelerators, and always gives the\n"
    "accelerator back.\n"
    "\n"
    "Commands:\n";

static const char help_tail[] =
    "\n"
    "Exit codes:\n"
    "  0   done; of a run: a limit or the target was reached\n"
    "  2   usage or bad input\n"
    "  3   deadline or hang, with the best so far\n"
    "  4   stopped, with the best so far\n"
    "  5   limit reached, or solution verified, but it is not feasible\n"
    "  10  no usable device\n"
    "  11  the kernel does not build\n"
    "  12  device lost or quarantined, or its plugin failed\n"
    "  13  out of device memory\n"
    "  70  a bug in rein\n"
    "  75  try again later\n"
    "\n"
    "Settings come from rein.conf, REIN_* and flags: see rein config --explain\n";

static int
print_help(void)
{
    rein_output_print(&output, "%s", help_head);
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        rein_output_print(&output, "  %-9s %s\n", commands[i].verb, commands[i].summary);
    }
    rein_output_print(&output, "%s", help_tail);
    return finish();
}

static int
fail_unknown(const char *word)
{
    const char *verbs[G_N_ELEMENTS(commands)];

    if (word[0] == '-') {
        rein_output_error("\"%s\" is not a command: options come after the command (see rein "
                          "--help)",
                          word);
        return REIN_EXIT_BAD_INPUT;
    }
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        verbs[i] = commands[i].verb;
    }
    const char *nearest = rein_suggest(word, verbs, G_N_ELEMENTS(verbs));
    if (nearest != NULL) {
        rein_output_error("\"%s\" is not a command (did you mean rein %s? see rein --help)", word,
                          nearest);
    } else {
        rein_output_error("\"%s\" is not a command (see rein --help)", word);
    }
    return REIN_EXIT_BAD_INPUT;
}

static gboolean
is_help_flag(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* `rein help [COMMAND]` is `rein COMMAND --help`. */
static int
cmd_help(int argc, char **argv)
{
    char help_flag[] = "--help";

    if (argc > 2) {
        rein_output_error("help: \"%s\" is one argument too many: the command is rein help "
                          "[COMMAND] (see rein --help)",
                          argv[2]);
        return REIN_EXIT_BAD_INPUT;
    }
    if (argc < 2 || is_help_flag(argv[1]) || strcmp(argv[1], "help") == 0) {
        return print_help();
    }
    const Command *command = find_command(argv[1]);
    if (command == NULL) {
        return fail_unknown(argv[1]);
    }
    char *help_argv[] = { argv[1], help_flag, NULL };
    return command->run(2, help_argv);
}

/* The number of a stream that is closed would go to the next file that is opened, and what is
 * printed into that file. Reading ends at once, printing results fails, messages are lost. */
static void
occupy_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            /* the lowest free number is this one; it stays open for good */
            (void)open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

int
main(int argc, char **argv)
{
    /* a reader that goes away must not end a run before it gave everything back */
    (void)signal(SIGPIPE, SIG_IGN);
    /* past a limit of ulimit -f a write then fails, which is reported, and does not end it either */
    (void)signal(SIGXFSZ, SIG_IGN);
    occupy_standard_descriptors();
    (void)setlocale(LC_CTYPE, "");

    if (argc < 2) {
        rein_output_error("no command was given (see rein --help)");
        return REIN_EXIT_BAD_INPUT;
    }
    if (is_help_flag(argv[1])) {
        return print_help();
    }
    if (strcmp(argv[1], "--version") == 0) {
        rein_output_print(&output, "rein %s\n", rein_version_string());
        return finish();
    }
    if (strcmp(argv[1], "help") == 0) {
        return cmd_help(argc - 1, argv + 1);
    }
    const Command *command = find_command(argv[1]);
    return command != NULL ? command->run(argc - 1, argv + 1) : fail_unknown(argv[1]);
}
