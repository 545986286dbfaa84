/* SPDX-License-Identifier: MIT */

/* The start and the end of a worker that holds a device, and the question it is asked in between. */

#include <stdio.h>
#include <string.h>

#include "clock_private.h"
#include "environment_private.h"
#include "worker_device_inside_private.h"

#define CLOSE_NS (2 * G_GINT64_CONSTANT(1000000000)) /* for the plugin's close() */

ReinStatus
rein_worker_device_say(ReinMsg *msg, ReinStatus status, const char *text)
{
    g_strlcpy(msg->text, text, msg->size);
    return status;
}

static ReinStatus
say_lost(WorkerDevice *self, ReinMsg *msg)
{
    return rein_worker_device_say(msg, REIN_ERR_DEVICE_LOST,
                                  self->link.end != NULL ? self->link.end : "");
}

ReinStatus
rein_worker_device_ask(WorkerDevice *self, const ReinWirePacket *packet, gint64 due_ns,
                       const char *when, ReinWireAnswer *answer, ReinMsg *msg)
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

static gboolean
send_settings(WorkerDevice *self, GHashTable *settings, gint64 due_ns, ReinMsg *msg)
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
        if (!rein_worker_link_send(&self->link, &packet, due_ns, "while it was set up")) {
            say_lost(self, msg);
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
        return rein_worker_device_say(msg, REIN_ERR_FAILED, reply.texts[0]);
    }
    if (reply.type != REIN_WIRE_PLUGIN || strcmp(reply.texts[0], setup->plugin) != 0) {
        return rein_worker_device_say(
            msg, REIN_ERR_FAILED,
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

    if (!send_settings(self, setup->settings, due_ns, msg)) {
        return REIN_ERR_FAILED;
    }
    ReinStatus status = load(self, setup, due_ns, msg);
    if (status == REIN_OK) {
        status = rein_worker_device_ask(self, &packet, due_ns, "while it was opened", &answer, msg);
    }
    if (status == REIN_OK && answer.token == 0) {
        return rein_worker_device_say(msg, REIN_ERR_FAILED,
                                      "plugin lies: open answered without a device");
    }
    return status;
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

WorkerDevice *
rein_worker_device_new(const char *id, const ReinHost *host)
{
    WorkerDevice *self = g_new0(WorkerDevice, 1);

    self->host = host;
    pthread_mutex_init(&self->lock, NULL);
    rein_worker_link_init(&self->link, id);
    return self;
}

ReinStatus
rein_worker_device_begin(WorkerDevice *self, ReinMsg *msg)
{
    const ReinHost *host = self->host;
    const ReinWorkerSetup *setup = rein_services_get_worker(host);
    const char *scratch = host->scratch_directory != NULL ? host->scratch_directory : "";

    if (!start(self, setup, rein_services_get_tag(host), msg)) {
        return REIN_ERR_FAILED;
    }
    const ReinStatus status = open_there(self, setup, self->link.name, scratch, msg);
    self->is_open = status == REIN_OK;
    return status;
}

void
rein_worker_device_end(WorkerDevice *self)
{
    const ReinWirePacket packet = { .type = REIN_WIRE_CLOSE };
    ReinWireAnswer answer;

    if (self->is_open) {
        rein_worker_device_ask(self, &packet, rein_now_ns() + CLOSE_NS, "while it was closed",
                               &answer, NULL);
    }
    if (self->link.end == NULL && self->link.process.pid > 0) {
        rein_worker_link_finish(&self->link);
    }
    rein_worker_link_clear(&self->link);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}
