/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE
#include "cpu_program.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu_cache.h"
#include "cpu_compile.h"
#include "cpu_device.h"
#include "plugin_msg.h"

#define DIGEST_LENGTH 64u
#define MAX_KERNEL_NAME 256u

/* ---- checking ---- */

/* The digest becomes part of a file's name, so it must be what it says it is. */
static bool
is_digest(const char *digest)
{
    return digest != NULL && strlen(digest) == DIGEST_LENGTH &&
           strspn(digest, "0123456789abcdef") == DIGEST_LENGTH;
}

static ReinStatus
check_source(const ReinSource *source, ReinMsg *msg)
{
    if (source == NULL || source->struct_size < sizeof *source) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "source is missing or of another version");
    }
    if (source->name == NULL || source->text == NULL || source->dialect == NULL) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "source lacks its name, its text or its dialect");
    }
    if (!is_digest(source->digest)) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "digest of %s is not 64 lower-case hexadecimal digits", source->name);
    }
    return REIN_OK;
}

/* ---- the two sources of kernels ---- */

static const CpuPrebuiltProgram *
find_prebuilt(const char *digest)
{
    for (size_t i = 0; i < cpu_n_prebuilt_programs; i++) {
        if (strcmp(cpu_prebuilt_programs[i]->digest, digest) == 0) {
            return cpu_prebuilt_programs[i];
        }
    }
    return NULL;
}

/* Where a compiled program is kept; "" if nowhere. */
static void
cache_path(char *path, size_t size, const ReinPluginDevice *device, const ReinSource *source,
           const CpuCompiler *compiler)
{
    int length = 0;

    *path = '\0';
    if (device->host->cache_directory == NULL) {
        return;
    }
    length = snprintf(path, size, "%s/cpu-%s-%s-%016" PRIx64 ".so", device->host->cache_directory,
                      source->digest, cpu_level_name(device->settings.level), compiler->key);
    if (length < 0 || (size_t)length >= size) {
        *path = '\0';
    }
}

typedef struct NewLibrary {
    const ReinHost *host;
    const char *cache_path;
    void *library;
} NewLibrary;

/* Loads what the compiler made, and keeps a copy: the original is about to be removed. */
static ReinStatus
take_library(void *context, const char *path, ReinMsg *msg)
{
    NewLibrary *made = context;

    made->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (made->library == NULL) {
        return rein_msg_fail(msg, REIN_ERR_BUILD, "load the compiled kernels: %s", dlerror());
    }
    if (*made->cache_path != '\0') {
        cpu_cache_store(made->cache_path, path, made->host);
    }
    return REIN_OK;
}

static void *
load_cached(const char *path, const ReinHost *host)
{
    void *library = NULL;

    if (*path == '\0' || !cpu_cache_check(path, host)) {
        return NULL;
    }
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        rein_host_log(host, REIN_LOG_WARNING, "cpu: %s: built again", dlerror());
    }
    return library;
}

static ReinStatus
load_library(ReinPluginDevice *device, const ReinSource *source, void **library, ReinMsg *msg)
{
    CpuCompiler compiler = { 0 };
    char path[PATH_MAX];
    NewLibrary made = { .host = device->host, .cache_path = path };
    ReinStatus status = cpu_compiler_find(&compiler, &device->settings, source, msg);

    if (status != REIN_OK) {
        return status;
    }
    cache_path(path, sizeof path, device, source, &compiler);
    *library = load_cached(path, device->host);
    if (*library != NULL) {
        return REIN_OK;
    }
    status =
        cpu_compile(&compiler, &device->settings, device->host, source, take_library, &made, msg);
    *library = made.library;
    return status;
}

/* ---- life ---- */

static void
program_free(CpuProgram *program)
{
    while (program->kernels != NULL) {
        CpuKernel *kernel = program->kernels;
        program->kernels = kernel->next;
        free(kernel);
    }
    if (program->library != NULL) {
        dlclose(program->library);
    }
    free(program);
}

ReinStatus
cpu_program_build(ReinPluginDevice *device, uint64_t job, const ReinSource *source, uint64_t *token,
                  ReinMsg *msg)
{
    CpuProgram *program = NULL;
    ReinStatus status = check_source(source, msg);

    *token = 0;
    if (status != REIN_OK) {
        return status;
    }
    program = calloc(1, sizeof *program);
    if (program == NULL) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY, "build %s: out of memory", source->name);
    }
    program->job = job;
    snprintf(program->name, sizeof program->name, "%s", source->name);
    program->prebuilt = find_prebuilt(source->digest);
    if (program->prebuilt == NULL) {
        status = load_library(device, source, &program->library, msg);
    }
    if (status != REIN_OK) {
        program_free(program);
        return status;
    }
    program->token = cpu_device_token(device);
    program->next = device->programs;
    device->programs = program;
    *token = program->token;
    return REIN_OK;
}

