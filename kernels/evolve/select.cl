/* SPDX-License-Identifier: MIT */

/*
 * Parents of each child: two individuals of the round before. With a chance of PARAM_SELECT_RATE the
 * first is the winner of a tournament, else it is the individual in the child's own place; with a chance
 * of PARAM_CROSS_RATE the second is the winner of another tournament, else it is the first.
 */

REIN_FN u32
select_tournament(REIN_GLOBAL const u32 *params, REIN_GLOBAL const i32 *fitness, ReinRandom *random)
{
    u32 winner = rein_below(random, params[PARAM_POPULATION]);

    for (u32 i = 1; i < params[PARAM_TOURNAMENT]; i++) {
        const u32 rival = rein_below(random, params[PARAM_POPULATION]);
        if (rank_is_better(params, fitness, rival, winner)) {
            winner = rival;
        }
    }
    return winner;
}

REIN_KERNEL(evolve_select, IN(u32, params), IN(i32, fitness), OUT(u32, parents))
{
    ReinRandom random =
        rein_random(params[PARAM_SEED_LOW], params[PARAM_SEED_HIGH], item, round, RANDOM_SELECT);
    u32 first_parent = item;

    if (rein_chance(&random, params[PARAM_SELECT_RATE])) {
        first_parent = select_tournament(params, fitness, &random);
    }
    parents[2 * item] = first_parent;
    parents[2 * item + 1] = first_parent;
    if (rein_chance(&random, params[PARAM_CROSS_RATE])) {
        parents[2 * item + 1] = select_tournament(params, fitness, &random);
    }
}
