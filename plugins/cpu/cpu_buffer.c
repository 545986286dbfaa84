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

    buffer->held.size = size;
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
        if (buffer->data[buffer->held.size + i] != GUARD_BYTE) {
            return false;
        }
    }
    return true;
}

static void
buffer_free(CpuBuffer *buffer)
{
    if (buffer->data != NULL) {
        munmap(buffer->data, buffer->mapped_size);
    }
    free(buffer);
}

CpuBuffer *
cpu_buffer_find(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg)
{
    return (CpuBuffer *)rein_held_find(&device->buffers, job, token, msg);
}

/* ---- slots ---- */

ReinStatus
cpu_buffer_allocate(ReinPluginDevice *device, uint64_t job, uint64_t size, uint32_t usage,
                    uint64_t *token, ReinMsg *msg)
{
    CpuBuffer *buffer = NULL;
    ReinStatus status = REIN_OK;

    (void)usage; /* all buffers are the host's own memory */
    *token = 0;
    if (size == 0) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT, "allocate 0 bytes: at least 1");
    }
    status = check_memory(size, msg);
    if (status == REIN_OK) {
        status = rein_held_reserve(&device->buffers, msg);
    }
    if (status != REIN_OK) {
        return status;
    }
    buffer = calloc(1, sizeof *buffer);
    if (buffer == NULL) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY,
                             "allocate %" PRIu64 " bytes: out of memory", size);
    }
    status = map_memory(buffer, size, msg);
    if (status != REIN_OK) {
        buffer_free(buffer);
        return status;
    }
    buffer->held.job = job;
    buffer->held.token = cpu_device_token(device);
    rein_held_add(&device->buffers, &buffer->held);
    *token = buffer->held.token;
    return REIN_OK;
}

ReinStatus
cpu_buffer_release(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg)
{
    CpuBuffer *buffer = cpu_buffer_find(device, job, token, msg);
    const uint64_t size = buffer != NULL ? buffer->held.size : 0;
    bool is_intact = false;

    if (buffer == NULL) {
        return REIN_ERR_INVALID_ARGUMENT;
    }
    is_intact = is_guard_intact(buffer);
    rein_held_remove(&device->buffers, &buffer->held);
    buffer_free(buffer);
    if (!is_intact) {
        return rein_msg_fail(msg, REIN_ERR_FAILED,
                             "release buffer %" PRIu64
                             ": a kernel wrote past the end of its %" PRIu64 " bytes",
                             token, size);
    }
    return REIN_OK;
}

ReinStatus
cpu_buffer_write(ReinPluginDevice *device, uint64_t job, uint64_t token, uint64_t offset,
                 const void *data, uint64_t size, ReinMsg *msg)
{
    CpuBuffer *buffer =
        (CpuBuffer *)rein_held_find_range(&device->buffers, job, token, offset, size, data, msg);

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
    CpuBuffer *buffer =
        (CpuBuffer *)rein_held_find_range(&device->buffers, job, token, offset, size, data, msg);

    if (buffer == NULL) {
        return REIN_ERR_INVALID_ARGUMENT;
    }
    if (size > 0) {
        memcpy(data, buffer->data + offset, size);
    }
    return REIN_OK;
}

/* ---- teardown ---- */

void
cpu_buffer_end(void *context, ReinHeld *entry)
{
    const ReinPluginDevice *device = context;
    CpuBuffer *buffer = (CpuBuffer *)entry;

    if (!is_guard_intact(buffer)) {
        rein_host_log(device->host, REIN_LOG_ERROR,
                      "cleanup of job %" PRIu64 ": a kernel wrote past the end of buffer %" PRIu64
                      " of %" PRIu64 " bytes",
                      entry->job, entry->token, entry->size);
    }
    buffer_free(buffer);
}
