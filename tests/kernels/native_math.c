/* SPDX-License-Identifier: MIT */

#include "native_math.h"

#include <rein_kernel.h>
/* which it needs */
#include <rein_math.h>

/* Beyond it rein_sin and rein_cos give NaN. */
#define TURN_LIMIT 100000.0

static float
native_exp(float x)
{
    return rein_exp(x);
}

static float
native_log(float x)
{
    return rein_log(x);
}

static float
native_sin(float x)
{
    return rein_sin(x);
}

static double
true_sin(double x)
{
    return fabs(x) <= TURN_LIMIT ? sin(x) : (double)NAN;
}

static float
native_cos(float x)
{
    return rein_cos(x);
}

static double
true_cos(double x)
{
    return fabs(x) <= TURN_LIMIT ? cos(x) : (double)NAN;
}

static float
native_floor(float x)
{
    return rein_floor(x);
}

static float
native_abs(float x)
{
    return rein_abs(x);
}

static float
native_sqrt(float x)
{
    return rein_sqrt(x);
}

static float
native_sqrt_in_integers(float x)
{
    return rein_sqrt_in_integers(x);
}

const NativeFunction native_functions[NATIVE_N_FUNCTIONS] = {
    { "rein_exp", native_exp, exp },
    { "rein_log", native_log, log },
    { "rein_sin", native_sin, true_sin },
    { "rein_cos", native_cos, true_cos },
    { "rein_floor", native_floor, floor },
    { "rein_abs", native_abs, fabs },
    { "rein_sqrt", native_sqrt, sqrt },
    { "rein_sqrt_in_integers", native_sqrt_in_integers, sqrt },
};

float
native_pow(float x, float y)
{
    return rein_pow(x, y);
}

float
native_div(float a, float b)
{
    return rein_div(a, b);
}

float
native_div_in_integers(float a, float b)
{
    return rein_div_in_integers(a, b);
}
