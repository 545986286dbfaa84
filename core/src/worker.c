/* SPDX-License-Identifier: MIT */

/* The worker's side: one plugin, in a process that may die of it. */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rein/plugin_abi.h>
#include <rein/worker.h>

#include "driver_private.h"
#include "plugin_private.h"
#include "probe_private.h"
#include "services_private.h"
#include "supervisor_private.h"
#include "thread_private.h"
#include "wire_private.h"
#include "worker_serve_private.h"

/* Out of the way of drivers that close, or write to, numbers which they take for theirs. */
#define SOCKET_AWAY 512

typedef struct {
    int socket;
    int control;
    int staging;
    int stop;
    GHashTable *settings;
    ReinPlugin *plugin;   /* NULL until it is loaded */
    pthread_mutex_t lock; /* guards `server` against the control thread */
    gboolean is_cut;
    ReinServer *server; /* NULL until a device is to be opened */
    char room[REIN_WIRE_PACKET_SIZE];
} Worker;

/* The one connection of the process, for log lines from any thread. */
static int log_socket = -1;

static void
worker_clear(Worker *self)
{
    ReinServer *server = self->server;

    pthread_mutex_lock(&self->lock);
    self->server = NULL;
    pthread_mutex_unlock(&self->lock);
    rein_server_free(server);
    g_clear_pointer(&self->settings, g_hash_table_unref);
    g_clear_pointer(&self->plugin, rein_plugin_unref);
}

static int
send_packet(int socket, const ReinWirePacket *packet)
{
    char room[REIN_WIRE_PACKET_SIZE];
    const gsize size = rein_wire_encode(packet, room);

    return rein_wire_send(socket, TRUE, room, size);
}

/* What the host waits for; a log line that is lost is no matter. */
static gboolean
answer(Worker *self, const ReinWirePacket *packet)
{
    const int failure = send_packet(self->socket, packet);

    self->is_cut = failure == EPIPE || failure == ECONNRESET; /* the host wants no more */
    if (failure != 0 && !self->is_cut) {
        fprintf(stderr, "rein-worker: cannot answer: %s\n", g_strerror(failure));
    }
    return failure == 0;
}

static gboolean
answer_texts(Worker *self, ReinWireType type, const char *first, const char *second)
{
    const ReinWirePacket packet = { .type = type, .texts = { first, second } };

    return answer(self, &packet);
}

