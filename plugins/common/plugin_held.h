/* SPDX-License-Identifier: MIT */

/*
 * What a device holds for its jobs: one table for each kind of thing, buffers and programs. An entry
 * is a struct of the plugin's own that begins with a ReinHeld; its address does not change while it is
 * in a table. Tables are initialised with zeros. Device thread only.
 */

#pragma once

#include <stdint.h>

#include "rein/plugin_abi.h"

typedef struct ReinHeld {
    uint64_t token;
    uint64_t job;
    uint64_t size; /* bytes, where that means something */
} ReinHeld;

typedef struct ReinHeldTable {
    const char *kind;   /* "buffer", for messages */
    ReinHeld **entries; /* by rising token */
    uint32_t n_entries;
    uint32_t capacity;
} ReinHeldTable;

/* Ends one entry, which has left its table already. */
typedef void (*ReinHeldFn)(void *context, ReinHeld *entry);

/* Room for one more entry, so that rein_held_add() cannot fail. */
ReinStatus rein_held_reserve(ReinHeldTable *self, ReinMsg *msg);

/* Adds an entry whose token is larger than all before; after rein_held_reserve(). */
void rein_held_add(ReinHeldTable *self, ReinHeld *entry);

/* The entry `token` of `job`; or NULL with `msg` where there is none, or one of another job. */
ReinHeld *rein_held_find(const ReinHeldTable *self, uint64_t job, uint64_t token, ReinMsg *msg);

/* The same, if `size` bytes at `offset` lie inside the entry and `data` is there to hold them. */
ReinHeld *rein_held_find_range(const ReinHeldTable *self, uint64_t job, uint64_t token,
                               uint64_t offset, uint64_t size, const void *data, ReinMsg *msg);

/* Takes an entry out of the table; it is the caller's from here. */
void rein_held_remove(ReinHeldTable *self, ReinHeld *entry);

/* How many entries `job` has; adds their bytes to `size`, if that is not NULL. */
uint32_t rein_held_count(const ReinHeldTable *self, uint64_t job, uint64_t *size);

/* Removes every entry of `job` and hands it to `end`, the newest first. */
void rein_held_end_job(ReinHeldTable *self, uint64_t job, ReinHeldFn end, void *context);

/* The same for the entries of all jobs; then frees the table itself. */
void rein_held_clear(ReinHeldTable *self, ReinHeldFn end, void *context);
