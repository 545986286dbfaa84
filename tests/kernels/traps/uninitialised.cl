/* SPDX-License-Identifier: MIT */

/*
 * What was never written holds anything.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * in: 1
 * gives gcc-zeros: 0
 * gives gcc-pattern: fefefefe
 * gives instead: 0
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    u32 word = 0;
    if (in[0] == 0) {
        word = 1u;
    }
    out[item] = word;
#else
    u32 word;
    if (in[0] == 0) {
        word = 1u;
    }
    out[item] = word;
#endif
}
