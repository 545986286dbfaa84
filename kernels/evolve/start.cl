/* SPDX-License-Identifier: MIT */

/* The start population, and the way of genomes between canonical form and the device's own. */

/*
 * The first `n_given` individuals come from `canonical`, [n_given][n_genes]; the others are drawn at
 * random within the bounds. n_given is the first word of `given`.
 */
REIN_KERNEL(evolve_start, IN(u32, params), IN(u32, given), IN(ReinGene, canonical), IN(u32, bounds),
            OUT(ReinGene, genes), OUT(u32, changed))
{
    const u32 n_genes = params[PARAM_N_GENES];
    ReinRandom random =
        rein_random(params[PARAM_SEED_LOW], params[PARAM_SEED_HIGH], item, round, RANDOM_INITIAL);

    changed[item] = 1;
    for (u32 i = 0; i < n_genes; i++) {
        if (item < given[0]) {
            GENE(i) = canonical[item * n_genes + i];
        } else {
            GENE(i) =
                (ReinGene)(bounds[i] == 0 ? rein_next(&random) : rein_below(&random, bounds[i]));
        }
    }
}
