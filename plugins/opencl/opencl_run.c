/* SPDX-License-Identifier: MIT */

#include "opencl_run.h"

#include <stdbool.h>
#include <stdlib.h>

#include "opencl_buffer.h"
#include "opencl_device.h"
#include "opencl_launch.h"
#include "opencl_program.h"
#include "opencl_status.h"
#include "plugin_check.h"
#include "plugin_msg.h"

/*
 * Rounds are enqueued in batches, the next while the device is at the one before, so that it never
 * waits for the host, and a stop waits for no more than two of them. A batch aims to take this long.
 */
#define BATCH_NS 3000000u
#define MAX_BATCH 4096u

/*
 * Groups are large if each unit has so many of them: the first number until it is known which are the
 * best ones, the second where a launch is so short that what counts is the number of groups.
 */
#define GROUPS_PER_UNIT 8u
#define GROUPS_PER_UNIT_IF_SHORT 4u

_Static_assert(OPENCL_N_GROUPS == OPENCL_MAX_CHOICES, "each size can be chosen");

/* A stage whose tokens were looked up. */
typedef struct OpenclStage {
    OpenclKernel *kernel;
    uint32_t n_items;
    uint32_t group;                               /* items in one */
    OpenclBuffer *buffers[2][REIN_STAGE_BUFFERS]; /* by the round's parity */
} OpenclStage;

/* What stays the same for all launches of a slice. */
typedef struct OpenclSlice {
    ReinPluginDevice *device;
    const ReinSlice *slice;
    const volatile uint32_t *stop;
    uint64_t deadline_ns; /* when the budget is used up */
    ReinSliceReport *report;
} OpenclSlice;

/* ---- groups ---- */

static bool
is_tuning(const OpenclKernel *kernel)
{
    return kernel->tune.n_choices > 0 && !kernel->tune.is_done;
}

/* The group of the size at `place`, as far as the kernel runs with it. */
static uint32_t
group_at(const ReinPluginDevice *device, const OpenclKernel *kernel, uint32_t place)
{
    return device->groups[place] < kernel->max_group ? device->groups[place] : kernel->max_group;
}

/* The group that `n_items` are launched with: what was fastest, unless that leaves a unit idle. */
static uint32_t
group_of(const ReinPluginDevice *device, const OpenclKernel *kernel, uint32_t n_items)
{
    const uint32_t most = opencl_device_place(device, n_items, 1);

    if (!kernel->tune.is_done) {
        return group_at(device, kernel, opencl_device_place(device, n_items, GROUPS_PER_UNIT));
    }
    return group_at(device, kernel, kernel->tune.chosen < most ? kernel->tune.chosen : most);
}

/* A kernel whose launches have only one size to choose from is not timed. */
static void
begin_tuning(const ReinPluginDevice *device, OpenclKernel *kernel, uint32_t n_items)
{
    const uint32_t most = opencl_device_place(device, n_items, 1);

    if (kernel->tune.n_choices == 0 && most > 0) {
        opencl_tune_begin(&kernel->tune, opencl_device_place(device, n_items, GROUPS_PER_UNIT),
                          opencl_device_place(device, n_items, GROUPS_PER_UNIT_IF_SHORT), most + 1);
    }
}

/* ---- looking up ---- */

