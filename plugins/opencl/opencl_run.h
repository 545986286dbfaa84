/* SPDX-License-Identifier: MIT */

/* run_fitness(): the rounds and stages of a slice, enqueued ahead of the device. Device thread only. */

#pragma once

#include "rein/plugin_abi.h"

/* Slot of the table, see plugin_abi.h. */
ReinStatus opencl_run_fitness(ReinPluginDevice *device, uint64_t job, const ReinSlice *slice,
                              const volatile uint32_t *stop, ReinSliceReport *report, ReinMsg *msg);
