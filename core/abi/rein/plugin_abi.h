/* SPDX-License-Identifier: MIT */

/*
 * The contract between the core of rein and a backend plugin. A plugin is a shared object that
 * exports one function, rein_plugin(), which returns its table. The core calls the table, the
 * plugin never calls the core except through the services in ReinHost. Pure C that also compiles
 * as C++17; nothing but <stddef.h> and <stdint.h> is needed.
 *
 * Rules that hold for every slot:
 * - Structs that may grow begin with `struct_size`, set by whoever provides the memory; the other side
 *   neither reads nor writes beyond it, and leaves what it does not know as it is, zero at first. So
 *   either side may be older than the other. Unknown bits in flags are ignored by the reader.
 * - No memory changes its owner. Text goes into the caller's ReinMsg. Pointers passed down are
 *   borrowed for the call, except ReinHost, which lives until close().
 * - Programs and buffers are 64-bit tokens, valid on the device that made them; 0 is none. The plugin
 *   answers a token it does not know, one of another job, or a range outside a buffer with
 *   REIN_ERR_INVALID_ARGUMENT and touches nothing.
 * - After any status but REIN_OK the out-values mean nothing and nothing new is held.
 * - A plugin never calls abort, exit, _exit, fork, system, signal or setenv.
 * - The tag in brackets is the thread the core calls from. [device thread]: each open device has one
 *   thread, and every slot but interrupt() is called there, one at a time. [any thread]: concurrently
 *   with anything else.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version 0.x is free to change; a table of another major is refused. */
#define REIN_ABI_MAJOR 0u
#define REIN_ABI_MINOR 2u

/* A stage binds at most this many buffer pairs. */
#define REIN_STAGE_BUFFERS 12u

/* The room the core gives a message, in bytes with the NUL; build() gets more. */
#define REIN_MSG_SIZE 1024u

typedef int32_t ReinStatus; /* fixed width: the size of an enum is not ABI */

/* A status exists only where the caller acts differently on it. Stopped is an outcome, not a status. */
#define REIN_OK 0
#define REIN_ERR_FAILED 1 /* anything without a status of its own; the message says what */
#define REIN_ERR_INVALID_ARGUMENT 2 /* the caller broke a rule of this header */
#define REIN_ERR_UNSUPPORTED 3      /* this plugin or device can never do it */
#define REIN_ERR_NO_DEVICE 4        /* the device id is unknown, or its driver is missing */
#define REIN_ERR_OUT_OF_MEMORY 5    /* device memory; a smaller job may still fit */
#define REIN_ERR_BUILD 6       /* the kernel text is at fault; the message is the compiler's log */
#define REIN_ERR_DEVICE_LOST 7 /* from here on only usage(), cleanup() and close() are called */

typedef struct ReinMsg {
    char *text;    /* caller's buffer, NUL-terminated on return */
    uint32_t size; /* bytes in text, at least 1 */
} ReinMsg;

#define REIN_LOG_ERROR 0
#define REIN_LOG_WARNING 1
#define REIN_LOG_INFO 2
#define REIN_LOG_DEBUG 3

/* The services of the core. Members are never NULL unless marked (nullable). */
typedef struct ReinHost {
    uint32_t struct_size; /* bytes the core filled */
    uint32_t
        thread_limit; /* most threads the plugin may compute on; 0: as many as it finds useful */
    void *context;    /* first argument of the functions below */

    /* Writes one line of text, no newline, at one of REIN_LOG_*. [any thread] */
    void (*log)(void *context, int32_t level, const char *text);

    /*
     * The user's setting for this plugin called `key` ("level" for the setting cpu.level), or NULL
     * when it is not set. The text lives as long as the ReinHost. [any thread]
     */
    const char *(*setting)(void *context, const char *key);

    const char *cache_directory;   /* (nullable) kept between runs; the plugin may write there */
    const char *scratch_directory; /* (nullable) gone after close() */
} ReinHost;

