/* SPDX-License-Identifier: MIT */

/*
 * A plugin that works, in host memory, but for the one sin that its setting "sin" names. A launch of
 * any kernel adds its number of items to the first word of its first buffer; a slice of the kernel
 * "long" goes on until it is stopped. What it starts runs under the name in its setting "mark".
 */

#include "fake_base.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define MAX_HELD 64

typedef struct {
    uint64_t job;
    uint64_t size; /* 0: a program */
    char *memory;  /* NULL: this place is free */
} Held;

struct ReinPluginDevice {
    const ReinHost *host;
    Held held[MAX_HELD];
    int is_interrupted; /* atomic */
};

static struct ReinPluginDevice the_device;

static int
sins(const char *sin)
{
    const ReinHost *host = the_device.host;
    const char *chosen = host != NULL ? host->setting(host->context, "sin") : NULL;

    return chosen != NULL && strcmp(chosen, sin) == 0;
}

static void
hang(void)
{
    for (;;) {
        pause();
    }
}

static void
block_termination(void)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
}

/* A grandchild in a session of its own, which ignores what can be ignored. */
static void
leave_a_child(void)
{
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            const char *mark = the_device.host->setting(the_device.host->context, "mark");

            prctl(PR_SET_NAME, mark != NULL ? mark : "rein-sinner");
            block_termination();
            hang();
        }
        _exit(0);
    }
}

static void
write_garbage(void)
{
    for (int fd = 3; fd < 1024; fd++) {
        const ssize_t n_written = write(fd, "garbage", 7);

        (void)n_written;
    }
}

/* What a slot called `slot` does before its work: "run-hangs", "open-crashes". */
static void
sin_in(const char *slot)
{
    char name[64];

    snprintf(name, sizeof name, "%s-hangs", slot);
    if (sins(name)) {
        hang();
    }
    snprintf(name, sizeof name, "%s-hangs-hard", slot);
    if (sins(name)) {
        block_termination();
        hang();
    }
    snprintf(name, sizeof name, "%s-crashes", slot);
    if (sins(name)) {
        fprintf(stderr, "fake_sinner.c: crashes in %s\n", slot);
        signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would make an exit of it */
        raise(SIGSEGV);
    }
    snprintf(name, sizeof name, "%s-exits", slot);
    if (sins(name)) {
        exit(3);
    }
    snprintf(name, sizeof name, "%s-forks", slot);
    if (sins(name)) {
        leave_a_child();
        hang();
    }
    snprintf(name, sizeof name, "%s-garbage", slot);
    if (sins(name)) {
        write_garbage();
    }
    snprintf(name, sizeof name, "%s-closes", slot);
    if (sins(name)) {
        for (int fd = 3; fd < 1024; fd++) {
            close(fd);
        }
    }
}

static ReinStatus
sinner_open(const char *id, const ReinHost *host, ReinPluginDevice **out, ReinMsg *msg)
{
    (void)id;
    (void)msg;
    the_device.host = host;
    sin_in("open");
    *out = &the_device;
    return REIN_OK;
}

static void
sinner_close(ReinPluginDevice *device)
{
    if (device != NULL) {
        sin_in("close");
        device->host = NULL;
    }
}

static uint64_t
hold(ReinPluginDevice *device, uint64_t job, uint64_t size)
{
    for (uint64_t i = 0; i < MAX_HELD; i++) {
        if (device->held[i].memory == NULL) {
            device->held[i] = (Held){ .job = job, .size = size, .memory = calloc(1, size + 1) };
            return device->held[i].memory != NULL ? i + 1 : 0;
        }
    }
    return 0;
}

static Held *
find(ReinPluginDevice *device, uint64_t job, uint64_t token)
{
    Held *held = token >= 1 && token <= MAX_HELD ? &device->held[token - 1] : NULL;

    return held != NULL && held->memory != NULL && held->job == job ? held : NULL;
}

