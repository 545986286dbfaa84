/* SPDX-License-Identifier: MIT */

#include "opencl_program.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opencl_compile.h"
#include "opencl_launch.h"
#include "opencl_status.h"
#include "plugin_cache.h"
#include "plugin_check.h"
#include "plugin_msg.h"

/* ---- life ---- */

static void
drop_kernels(ReinPluginDevice *device, OpenclProgram *program)
{
    for (uint32_t i = 0; i < program->n_kernels; i++) {
        for (uint32_t parity = 0; parity < 2; parity++) {
            cl_kernel kernel = program->kernels[i].bindings[parity].kernel;
            if (kernel != NULL) {
                device->cl.clReleaseKernel(kernel);
            }
        }
    }
    free(program->kernels);
    program->kernels = NULL;
    program->n_kernels = 0;
    if (program->program != NULL) {
        device->cl.clReleaseProgram(program->program);
    }
    program->program = NULL;
}

void
opencl_program_end(void *context, ReinHeld *entry)
{
    drop_kernels(context, (OpenclProgram *)entry);
    free(entry);
}

/* ---- kernels of a built program ---- */

static ReinStatus
describe_kernel(ReinPluginDevice *device, OpenclKernel *kernel, ReinMsg *msg)
{
    const OpenclSymbols *cl = &device->cl;
    cl_kernel object = kernel->bindings[0].kernel;
    cl_uint n_arguments = 0;
    size_t max_group = 0;
    cl_int code = cl->clGetKernelInfo(object, CL_KERNEL_FUNCTION_NAME, sizeof kernel->name - 1,
                                      kernel->name, NULL);

    if (code == CL_SUCCESS) {
        code =
            cl->clGetKernelInfo(object, CL_KERNEL_NUM_ARGS, sizeof n_arguments, &n_arguments, NULL);
    }
    if (code == CL_SUCCESS) {
        code = cl->clGetKernelWorkGroupInfo(object, device->card.device, CL_KERNEL_WORK_GROUP_SIZE,
                                            sizeof max_group, &max_group, NULL);
    }
    if (code != CL_SUCCESS) {
        return opencl_status_check(code, "clGetKernelInfo", msg);
    }
    if (n_arguments < OPENCL_N_SCALARS || n_arguments > OPENCL_N_SCALARS + REIN_STAGE_BUFFERS) {
        return rein_msg_fail(msg, REIN_ERR_BUILD,
                             "kernel %s has %u arguments: REIN_KERNEL(%s, ...) makes them right",
                             kernel->name, n_arguments, kernel->name);
    }
    kernel->n_buffers = n_arguments - OPENCL_N_SCALARS;
    kernel->max_group = max_group > 0 ? (uint32_t)max_group : 1;
    return REIN_OK;
}

/* Takes the objects of all kernels in the program: one each for rounds of either parity. */
static ReinStatus
take_kernels(ReinPluginDevice *device, OpenclProgram *program, ReinMsg *msg)
{
    const OpenclSymbols *cl = &device->cl;
    cl_kernel *objects = NULL;
    cl_uint n_kernels = 0;
    cl_int code = cl->clCreateKernelsInProgram(program->program, 0, NULL, &n_kernels);
    ReinStatus status = REIN_OK;

    if (code == CL_SUCCESS && n_kernels > 0) {
        program->kernels = calloc(n_kernels, sizeof *program->kernels);
        objects = calloc(n_kernels, sizeof(cl_kernel));
        code = program->kernels == NULL || objects == NULL
                   ? CL_OUT_OF_HOST_MEMORY
                   : cl->clCreateKernelsInProgram(program->program, n_kernels, objects, NULL);
    }
    for (cl_uint i = 0; i < n_kernels && code == CL_SUCCESS; i++) {
        program->kernels[i].bindings[0].kernel = objects[i];
        program->n_kernels++;
    }
    free(objects);
    if (code != CL_SUCCESS) {
        return opencl_status_check(code, "clCreateKernelsInProgram", msg);
    }
    for (uint32_t i = 0; i < program->n_kernels && status == REIN_OK; i++) {
        OpenclKernel *kernel = &program->kernels[i];
        status = describe_kernel(device, kernel, msg);
        if (status == REIN_OK) {
            kernel->bindings[1].kernel = cl->clCreateKernel(program->program, kernel->name, &code);
            status = opencl_status_check(code, "clCreateKernel", msg);
        }
    }
    return status;
}

