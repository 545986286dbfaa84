/* SPDX-License-Identifier: MIT */

/*
 * From a text to a program object that can be asked for its kernels: by the driver's compiler, or by
 * way of the binary that was kept on disk. Device thread only.
 */

#pragma once

#include <limits.h>
#include <stdbool.h>

#include "opencl_device.h"
#include "rein/plugin_abi.h"

/* How one source is built for one device, and where its binary is kept. */
typedef struct OpenclBuild {
    char options[512];
    char cache_path[PATH_MAX]; /* "" if nowhere */
} OpenclBuild;

void opencl_build_init(OpenclBuild *self, const ReinPluginDevice *device, const ReinSource *source);

/* The program from its binary; NULL if there is none or it is of no use, which the log says then. */
cl_program opencl_build_load(const OpenclBuild *self, ReinPluginDevice *device);

/* Compiles the text. On REIN_ERR_BUILD `msg` is the compiler's log. */
ReinStatus opencl_build_compile(const OpenclBuild *self, ReinPluginDevice *device,
                                const ReinSource *source, cl_program *program, ReinMsg *msg);

/* Keeps the program's binary; a failure is logged and otherwise of no concern. */
void opencl_build_store(const OpenclBuild *self, ReinPluginDevice *device, cl_program program);
