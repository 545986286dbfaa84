/* SPDX-License-Identifier: MIT */

/*
 * Buffers of the device's memory, written to with zeros at once: drivers promise memory and find it
 * when it is first used, and a job must know when it asks. Owned by the device, for one job each.
 * Device thread only.
 */

#pragma once

#include "opencl_symbols.h"
#include "plugin_held.h"
#include "rein/plugin_abi.h"

typedef struct OpenclBuffer {
    ReinHeld held; /* first */
    cl_mem memory;
} OpenclBuffer;

/* Slots of the table, see plugin_abi.h. */
ReinStatus opencl_buffer_allocate(ReinPluginDevice *device, uint64_t job, uint64_t size,
                                  uint32_t usage, uint64_t *token, ReinMsg *msg);
ReinStatus opencl_buffer_release(ReinPluginDevice *device, uint64_t job, uint64_t token,
                                 ReinMsg *msg);
ReinStatus opencl_buffer_write(ReinPluginDevice *device, uint64_t job, uint64_t token,
                               uint64_t offset, const void *data, uint64_t size, ReinMsg *msg);
ReinStatus opencl_buffer_read(ReinPluginDevice *device, uint64_t job, uint64_t token,
                              uint64_t offset, void *data, uint64_t size, ReinMsg *msg);

/* The buffer `token` of `job`, borrowed until it is released; or NULL with `msg`. */
OpenclBuffer *opencl_buffer_find(ReinPluginDevice *device, uint64_t job, uint64_t token,
                                 ReinMsg *msg);

/* A ReinHeldFn: gives one buffer back. `context` is the device. */
void opencl_buffer_end(void *context, ReinHeld *entry);
