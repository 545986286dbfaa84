/* SPDX-License-Identifier: MIT */

#include "live_line.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runner/run_report.h"

#define NS_PER_S G_GINT64_CONSTANT(1000000000)
#define SAMPLE_NS NS_PER_S
#define PLAIN_WIDTH 120u
#define DEFAULT_WIDTH 80u
#define SEPARATOR " | "
#define ERASE_REST "\033[K"  /* from the cursor to the end of the line */
#define ERASE_BELOW "\033[J" /* to the end of the screen */

/* Parts of the line, the one to be left out first at the end. */
enum { PART_BEST, PART_LEFT, PART_ELAPSED, PART_ROUND, PART_MOVES, PART_EVALUATIONS, N_PARTS };

/* In which they are printed. */
static const guint print_order[N_PARTS] = { PART_ROUND, PART_BEST,    PART_EVALUATIONS,
                                            PART_MOVES, PART_ELAPSED, PART_LEFT };

void
live_rates_update(LiveRates *self, LiveState *state)
{
    const ReinProgress *progress = &state->progress;

    if (progress->elapsed_ns - self->elapsed_ns[1] >= SAMPLE_NS) {
        self->elapsed_ns[0] = self->elapsed_ns[1];
        self->n_evaluations[0] = self->n_evaluations[1];
        self->n_moves[0] = self->n_moves[1];
        self->elapsed_ns[1] = progress->elapsed_ns;
        self->n_evaluations[1] = progress->n_evaluations;
        self->n_moves[1] = progress->n_moves;
    }
    double seconds = (double)(progress->elapsed_ns - self->elapsed_ns[0]) / (double)NS_PER_S;
    if (seconds > 0) {
        state->evaluation_rate =
            (double)(progress->n_evaluations - self->n_evaluations[0]) / seconds;
        state->move_rate = (double)(progress->n_moves - self->n_moves[0]) / seconds;
    }
}

char *
live_line_format_duration(gint64 duration_ns)
{
    gint64 seconds = duration_ns / NS_PER_S;

    if (seconds < 60) {
        return g_strdup_printf("%.1f s", (double)duration_ns / (double)NS_PER_S);
    }
    if (seconds < 3600) {
        return g_strdup_printf("%d m %02d s", (int)(seconds / 60), (int)(seconds % 60));
    }
    return g_strdup_printf("%" G_GINT64_FORMAT " h %02d m", seconds / 3600,
                           (int)(seconds / 60 % 60));
}

char *
live_line_format_number(double number)
{
    static const char *const units[] = { "", " k", " M", " G", " T" };
    guint unit = 0;

    while (unit + 1 < G_N_ELEMENTS(units) && number >= 999.5) {
        number /= 1000;
        unit++;
    }
    int n_decimals = number >= 99.95 || (unit == 0 && number == floor(number)) ? 0
                     : number >= 9.995                                         ? 1
                                                                               : 2;
    return g_strdup_printf("%.*f%s", n_decimals, number, units[unit]);
}

static char *
format_rate(double rate, const char *what)
{
    g_autofree char *number = live_line_format_number(rate);

    return g_strconcat(number, " ", what, "/s", NULL);
}

static char *
format_left(const ReinProgress *progress)
{
    if (progress->fraction <= 0 || progress->fraction > 1) {
        return g_strdup("");
    }
    double left_ns = (double)progress->elapsed_ns * (1 - progress->fraction) / progress->fraction;
    g_autofree char *text = live_line_format_duration((gint64)MIN(left_ns, 1e18));
    return g_strconcat(text, " left", NULL);
}

static char *
join(char *const *parts, guint n_kept)
{
    g_autoptr(GString) line = g_string_new(NULL);

    for (guint i = 0; i < N_PARTS; i++) {
        const char *part = parts[print_order[i]];
        if (print_order[i] < n_kept && *part != '\0') {
            g_string_append_printf(line, "%s%s", line->len > 0 ? SEPARATOR : "", part);
        }
    }
    return g_string_free(g_steal_pointer(&line), FALSE);
}

char *
live_line_format(const LiveState *state, guint width)
{
    const ReinProgress *progress = &state->progress;
    char *parts[N_PARTS] = {
        [PART_BEST] =
            rein_run_report_describe_planes(state->format, progress->best, progress->n_planes),
        [PART_LEFT] = format_left(progress),
        [PART_ELAPSED] = live_line_format_duration(progress->elapsed_ns),
        [PART_ROUND] = g_strdup_printf("round %" G_GUINT64_FORMAT, progress->n_rounds),
        [PART_MOVES] =
            progress->n_moves > 0 ? format_rate(state->move_rate, "moves") : g_strdup(""),
        [PART_EVALUATIONS] = format_rate(state->evaluation_rate, "evaluations"),
    };
    char *line = NULL;

    for (guint n_kept = N_PARTS; n_kept > 0; n_kept--) {
        g_free(line);
        line = join(parts, n_kept);
        if (strlen(line) < width) {
            break;
        }
    }
    if (strlen(line) >= width) {
        line[width > 0 ? width - 1 : 0] = '\0';
    }
    for (guint i = 0; i < N_PARTS; i++) {
        g_free(parts[i]);
    }
    return line;
}

static guint
get_width(const LiveLine *self)
{
    struct winsize size = { 0 };

    if (!self->is_redrawn) {
        return PLAIN_WIDTH;
    }
    if (ioctl(fileno(self->stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return DEFAULT_WIDTH;
    }
    return size.ws_col;
}

/* A terminal that was made narrower since has wrapped the line into several, and the cursor stands
 * in the last of them: erases all, and goes to where the first one was. */
static void
erase_wrapped(const LiveLine *self, guint width)
{
    if (self->n_drawn > width) {
        (void)fprintf(self->stream, "\r\033[%uA" ERASE_BELOW, (self->n_drawn - 1) / width);
    }
}

/* The line is narrower than `width`. */
static void
show(LiveLine *self, const char *line, guint width)
{
    if (!self->is_redrawn) {
        (void)fprintf(self->stream, "%s\n", line);
        (void)fflush(self->stream);
        return;
    }
    erase_wrapped(self, width);
    (void)fprintf(self->stream, "\r%s" ERASE_REST, line);
    (void)fflush(self->stream);
    self->n_drawn = (guint)strlen(line);
}

void
live_line_draw(LiveLine *self, const LiveState *state)
{
    g_return_if_fail(self != NULL && self->stream != NULL && state != NULL);

    guint width = get_width(self);
    g_autofree char *line = live_line_format(state, width);
    show(self, line, width);
}

void
live_line_show(LiveLine *self, const char *text)
{
    g_return_if_fail(self != NULL && self->stream != NULL && text != NULL);

    guint width = get_width(self);
    g_autofree char *line = g_strndup(text, width - 1);
    show(self, line, width);
}

void
live_line_clear(LiveLine *self)
{
    g_return_if_fail(self != NULL);

    if (self->n_drawn > 0) {
        erase_wrapped(self, get_width(self));
        (void)fputs("\r" ERASE_REST, self->stream);
        (void)fflush(self->stream);
        self->n_drawn = 0;
    }
}
