/* SPDX-License-Identifier: MIT */

/*
 * A rival: a program that does the same work in a process of its own, told by lines on its input what
 * to do; it answers each by a line (tests/bench/opencl_host.c, bench_peer.h). It is killed and reaped
 * with this object, and is to die with this process. Belongs to one thread.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct Rival Rival;

/* How a rival is started. Text is borrowed for the call. */
typedef struct RivalSetup {
    const char *program;
    const char *const *arguments; /* behind the program's name; ended by NULL */
    char *const *environment;     /* NULL: this process's own */
    gint64 answer_ns;             /* that it may take for each answer, and to be ready */
} RivalSetup;

/*
 * Starts it and waits until it says "ready". BENCH_ERROR_WRONG if it says "wrong" instead, since what
 * it computes is.
 */
Rival *rival_start(const RivalSetup *setup, GError **error);

/* NULL is a no-op. */
void rival_free(Rival *self);

/* What it said behind the word "ready". */
const char *rival_get_choice(const Rival *self);

/* Its number; 0 once it is reaped. */
gint64 rival_get_pid(const Rival *self);

/* Sends a line, without its end, and waits for the answer; to be freed. */
char *rival_ask(Rival *self, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The same where the answer is a number from 0 on; -1 with an error. */
gint64 rival_ask_number(Rival *self, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Runs rounds from `first_round` on; the wall clock's nanoseconds by its own clock, or -1. */
gint64 rival_run(Rival *self, guint32 first_round, guint32 n_rounds, guint32 progress,
                 GError **error);

/* The content of buffer `index`, which must have `size` bytes, by way of a file in `folder`; to be
 * freed. */
gpointer rival_read(Rival *self, guint32 index, gsize size, const char *folder, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rival, rival_free)

G_END_DECLS
