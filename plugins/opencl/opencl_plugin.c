/* SPDX-License-Identifier: MIT */

#include "opencl_buffer.h"
#include "opencl_device.h"
#include "opencl_driver.h"
#include "opencl_program.h"
#include "opencl_run.h"

static const ReinPluginTable table = {
    .abi_major = REIN_ABI_MAJOR,
    .abi_minor = REIN_ABI_MINOR,
    .struct_size = sizeof table,
    .flags = 0, /* drivers leave threads and exit handlers behind: never unloaded */
    .name = OPENCL_PLUGIN_NAME,
    .version = OPENCL_PLUGIN_VERSION,
    .probe = opencl_device_probe,
    .open = opencl_device_open,
    .close = opencl_device_close,
    .build = opencl_program_build,
    .discard = opencl_program_discard,
    .allocate = opencl_buffer_allocate,
    .release = opencl_buffer_release,
    .write = opencl_buffer_write,
    .read = opencl_buffer_read,
    .run_fitness = opencl_run_fitness,
    .usage = opencl_device_usage,
    .cleanup = opencl_device_cleanup,
    .memory_info = NULL, /* OpenCL does not tell how much is free */
    .interrupt = NULL,   /* OpenCL cannot end a kernel that has begun */
    .drivers = opencl_driver_list,
};

const ReinPluginTable *
rein_plugin(void)
{
    return &table;
}
