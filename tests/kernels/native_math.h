/* SPDX-License-Identifier: MIT */

/*
 * The dialect's mathematics in its C build, as the CPU plugin has it, and how far a result is from
 * the truth. [any thread]
 */

#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct NativeFunction {
    const char *name;
    float (*function)(float x);
    double (*reference)(double x); /* good to 2^-28 ulp of a float */
} NativeFunction;

/* rein_exp, rein_log, rein_sin, rein_cos, rein_floor, rein_abs, rein_sqrt, and rein_sqrt_in_integers. */
#define NATIVE_N_FUNCTIONS 8
extern const NativeFunction native_functions[NATIVE_N_FUNCTIONS];

float native_pow(float x, float y);
float native_div(float a, float b);
float native_div_in_integers(float a, float b);

static inline uint32_t
native_bits(float x)
{
    uint32_t bits = 0;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float
native_from_bits(uint32_t bits)
{
    float x = 0;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/*
 * How far `result` is from the true value, in units in the last place of a float of that size; 1e9
 * if it is of another kind. A true value below 2^-126 may have become a zero of its sign.
 */
static inline double
native_error(float result, double truth)
{
    const double wrong = 1e9;
    const double size = fabs(truth);
    const int is_turned = !signbit(result) != !signbit(truth); /* signbit is any number but 0 */
    int exponent = 0;

    if (isnan(truth)) {
        return isnan(result) ? 0 : wrong;
    }
    if (size >= 0x1.ffffffp127) { /* what rounds to infinity */
        return isinf(result) && !is_turned ? 0 : wrong;
    }
    if (!isfinite(result) || (result == 0 && is_turned)) {
        return wrong;
    }
    if (size < 0x1p-126) {
        return result == 0 ? 0 : fabs(result - truth) / 0x1p-149;
    }
    frexp(size, &exponent);
    return fabs(result - truth) / ldexp(1, exponent - 24);
}

#ifdef __cplusplus
}
#endif
