/* SPDX-License-Identifier: MIT */

/* A folder among the temporary ones, gone with all that is in it when its owner ends it. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef char BenchFolder; /* its path */

/* NULL with an error. */
BenchFolder *bench_folder_new(GError **error);

/* Removes it. NULL is a no-op. */
void bench_folder_free(BenchFolder *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BenchFolder, bench_folder_free)

G_END_DECLS
