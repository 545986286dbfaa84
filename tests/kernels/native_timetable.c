/* SPDX-License-Identifier: MIT */
#include "native_timetable.h"

#include <stdlib.h>

#include "rein_kernel.h"

#include "fitness/timetable.cl"
/* in the order of the program's text */
#include "fitness/timetable_search.cl"
/* which the formatter would not keep */
#include "fitness/timetable_improve.cl"

void
native_timetable_words(const uint32_t *seed, uint32_t item, uint32_t round, uint32_t move,
                       uint32_t *words, uint32_t *expected)
{
    ReinRandom random = rein_random(seed[0], seed[1], item, round, RANDOM_IMPROVE);
    uint32_t batch[4 * TT_BATCH];

    tt_random(&random, move - move % TT_BATCH, batch);
    random.counter[0] = move;
    rein_philox(random.key[0], random.key[1], random.counter, expected);
    for (uint32_t i = 0; i < 4; i++) {
        words[i] = batch[i * TT_BATCH + move % TT_BATCH];
    }
}

uint32_t
native_timetable_check_deltas(const int32_t *data, uint32_t *row, const uint16_t *genes,
                              uint32_t seed, uint32_t n_moves)
{
    const uint32_t n_deltas = 1u << 20;
    const ReinRandom random = rein_random(seed, 0, 0, 0, RANDOM_IMPROVE);
    int32_t *chances = malloc(n_deltas * sizeof *chances);
    uint32_t words[4 * TT_BATCH];
    uint32_t n_wrong = 0;
    TtSearch search;

    for (uint32_t i = 0; i < n_deltas; i++) {
        chances[i] = -1; /* always */
    }
    tt_start(&search, data, row, 0);
    search.n_deltas = n_deltas;
    for (uint32_t i = 0; i < search.n_lectures; i++) {
        tt_load(&search, data, row, i, genes[i]);
    }
    for (uint32_t i = 0; i < n_moves; i++) {
        const int32_t hard = search.hard;
        const int32_t soft = search.soft;
        TtMove move;

        if (i % TT_BATCH == 0) {
            tt_random(&random, i, words);
        }
        tt_draw(&search, data, row, words + i % TT_BATCH, &move);
        if (move.from == TT_NOWHERE) {
            tt_try_insert(&search, data, row, &move, chances, 0);
        } else if (move.is_chain) {
            tt_try_chain(&search, data, row, &move, chances, 0);
        } else {
            const int32_t delta = tt_delta(&search, data, row, &move, chances, 0);
            tt_try_move(&search, data, row, &move, chances, 0);
            n_wrong += search.weight * (search.hard - hard) + search.soft - soft !=
                       (delta == TT_NEVER ? 0 : delta);
        }
    }
    free(chances);
    return n_wrong;
}
