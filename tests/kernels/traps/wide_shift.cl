/* SPDX-License-Identifier: MIT */

/*
 * A shift by the width or more is undefined in C; x86 takes it modulo the width.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * in: 1 20
 * gives gcc: 1
 * gives gcc-ubsan: dies
 * gives instead: 0
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    out[item] = in[1] < 32u ? in[0] << in[1] : 0u;
#else
    out[item] = in[0] << in[1];
#endif
}
