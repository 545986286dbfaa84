/* SPDX-License-Identifier: MIT */

/*
 * A product and a sum in one rounding give other bits.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * in: 3f800001 3f800001 3f800002
 * gives gcc: 0
 * gives opencl: 0
 * gives gcc-fast: 28800000
 * gives instead: 0
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    const u64 a = (in[0] & 0x007FFFFFu) | 0x00800000u; /* in units of 2^-23 */
    const u64 b = (in[1] & 0x007FFFFFu) | 0x00800000u;
    const u64 c = (in[2] & 0x007FFFFFu) | 0x00800000u;
    out[item] = (u32)(((a * b) >> 23) - c);
#else
    const f32 a = rein_from_bits(in[0]);
    const f32 b = rein_from_bits(in[1]);
    const f32 c = rein_from_bits(in[2]);
    out[item] = rein_bits(a * b - c);
#endif
}
