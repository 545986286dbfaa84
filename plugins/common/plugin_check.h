/* SPDX-License-Identifier: MIT */

/*
 * What every plugin checks of what it is given, and what a slice says, read as plugin_abi.h means it.
 * For plugins that need all members of version 0.1 of these structs. Nothing is kept; any thread.
 */

#pragma once

#include "rein/plugin_abi.h"

/* REIN_ERR_INVALID_ARGUMENT unless `host` has all members. */
ReinStatus rein_host_check(const ReinHost *host, ReinMsg *msg);

/* The same for a source, whose digest must be one: it becomes part of a file's name. */
ReinStatus rein_source_check(const ReinSource *source, ReinMsg *msg);

/* The same for a slice and its report: stages, rounds and items within their bounds. */
ReinStatus rein_slice_check(const ReinSlice *slice, const ReinSliceReport *report, ReinMsg *msg);

/* The stage at `index` of a checked slice. */
const ReinStage *rein_slice_stage(const ReinSlice *slice, uint32_t index);

/* `progress` of the round first_round + index, as its kernels see it. */
uint32_t rein_slice_progress(const ReinSlice *slice, uint32_t index);

/* When the slice's budget is used up, if it began at `start_ns` of rein_plugin_now(). */
uint64_t rein_slice_deadline(const ReinSlice *slice, uint64_t start_ns);

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t rein_plugin_now(void);
