/* SPDX-License-Identifier: MIT */

/*
 * What a host and its worker say to each other: small packets over one SEQPACKET socket, each a
 * header, then up to two texts or some bytes. Whoever receives believes nothing: a packet is looked
 * at as a whole before anything of it is used. Both sides are of one librein, so that numbers have
 * this machine's form. [any thread]
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define REIN_WIRE_MAGIC 0x314e4952u /* "RIN1": another conversation has another magic */
#define REIN_WIRE_TEXT_SIZE 8192u   /* most bytes of a text, with the NUL */
#define REIN_WIRE_MAX_TEXTS 2u

/* Most bytes of a packet: what a socket takes at once without being asked for more room. */
#define REIN_WIRE_PACKET_SIZE \
    ((guint)sizeof(ReinWireHeader) + REIN_WIRE_MAX_TEXTS * REIN_WIRE_TEXT_SIZE)

/* `value` and the texts that follow; a type is of one side only. */
typedef enum {
    /* of the host */
    REIN_WIRE_SETTING = 1, /* key, value: before the plugin is loaded */
    REIN_WIRE_LOAD,        /* path of the plugin; answered by PLUGIN or REFUSED */
    REIN_WIRE_LIST,        /* answered by DRIVER and VARIABLE, then LISTED */
    REIN_WIRE_PROBE,       /* answered by DEVICE, then PROBED */

    /* of the worker */
    REIN_WIRE_PLUGIN,   /* 1 if it has drivers; name, version */
    REIN_WIRE_REFUSED,  /* why the plugin cannot be loaded */
    REIN_WIRE_DRIVER,   /* name, path */
    REIN_WIRE_VARIABLE, /* NAME=VALUE of the last DRIVER */
    REIN_WIRE_LISTED,   /* what there is to say */
    REIN_WIRE_DEVICE,   /* bytes: a ReinDeviceInfo */
    REIN_WIRE_PROBED,   /* what there is to say */
    REIN_WIRE_LOG,      /* one of REIN_LOG_*; plugin, line */
} ReinWireType;

typedef enum {
    REIN_WIRE_HOST,
    REIN_WIRE_WORKER,
} ReinWireSide;

typedef struct ReinWireHeader {
    guint32 magic;
    guint32 type;
    guint32 size; /* bytes of the packet, header included */
    guint32 value;
} ReinWireHeader;

/* A packet in pieces, which point into the memory it was read from. */
typedef struct ReinWirePacket {
    ReinWireType type;
    guint32 value;
    const char *texts[REIN_WIRE_MAX_TEXTS]; /* as many as the type has, the others NULL */
    const void *bytes;                      /* not aligned; NULL unless the type has bytes */
    gsize n_bytes;
} ReinWirePacket;

/*
 * Writes `packet` to `room`, of REIN_WIRE_PACKET_SIZE bytes. Text that is longer than a packet takes
 * is cut, a missing one is "". Returns the bytes written.
 */
gsize rein_wire_encode(const ReinWirePacket *packet, void *room);

/*
 * Takes the `size` bytes at `data` apart, which `from` is said to have sent. FALSE with
 * REIN_ERROR_FAILED and what is wrong: another magic, an unknown type or one of the other side, a
 * size that is not the header's, a value out of range, text that does not end, bytes left over.
 */
gboolean rein_wire_decode(const void *data, gsize size, ReinWireSide from, ReinWirePacket *packet,
                          GError **error);

/* Whether `text` goes through whole. */
gboolean rein_wire_fits(const char *text);

typedef enum {
    REIN_WIRE_GOT,     /* a packet */
    REIN_WIRE_NOTHING, /* none is there yet, if `may_wait` is FALSE */
    REIN_WIRE_CLOSED,  /* none will come: the other side is gone */
    REIN_WIRE_BAD,     /* the error says what is wrong */
} ReinWireResult;

/* The next packet from `from`, taken apart in `room`, of REIN_WIRE_PACKET_SIZE bytes. */
ReinWireResult rein_wire_receive(int socket, gboolean may_wait, ReinWireSide from, void *room,
                                 ReinWirePacket *packet, GError **error);

/*
 * Sends the `size` bytes of a packet. 0, or an errno: EAGAIN where the other side has to read first
 * and `may_wait` is FALSE. Never a signal.
 */
int rein_wire_send(int socket, gboolean may_wait, const void *data, gsize size);

G_END_DECLS
