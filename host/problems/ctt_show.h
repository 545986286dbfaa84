/* SPDX-License-Identifier: MIT */
/*
 * A timetable for people: a grid of text (time by room) and a table for a spreadsheet. The strings
 * belong to the caller.
 */
#pragma once

#include "ctt_solution.h"

G_BEGIN_DECLS

/**
 * ctt_show_grid:
 * @width: columns of the terminal; 0 for 100
 *
 * A row for each period, a column for each room that is as wide as its longest entry, `.` where a
 * room is free. Where not all rooms fit @width, several blocks stand below each other, each of at
 * least one room however narrow the terminal. Of several lectures in one room and period two are
 * named and the others counted: `c0001+c0004+1 more`.
 *
 * Returns: (transfer full): the grid, each line ended by a newline
 */
char *ctt_show_grid(const CttInstance *instance, const CttSolution *solution, guint width);

/**
 * ctt_show_csv:
 *
 * `day,period,room,course,teacher,students` with a header line, one line for each placement, sorted
 * by time, room and course; quoted as RFC 4180 wants where an id needs it, lines ended by LF.
 *
 * Returns: (transfer full): the table
 */
char *ctt_show_csv(const CttInstance *instance, const CttSolution *solution);

G_END_DECLS
