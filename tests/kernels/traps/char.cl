/* SPDX-License-Identifier: MIT */

/*
 * Whether char has a sign is the processor's choice.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * in: c8
 * gives gcc: ffffffc8
 * gives gcc-unsigned-char: c8
 * gives instead: c8
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    const u8 c = (u8)in[0];
    out[item] = (u32)(i32)c;
#else
    const char c = (char)in[0];
    out[item] = (u32)(i32)c;
#endif
}
