/* SPDX-License-Identifier: MIT */

/*
 * A stage that is worth it is opened to all threads by one store to `gate`. A worker that sees the
 * gate open counts itself in, takes chunks until none is left, and counts itself out. The owner takes
 * chunks too, then shuts the gate and waits only for those inside: a worker that wakes late finds the
 * gate shut and is never waited for, so a busy machine delays a stage by one chunk at most.
 */

#define _GNU_SOURCE
#include "cpu_pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_device.h"
#include "cpu_machine.h"
#include "plugin_check.h"
#include "plugin_msg.h"

#define CHUNK_NS 30000.0     /* what a chunk aims for */
#define TILE_ITEM_NS 10000.0 /* items up to this long go in whole tiles */
#define SPIN_NS 20000u       /* busy waiting before giving way */
#define YIELD_NS 50000u      /* giving way before going to sleep */

/* `gate`: how often it was opened, whether it is open, and how many are inside. */
#define GATE_STEP 0x100000000u
#define GATE_OPEN 0x80000000u
#define GATE_INSIDE 0x7FFFFFFFu

struct CpuPool {
    _Alignas(64) _Atomic uint64_t gate;
    _Alignas(64) _Atomic uint64_t next; /* the first item not handed out; may run past the end */
    _Alignas(64) CpuWork work; /* written only while the gate is shut and nobody is inside */
    _Atomic uint64_t busy_ns;
    _Atomic uint32_t n_asleep; /* workers */
    _Atomic uint32_t owner_asleep;
    _Atomic uint32_t is_closing;
    uint32_t may_spin; /* there is a core for every thread */
    pthread_mutex_t mutex;
    pthread_cond_t wake;  /* workers: the gate was opened, or is_closing */
    pthread_cond_t empty; /* owner: the last one left */
    uint32_t n_threads;   /* with the owner */
    uint32_t n_started;
    pthread_t threads[];
};

/* ---- chunks ---- */

uint32_t
cpu_chunk_items(double item_ns, uint32_t most)
{
    const uint32_t tile = CPU_INTERLEAVE;
    double n_items = CHUNK_NS / (item_ns > 0.01 ? item_ns : 0.01);
    uint32_t chunk = n_items < most ? (uint32_t)n_items : most;

    if (chunk < tile && item_ns <= TILE_ITEM_NS) {
        chunk = tile < most ? tile : most;
    }
    if (chunk >= tile) {
        chunk -= chunk % tile;
    }
    return chunk > 0 ? chunk : 1;
}

/* Takes chunks until none is left or none may begin; returns the time that took. */
static uint64_t
take_chunks(const CpuWork *work, _Atomic uint64_t *next, bool is_first)
{
    const uint64_t start = rein_plugin_now();
    uint64_t now = start;
    uint32_t chunk = work->chunk;

    while (!rein_stop_requested(work->stop) && (is_first || now < work->until_ns)) {
        const uint64_t first = atomic_fetch_add_explicit(next, chunk, memory_order_relaxed);
        const uint64_t left = first < work->end ? work->end - first : 0;
        const uint32_t n_items = left < chunk ? (uint32_t)left : chunk;
        if (n_items == 0) {
            break;
        }
        work->entry(work->buffers, (uint32_t)first, (uint32_t)first + n_items, work->round,
                    work->progress);
        is_first = false;

        const uint64_t then = now;
        now = rein_plugin_now();
        /* growing in steps keeps one cheap chunk from making the next one endless */
        const uint64_t most = (uint64_t)chunk * 8 < work->most ? (uint64_t)chunk * 8 : work->most;
        chunk = cpu_chunk_items((double)(now - then) / n_items, (uint32_t)most);
    }
    return now - start;
}

static CpuWorkDone
work_done(const CpuWork *work, uint64_t next, uint64_t busy_ns)
{
    const uint64_t end = next < work->end ? next : work->end;
    CpuWorkDone done = { .n_items = (uint32_t)(end - work->first), .busy_ns = busy_ns };

    return done;
}

