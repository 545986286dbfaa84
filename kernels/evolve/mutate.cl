/* SPDX-License-Identifier: MIT */

/*
 * Random resetting: with a chance of PARAM_MUTATE_RATE, 1 to PARAM_MUTATE_GENES genes of a child are
 * drawn anew within their bounds. Elites are left alone.
 */

REIN_KERNEL(evolve_mutate, IN(u32, params), IN(u32, bounds), INOUT(ReinGene, genes),
            INOUT(u32, changed))
{
    const u32 n_genes = params[PARAM_N_GENES];
    ReinRandom random =
        rein_random(params[PARAM_SEED_LOW], params[PARAM_SEED_HIGH], item, round, RANDOM_MUTATE);

    if (item < params[PARAM_N_ELITES] || !rein_chance(&random, params[PARAM_MUTATE_RATE])) {
        return;
    }
    const u32 n_mutations = 1u + rein_below(&random, params[PARAM_MUTATE_GENES]);
    for (u32 k = 0; k < n_mutations; k++) {
        const u32 i = rein_below(&random, n_genes);
        const ReinGene gene =
            (ReinGene)(bounds[i] == 0 ? rein_next(&random) : rein_below(&random, bounds[i]));
        if (gene != GENE(i)) {
            GENE(i) = gene;
            changed[item] = 1;
        }
    }
}
