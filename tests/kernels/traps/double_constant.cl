/* SPDX-License-Identifier: MIT */

/*
 * A constant without f is a double: the product has 53 bits where there is double, and 24 where not.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * in: 3f800001
 * gives gcc: 3dccccce
 * gives gcc-single: 3dcccccf
 * gives instead: 3dcccccf
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    out[item] = rein_bits(rein_from_bits(in[0]) * 0.1f);
#else
    out[item] = rein_bits((f32)(rein_from_bits(in[0]) * 0.1));
#endif
}
