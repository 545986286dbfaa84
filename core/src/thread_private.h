/* SPDX-License-Identifier: MIT */

/* Threads of ours: with every signal blocked, because signals are the host's. [any thread] */

#pragma once

#include <glib.h>
#include <pthread.h>

G_BEGIN_DECLS

/* Starts `run` with `data`; 0, or an errno. A detached thread is not joined, `thread` then says nothing. */
int rein_thread_start(pthread_t *thread, gboolean is_detached, void *(*run)(void *), void *data);

G_END_DECLS
