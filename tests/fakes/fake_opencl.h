/* SPDX-License-Identifier: MIT */

/*
 * What a test asks of the fake OpenCL loader, which hands every call on to libOpenCL.so.1 but the one
 * that is to fail, and keeps count of the objects that are made and released. Found by dlsym() in the
 * library that the plugin was given as opencl.library. [one thread]
 */

#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The `nth` call (from 1; 0: none) of `function` from now on answers `code`. Counts begin anew. */
typedef void (*FakeOpenclFail)(const char *function, uint32_t nth, int32_t code);

/* How often `function` was called since then. */
typedef uint32_t (*FakeOpenclCalls)(const char *function);

/* Objects that live, of all kinds; `first` becomes what made the first of them, "" if none does. */
typedef uint32_t (*FakeOpenclLive)(const char **first);

/* Releases of what did not live any more, or never did. */
typedef uint32_t (*FakeOpenclStrange)(void);

#ifdef __cplusplus
}
#endif
