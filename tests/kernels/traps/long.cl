/* SPDX-License-Identifier: MIT */

/*
 * A long has 32 bits in C on some machines, 64 in OpenCL.
 *
 * builds: gcc yes, clang yes, gcc-m32 no, opencl yes, cuda yes
 * gives instead: 1
 */

#ifdef INSTEAD
typedef char IntegerHas64Bits[sizeof(i64) == 8 ? 1 : -1];
#else
typedef char LongHas64Bits[sizeof(long) == 8 ? 1 : -1];
#endif

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    out[item] = (u32)sizeof(IntegerHas64Bits);
#else
    out[item] = (u32)sizeof(LongHas64Bits);
#endif
}
