/* SPDX-License-Identifier: MIT */

/*
 * A signed number shifted left over its sign is undefined.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * in: c0000000
 * gives gcc-ubsan: dies
 * gives instead: 80000000
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    out[item] = in[0] << 1;
#else
    out[item] = (u32)((i32)in[0] << 1);
#endif
}
