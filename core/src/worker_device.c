/* SPDX-License-Identifier: MIT */

#include "worker_device_inside_private.h"

#include <stdio.h>
#include <string.h>

#include "stop_private.h"

#define WHEN_SIZE 192

static WorkerDevice *
of_handle(ReinPluginDevice *handle)
{
    return (WorkerDevice *)handle;
}

static ReinStatus
ask_slot(WorkerDevice *self, const ReinWireCall *call, const char *when, ReinWireAnswer *answer,
         ReinMsg *msg)
{
    const ReinWirePacket packet = { .type = REIN_WIRE_CALL,
                                    .bytes = call,
                                    .n_bytes = sizeof *call };

    return rein_worker_device_ask(self, &packet, G_MAXINT64, when, answer, msg);
}

static ReinStatus
worker_open(const char *id, const ReinHost *host, ReinPluginDevice **out, ReinMsg *msg)
{
    WorkerDevice *self = rein_worker_device_new(id, host);
    const ReinStatus status = rein_worker_device_begin(self, msg);

    *out = NULL;
    if (status != REIN_OK) {
        rein_worker_device_end(self);
        return status;
    }
    *out = (ReinPluginDevice *)self;
    return REIN_OK;
}

static void
worker_close(ReinPluginDevice *handle)
{
    if (handle != NULL) {
        rein_worker_device_end(of_handle(handle));
    }
}

/* No device is found by this table: the registry's scan has done that. */
static ReinStatus
worker_probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg)
{
    (void)host;
    (void)found;
    (void)context;
    return rein_worker_device_say(msg, REIN_ERR_UNSUPPORTED,
                                  "a worker's devices are known before it starts");
}

static ReinStatus
worker_build(ReinPluginDevice *handle, uint64_t job, const ReinSource *source, uint64_t *program,
             ReinMsg *msg)
{
    WorkerDevice *self = of_handle(handle);
    char *room = self->link.staging.data;
    ReinWireCall call = {
        .slot = REIN_WIRE_BUILD,
        .job = job,
        .size = source->text_size,
        .dialect_size = source->dialect_size,
        .source_flags = source->flags,
    };
    char when[WHEN_SIZE];
    ReinWireAnswer answer;

    if (source->text_size >= REIN_STAGING_SIZE ||
        source->text_size + source->dialect_size + 2 > REIN_STAGING_SIZE) {
        g_snprintf(msg->text, msg->size,
                   "a kernel text of %" G_GUINT64_FORMAT " bytes is more than a worker takes",
                   source->text_size);
        return REIN_ERR_UNSUPPORTED;
    }
    g_strlcpy(call.name, source->name, sizeof call.name);
    g_strlcpy(call.digest, source->digest, sizeof call.digest);
    memcpy(room, source->text, source->text_size);
    room[source->text_size] = '\0';
    memcpy(room + source->text_size + 1, source->dialect, source->dialect_size);
    room[source->text_size + 1 + source->dialect_size] = '\0';
    g_snprintf(when, sizeof when, "while it built %s", call.name);
    const ReinStatus status = ask_slot(self, &call, when, &answer, msg);
    *program = answer.token;
    return status;
}

/* What went with the worker is given back. */
static ReinStatus
ask_to_drop(WorkerDevice *self, const ReinWireCall *call, const char *when, ReinMsg *msg)
{
    ReinWireAnswer answer;
    const ReinStatus status = ask_slot(self, call, when, &answer, msg);

    if (status == REIN_ERR_DEVICE_LOST && g_atomic_int_get(&self->link.is_gone)) {
        msg->text[0] = '\0';
        return REIN_OK;
    }
    return status;
}

static ReinStatus
worker_discard(ReinPluginDevice *handle, uint64_t job, uint64_t program, ReinMsg *msg)
{
    const ReinWireCall call = { .slot = REIN_WIRE_DISCARD, .job = job, .token = program };

    return ask_to_drop(of_handle(handle), &call, "while it discarded a program", msg);
}

static ReinStatus
worker_allocate(ReinPluginDevice *handle, uint64_t job, uint64_t size, uint32_t usage,
                uint64_t *buffer, ReinMsg *msg)
{
    const ReinWireCall call = {
        .slot = REIN_WIRE_ALLOCATE, .job = job, .size = size, .usage = usage
    };
    ReinWireAnswer answer;
    const ReinStatus status =
        ask_slot(of_handle(handle), &call, "while it allocated a buffer", &answer, msg);

    *buffer = answer.token;
    return status;
}

static ReinStatus
worker_release(ReinPluginDevice *handle, uint64_t job, uint64_t buffer, ReinMsg *msg)
{
    const ReinWireCall call = { .slot = REIN_WIRE_RELEASE, .job = job, .token = buffer };

    return ask_to_drop(of_handle(handle), &call, "while it released a buffer", msg);
}

