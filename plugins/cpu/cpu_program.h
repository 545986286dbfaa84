/* SPDX-License-Identifier: MIT */

/*
 * Programs: kernels this plugin was built with, or compiled from a user's text by the system
 * compiler. Owned by the device, for one job each. Device thread only.
 */

#pragma once

#include <stdint.h>

#include "cpu_prebuilt.h"
#include "rein/plugin_abi.h"

/* One kernel, and how long one of its items takes by the time measured so far. */
typedef struct CpuKernel CpuKernel;
struct CpuKernel {
    CpuKernel *next;
    CpuEntry entry;
    double item_ns; /* 0 until it has run */
    char name[];
};

typedef struct CpuProgram CpuProgram;
struct CpuProgram {
    CpuProgram *next;
    uint64_t token;
    uint64_t job;
    const CpuPrebuiltProgram *prebuilt; /* or NULL */
    void *library;                      /* of dlopen(), or NULL */
    CpuKernel *kernels;                 /* list of those asked for so far */
    char name[64];                      /* of the source, for messages; may be cut off */
};

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

uint32_t cpu_program_count(const ReinPluginDevice *device, uint64_t job);

/* Drops every program of `job` and counts them in `released`. */
void cpu_program_discard_job(ReinPluginDevice *device, uint64_t job, ReinUsage *released);

/* Drops every program of every job. */
void cpu_program_discard_all(ReinPluginDevice *device);