#define REIN_DEVICE_IS_CPU 0x1u          /* computes on the host's processors */
#define REIN_DEVICE_IS_GPU 0x2u          /* graphics card or other accelerator */
#define REIN_DEVICE_KEEPS_DENORMALS 0x4u /* float32 arithmetic does not flush to zero */
#define REIN_DEVICE_UNIFIED_MEMORY 0x8u  /* buffers lie in the host's memory */

/* One device, as probe() found it. Text is UTF-8, NUL-terminated, "" where not known. */
typedef struct ReinDeviceInfo {
    uint32_t struct_size;
    uint32_t flags;       /* REIN_DEVICE_* */
    uint32_t n_units;     /* compute units: cores, multiprocessors */
    uint32_t interleave;  /* W of GENE(i): 1 item-major, else tiles of W items; a power of two */
    uint64_t memory_size; /* bytes a job may hope for */
    char id[64];          /* stable, unique, "NAME:" of the plugin and more printable ASCII */
    char name[128];       /* as the vendor calls it */
    char vendor[64];
    char driver[64]; /* driver or runtime with its version */
    char pci[32];    /* "0000:65:00.0", so that two APIs that show one card can be matched */
} ReinDeviceInfo;

/*
 * The text of a program. The plugin compiles `dialect` followed by `text` as one translation unit, with
 * the macro REIN_INTERLEAVE defined as the `interleave` of its ReinDeviceInfo.
 */
typedef struct ReinSource {
    uint32_t struct_size;
    uint32_t flags;      /* REIN_SOURCE_* */
    const char *name;    /* for messages: the file's name */
    const char *text;    /* kernels in the dialect, NUL-terminated */
    uint64_t text_size;  /* bytes without the NUL */
    const char *dialect; /* kernels/rein_kernel.h, NUL-terminated */
    uint64_t dialect_size;
    const char
        *digest; /* SHA-256 over dialect then text, 64 lower-case hexadecimal digits; not over
                             flags: a cache key takes both */
} ReinSource;

#define REIN_SOURCE_FAST_MATH \
    0x1u /* the user asked for it: contraction and reordering are allowed */

#define REIN_BUFFER_KERNEL_READ 0x1u
#define REIN_BUFFER_KERNEL_WRITE 0x2u
#define REIN_BUFFER_HOST_READ 0x4u
#define REIN_BUFFER_HOST_WRITE 0x8u

/*
 * One kernel over its items. Argument i of the kernel is buffers[i][round & 1], followed by the four
 * scalars every kernel has: first, end, round, progress. A buffer that does not alternate stands in
 * both members of its pair.
 */
typedef struct ReinStage {
    uint64_t program;
    const char *kernel; /* a name in the program */
    uint32_t n_items;   /* at least 1 */
    uint32_t n_buffers; /* at most REIN_STAGE_BUFFERS */
    uint64_t buffers[REIN_STAGE_BUFFERS][2];
} ReinStage;

/*
 * What one call of run_fitness() runs. Either whole rounds: rounds [first_round, first_round +
 * n_rounds) of all stages in order, first_item = end_item = 0. Or a part of one stage: n_stages = 1,
 * n_rounds = 1 and items [first_item, end_item) of it. Within a round each stage sees all results of
 * the stage before it.
 *
 * `progress` of round r, as the kernels see it, is the upper half of
 * progress_start + (r - first_round) * progress_step: the used-up part of the job's limits, 0 to
 * 2^32-1, where it also stays if that sum overflows. The step makes a schedule over rounds independent of how rounds are cut into slices.
 */
typedef struct ReinSlice {
    uint32_t struct_size;
    uint32_t stage_size; /* bytes from one stage to the next */
    const ReinStage *stages;
    uint32_t n_stages; /* at least 1 */
    uint32_t first_round;
    uint32_t n_rounds; /* at least 1 */
    uint32_t first_item;
    uint32_t end_item;
    uint32_t flags;          /* zero */
    uint64_t progress_start; /* 2^-64 of the job's limits */
    uint64_t progress_step;  /* the same, per round */
    uint64_t
        budget_ns; /* wall clock; looked at after each round, or where a range of items can end */
} ReinSlice;

