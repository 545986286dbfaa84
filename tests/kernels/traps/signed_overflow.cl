/* SPDX-License-Identifier: MIT */

/*
 * Undefined, so compilers take for granted that it does not happen.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * in: 7fffffff
 * gives gcc: 1
 * gives oclgrind: 0
 * gives instead: 0
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    const u32 a = in[0];
    out[item] = (i32)(a + 1u) > (i32)a ? 1u : 0u;
#else
    const i32 a = (i32)in[0];
    out[item] = a + 1 > a ? 1u : 0u;
#endif
}
