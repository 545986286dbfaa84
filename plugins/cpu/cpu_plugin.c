/* SPDX-License-Identifier: MIT */

#include "cpu_device.h"

static const ReinPluginTable table = {
    .abi_major = REIN_ABI_MAJOR,
    .abi_minor = REIN_ABI_MINOR,
    .struct_size = sizeof table,
    .flags = REIN_PLUGIN_UNLOADABLE,
    .name = CPU_PLUGIN_NAME,
    .version = CPU_PLUGIN_VERSION,
    .probe = cpu_device_probe,
    .open = cpu_device_open,
    .close = cpu_device_close,
    .build = cpu_program_build,
    .discard = cpu_program_discard,
    .allocate = cpu_buffer_allocate,
    .release = cpu_buffer_release,
    .write = cpu_buffer_write,
    .read = cpu_buffer_read,
    .run_fitness = cpu_run_fitness,
    .usage = cpu_device_usage,
    .cleanup = cpu_device_cleanup,
    .memory_info = cpu_device_memory_info,
    .interrupt = NULL, /* the stop flag is read between chunks: there is nothing to cut short */
};

const ReinPluginTable *
rein_plugin(void)
{
    return &table;
}
