/* SPDX-License-Identifier: MIT */

/*
 * C++ and OpenCL have none.
 *
 * builds: gcc yes, clang yes, opencl no, cuda no
 * in: 2
 * gives instead: 1
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    u32 words[4];
    words[0] = 1u;
    out[item] = words[0];
#else
    u32 words[in[0] + 1u];
    words[0] = 1u;
    out[item] = words[0];
#endif
}
