/* SPDX-License-Identifier: MIT */

/*
 * No two buffers overlap, so a value that was read may be kept over a write to another buffer.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * aliased
 * gives gcc-O0: 1 1
 * gives gcc: 1 0
 * gives instead: 1 0
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    const u32 before = in[0];
    out[0] = before + 1u;
    out[1] = before;
#else
    const u32 before = in[0];
    out[0] = before + 1u;
    out[1] = in[0]; /* before, or before + 1 */
#endif
}
