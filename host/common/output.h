/* SPDX-License-Identifier: MIT */

/*
 * What programs print: results to stdout as text or JSON, everything else to stderr, errors there as
 * `rein: what: why (what to do)`. Set up once by the main thread; printing is for that thread, errors
 * and warnings for any.
 */

#pragma once

#include <json-glib/json-glib.h>

#include "settings.h"

G_BEGIN_DECLS

typedef enum {
    REIN_OUTPUT_TEXT,
    REIN_OUTPUT_JSON,   /* one document, indented */
    REIN_OUTPUT_NDJSON, /* one document on each line */
} ReinOutputFormat;

typedef struct ReinOutput {
    ReinOutputFormat format;
    gboolean is_quiet; /* only results and errors */
    gboolean is_verbose;
    gboolean is_terminal;     /* stdout */
    guint width;              /* columns of stdout if it is a terminal, else 0 */
    gboolean has_colour;      /* stdout */
    gboolean is_err_terminal; /* stderr */
    gboolean has_err_colour;  /* stderr */
} ReinOutput;

/**
 * rein_output_init:
 * @self: (out caller-allocates): holds nothing that must be freed
 *
 * Decides how to print from output.format, output.colour, log.level, NO_COLOR, TERM and what stdout
 * and stderr are, and sends GLib's log to stderr at that level (`--verbose` makes it info, `--quiet`
 * error, unless log.level was set for this process). Before the first thread is started.
 */
void rein_output_init(ReinOutput *self, const ReinSettings *settings, gboolean is_quiet,
                      gboolean is_verbose);

/* Prints a result to stdout, whatever the format; no newline is added. */
void rein_output_print(const ReinOutput *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Prints to stderr what a person may like to know, with a newline; nothing if quiet. */
void rein_output_note(const ReinOutput *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Prints a document to stdout and a newline: indented, or in one line if the format is ndjson. */
void rein_output_print_json(const ReinOutput *self, JsonNode *node);

/**
 * rein_output_flush:
 *
 * Returns: FALSE with %REIN_ERROR_INVALID if something could not be written to stdout, as on a full
 *     disk; a reader that went away is no error
 */
gboolean rein_output_flush(const ReinOutput *self, GError **error);

/* Prints `rein: ` and the message, with control characters escaped, to stderr. [any thread] */
void rein_output_error(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Prints `rein: warning: ` and the message to stderr, if warnings are logged. [any thread] */
void rein_output_warning(const char *format, ...) G_GNUC_PRINTF(1, 2);

G_END_DECLS
