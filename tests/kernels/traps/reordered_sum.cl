/* SPDX-License-Identifier: MIT */

/*
 * Fast math adds in any order, and floats do not.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * in: 4cbebc20 3f800000 ccbebc20 3f800000
 * gives gcc: 3f800000
 * gives gcc-fast: 40000000
 * gives instead: 40000000
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    i32 sum = 0;
    for (u32 i = 0; i < 16u; i++) {
        sum += (i32)rein_from_bits(in[i]);
    }
    out[item] = rein_bits((f32)sum);
#else
    f32 sum = 0.0f;
    for (u32 i = 0; i < 16u; i++) {
        sum += rein_from_bits(in[i]); /* 1e8, 1, -1e8, 1, 0... */
    }
    out[item] = rein_bits(sum);
#endif
}