static ReinStatus
resolve_stage(ReinPluginDevice *device, uint64_t job, const ReinStage *stage, OpenclStage *resolved,
              ReinMsg *msg)
{
    OpenclKernel *kernel = opencl_program_kernel(device, job, stage->program, stage->kernel, msg);

    if (kernel == NULL) {
        return REIN_ERR_INVALID_ARGUMENT;
    }
    if (kernel->n_buffers != stage->n_buffers) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "kernel %s takes %u buffers, the stage gives it %u", kernel->name,
                             kernel->n_buffers, stage->n_buffers);
    }
    if (stage->n_items > OPENCL_MAX_ITEMS) {
        return rein_msg_fail(msg, REIN_ERR_UNSUPPORTED, "stage '%s' of %u items: at most %u",
                             kernel->name, stage->n_items, OPENCL_MAX_ITEMS);
    }
    resolved->kernel = kernel;
    resolved->n_items = stage->n_items;
    resolved->group = group_of(device, kernel, stage->n_items);
    for (uint32_t i = 0; i < stage->n_buffers; i++) {
        for (uint32_t parity = 0; parity < 2; parity++) {
            OpenclBuffer *buffer = opencl_buffer_find(device, job, stage->buffers[i][parity], msg);
            if (buffer == NULL) {
                return REIN_ERR_INVALID_ARGUMENT;
            }
            resolved->buffers[parity][i] = buffer;
        }
    }
    return REIN_OK;
}

static ReinStatus
resolve_stages(ReinPluginDevice *device, uint64_t job, const ReinSlice *slice, ReinMsg *msg)
{
    ReinStatus status = REIN_OK;

    if (slice->n_stages > device->stages_capacity) {
        OpenclStage *stages = realloc(device->stages, (size_t)slice->n_stages * sizeof *stages);
        if (stages == NULL) {
            return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY, "a slice of %u stages: out of memory",
                                 slice->n_stages);
        }
        device->stages = stages;
        device->stages_capacity = slice->n_stages;
    }
    for (uint32_t i = 0; i < slice->n_stages && status == REIN_OK; i++) {
        status = resolve_stage(device, job, rein_slice_stage(slice, i), &device->stages[i], msg);
    }
    return status;
}

/* ---- running ---- */

/* Begins one launch unless the stop flag is set, which `is_stopped` says then. */
static cl_int
begin(const OpenclSlice *run, const OpenclStage *stage, const OpenclLaunch *launch, cl_event *event,
      bool *is_stopped)
{
    const uint64_t asked_ns = rein_plugin_now();
    cl_int code = CL_SUCCESS;

    if (rein_stop_requested(run->stop)) {
        *is_stopped = true;
        return CL_SUCCESS;
    }
    code =
        opencl_launch(run->device, stage->kernel, stage->buffers[launch->round & 1], launch, event);
    if (code == CL_SUCCESS) {
        run->report->n_launches++;
        run->report->last_launch_ns = asked_ns;
    }
    return code;
}

/* Begins all stages of one round; `event` becomes the end of the last one. */
static cl_int
begin_round(const OpenclSlice *run, uint32_t index, cl_event *event, bool *is_stopped)
{
    const uint32_t n_stages = run->slice->n_stages;
    cl_int code = CL_SUCCESS;

    for (uint32_t i = 0; i < n_stages && code == CL_SUCCESS && !*is_stopped; i++) {
        const OpenclStage *stage = &run->device->stages[i];
        const OpenclLaunch launch = { .end = stage->n_items,
                                      .round = run->slice->first_round + index,
                                      .progress = rein_slice_progress(run->slice, index),
                                      .group = stage->group };
        code = begin(run, stage, &launch, i + 1 == n_stages ? event : NULL, is_stopped);
    }
    return code;
}

/* Begins rounds [from, from + n_rounds) and counts those that are whole. */
static cl_int
begin_batch(const OpenclSlice *run, uint32_t from, uint32_t n_rounds, cl_event *event,
            bool *is_stopped)
{
    cl_int code = CL_SUCCESS;

    for (uint32_t i = 0; i < n_rounds && code == CL_SUCCESS && !*is_stopped; i++) {
        code = begin_round(run, from + i, i + 1 == n_rounds ? event : NULL, is_stopped);
        run->report->n_rounds += code == CL_SUCCESS && !*is_stopped;
    }
    return code == CL_SUCCESS ? run->device->cl.clFlush(run->device->queue) : code;
}

