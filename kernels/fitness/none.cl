/* SPDX-License-Identifier: MIT */

/*
 * No problem at all: every individual costs nothing. For measuring what the framework itself costs
 * per round.
 */

REIN_KERNEL(none_fitness, IN(u32, params), IN(u16, genes), IN(u32, changed), OUT(i32, fitness),
            IN(i32, data), INOUT(u32, scratch))
{
    (void)genes;
    (void)changed;
    (void)data;
    (void)scratch;
    (void)round;
    (void)progress;
    FITNESS(0, 0);
}