/* The next piece of a transfer that is longer than the staging memory. */
static ReinWireCall
piece(ReinWireSlot slot, uint64_t job, uint64_t buffer, uint64_t offset, uint64_t left)
{
    return (ReinWireCall){
        .slot = slot,
        .job = job,
        .token = buffer,
        .offset = offset,
        .size = MIN(left, REIN_STAGING_SIZE),
    };
}

static ReinStatus
worker_write(ReinPluginDevice *handle, uint64_t job, uint64_t buffer, uint64_t offset,
             const void *data, uint64_t size, ReinMsg *msg)
{
    WorkerDevice *self = of_handle(handle);
    uint64_t n_done = 0;
    ReinStatus status = REIN_OK;
    ReinWireAnswer answer;

    do { /* one of no bytes is the plugin's to judge, too */
        const ReinWireCall call =
            piece(REIN_WIRE_WRITE, job, buffer, offset + n_done, size - n_done);

        if (call.size > 0) {
            memcpy(self->link.staging.data, (const char *)data + n_done, call.size);
        }
        status = ask_slot(self, &call, "while a buffer was written", &answer, msg);
        n_done += call.size;
    } while (status == REIN_OK && n_done < size);
    return status;
}

static ReinStatus
worker_read(ReinPluginDevice *handle, uint64_t job, uint64_t buffer, uint64_t offset, void *data,
            uint64_t size, ReinMsg *msg)
{
    WorkerDevice *self = of_handle(handle);
    uint64_t n_done = 0;
    ReinStatus status = REIN_OK;
    ReinWireAnswer answer;

    do {
        const ReinWireCall call =
            piece(REIN_WIRE_READ, job, buffer, offset + n_done, size - n_done);

        status = ask_slot(self, &call, "while a buffer was read", &answer, msg);
        if (status == REIN_OK && call.size > 0) {
            memcpy((char *)data + n_done, self->link.staging.data, call.size);
        }
        n_done += call.size;
    } while (status == REIN_OK && n_done < size);
    return status;
}

/* FALSE: a name or their number does not go through. */
static gboolean
pack_stages(const ReinSlice *slice, ReinWireStage *packed)
{
    if (slice->n_stages > REIN_WIRE_MAX_STAGES) {
        return FALSE;
    }
    memset(packed, 0, slice->n_stages * sizeof *packed);
    for (uint32_t i = 0; i < slice->n_stages; i++) {
        const ReinStage *stage = &slice->stages[i]; /* the core's own, of this size */

        packed[i].program = stage->program;
        packed[i].n_items = stage->n_items;
        packed[i].n_buffers = stage->n_buffers;
        memcpy(packed[i].buffers, stage->buffers, sizeof packed[i].buffers);
        if (g_strlcpy(packed[i].kernel, stage->kernel, sizeof packed[i].kernel) >=
            sizeof packed[i].kernel) {
            return FALSE;
        }
    }
    return TRUE;
}

static ReinStatus
worker_run(ReinPluginDevice *handle, uint64_t job, const ReinSlice *slice,
           const volatile uint32_t *stop, ReinSliceReport *report, ReinMsg *msg)
{
    struct {
        ReinWireSlice slice;
        ReinWireStage stages[REIN_WIRE_MAX_STAGES];
    } sent;
    char when[WHEN_SIZE];
    ReinWireAnswer answer;

    if (!pack_stages(slice, sent.stages)) {
        return rein_worker_device_say(
            msg, REIN_ERR_INVALID_ARGUMENT,
            "more stages, or a longer name of a kernel, than a worker takes");
    }
    sent.slice = (ReinWireSlice){
        .job = job,
        .stop = rein_stop_find(stop),
        .n_stages = slice->n_stages,
        .first_round = slice->first_round,
        .n_rounds = slice->n_rounds,
        .first_item = slice->first_item,
        .end_item = slice->end_item,
        .flags = slice->flags,
        .progress_start = slice->progress_start,
        .progress_step = slice->progress_step,
        .budget_ns = slice->budget_ns,
    };
    const ReinWirePacket packet = {
        .type = REIN_WIRE_RUN,
        .bytes = &sent,
        .n_bytes = sizeof sent.slice + slice->n_stages * sizeof *sent.stages,
    };
    g_snprintf(when, sizeof when, "in a slice of %s%s", sent.stages[0].kernel,
               slice->n_stages > 1 ? " and others" : "");
    const ReinStatus status =
        rein_worker_device_ask(of_handle(handle), &packet, G_MAXINT64, when, &answer, msg);
    *report = answer.report;
    report->struct_size = sizeof *report;
    return status;
}

static void
worker_usage(ReinPluginDevice *handle, uint64_t job, ReinUsage *usage)
{
    const ReinWireCall call = { .slot = REIN_WIRE_USAGE, .job = job };
    ReinWireAnswer answer;

    ask_slot(of_handle(handle), &call, "while it counted", &answer, NULL);
    *usage = answer.count;
    usage->struct_size = sizeof *usage;
}

