/* SPDX-License-Identifier: MIT */

/*
 * The functions of C's, OpenCL's and CUDA's libraries give other bits, or are not there.
 *
 * builds: gcc no, clang no, opencl no, cuda yes
 * gives instead: 0
 */

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    out[item] = rein_bits(rein_sin(rein_from_bits(in[0])));
#else
    out[item] = rein_bits(sinf(rein_from_bits(in[0])));
#endif
}
