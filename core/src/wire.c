/* SPDX-License-Identifier: MIT */

#include "wire_private.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include <rein/error.h>

#include "clock_private.h"

typedef struct {
    ReinWireSide from;
    guint n_texts;
    gsize n_bytes;      /* of a type without texts */
    guint32 max_value;  /* 0 where the type has no value */
    gsize n_more_bytes; /* of each of what may follow the bytes; 0: nothing may */
} Shape;

static const Shape shapes[] = {
    [REIN_WIRE_SETTING] = { REIN_WIRE_HOST, 2, 0, 0, 0 },
    [REIN_WIRE_LOAD] = { REIN_WIRE_HOST, 1, 0, 0, 0 },
    [REIN_WIRE_LIST] = { REIN_WIRE_HOST, 0, 0, 0, 0 },
    [REIN_WIRE_PROBE] = { REIN_WIRE_HOST, 0, 0, 0, 0 },
    [REIN_WIRE_OPEN] = { REIN_WIRE_HOST, 2, 0, 0, 0 },
    [REIN_WIRE_CALL] = { REIN_WIRE_HOST, 0, sizeof(ReinWireCall), 0, 0 },
    [REIN_WIRE_RUN] = { REIN_WIRE_HOST, 0, sizeof(ReinWireSlice), 0, sizeof(ReinWireStage) },
    [REIN_WIRE_CLOSE] = { REIN_WIRE_HOST, 0, 0, 0, 0 },
    [REIN_WIRE_INTERRUPT] = { REIN_WIRE_HOST, 0, sizeof(guint64), 0, 0 },
    [REIN_WIRE_PLUGIN] = { REIN_WIRE_WORKER, 2, 0, REIN_FEATURE_ALL, 0 },
    [REIN_WIRE_REFUSED] = { REIN_WIRE_WORKER, 1, 0, 0, 0 },
    [REIN_WIRE_DRIVER] = { REIN_WIRE_WORKER, 2, 0, 0, 0 },
    [REIN_WIRE_VARIABLE] = { REIN_WIRE_WORKER, 1, 0, 0, 0 },
    [REIN_WIRE_LISTED] = { REIN_WIRE_WORKER, 1, 0, 0, 0 },
    [REIN_WIRE_DEVICE] = { REIN_WIRE_WORKER, 0, sizeof(ReinDeviceInfo), 0, 0 },
    [REIN_WIRE_PROBED] = { REIN_WIRE_WORKER, 1, 0, 0, 0 },
    [REIN_WIRE_LOG] = { REIN_WIRE_WORKER, 2, 0, REIN_LOG_DEBUG, 0 },
    [REIN_WIRE_ANSWER] = { REIN_WIRE_WORKER, 0, sizeof(ReinWireAnswer), 0, 0 },
    [REIN_WIRE_ENDED] = { REIN_WIRE_WORKER, 0, sizeof(guint32), REIN_WIRE_MAX_END, 0 },
};

gsize
rein_wire_encode(const ReinWirePacket *packet, void *room)
{
    const Shape *shape = &shapes[packet->type];
    char *start = room;
    char *end = start + sizeof(ReinWireHeader);

    for (guint i = 0; i < shape->n_texts; i++) {
        const char *text = packet->texts[i] != NULL ? packet->texts[i] : "";
        const gsize length = strnlen(text, REIN_WIRE_TEXT_SIZE - 1);

        memcpy(end, text, length);
        end[length] = '\0';
        end += length + 1;
    }
    if (shape->n_bytes > 0) {
        const gsize n_bytes = shape->n_more_bytes > 0 ? packet->n_bytes : shape->n_bytes;

        memcpy(end, packet->bytes, n_bytes);
        end += n_bytes;
    }

    const ReinWireHeader header = {
        .magic = REIN_WIRE_MAGIC,
        .type = packet->type,
        .size = (guint32)(end - start),
        .value = packet->value,
    };
    memcpy(start, &header, sizeof header);
    return header.size;
}

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean
refuse(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autoptr(GError) refusal =
        g_error_new_valist(REIN_ERROR, REIN_ERROR_FAILED, format, arguments);
    va_end(arguments);
    g_propagate_error(error, g_steal_pointer(&refusal));
    return FALSE;
}

