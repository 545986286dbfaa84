/* SPDX-License-Identifier: MIT */

#include "opencl_compile.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opencl_status.h"
#include "plugin_cache.h"
#include "plugin_msg.h"

#define DIALECT_LINE "#line 1 \"rein_kernel.h\"\n"
#define MAX_FILE_NAME 200u

/* ---- how ---- */

__attribute__((format(printf, 2, 3))) static void
add_option(OpenclBuild *self, const char *format, ...)
{
    const size_t length = strlen(self->options);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(self->options + length, sizeof self->options - length, format, arguments);
    va_end(arguments);
}

/* All that the binary depends on, beside the text. */
static uint64_t
hash_device(const OpenclBuild *self, const ReinPluginDevice *device)
{
    const OpenclCard *card = &device->card;
    const char *const parts[] = { OPENCL_PLUGIN_VERSION, self->options,     card->info.id,
                                  card->info.name,       card->info.driver, card->version,
                                  card->platform_version };
    uint64_t hash = REIN_HASH_START;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        hash = rein_hash(hash, parts[i], strlen(parts[i]) + 1);
    }
    return rein_hash(hash, device->groups, sizeof device->groups);
}

void
opencl_build_init(OpenclBuild *self, const ReinPluginDevice *device, const ReinSource *source)
{
    const OpenclCard *card = &device->card;
    int length = 0;

    *self = (OpenclBuild){ .options = "-cl-std=CL1.2" };
    add_option(self, " -D REIN_INTERLEAVE=%uu", card->info.interleave);
    add_option(self, " -D REIN_LOCKSTEP=%d", card->is_cpu ? 0 : 1);
    if (card->divides_exactly) {
        add_option(self, " -cl-fp32-correctly-rounded-divide-sqrt -D REIN_EXACT_DIVIDE");
    }
    if ((source->flags & REIN_SOURCE_FAST_MATH) != 0) {
        add_option(self, " -cl-mad-enable -D REIN_FAST_MATH");
    }
    if (device->host->cache_directory == NULL) {
        return;
    }
    length = snprintf(self->cache_path, sizeof self->cache_path, "%s/opencl-%s-%016" PRIx64 ".bin",
                      device->host->cache_directory, source->digest, hash_device(self, device));
    if (length < 0 || (size_t)length >= sizeof self->cache_path) {
        self->cache_path[0] = '\0';
    }
}

/* ---- the compiler's log ---- */

/* The log, to be freed; NULL if there is none. */
static char *
read_log(ReinPluginDevice *device, cl_program program)
{
    size_t size = 0;
    char *log = NULL;

    if (device->cl.clGetProgramBuildInfo(program, device->card.device, CL_PROGRAM_BUILD_LOG, 0,
                                         NULL, &size) != CL_SUCCESS ||
        size <= 1) {
        return NULL;
    }
    log = calloc(1, size + 1);
    if (log != NULL &&
        device->cl.clGetProgramBuildInfo(program, device->card.device, CL_PROGRAM_BUILD_LOG, size,
                                         log, NULL) != CL_SUCCESS) {
        log[0] = '\0';
    }
    return log;
}

/* Lines of drivers' logs that speak of neither the text nor its faults. */
static bool
is_noise(const char *line, size_t length)
{
    return length == 0 || strncmp(line, "Device ", 7) == 0 ||
           strncmp(line, "Error(s) while", 14) == 0 ||
           strncmp(line, "Error executing LLVM", 20) == 0;
}

/*
 * One line of the log. PoCL puts "error: " in front of the place, all others behind it: "FILE:LINE:COLUMN:
 * error: what".
 */
static int
tell_line(char *text, size_t size, const char *line, size_t length)
{
    static const char *const kinds[] = { "error: ", "warning: " };
    const char *last = line + length;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t kind_length = strlen(kinds[i]);
        const char *place = line + kind_length;
        const char *what = NULL;
        if (length <= kind_length || strncmp(line, kinds[i], kind_length) != 0) {
            continue;
        }
        what = memchr(place, ':', (size_t)(last - place));
        while (what != NULL && what + 1 < last && strchr("0123456789:", what[1]) != NULL) {
            what++;
        }
        if (what != NULL && what > place && what[-1] != ':' && what + 1 < last && what[1] == ' ') {
            return snprintf(text, size, "%.*s: %s%.*s", (int)(what - place), place, kinds[i],
                            (int)(last - what - 2), what + 2);
        }
    }
    return snprintf(text, size, "%.*s", (int)length, line);
}

/*
 * The log without what a driver wraps around it, from its beginning, in as many whole lines as there is
 * room for; of the first line what fits.
 */
