/* SPDX-License-Identifier: MIT */

/*
 * Built kernels kept on disk: bytes with a trailer that holds their size and checksum, so that a
 * truncated or altered entry is never used. Files come into being under their final name whole, and
 * are never written to again. Any thread.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rein/plugin_abi.h"

/*
 * The bytes of the entry `path`, to be freed, without their trailer; NULL if there is none or it cannot
 * be read. One that is not whole and unaltered is removed, with a warning.
 */
void *rein_cache_read(const char *path, size_t *size, const ReinHost *host);

/* Keeps `size` bytes as `path`; a failure is logged and otherwise of no concern. */
void rein_cache_store(const char *path, const void *bytes, size_t size, const ReinHost *host);

/* Removes an entry that turned out to be of no use; `why` goes to the log. */
void rein_cache_drop(const char *path, const char *why, const ReinHost *host);

/* The bytes of any file of at most 256 MiB, to be freed; NULL with errno set. */
void *rein_file_read(const char *path, size_t *size);

/* FNV-1a, 64 bits: `hash` continued over `size` bytes; begin with REIN_HASH_START. */
#define REIN_HASH_START 0xCBF29CE484222325u
uint64_t rein_hash(uint64_t hash, const void *data, uint64_t size);
