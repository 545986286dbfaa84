/* SPDX-License-Identifier: MIT */

/*
 * What every command begins and ends with: flags, settings, output, exit code. A command is one file,
 * cmd_<verb>.c, with one function, which makes a Cli, begins it, and returns what cli_end() or
 * cli_fail() returns. Main thread.
 */

#pragma once

#include "common/exit_code.h"
#include "common/output.h"
#include "common/settings.h"

G_BEGIN_DECLS

typedef struct Cli {
    ReinSettings *settings; /* with --format in it; commands add theirs by cli_set() */
    ReinOutput output;
    GStrv arguments; /* what is left after the flags: [n_arguments], then NULL */
    guint n_arguments;
} Cli;

/* How a command is called. Text is static. */
typedef struct CliUsage {
    const char *verb;      /* "verify" */
    const char *arguments; /* "PROBLEM SOLUTION", "" for none */
    guint n_least;         /* arguments */
    guint n_most;
    const char *summary;         /* one sentence */
    const char *details;         /* (nullable) what follows the flags in --help */
    const GOptionEntry *entries; /* (nullable) the command's own flags, then an empty one */
} CliUsage;

/**
 * cli_begin:
 * @self: zeroed
 * @argv: of the command, argv[0] being its verb
 * @code: (out): the exit code if the command ends here
 *
 * Parses the command's flags and those all commands have (--format, --quiet, --verbose, --help), loads
 * the settings and sets up the output.
 *
 * Returns: whether the command goes on; if not, help or an error was printed, and it returns @code.
 *     Either way @self is for cli_clear()
 */
gboolean cli_begin(Cli *self, const CliUsage *usage, int argc, char **argv, int *code);

/**
 * cli_set:
 * @text: (nullable): a flag's value; NULL if the flag was not given, a no-op
 *
 * Returns: FALSE with an error that begins with @flag
 */
gboolean cli_set(Cli *self, ReinSettingKey key, const char *text, const char *flag, GError **error);

/* Prints the error; returns its exit code. */
int cli_fail(Cli *self, const GError *error);

/* The same for a wrong use of flags or arguments; points to `rein VERB --help`. */
int cli_fail_usage(const CliUsage *usage, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Flushes stdout; returns `code`, or that of the error if it could not be written. */
int cli_end(Cli *self, ReinExitCode code);

void cli_clear(Cli *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Cli, cli_clear)

G_END_DECLS
