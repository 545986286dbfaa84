/* SPDX-License-Identifier: MIT */

/*
 * The rival of the OpenCL plugin: the same kernels over the same buffers, launched by a host program
 * written by hand for just that, with nothing of rein in it. One queue, in order; a kernel object for
 * rounds of either parity with its buffers bound once; one argument set for each launch; rounds
 * enqueued ahead of the device. Before it is timed it tries what fits this device best, and keeps the
 * fastest: for each kernel of several group sizes, and of several numbers of rounds to be ahead.
 *
 *     opencl_host FOLDER N       on the device N of the first platform that has one
 *
 * FOLDER/manifest says what to run, in lines:
 *     interleave W                 of the buffers' layout
 *     text FILE                    kernels, dialect included
 *     buffer FILE                  the next buffer's content
 *     stage KERNEL ITEMS EVEN,EVEN,... ODD,ODD,...    buffers by number, for even and odd rounds
 * It says "ready GROUP... ahead ROUNDS" and answers lines from its input until that ends:
 *     run FIRST ROUNDS PROGRESS    the wall clock's nanoseconds
 *     read BUFFER FILE             "ok" once the buffer's content is in the file
 */

#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#define MAX_BUFFERS 64u
#define MAX_STAGES 16u
#define MAX_ARGUMENTS 12u
#define MAX_LINE 4096
#define N_TRIES 5u      /* of each choice; the fastest counts, since others may use the machine */
#define TRY_NS 1000000u /* how long one should be */

typedef struct Stage {
    char name[128];
    cl_uint n_items;
    cl_uint n_buffers;
    cl_uint buffers[2][MAX_ARGUMENTS];
    cl_kernel kernels[2]; /* by the round's parity */
    size_t group;
    cl_uint progress; /* that the kernels have */
} Stage;

static cl_device_id device;
static cl_context context;
static cl_command_queue queue;
static cl_program program;
static cl_mem buffers[MAX_BUFFERS];
static size_t buffer_sizes[MAX_BUFFERS];
static cl_uint n_buffers;
static Stage stages[MAX_STAGES];
static cl_uint n_stages;
static cl_uint interleave = 1;
static cl_uint ahead; /* rounds in a batch, of which two are in flight; 0: all at once */

static void
fail(const char *what, long code)
{
    fprintf(stderr, "opencl_host: %s (%ld)\n", what, code);
    exit(EXIT_FAILURE);
}

static void
check(cl_int code, const char *what)
{
    if (code != CL_SUCCESS) {
        fail(what, code);
    }
}

static uint64_t
now_ns(void)
{
    struct timespec now = { 0 };

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static char *
read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    long length = 0;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0) {
        fail(path, 0);
    }
    rewind(file);
    bytes = malloc((size_t)length + 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)length, file) != (size_t)length) {
        fail(path, 0);
    }
    fclose(file);
    bytes[length] = '\0';
    *size = (size_t)length;
    return bytes;
}

/* Device `index` of the first platform that has any. */
static void
open_device(cl_uint index)
{
    cl_platform_id platforms[16];
    cl_device_id devices[16];
    cl_uint n_platforms = 0;
    cl_uint n_devices = 0;
    cl_int code = CL_SUCCESS;

    check(clGetPlatformIDs(16, platforms, &n_platforms), "clGetPlatformIDs");
    for (cl_uint i = 0; i < n_platforms && n_devices == 0; i++) {
        if (clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 16, devices, &n_devices) !=
            CL_SUCCESS) {
            n_devices = 0;
        }
    }
    if (index >= n_devices) {
        fail("there is no such device", (long)index);
    }
    device = devices[index];
    context = clCreateContext(NULL, 1, &device, NULL, NULL, &code);
    check(code, "clCreateContext");
    queue = clCreateCommandQueue(context, device, 0, &code);
    check(code, "clCreateCommandQueue");
}

/* ---- the manifest ---- */

static void
add_buffer(const char *path)
{
    cl_int code = CL_SUCCESS;
    size_t size = 0;
    char *bytes = read_file(path, &size);

    if (n_buffers == MAX_BUFFERS) {
        fail("too many buffers", MAX_BUFFERS);
    }
    buffers[n_buffers] =
        clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, size, bytes, &code);
    check(code, "clCreateBuffer");
    buffer_sizes[n_buffers] = size;
    n_buffers++;
    free(bytes);
}

