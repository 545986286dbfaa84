/* SPDX-License-Identifier: MIT */

/*
 * C++ wants them in order, and knows none for arrays.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes, c++ no
 * gives instead: 2
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    u32 pair[2];
    pair[0] = 1u;
    pair[1] = 2u;
    out[item] = pair[1];
#else
    const u32 pair[2] = { [1] = 2u, [0] = 1u };
    out[item] = pair[1];
#endif
}