/* The program `token` of `job`, or NULL with `msg`. */
static CpuProgram *
find_program(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg)
{
    CpuProgram *program = device->programs;

    while (program != NULL && program->token != token) {
        program = program->next;
    }
    if (program == NULL) {
        rein_msg_set(msg, "program %" PRIu64 " is not known", token);
        return NULL;
    }
    if (program->job != job) {
        rein_msg_set(msg, "program %" PRIu64 " is not of job %" PRIu64, token, job);
        return NULL;
    }
    return program;
}

ReinStatus
cpu_program_discard(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg)
{
    CpuProgram *program = find_program(device, job, token, msg);
    CpuProgram **link = &device->programs;

    if (program == NULL) {
        return REIN_ERR_INVALID_ARGUMENT;
    }
    while (*link != program) {
        link = &(*link)->next;
    }
    *link = program->next;
    program_free(program);
    return REIN_OK;
}

uint32_t
cpu_program_count(const ReinPluginDevice *device, uint64_t job)
{
    uint32_t n_programs = 0;

    for (const CpuProgram *program = device->programs; program != NULL; program = program->next) {
        n_programs += program->job == job;
    }
    return n_programs;
}

void
cpu_program_discard_job(ReinPluginDevice *device, uint64_t job, ReinUsage *released)
{
    CpuProgram **link = &device->programs;

    while (*link != NULL) {
        CpuProgram *program = *link;
        if (program->job == job) {
            *link = program->next;
            program_free(program);
            released->n_programs++;
        } else {
            link = &program->next;
        }
    }
}

void
cpu_program_discard_all(ReinPluginDevice *device)
{
    while (device->programs != NULL) {
        CpuProgram *program = device->programs;
        device->programs = program->next;
        program_free(program);
    }
}

/* ---- kernels ---- */

static CpuEntry
find_entry(const CpuProgram *program, uint32_t level, const char *name)
{
    char symbol[MAX_KERNEL_NAME + sizeof CPU_KERNEL_SUFFIX];
    CpuEntry entry = NULL;

    if (program->prebuilt == NULL) {
        snprintf(symbol, sizeof symbol, "%s%s", name, CPU_KERNEL_SUFFIX);
        *(void **)&entry = dlsym(program->library, symbol);
        return entry;
    }
    for (size_t i = 0; i < program->prebuilt->n_kernels; i++) {
        if (strcmp(program->prebuilt->kernels[i].name, name) == 0) {
            return program->prebuilt->kernels[i].entry[level];
        }
    }
    return NULL;
}

CpuKernel *
cpu_program_kernel(ReinPluginDevice *device, uint64_t job, uint64_t token, const char *name,
                   ReinMsg *msg)
{
    CpuProgram *program = find_program(device, job, token, msg);
    CpuKernel *kernel = program != NULL ? program->kernels : NULL;
    CpuEntry entry = NULL;
    size_t length = 0;

    if (program == NULL) {
        return NULL;
    }
    if (name == NULL) {
        rein_msg_set(msg, "a stage of program %" PRIu64 " names no kernel", token);
        return NULL;
    }
    while (kernel != NULL && strcmp(kernel->name, name) != 0) {
        kernel = kernel->next;
    }
    if (kernel != NULL) {
        return kernel;
    }

    length = strnlen(name, MAX_KERNEL_NAME);
    if (length < MAX_KERNEL_NAME) {
        entry = find_entry(program, device->settings.level, name);
    }
    if (entry == NULL) {
        rein_msg_set(msg, "%s has no kernel %.64s (REIN_KERNEL(%.64s, ...) declares one)",
                     program->name, name, name);
        return NULL;
    }
    kernel = calloc(1, sizeof *kernel + length + 1);
    if (kernel == NULL) {
        rein_msg_set(msg, "kernel '%s': out of memory", name);
        return NULL;
    }
    memcpy(kernel->name, name, length + 1);
    kernel->entry = entry;
    kernel->next = program->kernels;
    program->kernels = kernel;
    return kernel;
}
