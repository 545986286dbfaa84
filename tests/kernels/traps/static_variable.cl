/* SPDX-License-Identifier: MIT */

/*
 * OpenCL 1.2 has none inside functions; in C all threads share it.
 *
 * builds: gcc yes, clang yes, opencl no, cuda yes
 * gives instead: 1
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    out[item] = 1u;
#else
    static u32 n_calls = 0;
    n_calls++;
    out[item] = n_calls;
#endif
}
