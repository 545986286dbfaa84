/* SPDX-License-Identifier: MIT */

/*
 * Where a run, or anything else, stands, in one line: redrawn in place on a terminal, which must
 * know the ANSI codes to erase and to move up, or a line of its own for each better best elsewhere.
 * Main thread.
 */

#pragma once

#include <stdio.h>

#include <rein/evolution.h>

#include "problems/format.h"

G_BEGIN_DECLS

#define LIVE_LINE_INTERVAL_MS 200u

/* What the line says. A plain value; `progress.best_genes` is not used. */
typedef struct LiveState {
    ReinProgress progress;
    const ReinProblemFormat *format;
    double evaluation_rate; /* per second */
    double move_rate;
} LiveState;

/* Rates over the last second or two. Zeroed at the start. */
typedef struct LiveRates {
    gint64 elapsed_ns[2]; /* of two samples, the older first */
    guint64 n_evaluations[2];
    guint64 n_moves[2];
} LiveRates;

typedef struct LiveLine {
    FILE *stream;
    gboolean is_redrawn;
    guint n_drawn; /* columns of the line that stands there */
} LiveLine;

/* Takes a sample and fills in the rates of @state. */
void live_rates_update(LiveRates *self, LiveState *state);

/**
 * live_line_format:
 * @width: columns; what matters least is left out until the line is narrower than that
 *
 * Returns: (transfer full): `round 120 | hard 0, soft 12 | 1.2 k evaluations/s | …`
 */
char *live_line_format(const LiveState *state, guint width);

/* Returns: (transfer full): a duration for people: "9.5 s", "1 m 05 s", "2 h 03 m" */
char *live_line_format_duration(gint64 duration_ns);

/* Returns: (transfer full): a number for people, three digits of it: "12", "1.23 k", "61.7 M" */
char *live_line_format_number(double number);

/* Shows where the run stands: in place of the last time, or as a line of its own. */
void live_line_draw(LiveLine *self, const LiveState *state);

/* Shows ASCII text as the line, as much of it as there is room for. */
void live_line_show(LiveLine *self, const char *text);

/* Takes the line away, before something else is printed and at the end. */
void live_line_clear(LiveLine *self);

G_END_DECLS
