/* SPDX-License-Identifier: MIT */

/*
 * The CPU plugin with one fault, for runs from end to end: loads the plugin FAULTY_INNER and passes
 * everything on but what FAULTY_FAULT says:
 *     build:N:STATUS, allocate:N:STATUS, run_fitness:N:STATUS   the Nth call is answered so
 *     open:N:hang, build:N:hang, run_fitness:N:hang, cleanup:N:hang
 *                                                               the Nth call never comes back, which
 *                                                               it says on stderr; the process is
 *                                                               named "rein-hung" then
 *     run_fitness:N:eat                                         the Nth call takes memory without end
 *     run_fitness:N:fork                                        the Nth call leaves a grandchild in a
 *                                                               session of its own, "rein-orphan",
 *                                                               which no signal but SIGKILL ends
 *     read:SIZE:forge                                           reads of SIZE bytes are all zero
 *     usage:0:leak                                              a buffer is left after the cleanup
 *     memory_info:0:missing                                     half of the memory is gone after the
 *                                                               first look (with FAULTY_NAME)
 * With FAULTY_NAME it is a plugin of that name, with devices "NAME:...", beside the other; with
 * FAULTY_TWICE each is there once more, with a "b" at the end of its id.
 */

#include <dlfcn.h>
#include <rein/plugin_abi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define EATEN_SIZE ((size_t)1 << 20)

static const ReinPluginTable *inner;
static ReinPluginTable table;
static char slot[32];
static char what[32];
static unsigned long number; /* of the call, or bytes */
static unsigned long n_calls;
static const char *own_name; /* NULL: that of the other */

/* Puts `name` in front of the colon of an id. */
static void
rename_id(char *out, size_t size, const char *name, const char *id)
{
    const char *colon = strchr(id, ':');

    snprintf(out, size, "%s%s", name, colon != NULL ? colon : "");
}

/* Who waits for what the other's probe finds. */
typedef struct {
    ReinFoundCb found;
    void *context;
} Finder;

static void
found_renamed(void *context, const ReinDeviceInfo *info)
{
    const Finder *finder = context;
    ReinDeviceInfo own = *info;

    rename_id(own.id, sizeof own.id, own_name, info->id);
    if (strcmp(slot, "memory_info") == 0) {
        own.flags &= ~(REIN_DEVICE_IS_CPU | REIN_DEVICE_UNIFIED_MEMORY); /* its memory is its own */
    }
    finder->found(finder->context, &own);
    if (getenv("FAULTY_TWICE") != NULL) {
        strncat(own.id, "b", sizeof own.id - strlen(own.id) - 1);
        finder->found(finder->context, &own);
    }
}

static ReinStatus
renamed_probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg)
{
    Finder finder = { .found = found, .context = context };

    return inner->probe(host, found_renamed, &finder, msg);
}

static ReinStatus
renamed_open(const char *id, const ReinHost *host, ReinPluginDevice **out, ReinMsg *msg)
{
    char others[sizeof((ReinDeviceInfo){ 0 }).id];

    rename_id(others, sizeof others, inner->name, id);
    others[strcspn(others, "b")] = '\0';
    return inner->open(others, host, out, msg);
}

/* Whether this call of `name` is the faulty one. */
static int
is_faulty(const char *name)
{
    return strcmp(name, slot) == 0 && ++n_calls == number;
}

static void
hang_if_told(void)
{
    if (strcmp(what, "hang") == 0) {
        prctl(PR_SET_NAME, "rein-hung");
        fputs("faulty plugin: hangs\n", stderr);
        for (;;) {
            pause();
        }
    }
}

static ReinStatus
fail(ReinMsg *msg)
{
    snprintf(msg->text, msg->size, "%s fails on purpose", slot);
    return (ReinStatus)strtol(what, NULL, 10);
}

static ReinStatus
faulty_open(const char *id, const ReinHost *host, ReinPluginDevice **out, ReinMsg *msg)
{
    if (is_faulty("open")) {
        hang_if_told();
        return fail(msg);
    }
    return inner->open(id, host, out, msg);
}

static ReinStatus
faulty_build(ReinPluginDevice *device, uint64_t job, const ReinSource *source, uint64_t *program,
             ReinMsg *msg)
{
    if (!is_faulty("build")) {
        return inner->build(device, job, source, program, msg);
    }
    hang_if_told();
    return fail(msg);
}

static ReinStatus
faulty_allocate(ReinPluginDevice *device, uint64_t job, uint64_t size, uint32_t usage,
                uint64_t *buffer, ReinMsg *msg)
{
    return is_faulty("allocate") ? fail(msg)
                                 : inner->allocate(device, job, size, usage, buffer, msg);
}

/* As drivers do that start helpers: neither in the group nor a child of who started it. */
static void
leave_a_grandchild(void)
{
    const pid_t child = fork();

    if (child == 0) {
        sigset_t all;

        setsid();
        if (fork() == 0) {
            prctl(PR_SET_NAME, "rein-orphan");
            sigfillset(&all);
            sigprocmask(SIG_SETMASK, &all, NULL);
            for (;;) {
                pause();
            }
        }
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static ReinStatus
faulty_run_fitness(ReinPluginDevice *device, uint64_t job, const ReinSlice *slice,
                   const volatile uint32_t *stop, ReinSliceReport *report, ReinMsg *msg)
{
    if (!is_faulty("run_fitness")) {
        return inner->run_fitness(device, job, slice, stop, report, msg);
    }
    if (strcmp(what, "fork") == 0) {
        leave_a_grandchild();
        return inner->run_fitness(device, job, slice, stop, report, msg);
    }
    hang_if_told();
    while (strcmp(what, "eat") == 0) {
        char *memory = malloc(EATEN_SIZE);

        if (memory != NULL) {
            memset(memory, 1, EATEN_SIZE);
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
faulty_cleanup(ReinPluginDevice *device, uint64_t job, ReinUsage *released)
{
    if (is_faulty("cleanup")) {
        hang_if_told();
    }
    inner->cleanup(device, job, released);
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

static ReinStatus
faulty_memory_info(ReinPluginDevice *device, uint64_t *free_size, uint64_t *total_size,
                   ReinMsg *msg)
{
    (void)device;
    (void)msg;
    *total_size = (uint64_t)1 << 40;
    *free_size = ++n_calls == 1 ? *total_size : *total_size / 2;
    return REIN_OK;
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
    table.open = faulty_open;
    table.build = faulty_build;
    table.allocate = faulty_allocate;
    table.run_fitness = faulty_run_fitness;
    table.read = faulty_read;
    table.cleanup = faulty_cleanup;
    table.usage = faulty_usage;
    if (strcmp(slot, "memory_info") == 0) {
        table.memory_info = faulty_memory_info;
    }
    own_name = getenv("FAULTY_NAME");
    if (own_name != NULL) {
        table.name = own_name;
        table.probe = renamed_probe;
        table.open = renamed_open;
    }
    return &table;
}
