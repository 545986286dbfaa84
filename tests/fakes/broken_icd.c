/* SPDX-License-Identifier: MIT */

/* An OpenCL driver that is broken in the one way that CMakeLists.txt chooses. */

#include <CL/cl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BROKEN_LOAD_ABORTS 1
#define BROKEN_ADDRESS_ABORTS 2
#define BROKEN_ABORTS 3
#define BROKEN_EXITS 4   /* with status 3 */
#define BROKEN_HANGS 5   /* and ignores SIGTERM */
#define BROKEN_COUNTS 6  /* more platforms than there can be */
#define BROKEN_CRASHES 7 /* hands out a platform that is none */

#define EXPORT __attribute__((visibility("default")))

EXPORT void *clGetExtensionFunctionAddress(const char *name);
EXPORT cl_int clIcdGetPlatformIDsKHR(cl_uint n, cl_platform_id *platforms, cl_uint *n_platforms);

#if BROKEN == BROKEN_LOAD_ABORTS
__attribute__((constructor)) static void
load(void)
{
    abort();
}
#endif

cl_int
clIcdGetPlatformIDsKHR(cl_uint n, cl_platform_id *platforms, cl_uint *n_platforms)
{
    switch (BROKEN) {
    case BROKEN_ABORTS:
        abort();
    case BROKEN_EXITS:
        exit(3);
    case BROKEN_HANGS:
        signal(SIGTERM, SIG_IGN);
        for (;;) {
            pause();
        }
    default:
        break;
    }
    if (n_platforms != NULL) {
        *n_platforms = BROKEN == BROKEN_COUNTS ? 0x7FFFFFFFu : 1u;
    }
    if (platforms != NULL && n > 0) {
        platforms[0] = (cl_platform_id)(uintptr_t)8;
    }
    return CL_SUCCESS;
}

static cl_int CL_API_CALL
tell_nothing(cl_platform_id platform, cl_platform_info key, size_t size, void *value, size_t *full)
{
    (void)platform;
    (void)key;
    (void)size;
    (void)value;
    (void)full;
    return CL_INVALID_VALUE;
}

void *
clGetExtensionFunctionAddress(const char *name)
{
    if (BROKEN == BROKEN_ADDRESS_ABORTS) {
        abort();
    }
    if (strcmp(name, "clGetPlatformInfo") == 0) {
        return (void *)tell_nothing; /* loaders ask for it before they ask for platforms */
    }
    return strcmp(name, "clIcdGetPlatformIDsKHR") == 0 ? (void *)clIcdGetPlatformIDsKHR : NULL;
}
