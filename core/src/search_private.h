/* SPDX-License-Identifier: MIT */

/* The search path, and which files on it may be plugins. Looks at names only. [core thread] */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct ReinSearch ReinSearch;

/* With the standard path, as rein_registry_new() has it. */
ReinSearch *rein_search_new(void);

/* NULL is a no-op. */
void rein_search_free(ReinSearch *self);

/* Puts `folder` in front; it should be there. */
void rein_search_add_folder(ReinSearch *self, const char *folder);

/*
 * Appends a ReinPluginFile to `files` for each `*.so` on the path: folders in their order, files of
 * one by the bytes of their names, each file once by whatever path it comes up. A folder that
 * somebody named and that cannot be searched is one that is refused.
 */
void rein_search_run(ReinSearch *self, GPtrArray *files);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinSearch, rein_search_free)

G_END_DECLS
