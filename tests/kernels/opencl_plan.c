/* SPDX-License-Identifier: MIT */

/*
 * Runs kernels on the first OpenCL device there is, as a plan on standard input says, a command a line:
 *
 *     options TEXT                             options of the programs that follow
 *     program NAME FILE...                     builds the files, one behind the other
 *     buffer NAME BYTES [FILE]                 holds the file, then zeros
 *     raw NAME BYTES                           holds what was never written
 *     run PROGRAM KERNEL ITEMS ROUND PROGRESS BUFFER...
 *     print BUFFER WORDS                       a line of hexadecimal words
 *
 * Ends with 77 if there is no device, with 1 at the first thing that fails.
 */

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAMED 64
#define MAX_WORDS 32
#define LOCAL_SIZE 8

typedef struct Named {
    char name[64];
    void *object; /* cl_program or cl_mem */
    size_t size;
} Named;

typedef struct Plan {
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    char options[4096]; /* as long as a line */
    Named programs[MAX_NAMED];
    size_t n_programs;
    Named buffers[MAX_NAMED];
    size_t n_buffers;
} Plan;

/* The words of a line; the first is the command. */
typedef struct Line {
    char *words[MAX_WORDS];
    size_t n_words;
} Line;

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void
fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("opencl_plan: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

static void
check(cl_int status, const char *what, const char *name)
{
    if (status != CL_SUCCESS) {
        fail("%s %s: status %d", what, name, status);
    }
}

static const Named *
find(const Named *all, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i].name, name) == 0) {
            return &all[i];
        }
    }
    fail("there is no %s", name);
}

static Named *
add(Named *all, size_t *n, const char *name)
{
    if (*n == MAX_NAMED || strlen(name) >= sizeof all->name) {
        fail("%s: too many, or too long", name);
    }
    strcpy(all[*n].name, name);
    (*n)++;
    return &all[*n - 1];
}

/* The file behind `length` bytes of `text`, which is moved; NUL-terminated. */
static char *
append_file(char *text, size_t *length, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t n_read = 0;

    if (file == NULL) {
        fail("open %s", path);
    }
    do {
        text = realloc(text, *length + 65537);
        if (text == NULL) {
            fail("out of memory");
        }
        n_read = fread(text + *length, 1, 65536, file);
        *length += n_read;
    } while (n_read > 0);
    text[*length] = '\0';
    fclose(file);
    return text;
}

/* ---- commands ---- */

static void
command_program(Plan *plan, const Line *line)
{
    Named *program = add(plan->programs, &plan->n_programs, line->words[1]);
    char *text = NULL;
    char *log = NULL;
    size_t length = 0;
    size_t log_size = 0;
    cl_int status = CL_SUCCESS;

    for (size_t i = 2; i < line->n_words; i++) {
        text = append_file(text, &length, line->words[i]);
    }
    program->object =
        clCreateProgramWithSource(plan->context, 1, (const char **)&text, &length, &status);
    check(status, "create", program->name);
    status = clBuildProgram(program->object, 1, &plan->device, plan->options, NULL, NULL);
    if (status != CL_SUCCESS) {
        clGetProgramBuildInfo(program->object, plan->device, CL_PROGRAM_BUILD_LOG, 0, NULL,
                              &log_size);
        log = calloc(log_size + 1, 1);
        clGetProgramBuildInfo(program->object, plan->device, CL_PROGRAM_BUILD_LOG, log_size, log,
                              NULL);
        fail("build %s: %s", program->name, log);
    }
    free(text);
}

static void
command_buffer(Plan *plan, const Line *line, int is_raw)
{
    Named *buffer = add(plan->buffers, &plan->n_buffers, line->words[1]);
    char *content = NULL;
    size_t length = 0;
    cl_int status = CL_SUCCESS;

    buffer->size = strtoull(line->words[2], NULL, 10);
    buffer->object = clCreateBuffer(plan->context, CL_MEM_READ_WRITE, buffer->size, NULL, &status);
    check(status, "create", buffer->name);
    if (is_raw) {
        return;
    }
    if (line->n_words > 3) {
        content = append_file(NULL, &length, line->words[3]);
    }
    content = realloc(content, length > buffer->size ? length : buffer->size);
    if (content == NULL || length > buffer->size) {
        fail("%s: %zu bytes for %zu", buffer->name, length, buffer->size);
    }
    memset(content + length, 0, buffer->size - length);
    status = clEnqueueWriteBuffer(plan->queue, buffer->object, CL_TRUE, 0, buffer->size, content, 0,
                                  NULL, NULL);
    check(status, "write", buffer->name);
    free(content);
}

