/* SPDX-License-Identifier: MIT */

/*
 * The system compiler: finds it, runs it on a user's kernels, gives its log back. Works in a private
 * folder that is gone, with all in it, when the call returns. Device thread; blocks for as long as
 * the compiler runs, 100 s at most.
 */

#pragma once

#include <limits.h>
#include <stdint.h>

#include "cpu_settings.h"
#include "rein/plugin_abi.h"

/* Kernels compiled at run time have this behind their names, so that no library function is one. */
#define CPU_KERNEL_SUFFIX "_rein_kernel"

typedef struct CpuCompiler {
    char path[PATH_MAX];
    uint64_t key; /* changes with the compiler, the level and the flags */
} CpuCompiler;

/* What cpu_compile() calls with the finished library, while it is still there. */
typedef ReinStatus (*CpuLibraryCb)(void *context, const char *path, ReinMsg *msg);

/*
 * Finds the compiler of the settings and what identifies its output for `source`.
 * REIN_ERR_UNSUPPORTED if there is none.
 */
ReinStatus cpu_compiler_find(CpuCompiler *compiler, const CpuSettings *settings,
                             const ReinSource *source, ReinMsg *msg);

/*
 * Compiles `source` to a shared object and hands its path to `library`, whose status it returns.
 * REIN_ERR_BUILD with the compiler's log, in lines of the user's text, if the compiler rejects it.
 */
ReinStatus cpu_compile(const CpuCompiler *compiler, const CpuSettings *settings,
                       const ReinHost *host, const ReinSource *source, CpuLibraryCb library,
                       void *context, ReinMsg *msg);
