/* SPDX-License-Identifier: MIT */

/*
 * A float beyond the integer's range becomes any number: other ones on x86, ARM and GPUs.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * in: 501502f9
 * gives gcc: 80000000
 * gives oclgrind: 540be400
 * gives gcc-ubsan: dies
 * gives instead: 7fffffff
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    const f32 x = rein_from_bits(in[0]);
    out[item] = x < 2147483520.0f ? (u32)(i32)x : 0x7FFFFFFFu;
#else
    out[item] = (u32)(i32)rein_from_bits(in[0]); /* 1e10 */
#endif
}