static gint32
plugin_level(GLogLevelFlags flags)
{
    if ((flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0) {
        return REIN_LOG_ERROR;
    }
    if ((flags & G_LOG_LEVEL_WARNING) != 0) {
        return REIN_LOG_WARNING;
    }
    return (flags & G_LOG_LEVEL_DEBUG) != 0 ? REIN_LOG_DEBUG : REIN_LOG_INFO;
}

static GLogWriterOutput
write_log(GLogLevelFlags flags, const GLogField *fields, gsize n_fields, gpointer data)
{
    ReinWirePacket packet = { .type = REIN_WIRE_LOG, .value = (guint32)plugin_level(flags) };

    (void)data;
    for (gsize i = 0; i < n_fields; i++) {
        if (fields[i].length < 0 && strcmp(fields[i].key, REIN_LOG_FIELD_PLUGIN) == 0) {
            packet.texts[0] = fields[i].value;
        } else if (fields[i].length < 0 && strcmp(fields[i].key, "MESSAGE") == 0) {
            packet.texts[1] = fields[i].value;
        }
    }
    return send_packet(log_socket, &packet) == 0 ? G_LOG_WRITER_HANDLED : G_LOG_WRITER_UNHANDLED;
}

static gboolean
load(Worker *self, const char *path)
{
    g_autoptr(GError) error = NULL;

    self->plugin = rein_plugin_load(path, &error);
    if (self->plugin == NULL) {
        return answer_texts(self, REIN_WIRE_REFUSED, error->message, NULL);
    }
    const ReinPluginTable *table = rein_plugin_get_table(self->plugin);
    const ReinWirePacket packet = {
        .type = REIN_WIRE_PLUGIN,
        .value = (table->drivers != NULL ? REIN_FEATURE_DRIVERS : 0u) |
                 (rein_plugin_has_memory_info(self->plugin) ? REIN_FEATURE_MEMORY_INFO : 0u) |
                 (rein_plugin_has_interrupt(self->plugin) ? REIN_FEATURE_INTERRUPT : 0u),
        .texts = { table->name, table->version },
    };
    return answer(self, &packet);
}

static gboolean
send_driver(Worker *self, const ReinDriverRecord *driver)
{
    gboolean is_sent = answer_texts(self, REIN_WIRE_DRIVER, driver->name, driver->path);

    for (guint i = 0; is_sent && i < driver->environment->len; i++) {
        is_sent =
            answer_texts(self, REIN_WIRE_VARIABLE, g_ptr_array_index(driver->environment, i), NULL);
    }
    return is_sent;
}

static gboolean
list(Worker *self)
{
    g_autoptr(GPtrArray) drivers =
        g_ptr_array_new_with_free_func((GDestroyNotify)rein_driver_record_free);
    g_autofree char *reason = rein_driver_list(self->plugin, self->settings, drivers);
    gboolean is_sent = TRUE;

    for (guint i = 0; is_sent && i < drivers->len; i++) {
        is_sent = send_driver(self, g_ptr_array_index(drivers, i));
    }
    return is_sent && answer_texts(self, REIN_WIRE_LISTED, reason, NULL);
}

static gboolean
probe(Worker *self)
{
    g_autoptr(GArray) devices = g_array_new(FALSE, FALSE, sizeof(ReinDeviceInfo));
    g_autofree char *reason = rein_probe(self->plugin, self->settings, devices);
    gboolean is_sent = TRUE;

    for (guint i = 0; is_sent && i < devices->len; i++) {
        const ReinWirePacket packet = {
            .type = REIN_WIRE_DEVICE,
            .bytes = &g_array_index(devices, ReinDeviceInfo, i),
        };
        is_sent = answer(self, &packet);
    }
    return is_sent && answer_texts(self, REIN_WIRE_PROBED, reason, NULL);
}

static gboolean
make_server(Worker *self, GError **error)
{
    ReinServer *server =
        rein_server_new(self->plugin, self->settings, self->staging, self->stop, error);

    if (server == NULL) {
        return FALSE;
    }
    pthread_mutex_lock(&self->lock);
    self->server = server;
    pthread_mutex_unlock(&self->lock);
    return TRUE;
}

/* What concerns an open device. */
static gboolean
serve(Worker *self, const ReinWirePacket *packet)
{
    g_autoptr(GError) error = NULL;
    ReinWireAnswer said;

    if (self->plugin == NULL || (self->server == NULL && !make_server(self, &error)) ||
        !rein_server_handle(self->server, packet, &said, &error)) {
        fprintf(stderr, "rein-worker: the host sent %s\n",
                error != NULL ? error->message : "a device before its plugin");
        return FALSE;
    }
    const ReinWirePacket reply = { .type = REIN_WIRE_ANSWER, .bytes = &said };
    return answer(self, &reply);
}

/* FALSE: the conversation cannot go on. */
static gboolean
obey(Worker *self, const ReinWirePacket *packet)
{
    switch (packet->type) {
    case REIN_WIRE_SETTING:
        g_hash_table_replace(self->settings, g_strdup(packet->texts[0]),
                             g_strdup(packet->texts[1]));
        return TRUE;
    case REIN_WIRE_LOAD:
        return self->plugin == NULL && load(self, packet->texts[0]);
    case REIN_WIRE_LIST:
        return self->plugin != NULL && rein_plugin_get_table(self->plugin)->drivers != NULL &&
               list(self);
    case REIN_WIRE_PROBE:
        return self->plugin != NULL && probe(self);
    case REIN_WIRE_OPEN:
    case REIN_WIRE_CALL:
    case REIN_WIRE_RUN:
    case REIN_WIRE_CLOSE:
        return serve(self, packet);
    default: /* of the worker, which decoding has refused, or for the control socket */
        return FALSE;
    }
}

/* The next packet: most calls are short, and follow one upon the other. */
static ReinWireResult
listen_to_host(Worker *self, ReinWirePacket *packet, GError **error)
{
    const ReinWireResult result =
        rein_wire_receive_soon(self->socket, REIN_WIRE_HOST, self->room, packet, error);

    if (result != REIN_WIRE_NOTHING) {
        return result;
    }
    return rein_wire_receive(self->socket, TRUE, REIN_WIRE_HOST, self->room, packet, error);
}

/* Until the host has closed its end. */
static int
converse(Worker *self)
{
    g_autoptr(GError) error = NULL;
    ReinWirePacket packet;
    ReinWireResult result = REIN_WIRE_NOTHING;

    while ((result = listen_to_host(self, &packet, &error)) == REIN_WIRE_GOT) {
        if (!obey(self, &packet)) {
            if (self->is_cut) {
                return EXIT_SUCCESS;
            }
            fprintf(stderr, "rein-worker: cannot go on after a packet of type %d\n",
                    (int)packet.type);
            return EXIT_FAILURE;
        }
    }
    if (result == REIN_WIRE_BAD) {
        fprintf(stderr, "rein-worker: the host sent %s\n", error->message);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

static void
move_away(int *fd)
{
    const int away = fcntl(*fd, F_DUPFD_CLOEXEC, SOCKET_AWAY);

    if (away < 0) { /* few descriptors are allowed, or this one is not there: it stays */
        fcntl(*fd, F_SETFD, FD_CLOEXEC);
        return;
    }
    close(*fd);
    *fd = away;
}

/* What a driver prints is wanted even if it ends the process in the middle of it. */
static void
take_descriptors(Worker *self)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    self->socket = REIN_WORKER_SOCKET;
    self->control = REIN_WORKER_CONTROL;
    self->staging = REIN_WORKER_STAGING;
    self->stop = REIN_WORKER_STOP;
    move_away(&self->socket);
    move_away(&self->control);
    move_away(&self->staging);
    move_away(&self->stop);
    log_socket = self->socket;
}

/*
 * The second way to die with the host, and the one by which an interrupt comes: the end of the control
 * socket. It needs nothing of GLib's, and no lock that the plugin may hold.
 */
static void *
control_main(void *data)
{
    Worker *self = data;
    static char room[REIN_WIRE_PACKET_SIZE];
    ReinWireResult result = REIN_WIRE_NOTHING;
    ReinWirePacket packet;
    guint64 job = 0;

    while ((result = rein_wire_receive(self->control, TRUE, REIN_WIRE_HOST, room, &packet, NULL)) ==
           REIN_WIRE_GOT) {
        if (packet.type != REIN_WIRE_INTERRUPT) {
            continue;
        }
        memcpy(&job, packet.bytes, sizeof job);
        pthread_mutex_lock(&self->lock);
        if (self->server != NULL) {
            rein_server_interrupt(self->server, job);
        }
        pthread_mutex_unlock(&self->lock);
    }
    if (result == REIN_WIRE_BAD) {
        return NULL; /* the plugin has closed it: the supervisor and the signal are left */
    }
    kill(getppid(), SIGCONT); /* a supervisor that was stopped has to look, and to sweep */
    kill(getpid(), SIGKILL);
    return NULL;
}

int
rein_worker_main(int argc, char **argv)
{
    /* the control thread is there to the end, when this function has returned */
    static Worker self = { .lock = PTHREAD_MUTEX_INITIALIZER };
    pthread_t thread;

    if (!rein_supervisor_begin(argc, argv)) {
        fprintf(stderr, "rein-worker: is started by librein, and does nothing by itself\n");
        return EXIT_FAILURE;
    }
    take_descriptors(&self);
    const int failure = rein_thread_start(&thread, TRUE, control_main, &self);
    if (failure != 0) {
        fprintf(stderr, "rein-worker: no thread: %s\n", g_strerror(failure));
        return EXIT_FAILURE;
    }
    self.settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_log_set_writer_func(write_log, NULL, NULL);
    const int code = converse(&self);
    worker_clear(&self);
    return code;
}
