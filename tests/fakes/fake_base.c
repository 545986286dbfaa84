/* SPDX-License-Identifier: MIT */

#include "fake_base.h"

#include <stdio.h>
#include <string.h>

#ifndef FAKE_DEVICES
#define FAKE_DEVICES FAKE_NAME ":0"
#endif
#ifndef FAKE_FLAGS
#define FAKE_FLAGS REIN_DEVICE_IS_CPU
#endif

struct ReinPluginDevice {
    int is_open;
};

void
fake_say(ReinMsg *msg, const char *text)
{
    snprintf(msg->text, msg->size, "%s", text);
}

ReinDeviceInfo
fake_device_info(const char *id)
{
    ReinDeviceInfo info = {
        .struct_size = sizeof info,
        .flags = FAKE_FLAGS,
        .n_units = 2,
        .interleave = 1,
        .memory_size = 1u << 20,
        .vendor = "rein tests",
        .driver = "fake 1.0",
        .pci = "0000:01:00.0",
    };

    snprintf(info.id, sizeof info.id, "%s", id);
    snprintf(info.name, sizeof info.name, "device %s", id);
    return info;
}

ReinStatus
fake_probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg)
{
    char list[] = FAKE_DEVICES;
    char *rest = NULL;

    (void)host;
    (void)msg;
    for (char *id = strtok_r(list, ",", &rest); id != NULL; id = strtok_r(NULL, ",", &rest)) {
        ReinDeviceInfo info = fake_device_info(id);

        found(context, &info);
    }
    return REIN_OK;
}

static ReinStatus
fake_open(const char *id, const ReinHost *host, ReinPluginDevice **out, ReinMsg *msg)
{
    static struct ReinPluginDevice device;

    (void)host;
    *out = NULL;
    if (strstr("," FAKE_DEVICES ",", id) == NULL) {
        fake_say(msg, "no such device");
        return REIN_ERR_NO_DEVICE;
    }
    *out = &device;
    return REIN_OK;
}

static void
fake_close(ReinPluginDevice *device)
{
    (void)device;
}

static ReinStatus
cannot(ReinMsg *msg)
{
    fake_say(msg, "this fake cannot compute");
    return REIN_ERR_UNSUPPORTED;
}

static ReinStatus
fake_build(ReinPluginDevice *device, uint64_t job, const ReinSource *source, uint64_t *program,
           ReinMsg *msg)
{
    (void)device;
    (void)job;
    (void)source;
    *program = 0;
    return cannot(msg);
}

static ReinStatus
fake_give_back(ReinPluginDevice *device, uint64_t job, uint64_t token, ReinMsg *msg)
{
    (void)device;
    (void)job;
    (void)token;
    return cannot(msg);
}

static ReinStatus
fake_allocate(ReinPluginDevice *device, uint64_t job, uint64_t size, uint32_t usage,
              uint64_t *buffer, ReinMsg *msg)
{
    (void)device;
    (void)job;
    (void)size;
    (void)usage;
    *buffer = 0;
    return cannot(msg);
}

static ReinStatus
fake_write(ReinPluginDevice *device, uint64_t job, uint64_t buffer, uint64_t offset,
           const void *data, uint64_t size, ReinMsg *msg)
{
    (void)data;
    (void)offset;
    (void)size;
    return fake_give_back(device, job, buffer, msg);
}

static ReinStatus
fake_read(ReinPluginDevice *device, uint64_t job, uint64_t buffer, uint64_t offset, void *data,
          uint64_t size, ReinMsg *msg)
{
    return fake_write(device, job, buffer, offset, data, size, msg);
}

static ReinStatus
fake_run_fitness(ReinPluginDevice *device, uint64_t job, const ReinSlice *slice,
                 const volatile uint32_t *stop, ReinSliceReport *report, ReinMsg *msg)
{
    (void)device;
    (void)job;
    (void)slice;
    (void)stop;
    (void)report;
    return cannot(msg);
}

static void
fake_usage(ReinPluginDevice *device, uint64_t job, ReinUsage *usage)
{
    (void)device;
    (void)job;
    *usage = (ReinUsage){ .struct_size = sizeof *usage };
}

ReinPluginTable
fake_base_table(void)
{
    return (ReinPluginTable){
        .abi_major = REIN_ABI_MAJOR,
        .abi_minor = REIN_ABI_MINOR,
        .struct_size = sizeof(ReinPluginTable),
        .name = FAKE_NAME,
        .version = "1.0",
        .probe = fake_probe,
        .open = fake_open,
        .close = fake_close,
        .build = fake_build,
        .discard = fake_give_back,
        .allocate = fake_allocate,
        .release = fake_give_back,
        .write = fake_write,
        .read = fake_read,
        .run_fitness = fake_run_fitness,
        .usage = fake_usage,
        .cleanup = fake_usage,
    };
}
