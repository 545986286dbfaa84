/* SPDX-License-Identifier: MIT */

#include "opencl_platform.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "opencl_status.h"
#include "plugin_msg.h"

#define CPU_INTERLEAVE 16u         /* as the CPU plugin: one tile fills the widest vectors */
#define GPU_INTERLEAVE 32u         /* lanes that read memory together */
#define PLATFORM_NOT_FOUND (-1001) /* cl_khr_icd */
#define POCL "Portable Computing Language"

/* cl_khr_pci_bus_info and its forerunners by two vendors; not in every cl_ext.h. */
#define DEVICE_PCI_BUS_INFO_KHR 0x410F
#define DEVICE_PCI_BUS_ID_NV 0x4008
#define DEVICE_PCI_SLOT_ID_NV 0x4009
#define DEVICE_PCI_DOMAIN_ID_NV 0x400A
#define DEVICE_TOPOLOGY_AMD 0x4037

/* Platforms whose names make poor ids; any other gets its own name in small letters. */
static const struct {
    const char *begins;
    const char *short_name;
} short_names[] = {
    { POCL, "pocl" },
    { "NVIDIA", "nvidia" },
    { "AMD", "amd" },
};

static void
add_reason(ReinMsg *msg, const char *text)
{
    const size_t length = msg != NULL && msg->size > 0 ? strlen(msg->text) : 0;

    if (msg == NULL || msg->size == 0) {
        return;
    }
    snprintf(msg->text + length, msg->size - length, "%s%s", length > 0 ? "; " : "", text);
}

/* "" if the platform does not tell. */
static cl_int
platform_text(const OpenclSymbols *cl, cl_platform_id platform, cl_platform_info key, char *text,
              size_t size)
{
    const cl_int code = cl->clGetPlatformInfo(platform, key, size - 1, text, NULL);

    if (code != CL_SUCCESS) {
        text[0] = '\0';
    }
    text[size - 1] = '\0';
    return code;
}

/* "" where the device does not say; what it answered instead. */
static cl_int
device_text(const OpenclSymbols *cl, cl_device_id device, cl_device_info key, char *text,
            size_t size)
{
    size_t full_size = 0;
    char *full = NULL;
    cl_int code = cl->clGetDeviceInfo(device, key, 0, NULL, &full_size);

    text[0] = '\0';
    if (code != CL_SUCCESS) {
        return code;
    }
    full = calloc(1, full_size + 1);
    if (full == NULL) {
        return CL_OUT_OF_HOST_MEMORY;
    }
    code = cl->clGetDeviceInfo(device, key, full_size, full, NULL);
    if (code == CL_SUCCESS) {
        snprintf(text, size, "%s", full);
    }
    free(full);
    return code;
}

/* A number of at most 64 bits; 0 where the device does not say. */
static uint64_t
device_number(const OpenclSymbols *cl, cl_device_id device, cl_device_info key, size_t size)
{
    uint64_t value = 0;

    if (cl->clGetDeviceInfo(device, key, size, &value, NULL) != CL_SUCCESS) {
        return 0;
    }
    return value;
}

/* The same of what the card cannot be used without: the first that is not answered is kept. */
static uint64_t
must_know(const OpenclSymbols *cl, OpenclCard *card, cl_device_info key, size_t size)
{
    uint64_t value = 0;
    const cl_int code = cl->clGetDeviceInfo(card->device, key, size, &value, NULL);

    if (code != CL_SUCCESS && card->code == CL_SUCCESS) {
        card->code = code;
    }
    return code == CL_SUCCESS ? value : 0;
}

/* "pocl" for "Portable Computing Language": [a-z0-9-]. */
static void
make_short_name(const char *name, char *text, size_t size)
{
    size_t length = 0;

    for (size_t i = 0; i < sizeof short_names / sizeof short_names[0]; i++) {
        if (strncmp(name, short_names[i].begins, strlen(short_names[i].begins)) == 0) {
            snprintf(text, size, "%s", short_names[i].short_name);
            return;
        }
    }
    for (; *name != '\0' && length + 1 < size; name++) {
        if (isalnum((unsigned char)*name)) {
            text[length++] = (char)tolower((unsigned char)*name);
        } else if (length > 0 && text[length - 1] != '-') {
            text[length++] = '-';
        }
    }
    while (length > 0 && text[length - 1] == '-') {
        length--;
    }
    text[length] = '\0';
    if (length == 0) {
        snprintf(text, size, "unnamed");
    }
}

/* What cl_khr_pci_bus_info answers, and what AMD's older extension does. */
typedef struct PciInfo {
    uint32_t domain;
    uint32_t bus;
    uint32_t device;
    uint32_t function;
} PciInfo;

