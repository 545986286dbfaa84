/* SPDX-License-Identifier: MIT */

/*
 * Compiled kernels kept on disk: shared objects with a trailer that holds their size and checksum, so
 * that a truncated or altered one is never loaded. Files come into being under their final name
 * whole, and are never written to again. Device thread.
 */

#pragma once

#include <stdbool.h>

#include "rein/plugin_abi.h"

/* Whether `path` is a whole and unaltered entry. One that is not is removed, with a warning. */
bool cpu_cache_check(const char *path, const ReinHost *host);

/* Keeps a copy of the library `from` as `path`; a failure is logged and otherwise of no concern. */
void cpu_cache_store(const char *path, const char *from, const ReinHost *host);

/* FNV-1a, 64 bits: `hash` continued over `size` bytes; begin with CPU_HASH_START. */
#define CPU_HASH_START 0xCBF29CE484222325u
uint64_t cpu_hash(uint64_t hash, const void *data, uint64_t size);
