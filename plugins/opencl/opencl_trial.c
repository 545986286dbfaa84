/* SPDX-License-Identifier: MIT */

#include "opencl_trial.h"

#include <string.h>

#include "opencl_status.h"
#include "plugin_msg.h"

/* Iterations in both loops together: llvmpipe of Mesa 22 ends all loops of a kernel after 65535. */
#define N_OUTER 600u
#define N_INNER 700u
#define SEED 12345u

enum { RESULT_COUNT, RESULT_CHAIN, RESULT_PRODUCT, RESULT_FUSED, N_RESULTS };

/*
 * A chain of integers that cannot be taken apart, the upper half of a 64-bit product, and a difference
 * that is 0 only if product and difference are rounded one by one.
 */
static const char text[] =
    "#pragma OPENCL FP_CONTRACT OFF\n"
    "__kernel void rein_trial(__global uint *result, const uint n_outer, const uint n_inner,\n"
    "                         const uint seed, const float a, const float b)\n"
    "{\n"
    "    uint count = 0;\n"
    "    uint chain = seed;\n"
    "    for (uint i = 0; i < n_outer; i++) {\n"
    "        for (uint j = 0; j < n_inner; j++) {\n"
    "            chain = (chain ^ i) * 1664525u + j;\n"
    "            count++;\n"
    "            if (chain == 0u) {\n"
    "                break;\n"
    "            }\n"
    "        }\n"
    "    }\n"
    "    result[0] = count;\n"
    "    result[1] = chain;\n"
    "    result[2] = (uint)(((ulong)chain * 0xD2511F53u) >> 32);\n"
    "    result[3] = a * a - b != 0.0f;\n"
    "}\n";

static void
expect(cl_uint result[N_RESULTS])
{
    cl_uint chain = SEED;
    cl_uint count = 0;

    for (cl_uint i = 0; i < N_OUTER; i++) {
        for (cl_uint j = 0; j < N_INNER; j++) {
            chain = (chain ^ i) * 1664525u + j;
            count++;
            if (chain == 0u) {
                break;
            }
        }
    }
    result[RESULT_COUNT] = count;
    result[RESULT_CHAIN] = chain;
    result[RESULT_PRODUCT] = (cl_uint)(((cl_ulong)chain * 0xD2511F53u) >> 32);
    result[RESULT_FUSED] = 0;
}

static cl_int
launch(const OpenclSymbols *cl, cl_command_queue queue, cl_kernel kernel, cl_mem buffer,
       cl_uint result[N_RESULTS])
{
    const cl_uint sizes[] = { N_OUTER, N_INNER, SEED };
    const cl_float values[] = { 1.0f + 0x1p-12f, 1.0f + 0x1p-11f };
    const size_t one = 1;
    cl_int code = cl->clSetKernelArg(kernel, 0, sizeof buffer, &buffer);

    for (cl_uint i = 0; i < 3 && code == CL_SUCCESS; i++) {
        code = cl->clSetKernelArg(kernel, 1 + i, sizeof sizes[i], &sizes[i]);
    }
    for (cl_uint i = 0; i < 2 && code == CL_SUCCESS; i++) {
        code = cl->clSetKernelArg(kernel, 4 + i, sizeof values[i], &values[i]);
    }
    if (code == CL_SUCCESS) {
        code = cl->clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, &one, 0, NULL, NULL);
    }
    if (code == CL_SUCCESS) {
        code = cl->clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, N_RESULTS * sizeof(cl_uint),
                                       result, 0, NULL, NULL);
    }
    return code;
}

static cl_int
compute(ReinPluginDevice *device, cl_uint result[N_RESULTS])
{
    const OpenclSymbols *cl = &device->cl;
    const char *texts[] = { text };
    cl_kernel kernel = NULL;
    cl_mem buffer = NULL;
    cl_int code = CL_SUCCESS;
    cl_program program = cl->clCreateProgramWithSource(device->context, 1, texts, NULL, &code);

    if (code == CL_SUCCESS) {
        code = cl->clBuildProgram(program, 1, &device->card.device, "-cl-std=CL1.2", NULL, NULL);
    }
    if (code == CL_SUCCESS) {
        kernel = cl->clCreateKernel(program, "rein_trial", &code);
    }
    if (code == CL_SUCCESS) {
        buffer = cl->clCreateBuffer(device->context, CL_MEM_READ_WRITE, N_RESULTS * sizeof(cl_uint),
                                    NULL, &code);
    }
    if (code == CL_SUCCESS) {
        code = launch(cl, device->queue, kernel, buffer, result);
    }
    if (buffer != NULL) {
        cl->clReleaseMemObject(buffer);
    }
    if (kernel != NULL) {
        cl->clReleaseKernel(kernel);
    }
    if (program != NULL) {
        cl->clReleaseProgram(program);
    }
    return code;
}

/* What the device got wrong, in words; false if nothing. */
static bool
find_fault(const cl_uint *result, char *fault, size_t size)
{
    cl_uint expected[N_RESULTS];

    expect(expected);
    if (result[RESULT_COUNT] != expected[RESULT_COUNT]) {
        snprintf(fault, size, "it ends the loops of a kernel after %u of %u iterations",
                 result[RESULT_COUNT], expected[RESULT_COUNT]);
        return true;
    }
    if (result[RESULT_CHAIN] != expected[RESULT_CHAIN] ||
        result[RESULT_PRODUCT] != expected[RESULT_PRODUCT]) {
        snprintf(fault, size, "its integer arithmetic is wrong");
        return true;
    }
    return false;
}

ReinStatus
opencl_trial_run(ReinPluginDevice *device, ReinMsg *msg)
{
    const char *setting = device->host->setting(device->host->context, "trial");
    cl_uint result[N_RESULTS] = { 0 };
    char fault[128];
    cl_int code = CL_SUCCESS;

    if (setting != NULL && strcmp(setting, "warn") != 0 && strcmp(setting, "require") != 0) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "setting trial = %s: must be require or warn", setting);
    }
    code = compute(device, result);
    if (code != CL_SUCCESS) {
        return opencl_status_check(code, "a trial kernel", msg);
    }
    if (result[RESULT_FUSED] != 0) {
        rein_host_log(
            device->host, REIN_LOG_WARNING,
            "it contracts float32 arithmetic though told not to: results will differ from "
            "other devices'");
    }
    if (!find_fault(result, fault, sizeof fault)) {
        return REIN_OK;
    }
    if (setting != NULL && strcmp(setting, "warn") == 0) {
        rein_host_log(device->host, REIN_LOG_WARNING, "%s: results may be wrong", fault);
        return REIN_OK;
    }
    return rein_msg_fail(msg, REIN_ERR_UNSUPPORTED,
                         "%s, so results would be wrong (opencl.trial = warn uses it all the same)",
                         fault);
}
