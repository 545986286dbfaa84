/* SPDX-License-Identifier: MIT */

#include "native_kernels.h"

#include <rein_kernel.h>

#include <evolve/rank.cl>

void
native_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t word[4])
{
    rein_philox(key[0], key[1], counter, word);
}

static ReinRandom
stream(uint64_t seed)
{
    return rein_random((uint32_t)seed, (uint32_t)(seed >> 32), 0, 0, RANDOM_USER);
}

void
native_next(uint64_t seed, uint32_t individual, uint32_t round, uint32_t purpose, uint32_t n,
            uint32_t *words)
{
    ReinRandom random =
        rein_random((uint32_t)seed, (uint32_t)(seed >> 32), individual, round, purpose);

    for (uint32_t i = 0; i < n; i++) {
        words[i] = rein_next(&random);
    }
}

void
native_below(uint64_t seed, uint32_t bound, uint32_t n, uint32_t *numbers)
{
    ReinRandom random = stream(seed);

    for (uint32_t i = 0; i < n; i++) {
        numbers[i] = rein_below(&random, bound);
    }
}

void
native_chance(uint64_t seed, uint32_t threshold, uint32_t n, uint32_t *claims)
{
    ReinRandom random = stream(seed);

    for (uint32_t i = 0; i < n; i++) {
        claims[i] = (uint32_t)rein_chance(&random, threshold);
    }
}

uint32_t
native_rank(uint32_t is_float, uint32_t bits)
{
    return rank_of(is_float, bits);
}

uint32_t
native_at(uint32_t n, uint32_t item, uint32_t i)
{
    return REIN_AT(n, item, i);
}
