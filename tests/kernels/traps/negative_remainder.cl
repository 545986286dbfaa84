/* SPDX-License-Identifier: MIT */

/*
 * The remainder has the sign of the dividend, on every backend: no index.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * in: fffffff9 3
 * gives gcc: ffffffff
 * gives opencl: ffffffff
 * gives instead: 2
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    const i32 remainder = (i32)in[0] % (i32)in[1];
    out[item] = (u32)(remainder < 0 ? remainder + (i32)in[1] : remainder);
#else
    const i32 remainder = (i32)in[0] % (i32)in[1]; /* -7 % 3 */
    out[item] = (u32)remainder;
#endif
}