static void
tell_log(const char *log, ReinMsg *msg)
{
    bool is_full = false;
    size_t used = 0;

    if (msg == NULL || msg->size == 0) {
        return;
    }
    msg->text[0] = '\0';
    while (log != NULL && *log != '\0' && !is_full) {
        const size_t length = strcspn(log, "\n");
        const bool is_whole = used + length + 2 <= msg->size;
        if (!is_noise(log, length) && (is_whole || used == 0)) {
            if (used > 0) {
                msg->text[used++] = '\n';
            }
            used += (size_t)tell_line(msg->text + used, msg->size - used, log, length);
        }
        is_full = !is_noise(log, length) && !is_whole;
        log += length + (log[length] == '\n');
    }
    if (used == 0) {
        rein_msg_set(msg, "the compiler refused it, and did not say why");
    }
}

/* ---- compile ---- */

/* `#line 1 "name"`, with what would end the name early left out. */
static void
make_line(char *line, size_t size, const char *name)
{
    size_t used = (size_t)snprintf(line, size, "\n#line 1 \"");

    for (size_t i = 0; name[i] != '\0' && i < MAX_FILE_NAME; i++) {
        if (name[i] != '"' && name[i] != '\\' && (unsigned char)name[i] >= ' ') {
            line[used++] = name[i];
        }
    }
    snprintf(line + used, size - used, "\"\n");
}

ReinStatus
opencl_build_compile(const OpenclBuild *self, ReinPluginDevice *device, const ReinSource *source,
                     cl_program *program, ReinMsg *msg)
{
    const OpenclSymbols *cl = &device->cl;
    char line[MAX_FILE_NAME + 32];
    const char *texts[] = { DIALECT_LINE, source->dialect, line, source->text };
    const size_t sizes[] = { strlen(DIALECT_LINE), source->dialect_size, 0, source->text_size };
    cl_int code = CL_SUCCESS;
    char *log = NULL;

    make_line(line, sizeof line, source->name);
    *program = cl->clCreateProgramWithSource(device->context, 4, texts, sizes, &code);
    if (code != CL_SUCCESS) {
        return opencl_status_check(code, "clCreateProgramWithSource", msg);
    }
    code = cl->clBuildProgram(*program, 1, &device->card.device, self->options, NULL, NULL);
    log = read_log(device, *program);
    if (code == CL_BUILD_PROGRAM_FAILURE) {
        tell_log(log, msg);
    } else if (code == CL_SUCCESS && log != NULL) {
        rein_host_log(device->host, REIN_LOG_DEBUG, "%s: %s", source->name, log);
    }
    free(log);
    if (code == CL_BUILD_PROGRAM_FAILURE) {
        return REIN_ERR_BUILD;
    }
    return opencl_status_check(code, "clBuildProgram", msg);
}

/* ---- binaries ---- */

cl_program
opencl_build_load(const OpenclBuild *self, ReinPluginDevice *device)
{
    const OpenclSymbols *cl = &device->cl;
    size_t size = 0;
    void *bytes =
        self->cache_path[0] != '\0' ? rein_cache_read(self->cache_path, &size, device->host) : NULL;
    const unsigned char *binary = bytes;
    cl_program program = NULL;
    cl_int loaded = CL_SUCCESS;
    cl_int code = CL_SUCCESS;

    if (bytes == NULL) {
        return NULL;
    }
    program = cl->clCreateProgramWithBinary(device->context, 1, &device->card.device, &size,
                                            &binary, &loaded, &code);
    free(bytes);
    if (code == CL_SUCCESS) {
        code = loaded;
    }
    if (code == CL_SUCCESS) {
        code = cl->clBuildProgram(program, 1, &device->card.device, self->options, NULL, NULL);
    }
    if (code == CL_SUCCESS) {
        return program;
    }
    rein_cache_drop(self->cache_path, opencl_status_name(code), device->host);
    if (program != NULL) {
        cl->clReleaseProgram(program);
    }
    return NULL;
}

void
opencl_build_store(const OpenclBuild *self, ReinPluginDevice *device, cl_program program)
{
    const OpenclSymbols *cl = &device->cl;
    unsigned char *binary = NULL;
    size_t size = 0;

    if (self->cache_path[0] == '\0' ||
        cl->clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, NULL) !=
            CL_SUCCESS ||
        size == 0) {
        return;
    }
    binary = calloc(1, size);
    if (binary != NULL && cl->clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary,
                                               NULL) == CL_SUCCESS) {
        rein_cache_store(self->cache_path, binary, size, device->host);
    }
    free(binary);
}
