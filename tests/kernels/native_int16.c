/* SPDX-License-Identifier: MIT */

#define REIN_KERNEL_SUFFIX _native_int16

#include "native_kernels.h"

#include <rein_kernel.h>

#include <evolve/int16.cl>
#include <evolve/layout.cl>

#include <evolve/rank.cl>

#include <evolve/cross.cl>
#include <evolve/mutate.cl>
#include <evolve/reduce.cl>
#include <evolve/select.cl>
#include <evolve/start.cl>

#include "native_table.inc"

NativeKernel
native_kernel_int16(const char *name)
{
    return native_kernel(name);
}
