/* SPDX-License-Identifier: MIT */

/*
 * Programs: built from a text by the driver's compiler, or from the binary that was kept of an earlier
 * build. Every kernel was launched once in every way it will be, over no items, so that no launch
 * compiles anything. Owned by the device, for one job each. Device thread only.
 */

#pragma once

#include <stdint.h>

#include "opencl_device.h"
#include "opencl_tune.h"
#include "plugin_held.h"
#include "rein/plugin_abi.h"

#define OPENCL_N_SCALARS 4u /* first, end, round, progress: the last arguments of every kernel */
#define OPENCL_NOT_SET UINT64_MAX
#define OPENCL_MAX_KERNEL_NAME 256u

/* A kernel object, and what its arguments are set to. */
typedef struct OpenclBinding {
    cl_kernel kernel;
    uint64_t tokens[REIN_STAGE_BUFFERS]; /* of buffers: unlike a cl_mem, never used again */
    uint64_t scalars[OPENCL_N_SCALARS];  /* or OPENCL_NOT_SET */
} OpenclBinding;

typedef struct OpenclKernel {
    char name[OPENCL_MAX_KERNEL_NAME];
    uint32_t n_buffers;
    uint32_t max_group;        /* work-items of a group that it runs with */
    OpenclTune tune;           /* of groups */
    OpenclBinding bindings[2]; /* by the round's parity: buffers need not be set again */
} OpenclKernel;

typedef struct OpenclProgram {
    ReinHeld held; /* first */
    cl_program program;
    OpenclKernel *kernels;
    uint32_t n_kernels;
    char name[64]; /* of the source, for messages; may be cut off */
} OpenclProgram;

/* Slots of the table, see plugin_abi.h. */
ReinStatus opencl_program_build(ReinPluginDevice *device, uint64_t job, const ReinSource *source,
                                uint64_t *token, ReinMsg *msg);
ReinStatus opencl_program_discard(ReinPluginDevice *device, uint64_t job, uint64_t token,
                                  ReinMsg *msg);

/*
 * The kernel `name` of the program `token` of `job`, borrowed as long as the program lives; or NULL
 * with `msg`.
 */
OpenclKernel *opencl_program_kernel(ReinPluginDevice *device, uint64_t job, uint64_t token,
                                    const char *name, ReinMsg *msg);

/* A ReinHeldFn: ends one program. `context` is the device. */
void opencl_program_end(void *context, ReinHeld *entry);
