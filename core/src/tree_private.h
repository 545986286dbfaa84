/* SPDX-License-Identifier: MIT */

/* A file or folder with all that is in it. Links are not followed, nor other file systems entered. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes of all its files; 0 if it is not there. [may block] */
guint64 rein_tree_measure(const char *path);

/* Removes it. FALSE where something stays; errno says why, of the first that did. [may block] */
gboolean rein_tree_remove(const char *path);

G_END_DECLS
