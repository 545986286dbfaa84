/* SPDX-License-Identifier: MIT */

/* Pairs of floats for functions of two numbers, at random but always the same. */

#pragma once

#include <math.h>

#include "native_math.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct NativePairs {
    uint64_t state;
    uint32_t n_given;
} NativePairs;

static inline NativePairs
native_pairs_start(void)
{
    const NativePairs pairs = { 88172645463325252u, 0 };

    return pairs;
}

/* 32 random bits (G. Marsaglia, "Xorshift RNGs", 2003). */
static inline uint32_t
native_pairs_word(NativePairs *self)
{
    self->state ^= self->state << 13;
    self->state ^= self->state >> 7;
    self->state ^= self->state << 17;
    return (uint32_t)(self->state >> 16);
}

/* From -1 to 1. */
static inline double
native_pairs_number(NativePairs *self)
{
    return native_pairs_word(self) * 0x1p-31 - 1;
}

/* Any two floats; powers of any size, with any base, with one near 1 and with one closer; small ones. */
static inline void
native_pairs_next_powers(NativePairs *self, float *x, float *y)
{
    switch (self->n_given++ % 5) {
    case 0:
        *x = native_from_bits(native_pairs_word(self));
        *y = native_from_bits(native_pairs_word(self));
        break;
    case 1:
        *x = native_from_bits(native_pairs_word(self) & 0x7FFFFFFFu);
        *y = (float)(native_pairs_number(self) * 150 / log2(*x));
        break;
    case 2:
        *x = (float)(1 + native_pairs_number(self) * 0x1p-10);
        *y = (float)(native_pairs_number(self) * 128 / log2(*x));
        break;
    case 3:
        *x = (float)(1 + native_pairs_number(self) * 0.45);
        *y = (float)(native_pairs_number(self) * 128 / log2(*x));
        break;
    default:
        *x = (float)(native_pairs_number(self) * 10);
        *y = (float)floor(native_pairs_number(self) * 20);
        break;
    }
}

/* Any two floats; two whose quotient is around the smallest float, or the largest; denormal ones. */
static inline void
native_pairs_next_quotients(NativePairs *self, float *a, float *b)
{
    const uint32_t kind = self->n_given++ % 4;

    *a = native_from_bits(native_pairs_word(self));
    *b = native_from_bits(native_pairs_word(self));
    if (kind == 1) {
        *b = native_from_bits((native_bits(*a) & 0x7F800000u) +
                              (native_pairs_word(self) % 0x04000000u - 0x02000000u));
    } else if (kind == 2) {
        *b = (float)(fabs(*a) * 0x1p126 * native_pairs_number(self));
    } else if (kind == 3) {
        *a = native_from_bits(native_bits(*a) & 0x80FFFFFFu);
    }
}

#ifdef __cplusplus
}
#endif
