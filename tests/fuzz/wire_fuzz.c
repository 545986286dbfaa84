/* SPDX-License-Identifier: MIT */
/*
 * Feeds any bytes, as one packet, to whoever hears the other side of a worker's sockets: the first byte
 * says who is said to have sent it, 'h' the host or 'w' the worker. A packet that is refused has a
 * reason; one that is accepted is used as it would be: the host's by the server of a worker, with a
 * plugin that touches every byte it is told of, the worker's devices by the check of a probe.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fakes/fake_base.h"
#include "probe_private.h"
#include "staging_private.h"
#include "stop_private.h"
#include "wire_private.h"
#include "worker_serve_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ReinPluginTable table;
static ReinStaging staging = REIN_STAGING_INIT;
static ReinServer *server;
static volatile unsigned touched;

/* Ends the program in release builds too, where assert() does not. */
static void
require(gboolean is_true)
{
    if (!is_true) {
        abort();
    }
}

static void
touch(const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        touched += ((const unsigned char *)bytes)[i];
    }
}

static ReinStatus
touch_open(const char *id, const ReinHost *host, ReinPluginDevice **out, ReinMsg *msg)
{
    (void)host;
    (void)msg;
    touch(id, strlen(id));
    *out = (ReinPluginDevice *)&table;
    return REIN_OK;
}

static ReinStatus
touch_build(ReinPluginDevice *device, uint64_t job, const ReinSource *source, uint64_t *program,
            ReinMsg *msg)
{
    (void)device;
    (void)job;
    touch(source->text, source->text_size + 1);
    touch(source->dialect, source->dialect_size + 1);
    touch(source->name, strlen(source->name));
    touch(source->digest, strlen(source->digest));
    *program = 1;
    memset(msg->text, 'x', msg->size - 1);
    return REIN_OK;
}

static ReinStatus
touch_write(ReinPluginDevice *device, uint64_t job, uint64_t buffer, uint64_t offset,
            const void *data, uint64_t size, ReinMsg *msg)
{
    (void)device;
    (void)job;
    (void)buffer;
    (void)offset;
    (void)msg;
    touch(data, size);
    return REIN_OK;
}

static ReinStatus
touch_read(ReinPluginDevice *device, uint64_t job, uint64_t buffer, uint64_t offset, void *data,
           uint64_t size, ReinMsg *msg)
{
    (void)device;
    (void)job;
    (void)buffer;
    (void)offset;
    (void)msg;
    memset(data, 1, size);
    return REIN_OK;
}

static ReinStatus
touch_run(ReinPluginDevice *device, uint64_t job, const ReinSlice *slice,
          const volatile uint32_t *stop, ReinSliceReport *report, ReinMsg *msg)
{
    (void)device;
    (void)job;
    (void)report;
    (void)msg;
    touched += *stop;
    for (uint32_t i = 0; i < slice->n_stages; i++) {
        const ReinStage *stage = &slice->stages[i];

        touch(stage->kernel, strlen(stage->kernel) + 1);
        touch(stage->buffers, stage->n_buffers * sizeof *stage->buffers);
    }
    return REIN_OK;
}

/* Once: a server whose device is open, as it is in a worker with a job. */
static void
open_server(void)
{
    g_autoptr(GHashTable) settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const ReinWirePacket open = { .type = REIN_WIRE_OPEN, .texts = { "fake:0", "" } };
    ReinWireAnswer answer;
    ReinPlugin *plugin = NULL;

    table = fake_base_table();
    table.open = touch_open;
    table.build = touch_build;
    table.write = touch_write;
    table.read = touch_read;
    table.run_fitness = touch_run;
    plugin = rein_plugin_new_for_table(&table, NULL);
    require(plugin != NULL && rein_staging_make(&staging, NULL));
    server = rein_server_new(plugin, settings, staging.fd, rein_stop_get_area(NULL), NULL);
    require(server != NULL && rein_server_handle(server, &open, &answer, NULL));
}

static void
use_packet_of_host(const ReinWirePacket *packet)
{
    g_autoptr(GError) error = NULL;
    ReinWireAnswer answer;

    if (packet->type != REIN_WIRE_CALL && packet->type != REIN_WIRE_RUN) {
        return; /* the others are texts for the system, or end the device */
    }
    require(rein_server_handle(server, packet, &answer, &error) == (error == NULL));
    require(error != NULL || answer.text_size < REIN_BUILD_MSG_SIZE);
}

static void
use_packet_of_worker(const ReinWirePacket *packet)
{
    g_autoptr(GArray) arrived = g_array_new(FALSE, TRUE, sizeof(ReinDeviceInfo));
    g_autoptr(GArray) devices = g_array_new(FALSE, TRUE, sizeof(ReinDeviceInfo));

    if (packet->type == REIN_WIRE_DEVICE) {
        require(packet->n_bytes == sizeof(ReinDeviceInfo));
        g_array_append_vals(arrived, packet->bytes, 1);
        g_autofree char *reason = rein_probe_check("fake", arrived, "", devices);
        require(devices->len <= 1 && (devices->len == 1 || reason != NULL));
    }
}

static void
hear(const void *bytes, size_t size, ReinWireSide from)
{
    static char room[REIN_WIRE_PACKET_SIZE];
    g_autoptr(GError) error = NULL;
    g_autofree void *exact =
        g_memdup2(bytes, size); /* so that a byte too many is seen to be read */
    ReinWirePacket packet;
    int ends[2];

    const gboolean is_good = rein_wire_decode(exact, size, from, &packet, &error);
    require(is_good == (error == NULL));
    for (guint i = 0; is_good && i < REIN_WIRE_MAX_TEXTS; i++) {
        touch(packet.texts[i], packet.texts[i] != NULL ? strlen(packet.texts[i]) + 1 : 0);
    }
    if (is_good) {
        touch(packet.bytes, packet.n_bytes);
    }
    if (is_good && from == REIN_WIRE_HOST) {
        use_packet_of_host(&packet);
    } else if (is_good) {
        use_packet_of_worker(&packet);
    }

    /* the same through a socket, which tells of a packet that was cut, and of none */
    g_clear_error(&error);
    require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    const gboolean is_sent = send(ends[0], bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
    close(ends[0]);
    const ReinWireResult result = rein_wire_receive(ends[1], FALSE, from, room, &packet, &error);
    close(ends[1]);
    require(!is_sent || size == 0 || result == (is_good ? REIN_WIRE_GOT : REIN_WIRE_BAD));
    require((result == REIN_WIRE_BAD) == (error != NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (server == NULL) {
        open_server();
    }
    if (size > 0) {
        hear(data + 1, size - 1, data[0] == 'h' ? REIN_WIRE_HOST : REIN_WIRE_WORKER);
    }
    return 0;
}
