/* SPDX-License-Identifier: MIT */

/*
 * The user's settings for this plugin, read once when a device is opened. The text lives as long as
 * the ReinHost it came from. Device thread.
 */

#pragma once

#include <stdint.h>

#include "cpu_prebuilt.h"
#include "rein/plugin_abi.h"

#define CPU_MAX_THREADS 1024u

typedef struct CpuSettings {
    uint32_t n_threads;   /* 1 to CPU_MAX_THREADS */
    uint32_t level;       /* CPU_LEVEL_* */
    const char *compiler; /* a program's name, or a path if it has a slash */
} CpuSettings;

/*
 * Reads `threads`, `level` and `compiler`; what is not set is chosen for this machine.
 * REIN_ERR_INVALID_ARGUMENT for a value that is malformed or out of range, REIN_ERR_UNSUPPORTED for a
 * level the processor lacks; then `settings` is what auto would be.
 */
ReinStatus cpu_settings_read(CpuSettings *settings, const ReinHost *host, ReinMsg *msg);

/* "baseline", "avx2" or "avx512". */
const char *cpu_level_name(uint32_t level);