/* ---- waiting ---- */

static void
relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Has the workers' wait come to its end? */
static bool
is_news(CpuPool *pool, uint32_t seen)
{
    return (uint32_t)(atomic_load(&pool->gate) / GATE_STEP) != seen ||
           atomic_load(&pool->is_closing) != 0;
}

static bool
is_empty(CpuPool *pool)
{
    return (atomic_load(&pool->gate) & GATE_INSIDE) == 0;
}

/* Waits a little without sleeping: for news if `is_worker`, else for an empty gate. */
static bool
spin(CpuPool *pool, bool is_worker, uint32_t seen)
{
    const uint64_t start = rein_plugin_now();
    uint64_t waited = 0;

    while (pool->may_spin && waited < YIELD_NS) {
        for (uint32_t i = 0; i < 16; i++) {
            if (is_worker ? is_news(pool, seen) : is_empty(pool)) {
                return true;
            }
            relax();
        }
        if (waited > SPIN_NS) {
            sched_yield();
        }
        waited = rein_plugin_now() - start;
    }
    return is_worker ? is_news(pool, seen) : is_empty(pool);
}

/* ---- the workers ---- */

/* Waits until the gate was opened once more; false when the pool closes. */
static bool
worker_wait(CpuPool *pool, uint32_t *seen)
{
    if (!spin(pool, true, *seen)) {
        pthread_mutex_lock(&pool->mutex);
        /* counted before the gate is looked at: either the owner sees us, or we see its gate */
        atomic_fetch_add(&pool->n_asleep, 1);
        while (!is_news(pool, *seen)) {
            pthread_cond_wait(&pool->wake, &pool->mutex);
        }
        atomic_fetch_sub(&pool->n_asleep, 1);
        pthread_mutex_unlock(&pool->mutex);
    }
    *seen = (uint32_t)(atomic_load(&pool->gate) / GATE_STEP);
    return atomic_load(&pool->is_closing) == 0;
}

/* Counts this worker in; false if the gate has been shut already. */
static bool
worker_enter(CpuPool *pool, uint32_t seen)
{
    uint64_t gate = atomic_load(&pool->gate);

    while ((gate & GATE_OPEN) != 0 && (uint32_t)(gate / GATE_STEP) == seen) {
        if (atomic_compare_exchange_weak(&pool->gate, &gate, gate + 1)) {
            return true;
        }
    }
    return false;
}

static void
worker_leave(CpuPool *pool)
{
    const uint64_t gate = atomic_fetch_sub(&pool->gate, 1) - 1;

    if ((gate & (GATE_OPEN | GATE_INSIDE)) == 0 && atomic_load(&pool->owner_asleep) != 0) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_signal(&pool->empty);
        pthread_mutex_unlock(&pool->mutex);
    }
}

static void *
worker_main(void *context)
{
    CpuPool *pool = context;
    uint32_t seen = 0;

    while (worker_wait(pool, &seen)) {
        if (worker_enter(pool, seen)) {
            const uint64_t busy_ns = take_chunks(&pool->work, &pool->next, false);
            atomic_fetch_add(&pool->busy_ns, busy_ns);
            worker_leave(pool);
        }
    }
    return NULL;
}

/* ---- the owner ---- */

