/* SPDX-License-Identifier: MIT */

#include "cpu_device.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_machine.h"
#include "plugin_check.h"
#include "plugin_msg.h"

ReinStatus
cpu_device_probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg)
{
    ReinDeviceInfo info = {
        .struct_size = sizeof info,
        .flags = REIN_DEVICE_IS_CPU | REIN_DEVICE_KEEPS_DENORMALS | REIN_DEVICE_UNIFIED_MEMORY,
        .n_units = cpu_machine_cores(),
        .interleave = CPU_INTERLEAVE,
        .id = CPU_DEVICE_ID,
        .name = "processor",
    };
    CpuMemory memory = { 0 };
    CpuSettings settings = { 0 };
    ReinStatus status = rein_host_check(host, msg);

    if (status != REIN_OK || found == NULL) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT, "probe without a host or a callback");
    }
    cpu_machine_describe("model name", info.name, sizeof info.name);
    cpu_machine_describe("vendor_id", info.vendor, sizeof info.vendor);
    cpu_machine_memory(&memory);
    info.memory_size = memory.available;
    /* a wrong setting is open()'s to report: the device is there all the same */
    cpu_settings_read(&settings, host, NULL);
    snprintf(info.driver, sizeof info.driver, "native, %s", cpu_level_name(settings.level));

    found(context, &info);
    return REIN_OK;
}

ReinStatus
cpu_device_open(const char *id, const ReinHost *host, ReinPluginDevice **out, ReinMsg *msg)
{
    ReinPluginDevice *device = NULL;
    ReinStatus status = REIN_OK;

    *out = NULL;
    status = rein_host_check(host, msg);
    if (status != REIN_OK) {
        return status;
    }
    if (id == NULL || strcmp(id, CPU_DEVICE_ID) != 0) {
        return rein_msg_fail(msg, REIN_ERR_NO_DEVICE, "no device '%s': there is only %s",
                             id != NULL ? id : "", CPU_DEVICE_ID);
    }
    device = calloc(1, sizeof *device);
    if (device == NULL) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY, "open %s: out of memory", id);
    }

    device->host = host;
    device->buffers.kind = "buffer";
    device->programs.kind = "program";
    status = cpu_settings_read(&device->settings, host, msg);
    if (status == REIN_OK) {
        status = cpu_pool_open(&device->pool, device->settings.n_threads, msg);
    }
    if (status != REIN_OK) {
        cpu_device_close(device); /* copes with a half-built device */
        return status;
    }
    rein_host_log(host, REIN_LOG_INFO, "%s: level %s, %u threads", CPU_DEVICE_ID,
                  cpu_level_name(device->settings.level), device->settings.n_threads);
    *out = device;
    return REIN_OK;
}

void
cpu_device_close(ReinPluginDevice *device)
{
    if (device == NULL) {
        return;
    }
    cpu_pool_close(device->pool);
    rein_held_clear(&device->programs, cpu_program_end, device);
    rein_held_clear(&device->buffers, cpu_buffer_end, device);
    free(device->stages);
    free(device);
}

uint64_t
cpu_device_token(ReinPluginDevice *device)
{
    device->last_token++;
    return device->last_token;
}

void
cpu_device_usage(ReinPluginDevice *device, uint64_t job, ReinUsage *usage)
{
    ReinUsage counted = { .struct_size = sizeof counted };

    counted.n_buffers = rein_held_count(&device->buffers, job, &counted.size);
    counted.n_programs = rein_held_count(&device->programs, job, NULL);
    rein_struct_give(usage, &counted, sizeof counted);
}

void
cpu_device_cleanup(ReinPluginDevice *device, uint64_t job, ReinUsage *released)
{
    cpu_device_usage(device, job, released);
    rein_held_end_job(&device->programs, job, cpu_program_end, device);
    rein_held_end_job(&device->buffers, job, cpu_buffer_end, device);
}

ReinStatus
cpu_device_memory_info(ReinPluginDevice *device, uint64_t *free_size, uint64_t *total_size,
                       ReinMsg *msg)
{
    CpuMemory memory = { 0 };

    (void)device;
    if (!cpu_machine_memory(&memory)) {
        return rein_msg_fail(msg, REIN_ERR_UNSUPPORTED, "/proc/meminfo cannot be read");
    }
    *free_size = memory.available;
    *total_size = memory.total;
    return REIN_OK;
}
