/* SPDX-License-Identifier: MIT */

/* Kernels with one fault each, to show that a check which finds none could have found one. */

#define PLANTED(name) \
    REIN_KERNEL(name, IN(u32, params), IN(u16, genes), IN(u32, changed), OUT(i32, fitness), \
                IN(i32, data), INOUT(u32, scratch))

/* Nothing wrong with this one. */
PLANTED(planted_nothing)
{
    const u32 n_genes = params[PARAM_N_GENES];
    i32 sum = 0;

    for (u32 i = 0; i < n_genes; i++) {
        sum += (i32)GENE(i);
    }
    FITNESS(0, sum);
}

/* All items write one word of scratch, each another value. */
PLANTED(planted_race)
{
    scratch[0] = item;
    FITNESS(0, 0);
}

/* A local array of which one element was never written, for six genes. */
PLANTED(planted_uninitialised)
{
    u32 seen[4];

    for (u32 i = 0; i < 3u; i++) {
        seen[i] = item;
    }
    FITNESS(0, seen[params[PARAM_N_GENES] / 2u] > 2u ? 1 : 2);
}

/* The words behind the end of scratch. */
PLANTED(planted_write_outside)
{
    scratch[params[PARAM_POPULATION] * 1000u + item] = item;
    FITNESS(0, 0);
}

PLANTED(planted_read_outside)
{
    FITNESS(0, (i32)scratch[params[PARAM_POPULATION] * 1000u + item]);
}