/* How far a slice came. What is not counted here did not happen, as far as the core is concerned. */
typedef struct ReinSliceReport {
    uint32_t struct_size;
    uint32_t n_rounds;       /* whole rounds done, from first_round on; 0 for a range of items */
    uint32_t n_items;        /* items done, from first_item on; 0 for a slice of whole rounds */
    uint32_t n_launches;     /* kernels begun */
    uint64_t last_launch_ns; /* CLOCK_MONOTONIC just before the plugin looked at `stop` for the last
                                launch it began; 0 if there was none. Proves that none came late */
} ReinSliceReport;

/* What a plugin holds for one job, by its own count. */
typedef struct ReinUsage {
    uint32_t struct_size;
    uint32_t n_buffers;
    uint32_t n_programs;
    uint32_t n_queues;
    uint64_t size; /* bytes in buffers */
} ReinUsage;

/* A plugin's own idea of an open device. */
typedef struct ReinPluginDevice ReinPluginDevice;

/* Called by probe() for each device found; `info` is borrowed for the call. */
typedef void (*ReinFoundCb)(void *context, const ReinDeviceInfo *info);

/*
 * A driver behind a plugin, as drivers() lists it: what is found by a process that was started with
 * `environment` in place of its own values of these variables, and by no other.
 */
typedef struct ReinDriver {
    uint32_t struct_size;
    uint32_t flags;                 /* zero */
    const char *name;               /* "pocl"; for people, unique in the plugin */
    const char *path;               /* the file that names or holds it, "" where not known */
    const char *const *environment; /* "NAME=VALUE", ended by NULL; (nullable) for none */
} ReinDriver;

/* Called by drivers() for each driver found; `driver` is borrowed for the call. */
typedef void (*ReinDriverCb)(void *context, const ReinDriver *driver);

#define REIN_PLUGIN_UNLOADABLE 0x1u /* may be dlclosed when none of its devices is open */

