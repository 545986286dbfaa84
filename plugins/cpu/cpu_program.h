/* SPDX-License-Identifier: MIT */

/*
 * Programs: kernels this plugin was built with, or compiled from a user's text by the system
 * compiler. Owned by the device, for one job each. Device thread only.
 */

#pragma once

#include <stdint.h>

#include "cpu_prebuilt.h"
#include "plugin_held.h"
#include "rein/plugin_abi.h"

/* One kernel, and how long one of its items takes by the time measured so far. */
typedef struct CpuKernel CpuKernel;
struct CpuKernel {
    CpuKernel *next;
    CpuEntry entry;
    double item_ns; /* 0 until it has run */
    char name[];
};

typedef struct CpuProgram {
    ReinHeld held;                      /* first */
    const CpuPrebuiltProgram *prebuilt; /* or NULL */
    void *library;                      /* of dlopen(), or NULL */
    CpuKernel *kernels;                 /* list of those asked for so far */
    char name[64];                      /* of the source, for messages; may be cut off */
} CpuProgram;

/* Slots of the table, see plugin_abi.h. */
ReinStatus cpu_program_build(ReinPluginDevice *device, uint64_t job, const ReinSource *source,
                             uint64_t *token, ReinMsg *msg);
ReinStatus cpu_program_discard(ReinPluginDevice *device, uint64_t job, uint64_t token,
                               ReinMsg *msg);

/*
 * The kernel `name` of the program `token` of `job`, borrowed as long as the program lives; or NULL
 * with `msg`.
 */
CpuKernel *cpu_program_kernel(ReinPluginDevice *device, uint64_t job, uint64_t token,
                              const char *name, ReinMsg *msg);

/* A ReinHeldFn: ends one program. `context` is not used. */
void cpu_program_end(void *context, ReinHeld *entry);
