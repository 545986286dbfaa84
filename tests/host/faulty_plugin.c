/* SPDX-License-Identifier: MIT */

/*
 * The CPU plugin with one fault, for runs from end to end: loads the plugin FAULTY_INNER and passes
 * everything on but what FAULTY_FAULT says:
 *     build:N:STATUS, allocate:N:STATUS, run_fitness:N:STATUS   the Nth call is answered so
 *     run_fitness:N:hang                                        the Nth call never comes back, which
 *                                                               it says on stderr
 *     read:SIZE:forge                                           reads of SIZE bytes are all zero
 *     usage:0:leak                                              a buffer is left after the cleanup
 */

#include <dlfcn.h>
#include <rein/plugin_abi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const ReinPluginTable *inner;
static ReinPluginTable table;
static char slot[32];
static char what[32];
static unsigned long number; /* of the call, or bytes */
static unsigned long n_calls;

/* Whether this call of `name` is the faulty one. */
static int
is_faulty(const char *name)
{
    return strcmp(name, slot) == 0 && ++n_calls == number;
}

static ReinStatus
fail(ReinMsg *msg)
{
    snprintf(msg->text, msg->size, "%s fails on purpose", slot);
    return (ReinStatus)strtol(what, NULL, 10);
}

static ReinStatus
faulty_build(ReinPluginDevice *device, uint64_t job, const ReinSource *source, uint64_t *program,
             ReinMsg *msg)
{
    return is_faulty("build") ? fail(msg) : inner->build(device, job, source, program, msg);
}

static ReinStatus
faulty_allocate(ReinPluginDevice *device, uint64_t job, uint64_t size, uint32_t usage,
                uint64_t *buffer, ReinMsg *msg)
{
    return is_faulty("allocate") ? fail(msg)
                                 : inner->allocate(device, job, size, usage, buffer, msg);
}

static ReinStatus
faulty_run_fitness(ReinPluginDevice *device, uint64_t job, const ReinSlice *slice,
                   const volatile uint32_t *stop, ReinSliceReport *report, ReinMsg *msg)
{
    if (!is_faulty("run_fitness")) {
        return inner->run_fitness(device, job, slice, stop, report, msg);
    }
    if (strcmp(what, "hang") == 0) {
        fputs("faulty plugin: hangs\n", stderr);
        for (;;) {
            pause();
        }
    }
    return fail(msg);
}

static ReinStatus
faulty_read(ReinPluginDevice *device, uint64_t job, uint64_t buffer, uint64_t offset, void *data,
            uint64_t size, ReinMsg *msg)
{
    ReinStatus status = inner->read(device, job, buffer, offset, data, size, msg);

    if (strcmp(slot, "read") == 0 && size == number) {
        memset(data, 0, size);
    }
    return status;
}

static void
faulty_usage(ReinPluginDevice *device, uint64_t job, ReinUsage *usage)
{
    inner->usage(device, job, usage);
    if (strcmp(slot, "usage") == 0) {
        usage->n_buffers++;
        usage->size += 64;
    }
}

const ReinPluginTable *
rein_plugin(void)
{
    const char *path = getenv("FAULTY_INNER");
    const char *fault = getenv("FAULTY_FAULT");
    void *library = path != NULL ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    ReinPluginEntry entry = NULL;

    if (library == NULL || fault == NULL ||
        sscanf(fault, "%31[^:]:%lu:%31s", slot, &number, what) != 3) {
        return NULL;
    }
    *(void **)&entry = dlsym(library, REIN_PLUGIN_SYMBOL);
    inner = entry();
    table = *inner;
    table.build = faulty_build;
    table.allocate = faulty_allocate;
    table.run_fitness = faulty_run_fitness;
    table.read = faulty_read;
    table.usage = faulty_usage;
    return &table;
}
