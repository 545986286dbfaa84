/* SPDX-License-Identifier: MIT */

/*
 * A compound literal is no C++.
 *
 * builds: gcc yes, clang yes, opencl no, cuda yes
 * gives instead: 2
 */

typedef struct Pair {
    u32 a;
    u32 b;
} Pair;

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    u32 pair[2];
    pair[0] = 1u;
    pair[1] = 2u;
    out[item] = pair[1];
#else
    const u32 *pair = (u32[]){ 1u, 2u };
    out[item] = pair[1];
#endif
}
