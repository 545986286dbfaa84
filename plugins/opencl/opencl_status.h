/* SPDX-License-Identifier: MIT */

/* OpenCL's error codes: their names, and what they are to the core. Constant; any thread. */

#pragma once

#include <stdint.h>

#include "rein/plugin_abi.h"

/* "CL_OUT_OF_RESOURCES"; "an unknown error" for a code that has no name. */
const char *opencl_status_name(int32_t code);

/*
 * The status of a code that a call answered: REIN_ERR_OUT_OF_MEMORY and REIN_ERR_DEVICE_LOST where it
 * says so, else REIN_ERR_FAILED.
 */
ReinStatus opencl_status_of(int32_t code);

/* REIN_OK for CL_SUCCESS; else the status of `code`, with "what: NAME (code)" as the message. */
ReinStatus opencl_status_check(int32_t code, const char *what, ReinMsg *msg);