static gboolean
check_header(const ReinWireHeader *header, gsize size, ReinWireSide from, GError **error)
{
    if (header->magic != REIN_WIRE_MAGIC) {
        return refuse(error, "a packet of %zu bytes that is none of ours", size);
    }
    if (header->type == 0 || header->type >= G_N_ELEMENTS(shapes)) {
        return refuse(error, "a packet of the unknown type %u", header->type);
    }
    if (header->size != size) {
        return refuse(error, "a packet of %zu bytes that claims %u", size, header->size);
    }
    if (shapes[header->type].from != from) {
        return refuse(error, "a packet of type %u, which is for the other side", header->type);
    }
    if (header->value > shapes[header->type].max_value) {
        return refuse(error, "a packet of type %u with the value %u", header->type, header->value);
    }
    return TRUE;
}

/* Whether bytes of this size can be those of the type. */
static gboolean
is_size_of(const Shape *shape, gsize size)
{
    if (shape->n_more_bytes == 0) {
        return size == shape->n_bytes;
    }
    return size >= shape->n_bytes && (size - shape->n_bytes) % shape->n_more_bytes == 0;
}

gboolean
rein_wire_decode(const void *data, gsize size, ReinWireSide from, ReinWirePacket *packet,
                 GError **error)
{
    ReinWireHeader header;
    const char *at = data;

    *packet = (ReinWirePacket){ 0 };
    if (size < sizeof header || size > REIN_WIRE_PACKET_SIZE) {
        return refuse(error, "a packet of %zu bytes, where %zu to %u can be", size, sizeof header,
                      REIN_WIRE_PACKET_SIZE);
    }
    memcpy(&header, at, sizeof header);
    if (!check_header(&header, size, from, error)) {
        return FALSE;
    }

    const Shape *shape = &shapes[header.type];
    gsize left = size - sizeof header;
    at += sizeof header;
    for (guint i = 0; i < shape->n_texts; i++) {
        const gsize length = strnlen(at, MIN(left, REIN_WIRE_TEXT_SIZE));

        if (length == left || length == REIN_WIRE_TEXT_SIZE) {
            return refuse(error, "a packet of type %u whose text %u does not end", header.type, i);
        }
        packet->texts[i] = at;
        at += length + 1;
        left -= length + 1;
    }
    if (!is_size_of(shape, left)) {
        return refuse(error, "a packet of type %u with %zu bytes where %zu should be", header.type,
                      left, shape->n_bytes);
    }
    packet->type = (ReinWireType)header.type;
    packet->value = header.value;
    packet->bytes = left > 0 ? at : NULL;
    packet->n_bytes = left;
    return TRUE;
}

gboolean
rein_wire_fits(const char *text)
{
    return strnlen(text, REIN_WIRE_TEXT_SIZE) < REIN_WIRE_TEXT_SIZE;
}

ReinWireResult
rein_wire_receive(int socket, gboolean may_wait, ReinWireSide from, void *room,
                  ReinWirePacket *packet, GError **error)
{
    /* the whole length is told, so that a packet that was cut is seen */
    const int flags = MSG_TRUNC | (may_wait ? 0 : MSG_DONTWAIT);
    ssize_t size = 0;

    do {
        size = recv(socket, room, REIN_WIRE_PACKET_SIZE, flags);
    } while (size < 0 && errno == EINTR);

    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return REIN_WIRE_NOTHING;
    }
    if (size == 0 || (size < 0 && errno == ECONNRESET)) {
        return REIN_WIRE_CLOSED;
    }
    if (size < 0) {
        refuse(error, "nothing can be received: %s", g_strerror(errno));
        return REIN_WIRE_BAD;
    }
    return rein_wire_decode(room, (gsize)size, from, packet, error) ? REIN_WIRE_GOT : REIN_WIRE_BAD;
}

ReinWireResult
rein_wire_receive_soon(int socket, ReinWireSide from, void *room, ReinWirePacket *packet,
                       GError **error)
{
    const gint64 until_ns = rein_now_ns() + REIN_WIRE_SOON_NS;
    ReinWireResult result = REIN_WIRE_NOTHING;

    do {
        result = rein_wire_receive(socket, FALSE, from, room, packet, error);
        if (result == REIN_WIRE_NOTHING) {
            sched_yield();
        }
    } while (result == REIN_WIRE_NOTHING && rein_now_ns() < until_ns);
    return result;
}

int
rein_wire_send(int socket, gboolean may_wait, const void *data, gsize size)
{
    const int flags = MSG_NOSIGNAL | (may_wait ? 0 : MSG_DONTWAIT);
    ssize_t n_sent = 0;

    do {
        n_sent = send(socket, data, size, flags);
    } while (n_sent < 0 && errno == EINTR);
    return n_sent < 0 ? errno : 0;
}