/* Waits for an event and gives it back; NULL is done already. */
static cl_int
end_batch(const OpenclSlice *run, cl_event event)
{
    cl_int code = CL_SUCCESS;

    if (event != NULL) {
        code = run->device->cl.clWaitForEvents(1, &event);
        run->device->cl.clReleaseEvent(event);
    }
    return code;
}

/* How many rounds make a batch, when `n_rounds` took `took_ns`. */
static uint32_t
size_batch(uint32_t n_rounds, uint64_t took_ns)
{
    const uint64_t wanted = (uint64_t)BATCH_NS * n_rounds / (took_ns > 0 ? took_ns : 1);

    return wanted < 1 ? 1 : wanted > MAX_BATCH ? MAX_BATCH : (uint32_t)wanted;
}

/* One launch that is waited for, with the size of groups that is to be timed, if any is. */
static cl_int
time_launch(const OpenclSlice *run, OpenclStage *stage, uint32_t index, bool *is_stopped)
{
    OpenclKernel *kernel = stage->kernel;
    const bool is_timed = is_tuning(kernel);
    const OpenclLaunch launch = { .end = stage->n_items,
                                  .round = run->slice->first_round + index,
                                  .progress = rein_slice_progress(run->slice, index),
                                  .group = is_timed
                                               ? group_at(run->device, kernel, kernel->tune.next)
                                               : stage->group };
    const uint64_t from_ns = rein_plugin_now();
    cl_event event = NULL;
    cl_int code = begin(run, stage, &launch, &event, is_stopped);
    const cl_int ended = end_batch(run, event);

    code = code == CL_SUCCESS ? ended : code;
    if (code != CL_SUCCESS || *is_stopped || !is_timed) {
        return code;
    }
    opencl_tune_note(&kernel->tune, rein_plugin_now() - from_ns);
    if (kernel->tune.is_done) {
        rein_host_log(run->device->host, REIN_LOG_DEBUG, "%s: groups of %u", kernel->name,
                      group_of(run->device, kernel, stage->n_items));
    }
    return CL_SUCCESS;
}

/* One round, launch by launch; `is_tuned` says whether there is nothing left to find out. */
static cl_int
time_round(const OpenclSlice *run, uint32_t index, bool *is_tuned, bool *is_stopped)
{
    cl_int code = CL_SUCCESS;

    for (uint32_t i = 0; i < run->slice->n_stages && code == CL_SUCCESS && !*is_stopped; i++) {
        code = time_launch(run, &run->device->stages[i], index, is_stopped);
    }
    run->report->n_rounds += code == CL_SUCCESS && !*is_stopped;
    *is_tuned = true;
    for (uint32_t i = 0; i < run->slice->n_stages; i++) {
        OpenclStage *stage = &run->device->stages[i];
        stage->group = group_of(run->device, stage->kernel, stage->n_items);
        *is_tuned = *is_tuned && !is_tuning(stage->kernel);
    }
    return code;
}

/* Runs rounds as long as there are kernels to be timed; counts them in `begun`. */
static cl_int
run_timed_rounds(const OpenclSlice *run, uint32_t *begun, bool *is_stopped)
{
    bool is_tuned = true;
    cl_int code = CL_SUCCESS;

    for (uint32_t i = 0; i < run->slice->n_stages; i++) {
        const OpenclStage *stage = &run->device->stages[i];
        begin_tuning(run->device, stage->kernel, stage->n_items);
        is_tuned = is_tuned && !is_tuning(stage->kernel);
    }
    while (!is_tuned && *begun < run->slice->n_rounds && code == CL_SUCCESS && !*is_stopped &&
           (*begun == 0 || rein_plugin_now() < run->deadline_ns)) {
        code = time_round(run, *begun, &is_tuned, is_stopped);
        (*begun)++;
    }
    return code;
}

