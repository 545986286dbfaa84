/* SPDX-License-Identifier: MIT */

/*
 * OpenCL's functions may be macros of the same names: a kernel cannot have such a name.
 *
 * builds: gcc yes, clang yes, opencl yes, pocl no, cuda yes
 * names: clamp step dot mix sign all any
 * gives instead: 1
 */

#ifdef INSTEAD
REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
#else
REIN_KERNEL(NAME, IN(u32, in), OUT(u32, out))
#endif
{
    out[item] = in[0] + 1u;
}
