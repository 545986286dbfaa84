/* SPDX-License-Identifier: MIT */

#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <rein/error.h>

#include "json.h"

#define BOLD_RED "\033[1;31m"
#define YELLOW "\033[33m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

/* What the functions without an object need; set before there are other threads. */
static gboolean err_has_colour;
static int out_errno; /* of the first write to stdout that failed */
static GLogLevelFlags log_levels = G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING;

/* The choices of the settings, in their order. */
enum { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };
enum { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* One line as stderr may show it: control characters, but not newlines, as escapes. */
static char *
make_printable(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *printable = g_string_new(NULL);

    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);
        if (g_unichar_iscntrl(character) && character != '\n' && character != '\t') {
            g_string_append_printf(printable, "\\x%02x", (guint)character);
        } else {
            g_string_append_unichar(printable, character);
        }
    }
    return g_string_free(printable, FALSE);
}

/* Remembers why the first write that was not done failed. */
static void
note_write(gboolean is_done)
{
    if (!is_done && out_errno == 0) {
        out_errno = errno != 0 ? errno : EIO;
    }
}

/* In one write, so that lines of several threads stay whole. */
static void
print_err(const char *colour, const char *prefix, const char *text)
{
    g_autofree char *printable = make_printable(text);
    g_autofree char *line = err_has_colour && *prefix != '\0'
                                ? g_strdup_printf("%s%s%s%s\n", colour, prefix, PLAIN, printable)
                                : g_strdup_printf("%s%s\n", prefix, printable);

    note_write(fflush(stdout) == 0);
    (void)fputs(line, stderr);
    (void)fflush(stderr);
}

static const char *
get_field(const GLogField *fields, gsize n_fields, const char *key)
{
    for (gsize i = 0; i < n_fields; i++) {
        if (strcmp(fields[i].key, key) == 0 && fields[i].length < 0) {
            return fields[i].value;
        }
    }
    return NULL;
}

static GLogWriterOutput
write_log(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    const char *message = get_field(fields, n_fields, "MESSAGE");

    (void)user_data;
    if ((level & log_levels) == 0) {
        return G_LOG_WRITER_HANDLED;
    }
    if (message == NULL) {
        message = "(no message)";
    }
    if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0) {
        print_err(BOLD_RED, "rein: bug: ", message);
    } else if ((level & G_LOG_LEVEL_WARNING) != 0) {
        print_err(YELLOW, "rein: warning: ", message);
    } else if ((level & G_LOG_LEVEL_DEBUG) != 0) {
        print_err(DIM, "rein: debug: ", message);
    } else {
        print_err(DIM, "rein: ", message);
    }
    return G_LOG_WRITER_HANDLED;
}

static void
set_log_level(const ReinSettings *settings, gboolean is_quiet, gboolean is_verbose)
{
    guint level = rein_settings_get_choice(settings, REIN_SETTING_LOG_LEVEL);

    if (rein_settings_get_origin(settings, REIN_SETTING_LOG_LEVEL) < REIN_ORIGIN_ENVIRONMENT) {
        level = is_verbose ? LOG_INFO : is_quiet ? LOG_ERROR : level;
    }
    log_levels = G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL;
    log_levels |= level >= LOG_WARNING ? G_LOG_LEVEL_WARNING : 0;
    log_levels |= level >= LOG_INFO ? G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO : 0;
    log_levels |= level >= LOG_DEBUG ? G_LOG_LEVEL_DEBUG : 0;
}

static gboolean
wants_colour(guint choice, gboolean is_terminal)
{
    const char *no_colour = g_getenv("NO_COLOR");

    if (choice != COLOUR_AUTO) {
        return choice == COLOUR_ALWAYS;
    }
    return is_terminal && (no_colour == NULL || *no_colour == '\0') &&
           g_strcmp0(g_getenv("TERM"), "dumb") != 0;
}

/* Columns of the terminal, 0 where they are not known. */
static guint
find_width(void)
{
    struct winsize size = { 0 };

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void
rein_output_init(ReinOutput *self, const ReinSettings *settings, gboolean is_quiet,
                 gboolean is_verbose)
{
    static gboolean has_writer;
    guint colour = rein_settings_get_choice(settings, REIN_SETTING_OUTPUT_COLOUR);

    *self = (ReinOutput){
        .format = (ReinOutputFormat)rein_settings_get_choice(settings, REIN_SETTING_OUTPUT_FORMAT),
        .is_quiet = is_quiet,
        .is_verbose = is_verbose,
        .is_terminal = isatty(STDOUT_FILENO) == 1,
        .is_err_terminal = isatty(STDERR_FILENO) == 1,
    };
    self->width = self->is_terminal ? find_width() : 0;
    self->has_colour = wants_colour(colour, self->is_terminal);
    self->has_err_colour = wants_colour(colour, self->is_err_terminal);

    err_has_colour = self->has_err_colour;
    set_log_level(settings, is_quiet, is_verbose);
    if (!has_writer) {
        has_writer = TRUE; /* GLib takes a writer once in a process */
        g_log_set_writer_func(write_log, NULL, NULL);
    }
}

void
rein_output_print(const ReinOutput *self, const char *format, ...)
{
    va_list arguments;

    (void)self;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    note_write(fputs(text, stdout) >= 0);
}

void
rein_output_note(const ReinOutput *self, const char *format, ...)
{
    va_list arguments;

    if (self->is_quiet) {
        return;
    }
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    print_err("", "", text);
}

void
rein_output_print_json(const ReinOutput *self, JsonNode *node)
{
    g_autofree char *text = rein_json_to_text(node, self->format != REIN_OUTPUT_NDJSON);

    note_write(fputs(text, stdout) >= 0 && fputc('\n', stdout) >= 0);
}

gboolean
rein_output_flush(const ReinOutput *self, GError **error)
{
    (void)self;
    note_write(fflush(stdout) == 0);
    if (out_errno == 0 || out_errno == EPIPE) {
        return TRUE;
    }
    if (out_errno == EBADF) {
        g_set_error_literal(error, REIN_ERROR, REIN_ERROR_INVALID,
                            "stdout is closed (give the output a place, as in > FILE)");
    } else {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                    "stdout: cannot be written: %s (look at where the output goes)",
                    g_strerror(out_errno));
    }
    return FALSE;
}

void
rein_output_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    print_err(BOLD_RED, "rein: ", text);
}

void
rein_output_warning(const char *format, ...)
{
    va_list arguments;

    if ((log_levels & G_LOG_LEVEL_WARNING) == 0) {
        return;
    }
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    print_err(YELLOW, "rein: warning: ", text);
}
