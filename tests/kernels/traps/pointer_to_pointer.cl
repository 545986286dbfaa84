/* SPDX-License-Identifier: MIT */

/*
 * OpenCL 1.2 wants a space for each of the two.
 *
 * builds: gcc yes, clang yes, opencl no, cuda yes
 * gives instead: 0
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    out[item] = in[0];
#else
    REIN_GLOBAL const u32 *rows[1];
    const u32 **all = rows;
    rows[0] = in;
    out[item] = all[0][0];
#endif
}
