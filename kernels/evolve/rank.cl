/* SPDX-License-Identifier: MIT */

/*
 * How individuals compare. Fitness is read as 32-bit words whatever it is, and turned into a rank: an
 * unsigned number that orders as the fitness does, smaller is better, with NaN behind everything.
 */

#define RANK_NAN 0xFFFFFFFFu

REIN_FN int
rank_is_nan(u32 is_float, u32 bits)
{
    return is_float != 0 && (bits & 0x7FFFFFFFu) > 0x7F800000u;
}

REIN_FN u32
rank_of(u32 is_float, u32 bits)
{
    if (rank_is_nan(is_float, bits)) {
        return RANK_NAN;
    }
    if (is_float != 0 && bits == 0x80000000u) {
        bits = 0; /* -0 is as good as 0 */
    }
    if (is_float == 0 || (bits & 0x80000000u) == 0) {
        return bits ^ 0x80000000u;
    }
    return ~bits;
}

/* Whether individual a is better than b, plane by plane; equal ones are not. */
REIN_FN int
rank_is_better(REIN_GLOBAL const u32 *params, REIN_GLOBAL const i32 *fitness, u32 a, u32 b)
{
    const u32 population = params[PARAM_POPULATION];
    const u32 is_float = params[PARAM_FLOAT];

    for (u32 plane = 0; plane < params[PARAM_N_PLANES]; plane++) {
        const u32 rank_a = rank_of(is_float, (u32)fitness[plane * population + a]);
        const u32 rank_b = rank_of(is_float, (u32)fitness[plane * population + b]);
        if (rank_a != rank_b) {
            return rank_a < rank_b;
        }
    }
    return 0;
}