static void
read_pci(const OpenclSymbols *cl, cl_device_id device, char *text, size_t size)
{
    PciInfo info = { 0 };
    unsigned char amd[24] = { 0 };

    if (cl->clGetDeviceInfo(device, DEVICE_PCI_BUS_INFO_KHR, sizeof info, &info, NULL) !=
        CL_SUCCESS) {
        const uint64_t slot = device_number(cl, device, DEVICE_PCI_SLOT_ID_NV, sizeof(cl_uint));
        info = (PciInfo){
            .domain = (uint32_t)device_number(cl, device, DEVICE_PCI_DOMAIN_ID_NV, sizeof(cl_uint)),
            .bus = (uint32_t)device_number(cl, device, DEVICE_PCI_BUS_ID_NV, sizeof(cl_uint)),
            .device = (uint32_t)slot >> 3,
            .function = (uint32_t)slot & 7u,
        };
    }
    if (info.bus == 0 && info.device == 0 &&
        cl->clGetDeviceInfo(device, DEVICE_TOPOLOGY_AMD, sizeof amd, amd, NULL) == CL_SUCCESS) {
        info = (PciInfo){ .bus = amd[21], .device = amd[22], .function = amd[23] };
    }
    if (info.bus != 0 || info.device != 0) {
        snprintf(text, size, "%04x:%02x:%02x.%x", info.domain, info.bus, info.device,
                 info.function);
    }
}

/* PoCL links kernels with a program, and ends the process where that is missing. */
static bool
has_linker(void)
{
    const char *path = getenv("PATH");
    char file[4096];

    while (path != NULL && *path != '\0') {
        const size_t length = strcspn(path, ":");
        const int size = snprintf(file, sizeof file, "%.*s/ld", (int)length, path);
        if (size > 0 && (size_t)size < sizeof file && access(file, X_OK) == 0) {
            return true;
        }
        path += length + (path[length] == ':');
    }
    return false;
}

/* Why the device cannot be used, or NULL. */
static const char *
fault_of(const OpenclCard *card)
{
    unsigned major = 0;
    unsigned minor = 0;

    if (card->code != CL_SUCCESS) {
        return opencl_status_name(card->code);
    }
    if (!card->is_available) {
        return "it is not available";
    }
    if (sscanf(card->version, "OpenCL %u.%u", &major, &minor) != 2 || major < 1 ||
        (major == 1 && minor < 2)) {
        return "it is older than OpenCL 1.2";
    }
    if (!card->has_compiler) {
        return "it has no compiler";
    }
    if (card->max_group == 0 || card->info.memory_size == 0) {
        return "it does not say how much it can do";
    }
    if (card->is_pocl && card->is_cpu && !has_linker()) {
        return "PoCL builds kernels with the linker ld, which is not in PATH (on Debian it is in "
               "binutils)";
    }
    return NULL;
}

