/* SPDX-License-Identifier: MIT */

/*
 * OpenCL wants an address space that C does not know.
 *
 * builds: gcc yes, clang yes, opencl no, cuda no
 * in: 1 1 2
 * gives instead: 2
 */

#ifdef INSTEAD

#else
static const u32 table[2] = { 1u, 2u };
#endif

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    out[item] = in[1u + (in[0] & 1u)];
#else
    out[item] = table[in[0] & 1u];
#endif
}
