/* SPDX-License-Identifier: MIT */

/*
 * A look at a file before it is given to dlopen(), which runs code of it: whether it is a whole
 * shared object for this machine. Reads headers only. [any thread]
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * REIN_ERROR_PLUGIN says why `path` cannot be loaded: no regular file, no ELF file, a truncated
 * one, for another architecture, no shared object.
 */
gboolean rein_elf_check(const char *path, GError **error);

G_END_DECLS
