/* SPDX-License-Identifier: MIT */
/* The timetabling kernels as ordinary C functions, for the tests: the text as the CPU plugin has it. */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void timetable_fitness(void *const *buffers, uint32_t first, uint32_t end, uint32_t round,
                       uint32_t progress);
void timetable_improve(void *const *buffers, uint32_t first, uint32_t end, uint32_t round,
                       uint32_t progress);

/* The random words of one move of improve, once by improve's own way and once by rein_philox(). */
void native_timetable_words(const uint32_t *seed, uint32_t item, uint32_t round, uint32_t move,
                            uint32_t *words, uint32_t *expected);

/* Makes `n_moves` random moves, whatever they cost, from the genome `genes` (item-major) with `row`
 * as scratch. Returns how many changed the cost by something else than they were costed at. */
uint32_t native_timetable_check_deltas(const int32_t *data, uint32_t *row, const uint16_t *genes,
                                       uint32_t seed, uint32_t n_moves);

#ifdef __cplusplus
}
#endif
