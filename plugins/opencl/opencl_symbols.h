/* SPDX-License-Identifier: MIT */

/*
 * The OpenCL API, as the ICD loader libOpenCL gives it. Loaded when a device is asked for or opened,
 * so that the plugin itself loads on a machine that has no OpenCL. Stays loaded: drivers have threads
 * and exit handlers of their own. Any thread.
 */

#pragma once

#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

#include "rein/plugin_abi.h"

typedef struct OpenclSymbols {
#define OPENCL_SYMBOL(name) __typeof__(&name) name;
#include "opencl_symbols.inc"
#undef OPENCL_SYMBOL
} OpenclSymbols;

/*
 * Loads the library that the setting opencl.library names, else libOpenCL.so.1. REIN_ERR_NO_DEVICE if
 * it is not there, or is older than OpenCL 1.2.
 */
ReinStatus opencl_symbols_load(OpenclSymbols *self, const ReinHost *host, ReinMsg *msg);
