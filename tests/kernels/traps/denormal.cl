/* SPDX-License-Identifier: MIT */

/*
 * Some devices take what is smaller than 2^-126 for 0.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * in: 0d800000 2b800000
 * gives gcc: 1
 * gives gcc-flush: 0
 * gives instead: 0
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    const f32 product = rein_from_bits(in[0]) * rein_from_bits(in[1]);
    out[item] = product > 1e-37f ? 1u : 0u;
#else
    const f32 product = rein_from_bits(in[0]) * rein_from_bits(in[1]); /* 2^-100 2^-40 */
    out[item] = product > 0.0f ? 1u : 0u;
#endif
}
