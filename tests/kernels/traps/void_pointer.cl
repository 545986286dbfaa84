/* SPDX-License-Identifier: MIT */

/*
 * In C++ a pointer to void becomes no other by itself.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda no
 * gives instead: 1
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    u32 word = 1u;
    u32 *pointer = &word;
    out[item] = *pointer;
#else
    u32 word = 1u;
    void *any = &word;
    u32 *pointer = any;
    out[item] = *pointer;
#endif
}
