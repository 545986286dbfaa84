/* SPDX-License-Identifier: MIT */

/*
 * Platforms and devices as OpenCL describes them, and the ids rein gives them: "opencl:pocl:0" is the
 * first device of the platform whose short name is pocl. Nothing is kept open; any thread.
 */

#pragma once

#include <stdbool.h>

#include "opencl_symbols.h"
#include "rein/plugin_abi.h"

#define OPENCL_PLUGIN_NAME "opencl"
#define OPENCL_PLUGIN_VERSION "0.1.0"

/* Of one platform of this process, and of each of its devices. More are left out. */
#define OPENCL_MAX_PLATFORMS 32u
#define OPENCL_MAX_DEVICES 64u

/* One device of one platform, and what the plugin must know of it. */
typedef struct OpenclCard {
    cl_platform_id platform;
    cl_device_id device;
    ReinDeviceInfo info;
    char platform_version[128];
    char version[128];        /* "OpenCL 1.2 ...", of the device */
    cl_int code;              /* of the question that the driver failed to answer, or CL_SUCCESS */
    uint64_t max_buffer_size; /* bytes */
    uint32_t max_group;       /* work-items in a group */
    bool is_cpu;
    bool is_available;
    bool has_compiler;
    bool divides_exactly; /* float32 division and square root are rounded correctly */
    bool is_pocl;
} OpenclCard;

/*
 * Called for each device that looks usable. Returns false to have no more. If it turns out that the
 * device is of no use, `fault` says why; it is empty at first.
 */
typedef bool (*OpenclCardFn)(void *context, const OpenclCard *card, ReinMsg *fault);

/*
 * Calls `found` for each device of each platform in this process. `msg` collects why platforms have
 * no device or why devices cannot be used, separated by "; ".
 */
ReinStatus opencl_platform_each(const OpenclSymbols *cl, OpenclCardFn found, void *context,
                                ReinMsg *msg);
