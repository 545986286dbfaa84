/* SPDX-License-Identifier: MIT */

/*
 * A signed number beside an unsigned one becomes unsigned: -1 is the largest there is.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * in: 1
 * gives gcc: 0
 * gives opencl: 0
 * gives instead: 1
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    const i32 delta = -1;
    out[item] = delta < (i32)in[0] ? 1u : 0u;
#else
    const i32 delta = -1;
    out[item] = delta < in[0] ? 1u : 0u;
#endif
}
