/* SPDX-License-Identifier: MIT */

/*
 * Buffers: mapped straight from the kernel, so that they are zeroed, page-aligned and given back at
 * once, with a guard behind the last byte that shows whether a kernel wrote past the end. Owned by
 * the device, for one job each. Device thread only.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rein/plugin_abi.h"

typedef struct CpuBuffer {
    uint64_t token;
    uint64_t job;
    uint64_t size;        /* bytes the job asked for */
    uint64_t mapped_size; /* bytes with the guard */
    unsigned char *data;
} CpuBuffer;

/* Slots of the table, see plugin_abi.h. */
ReinStatus cpu_buffer_allocate(ReinPluginDevice *device, uint64_t job, uint64_t size,
                               uint32_t usage, uint64_t *token, ReinMsg *msg);
ReinStatus cpu_buffer_release(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg);
ReinStatus cpu_buffer_write(ReinPluginDevice *device, uint64_t job, uint64_t token, uint64_t offset,
                            const void *data, uint64_t size, ReinMsg *msg);
ReinStatus cpu_buffer_read(ReinPluginDevice *device, uint64_t job, uint64_t token, uint64_t offset,
                           void *data, uint64_t size, ReinMsg *msg);

/* The buffer `token` of `job`, borrowed until the next allocation or release; or NULL with `msg`. */
CpuBuffer *cpu_buffer_find(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg);

/* Gives back every buffer of `job`; a broken guard is logged. Adds what that was to `released`. */
void cpu_buffer_release_job(ReinPluginDevice *device, uint64_t job, ReinUsage *released);

/* Gives back every buffer of every job. */
void cpu_buffer_release_all(ReinPluginDevice *device);
