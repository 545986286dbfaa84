/* SPDX-License-Identifier: MIT */

/* An entry that is wrong in the one way that CMakeLists.txt chooses. */

#include <stddef.h>

#define ENTRY_MISSING 1
#define ENTRY_DATA 2
#define ENTRY_NULL 3
#define ENTRY_UNDEFINED 4

#if FAKE_ENTRY == ENTRY_MISSING
int fake_other_symbol(void);

int
fake_other_symbol(void)
{
    return 1;
}
#elif FAKE_ENTRY == ENTRY_DATA
extern const unsigned char rein_plugin[64];
__attribute__((visibility("default"))) const unsigned char rein_plugin[64] = { 0xff };
#elif FAKE_ENTRY == ENTRY_NULL
#include <rein/plugin_abi.h>

const ReinPluginTable *
rein_plugin(void)
{
    return NULL;
}
#elif FAKE_ENTRY == ENTRY_UNDEFINED
#include <rein/plugin_abi.h>

const ReinPluginTable *fake_that_nobody_defines(void);

const ReinPluginTable *
rein_plugin(void)
{
    return fake_that_nobody_defines();
}
#endif