/* Wakes as many sleeping workers as there are chunks beside the owner's first. */
static void
wake_workers(CpuPool *pool, const CpuWork *work)
{
    uint32_t n_wanted = (work->end - work->first - 1) / work->chunk;
    const uint32_t n_asleep = atomic_load(&pool->n_asleep);

    if (n_wanted > n_asleep) {
        n_wanted = n_asleep;
    }
    if (n_wanted == 0) {
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    for (uint32_t i = 0; i < n_wanted; i++) {
        pthread_cond_signal(&pool->wake);
    }
    pthread_mutex_unlock(&pool->mutex);
}

static void
wait_until_empty(CpuPool *pool)
{
    if (spin(pool, false, 0)) {
        return;
    }
    atomic_store(&pool->owner_asleep, 1);
    pthread_mutex_lock(&pool->mutex);
    while (!is_empty(pool)) {
        pthread_cond_wait(&pool->empty, &pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
    atomic_store(&pool->owner_asleep, 0);
}

CpuWorkDone
cpu_pool_run_alone(CpuPool *pool, const CpuWork *work)
{
    uint64_t busy_ns = 0;

    atomic_store_explicit(&pool->next, work->first, memory_order_relaxed);
    busy_ns = take_chunks(work, &pool->next, true);
    return work_done(work, atomic_load_explicit(&pool->next, memory_order_relaxed), busy_ns);
}

CpuWorkDone
cpu_pool_run(CpuPool *pool, const CpuWork *work)
{
    uint64_t busy_ns = 0;

    if (pool->n_threads == 1) {
        return cpu_pool_run_alone(pool, work);
    }
    pool->work = *work;
    atomic_store_explicit(&pool->next, work->first, memory_order_relaxed);
    atomic_store_explicit(&pool->busy_ns, 0, memory_order_relaxed);
    atomic_fetch_add(&pool->gate, GATE_STEP + GATE_OPEN);
    wake_workers(pool, work);

    busy_ns = take_chunks(&pool->work, &pool->next, true);
    atomic_fetch_and(&pool->gate, ~(uint64_t)GATE_OPEN);
    wait_until_empty(pool);

    busy_ns += atomic_load_explicit(&pool->busy_ns, memory_order_relaxed);
    return work_done(work, atomic_load_explicit(&pool->next, memory_order_relaxed), busy_ns);
}

uint32_t
cpu_pool_n_threads(const CpuPool *pool)
{
    return pool->n_threads;
}

/* ---- life ---- */

/* Starts the workers with every signal blocked: signals are the host's business. */
static ReinStatus
start_workers(CpuPool *pool, ReinMsg *msg)
{
    sigset_t all;
    sigset_t before;
    int error = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool->n_started + 1 < pool->n_threads && error == 0) {
        pthread_t *thread = &pool->threads[pool->n_started];
        error = pthread_create(thread, NULL, worker_main, pool);
        if (error == 0) {
            char name[16];
            pool->n_started++;
            snprintf(name, sizeof name, "rein-cpu-%u", pool->n_started);
            pthread_setname_np(*thread, name);
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        return rein_msg_fail(msg, REIN_ERR_FAILED, "start thread %u of %u: %s (set fewer threads)",
                             pool->n_started + 2, pool->n_threads, strerror(error));
    }
    return REIN_OK;
}

ReinStatus
cpu_pool_open(CpuPool **out, uint32_t n_threads, ReinMsg *msg)
{
    size_t size = sizeof(CpuPool) + (n_threads - 1) * sizeof(pthread_t);
    CpuPool *pool = NULL;
    ReinStatus status = REIN_OK;

    *out = NULL;
    size += 64 - size % 64; /* aligned_alloc takes multiples of the alignment */
    pool = aligned_alloc(64, size);
    if (pool == NULL) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY, "a pool of %u threads: out of memory",
                             n_threads);
    }
    memset(pool, 0, size);
    pool->n_threads = n_threads;
    pool->may_spin = n_threads <= cpu_machine_cores();
    pthread_mutex_init(&pool->mutex, NULL); /* these three cannot fail with default attributes */
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->empty, NULL);

    status = start_workers(pool, msg);
    if (status != REIN_OK) {
        cpu_pool_close(pool); /* joins those that did start */
        return status;
    }
    *out = pool;
    return REIN_OK;
}

void
cpu_pool_close(CpuPool *pool)
{
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->is_closing, 1);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    for (uint32_t i = 0; i < pool->n_started; i++) {
        pthread_join(pool->threads[i], NULL);
    }
    pthread_cond_destroy(&pool->empty);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}
