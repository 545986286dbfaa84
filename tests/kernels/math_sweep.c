/* SPDX-License-Identifier: MIT */

/*
 * Measures the mathematics of the dialect: every function of one number over all 2^32 floats, those of
 * two over so many million random pairs. Takes minutes; run by hand, it gives the figures of
 * kernels/README.md:
 *
 *     math_sweep [MILLIONS]
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "native_math.h"
#include "native_pairs.h"

static void
sweep_function(const NativeFunction *function)
{
    uint64_t n_beyond_half = 0;
    double worst = 0;
    float worst_x = 0;

    for (uint64_t i = 0; i <= UINT32_MAX; i++) {
        const float x = native_from_bits((uint32_t)i);
        const double error = native_error(function->function(x), function->reference(x));

        n_beyond_half += error > 0.5;
        if (error > worst) {
            worst = error;
            worst_x = x;
        }
    }
    printf("%-24s worst %.4f ulp at %.9g, not the nearest float: %" PRIu64 "\n", function->name,
           worst, (double)worst_x, n_beyond_half);
    fflush(stdout);
}

static void
sweep_pow(uint64_t n)
{
    NativePairs pairs = native_pairs_start();
    double worst = 0;
    float worst_x = 0;
    float worst_y = 0;

    for (uint64_t i = 0; i < n; i++) {
        float x = 0;
        float y = 0;

        native_pairs_next_powers(&pairs, &x, &y);
        const double error = native_error(native_pow(x, y), pow(x, y));
        if (error > worst) {
            worst = error;
            worst_x = x;
            worst_y = y;
        }
    }
    printf("%-24s worst %.4f ulp at %.9g, %.9g\n", "rein_pow", worst, (double)worst_x,
           (double)worst_y);
}

static void
sweep_div(uint64_t n)
{
    NativePairs pairs = native_pairs_start();
    uint64_t n_wrong = 0;

    for (uint64_t i = 0; i < n; i++) {
        float a = 0;
        float b = 0;

        native_pairs_next_quotients(&pairs, &a, &b);
        const float expected = a / b;
        const float result = native_div_in_integers(a, b);
        n_wrong += isnan(expected) ? !isnan(result) : native_bits(result) != native_bits(expected);
    }
    printf("%-24s wrong: %" PRIu64 "\n", "rein_div_in_integers", n_wrong);
}

int
main(int argc, char **argv)
{
    const uint64_t n = (argc > 1 ? strtoull(argv[1], NULL, 10) : 1000) * 1000000;

    for (int i = 0; i < NATIVE_N_FUNCTIONS; i++) {
        sweep_function(&native_functions[i]);
    }
    sweep_pow(n);
    sweep_div(n);
    return EXIT_SUCCESS;
}
