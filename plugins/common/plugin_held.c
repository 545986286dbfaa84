/* SPDX-License-Identifier: MIT */

#include "plugin_held.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugin_msg.h"

#define FIRST_CAPACITY 32u

ReinStatus
rein_held_reserve(ReinHeldTable *self, ReinMsg *msg)
{
    const uint32_t capacity = self->capacity == 0 ? FIRST_CAPACITY : self->capacity * 2;
    ReinHeld **entries = NULL;

    if (self->n_entries < self->capacity) {
        return REIN_OK;
    }
    entries = realloc(self->entries, (size_t)capacity * sizeof *entries);
    if (entries == NULL) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY, "a table of %u %ss: out of memory",
                             capacity, self->kind);
    }
    self->entries = entries;
    self->capacity = capacity;
    return REIN_OK;
}

void
rein_held_add(ReinHeldTable *self, ReinHeld *entry)
{
    self->entries[self->n_entries] = entry;
    self->n_entries++;
}

/* Where `token` is, or would be. */
static uint32_t
place_of(const ReinHeldTable *self, uint64_t token)
{
    uint32_t low = 0;
    uint32_t high = self->n_entries;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (self->entries[middle]->token < token) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

ReinHeld *
rein_held_find(const ReinHeldTable *self, uint64_t job, uint64_t token, ReinMsg *msg)
{
    const uint32_t place = place_of(self, token);

    if (place == self->n_entries || self->entries[place]->token != token) {
        rein_msg_set(msg, "%s %" PRIu64 " is not known", self->kind, token);
        return NULL;
    }
    if (self->entries[place]->job != job) {
        rein_msg_set(msg, "%s %" PRIu64 " is not of job %" PRIu64, self->kind, token, job);
        return NULL;
    }
    return self->entries[place];
}

ReinHeld *
rein_held_find_range(const ReinHeldTable *self, uint64_t job, uint64_t token, uint64_t offset,
                     uint64_t size, const void *data, ReinMsg *msg)
{
    ReinHeld *entry = rein_held_find(self, job, token, msg);

    if (entry == NULL) {
        return NULL;
    }
    if (offset > entry->size || size > entry->size - offset) {
        rein_msg_set(msg,
                     "%" PRIu64 " bytes at offset %" PRIu64 " of %s %" PRIu64 ", which has %" PRIu64
                     " bytes",
                     size, offset, self->kind, token, entry->size);
        return NULL;
    }
    if (data == NULL && size > 0) {
        rein_msg_set(msg, "data is NULL for %" PRIu64 " bytes of %s %" PRIu64, size, self->kind,
                     token);
        return NULL;
    }
    return entry;
}

static void
remove_at(ReinHeldTable *self, uint32_t place)
{
    self->n_entries--;
    memmove(&self->entries[place], &self->entries[place + 1],
            (self->n_entries - place) * sizeof(ReinHeld *));
}

void
rein_held_remove(ReinHeldTable *self, ReinHeld *entry)
{
    remove_at(self, place_of(self, entry->token));
}

uint32_t
rein_held_count(const ReinHeldTable *self, uint64_t job, uint64_t *size)
{
    uint32_t n_entries = 0;

    for (uint32_t i = 0; i < self->n_entries; i++) {
        if (self->entries[i]->job == job) {
            n_entries++;
            if (size != NULL) {
                *size += self->entries[i]->size;
            }
        }
    }
    return n_entries;
}

void
rein_held_end_job(ReinHeldTable *self, uint64_t job, ReinHeldFn end, void *context)
{
    for (uint32_t i = self->n_entries; i > 0; i--) {
        ReinHeld *entry = self->entries[i - 1];
        if (entry->job == job) {
            remove_at(self, i - 1);
            end(context, entry);
        }
    }
}

void
rein_held_clear(ReinHeldTable *self, ReinHeldFn end, void *context)
{
    while (self->n_entries > 0) {
        self->n_entries--;
        end(context, self->entries[self->n_entries]);
    }
    free(self->entries);
    self->entries = NULL;
    self->capacity = 0;
}
