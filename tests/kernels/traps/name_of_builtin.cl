/* SPDX-License-Identifier: MIT */

/*
 * OpenCL has functions of these names already; some compilers take a second one of the same kind.
 *
 * builds: gcc yes, clang yes, opencl yes, pocl no, cuda yes
 * names: min max
 * gives instead: 1
 */

#ifdef INSTEAD
REIN_FN i32
my_min(i32 a, i32 b)
{
    return a < b ? a : b;
}
#else
REIN_FN i32
NAME(i32 a, i32 b)
{
    return a < b ? a : b;
}
#endif

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    out[item] = (u32)my_min(1, 2);
#else
    out[item] = (u32)NAME(1, 2);
#endif
}
