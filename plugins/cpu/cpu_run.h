/* SPDX-License-Identifier: MIT */

/* run_fitness(): the rounds and stages of a slice, on the device's threads. Device thread only. */

#pragma once

#include <stdint.h>

#include "cpu_program.h"
#include "rein/plugin_abi.h"

/* A stage whose tokens were looked up. */
typedef struct CpuStage {
    CpuKernel *kernel;
    uint32_t n_items;
    void *buffers[2][REIN_STAGE_BUFFERS]; /* by the round's parity */
} CpuStage;

/* Slot of the table, see plugin_abi.h. */
ReinStatus cpu_run_fitness(ReinPluginDevice *device, uint64_t job, const ReinSlice *slice,
                           const volatile uint32_t *stop, ReinSliceReport *report, ReinMsg *msg);
