/* SPDX-License-Identifier: MIT */

/*
 * -0 is not below 0, so it keeps its sign; its bits are others than those of 0.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * in: 80000000
 * gives gcc: 80000000
 * gives gcc-fast: 0
 * gives instead: 0
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    out[item] = rein_bits(rein_abs(rein_from_bits(in[0])));
#else
    const f32 x = rein_from_bits(in[0]);
    out[item] = rein_bits(x < 0.0f ? -x : x);
#endif
}
