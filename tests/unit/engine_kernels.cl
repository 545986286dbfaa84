/* SPDX-License-Identifier: MIT */

/* Small problems for the tests of the engine, for genes of 16 and of 32 bits. */

#define ENGINE_FITNESS(name, gene, number) \
    REIN_KERNEL(name, IN(u32, params), IN(gene, genes), IN(u32, changed), OUT(number, fitness), \
                IN(i32, data), INOUT(u32, scratch))

#define ENGINE_SUM(sum) \
    const u32 n_genes = params[PARAM_N_GENES]; \
    i32 sum = data[0] * (i32)(scratch == 0); \
    if (changed[item] == 0) { \
        return; \
    } \
    for (u32 i = 0; i < n_genes; i++) { \
        sum += (i32)GENE(i); \
    }

/* The sum of the genes. */
ENGINE_FITNESS(sum16, u16, i32)
{
    ENGINE_SUM(sum)
    FITNESS(0, sum);
}

ENGINE_FITNESS(sum32, u32, i32)
{
    ENGINE_SUM(sum)
    FITNESS(0, sum);
}

/* First of all at least eight, then as little as possible, then the first gene small. */
ENGINE_FITNESS(planes16, u16, i32)
{
    ENGINE_SUM(sum)
    FITNESS(0, sum < 8 ? 8 - sum : 0);
    FITNESS(1, sum);
    FITNESS(2, (i32)GENE(0));
}

/* Half the sum; a genome that begins with 0 has none. */
ENGINE_FITNESS(half16, u16, f32)
{
    ENGINE_SUM(sum)
    const f32 zero = (f32)data[0];
    FITNESS(0, GENE(0) == 0 ? zero / zero : 0.5f * (f32)sum);
}

/* The sum from below: -0 when there is none. */
ENGINE_FITNESS(below16, u16, f32)
{
    ENGINE_SUM(sum)
    FITNESS(0, -(f32)sum);
}

/* The sum; one that was said not to have changed and has another fitness than it should is ruined. */
ENGINE_FITNESS(watch16, u16, i32)
{
    const u32 n_genes = params[PARAM_N_GENES];
    i32 sum = data[0] * (i32)(scratch == 0);

    for (u32 i = 0; i < n_genes; i++) {
        sum += (i32)GENE(i);
    }
    if (changed[item] == 0 && fitness[item] != sum) {
        sum = -1000;
    }
    FITNESS(0, sum);
}

/* So slow that a round is longer than any slice. */
ENGINE_FITNESS(slow16, u16, i32)
{
    ENGINE_SUM(sum)
    u32 word = (u32)sum;
    for (u32 i = 0; i < 20000u; i++) {
        word = word * 1664525u + 1013904223u;
    }
    FITNESS(0, sum + (i32)(word == (u32)sum));
}

/* Counts in the state how often the individual came by, and takes one from a gene that is not 0. */
REIN_KERNEL(improve16, IN(u32, params), INOUT(u16, genes), INOUT(u32, changed), IN(i32, fitness),
            IN(i32, data), INOUT(u32, scratch), INOUT(u32, state))
{
    const u32 n_genes = params[PARAM_N_GENES];
    const u32 n_state = params[PARAM_N_STATE];
    const u32 i = round % n_genes;

    if (fitness == 0 || data == 0 || scratch == 0 || item < params[PARAM_N_ELITES]) {
        return;
    }
    state[REIN_AT(n_state, item, 0u)]++;
    if (params[PARAM_MOVES] > 0 && GENE(i) > 0) {
        GENE(i) = (u16)(GENE(i) - 1u);
        changed[item] = 1;
    }
}

/* The upper half of the progress of the round, so that a record shows the schedule. */
ENGINE_FITNESS(progress16, u16, i32)
{
    (void)genes;
    (void)changed;
    (void)data;
    (void)scratch;
    FITNESS(0, (i32)(progress >> 8));
}
