/* SPDX-License-Identifier: MIT */

/*
 * One launch of one kernel. Sizes of groups are fixed, the number of items is rounded up to whole
 * groups with the bound in the kernel, and there is no global offset: so no launch makes a driver
 * compile. Device thread only.
 */

#pragma once

#include <stdint.h>

#include "opencl_buffer.h"
#include "opencl_program.h"
#include "rein/plugin_abi.h"

/* Which items of which round a launch covers. */
typedef struct OpenclLaunch {
    uint32_t first;
    uint32_t end;
    uint32_t round;
    uint32_t progress;
    uint32_t group; /* of those the kernel is warmed for */
} OpenclLaunch;

/* The most items of a stage: the last group may reach past them, and they count in 32 bits. */
#define OPENCL_MAX_ITEMS (UINT32_MAX - 65536u)

/*
 * Enqueues items [first, end) on the kernel object of the round's parity, with `buffers`; `event`,
 * if that is not NULL, becomes the launch's end.
 */
cl_int opencl_launch(ReinPluginDevice *device, OpenclKernel *kernel, OpenclBuffer *const *buffers,
                     const OpenclLaunch *launch, cl_event *event);

/* Runs the kernel over no items, without buffers, in each way it may be launched later. */
ReinStatus opencl_launch_warm(ReinPluginDevice *device, OpenclKernel *kernel, ReinMsg *msg);
