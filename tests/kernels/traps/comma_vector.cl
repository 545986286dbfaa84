/* SPDX-License-Identifier: MIT */

/*
 * A cast before a list in parentheses makes a vector in OpenCL, and is a comma expression in C.
 *
 * builds: gcc no, clang no, opencl yes, cuda no
 * gives opencl: 1
 * gives instead: 2
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    out[item] = 2u;
#else
    out[item] = (uint2)(1, 2).x;
#endif
}