static cl_uint
parse_numbers(const char *text, cl_uint *numbers)
{
    cl_uint n = 0;
    char *end = NULL;

    while (*text != '\0' && n < MAX_ARGUMENTS) {
        numbers[n] = (cl_uint)strtoul(text, &end, 10);
        if (end == text || numbers[n] >= n_buffers) {
            fail("a stage's buffers are wrong", (long)n);
        }
        n++;
        text = *end == ',' ? end + 1 : end;
    }
    return n;
}

static void
add_stage(const char *line)
{
    Stage *stage = &stages[n_stages];
    char even[256] = "";
    char odd[256] = "";

    if (n_stages == MAX_STAGES ||
        sscanf(line, "stage %127s %u %255s %255s", stage->name, &stage->n_items, even, odd) != 4) {
        fail("a stage is wrong", (long)n_stages);
    }
    stage->n_buffers = parse_numbers(even, stage->buffers[0]);
    if (parse_numbers(odd, stage->buffers[1]) != stage->n_buffers) {
        fail("a stage has other buffers in odd rounds", (long)n_stages);
    }
    n_stages++;
}

/* For processors scratch lies in one piece, for others neighbours interleave. */
static void
build(const char *path)
{
    char options[256];
    size_t size = 0;
    char *text = read_file(path, &size);
    const char *texts[] = { text };
    cl_device_type type = 0;
    cl_device_fp_config config = 0;
    cl_int code = CL_SUCCESS;

    clGetDeviceInfo(device, CL_DEVICE_TYPE, sizeof type, &type, NULL);
    clGetDeviceInfo(device, CL_DEVICE_SINGLE_FP_CONFIG, sizeof config, &config, NULL);
    snprintf(options, sizeof options, "-cl-std=CL1.2 -D REIN_INTERLEAVE=%uu -D REIN_LOCKSTEP=%d%s",
             interleave, (type & CL_DEVICE_TYPE_CPU) != 0 ? 0 : 1,
             (config & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0
                 ? " -cl-fp32-correctly-rounded-divide-sqrt -D REIN_EXACT_DIVIDE"
                 : "");
    program = clCreateProgramWithSource(context, 1, texts, &size, &code);
    check(code, "clCreateProgramWithSource");
    check(clBuildProgram(program, 1, &device, options, NULL, NULL), "clBuildProgram");
    free(text);
}

static void
read_manifest(const char *folder)
{
    char path[MAX_LINE];
    char name[256] = "";
    char line[MAX_LINE];
    FILE *file = NULL;

    snprintf(path, sizeof path, "%s/manifest", folder);
    file = fopen(path, "r");
    if (file == NULL) {
        fail(path, 0);
    }
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "interleave %u", &interleave) == 1) {
            continue;
        }
        if (strncmp(line, "stage ", 6) == 0) {
            add_stage(line);
        } else if (sscanf(line, "buffer %255s", name) == 1) {
            snprintf(path, sizeof path, "%s/%s", folder, name);
            add_buffer(path);
        } else if (sscanf(line, "text %255s", name) == 1) {
            snprintf(path, sizeof path, "%s/%s", folder, name);
            build(path);
        } else {
            fail("the manifest has a line that is not known", 0);
        }
    }
    fclose(file);
}

/* ---- running ---- */

/* Arguments behind the buffers: first, end, round, progress. */
static void
bind(Stage *stage)
{
    const cl_uint zero = 0;
    cl_int code = CL_SUCCESS;

    for (cl_uint parity = 0; parity < 2; parity++) {
        cl_kernel kernel = clCreateKernel(program, stage->name, &code);
        check(code, stage->name);
        for (cl_uint i = 0; i < stage->n_buffers; i++) {
            check(clSetKernelArg(kernel, i, sizeof(cl_mem), &buffers[stage->buffers[parity][i]]),
                  "clSetKernelArg");
        }
        check(clSetKernelArg(kernel, stage->n_buffers, sizeof zero, &zero), "clSetKernelArg");
        check(clSetKernelArg(kernel, stage->n_buffers + 1, sizeof stage->n_items, &stage->n_items),
              "clSetKernelArg");
        check(clSetKernelArg(kernel, stage->n_buffers + 2, sizeof zero, &zero), "clSetKernelArg");
        check(clSetKernelArg(kernel, stage->n_buffers + 3, sizeof zero, &zero), "clSetKernelArg");
        stage->kernels[parity] = kernel;
    }
}

