/* SPDX-License-Identifier: MIT */

/*
 * What a host and its worker say to each other: small packets over SEQPACKET sockets, each a header,
 * then up to two texts or some bytes. What is larger goes through the staging memory that both have
 * mapped. Whoever receives believes nothing: a packet is looked at as a whole before anything of it is
 * used. Both sides are of one librein, so that numbers have this machine's form. [any thread]
 */

#pragma once

#include <glib.h>
#include <rein/plugin_abi.h>

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
    REIN_WIRE_OPEN,        /* id, scratch folder; answered by ANSWER, as those that follow */
    REIN_WIRE_CALL,        /* bytes: a ReinWireCall */
    REIN_WIRE_RUN,         /* bytes: a ReinWireSlice and its ReinWireStages */
    REIN_WIRE_CLOSE,
    REIN_WIRE_INTERRUPT, /* bytes: a guint64, the job; over the control socket, not answered */

    /* of the worker */
    REIN_WIRE_PLUGIN,   /* REIN_FEATURE_*; name, version */
    REIN_WIRE_REFUSED,  /* why the plugin cannot be loaded */
    REIN_WIRE_DRIVER,   /* name, path */
    REIN_WIRE_VARIABLE, /* NAME=VALUE of the last DRIVER */
    REIN_WIRE_LISTED,   /* what there is to say */
    REIN_WIRE_DEVICE,   /* bytes: a ReinDeviceInfo */
    REIN_WIRE_PROBED,   /* what there is to say */
    REIN_WIRE_LOG,      /* one of REIN_LOG_*; plugin, line */
    REIN_WIRE_ANSWER,   /* bytes: a ReinWireAnswer */
    /* how the plugin's process ended, see below; bytes: a guint32, how many others its supervisor had to
     * kill after that; the supervisor's, over the control socket, once all of them are gone */
    REIN_WIRE_ENDED,
} ReinWireType;

/* What of the optional slots a plugin has. */
#define REIN_FEATURE_DRIVERS 1u
#define REIN_FEATURE_MEMORY_INFO 2u
#define REIN_FEATURE_INTERRUPT 4u
#define REIN_FEATURE_ALL 7u

/* The value of ENDED, and what it stands for: si_code and si_status of waitid(). */
#define REIN_WIRE_MAX_END 0xffffu
#define rein_wire_end(code, status) (((guint32)(code)&0xffu) << 8 | ((guint32)(status)&0xffu))
#define rein_wire_end_code(end) ((int)((end) >> 8))
#define rein_wire_end_status(end) ((int)((end)&0xffu))
#define REIN_WIRE_MAX_SWEPT (1u << 22) /* more processes than the kernel has numbers for */

#define REIN_WIRE_NAME_SIZE 256u /* bytes of the name of a source, with the NUL */
#define REIN_WIRE_DIGEST_SIZE 65u
#define REIN_WIRE_KERNEL_SIZE 128u /* of a kernel's name */
#define REIN_WIRE_MAX_STAGES 32u

/* The slots that need no more than numbers and the staging memory. */
typedef enum {
    REIN_WIRE_BUILD = 1, /* staging: text, NUL, dialect, NUL */
    REIN_WIRE_DISCARD,
    REIN_WIRE_ALLOCATE,
    REIN_WIRE_RELEASE,
    REIN_WIRE_WRITE, /* staging: `size` bytes */
    REIN_WIRE_READ,  /* staging: room for `size` bytes */
    REIN_WIRE_USAGE,
    REIN_WIRE_CLEANUP,
    REIN_WIRE_MEMORY_INFO,
} ReinWireSlot;

typedef struct ReinWireCall {
    guint32 slot;  /* ReinWireSlot */
    guint32 usage; /* allocate */
    guint64 job;
    guint64 token;
    guint64 offset;
    guint64 size; /* bytes; build: of the text */
    guint64 dialect_size;
    guint32 source_flags;
    guint32 unused; /* zero */
    char name[REIN_WIRE_NAME_SIZE];
    char digest[REIN_WIRE_DIGEST_SIZE + 7];
} ReinWireCall;

typedef struct ReinWireSlice {
    guint64 job;
    guint32 stop; /* place of the flag, or REIN_STOP_NOWHERE */
    guint32 n_stages;
    guint32 first_round;
    guint32 n_rounds;
    guint32 first_item;
    guint32 end_item;
    guint32 flags;
    guint32 unused; /* zero */
    guint64 progress_start;
    guint64 progress_step;
    guint64 budget_ns;
} ReinWireSlice;

typedef struct ReinWireStage {
    guint64 program;
    guint32 n_items;
    guint32 n_buffers;
    guint64 buffers[REIN_STAGE_BUFFERS][2];
    char kernel[REIN_WIRE_KERNEL_SIZE];
} ReinWireStage;

/* What a slot answered; what it did not set is zero. */
typedef struct ReinWireAnswer {
    gint32 status;
    guint32 text_size; /* bytes of the plugin's message in the staging memory, without a NUL */
    guint64 token;
    guint64 free_size;
    guint64 total_size;
    ReinUsage count;
    ReinSliceReport report;
} ReinWireAnswer;

/* The staging memory: as much as this is one piece of a longer transfer. */
#define REIN_STAGING_SIZE ((gsize)4 << 20)

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

/* Some times what a short call takes. */
#define REIN_WIRE_SOON_NS G_GINT64_CONSTANT(50000)

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
 * The same, which looks for a packet again and again, for REIN_WIRE_SOON_NS and giving way to others,
 * and does not sleep: where one is due at once, being woken up takes longer than the packet.
 */
ReinWireResult rein_wire_receive_soon(int socket, ReinWireSide from, void *room,
                                      ReinWirePacket *packet, GError **error);

/*
 * Sends the `size` bytes of a packet. 0, or an errno: EAGAIN where the other side has to read first
 * and `may_wait` is FALSE. Never a signal.
 */
int rein_wire_send(int socket, gboolean may_wait, const void *data, gsize size);

G_END_DECLS