/* As a backend: the buffers, then first, end, round and progress; whole groups over the items. */
static void
command_run(Plan *plan, const Line *line)
{
    const Named *program = find(plan->programs, plan->n_programs, line->words[1]);
    const cl_uint scalars[] = { 0, (cl_uint)strtoul(line->words[3], NULL, 10),
                                (cl_uint)strtoul(line->words[4], NULL, 10),
                                (cl_uint)strtoul(line->words[5], NULL, 10) };
    const size_t local_size = LOCAL_SIZE;
    const size_t global_size = (scalars[1] + local_size - 1) / local_size * local_size;
    cl_int status = CL_SUCCESS;
    cl_kernel kernel = clCreateKernel(program->object, line->words[2], &status);
    cl_uint n_arguments = 0;

    check(status, "create kernel", line->words[2]);
    for (size_t i = 6; i < line->n_words; i++) {
        const Named *buffer = find(plan->buffers, plan->n_buffers, line->words[i]);
        const cl_mem memory = buffer->object;
        check(clSetKernelArg(kernel, n_arguments++, sizeof memory, &memory), "set", buffer->name);
    }
    for (size_t i = 0; i < 4; i++) {
        check(clSetKernelArg(kernel, n_arguments++, sizeof scalars[i], &scalars[i]),
              "set scalar of", line->words[2]);
    }
    check(clEnqueueNDRangeKernel(plan->queue, kernel, 1, NULL, &global_size, &local_size, 0, NULL,
                                 NULL),
          "run", line->words[2]);
    check(clFinish(plan->queue), "finish", line->words[2]);
    clReleaseKernel(kernel);
}

static void
command_print(Plan *plan, const Line *line)
{
    const Named *buffer = find(plan->buffers, plan->n_buffers, line->words[1]);
    const size_t n_words = strtoull(line->words[2], NULL, 10);
    uint32_t *words = calloc(n_words, sizeof *words);

    if (words == NULL || n_words * sizeof *words > buffer->size) {
        fail("print %s", buffer->name);
    }
    check(clEnqueueReadBuffer(plan->queue, buffer->object, CL_TRUE, 0, n_words * sizeof *words,
                              words, 0, NULL, NULL),
          "read", buffer->name);
    for (size_t i = 0; i < n_words; i++) {
        printf("%s%08x", i > 0 ? " " : "", words[i]);
    }
    printf("\n");
    free(words);
}

/* ---- the plan ---- */

/* Platforms without a device are passed over. */
static int
open_device(Plan *plan)
{
    cl_platform_id platforms[16];
    cl_uint n_platforms = 0;
    cl_int status = clGetPlatformIDs(16, platforms, &n_platforms);

    for (cl_uint i = 0; status == CL_SUCCESS && i < n_platforms && i < 16; i++) {
        if (clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &plan->device, NULL) ==
            CL_SUCCESS) {
            plan->context = clCreateContext(NULL, 1, &plan->device, NULL, NULL, &status);
            check(status, "create", "context");
            plan->queue = clCreateCommandQueue(plan->context, plan->device, 0, &status);
            check(status, "create", "queue");
            return 1;
        }
    }
    return 0;
}

static void
obey(Plan *plan, char *text)
{
    static const struct {
        const char *name;
        size_t n_words;
    } shapes[] = { { "program", 3 }, { "buffer", 3 }, { "raw", 3 }, { "run", 6 }, { "print", 3 } };
    Line line = { 0 };

    if (strncmp(text, "options ", 8) == 0) {
        snprintf(plan->options, sizeof plan->options, "%s", text + 8);
        return;
    }
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        if (line.n_words == MAX_WORDS) {
            fail("too many words");
        }
        line.words[line.n_words++] = word;
    }
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (line.n_words < shapes[i].n_words || strcmp(line.words[0], shapes[i].name) != 0) {
            continue;
        }
        switch (i) {
        case 0:
            command_program(plan, &line);
            return;
        case 3:
            command_run(plan, &line);
            return;
        case 4:
            command_print(plan, &line);
            return;
        default:
            command_buffer(plan, &line, i == 2);
            return;
        }
    }
    fail("do not understand %s", line.n_words > 0 ? line.words[0] : "an empty line");
}

int
main(void)
{
    Plan plan = { 0 };
    char text[4096];

    if (!open_device(&plan)) {
        fputs("opencl_plan: no device\n", stderr);
        return 77;
    }
    while (fgets(text, sizeof text, stdin) != NULL) {
        text[strcspn(text, "\n")] = '\0';
        obey(&plan, text);
    }
    for (size_t i = 0; i < plan.n_buffers; i++) {
        clReleaseMemObject(plan.buffers[i].object);
    }
    for (size_t i = 0; i < plan.n_programs; i++) {
        clReleaseProgram(plan.programs[i].object);
    }
    clReleaseCommandQueue(plan.queue);
    clReleaseContext(plan.context);
    return EXIT_SUCCESS;
}
