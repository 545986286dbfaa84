/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with an instance that is well formed: what it demands and no timetable can give.
 * None of it is an error, a timetable may still be wanted that comes as near as it can.
 */
#pragma once

#include "ctt_instance.h"

G_BEGIN_DECLS

/* Told of each: the line of the file it stands in (0: none), and one line of text without its end,
 * which lives during the callback. */
typedef void (*CttNoteCb)(guint32 line, const char *text, gpointer user_data);

/**
 * ctt_check:
 * @callback: called for each note: more lectures than places; then, in the order of the file,
 *     courses, teachers and curricula with more lectures than periods in which they can be held, and
 *     courses that cannot be on as many days as they must
 *
 * Does not find everything: without a note a timetable may still be impossible.
 */
void ctt_check(const CttInstance *instance, CttNoteCb callback, gpointer user_data);

G_END_DECLS
