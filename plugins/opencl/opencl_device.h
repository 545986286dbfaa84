/* SPDX-License-Identifier: MIT */

/*
 * One open device: a context with one queue, in order. Owns every buffer and program of every job
 * until that job gives them back. Device thread only.
 */

#pragma once

#include <stdint.h>

#include "opencl_platform.h"
#include "opencl_symbols.h"
#include "plugin_held.h"
#include "rein/plugin_abi.h"

/* Sizes of a group that launches choose from: programs are warmed for each. */
#define OPENCL_N_GROUPS 3u

struct ReinPluginDevice {
    const ReinHost *host;
    OpenclSymbols cl;
    OpenclCard card;
    cl_context context;
    cl_command_queue queue;
    uint32_t groups[OPENCL_N_GROUPS]; /* work-items of a group, rising */
    uint64_t last_token;    /* buffers and programs count on together, so no token is used twice */
    ReinHeldTable buffers;  /* OpenclBuffer */
    ReinHeldTable programs; /* OpenclProgram */
    uint64_t held_size;     /* bytes in all buffers */
    struct OpenclStage *stages; /* of the running slice; kept for the next one */
    uint32_t stages_capacity;
};

/* Slots of the table, see plugin_abi.h. */
ReinStatus opencl_device_probe(const ReinHost *host, ReinFoundCb found, void *context,
                               ReinMsg *msg);
ReinStatus opencl_device_open(const char *id, const ReinHost *host, ReinPluginDevice **out,
                              ReinMsg *msg);
void opencl_device_close(ReinPluginDevice *device);
void opencl_device_usage(ReinPluginDevice *device, uint64_t job, ReinUsage *usage);
void opencl_device_cleanup(ReinPluginDevice *device, uint64_t job, ReinUsage *released);

/* A token that this device never gave out before. */
uint64_t opencl_device_token(ReinPluginDevice *device);

/*
 * The place in `groups` of the largest that leaves each unit of the device `per_unit` groups of
 * `n_items` to work on; 0 if none does.
 */
uint32_t opencl_device_place(const ReinPluginDevice *device, uint32_t n_items, uint32_t per_unit);
