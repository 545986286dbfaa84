/* SPDX-License-Identifier: MIT */

/*
 * To a scalar type it is a comma expression everywhere, and gives the last.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * gives gcc: 2
 * gives opencl: 2
 * gives instead: 2
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    out[item] = 2u;
#else
    out[item] = (u32)(1, 2);
#endif
}
