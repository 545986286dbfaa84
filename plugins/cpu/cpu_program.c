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

#include "cpu_compile.h"
#include "cpu_device.h"
#include "plugin_cache.h"
#include "plugin_check.h"
#include "plugin_msg.h"

#define MAX_KERNEL_NAME 256u

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

static void
keep_copy(const char *path, const char *from, const ReinHost *host)
{
    size_t size = 0;
    void *bytes = rein_file_read(from, &size);

    if (bytes != NULL) {
        rein_cache_store(path, bytes, size, host);
    }
    free(bytes);
}

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
        keep_copy(made->cache_path, path, made->host);
    }
    return REIN_OK;
}

static void *
load_cached(const char *path, const ReinHost *host)
{
    size_t size = 0;
    void *bytes = *path != '\0' ? rein_cache_read(path, &size, host) : NULL;
    void *library = NULL;

    if (bytes == NULL) {
        return NULL;
    }
    free(bytes); /* whole, and so fit for the loader, which wants the file */
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        rein_host_log(host, REIN_LOG_WARNING, "%s: built again", dlerror());
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
    ReinStatus status = rein_source_check(source, msg);

    *token = 0;
    if (status != REIN_OK) {
        return status;
    }
    program = calloc(1, sizeof *program);
    if (program == NULL) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY, "build %s: out of memory", source->name);
    }
    program->held.job = job;
    snprintf(program->name, sizeof program->name, "%s", source->name);
    program->prebuilt = find_prebuilt(source->digest);
    status = rein_held_reserve(&device->programs, msg);
    if (status == REIN_OK && program->prebuilt == NULL) {
        status = load_library(device, source, &program->library, msg);
    }
    if (status != REIN_OK) {
        program_free(program);
        return status;
    }
    program->held.token = cpu_device_token(device);
    rein_held_add(&device->programs, &program->held);
    *token = program->held.token;
    return REIN_OK;
}

/* The program `token` of `job`, or NULL with `msg`. */
static CpuProgram *
find_program(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg)
{
    return (CpuProgram *)rein_held_find(&device->programs, job, token, msg);
}

ReinStatus
cpu_program_discard(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg)
{
    CpuProgram *program = find_program(device, job, token, msg);

    if (program == NULL) {
        return REIN_ERR_INVALID_ARGUMENT;
    }
    rein_held_remove(&device->programs, &program->held);
    program_free(program);
    return REIN_OK;
}

void
cpu_program_end(void *context, ReinHeld *entry)
{
    (void)context;
    program_free((CpuProgram *)entry);
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