static void
launch(Stage *stage, cl_uint round, cl_event *event)
{
    cl_kernel kernel = stage->kernels[round & 1];
    const size_t n_padded = (stage->n_items + stage->group - 1) / stage->group * stage->group;

    clSetKernelArg(kernel, stage->n_buffers + 2, sizeof round, &round);
    check(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &n_padded, &stage->group, 0, NULL, event),
          "clEnqueueNDRangeKernel");
}

/* Enqueues rounds [first, first + n_rounds); `event` becomes the end of the last one. */
static void
enqueue(cl_uint first, cl_uint n_rounds, cl_event *event)
{
    for (cl_uint round = 0; round < n_rounds; round++) {
        for (cl_uint i = 0; i < n_stages; i++) {
            const int is_last = round + 1 == n_rounds && i + 1 == n_stages;
            launch(&stages[i], first + round, is_last ? event : NULL);
        }
    }
    check(clFlush(queue), "clFlush");
}

static void
end(cl_event event)
{
    if (event != NULL) {
        check(clWaitForEvents(1, &event), "clWaitForEvents");
        clReleaseEvent(event);
    }
}

static uint64_t
run(cl_uint first, cl_uint n_rounds, cl_uint progress)
{
    const uint64_t begun_ns = now_ns();
    const cl_uint batch = ahead > 0 ? ahead : n_rounds;
    cl_event before = NULL;

    for (cl_uint i = 0; i < n_stages; i++) {
        for (cl_uint parity = 0; parity < 2; parity++) {
            clSetKernelArg(stages[i].kernels[parity], stages[i].n_buffers + 3, sizeof progress,
                           &progress);
        }
    }
    for (cl_uint done = 0; done < n_rounds; done += batch) {
        const cl_uint n_left = n_rounds - done;
        cl_event event = NULL;
        enqueue(first + done, batch < n_left ? batch : n_left, &event);
        end(before);
        before = event;
        if (batch >= n_left) {
            break;
        }
    }
    check(clFinish(queue), "clFinish");
    end(before);
    return now_ns() - begun_ns;
}

/* ---- what fits best ---- */

/* Nanoseconds of one of `n` launches in a row. */
static uint64_t
time_launches(Stage *stage, cl_uint n)
{
    const uint64_t begun_ns = now_ns();

    for (cl_uint i = 0; i < n; i++) {
        launch(stage, 0, NULL);
    }
    check(clFinish(queue), "clFinish");
    return (now_ns() - begun_ns) / n;
}

static cl_uint
launches_of(uint64_t one_ns)
{
    const uint64_t n = TRY_NS / (one_ns + 1);

    return n < 1 ? 1 : n > 256 ? 256 : (cl_uint)n;
}

static void
tune_group(Stage *stage)
{
    static const size_t sizes[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512 };
    enum { N_SIZES = sizeof sizes / sizeof sizes[0] };
    uint64_t best_ns[N_SIZES];
    size_t most = 0;
    size_t best = 0;

    clGetKernelWorkGroupInfo(stage->kernels[0], device, CL_KERNEL_WORK_GROUP_SIZE, sizeof most,
                             &most, NULL);
    for (cl_uint try = 0; try <= N_TRIES; try++) {
        for (size_t i = 0; i < N_SIZES && sizes[i] <= most; i++) {
            stage->group = sizes[i];
            if (try == 0) { /* the first launch compiles */
                time_launches(stage, 1);
                best_ns[i] = time_launches(stage, 1);
            } else {
                const uint64_t one_ns = time_launches(stage, launches_of(best_ns[i]));
                best_ns[i] = one_ns < best_ns[i] ? one_ns : best_ns[i];
            }
        }
    }
    for (size_t i = 0; i < N_SIZES && sizes[i] <= most; i++) {
        best = best_ns[i] < best_ns[best] ? i : best;
    }
    stage->group = sizes[best];
}

