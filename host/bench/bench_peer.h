/* SPDX-License-Identifier: MIT */

/*
 * Another `rein bench`, which has a device and its driver in a process of its own. It is a rival:
 * started with --peer WORK, it says "ready ID PLUGIN NANOSECONDS", these being what opening the device
 * took, or "wrong REASON"; then it answers lines:
 *     run FIRST ROUNDS PROGRESS   nanoseconds of the work's rounds
 *     build PROGRAM               nanoseconds of a build: "evolve_int16", "timetable"
 *     solve INDEX SEED            the cost of the best timetable: "HARD SOFT", or what is wrong
 * WORK is a name of bench_works, or "none"; or "job", where it runs a job on an isolated device, says
 * "ready" in the midst of it, and answers nothing. Belongs to one thread.
 */

#pragma once

#include "bench.h"
#include "rival.h"

G_BEGIN_DECLS

typedef struct BenchPeer {
    Rival *rival;
    char *device; /* its id */
    char *plugin;
    gint64 opened_ns;
} BenchPeer;

/*
 * Starts one on the device that answers `selector`. All that is built and kept goes to the folder
 * `home` (nullable), as if there had never been a rein before, nor its drivers.
 */
BenchPeer *bench_peer_start(const Bench *bench, const char *selector, const char *work,
                            const char *home, GError **error);

/* NULL is a no-op. */
void bench_peer_free(BenchPeer *self);

BenchSide bench_peer_side(const BenchPeer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BenchPeer, bench_peer_free)

G_END_DECLS
