/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE
#include "cpu_buffer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cpu_device.h"
#include "cpu_machine.h"
#include "plugin_msg.h"

#define GUARD_SIZE 64u
#define GUARD_BYTE 0xA5

/* ---- memory ---- */

/* Refuses what cannot be had, before the kernel promises it and kills somebody for it later. */
static ReinStatus
check_memory(uint64_t size, ReinMsg *msg)
{
    CpuMemory memory = { 0 };

    if (size > SIZE_MAX / 2) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY,
                             "allocate %" PRIu64 " bytes: more than a process can address", size);
    }
    if (!cpu_machine_memory(&memory)) {
        return REIN_OK; /* mmap is the only judge then */
    }
    if (size > memory.available - memory.available / 16) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY,
                             "allocate %" PRIu64 " bytes: %" PRIu64 " of %" PRIu64
                             " bytes of memory available",
                             size, memory.available, memory.total);
    }
    return REIN_OK;
}

static ReinStatus
map_memory(CpuBuffer *buffer, uint64_t size, ReinMsg *msg)
{
    void *data = NULL;

    buffer->size = size;
    buffer->mapped_size = size + GUARD_SIZE;
    /* populated, so that the memory is there now and not only promised */
    data = mmap(NULL, buffer->mapped_size, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (data == MAP_FAILED) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY, "allocate %" PRIu64 " bytes: mmap: %s",
                             size, strerror(errno));
    }
    buffer->data = data;
    memset(buffer->data + size, GUARD_BYTE, GUARD_SIZE);
    return REIN_OK;
}

static bool
is_guard_intact(const CpuBuffer *buffer)
{
    for (uint32_t i = 0; i < GUARD_SIZE; i++) {
        if (buffer->data[buffer->size + i] != GUARD_BYTE) {
            return false;
        }
    }
    return true;
}

/* Unmaps the buffer and closes the gap in the table. */
static void
drop(ReinPluginDevice *device, CpuBuffer *buffer)
{
    const size_t index = (size_t)(buffer - device->buffers);

    munmap(buffer->data, buffer->mapped_size);
    device->n_buffers--;
    memmove(buffer, buffer + 1, (device->n_buffers - index) * sizeof *buffer);
}

/* ---- the table of buffers ---- */

static ReinStatus
reserve_entry(ReinPluginDevice *device, ReinMsg *msg)
{
    uint32_t capacity = device->buffers_capacity;
    CpuBuffer *buffers = NULL;

    if (device->n_buffers < capacity) {
        return REIN_OK;
    }
    capacity = capacity == 0 ? 32 : capacity * 2;
    buffers = realloc(device->buffers, capacity * sizeof *buffers);
    if (buffers == NULL) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY, "a table of %u buffers: out of memory",
                             capacity);
    }
    device->buffers = buffers;
    device->buffers_capacity = capacity;
    return REIN_OK;
}

CpuBuffer *
cpu_buffer_find(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg)
{
    uint32_t low = 0;
    uint32_t high = device->n_buffers;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (device->buffers[middle].token < token) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == device->n_buffers || device->buffers[low].token != token) {
        rein_msg_set(msg, "buffer %" PRIu64 " is not known", token);
        return NULL;
    }
    if (device->buffers[low].job != job) {
        rein_msg_set(msg, "buffer %" PRIu64 " is not of job %" PRIu64, token, job);
        return NULL;
    }
    return &device->buffers[low];
}

/* ---- slots ---- */

ReinStatus
cpu_buffer_allocate(ReinPluginDevice *device, uint64_t job, uint64_t size, uint32_t usage,
                    uint64_t *token, ReinMsg *msg)
{
    CpuBuffer buffer = { .job = job };
    ReinStatus status = REIN_OK;

    (void)usage; /* all buffers are the host's own memory */
    *token = 0;
    if (size == 0) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT, "allocate 0 bytes: at least 1");
    }
    status = check_memory(size, msg);
    if (status == REIN_OK) {
        status = reserve_entry(device, msg);
    }
    if (status == REIN_OK) {
        status = map_memory(&buffer, size, msg);
    }
    if (status != REIN_OK) {
        return status;
    }
    buffer.token = cpu_device_token(device);
    device->buffers[device->n_buffers] = buffer;
    device->n_buffers++;
    *token = buffer.token;
    return REIN_OK;
}

