/* SPDX-License-Identifier: MIT */

/*
 * 0 - 1 is the largest unsigned number, on every backend: a loop down to 0 never ends.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * gives gcc: 1
 * gives opencl: 1
 * gives instead: 0
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    out[item] = in[0] >= 1u ? 1u : 0u;
#else
    out[item] = in[0] - 1u >= 0 ? 1u : 0u;
#endif
}
