/* SPDX-License-Identifier: MIT */

/*
 * A rival: a host program written by hand that runs the same kernels over the same buffers, in a
 * process of its own, told by lines what to run (tests/bench/opencl_host.c). It is killed and reaped
 * with this object, and dies with this process. Belongs to one thread.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct Rival Rival;

/*
 * Starts `program` on the job in `folder` and waits until it is ready. `arguments` come behind the
 * folder and end with NULL.
 */
Rival *rival_start(const char *program, const char *folder, const char *const *arguments,
                   GError **error);

/* NULL is a no-op. */
void rival_free(Rival *self);

/* What it said when it was ready, behind that word: the group size of each stage. */
const char *rival_get_choice(const Rival *self);

/* Runs rounds from `first_round` on; the wall clock's nanoseconds by its own clock, or -1. */
gint64 rival_run(Rival *self, guint32 first_round, guint32 n_rounds, guint32 progress,
                 GError **error);

/* The content of buffer `index`, which must have `size` bytes; to be freed. */
gpointer rival_read(Rival *self, guint32 index, gsize size, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rival, rival_free)

G_END_DECLS
