/* SPDX-License-Identifier: MIT */

/* A plugin with nothing wrong; CMakeLists.txt gives it a name and devices. */

#include "fake_base.h"

const ReinPluginTable *
rein_plugin(void)
{
    static ReinPluginTable table;

    table = fake_base_table();
    return &table;
}
