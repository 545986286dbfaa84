/* SPDX-License-Identifier: MIT */

#include "opencl_launch.h"

#include "opencl_status.h"
#include "plugin_msg.h"

/* PoCL has another build of a kernel for ranges of more items than this. */
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

cl_int
opencl_launch(ReinPluginDevice *device, OpenclKernel *kernel, OpenclBuffer *const *buffers,
              const OpenclLaunch *launch, cl_event *event)
{
    OpenclBinding *binding = &kernel->bindings[launch->round & 1];
    const uint32_t n_items = launch->end - launch->first;
    const size_t group = opencl_device_group(device, n_items, kernel->max_group);
    const size_t n_padded = (n_items + group - 1) / group * group;
    const cl_int code = bind(&device->cl, binding, kernel->n_buffers, buffers, launch);

    if (code != CL_SUCCESS) {
        return code;
    }
    return device->cl.clEnqueueNDRangeKernel(device->queue, binding->kernel, 1, NULL, &n_padded,
                                             &group, 0, NULL, event);
}

/* Once with groups of this size, and as many of them as make at least `n_least` items. */
static cl_int
warm_group(ReinPluginDevice *device, cl_kernel kernel, size_t group, size_t n_least)
{
    const size_t n_padded = (n_least + group - 1) / group * group;

    return device->cl.clEnqueueNDRangeKernel(device->queue, kernel, 1, NULL, &n_padded, &group, 0,
                                             NULL, NULL);
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
    for (uint32_t i = 0; i < OPENCL_N_GROUPS && code == CL_SUCCESS; i++) {
        const uint32_t group =
            device->groups[i] < kernel->max_group ? device->groups[i] : kernel->max_group;
        code = warm_group(device, kernel->bindings[0].kernel, group, 1);
        if (code == CL_SUCCESS && device->card.is_pocl) {
            code = warm_group(device, kernel->bindings[0].kernel, group, POCL_SMALL_RANGE + 1);
        }
    }
    if (code == CL_SUCCESS) {
        code = device->cl.clFinish(device->queue);
    }
    snprintf(what, sizeof what, "first launch of %s", kernel->name);
    return opencl_status_check(code, what, msg);
}
