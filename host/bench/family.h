/* SPDX-License-Identifier: MIT */

/*
 * The descendants that a process had at one moment, as /proc shows them, each held by a pidfd: so that
 * their end is seen and their numbers are never another's. Belongs to one thread.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct Family Family;

/* What processes hold of the kernel. */
typedef struct FamilyUse {
    gint64 n_descriptors;
    gint64 n_threads;
    gint64 resident_size; /* bytes */
} FamilyUse;

/* The descendants of `pid`; NULL with an error. */
Family *family_new(gint64 pid, GError **error);

/* Kills nobody. NULL is a no-op. */
void family_free(Family *self);

guint family_get_n(const Family *self);

/* Sends all of them a signal; those that have ended are passed over. */
void family_signal(const Family *self, int number);

/* Stops all of them by SIGSTOP, which none can refuse, and waits until they are, at most 1 s. */
void family_stop(const Family *self);

/* Waits until all have ended, but no longer than `limit_ns`; how many have not. */
guint family_wait(const Family *self, gint64 limit_ns);

/* What all of them hold together. FALSE with an error where that cannot be read. */
gboolean family_measure(const Family *self, FamilyUse *use, GError **error);

/* The same of one process. */
gboolean family_measure_process(gint64 pid, FamilyUse *use, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Family, family_free)

G_END_DECLS
