/* SPDX-License-Identifier: MIT */
/*
 * A text file taken apart into lines and fields, for the readers of this folder: it keeps count of
 * the line for messages, skips blank lines, takes LF and CRLF, and refuses what is not text. Lives
 * in the reader's memory, for one thread and one pass.
 */
#pragma once

#include "ctt_instance.h"

G_BEGIN_DECLS

/* More fields than any right line has; what follows in a longer line is not looked at. */
#define CTT_LINES_MAX_FIELDS (CTT_MAX_COURSES + 3u)

typedef struct CttLines {
    const char *path;  /* what messages call the file; borrowed */
    char *text;        /* the lines, cut into fields by NULs as they are read */
    char *next;        /* where the next line begins; at the end, the final NUL */
    guint line;        /* number of the current line, counted from 1 */
    GPtrArray *fields; /* of the current line; pointers into text */
} CttLines;

/**
 * ctt_lines_load:
 * @path: a file; may also be a pipe
 * @text: (out): its content, ended by a NUL that is not counted
 * @size: (out): bytes in @text
 *
 * Returns: FALSE with #CTT_ERROR_IO, or with #CTT_ERROR_INVALID if there are more than
 * %CTT_MAX_FILE_SIZE bytes. [may block]
 */
gboolean ctt_lines_load(const char *path, char **text, gsize *size, GError **error);

/**
 * ctt_lines_init:
 *
 * Begins before the first line of @size bytes of @text, which are copied.
 *
 * Returns: FALSE with #CTT_ERROR_INVALID if they are not UTF-8 text without control characters, or
 * more than %CTT_MAX_FILE_SIZE; @self must be cleared all the same
 */
gboolean ctt_lines_init(CttLines *self, const char *text, gsize size, const char *path,
                        GError **error);

/* Frees what @self holds; safe to repeat. */
void ctt_lines_clear(CttLines *self);

/* Goes to the next line that is not blank; FALSE at the end, where `line` is that of the last. */
gboolean ctt_lines_next(CttLines *self);

/* The field at `index` of the current line, which has more than that. */
const char *ctt_lines_field(const CttLines *self, guint index);

/* Sets `path:line: message` for the current line. */
void ctt_lines_error(const CttLines *self, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/**
 * ctt_lines_number:
 * @what: what the number is, for the message
 *
 * Reads the field at @index as a whole decimal number from @minimum to @maximum.
 */
gboolean ctt_lines_number(const CttLines *self, guint index, const char *what, guint32 minimum,
                          guint32 maximum, guint32 *number, GError **error);

/**
 * ctt_quote:
 *
 * Returns: (transfer full): @text in double quotes for a message, escaped and cut if it is long
 */
char *ctt_quote(const char *text);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CttLines, ctt_lines_clear)

G_END_DECLS
