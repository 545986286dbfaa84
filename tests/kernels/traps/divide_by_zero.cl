/* SPDX-License-Identifier: MIT */

/*
 * An integer divided by 0 ends the process on a processor and is any number on a GPU.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * in: 7 0
 * gives gcc: dies
 * gives instead: ffffffff
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    out[item] = in[1] != 0 ? in[0] / in[1] : 0xFFFFFFFFu;
#else
    out[item] = in[0] / in[1];
#endif
}
