/* SPDX-License-Identifier: MIT */

/*
 * The kernels of evolution in the dialect's C build, linked into the test, for genes of 16 and of 32
 * bits, and the test functions, as a backend calls them. `buffers` are the kernel's arguments in order. [any thread]
 */

#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*NativeKernel)(void *const *buffers, uint32_t first, uint32_t end, uint32_t round,
                             uint32_t progress);

/* "evolve_select" and so on; NULL for a name that is none. */
NativeKernel native_kernel_int16(const char *name);
NativeKernel native_kernel_int32(const char *name);

/* "sphere_fitness" and so on, and "none_fitness". */
NativeKernel native_kernel_functions(const char *name);

/* Those of kernels/README.md: "qap_improve" and so on. */
NativeKernel native_kernel_examples(const char *name);

/* What the dialect makes of a counter and a key. */
void native_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t word[4]);

/* `n` numbers of one stream; what it made of each: rein_next, rein_below or rein_chance. */
void native_next(uint64_t seed, uint32_t individual, uint32_t round, uint32_t purpose, uint32_t n,
                 uint32_t *words);
void native_below(uint64_t seed, uint32_t bound, uint32_t n, uint32_t *numbers);
void native_chance(uint64_t seed, uint32_t threshold, uint32_t n, uint32_t *claims);

/* The rank of a fitness word. */
uint32_t native_rank(uint32_t is_float, uint32_t bits);

/* Index of element i of item's row of n elements. */
uint32_t native_at(uint32_t n, uint32_t item, uint32_t i);

#ifdef __cplusplus
}
#endif
