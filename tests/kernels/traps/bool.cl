/* SPDX-License-Identifier: MIT */

/*
 * bool, true and false are not in C17 without a header.
 *
 * builds: gcc no, clang no, opencl yes, cuda yes
 * gives instead: 1
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    u32 is_set = in[0] == 0;
    out[item] = is_set != 0 ? 1u : 0u;
#else
    bool is_set = in[0] == 0;
    out[item] = is_set ? 1u : 0u;
#endif
}
