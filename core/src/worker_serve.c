/* SPDX-License-Identifier: MIT */

#include "worker_serve_private.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <rein/error.h>

#include "services_private.h"
#include "staging_private.h"
#include "stop_private.h"

struct ReinServer {
    ReinPlugin *plugin; /* borrowed */
    const ReinPluginTable *table;
    GHashTable *settings;
    ReinServices *services; /* NULL until it opens */
    ReinStaging staging;
    gsize n_used; /* bytes of the staging memory that hold data of a job's; may be a little more */
    const volatile guint32 *stops; /* the host's */

    pthread_mutex_t lock; /* guards the handle against an interrupt */
    ReinPluginDevice *handle;
};

static const guint32 never_stopped = 0;

ReinServer *
rein_server_new(ReinPlugin *plugin, GHashTable *settings, int staging, int stop, GError **error)
{
    g_autoptr(ReinServer) self = g_new0(ReinServer, 1);

    self->plugin = plugin;
    self->table = rein_plugin_get_table(plugin);
    self->settings = g_hash_table_ref(settings);
    self->staging = (ReinStaging)REIN_STAGING_INIT;
    pthread_mutex_init(&self->lock, NULL);
    if (!rein_staging_map(&self->staging, staging, error)) {
        return NULL;
    }
    self->stops = rein_stop_map_area(stop);
    if (self->stops == NULL) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "stop flags: %s", g_strerror(errno));
        return NULL;
    }
    return g_steal_pointer(&self);
}

static void
server_close(ReinServer *self)
{
    ReinPluginDevice *handle = NULL;

    pthread_mutex_lock(&self->lock);
    handle = self->handle;
    self->handle = NULL;
    pthread_mutex_unlock(&self->lock);
    self->table->close(handle);
    g_clear_pointer(&self->services, rein_services_free);
}

void
rein_server_free(ReinServer *self)
{
    if (self == NULL) {
        return;
    }
    server_close(self);
    rein_staging_clear(&self->staging);
    pthread_mutex_destroy(&self->lock);
    g_hash_table_unref(self->settings);
    g_free(self);
}

static gboolean
refuse(GError **error, const char *what)
{
    g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s", what);
    return FALSE;
}

static gboolean
server_open(ReinServer *self, const ReinWirePacket *packet, ReinWireAnswer *answer, ReinMsg *msg,
            GError **error)
{
    g_autoptr(GError) reason = NULL;
    ReinPluginDevice *handle = NULL;

    if (self->services != NULL) {
        return refuse(error, "a device to open beside the one there is");
    }
    self->services =
        rein_services_new(self->table->name, packet->texts[0], self->settings, &reason);
    if (self->services == NULL) {
        answer->status = REIN_ERR_INVALID_ARGUMENT;
        g_strlcpy(msg->text, reason->message, msg->size);
        return TRUE;
    }
    rein_services_set_scratch(self->services, packet->texts[1]);
    rein_services_lower_priority(self->services);
    answer->status =
        self->table->open(packet->texts[0], rein_services_get_host(self->services), &handle, msg);
    if (answer->status == REIN_OK && handle != NULL) {
        answer->token = 1;
        pthread_mutex_lock(&self->lock);
        self->handle = handle;
        pthread_mutex_unlock(&self->lock);
    }
    return TRUE;
}

/* Nothing that went through the memory stays there: the next job is another user's, maybe. */
static void
wipe_staging(ReinServer *self)
{
    memset(self->staging.data, 0, self->n_used);
    memset(self->staging.text, 0, REIN_BUILD_MSG_SIZE);
    self->n_used = 0;
}

static gboolean
server_build(ReinServer *self, const ReinWireCall *call, ReinWireAnswer *answer, ReinMsg *msg,
             GError **error)
{
    const char *text = self->staging.data;

    if (call->size >= REIN_STAGING_SIZE || call->dialect_size >= REIN_STAGING_SIZE ||
        call->size + call->dialect_size + 2 > REIN_STAGING_SIZE ||
        memchr(call->name, '\0', sizeof call->name) == NULL ||
        memchr(call->digest, '\0', sizeof call->digest) == NULL) {
        return refuse(error, "a kernel text that cannot be one");
    }
    self->n_used = MAX(self->n_used, call->size + call->dialect_size + 2);
    const char *dialect = text + call->size + 1;
    if (text[call->size] != '\0' || dialect[call->dialect_size] != '\0') {
        return refuse(error, "a kernel text without an end");
    }
    const ReinSource source = {
        .struct_size = sizeof source,
        .flags = call->source_flags,
        .name = call->name,
        .text = text,
        .text_size = call->size,
        .dialect = dialect,
        .dialect_size = call->dialect_size,
        .digest = call->digest,
    };
    answer->status = self->table->build(self->handle, call->job, &source, &answer->token, msg);
    return TRUE;
}

static gboolean
server_transfer(ReinServer *self, const ReinWireCall *call, ReinWireAnswer *answer, ReinMsg *msg,
                GError **error)
{
    if (call->size > REIN_STAGING_SIZE) {
        return refuse(error, "a transfer larger than the shared memory");
    }
    self->n_used = MAX(self->n_used, call->size);
    answer->status = call->slot == REIN_WIRE_WRITE
                         ? self->table->write(self->handle, call->job, call->token, call->offset,
                                              self->staging.data, call->size, msg)
                         : self->table->read(self->handle, call->job, call->token, call->offset,
                                             self->staging.data, call->size, msg);
    return TRUE;
}