ReinStatus
cpu_buffer_release(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg)
{
    CpuBuffer *buffer = cpu_buffer_find(device, job, token, msg);
    const uint64_t size = buffer != NULL ? buffer->size : 0;
    bool is_intact = false;

    if (buffer == NULL) {
        return REIN_ERR_INVALID_ARGUMENT;
    }
    is_intact = is_guard_intact(buffer);
    drop(device, buffer);
    if (!is_intact) {
        return rein_msg_fail(msg, REIN_ERR_FAILED,
                             "release buffer %" PRIu64
                             ": a kernel wrote past the end of its %" PRIu64 " bytes",
                             token, size);
    }
    return REIN_OK;
}

/* The buffer, if `size` bytes at `offset` lie inside it and `data` is there. */
static CpuBuffer *
find_range(ReinPluginDevice *device, uint64_t job, uint64_t token, uint64_t offset, uint64_t size,
           const void *data, ReinMsg *msg)
{
    CpuBuffer *buffer = cpu_buffer_find(device, job, token, msg);

    if (buffer == NULL) {
        return NULL;
    }
    if (offset > buffer->size || size > buffer->size - offset) {
        rein_msg_set(msg,
                     "%" PRIu64 " bytes at offset %" PRIu64 " of buffer %" PRIu64
                     ", which has %" PRIu64 " bytes",
                     size, offset, token, buffer->size);
        return NULL;
    }
    if (data == NULL && size > 0) {
        rein_msg_set(msg, "data is NULL for %" PRIu64 " bytes of buffer %" PRIu64, size, token);
        return NULL;
    }
    return buffer;
}

ReinStatus
cpu_buffer_write(ReinPluginDevice *device, uint64_t job, uint64_t token, uint64_t offset,
                 const void *data, uint64_t size, ReinMsg *msg)
{
    CpuBuffer *buffer = find_range(device, job, token, offset, size, data, msg);

    if (buffer == NULL) {
        return REIN_ERR_INVALID_ARGUMENT;
    }
    if (size > 0) {
        memcpy(buffer->data + offset, data, size);
    }
    return REIN_OK;
}

ReinStatus
cpu_buffer_read(ReinPluginDevice *device, uint64_t job, uint64_t token, uint64_t offset, void *data,
                uint64_t size, ReinMsg *msg)
{
    CpuBuffer *buffer = find_range(device, job, token, offset, size, data, msg);

    if (buffer == NULL) {
        return REIN_ERR_INVALID_ARGUMENT;
    }
    if (size > 0) {
        memcpy(data, buffer->data + offset, size);
    }
    return REIN_OK;
}

/* ---- teardown ---- */

static void
drop_and_log(ReinPluginDevice *device, CpuBuffer *buffer)
{
    if (!is_guard_intact(buffer)) {
        rein_host_log(device->host, REIN_LOG_ERROR,
                      "cpu: cleanup of job %" PRIu64
                      ": a kernel wrote past the end of buffer %" PRIu64 " of %" PRIu64 " bytes",
                      buffer->job, buffer->token, buffer->size);
    }
    drop(device, buffer);
}

void
cpu_buffer_release_job(ReinPluginDevice *device, uint64_t job, ReinUsage *released)
{
    for (uint32_t i = device->n_buffers; i > 0; i--) {
        CpuBuffer *buffer = &device->buffers[i - 1];
        if (buffer->job == job) {
            released->n_buffers++;
            released->size += buffer->size;
            drop_and_log(device, buffer);
        }
    }
}

void
cpu_buffer_release_all(ReinPluginDevice *device)
{
    while (device->n_buffers > 0) {
        drop_and_log(device, &device->buffers[device->n_buffers - 1]);
    }
    free(device->buffers);
    device->buffers = NULL;
    device->buffers_capacity = 0;
}
