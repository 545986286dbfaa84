/* SPDX-License-Identifier: MIT */

/*
 * Children: uniform crossover of the two parents (Syswerda, "Uniform crossover in genetic algorithms",
 * ICGA 1989). State and fitness come from the first parent; a child that is equal to it has not changed
 * and keeps the fitness. With an elite, individual 0 is the best so far, its state included.
 */

REIN_FN void
cross_copy_elite(REIN_GLOBAL const u32 *params, REIN_GLOBAL const u32 *status,
                 REIN_GLOBAL const ReinGene *best, REIN_GLOBAL const u32 *best_state,
                 REIN_GLOBAL ReinGene *genes, REIN_GLOBAL i32 *fitness, REIN_GLOBAL u32 *state,
                 u32 item)
{
    const u32 n_genes = params[PARAM_N_GENES];
    const u32 n_state = params[PARAM_N_STATE];

    for (u32 i = 0; i < n_genes; i++) {
        GENE(i) = best[status[STATUS_SLOT] * n_genes + i];
    }
    for (u32 i = 0; i < n_state; i++) {
        state[REIN_AT(n_state, item, i)] = best_state[status[STATUS_SLOT] * n_state + i];
    }
    for (u32 plane = 0; plane < params[PARAM_N_PLANES]; plane++) {
        fitness[plane * params[PARAM_POPULATION] + item] = (i32)status[STATUS_BEST + plane];
    }
}

REIN_FN u32
cross_genes(REIN_GLOBAL const u32 *params, REIN_GLOBAL const ReinGene *parent_genes, u32 mother,
            u32 father, REIN_GLOBAL ReinGene *genes, u32 item, u32 round)
{
    const u32 n_genes = params[PARAM_N_GENES];
    ReinRandom random =
        rein_random(params[PARAM_SEED_LOW], params[PARAM_SEED_HIGH], item, round, RANDOM_CROSS);
    u32 bits = 0;
    u32 is_changed = 0;

    for (u32 i = 0; i < n_genes; i++) {
        const ReinGene gene = parent_genes[REIN_AT(n_genes, mother, i)];
        ReinGene child = gene;
        if (mother != father) {
            bits = (i & 31u) == 0 ? rein_next(&random) : bits >> 1;
            if ((bits & 1u) != 0) {
                child = parent_genes[REIN_AT(n_genes, father, i)];
            }
        }
        is_changed |= (u32)(child != gene);
        GENE(i) = child;
    }
    return is_changed;
}

REIN_KERNEL(evolve_cross, IN(u32, params), IN(u32, parents), IN(u32, status), IN(ReinGene, best),
            IN(u32, best_state), IN(ReinGene, parent_genes), IN(i32, parent_fitness),
            IN(u32, parent_state), OUT(ReinGene, genes), OUT(i32, fitness), OUT(u32, state),
            OUT(u32, changed))
{
    const u32 population = params[PARAM_POPULATION];
    const u32 n_state = params[PARAM_N_STATE];
    const u32 mother = parents[2 * item];

    if (item < params[PARAM_N_ELITES] && status[STATUS_HAS_BEST] != 0) {
        cross_copy_elite(params, status, best, best_state, genes, fitness, state, item);
        changed[item] = 0;
        return;
    }
    for (u32 i = 0; i < n_state; i++) {
        state[REIN_AT(n_state, item, i)] = parent_state[REIN_AT(n_state, mother, i)];
    }
    for (u32 plane = 0; plane < params[PARAM_N_PLANES]; plane++) {
        fitness[plane * population + item] = parent_fitness[plane * population + mother];
    }
    changed[item] =
        cross_genes(params, parent_genes, mother, parents[2 * item + 1], genes, item, round);
}
