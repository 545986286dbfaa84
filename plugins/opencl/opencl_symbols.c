/* SPDX-License-Identifier: MIT */

#include "opencl_symbols.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "plugin_msg.h"

#define LIBRARY "libOpenCL.so.1"

typedef struct Symbol {
    const char *name;
    size_t offset;
} Symbol;

static const Symbol symbols[] = {
#define OPENCL_SYMBOL(name) { #name, offsetof(OpenclSymbols, name) },
#include "opencl_symbols.inc"
#undef OPENCL_SYMBOL
};

ReinStatus
opencl_symbols_load(OpenclSymbols *self, const ReinHost *host, ReinMsg *msg)
{
    const char *setting = host->setting(host->context, "library");
    const char *name = setting != NULL ? setting : LIBRARY;
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL) {
        return rein_msg_fail(msg, REIN_ERR_NO_DEVICE, "no OpenCL loader: %s (%s)", dlerror(),
                             setting != NULL ? "see the setting opencl.library"
                                             : "install one, on Debian ocl-icd-libopencl1");
    }
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        void *symbol = dlsym(library, symbols[i].name);
        if (symbol == NULL) {
            return rein_msg_fail(msg, REIN_ERR_NO_DEVICE,
                                 "the OpenCL loader %s has no %s: OpenCL 1.2 is needed", name,
                                 symbols[i].name);
        }
        memcpy((char *)self + symbols[i].offset, &symbol, sizeof symbol);
    }
    return REIN_OK;
}
