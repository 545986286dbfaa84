/* SPDX-License-Identifier: MIT */

/*
 * Which argument is computed first is the compiler's choice.
 *
 * builds: gcc yes, clang yes, opencl yes, cuda yes
 * gives gcc: 21
 * gives clang: 12
 * gives opencl: 12
 * gives instead: 12
 */

REIN_FN u32
next_of(u32 *counter)
{
    (*counter)++;
    return *counter;
}

REIN_FN u32
pair_of(u32 first, u32 second)
{
    return first * 16u + second;
}

REIN_KERNEL(trap, IN(u32, in), OUT(u32, out))
{
#ifdef INSTEAD
    u32 counter = 0;
    const u32 first = next_of(&counter);
    const u32 second = next_of(&counter);
    out[item] = pair_of(first, second);
#else
    u32 counter = 0;
    out[item] = pair_of(next_of(&counter), next_of(&counter));
#endif
}