static ReinStatus
warm_kernels(ReinPluginDevice *device, OpenclProgram *program, ReinMsg *msg)
{
    ReinStatus status = take_kernels(device, program, msg);

    for (uint32_t i = 0; i < program->n_kernels && status == REIN_OK; i++) {
        status = opencl_launch_warm(device, &program->kernels[i], msg);
    }
    return status;
}

/* ---- build ---- */

/* A binary that loads and does not run is of no use either. */
static bool
load_program(ReinPluginDevice *device, const OpenclBuild *build, OpenclProgram *program)
{
    char text[REIN_MSG_SIZE] = "";
    ReinMsg msg = { .text = text, .size = sizeof text };

    program->program = opencl_build_load(build, device);
    if (program->program == NULL) {
        return false;
    }
    if (warm_kernels(device, program, &msg) == REIN_OK) {
        return true;
    }
    rein_cache_drop(build->cache_path, text, device->host);
    drop_kernels(device, program);
    return false;
}

static ReinStatus
make_program(ReinPluginDevice *device, const ReinSource *source, OpenclProgram *program,
             ReinMsg *msg)
{
    OpenclBuild build;
    ReinStatus status = REIN_OK;

    opencl_build_init(&build, device, source);
    if (load_program(device, &build, program)) {
        return REIN_OK;
    }
    status = opencl_build_compile(&build, device, source, &program->program, msg);
    if (status == REIN_OK) {
        status = warm_kernels(device, program, msg);
    }
    if (status == REIN_OK) {
        opencl_build_store(&build, device, program->program);
    }
    return status;
}

ReinStatus
opencl_program_build(ReinPluginDevice *device, uint64_t job, const ReinSource *source,
                     uint64_t *token, ReinMsg *msg)
{
    OpenclProgram *program = NULL;
    ReinStatus status = rein_source_check(source, msg);

    *token = 0;
    if (status == REIN_OK) {
        status = rein_held_reserve(&device->programs, msg);
    }
    if (status != REIN_OK) {
        return status;
    }
    program = calloc(1, sizeof *program);
    if (program == NULL) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY, "build %s: out of memory", source->name);
    }
    program->held.job = job;
    snprintf(program->name, sizeof program->name, "%s", source->name);
    status = make_program(device, source, program, msg);
    if (status != REIN_OK) {
        opencl_program_end(device, &program->held);
        return status;
    }
    program->held.token = opencl_device_token(device);
    rein_held_add(&device->programs, &program->held);
    *token = program->held.token;
    return REIN_OK;
}

static OpenclProgram *
find_program(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg)
{
    return (OpenclProgram *)rein_held_find(&device->programs, job, token, msg);
}

ReinStatus
opencl_program_discard(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg)
{
    OpenclProgram *program = find_program(device, job, token, msg);

    if (program == NULL) {
        return REIN_ERR_INVALID_ARGUMENT;
    }
    rein_held_remove(&device->programs, &program->held);
    opencl_program_end(device, &program->held);
    return REIN_OK;
}

OpenclKernel *
opencl_program_kernel(ReinPluginDevice *device, uint64_t job, uint64_t token, const char *name,
                      ReinMsg *msg)
{
    OpenclProgram *program = find_program(device, job, token, msg);

    if (program == NULL) {
        return NULL;
    }
    if (name == NULL) {
        rein_msg_set(msg, "a stage of program %" PRIu64 " names no kernel", token);
        return NULL;
    }
    for (uint32_t i = 0; i < program->n_kernels; i++) {
        if (strcmp(program->kernels[i].name, name) == 0) {
            return &program->kernels[i];
        }
    }
    rein_msg_set(msg, "%s has no kernel %.64s (REIN_KERNEL(%.64s, ...) declares one)",
                 program->name, name, name);
    return NULL;
}
