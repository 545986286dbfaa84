/* SPDX-License-Identifier: MIT */

#include "worker_device_private.h"

#include <stdio.h>
#include <string.h>

#include "clock_private.h"
#include "environment_private.h"
#include "stop_private.h"
#include "worker_link_private.h"

#define CLOSE_NS (2 * G_GINT64_CONSTANT(1000000000)) /* for the plugin's close() */
#define WHEN_SIZE 192

/* What the core knows as the plugin's idea of a device. */
typedef struct {
    ReinWorkerLink link;
    gint64 pid;
} WorkerDevice;

static WorkerDevice *
of_handle(ReinPluginDevice *handle)
{
    return (WorkerDevice *)handle;
}

static ReinStatus
say(ReinMsg *msg, ReinStatus status, const char *text)
{
    g_strlcpy(msg->text, text, msg->size);
    return status;
}

static ReinStatus
say_lost(WorkerDevice *self, ReinMsg *msg)
{
    return say(msg, REIN_ERR_DEVICE_LOST, self->link.end != NULL ? self->link.end : "");
}

/* Asks for what is answered by ANSWER; the plugin's message goes into `msg` (nullable). */
static ReinStatus
ask(WorkerDevice *self, const ReinWirePacket *packet, gint64 due_ns, const char *when,
    ReinWireAnswer *answer, ReinMsg *msg)
{
    g_autofree char *fault = NULL;
    ReinWirePacket reply;

    *answer = (ReinWireAnswer){ 0 };
    if (!rein_worker_link_ask(&self->link, packet, due_ns, when, &reply)) {
        return msg != NULL ? say_lost(self, msg) : REIN_ERR_DEVICE_LOST;
    }
    if (reply.type != REIN_WIRE_ANSWER) {
        fault =
            g_strdup_printf("the plugin spoke garbage %s: an answer to what was not asked", when);
        rein_worker_link_fail(&self->link, fault);
        return msg != NULL ? say_lost(self, msg) : REIN_ERR_DEVICE_LOST;
    }
    memcpy(answer, reply.bytes, sizeof *answer);
    if (msg != NULL) {
        /* the worker may change it meanwhile: it is copied, and ended, once */
        const gsize size = MIN(answer->text_size, MIN(msg->size, REIN_BUILD_MSG_SIZE) - 1);

        memcpy(msg->text, self->link.staging.text, size);
        msg->text[size] = '\0';
    }
    return answer->status;
}

static ReinStatus
ask_slot(WorkerDevice *self, const ReinWireCall *call, const char *when, ReinWireAnswer *answer,
         ReinMsg *msg)
{
    const ReinWirePacket packet = { .type = REIN_WIRE_CALL,
                                    .bytes = call,
                                    .n_bytes = sizeof *call };

    return ask(self, &packet, G_MAXINT64, when, answer, msg);
}

static gboolean
send_settings(WorkerDevice *self, GHashTable *settings, ReinMsg *msg)
{
    GHashTableIter entries;
    gpointer key = NULL;
    gpointer value = NULL;

    g_hash_table_iter_init(&entries, settings);
    while (g_hash_table_iter_next(&entries, &key, &value)) {
        const ReinWirePacket packet = { .type = REIN_WIRE_SETTING, .texts = { key, value } };

        if (!rein_wire_fits(key) || !rein_wire_fits(value)) {
            g_snprintf(msg->text, msg->size, "setting %.64s is too long for a worker",
                       (const char *)key);
            return FALSE;
        }
        if (!rein_worker_link_send(&self->link, &packet)) {
            g_strlcpy(msg->text, "the worker does not take its settings", msg->size);
            return FALSE;
        }
    }
    return TRUE;
}

/* The plugin has to be the one that was probed. */
static ReinStatus
load(WorkerDevice *self, const ReinWorkerSetup *setup, gint64 due_ns, ReinMsg *msg)
{
    const ReinWirePacket packet = { .type = REIN_WIRE_LOAD, .texts = { setup->path } };
    ReinWirePacket reply;

    if (!rein_worker_link_ask(&self->link, &packet, due_ns, "while its library was loaded",
                              &reply)) {
        return say_lost(self, msg);
    }
    if (reply.type == REIN_WIRE_REFUSED) {
        return say(msg, REIN_ERR_FAILED, reply.texts[0]);
    }
    if (reply.type != REIN_WIRE_PLUGIN || strcmp(reply.texts[0], setup->plugin) != 0) {
        return say(msg, REIN_ERR_FAILED,
                   "the file was replaced by another plugin in the meantime (scan anew)");
    }
    return REIN_OK;
}