static ReinStatus
sinner_build(ReinPluginDevice *device, uint64_t job, const ReinSource *source, uint64_t *program,
             ReinMsg *msg)
{
    sin_in("build");
    if (strstr(source->text, "error") != NULL) {
        memset(msg->text, 'x', msg->size - 1);
        msg->text[msg->size - 1] = '\0';
        return REIN_ERR_BUILD;
    }
    *program = hold(device, job, 0);
    return *program != 0 ? REIN_OK : REIN_ERR_FAILED;
}

static ReinStatus
sinner_give_back(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg)
{
    Held *held = find(device, job, token);

    sin_in("release");
    if (held == NULL) {
        fake_say(msg, "it is not there");
        return REIN_ERR_INVALID_ARGUMENT;
    }
    free(held->memory);
    held->memory = NULL;
    return REIN_OK;
}

static ReinStatus
sinner_allocate(ReinPluginDevice *device, uint64_t job, uint64_t size, uint32_t usage,
                uint64_t *buffer, ReinMsg *msg)
{
    (void)usage;
    (void)msg;
    sin_in("allocate");
    *buffer = hold(device, job, size);
    if (sins("leaks")) {
        hold(device, job, 100);
    }
    return *buffer != 0 ? REIN_OK : REIN_ERR_OUT_OF_MEMORY;
}

static ReinStatus
sinner_write(ReinPluginDevice *device, uint64_t job, uint64_t buffer, uint64_t offset,
             const void *data, uint64_t size, ReinMsg *msg)
{
    Held *held = find(device, job, buffer);

    sin_in("write");
    if (held == NULL || offset > held->size || size > held->size - offset) {
        fake_say(msg, "a range outside the buffer");
        return REIN_ERR_INVALID_ARGUMENT;
    }
    memcpy(held->memory + offset, data, size);
    return REIN_OK;
}

static ReinStatus
sinner_read(ReinPluginDevice *device, uint64_t job, uint64_t buffer, uint64_t offset, void *data,
            uint64_t size, ReinMsg *msg)
{
    Held *held = find(device, job, buffer);

    sin_in("read");
    if (held == NULL || offset > held->size || size > held->size - offset) {
        fake_say(msg, "a range outside the buffer");
        return REIN_ERR_INVALID_ARGUMENT;
    }
    memcpy(data, held->memory + offset, size);
    return REIN_OK;
}

static void
launch(ReinPluginDevice *device, uint64_t job, const ReinStage *stage, uint32_t n_items,
       ReinSliceReport *report)
{
    struct timespec now;
    Held *held = find(device, job, stage->buffers[0][0]);

    clock_gettime(CLOCK_MONOTONIC, &now);
    report->last_launch_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    report->n_launches++;
    if (held != NULL && held->size >= sizeof(uint32_t)) {
        uint32_t word = 0;

        memcpy(&word, held->memory, sizeof word);
        word += n_items;
        memcpy(held->memory, &word, sizeof word);
    }
}

/* Until it is stopped, or, if that is its sin, only until it is interrupted. */
static void
run_long(ReinPluginDevice *device, const volatile uint32_t *stop)
{
    const struct timespec moment = { .tv_nsec = 200000 };
    const int is_deaf = sins("deaf");

    __atomic_store_n(&device->is_interrupted, 0, __ATOMIC_SEQ_CST);
    while (is_deaf ? __atomic_load_n(&device->is_interrupted, __ATOMIC_SEQ_CST) == 0
                   : __atomic_load_n(stop, __ATOMIC_SEQ_CST) == 0) {
        nanosleep(&moment, NULL);
    }
}

/* Ignores the flag, an interrupt and SIGTERM, and returns when that has come. */
static void
come_late(void)
{
    const struct timespec moment = { .tv_nsec = 20000000 };
    sigset_t pending;

    block_termination();
    do {
        nanosleep(&moment, NULL);
        sigpending(&pending);
    } while (sigismember(&pending, SIGTERM) == 0);
}

