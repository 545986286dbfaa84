/* SPDX-License-Identifier: MIT */

/*
 * Buffers: mapped straight from the kernel, so that they are zeroed, page-aligned and given back at
 * once, with a guard behind the last byte that shows whether a kernel wrote past the end. Owned by
 * the device, for one job each. Device thread only.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "plugin_held.h"
#include "rein/plugin_abi.h"

typedef struct CpuBuffer {
    ReinHeld held;        /* first; its size is what the job asked for */
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

/* The buffer `token` of `job`, borrowed until it is released; or NULL with `msg`. */
CpuBuffer *cpu_buffer_find(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg);

/* A ReinHeldFn: gives one buffer back; a broken guard is logged. `context` is the device. */
void cpu_buffer_end(void *context, ReinHeld *entry);
