/* SPDX-License-Identifier: MIT */

/*
 * Starts the worker program as the first process of a PID namespace where the kernel allows that, so
 * that its end is the end of all it started, whatever that did to get away; else as an ordinary
 * process. The starter's memory is not copied: a driver's pages may not be. [any thread; the process
 * ends with that thread]
 */

#pragma once

#include <glib.h>
#include <rein/device.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* Most descriptors a worker starts with. */
#define REIN_WORKER_MAX_FDS 8u

typedef struct ReinWorkerSpawn {
    const char *program;
    char *const *environment;
    const int *fds; /* become 0, 1, 2, ...; every other one is closed there */
    guint n_fds;
    ReinIsolation isolation; /* the most that is tried */
} ReinWorkerSpawn;

typedef struct ReinWorkerSpawned {
    pid_t pid;
    int pidfd; /* close-on-exec; the caller's */
    ReinIsolation isolation;
} ReinWorkerSpawned;

/*
 * Starts it with two arguments, our number and the word of its isolation; in a process group of its
 * own, with every signal blocked, and to be killed when the thread that calls ends, until it says
 * otherwise. Less isolation is taken where the kernel permits no namespace, or no
 * more of them, not where something else has run out. 0, or an errno; then nothing is held.
 */
int rein_worker_spawn(const ReinWorkerSpawn *spawn, ReinWorkerSpawned *spawned);

G_END_DECLS
