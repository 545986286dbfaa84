/* SPDX-License-Identifier: MIT */

/*
 * A keyword of C++ is a name like any other in C.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda no
 * names: new class this template delete
 * gives instead: 1
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    const u32 name = 1u;
    out[item] = name;
#else
    const u32 NAME = 1u;
    out[item] = NAME;
#endif
}
