/* SPDX-License-Identifier: MIT */

/*
 * u16 and u8 are computed with as int: 65535 * 65535 is too large for it.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * in: ffff
 * gives gcc-ubsan: dies
 * gives instead: fffe0001
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    const u16 a = (u16)in[0];
    out[item] = (u32)a * a;
#else
    const u16 a = (u16)in[0];
    out[item] = (u32)(a * a);
#endif
}
