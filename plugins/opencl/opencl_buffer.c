/* SPDX-License-Identifier: MIT */

#include "opencl_buffer.h"

#include <inttypes.h>
#include <stdlib.h>

#include "opencl_device.h"
#include "opencl_status.h"
#include "plugin_msg.h"

static ReinStatus
check_size(const ReinPluginDevice *device, uint64_t size, ReinMsg *msg)
{
    const OpenclCard *card = &device->card;

    if (size == 0) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT, "allocate 0 bytes: at least 1");
    }
    if (size > card->max_buffer_size || size > SIZE_MAX) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY,
                             "allocate %" PRIu64
                             " bytes: a buffer of this device has at most %" PRIu64,
                             size, card->max_buffer_size);
    }
    if (size > card->info.memory_size || device->held_size > card->info.memory_size - size) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY,
                             "allocate %" PRIu64 " bytes: %" PRIu64 " of the device's %" PRIu64
                             " are in use by this process",
                             size, device->held_size, card->info.memory_size);
    }
    return REIN_OK;
}

static ReinStatus
make_memory(ReinPluginDevice *device, OpenclBuffer *buffer, ReinMsg *msg)
{
    const OpenclSymbols *cl = &device->cl;
    const unsigned char zero = 0;
    const size_t size = (size_t)buffer->held.size;
    char what[64];
    cl_int code = CL_SUCCESS;

    snprintf(what, sizeof what, "allocate %zu bytes", size);
    buffer->memory = cl->clCreateBuffer(device->context, CL_MEM_READ_WRITE, size, NULL, &code);
    if (code == CL_SUCCESS) {
        code = cl->clEnqueueFillBuffer(device->queue, buffer->memory, &zero, sizeof zero, 0, size,
                                       0, NULL, NULL);
    }
    if (code == CL_SUCCESS) {
        code = cl->clFinish(device->queue);
    }
    if (code == CL_INVALID_BUFFER_SIZE) {
        code = CL_MEM_OBJECT_ALLOCATION_FAILURE; /* too large for the device is out of memory */
    }
    return opencl_status_check(code, what, msg);
}

static void
buffer_free(ReinPluginDevice *device, OpenclBuffer *buffer)
{
    if (buffer->memory != NULL) {
        device->cl.clReleaseMemObject(buffer->memory);
    }
    free(buffer);
}

ReinStatus
opencl_buffer_allocate(ReinPluginDevice *device, uint64_t job, uint64_t size, uint32_t usage,
                       uint64_t *token, ReinMsg *msg)
{
    OpenclBuffer *buffer = NULL;
    ReinStatus status = check_size(device, size, msg);

    (void)usage; /* kernels and the host may do all with every buffer */
    *token = 0;
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
    buffer->held.job = job;
    buffer->held.size = size;
    status = make_memory(device, buffer, msg);
    if (status != REIN_OK) {
        buffer_free(device, buffer);
        return status;
    }
    device->held_size += size;
    buffer->held.token = opencl_device_token(device);
    rein_held_add(&device->buffers, &buffer->held);
    *token = buffer->held.token;
    return REIN_OK;
}

OpenclBuffer *
opencl_buffer_find(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg)
{
    return (OpenclBuffer *)rein_held_find(&device->buffers, job, token, msg);
}

void
opencl_buffer_end(void *context, ReinHeld *entry)
{
    ReinPluginDevice *device = context;

    device->held_size -= entry->size;
    buffer_free(device, (OpenclBuffer *)entry);
}

ReinStatus
opencl_buffer_release(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg)
{
    OpenclBuffer *buffer = opencl_buffer_find(device, job, token, msg);

    if (buffer == NULL) {
        return REIN_ERR_INVALID_ARGUMENT;
    }
    rein_held_remove(&device->buffers, &buffer->held);
    opencl_buffer_end(device, &buffer->held);
    return REIN_OK;
}

ReinStatus
opencl_buffer_write(ReinPluginDevice *device, uint64_t job, uint64_t token, uint64_t offset,
                    const void *data, uint64_t size, ReinMsg *msg)
{
    OpenclBuffer *buffer =
        (OpenclBuffer *)rein_held_find_range(&device->buffers, job, token, offset, size, data, msg);

    if (buffer == NULL) {
        return REIN_ERR_INVALID_ARGUMENT;
    }
    if (size == 0) {
        return REIN_OK;
    }
    return opencl_status_check(device->cl.clEnqueueWriteBuffer(device->queue, buffer->memory,
                                                               CL_TRUE, offset, size, data, 0, NULL,
                                                               NULL),
                               "clEnqueueWriteBuffer", msg);
}

ReinStatus
opencl_buffer_read(ReinPluginDevice *device, uint64_t job, uint64_t token, uint64_t offset,
                   void *data, uint64_t size, ReinMsg *msg)
{
    OpenclBuffer *buffer =
        (OpenclBuffer *)rein_held_find_range(&device->buffers, job, token, offset, size, data, msg);

    if (buffer == NULL) {
        return REIN_ERR_INVALID_ARGUMENT;
    }
    if (size == 0) {
        return REIN_OK;
    }
    return opencl_status_check(device->cl.clEnqueueReadBuffer(device->queue, buffer->memory,
                                                              CL_TRUE, offset, size, data, 0, NULL,
                                                              NULL),
                               "clEnqueueReadBuffer", msg);
}
