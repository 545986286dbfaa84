/* SPDX-License-Identifier: MIT */

/* The worker's side: one plugin, in a process that may die of it. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <rein/plugin_abi.h>
#include <rein/worker.h>

#include "driver_private.h"
#include "plugin_private.h"
#include "probe_private.h"
#include "services_private.h"
#include "wire_private.h"
#include "worker_process_private.h"

/* Out of the way of drivers that close, or write to, numbers which they take for theirs. */
#define SOCKET_AWAY 512

typedef struct {
    int socket;
    GHashTable *settings;
    ReinPlugin *plugin; /* NULL until it is loaded */
    char room[REIN_WIRE_PACKET_SIZE];
} Worker;

/* The one connection of the process, for log lines from any thread. */
static int log_socket = -1;

static void
worker_clear(Worker *self)
{
    g_clear_pointer(&self->settings, g_hash_table_unref);
    g_clear_pointer(&self->plugin, rein_plugin_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Worker, worker_clear)

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

    if (failure != 0) {
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
        .value = table->drivers != NULL,
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
    default: /* of the worker: decoding has refused it */
        return FALSE;
    }
}

/* Until the host has closed its end. */
static int
converse(Worker *self)
{
    g_autoptr(GError) error = NULL;
    ReinWirePacket packet;
    ReinWireResult result = REIN_WIRE_NOTHING;

    while ((result = rein_wire_receive(self->socket, TRUE, REIN_WIRE_HOST, self->room, &packet,
                                       &error)) == REIN_WIRE_GOT) {
        if (!obey(self, &packet)) {
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

/*
 * Before anything of a driver's is loaded. The signal is armed first: a parent that ended before that
 * is seen by its number, one that ends later by the signal.
 */
static gboolean
tie_to_parent(const char *number)
{
    const struct rlimit none = { 0, 0 };
    guint64 parent = 0;

    if (!g_ascii_string_to_unsigned(number, 10, 1, G_MAXINT32, &parent, NULL)) {
        return FALSE;
    }
    setrlimit(RLIMIT_CORE, &none);
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == (pid_t)parent;
}

/* What a driver prints is wanted even if it ends the process in the middle of it. */
static int
take_socket(void)
{
    int away = fcntl(REIN_WORKER_SOCKET, F_DUPFD_CLOEXEC, SOCKET_AWAY);

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (away < 0) { /* few descriptors are allowed: it stays where it is */
        fcntl(REIN_WORKER_SOCKET, F_SETFD, FD_CLOEXEC);
        return REIN_WORKER_SOCKET;
    }
    close(REIN_WORKER_SOCKET);
    return away;
}

int
rein_worker_main(int argc, char **argv)
{
    g_auto(Worker) self = { .socket = -1 };

    if (argc != 2) {
        fprintf(stderr, "rein-worker: is started by librein, and does nothing by itself\n");
        return EXIT_FAILURE;
    }
    if (!tie_to_parent(argv[1])) {
        return EXIT_FAILURE;
    }
    self.socket = take_socket();
    self.settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    log_socket = self.socket;
    g_log_set_writer_func(write_log, NULL, NULL);
    return converse(&self);
}