/* What a plugin gives the core. All members are set unless marked (optional). */
typedef struct ReinPluginTable {
    uint32_t abi_major;   /* the core refuses any other major */
    uint32_t abi_minor;   /* raised whenever a member is added at the end */
    uint32_t struct_size; /* sizeof(ReinPluginTable) when the plugin was built */
    uint32_t flags;       /* REIN_PLUGIN_UNLOADABLE or zero */

    const char *name;    /* "cpu"; 1 to 32 of [a-z0-9-]; devices' ids begin with it */
    const char *version; /* of the plugin, for people */

    /*
     * Calls `found` once for each device. No device is REIN_OK with the reason in `msg`; an error is
     * for a machine that cannot be asked. Keeps nothing open. Devices may be open meanwhile. [a
     * thread of the core's choice, one probe at a time, may block]
     */
    ReinStatus (*probe)(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg);

    /*
     * Opens the device that probe() named `id`. On REIN_OK the core owns *out until close();
     * otherwise *out is NULL. `host` stays valid until close(). [device thread, may block]
     */
    ReinStatus (*open)(const char *id, const ReinHost *host, ReinPluginDevice **out, ReinMsg *msg);

    /* Cannot fail; NULL is a no-op; every job has been cleaned up. [device thread, may block] */
    void (*close)(ReinPluginDevice *device);

    /*
     * Makes a program of `source` for `job`, looked up first among what the plugin was built with,
     * then in its disk cache, then compiled. All launch variants are ready on return. On REIN_OK the
     * program is valid until discard() or cleanup(). On REIN_ERR_BUILD `msg` is the compiler's log,
     * with line numbers of the user's text. [device thread, may block]
     */
    ReinStatus (*build)(ReinPluginDevice *device, uint64_t job, const ReinSource *source,
                        uint64_t *program, ReinMsg *msg);

    /* Drops one program of `job`. [device thread] */
    ReinStatus (*discard)(ReinPluginDevice *device, uint64_t job, uint64_t program, ReinMsg *msg);

    /*
     * A buffer of `size` bytes (at least 1), zeroed, aligned to 64 bytes, valid until release() or
     * cleanup(). `usage` is of REIN_BUFFER_*. REIN_ERR_OUT_OF_MEMORY if it does not fit; then nothing
     * is held. [device thread]
     */
    ReinStatus (*allocate)(ReinPluginDevice *device, uint64_t job, uint64_t size, uint32_t usage,
                           uint64_t *buffer, ReinMsg *msg);

    /* Gives one buffer of `job` back. [device thread] */
    ReinStatus (*release)(ReinPluginDevice *device, uint64_t job, uint64_t buffer, ReinMsg *msg);

    /* Copies `size` bytes to `offset` of `buffer`; done on return. [device thread, may block] */
    ReinStatus (*write)(ReinPluginDevice *device, uint64_t job, uint64_t buffer, uint64_t offset,
                        const void *data, uint64_t size, ReinMsg *msg);

    /* Copies `size` bytes from `offset` of `buffer`; done on return. [device thread, may block] */
    ReinStatus (*read)(ReinPluginDevice *device, uint64_t job, uint64_t buffer, uint64_t offset,
                       void *data, uint64_t size, ReinMsg *msg);

    /*
     * Runs `slice` of `job` to its end, to its budget, or until *stop is not zero, whichever is
     * first; REIN_OK in all three, `report` says how far it came. Does at least one round, or one item
     * of a range, unless *stop is set. Keeps no pointer and no running work after the call. Reads
     * `stop` before each launch and inside long loops; begins no launch after it saw it set.
     * [device thread, may block]
     */
    ReinStatus (*run_fitness)(ReinPluginDevice *device, uint64_t job, const ReinSlice *slice,
                              const volatile uint32_t *stop, ReinSliceReport *report, ReinMsg *msg);

    /* What the plugin holds for `job`; all zero for a job it does not know. [device thread] */
    void (*usage)(ReinPluginDevice *device, uint64_t job, ReinUsage *usage);

    /*
     * Drops all the plugin holds for `job` and trims its pools; says what that was. Legal in any
     * state, any number of times, cannot fail. Only called while no run_fitness() is running.
     * [device thread, may block]
     */
    void (*cleanup)(ReinPluginDevice *device, uint64_t job, ReinUsage *released);

    /*
     * (optional) Free and total bytes of the device as its driver sees them, all processes counted.
     * [device thread]
     */
    ReinStatus (*memory_info)(ReinPluginDevice *device, uint64_t *free_size, uint64_t *total_size,
                              ReinMsg *msg);

    /*
     * (optional) Cuts the running slice of `job` short if the driver can; a no-op when no slice of it
     * runs. Called between the end of open() and the beginning of close(). Returns at once.
     * [any thread]
     */
    void (*interrupt)(ReinPluginDevice *device, uint64_t job);

    /*
     * (optional) Calls `found` once for each driver that can be used without the others; runs no code
     * of any of them. The core then starts a process for each with that driver's environment, and
     * calls probe() there, so that a driver which crashes or hangs costs its own devices and no
     * others; open() is called in a process with the same environment. None is REIN_OK with the reason
     * in `msg`. Without this slot the plugin has one driver, and asks nothing of the environment. [a
     * thread of the core's choice, one at a time, may block]
     */
    ReinStatus (*drivers)(const ReinHost *host, ReinDriverCb found, void *context, ReinMsg *msg);
} ReinPluginTable;

/*
 * The one symbol a plugin exports. Returns a table that lives as long as the library; runs no driver
 * code. [any thread]
 */
#define REIN_PLUGIN_SYMBOL "rein_plugin"
typedef const ReinPluginTable *(*ReinPluginEntry)(void);

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const ReinPluginTable *
rein_plugin(void);

/* Whether the core has raised the stop flag; for use between launches and inside long loops. */
static inline int
rein_stop_requested(const volatile uint32_t *stop)
{
#if defined(__GNUC__)
    return stop != NULL && __atomic_load_n(stop, __ATOMIC_ACQUIRE) != 0;
#else
    return stop != NULL && *stop != 0;
#endif
}

#ifdef __cplusplus
}
#endif
