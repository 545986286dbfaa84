/* SPDX-License-Identifier: MIT */

#include "opencl_launch.h"

#include "opencl_status.h"
#include "plugin_msg.h"

#define POCL_SMALL_RANGE 65535u

/* Sets those arguments that are not set so already. */
static cl_int
bind(const OpenclSymbols *cl, OpenclBinding *binding, uint32_t n_buffers,
     OpenclBuffer *const *buffers, const OpenclLaunch *launch)
{
    const cl_uint scalars[OPENCL_N_SCALARS] = { launch->first, launch->end, launch->round,
                                                launch->progress };
    cl_int code = CL_SUCCESS;

    for (uint32_t i = 0; i < n_buffers && code == CL_SUCCESS; i++) {
        if (binding->tokens[i] != buffers[i]->held.token) {
            code = cl->clSetKernelArg(binding->kernel, i, sizeof buffers[i]->memory,
                                      &buffers[i]->memory);
            binding->tokens[i] = code == CL_SUCCESS ? buffers[i]->held.token : 0;
        }
    }
    for (uint32_t i = 0; i < OPENCL_N_SCALARS && code == CL_SUCCESS; i++) {
        if (binding->scalars[i] != scalars[i]) {
            code =
                cl->clSetKernelArg(binding->kernel, n_buffers + i, sizeof scalars[i], &scalars[i]);
            binding->scalars[i] = code == CL_SUCCESS ? scalars[i] : OPENCL_NOT_SET;
        }
    }
    return code;
}

/* Most items of one enqueue: PoCL builds a kernel anew for ranges of more than it calls small. */
static uint32_t
most_items(const ReinPluginDevice *device, uint32_t group)
{
    return device->card.is_pocl ? POCL_SMALL_RANGE / group * group : UINT32_MAX;
}

static cl_int
enqueue(ReinPluginDevice *device, OpenclKernel *kernel, OpenclBuffer *const *buffers,
        const OpenclLaunch *part, cl_event *event)
{
    const size_t group = part->group;
    OpenclBinding *binding = &kernel->bindings[part->round & 1];
    const size_t n_padded = (part->end - part->first + group - 1) / group * group;
    const cl_int code = bind(&device->cl, binding, kernel->n_buffers, buffers, part);

    if (code != CL_SUCCESS) {
        return code;
    }
    return device->cl.clEnqueueNDRangeKernel(device->queue, binding->kernel, 1, NULL, &n_padded,
                                             &group, 0, NULL, event);
}

cl_int
opencl_launch(ReinPluginDevice *device, OpenclKernel *kernel, OpenclBuffer *const *buffers,
              const OpenclLaunch *launch, cl_event *event)
{
    const uint32_t most = most_items(device, launch->group);
    OpenclLaunch part = *launch;
    cl_int code = CL_SUCCESS;

    for (; launch->end - part.first > most && code == CL_SUCCESS; part.first += most) {
        part.end = part.first + most;
        code = enqueue(device, kernel, buffers, &part, NULL);
    }
    part.end = launch->end;
    return code == CL_SUCCESS ? enqueue(device, kernel, buffers, &part, event) : code;
}

/* The end is 0, so that no item runs and no buffer is looked at. */
static cl_int
bind_nothing(const OpenclSymbols *cl, OpenclBinding *binding, uint32_t n_buffers)
{
    const cl_uint zero = 0;
    cl_int code = CL_SUCCESS;

    for (uint32_t i = 0; i < n_buffers && code == CL_SUCCESS; i++) {
        code = cl->clSetKernelArg(binding->kernel, i, sizeof(cl_mem), NULL);
    }
    for (uint32_t i = 0; i < OPENCL_N_SCALARS && code == CL_SUCCESS; i++) {
        code = cl->clSetKernelArg(binding->kernel, n_buffers + i, sizeof zero, &zero);
        binding->scalars[i] = 0;
    }
    return code;
}

ReinStatus
opencl_launch_warm(ReinPluginDevice *device, OpenclKernel *kernel, ReinMsg *msg)
{
    cl_int code = CL_SUCCESS;
    char what[OPENCL_MAX_KERNEL_NAME + 32];

    for (uint32_t parity = 0; parity < 2 && code == CL_SUCCESS; parity++) {
        code = bind_nothing(&device->cl, &kernel->bindings[parity], kernel->n_buffers);
    }
    for (uint32_t i = 0; i < 2 * OPENCL_N_GROUPS && code == CL_SUCCESS; i++) {
        const uint32_t most = device->groups[i / 2];
        const size_t group = most < kernel->max_group ? most : kernel->max_group;
        code = device->cl.clEnqueueNDRangeKernel(device->queue, kernel->bindings[i % 2].kernel, 1,
                                                 NULL, &group, &group, 0, NULL, NULL);
    }
    if (code == CL_SUCCESS) {
        code = device->cl.clFinish(device->queue);
    }
    snprintf(what, sizeof what, "first launch of %s", kernel->name);
    return opencl_status_check(code, what, msg);
}
