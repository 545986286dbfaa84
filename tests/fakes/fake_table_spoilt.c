/* SPDX-License-Identifier: MIT */

/* A table that is wrong, or old, or new, in the one way that CMakeLists.txt chooses. */

#include "fake_base.h"

#include <stddef.h>
#include <string.h>

#define SPOIL_MAJOR 1
#define SPOIL_TINY 2
#define SPOIL_ENDS_BEFORE_CLEANUP 3
#define SPOIL_ENDS_AFTER_CLEANUP 4
#define SPOIL_LARGE 5
#define SPOIL_NULL_SLOT 6
#define SPOIL_NAME 7
#define SPOIL_UNLOADABLE 8

/* What lies behind a table is not the table's: here it is nothing that could be called. */
typedef struct {
    ReinPluginTable table;
    unsigned char behind[256];
} Place;

const ReinPluginTable *
rein_plugin(void)
{
    static Place place;

    memset(&place, 0xa5, sizeof place);
#if FAKE_SPOIL == SPOIL_MAJOR
    /* only the first word can be relied upon: the rest stays as it is */
    place.table.abi_major = REIN_ABI_MAJOR + 7;
#elif FAKE_SPOIL == SPOIL_TINY
    place.table.abi_major = REIN_ABI_MAJOR;
    place.table.struct_size = 8;
#elif FAKE_SPOIL == SPOIL_ENDS_BEFORE_CLEANUP || FAKE_SPOIL == SPOIL_ENDS_AFTER_CLEANUP
    const ReinPluginTable base = fake_base_table();
    size_t size = FAKE_SPOIL == SPOIL_ENDS_BEFORE_CLEANUP ? offsetof(ReinPluginTable, cleanup)
                                                          : offsetof(ReinPluginTable, memory_info);

    memcpy(&place.table, &base, size);
    place.table.struct_size = (uint32_t)size;
#else
    place.table = fake_base_table();
#endif
#if FAKE_SPOIL == SPOIL_LARGE
    place.table.abi_minor = REIN_ABI_MINOR + 3;
    place.table.struct_size = sizeof place;
#elif FAKE_SPOIL == SPOIL_NULL_SLOT
    place.table.run_fitness = NULL;
#elif FAKE_SPOIL == SPOIL_NAME
    place.table.name = "Fancy Name";
#elif FAKE_SPOIL == SPOIL_UNLOADABLE
    place.table.flags = REIN_PLUGIN_UNLOADABLE;
#endif
    return &place.table;
}
