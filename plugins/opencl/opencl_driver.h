/* SPDX-License-Identifier: MIT */

/*
 * The drivers an ICD loader would load: one for each file *.icd, with what makes a loader load this one
 * and no other. Reads these files and runs no code of theirs. Any thread.
 */

#pragma once

#include "rein/plugin_abi.h"

/* Slot of the table, see plugin_abi.h. */
ReinStatus opencl_driver_list(const ReinHost *host, ReinDriverCb found, void *context,
                              ReinMsg *msg);
