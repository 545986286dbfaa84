/* SPDX-License-Identifier: MIT */

/*
 * OpenCL has no pointers to functions.
 *
 * builds: gcc yes, clang yes, opencl no, cuda yes
 * gives instead: 1
 */

REIN_FN u32
one(void)
{
    return 1u;
}

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    out[item] = one();
#else
    u32 (*function)(void) = one;
    out[item] = function();
#endif
}
