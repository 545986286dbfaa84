/* SPDX-License-Identifier: MIT */

/*
 * Lines for a descriptor that may take them slowly or not at all, written by the main loop as it
 * takes them: a reader that does not read holds up nothing but itself. Main thread, but
 * line_queue_add() from any.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct LineQueue LineQueue;

/* `changed` is called on the main context when all is written and when writing failed. */
LineQueue *line_queue_new(int fd, void (*changed)(gpointer user_data), gpointer user_data);

/* What was not written is lost. NULL is a no-op. */
void line_queue_free(LineQueue *self);

/* Adds a line; its end is added to it. [any thread] */
void line_queue_add(LineQueue *self, const char *line);

/* Whether nothing is left to write: it is all written, or it cannot be. */
gboolean line_queue_is_empty(LineQueue *self);

/* The errno of the write that failed, 0 if none did. */
int line_queue_get_error(LineQueue *self);

G_END_DECLS
