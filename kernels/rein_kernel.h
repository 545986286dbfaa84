/* SPDX-License-Identifier: MIT */

/*
 * The dialect: one kernel text that compiles as OpenCL C 1.2, CUDA C++ and C17; with rein_math.h
 * behind it what backends put before a kernel. A kernel is written
 *
 *     REIN_KERNEL(onemax, IN(u32, params), IN(u16, genes), IN(u32, changed), OUT(i32, fitness))
 *     {
 *         u32 n_genes = params[PARAM_N_GENES];
 *         ...
 *     }
 *
 * with REIN_KERNEL( at the start of a line. The body runs once for each item and sees `item`,
 * `round` and `progress` (0 to 2^32-1: how far the job's limits are used up) beside its buffers;
 * `return` ends the item. Allowed is what C99 and C++ share, see kernels/README.md; sizes are values
 * in `params`, never macros. Backends append `first`, `end`, `round`, `progress` to the arguments.
 */

#ifndef REIN_KERNEL_H
#define REIN_KERNEL_H

/* ---- the language underneath ---- */

/* clang without a driver around it sets only the second */
#if defined(__OPENCL_VERSION__) || defined(__OPENCL_C_VERSION__)
#define REIN_OPENCL
#ifdef REIN_FAST_MATH
#pragma OPENCL FP_CONTRACT ON
#else
#pragma OPENCL FP_CONTRACT OFF
#endif
typedef uchar u8;
typedef ushort u16;
typedef uint u32;
typedef ulong u64;
typedef short i16;
typedef int i32;
typedef long i64;
typedef float f32;
#define REIN_GLOBAL __global
#define REIN_RESTRICT restrict
#define REIN_FN __attribute__((unused)) static inline
#elif defined(__CUDACC__)
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef short i16;
typedef int i32;
typedef long long i64;
typedef float f32;
#define REIN_GLOBAL
#define REIN_RESTRICT __restrict__
#define REIN_FN __attribute__((unused)) static __device__ __forceinline__
#else
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;
typedef float f32;
#define REIN_GLOBAL
#define REIN_RESTRICT __restrict__
#define REIN_FN __attribute__((unused)) static inline
#ifndef REIN_KERNEL_SUFFIX
#define REIN_KERNEL_SUFFIX /* set where several builds of a kernel are linked into one library */
#endif
#endif

/* W of GENE(i): the backend sets it to what its probe() reports. */
#ifndef REIN_INTERLEAVE
#define REIN_INTERLEAVE 16u
#endif

/* ---- arguments: IN is read, OUT is written, INOUT both; no two buffers overlap ---- */

#define REIN_JOIN_(a, b) a##b
#define REIN_JOIN(a, b) REIN_JOIN_(a, b)
#define REIN_DECL_IN(type, name) REIN_GLOBAL const type *REIN_RESTRICT name
#define REIN_DECL_OUT(type, name) REIN_GLOBAL type *REIN_RESTRICT name
#define REIN_DECL_INOUT(type, name) REIN_GLOBAL type *REIN_RESTRICT name
#define REIN_NAME_IN(type, name) name
#define REIN_NAME_OUT(type, name) name
#define REIN_NAME_INOUT(type, name) name
#define REIN_TYPE_IN(type, name) const type *
#define REIN_TYPE_OUT(type, name) type *
#define REIN_TYPE_INOUT(type, name) type *

#define REIN_D(i, argument) REIN_DECL_##argument
#define REIN_N(i, argument) REIN_NAME_##argument
#define REIN_C(i, argument) (REIN_TYPE_##argument) buffers[i]
#define REIN_EACH_1(M, a) M(0, a)
#define REIN_EACH_2(M, a, b) M(0, a), M(1, b)
#define REIN_EACH_3(M, a, b, c) M(0, a), M(1, b), M(2, c)
#define REIN_EACH_4(M, a, b, c, d) REIN_EACH_3(M, a, b, c), M(3, d)
#define REIN_EACH_5(M, a, b, c, d, e) REIN_EACH_3(M, a, b, c), M(3, d), M(4, e)
#define REIN_EACH_6(M, a, b, c, d, e, f) REIN_EACH_3(M, a, b, c), M(3, d), M(4, e), M(5, f)
#define REIN_EACH_7(M, a, b, c, d, e, f, g) REIN_EACH_6(M, a, b, c, d, e, f), M(6, g)
#define REIN_EACH_8(M, a, b, c, d, e, f, g, h) REIN_EACH_6(M, a, b, c, d, e, f), M(6, g), M(7, h)
#define REIN_EACH_9(M, a, b, c, d, e, f, g, h, i) \
    REIN_EACH_6(M, a, b, c, d, e, f), M(6, g), M(7, h), M(8, i)