static ReinStatus
sinner_run(ReinPluginDevice *device, uint64_t job, const ReinSlice *slice,
           const volatile uint32_t *stop, ReinSliceReport *report, ReinMsg *msg)
{
    (void)msg;
    sin_in("run");
    if (sins("run-comes-late")) {
        come_late();
    }
    if (strcmp(slice->stages[0].kernel, "long") == 0) {
        run_long(device, stop);
    }
    for (uint32_t round = 0; round < slice->n_rounds && *stop == 0; round++) {
        const uint32_t n_range = slice->end_item - slice->first_item;

        for (uint32_t i = 0; i < slice->n_stages; i++) {
            launch(device, job, &slice->stages[i], n_range > 0 ? n_range : slice->stages[i].n_items,
                   report);
        }
        report->n_rounds += n_range > 0 ? 0 : 1;
        report->n_items += n_range;
    }
    return REIN_OK;
}

static void
sinner_usage(ReinPluginDevice *device, uint64_t job, ReinUsage *usage)
{
    sin_in("usage");
    if (sins("lies")) {
        usage->n_buffers = UINT32_C(1) << 31; /* in 32 bits the sum is nothing */
        usage->n_programs = UINT32_C(1) << 31;
        return;
    }
    for (uint64_t i = 0; i < MAX_HELD; i++) {
        const Held *held = &device->held[i];

        if (held->memory != NULL && held->job == job) {
            usage->n_buffers += held->size > 0 ? 1 : 0;
            usage->n_programs += held->size > 0 ? 0 : 1;
            usage->size += held->size;
        }
    }
}

static void
sinner_cleanup(ReinPluginDevice *device, uint64_t job, ReinUsage *released)
{
    sin_in("cleanup");
    if (sins("leaks")) {
        return;
    }
    sinner_usage(device, job, released);
    if (sins("lies")) {
        released->size = UINT64_MAX;
    }
    for (uint64_t i = 0; i < MAX_HELD; i++) {
        if (device->held[i].memory != NULL && device->held[i].job == job) {
            free(device->held[i].memory);
            device->held[i].memory = NULL;
        }
    }
}

/*
 * What the file in the setting "memory" says of a driver that all processes share: bytes that are away;
 * "hang": it does not answer. 0 without the setting.
 */
static uint64_t
read_memory_away(void)
{
    const char *path = the_device.host->setting(the_device.host->context, "memory");
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    char text[32] = "";

    if (file != NULL) {
        const size_t n_read = fread(text, 1, sizeof text - 1, file);

        (void)n_read;
        fclose(file);
    }
    if (strcmp(text, "hang") == 0) {
        block_termination();
        hang();
    }
    return strtoull(text, NULL, 10);
}

static ReinStatus
sinner_memory_info(ReinPluginDevice *device, uint64_t *free_size, uint64_t *total_size,
                   ReinMsg *msg)
{
    static int n_asked;

    (void)msg;
    if (sins("memory-hangs-again") && n_asked++ > 0) {
        hang();
    }
    *total_size = 1u << 30;
    *free_size = *total_size - read_memory_away();
    for (uint64_t i = 0; i < MAX_HELD; i++) {
        *free_size -= device->held[i].memory != NULL ? device->held[i].size : 0;
    }
    return REIN_OK;
}

static void
sinner_interrupt(ReinPluginDevice *device, uint64_t job)
{
    (void)job;
    __atomic_store_n(&device->is_interrupted, 1, __ATOMIC_SEQ_CST);
}

const ReinPluginTable *
rein_plugin(void)
{
    static ReinPluginTable table;

    table = fake_base_table();
    table.open = sinner_open;
    table.close = sinner_close;
    table.build = sinner_build;
    table.discard = sinner_give_back;
    table.allocate = sinner_allocate;
    table.release = sinner_give_back;
    table.write = sinner_write;
    table.read = sinner_read;
    table.run_fitness = sinner_run;
    table.usage = sinner_usage;
    table.cleanup = sinner_cleanup;
    table.memory_info = sinner_memory_info;
    table.interrupt = sinner_interrupt;
    return &table;
}