/* Groups of stages that are alike are tried once. */
static void
tune_groups(void)
{
    for (cl_uint i = 0; i < n_stages; i++) {
        cl_uint k = 0;
        while (k < i && (strcmp(stages[k].name, stages[i].name) != 0 ||
                         stages[k].n_items != stages[i].n_items)) {
            k++;
        }
        if (k < i) {
            stages[i].group = stages[k].group;
        } else {
            tune_group(&stages[i]);
        }
    }
}

static void
tune_ahead(void)
{
    static const cl_uint choices[] = { 0, 1, 2, 4, 8, 16, 32, 64, 128, 256 };
    const uint64_t one_ns = run(0, 4, 0) / 4 + 1;
    const uint64_t n_wanted = 20 * (uint64_t)TRY_NS / one_ns;
    const cl_uint n_rounds = n_wanted < 4 ? 4 : n_wanted > 4096 ? 4096 : (cl_uint)n_wanted;
    uint64_t best_ns = UINT64_MAX;
    cl_uint best = 0;

    for (cl_uint try = 0; try < N_TRIES; try++) {
        for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
            ahead = choices[i];
            const uint64_t took_ns = ahead < n_rounds ? run(0, n_rounds, 0) : UINT64_MAX;
            best = took_ns < best_ns ? ahead : best;
            best_ns = took_ns < best_ns ? took_ns : best_ns;
        }
    }
    ahead = best;
}

/* The buffers are what they were before: they are taken aside and put back. */
static void
tune(void)
{
    cl_mem aside[MAX_BUFFERS];
    cl_int code = CL_SUCCESS;

    for (cl_uint i = 0; i < n_buffers; i++) {
        aside[i] = clCreateBuffer(context, CL_MEM_READ_WRITE, buffer_sizes[i], NULL, &code);
        check(code, "clCreateBuffer");
        check(
            clEnqueueCopyBuffer(queue, buffers[i], aside[i], 0, 0, buffer_sizes[i], 0, NULL, NULL),
            "clEnqueueCopyBuffer");
    }
    tune_groups();
    tune_ahead();
    for (cl_uint i = 0; i < n_buffers; i++) {
        check(
            clEnqueueCopyBuffer(queue, aside[i], buffers[i], 0, 0, buffer_sizes[i], 0, NULL, NULL),
            "clEnqueueCopyBuffer");
        check(clFinish(queue), "clFinish");
        clReleaseMemObject(aside[i]);
    }
}

static void
save(cl_uint index, const char *path)
{
    void *bytes = index < n_buffers ? malloc(buffer_sizes[index]) : NULL;
    FILE *file = bytes != NULL ? fopen(path, "wb") : NULL;

    if (file == NULL) {
        fail("a buffer cannot be saved", (long)index);
    }
    check(clEnqueueReadBuffer(queue, buffers[index], CL_TRUE, 0, buffer_sizes[index], bytes, 0,
                              NULL, NULL),
          "clEnqueueReadBuffer");
    if (fwrite(bytes, 1, buffer_sizes[index], file) != buffer_sizes[index] || fclose(file) != 0) {
        fail("a buffer cannot be saved", (long)index);
    }
    free(bytes);
}

static void
serve(void)
{
    char line[MAX_LINE];
    char path[MAX_LINE] = "";
    cl_uint a = 0;
    cl_uint b = 0;
    cl_uint c = 0;

    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "run %u %u %u", &a, &b, &c) == 3) {
            printf("%llu\n", (unsigned long long)run(a, b, c));
        } else if (sscanf(line, "read %u %4095s", &a, path) == 2) {
            save(a, path);
            printf("ok\n");
        } else {
            fail("a command that is not known", 0);
        }
        fflush(stdout);
    }
}

int
main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s FOLDER N\n", argv[0]);
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    open_device((cl_uint)strtoul(argv[2], NULL, 10));
    read_manifest(argv[1]);
    for (cl_uint i = 0; i < n_stages; i++) {
        bind(&stages[i]);
    }
    tune();
    printf("ready");
    for (cl_uint i = 0; i < n_stages; i++) {
        printf(" %zu", stages[i].group);
    }
    printf(" ahead %u\n", ahead);
    fflush(stdout);
    serve();
    return 0;
}