/* A round that is waited for, so that it is known how long one takes. */
static cl_int
run_one_round(const OpenclSlice *run, uint32_t index, uint32_t *batch, bool *is_stopped)
{
    const uint64_t from_ns = rein_plugin_now();
    cl_event event = NULL;
    cl_int code = begin_batch(run, index, 1, &event, is_stopped);
    const cl_int ended = end_batch(run, event);

    *batch = size_batch(1, rein_plugin_now() - from_ns);
    return code == CL_SUCCESS ? ended : code;
}

static cl_int
run_rounds(const OpenclSlice *run)
{
    const uint32_t n_rounds = run->slice->n_rounds;
    cl_event before = NULL; /* the end of the batch that the device is at */
    uint32_t batch = 1;
    uint32_t begun = 0;
    bool is_stopped = false;
    cl_int code = run_timed_rounds(run, &begun, &is_stopped);

    if (begun < n_rounds && code == CL_SUCCESS && !is_stopped &&
        (begun == 0 || rein_plugin_now() < run->deadline_ns)) {
        code = run_one_round(run, begun, &batch, &is_stopped);
        begun++;
    }
    while (begun < n_rounds && code == CL_SUCCESS && !is_stopped &&
           rein_plugin_now() < run->deadline_ns) {
        const uint32_t n_wanted = batch < n_rounds - begun ? batch : n_rounds - begun;
        const uint64_t from_ns = rein_plugin_now();
        cl_event event = NULL;

        code = begin_batch(run, begun, n_wanted, &event, &is_stopped);
        begun += n_wanted;
        if (before != NULL) {
            const cl_int ended = end_batch(run, before);
            code = code == CL_SUCCESS ? ended : code;
            batch = size_batch(batch, rein_plugin_now() - from_ns);
        }
        before = event;
    }
    const cl_int ended = end_batch(run, before);
    return code == CL_SUCCESS ? ended : code;
}

static cl_int
run_items(const OpenclSlice *run)
{
    const ReinSlice *slice = run->slice;
    const OpenclLaunch launch = { .first = slice->first_item,
                                  .end = slice->end_item,
                                  .round = slice->first_round,
                                  .progress = rein_slice_progress(slice, 0),
                                  .group = group_of(run->device, run->device->stages[0].kernel,
                                                    slice->end_item - slice->first_item) };
    bool is_stopped = false;
    cl_event event = NULL;
    cl_int code = begin(run, &run->device->stages[0], &launch, &event, &is_stopped);
    const cl_int ended = end_batch(run, event);

    code = code == CL_SUCCESS ? ended : code;
    if (code == CL_SUCCESS && !is_stopped) {
        run->report->n_items = slice->end_item - slice->first_item;
    }
    return code;
}

ReinStatus
opencl_run_fitness(ReinPluginDevice *device, uint64_t job, const ReinSlice *slice,
                   const volatile uint32_t *stop, ReinSliceReport *report, ReinMsg *msg)
{
    const uint64_t start_ns = rein_plugin_now();
    ReinSliceReport done = { .struct_size = sizeof done };
    OpenclSlice run = { .device = device, .slice = slice, .stop = stop, .report = &done };
    cl_int code = CL_SUCCESS;
    cl_int ended = CL_SUCCESS;
    ReinStatus status = rein_slice_check(slice, report, msg);

    if (status == REIN_OK) {
        status = resolve_stages(device, job, slice, msg);
    }
    if (status != REIN_OK) {
        return status;
    }
    run.deadline_ns = rein_slice_deadline(slice, start_ns);
    code = slice->end_item == 0 ? run_rounds(&run) : run_items(&run);
    ended = device->cl.clFinish(device->queue); /* nothing runs on after this call, come what may */
    if (ended != CL_SUCCESS || code == CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST) {
        code = ended != CL_SUCCESS ? ended : code;
        return rein_msg_fail(msg, REIN_ERR_DEVICE_LOST, "a kernel failed on the device: %s (%d)",
                             opencl_status_name(code), code);
    }
    status = opencl_status_check(code, "launch", msg);
    if (status == REIN_OK) {
        rein_struct_give(report, &done, sizeof done);
    }
    return status;
}