#define REIN_EACH_10(M, a, b, c, d, e, f, g, h, i, j) \
    REIN_EACH_9(M, a, b, c, d, e, f, g, h, i), M(9, j)
#define REIN_EACH_11(M, a, b, c, d, e, f, g, h, i, j, k) \
    REIN_EACH_9(M, a, b, c, d, e, f, g, h, i), M(9, j), M(10, k)
#define REIN_EACH_12(M, a, b, c, d, e, f, g, h, i, j, k, l) \
    REIN_EACH_9(M, a, b, c, d, e, f, g, h, i), M(9, j), M(10, k), M(11, l)
#define REIN_COUNT_(a, b, c, d, e, f, g, h, i, j, k, l, n, ...) n
#define REIN_COUNT(...) REIN_COUNT_(__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define REIN_EACH(M, ...) REIN_JOIN(REIN_EACH_, REIN_COUNT(__VA_ARGS__))(M, __VA_ARGS__)

#define REIN_ITEM(name, ...) \
    REIN_FN void name##_item(const u32 item, const u32 round, const u32 progress, \
                             REIN_EACH(REIN_D, __VA_ARGS__))

/* ---- REIN_KERNEL: the entry the backend calls, then the head of the function of one item ---- */

#if defined(REIN_OPENCL)
#define REIN_KERNEL(name, ...) \
    REIN_ITEM(name, __VA_ARGS__); \
    __kernel void name(REIN_EACH(REIN_D, __VA_ARGS__), const u32 first, const u32 end, \
                       const u32 round, const u32 progress) \
    { \
        const u32 item = first + (u32)get_global_id(0); \
        if (item < end) { \
            name##_item(item, round, progress, REIN_EACH(REIN_N, __VA_ARGS__)); \
        } \
    } \
    REIN_ITEM(name, __VA_ARGS__)
#elif defined(__CUDACC__)
#define REIN_KERNEL(name, ...) \
    REIN_ITEM(name, __VA_ARGS__); \
    extern "C" __global__ void name(REIN_EACH(REIN_D, __VA_ARGS__), const u32 first, \
                                    const u32 end, const u32 round, const u32 progress) \
    { \
        const u32 item = first + blockIdx.x * blockDim.x + threadIdx.x; \
        if (item < end) { \
            name##_item(item, round, progress, REIN_EACH(REIN_N, __VA_ARGS__)); \
        } \
    } \
    REIN_ITEM(name, __VA_ARGS__)
#else
#define REIN_ENTRY(name) REIN_JOIN(name, REIN_KERNEL_SUFFIX)
#define REIN_KERNEL(name, ...) \
    REIN_ITEM(name, __VA_ARGS__); \
    void REIN_ENTRY(name)(void *const *buffers, u32 first, u32 end, u32 round, u32 progress); \
    void REIN_ENTRY(name)(void *const *buffers, u32 first, u32 end, u32 round, u32 progress) \
    { \
        for (u32 item = first; item < end; item++) { \
            name##_item(item, round, progress, REIN_EACH(REIN_C, __VA_ARGS__)); \
        } \
    } \
    REIN_ITEM(name, __VA_ARGS__)
#endif

/* ---- where things lie ---- */

/* Index of element i of item's row of `n` elements, in tiles of REIN_INTERLEAVE items. */
#define REIN_AT(n, item, i) \
    (((item) & ~(REIN_INTERLEAVE - 1u)) * (n) + (i)*REIN_INTERLEAVE + \
     ((item) & (REIN_INTERLEAVE - 1u)))

/* Gene i of this item; `genes` and `n_genes` must be in scope. */
#define GENE(i) genes[REIN_AT(n_genes, item, (u32)(i))]

/* Whether neighbouring items run in lockstep; a backend whose device is a processor sets it to 0. */
#ifndef REIN_LOCKSTEP
#if defined(REIN_OPENCL) || defined(__CUDACC__)
#define REIN_LOCKSTEP 1
#else
#define REIN_LOCKSTEP 0
#endif
#endif

/*
 * Index of element i of item's scratch row of `n` elements: interleaved where neighbouring items run
 * in lockstep, side by side where an item has a core and its cache for itself.
 */
#if REIN_LOCKSTEP
#define REIN_SCRATCH_AT(n, item, i) REIN_AT(n, item, i)
#else
#define REIN_SCRATCH_AT(n, item, i) ((item) * (n) + (i))
#endif