static ReinStatus
open_there(WorkerDevice *self, const ReinWorkerSetup *setup, const char *id, const char *scratch,
           ReinMsg *msg)
{
    const ReinWirePacket packet = { .type = REIN_WIRE_OPEN, .texts = { id, scratch } };
    const gint64 due_ns = rein_now_ns() + setup->open_limit_ns;
    ReinWireAnswer answer;

    if (!send_settings(self, setup->settings, msg)) {
        return REIN_ERR_FAILED;
    }
    ReinStatus status = load(self, setup, due_ns, msg);
    if (status == REIN_OK) {
        status = ask(self, &packet, due_ns, "while it was opened", &answer, msg);
    }
    if (status == REIN_OK && answer.token == 0) {
        return say(msg, REIN_ERR_FAILED, "plugin lies: open answered without a device");
    }
    return status;
}

static void
device_free(WorkerDevice *self)
{
    rein_worker_link_clear(&self->link);
    g_free(self);
}

static gboolean
start(WorkerDevice *self, const ReinWorkerSetup *setup, const char *tag, ReinMsg *msg)
{
    g_auto(GStrv) environment = rein_environment_make(setup->variables);
    g_autoptr(GError) error = NULL;
    const ReinWorkerStart how = {
        .program = setup->program,
        .environment = environment,
        .tag = tag,
        .isolation = setup->most,
    };

    if (!rein_worker_link_start(&self->link, &how, &error)) {
        g_strlcpy(msg->text, error->message, msg->size);
        return FALSE;
    }
    self->pid = self->link.process.pid;
    return TRUE;
}

static ReinStatus
worker_open(const char *id, const ReinHost *host, ReinPluginDevice **out, ReinMsg *msg)
{
    const ReinWorkerSetup *setup = rein_services_get_worker(host);
    WorkerDevice *self = g_new0(WorkerDevice, 1);
    ReinStatus status = REIN_ERR_FAILED;

    *out = NULL;
    rein_worker_link_init(&self->link, id);
    if (start(self, setup, rein_services_get_tag(host), msg)) {
        status = open_there(self, setup, id,
                            host->scratch_directory != NULL ? host->scratch_directory : "", msg);
    }
    if (status != REIN_OK) {
        if (self->link.end == NULL && self->link.process.pid > 0) {
            rein_worker_link_finish(&self->link);
        }
        device_free(self);
        return status;
    }
    *out = (ReinPluginDevice *)self;
    return REIN_OK;
}

static void
worker_close(ReinPluginDevice *handle)
{
    WorkerDevice *self = of_handle(handle);
    const ReinWirePacket packet = { .type = REIN_WIRE_CLOSE };
    ReinWireAnswer answer;

    if (self == NULL) {
        return;
    }
    if (ask(self, &packet, rein_now_ns() + CLOSE_NS, "while it was closed", &answer, NULL) ==
        REIN_OK) {
        rein_worker_link_finish(&self->link);
    }
    device_free(self);
}

/* No device is found by this table: the registry's scan has done that. */
static ReinStatus
worker_probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg)
{
    (void)host;
    (void)found;
    (void)context;
    return say(msg, REIN_ERR_UNSUPPORTED, "a worker's devices are known before it starts");
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
        return say(msg, REIN_ERR_INVALID_ARGUMENT,
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
    const ReinStatus status = ask(of_handle(handle), &packet, G_MAXINT64, when, &answer, msg);
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
worker_memory_info(ReinPluginDevice *handle, uint64_t *free_size, uint64_t *total_size,
                   ReinMsg *msg)
{
    const ReinWireCall call = { .slot = REIN_WIRE_MEMORY_INFO };
    ReinWireAnswer answer;
    const ReinStatus status =
        ask_slot(of_handle(handle), &call, "while its memory was looked at", &answer, msg);

    *free_size = answer.free_size;
    *total_size = answer.total_size;
    return status;
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

void
rein_worker_device_terminate(ReinPluginDevice *handle)
{
    rein_worker_link_terminate(&of_handle(handle)->link);
}

void
rein_worker_device_kill(ReinPluginDevice *handle)
{
    rein_worker_link_kill(&of_handle(handle)->link);
}

gboolean
rein_worker_device_is_gone(ReinPluginDevice *handle)
{
    return g_atomic_int_get(&of_handle(handle)->link.is_gone) != 0;
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
