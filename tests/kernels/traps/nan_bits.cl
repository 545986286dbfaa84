/* SPDX-License-Identifier: MIT */

/*
 * Which NaN comes out is the processor's choice, and the compiler's if it computes it.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * gives gcc-O0: ffc00000
 * gives gcc: 7fc00000
 * gives instead: 7fc00000
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    const f32 infinity = rein_from_bits(0x7F800000u);
    const f32 x = infinity - infinity;
    out[item] = x != x ? 0x7FC00000u : rein_bits(x);
#else
    const f32 infinity = rein_from_bits(0x7F800000u);
    out[item] = rein_bits(infinity - infinity);
#endif
}