static void
worker_cleanup(ReinPluginDevice *handle, uint64_t job, ReinUsage *released)
{
    const ReinWireCall call = { .slot = REIN_WIRE_CLEANUP, .job = job };
    ReinWireAnswer answer;

    ask_slot(of_handle(handle), &call, "in its cleanup", &answer, NULL);
    *released = answer.count;
    released->struct_size = sizeof *released;
}

static ReinStatus
ask_memory(WorkerDevice *self, uint64_t *free_size, uint64_t *total_size, ReinMsg *msg)
{
    const ReinWireCall call = { .slot = REIN_WIRE_MEMORY_INFO };
    ReinWireAnswer answer;
    const ReinStatus status = ask_slot(self, &call, "while its memory was looked at", &answer, msg);

    *free_size = answer.free_size;
    *total_size = answer.total_size;
    return status;
}

static void
set_witness(WorkerDevice *self, WorkerDevice *witness)
{
    pthread_mutex_lock(&self->lock);
    self->witness = witness;
    pthread_mutex_unlock(&self->lock);
}

/* Whether the device has its memory back after the worker's end is for a fresh worker to say. */
static ReinStatus
ask_witness(WorkerDevice *self, uint64_t *free_size, uint64_t *total_size, ReinMsg *msg)
{
    WorkerDevice *witness = rein_worker_device_new(self->link.name, self->host);

    set_witness(self, witness);
    ReinStatus status = rein_worker_device_begin(witness, msg);
    if (status == REIN_OK) {
        status = ask_memory(witness, free_size, total_size, msg);
    }
    set_witness(self, NULL);
    rein_worker_device_end(witness);
    return status;
}

static ReinStatus
worker_memory_info(ReinPluginDevice *handle, uint64_t *free_size, uint64_t *total_size,
                   ReinMsg *msg)
{
    WorkerDevice *self = of_handle(handle);

    return g_atomic_int_get(&self->link.is_gone) ? ask_witness(self, free_size, total_size, msg)
                                                 : ask_memory(self, free_size, total_size, msg);
}

static void
worker_interrupt(ReinPluginDevice *handle, uint64_t job)
{
    rein_worker_link_interrupt(&of_handle(handle)->link, job);
}

ReinPluginTable
rein_worker_device_table(const char *name, const char *version, guint32 features)
{
    return (ReinPluginTable){
        .abi_major = REIN_ABI_MAJOR,
        .abi_minor = REIN_ABI_MINOR,
        .struct_size = sizeof(ReinPluginTable),
        .name = name,
        .version = version,
        .probe = worker_probe,
        .open = worker_open,
        .close = worker_close,
        .build = worker_build,
        .discard = worker_discard,
        .allocate = worker_allocate,
        .release = worker_release,
        .write = worker_write,
        .read = worker_read,
        .run_fitness = worker_run,
        .usage = worker_usage,
        .cleanup = worker_cleanup,
        .memory_info = (features & REIN_FEATURE_MEMORY_INFO) != 0 ? worker_memory_info : NULL,
        .interrupt = (features & REIN_FEATURE_INTERRUPT) != 0 ? worker_interrupt : NULL,
    };
}

static void
signal_device(WorkerDevice *self, void (*how)(ReinWorkerLink *link))
{
    pthread_mutex_lock(&self->lock);
    how(self->witness != NULL ? &self->witness->link : &self->link);
    pthread_mutex_unlock(&self->lock);
}

void
rein_worker_device_terminate(ReinPluginDevice *handle)
{
    signal_device(of_handle(handle), rein_worker_link_terminate);
}

void
rein_worker_device_kill(ReinPluginDevice *handle)
{
    signal_device(of_handle(handle), rein_worker_link_kill);
}

gboolean
rein_worker_device_is_stuck(ReinPluginDevice *handle)
{
    return g_atomic_int_get(&of_handle(handle)->link.is_stuck) != 0;
}

gboolean
rein_worker_device_is_gone(ReinPluginDevice *handle)
{
    return g_atomic_int_get(&of_handle(handle)->link.is_gone) != 0;
}

guint
rein_worker_device_get_n_swept(ReinPluginDevice *handle)
{
    return (guint)g_atomic_int_get(&of_handle(handle)->link.n_swept);
}

const char *
rein_worker_device_get_end(ReinPluginDevice *handle)
{
    return of_handle(handle)->link.end;
}

ReinIsolation
rein_worker_device_get_isolation(ReinPluginDevice *handle)
{
    return of_handle(handle)->link.process.isolation;
}

gint64
rein_worker_device_get_pid(ReinPluginDevice *handle)
{
    return of_handle(handle)->pid;
}
