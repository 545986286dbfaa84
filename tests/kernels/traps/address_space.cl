/* SPDX-License-Identifier: MIT */

/*
 * In OpenCL 1.2 a pointer without a space points to an item's own variables.
 *
 * builds: gcc yes, clang yes, opencl no, cuda yes
 * gives instead: 0
 */

#ifdef INSTEAD
REIN_FN u32
first_of(REIN_GLOBAL const u32 *words)
{
    return words[0];
}
#else
REIN_FN u32
first_of(const u32 *words)
{
    return words[0];
}
#endif

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
    out[item] = first_of(in);
}
