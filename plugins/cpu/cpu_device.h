/* SPDX-License-Identifier: MIT */

/*
 * The one device of this plugin: the host's processors. It owns its threads, and every buffer and
 * program of every job until that job gives them back. Device thread only.
 */

#pragma once

#include <stdint.h>

#include "cpu_buffer.h"
#include "cpu_pool.h"
#include "cpu_program.h"
#include "cpu_run.h"
#include "cpu_settings.h"
#include "plugin_held.h"
#include "rein/plugin_abi.h"

#define CPU_PLUGIN_NAME "cpu"
#define CPU_PLUGIN_VERSION "0.1.0"
#define CPU_DEVICE_ID "cpu:0"
#define CPU_INTERLEAVE 16u /* REIN_INTERLEAVE of the dialect in C */

struct ReinPluginDevice {
    const ReinHost *host;
    CpuSettings settings;
    CpuPool *pool;
    uint64_t last_token;    /* buffers and programs count on together, so no token is used twice */
    ReinHeldTable buffers;  /* CpuBuffer */
    ReinHeldTable programs; /* CpuProgram */
    CpuStage *stages;       /* of the running slice; kept for the next one */
    uint32_t stages_capacity;
};

/* Slots of the table, see plugin_abi.h. */
ReinStatus cpu_device_probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg);
ReinStatus cpu_device_open(const char *id, const ReinHost *host, ReinPluginDevice **out,
                           ReinMsg *msg);
void cpu_device_close(ReinPluginDevice *device);
void cpu_device_usage(ReinPluginDevice *device, uint64_t job, ReinUsage *usage);
void cpu_device_cleanup(ReinPluginDevice *device, uint64_t job, ReinUsage *released);
ReinStatus cpu_device_memory_info(ReinPluginDevice *device, uint64_t *free_size,
                                  uint64_t *total_size, ReinMsg *msg);

/* A token that this device never gave out before. */
uint64_t cpu_device_token(ReinPluginDevice *device);
