/* SPDX-License-Identifier: MIT */

/*
 * Files that appear whole or not at all: written beside their place under another name, then
 * renamed. A symbolic link is followed, also one that leads to no file yet; an existing file keeps
 * its mode; a pipe or a terminal is written into as it comes. Errors are of the domain G_FILE_ERROR and say what to do. One thread
 * for each file; rein_save_drop_all() from any.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct ReinSaveFile ReinSaveFile;

/**
 * rein_save_check:
 * @path: where a file shall be saved later
 *
 * Finds out before the work is done whether the place is any good: its folder is there and takes a
 * file, no folder is in the way, and it has a name at all. Changes nothing.
 *
 * Returns: FALSE with an error [may block]
 */
gboolean rein_save_check(const char *path, GError **error);

/**
 * rein_save_is_stream:
 *
 * Returns: whether @path is there and is neither a file nor a folder: it takes bytes as they come
 */
gboolean rein_save_is_stream(const char *path);

/**
 * rein_save_is_same_place:
 *
 * Returns: whether to save at @a is to replace @b: both lead to one file or, where there is none
 *     yet, to one name in one folder. A pipe, a terminal or a device is never replaced [may block]
 */
gboolean rein_save_is_same_place(const char *a, const char *b);

/**
 * rein_save_text:
 * @size: bytes of @text
 *
 * Returns: FALSE with an error, @path then being as it was [may block]
 */
gboolean rein_save_text(const char *path, const char *text, gsize size, GError **error);

/* Begins a file. (transfer full): it, or %NULL with an error [may block] */
ReinSaveFile *rein_save_open(const char *path, GError **error);

/* Appends; after a failure the file is only good for rein_save_close(). [may block] */
gboolean rein_save_write(ReinSaveFile *self, const char *text, gsize size, GError **error);

/* Puts the file into its place. To be closed all the same. [may block] */
gboolean rein_save_commit(ReinSaveFile *self, GError **error);

/* Frees it; what was not committed is gone. NULL is a no-op. */
void rein_save_close(ReinSaveFile *self);

/*
 * Removes every unfinished file of this process, for a program that ends at once. From then on no
 * file can be begun or committed: who tries waits for ever. [any thread]
 */
void rein_save_drop_all(void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinSaveFile, rein_save_close)

G_END_DECLS