static void
describe(const OpenclSymbols *cl, OpenclCard *card, const char *short_name)
{
    ReinDeviceInfo *info = &card->info;
    cl_device_id device = card->device;
    char version[40] = "";
    const uint64_t type = must_know(cl, card, CL_DEVICE_TYPE, sizeof(cl_device_type));
    const uint64_t config =
        must_know(cl, card, CL_DEVICE_SINGLE_FP_CONFIG, sizeof(cl_device_fp_config));

    card->is_cpu = (type & CL_DEVICE_TYPE_CPU) != 0;
    card->divides_exactly = (config & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0;
    card->is_available = must_know(cl, card, CL_DEVICE_AVAILABLE, sizeof(cl_bool)) != 0;
    card->has_compiler = must_know(cl, card, CL_DEVICE_COMPILER_AVAILABLE, sizeof(cl_bool)) != 0;
    card->max_buffer_size = must_know(cl, card, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(cl_ulong));
    card->max_group = (uint32_t)must_know(cl, card, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof(size_t));

    info->flags = card->is_cpu ? REIN_DEVICE_IS_CPU : REIN_DEVICE_IS_GPU;
    info->flags |= (config & CL_FP_DENORM) != 0 ? REIN_DEVICE_KEEPS_DENORMALS : 0;
    info->flags |= device_number(cl, device, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof(cl_bool)) != 0
                       ? REIN_DEVICE_UNIFIED_MEMORY
                       : 0;
    info->n_units = (uint32_t)must_know(cl, card, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(cl_uint));
    info->interleave = card->is_cpu ? CPU_INTERLEAVE : GPU_INTERLEAVE;
    info->memory_size = must_know(cl, card, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof(cl_ulong));
    const cl_int code =
        device_text(cl, device, CL_DEVICE_VERSION, card->version, sizeof card->version);
    card->code = card->code == CL_SUCCESS ? code : card->code;
    device_text(cl, device, CL_DEVICE_NAME, info->name, sizeof info->name);
    device_text(cl, device, CL_DEVICE_VENDOR, info->vendor, sizeof info->vendor);
    device_text(cl, device, CL_DRIVER_VERSION, version, sizeof version);
    read_pci(cl, device, info->pci, sizeof info->pci);
    snprintf(info->driver, sizeof info->driver, "OpenCL, %.15s %s", short_name, version);
}

/* One platform as it is gone through. */
typedef struct Walk {
    const OpenclSymbols *cl;
    OpenclCardFn found;
    void *context;
    ReinMsg *msg;
    char names[OPENCL_MAX_PLATFORMS]
              [40]; /* short names, to count devices of platforms of one name */
    uint32_t n_devices[OPENCL_MAX_PLATFORMS];
    uint32_t n_names;
} Walk;

/* The number of the next device of a platform of this short name. */
static uint32_t
next_number(Walk *self, const char *short_name)
{
    uint32_t i = 0;

    while (i < self->n_names && strcmp(self->names[i], short_name) != 0) {
        i++;
    }
    if (i == self->n_names) {
        snprintf(self->names[i], sizeof self->names[i], "%s", short_name);
        self->n_names++;
    }
    return self->n_devices[i]++;
}

static void
say_no_device(const Walk *self, const char *short_name, const char *name, cl_int code)
{
    char reason[256];
    const char *hint = "";

    if (strcmp(short_name, "rusticl") == 0) {
        hint = " (it shows only the drivers named in RUSTICL_ENABLE)";
    } else if (strcmp(short_name, "pocl") == 0) {
        hint = " (it shows none where its cache folder, see POCL_CACHE_DIR, cannot be written)";
    }
    snprintf(reason, sizeof reason, "%s has no device: %s%s", name, opencl_status_name(code), hint);
    add_reason(self->msg, reason);
}

/* False once `found` wants no more. */
static bool
tell_card(Walk *self, const OpenclCard *card)
{
    char text[384] = "";
    char reason[512];
    ReinMsg fault = { .text = text, .size = sizeof text };
    bool wants_more = true;

    if (fault_of(card) != NULL) {
        rein_msg_set(&fault, "%s", fault_of(card));
    } else {
        wants_more = self->found(self->context, card, &fault);
    }
    if (text[0] != '\0') {
        snprintf(reason, sizeof reason, "%s: %s", card->info.id, text);
        add_reason(self->msg, reason);
    }
    return wants_more;
}

/* False once `found` wants no more. */
static bool
walk_platform(Walk *self, cl_platform_id platform)
{
    cl_device_id devices[OPENCL_MAX_DEVICES];
    cl_uint n_devices = 0;
    char name[128] = "";
    char short_name[40] = "";
    const OpenclSymbols *cl = self->cl;

    cl_int code = platform_text(cl, platform, CL_PLATFORM_NAME, name, sizeof name);
    if (code != CL_SUCCESS) {
        say_no_device(self, "", "a platform without a name", code);
        return true;
    }
    make_short_name(name, short_name, sizeof short_name);
    code =
        cl->clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, OPENCL_MAX_DEVICES, devices, &n_devices);
    if (code != CL_SUCCESS || n_devices == 0) {
        say_no_device(self, short_name, name, code != CL_SUCCESS ? code : CL_DEVICE_NOT_FOUND);
        return true;
    }
    for (cl_uint i = 0; i < n_devices && i < OPENCL_MAX_DEVICES; i++) {
        OpenclCard card = { .platform = platform,
                            .device = devices[i],
                            .info.struct_size = sizeof card.info,
                            .is_pocl = strcmp(name, POCL) == 0 };

        snprintf(card.info.id, sizeof card.info.id, OPENCL_PLUGIN_NAME ":%s:%u", short_name,
                 next_number(self, short_name));
        platform_text(cl, platform, CL_PLATFORM_VERSION, card.platform_version,
                      sizeof card.platform_version);
        describe(cl, &card, short_name);
        if (!tell_card(self, &card)) {
            return false;
        }
    }
    return true;
}

/* A loader that was told of a driver twice shows its platform twice. */
static bool
was_seen(const cl_platform_id *platforms, cl_uint index)
{
    for (cl_uint i = 0; i < index; i++) {
        if (platforms[i] == platforms[index]) {
            return true;
        }
    }
    return false;
}

ReinStatus
opencl_platform_each(const OpenclSymbols *cl, OpenclCardFn found, void *context, ReinMsg *msg)
{
    cl_platform_id platforms[OPENCL_MAX_PLATFORMS];
    cl_uint n_platforms = 0;
    Walk walk = { .cl = cl, .found = found, .context = context, .msg = msg };
    const cl_int code = cl->clGetPlatformIDs(OPENCL_MAX_PLATFORMS, platforms, &n_platforms);

    rein_msg_set(msg, "%s", "");
    if (code == PLATFORM_NOT_FOUND || (code == CL_SUCCESS && n_platforms == 0)) {
        add_reason(msg, "the OpenCL loader found no platform");
        return REIN_OK;
    }
    if (code != CL_SUCCESS) {
        return opencl_status_check(code, "clGetPlatformIDs", msg);
    }
    for (cl_uint i = 0; i < n_platforms && i < OPENCL_MAX_PLATFORMS; i++) {
        if (!was_seen(platforms, i) && !walk_platform(&walk, platforms[i])) {
            break;
        }
    }
    return REIN_OK;
}
