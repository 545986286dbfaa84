/* SPDX-License-Identifier: MIT */

/*
 * From the population's fitness to one record: first each block of individuals by itself, then one item
 * over all blocks in order. Ties go to the lower index, so the result depends on neither the number of
 * blocks at work nor their order.
 */

REIN_FN u32
reduce_mix(u32 hash, u32 bits)
{
    hash ^= bits;
    hash *= 0x9E3779B1u;
    return hash ^ (hash >> 15);
}

/* item: a block. */
REIN_KERNEL(evolve_reduce, IN(u32, params), IN(i32, fitness), IN(u32, changed), OUT(u32, parts))
{
    const u32 population = params[PARAM_POPULATION];
    const u32 first = item * BLOCK;
    const u32 end = population - first < BLOCK ? population : first + BLOCK;
    u32 best = first;
    u32 n_evaluated = 0;
    u32 n_nan = 0;
    u32 digest = 0;

    for (u32 i = first; i < end; i++) {
        u32 has_nan = 0;
        u32 hash = i + 1u;
        for (u32 plane = 0; plane < params[PARAM_N_PLANES]; plane++) {
            const u32 bits = (u32)fitness[plane * population + i];
            const u32 is_nan = (u32)rank_is_nan(params[PARAM_FLOAT], bits);
            has_nan |= is_nan;
            hash = reduce_mix(hash, is_nan ? RANK_NAN : bits);
        }
        digest += hash;
        n_nan += has_nan;
        n_evaluated += changed[i] != 0;
        if (rank_is_better(params, fitness, i, best)) {
            best = i;
        }
    }
    parts[item * PART_COUNT + PART_INDEX] = best;
    parts[item * PART_COUNT + PART_N_EVALUATED] = n_evaluated;
    parts[item * PART_COUNT + PART_N_NAN] = n_nan;
    parts[item * PART_COUNT + PART_DIGEST] = digest;
}

/* Compares the fitness words a with b, plane by plane: less than, equal to or greater than 0. */
REIN_FN i32
reduce_compare(REIN_GLOBAL const u32 *params, REIN_GLOBAL const u32 *a, REIN_GLOBAL const u32 *b)
{
    for (u32 plane = 0; plane < params[PARAM_N_PLANES]; plane++) {
        const u32 rank_a = rank_of(params[PARAM_FLOAT], a[plane]);
        const u32 rank_b = rank_of(params[PARAM_FLOAT], b[plane]);
        if (rank_a != rank_b) {
            return rank_a < rank_b ? -1 : 1;
        }
    }
    return 0;
}

/* Sums the parts of all blocks into the record; returns the index of the best individual. */
REIN_FN u32
keep_sum_parts(REIN_GLOBAL const u32 *params, REIN_GLOBAL const u32 *parts,
               REIN_GLOBAL const i32 *fitness, REIN_GLOBAL u32 *record)
{
    const u32 n_blocks = (params[PARAM_POPULATION] + BLOCK - 1u) / BLOCK;
    u32 winner = parts[PART_INDEX];
    u32 n_evaluated = 0;
    u32 n_nan = 0;
    u32 digest = 0;

    for (u32 block = 0; block < n_blocks; block++) {
        REIN_GLOBAL const u32 *part = parts + block * PART_COUNT;
        n_evaluated += part[PART_N_EVALUATED];
        n_nan += part[PART_N_NAN];
        digest += part[PART_DIGEST];
        if (rank_is_better(params, fitness, part[PART_INDEX], winner)) {
            winner = part[PART_INDEX];
        }
    }
    record[RECORD_BEST_INDEX] = winner;
    record[RECORD_N_EVALUATED] = n_evaluated;
    record[RECORD_N_NAN] = n_nan;
    record[RECORD_DIGEST] = digest;
    return winner;
}

/* Copies a row of `n` elements that lies in tiles to one that does not. */
#define KEEP_ROW(to, from, n, item) \
    for (u32 i = 0; i < (n); i++) { \
        (to)[i] = (from)[REIN_AT(n, item, i)]; \
    }

/* item: 0. Keeps the best so far, writes the round's record; once the target is met both stand still. */
REIN_KERNEL(evolve_keep, IN(u32, params), IN(u32, parts), IN(i32, fitness), IN(ReinGene, genes),
            IN(u32, state), IN(u32, status), OUT(u32, next_status), OUT(ReinGene, best),
            OUT(u32, best_state), OUT(u32, ring))
{
    const u32 population = params[PARAM_POPULATION];
    const u32 n_planes = params[PARAM_N_PLANES];
    const u32 n_genes = params[PARAM_N_GENES];
    const u32 n_state = params[PARAM_N_STATE];
    REIN_GLOBAL u32 *record = ring + (round % params[PARAM_RING]) * RECORD_COUNT;
    const u32 winner = keep_sum_parts(params, parts, fitness, record);
    u32 is_better = 0;

    for (u32 i = 0; i < STATUS_COUNT; i++) {
        next_status[i] = status[i];
    }
    for (u32 plane = 0; plane < n_planes; plane++) {
        record[RECORD_BEST + plane] = (u32)fitness[plane * population + winner];
    }
    is_better = status[STATUS_MET] == 0 &&
                (status[STATUS_HAS_BEST] == 0 ||
                 reduce_compare(params, record + RECORD_BEST, status + STATUS_BEST) < 0);
    if (is_better) {
        const u32 slot = 1u - status[STATUS_SLOT];
        KEEP_ROW(best + slot * n_genes, genes, n_genes, winner)
        KEEP_ROW(best_state + slot * n_state, state, n_state, winner)
        for (u32 plane = 0; plane < n_planes; plane++) {
            next_status[STATUS_BEST + plane] = record[RECORD_BEST + plane];
        }
        next_status[STATUS_HAS_BEST] = 1;
        next_status[STATUS_SLOT] = slot;
    }
    if (params[PARAM_HAS_TARGET] != 0 &&
        reduce_compare(params, next_status + STATUS_BEST, params + PARAM_TARGET) <= 0) {
        next_status[STATUS_MET] = 1;
    }
    record[RECORD_ROUND] = round;
    record[RECORD_IS_BETTER] = is_better;
    record[RECORD_SLOT] = next_status[STATUS_SLOT];
    record[RECORD_MET] = next_status[STATUS_MET];
    for (u32 plane = 0; plane < n_planes; plane++) {
        record[RECORD_EVER + plane] = next_status[STATUS_BEST + plane];
    }
}
