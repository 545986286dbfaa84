/* SPDX-License-Identifier: MIT */

/* A probe that answers in the one way that CMakeLists.txt chooses. */

#include "fake_base.h"

#include <stdio.h>
#include <string.h>

#define PROBE_FAILS 1
#define PROBE_NONE 2
#define PROBE_SILENT 3
#define PROBE_STRANGE 4
#define PROBE_MANY 5
#define PROBE_SETTINGS 6
#define PROBE_UNKNOWN_STATUS 7

#if FAKE_PROBE == PROBE_FAILS || FAKE_PROBE == PROBE_UNKNOWN_STATUS
static ReinStatus
probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg)
{
    ReinDeviceInfo info = fake_device_info(FAKE_NAME ":0");

    (void)host;
    found(context, &info);
    fake_say(msg, "driver answered with error 42");
    return FAKE_PROBE == PROBE_FAILS ? REIN_ERR_FAILED : 4711;
}
#elif FAKE_PROBE == PROBE_NONE || FAKE_PROBE == PROBE_SILENT
static ReinStatus
probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg)
{
    (void)host;
    (void)found;
    (void)context;
    if (FAKE_PROBE == PROBE_NONE) {
        fake_say(msg, "libfake.so.1 is not installed");
    }
    return REIN_OK;
}
#elif FAKE_PROBE == PROBE_STRANGE
/* Fills the message to the last byte, without a NUL, with bytes that are no UTF-8. */
static ReinStatus
probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg)
{
    static const char *const bad_ids[] = {
        "other:0",        FAKE_NAME,
        FAKE_NAME ":",    FAKE_NAME ":0",
        FAKE_NAME ":a b", FAKE_NAME ":\xc3\xa9",
        FAKE_NAME "x:0",  "",
    };
    ReinDeviceInfo info = fake_device_info(FAKE_NAME ":0");

    (void)host;
    memset(info.name, 0xff, sizeof info.name);
    memset(info.vendor, '\033', sizeof info.vendor);
    found(context, &info);
    for (size_t i = 0; i < sizeof bad_ids / sizeof bad_ids[0]; i++) {
        info = fake_device_info(bad_ids[i]);
        found(context, &info);
    }
    info = fake_device_info(FAKE_NAME ":unterminated");
    memset(info.id + 8, 'x', sizeof info.id - 8);
    found(context, &info);
    info = fake_device_info(FAKE_NAME ":interleave");
    info.interleave = 3;
    found(context, &info);
    info = fake_device_info(FAKE_NAME ":short");
    info.struct_size = 8;
    found(context, &info);
    found(context, NULL);
    memset(msg->text, 0xfe, msg->size);
    return REIN_OK;
}
#elif FAKE_PROBE == PROBE_MANY
static ReinStatus
probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg)
{
    (void)host;
    (void)msg;
    for (int i = 0; i < 300; i++) {
        char id[64];

        snprintf(id, sizeof id, FAKE_NAME ":%d", i);
        ReinDeviceInfo info = fake_device_info(id);
        found(context, &info);
    }
    return REIN_OK;
}
#elif FAKE_PROBE == PROBE_SETTINGS
static ReinStatus
probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg)
{
    const char *color = host->setting(host->context, "color");
    const char *other = host->setting(host->context, "other");

    (void)found;
    (void)context;
    snprintf(msg->text, msg->size, "color=%s other=%s cache=%s scratch=%s threads=%u",
             color != NULL ? color : "none", other != NULL ? other : "none",
             host->cache_directory != NULL ? host->cache_directory : "none",
             host->scratch_directory != NULL ? host->scratch_directory : "none",
             host->thread_limit);
    return REIN_OK;
}
#endif

const ReinPluginTable *
rein_plugin(void)
{
    static ReinPluginTable table;

    table = fake_base_table();
    table.probe = probe;
    return &table;
}
