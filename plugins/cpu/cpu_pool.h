/* SPDX-License-Identifier: MIT */

/*
 * The threads of a device. They run the items of one kernel at a time, in chunks handed out in
 * increasing order; the calling thread is one of them. Which thread runs which chunk never shows in
 * the result, since the items of a stage do not depend on each other. Owned by the device, called on
 * its thread only.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cpu_prebuilt.h"
#include "rein/plugin_abi.h"

typedef struct CpuPool CpuPool;

/* The items [first, end) of a kernel; everything is borrowed for the call. */
typedef struct CpuWork {
    CpuEntry entry;
    void *const *buffers;
    uint32_t first;
    uint32_t end; /* above first */
    uint32_t round;
    uint32_t progress;
    uint32_t chunk; /* items of the first chunk, at least 1; later ones are sized by their time */
    uint32_t most;  /* items a chunk may have, at least 1 */
    uint64_t until_ns; /* no chunk but the very first begins later, by cpu_machine_now() */
    const volatile uint32_t *stop; /* no chunk begins once this is set */
} CpuWork;

typedef struct CpuWorkDone {
    uint32_t n_items; /* from first on, without a gap */
    uint64_t busy_ns; /* time spent in them, all threads added up */
} CpuWorkDone;

/*
 * A pool of `n_threads`, the calling one included. On success the caller owns *out until
 * cpu_pool_close(); otherwise *out is NULL.
 */
ReinStatus cpu_pool_open(CpuPool **out, uint32_t n_threads, ReinMsg *msg);

/* Ends and joins the threads; NULL is a no-op. */
void cpu_pool_close(CpuPool *pool);

uint32_t cpu_pool_n_threads(const CpuPool *pool);

/* Runs `work` on the calling thread alone, which wakes nobody and so costs next to nothing. */
CpuWorkDone cpu_pool_run_alone(CpuPool *pool, const CpuWork *work);

/* Runs `work` on all threads; every chunk that was begun is done on return. */
CpuWorkDone cpu_pool_run(CpuPool *pool, const CpuWork *work);

/*
 * How many items a chunk should have when one takes `item_ns`: time enough to be worth handing out,
 * short enough for a quick stop; whole tiles of the interleave where items are short, so that two
 * threads seldom write to one cache line. From 1 to `most`.
 */
uint32_t cpu_chunk_items(double item_ns, uint32_t most);