/* ---- params: what every kernel of a job may know; the engine fills it once ---- */

#define PARAM_POPULATION 0 /* individuals; fitness is [plane][population] */
#define PARAM_N_GENES 1
#define PARAM_N_PLANES 2 /* fitness planes, compared in order, smaller is better */
#define PARAM_MAXIMISE 3 /* bit p: plane p is maximised, its sign is turned by FITNESS */
#define PARAM_SEED_LOW 4
#define PARAM_SEED_HIGH 5
#define PARAM_SELECT_RATE \
    6 /* 32-bit threshold: chance of a tournament, else the child is its own parent */
#define PARAM_TOURNAMENT 7 /* individuals in a tournament */
#define PARAM_CROSS_RATE 8 /* 32-bit threshold, per child */
#define PARAM_MUTATE_RATE \
    9 /* 32-bit threshold, per child: one to PARAM_MUTATE_GENES genes are drawn anew */
#define PARAM_MUTATE_GENES 10
#define PARAM_N_ELITES 11  /* 0 or 1: the best so far is put back as individual 0 */
#define PARAM_MOVES 12     /* improve: moves per item and round */
#define PARAM_N_SCRATCH 13 /* u32 words of scratch per item */
#define PARAM_N_STATE 14   /* u32 words of state per individual */
#define PARAM_RING 15      /* records in the ring */
#define PARAM_HAS_TARGET 16
#define PARAM_TARGET 17 /* 17 to 20: the target, a value per plane */
#define PARAM_FLOAT 21  /* 1: fitness is f32, 0: i32 */
#define PARAM_COUNT 32

/* Writes plane p of this item's fitness; needs `params` and `fitness` in scope. */
#define FITNESS(p, value) \
    fitness[(p)*params[PARAM_POPULATION] + item] = \
        ((params[PARAM_MAXIMISE] >> (p)) & 1u) ? -(value) : (value)

/* ---- random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011). Key: the job's seed. Counter: {draw, individual, round, island << 8 | purpose}. ---- */

#define RANDOM_SELECT 1u
#define RANDOM_CROSS 2u
#define RANDOM_MUTATE 3u
#define RANDOM_IMPROVE 4u
#define RANDOM_INITIAL 5u
#define RANDOM_USER 16u /* and up: a kernel's own */

typedef struct ReinRandom {
    u32 key[2];
    u32 counter[4];
    u32 word[4];
    u32 n_left; /* words not yet handed out */
} ReinRandom;

REIN_FN void
rein_philox(u32 key0, u32 key1, const u32 *counter, u32 *word)
{
    u32 a = counter[0];
    u32 b = counter[1];
    u32 c = counter[2];
    u32 d = counter[3];

    for (u32 i = 0; i < 10u; i++) {
        const u64 p = (u64)0xD2511F53u * a;
        const u64 q = (u64)0xCD9E8D57u * c;
        a = (u32)(q >> 32) ^ b ^ key0;
        b = (u32)q;
        c = (u32)(p >> 32) ^ d ^ key1;
        d = (u32)p;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    word[0] = a;
    word[1] = b;
    word[2] = c;
    word[3] = d;
}

/* The stream of one individual in one round for one purpose; the same on every backend. */
REIN_FN ReinRandom
rein_random(u32 seed_low, u32 seed_high, u32 individual, u32 round, u32 purpose)
{
    ReinRandom random;

    random.key[0] = seed_low;
    random.key[1] = seed_high;
    random.counter[0] = 0;
    random.counter[1] = individual;
    random.counter[2] = round;
    random.counter[3] = purpose;
    random.word[0] = random.word[1] = random.word[2] = random.word[3] = 0;
    random.n_left = 0;
    return random;
}

/* The next 32 random bits. */
REIN_FN u32
rein_next(ReinRandom *random)
{
    if (random->n_left == 0) {
        rein_philox(random->key[0], random->key[1], random->counter, random->word);
        random->counter[0]++;
        random->n_left = 4;
    }
    random->n_left--;
    return random->word[3u - random->n_left];
}

/* A number from 0 to n - 1, n at least 1; off from uniform by less than n in 2^32. */
REIN_FN u32
rein_below(ReinRandom *random, u32 n)
{
    return (u32)(((u64)rein_next(random) * n) >> 32);
}

/* True with a chance of threshold / 2^32; 2^32-1 counts as always. */
REIN_FN int
rein_chance(ReinRandom *random, u32 threshold)
{
    const u32 word = rein_next(random);
    return threshold == 0xFFFFFFFFu || word < threshold;
}

#endif
