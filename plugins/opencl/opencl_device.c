/* SPDX-License-Identifier: MIT */

#include "opencl_device.h"

#include <stdlib.h>
#include <string.h>

#include "opencl_buffer.h"
#include "opencl_program.h"
#include "opencl_run.h"
#include "opencl_status.h"
#include "opencl_trial.h"
#include "plugin_check.h"
#include "plugin_msg.h"

/*
 * A processor takes up one group after another, which costs as much as hundreds of instructions: few
 * items go one by one, so that each core has some, many in large groups. Elsewhere the least is what
 * runs in lockstep.
 */
static const uint32_t cpu_groups[OPENCL_N_GROUPS] = { 1, 16, 128 };
static const uint32_t gpu_groups[OPENCL_N_GROUPS] = { 32, 128, 256 };

/* ---- open and close ---- */

typedef struct Search {
    const char *id;
    OpenclCard card;
    bool is_found;
} Search;

static bool
match_card(void *context, const OpenclCard *card, ReinMsg *fault)
{
    Search *search = context;

    (void)fault;
    if (strcmp(card->info.id, search->id) == 0) {
        search->card = *card;
        search->is_found = true;
    }
    return !search->is_found;
}

static ReinStatus
find_card(ReinPluginDevice *device, const char *id, ReinMsg *msg)
{
    Search search = { .id = id };
    char text[REIN_MSG_SIZE / 2] = "";
    ReinMsg reasons = { .text = text, .size = sizeof text };
    ReinStatus status = opencl_platform_each(&device->cl, match_card, &search, &reasons);

    if (status != REIN_OK) {
        return rein_msg_fail(msg, status, "%s", text);
    }
    if (!search.is_found) {
        return rein_msg_fail(msg, REIN_ERR_NO_DEVICE, "no device '%s' in this process%s%s", id,
                             *text != '\0' ? ": " : "", text);
    }
    device->card = search.card;
    return REIN_OK;
}

static ReinStatus
open_queue(ReinPluginDevice *device, ReinMsg *msg)
{
    const cl_context_properties properties[] = { CL_CONTEXT_PLATFORM,
                                                 (cl_context_properties)device->card.platform, 0 };
    cl_int code = CL_SUCCESS;
    ReinStatus status = REIN_OK;

    device->context =
        device->cl.clCreateContext(properties, 1, &device->card.device, NULL, NULL, &code);
    status = opencl_status_check(code, "clCreateContext", msg);
    if (status != REIN_OK) {
        return status;
    }
    device->queue = device->cl.clCreateCommandQueue(device->context, device->card.device, 0, &code);
    return opencl_status_check(code, "clCreateCommandQueue", msg);
}

static void
close_queue(ReinPluginDevice *device)
{
    if (device->queue != NULL) {
        device->cl.clReleaseCommandQueue(device->queue);
    }
    if (device->context != NULL) {
        device->cl.clReleaseContext(device->context);
    }
}

static uint32_t
at_most(uint32_t value, uint32_t most)
{
    return value < most ? value : most;
}

ReinStatus
opencl_device_open(const char *id, const ReinHost *host, ReinPluginDevice **out, ReinMsg *msg)
{
    ReinPluginDevice *device = NULL;
    ReinStatus status = REIN_OK;

    *out = NULL;
    status = rein_host_check(host, msg);
    if (status != REIN_OK) {
        return status;
    }
    if (id == NULL) {
        return rein_msg_fail(msg, REIN_ERR_NO_DEVICE, "open without an id");
    }
    device = calloc(1, sizeof *device);
    if (device == NULL) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY, "open %s: out of memory", id);
    }

    device->host = host;
    device->buffers.kind = "buffer";
    device->programs.kind = "program";
    status = opencl_symbols_load(&device->cl, host, msg);
    if (status == REIN_OK) {
        status = find_card(device, id, msg);
    }
    if (status == REIN_OK) {
        status = open_queue(device, msg);
    }
    if (status == REIN_OK) {
        status = opencl_trial_run(device, msg);
    }
    if (status != REIN_OK) {
        opencl_device_close(device); /* copes with a half-built device */
        return status;
    }
    for (uint32_t i = 0; i < OPENCL_N_GROUPS; i++) {
        device->groups[i] =
            at_most(device->card.is_cpu ? cpu_groups[i] : gpu_groups[i], device->card.max_group);
    }
    rein_host_log(host, REIN_LOG_INFO, "%s: %s, %s", id, device->card.info.name,
                  device->card.platform_version);
    *out = device;
    return REIN_OK;
}

void
opencl_device_close(ReinPluginDevice *device)
{
    if (device == NULL) {
        return;
    }
    rein_held_clear(&device->programs, opencl_program_end, device);
    rein_held_clear(&device->buffers, opencl_buffer_end, device);
    close_queue(device);
    free(device->stages);
    free(device);
}

/* ---- probe ---- */

typedef struct Probe {
    const ReinHost *host;
    OpenclSymbols cl;
    ReinFoundCb found;
    void *context;
} Probe;

/* Only what a device computes shows whether it can be used; a wrong setting is open()'s to report. */
static bool
probe_card(void *context, const OpenclCard *card, ReinMsg *fault)
{
    const Probe *probe = context;
    ReinPluginDevice device = { .host = probe->host, .cl = probe->cl, .card = *card };
    ReinStatus status = open_queue(&device, fault);

    if (status == REIN_OK) {
        status = opencl_trial_run(&device, fault);
    }
    close_queue(&device);
    if (status == REIN_OK || status == REIN_ERR_INVALID_ARGUMENT) {
        rein_msg_set(fault, "%s", "");
        probe->found(probe->context, &card->info);
    }
    return true;
}

ReinStatus
opencl_device_probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg)
{
    Probe probe = { .host = host, .found = found, .context = context };
    ReinStatus status = rein_host_check(host, msg);

    if (status != REIN_OK || found == NULL) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT, "probe without a host or a callback");
    }
    status = opencl_symbols_load(&probe.cl, host, msg);
    if (status == REIN_ERR_NO_DEVICE) {
        return REIN_OK; /* none is a fine answer, and the message says why */
    }
    return opencl_platform_each(&probe.cl, probe_card, &probe, msg);
}

/* ---- small things ---- */

uint64_t
opencl_device_token(ReinPluginDevice *device)
{
    device->last_token++;
    return device->last_token;
}

uint32_t
opencl_device_place(const ReinPluginDevice *device, uint32_t n_items, uint32_t per_unit)
{
    uint32_t place = OPENCL_N_GROUPS - 1;
    const uint64_t n_wanted = (uint64_t)device->card.info.n_units * per_unit;

    while (place > 0 && n_items / device->groups[place] < n_wanted) {
        place--;
    }
    return place;
}

void
opencl_device_usage(ReinPluginDevice *device, uint64_t job, ReinUsage *usage)
{
    ReinUsage counted = { .struct_size = sizeof counted };

    counted.n_buffers = rein_held_count(&device->buffers, job, &counted.size);
    counted.n_programs = rein_held_count(&device->programs, job, NULL);
    rein_struct_give(usage, &counted, sizeof counted);
}

void
opencl_device_cleanup(ReinPluginDevice *device, uint64_t job, ReinUsage *released)
{
    opencl_device_usage(device, job, released);
    rein_held_end_job(&device->programs, job, opencl_program_end, device);
    rein_held_end_job(&device->buffers, job, opencl_buffer_end, device);
    /* drivers give memory back when the queue comes by; without this some wait for the next launch */
    device->cl.clFinish(device->queue);
}