static gboolean
server_call(ReinServer *self, const ReinWireCall *call, ReinWireAnswer *answer, ReinMsg *msg,
            GError **error)
{
    const ReinPluginTable *table = self->table;

    switch (call->slot) {
    case REIN_WIRE_BUILD:
        return server_build(self, call, answer, msg, error);
    case REIN_WIRE_DISCARD:
        answer->status = table->discard(self->handle, call->job, call->token, msg);
        return TRUE;
    case REIN_WIRE_ALLOCATE:
        answer->status =
            table->allocate(self->handle, call->job, call->size, call->usage, &answer->token, msg);
        return TRUE;
    case REIN_WIRE_RELEASE:
        answer->status = table->release(self->handle, call->job, call->token, msg);
        return TRUE;
    case REIN_WIRE_WRITE:
    case REIN_WIRE_READ:
        return server_transfer(self, call, answer, msg, error);
    case REIN_WIRE_USAGE:
        table->usage(self->handle, call->job, &answer->count);
        return TRUE;
    case REIN_WIRE_CLEANUP:
        table->cleanup(self->handle, call->job, &answer->count);
        wipe_staging(self);
        return TRUE;
    case REIN_WIRE_MEMORY_INFO:
        answer->status =
            table->memory_info(self->handle, &answer->free_size, &answer->total_size, msg);
        return TRUE;
    default:
        return refuse(error, "a call of a slot that is none");
    }
}

/* The stages of a packet, which may lie at any address, as the plugin takes them. */
static gboolean
unpack_stages(const char *bytes, guint32 n_stages, ReinWireStage *packed, ReinStage *stages)
{
    memcpy(packed, bytes, n_stages * sizeof *packed);
    for (guint32 i = 0; i < n_stages; i++) {
        if (packed[i].n_buffers > REIN_STAGE_BUFFERS ||
            memchr(packed[i].kernel, '\0', sizeof packed[i].kernel) == NULL) {
            return FALSE;
        }
        stages[i] = (ReinStage){
            .program = packed[i].program,
            .kernel = packed[i].kernel,
            .n_items = packed[i].n_items,
            .n_buffers = packed[i].n_buffers,
        };
        memcpy(stages[i].buffers, packed[i].buffers, sizeof stages[i].buffers);
    }
    return TRUE;
}

static gboolean
server_run(ReinServer *self, const ReinWirePacket *packet, ReinWireAnswer *answer, ReinMsg *msg,
           GError **error)
{
    ReinWireStage packed[REIN_WIRE_MAX_STAGES];
    ReinStage stages[REIN_WIRE_MAX_STAGES];
    ReinWireSlice sent;
    const gsize n_stages = (packet->n_bytes - sizeof sent) / sizeof *packed;

    memcpy(&sent, packet->bytes, sizeof sent);
    if (n_stages == 0 || n_stages > REIN_WIRE_MAX_STAGES || sent.n_stages != n_stages ||
        !unpack_stages((const char *)packet->bytes + sizeof sent, sent.n_stages, packed, stages)) {
        return refuse(error, "a slice whose stages cannot be");
    }
    const volatile guint32 *stop =
        sent.stop == REIN_STOP_NOWHERE ? &never_stopped : rein_stop_at(self->stops, sent.stop);
    if (stop == NULL) {
        return refuse(error, "a slice whose stop flag cannot be");
    }
    const ReinSlice slice = {
        .struct_size = sizeof slice,
        .stage_size = sizeof *stages,
        .stages = stages,
        .n_stages = sent.n_stages,
        .first_round = sent.first_round,
        .n_rounds = sent.n_rounds,
        .first_item = sent.first_item,
        .end_item = sent.end_item,
        .flags = sent.flags,
        .progress_start = sent.progress_start,
        .progress_step = sent.progress_step,
        .budget_ns = sent.budget_ns,
    };
    answer->status =
        self->table->run_fitness(self->handle, sent.job, &slice, stop, &answer->report, msg);
    return TRUE;
}

static gboolean
server_handle(ReinServer *self, const ReinWirePacket *packet, ReinWireAnswer *answer, ReinMsg *msg,
              GError **error)
{
    ReinWireCall call;

    if (packet->type == REIN_WIRE_OPEN) {
        return server_open(self, packet, answer, msg, error);
    }
    if (self->handle == NULL) {
        return refuse(error, "a call of a device that is not open");
    }
    if (packet->type == REIN_WIRE_CLOSE) {
        server_close(self);
        return TRUE;
    }
    if (packet->type == REIN_WIRE_RUN) {
        return server_run(self, packet, answer, msg, error);
    }
    memcpy(&call, packet->bytes, sizeof call);
    return server_call(self, &call, answer, msg, error);
}

gboolean
rein_server_handle(ReinServer *self, const ReinWirePacket *packet, ReinWireAnswer *answer,
                   GError **error)
{
    g_autofree char *room = g_malloc(REIN_BUILD_MSG_SIZE);
    ReinMsg msg = { .text = room, .size = REIN_BUILD_MSG_SIZE };
    ReinMsg given = msg; /* the plugin may change its copy of the message's place; ours stays */

    *answer = (ReinWireAnswer){
        .status = REIN_OK,
        .count.struct_size = sizeof answer->count,
        .report.struct_size = sizeof answer->report,
    };
    room[0] = '\0';
    if (!server_handle(self, packet, answer, &given, error)) {
        return FALSE;
    }
    room[REIN_BUILD_MSG_SIZE - 1] = '\0'; /* which the plugin may have left out */
    answer->text_size = (guint32)strlen(msg.text);
    memcpy(self->staging.text, msg.text, answer->text_size);
    return TRUE;
}

void
rein_server_interrupt(ReinServer *self, guint64 job)
{
    pthread_mutex_lock(&self->lock);
    if (self->handle != NULL) {
        self->table->interrupt(self->handle, job);
    }
    pthread_mutex_unlock(&self->lock);
}
