/* SPDX-License-Identifier: MIT */

#include "fake_opencl.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "opencl_symbols.h"

#define EXPORT __attribute__((visibility("default")))
#define MAX_LIVE 4096u

enum {
#define OPENCL_SYMBOL(name) NUMBER_##name,
#include "opencl_symbols.inc"
#undef OPENCL_SYMBOL
    N_FUNCTIONS
};

static const char *const names[] = {
#define OPENCL_SYMBOL(name) #name,
#include "opencl_symbols.inc"
#undef OPENCL_SYMBOL
};

static OpenclSymbols real;
static uint32_t n_calls[N_FUNCTIONS];
static uint32_t failing = N_FUNCTIONS;
static uint32_t failing_call;
static cl_int failing_code;
static uint32_t n_strange;

static struct {
    const void *object;
    const char *maker;
} live[MAX_LIVE];
static uint32_t n_live;

__attribute__((constructor)) static void
load(void)
{
    void *library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    void *symbol = NULL;

    if (library == NULL) {
        abort();
    }
#define OPENCL_SYMBOL(name) \
    symbol = dlsym(library, #name); \
    memcpy(&real.name, &symbol, sizeof symbol);
#include "opencl_symbols.inc"
#undef OPENCL_SYMBOL
}

/* ---- what tests ask ---- */

static uint32_t
number_of(const char *function)
{
    uint32_t i = 0;

    while (i < N_FUNCTIONS && strcmp(names[i], function) != 0) {
        i++;
    }
    return i;
}

EXPORT void fake_opencl_fail(const char *function, uint32_t nth, int32_t code);
EXPORT uint32_t fake_opencl_calls(const char *function);
EXPORT uint32_t fake_opencl_live(const char **first);
EXPORT uint32_t fake_opencl_strange(void);

void
fake_opencl_fail(const char *function, uint32_t nth, int32_t code)
{
    memset(n_calls, 0, sizeof n_calls);
    failing = number_of(function);
    failing_call = nth;
    failing_code = code;
}

uint32_t
fake_opencl_calls(const char *function)
{
    const uint32_t number = number_of(function);

    return number < N_FUNCTIONS ? n_calls[number] : 0;
}

uint32_t
fake_opencl_live(const char **first)
{
    *first = n_live > 0 ? live[0].maker : "";
    return n_live;
}

uint32_t
fake_opencl_strange(void)
{
    return n_strange;
}

/* ---- counting ---- */

/* Counts a call; the code it is to fail with, or CL_SUCCESS. */
static cl_int
count(uint32_t number)
{
    n_calls[number]++;
    return number == failing && n_calls[number] == failing_call ? failing_code : CL_SUCCESS;
}

static void
made(const void *object, const char *maker)
{
    if (object == NULL) {
        return;
    }
    if (n_live == MAX_LIVE) {
        abort();
    }
    live[n_live].object = object;
    live[n_live].maker = maker;
    n_live++;
}

static void
released(const void *object)
{
    for (uint32_t i = 0; i < n_live; i++) {
        if (live[i].object == object) {
            n_live--;
            memmove(&live[i], &live[i + 1], (n_live - i) * sizeof live[0]);
            return;
        }
    }
    n_strange++;
}

/* ---- the API ---- */

/* A call that fails is not handed on. */
#define ANSWER(name, arguments, values) \
    EXPORT cl_int CL_API_CALL name arguments \
    { \
        const cl_int code = count(NUMBER_##name); \
        return code != CL_SUCCESS ? code : real.name values; \
    }

/* One that waits, or lets go, does that all the same. */
#define ANSWER_AFTER(name, arguments, values) \
    EXPORT cl_int CL_API_CALL name arguments \
    { \
        const cl_int code = count(NUMBER_##name); \
        const cl_int answer = real.name values; \
        return code != CL_SUCCESS ? code : answer; \
    }

#define RELEASE(name, type) \
    EXPORT cl_int CL_API_CALL name(type object) \
    { \
        const cl_int code = count(NUMBER_##name); \
        released(object); \
        const cl_int answer = real.name(object); \
        return code != CL_SUCCESS ? code : answer; \
    }

#define MAKE(type, name, arguments, values) \
    EXPORT type CL_API_CALL name arguments \
    { \
        cl_int answer = count(NUMBER_##name); \
        type object = NULL; \
        if (answer == CL_SUCCESS) { \
            object = real.name values; \
            made(object, #name); \
        } \
        if (code != NULL) { \
            *code = answer; \
        } \
        return object; \
    }

ANSWER(clGetPlatformIDs, (cl_uint n, cl_platform_id *ids, cl_uint *n_ids), (n, ids, n_ids))
ANSWER(clGetPlatformInfo,
       (cl_platform_id platform, cl_platform_info key, size_t size, void *value, size_t *full),
       (platform, key, size, value, full))
ANSWER(clGetDeviceIDs,
       (cl_platform_id platform, cl_device_type type, cl_uint n, cl_device_id *ids, cl_uint *n_ids),
       (platform, type, n, ids, n_ids))
ANSWER(clGetDeviceInfo,
       (cl_device_id device, cl_device_info key, size_t size, void *value, size_t *full),
       (device, key, size, value, full))
ANSWER(clGetKernelInfo,
       (cl_kernel kernel, cl_kernel_info key, size_t size, void *value, size_t *full),
       (kernel, key, size, value, full))
ANSWER(clGetKernelWorkGroupInfo,
       (cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info key, size_t size,
        void *value, size_t *full),
       (kernel, device, key, size, value, full))
ANSWER(clGetProgramBuildInfo,
       (cl_program program, cl_device_id device, cl_program_build_info key, size_t size,
        void *value, size_t *full),
       (program, device, key, size, value, full))
ANSWER(clGetProgramInfo,
       (cl_program program, cl_program_info key, size_t size, void *value, size_t *full),
       (program, key, size, value, full))

typedef void(CL_CALLBACK *ContextNotify)(const char *, const void *, size_t, void *);
typedef void(CL_CALLBACK *ProgramNotify)(cl_program, void *);

MAKE(cl_context, clCreateContext,
     (const cl_context_properties *properties, cl_uint n, const cl_device_id *devices,
      ContextNotify notify, void *data, cl_int *code),
     (properties, n, devices, notify, data, &answer))
MAKE(cl_command_queue, clCreateCommandQueue,
     (cl_context context, cl_device_id device, cl_command_queue_properties properties,
      cl_int *code),
     (context, device, properties, &answer))
MAKE(cl_mem, clCreateBuffer,
     (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code),
     (context, flags, size, host, &answer))
MAKE(cl_program, clCreateProgramWithSource,
     (cl_context context, cl_uint n, const char **texts, const size_t *sizes, cl_int *code),
     (context, n, texts, sizes, &answer))
MAKE(cl_program, clCreateProgramWithBinary,
     (cl_context context, cl_uint n, const cl_device_id *devices, const size_t *sizes,
      const unsigned char **binaries, cl_int *loaded, cl_int *code),
     (context, n, devices, sizes, binaries, loaded, &answer))
MAKE(cl_kernel, clCreateKernel, (cl_program program, const char *name, cl_int *code),
     (program, name, &answer))

EXPORT cl_int CL_API_CALL
clCreateKernelsInProgram(cl_program program, cl_uint n, cl_kernel *kernels, cl_uint *n_kernels)
{
    cl_int answer = count(NUMBER_clCreateKernelsInProgram);

    if (answer == CL_SUCCESS) {
        answer = real.clCreateKernelsInProgram(program, n, kernels, n_kernels);
        for (cl_uint i = 0; answer == CL_SUCCESS && kernels != NULL && i < n; i++) {
            made(kernels[i], "clCreateKernelsInProgram");
        }
    }
    return answer;
}

ANSWER(clBuildProgram,
       (cl_program program, cl_uint n, const cl_device_id *devices, const char *options,
        ProgramNotify notify, void *data),
       (program, n, devices, options, notify, data))
ANSWER(clSetKernelArg, (cl_kernel kernel, cl_uint index, size_t size, const void *value),
       (kernel, index, size, value))

EXPORT cl_int CL_API_CALL
clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint n_dimensions,
                       const size_t *offset, const size_t *global, const size_t *local,
                       cl_uint n_events, const cl_event *events, cl_event *event)
{
    cl_int answer = count(NUMBER_clEnqueueNDRangeKernel);

    if (answer == CL_SUCCESS) {
        answer = real.clEnqueueNDRangeKernel(queue, kernel, n_dimensions, offset, global, local,
                                             n_events, events, event);
        if (answer == CL_SUCCESS && event != NULL) {
            made(*event, "clEnqueueNDRangeKernel");
        }
    }
    return answer;
}

ANSWER(clEnqueueFillBuffer,
       (cl_command_queue queue, cl_mem memory, const void *pattern, size_t pattern_size,
        size_t offset, size_t size, cl_uint n_events, const cl_event *events, cl_event *event),
       (queue, memory, pattern, pattern_size, offset, size, n_events, events, event))
ANSWER(clEnqueueReadBuffer,
       (cl_command_queue queue, cl_mem memory, cl_bool is_blocking, size_t offset, size_t size,
        void *data, cl_uint n_events, const cl_event *events, cl_event *event),
       (queue, memory, is_blocking, offset, size, data, n_events, events, event))
ANSWER(clEnqueueWriteBuffer,
       (cl_command_queue queue, cl_mem memory, cl_bool is_blocking, size_t offset, size_t size,
        const void *data, cl_uint n_events, const cl_event *events, cl_event *event),
       (queue, memory, is_blocking, offset, size, data, n_events, events, event))
ANSWER(clFlush, (cl_command_queue queue), (queue))
ANSWER_AFTER(clFinish, (cl_command_queue queue), (queue))
ANSWER_AFTER(clWaitForEvents, (cl_uint n, const cl_event *events), (n, events))

RELEASE(clReleaseCommandQueue, cl_command_queue)
RELEASE(clReleaseContext, cl_context)
RELEASE(clReleaseEvent, cl_event)
RELEASE(clReleaseKernel, cl_kernel)
RELEASE(clReleaseMemObject, cl_mem)
RELEASE(clReleaseProgram, cl_program)
