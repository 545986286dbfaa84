/* SPDX-License-Identifier: MIT */

#include "cpu_run.h"

#include <stdbool.h>
#include <stdlib.h>

#include "cpu_device.h"
#include "plugin_check.h"
#include "plugin_msg.h"

/* A stage of less work than this stays on the calling thread: waking another costs as much. */
#define ALONE_NS 30000.0

/* What stays the same for all stages of a slice. */
typedef struct CpuSlice {
    ReinPluginDevice *device;
    const ReinSlice *slice;
    const volatile uint32_t *stop;
    uint64_t deadline_ns; /* when the budget is used up */
    ReinSliceReport *report;
} CpuSlice;

/* ---- looking up ---- */

static ReinStatus
resolve_stage(ReinPluginDevice *device, uint64_t job, const ReinStage *stage, CpuStage *resolved,
              ReinMsg *msg)
{
    *resolved = (CpuStage){ .n_items = stage->n_items };
    resolved->kernel = cpu_program_kernel(device, job, stage->program, stage->kernel, msg);
    if (resolved->kernel == NULL) {
        return REIN_ERR_INVALID_ARGUMENT;
    }
    for (uint32_t i = 0; i < stage->n_buffers; i++) {
        for (uint32_t parity = 0; parity < 2; parity++) {
            CpuBuffer *buffer = cpu_buffer_find(device, job, stage->buffers[i][parity], msg);
            if (buffer == NULL) {
                return REIN_ERR_INVALID_ARGUMENT;
            }
            resolved->buffers[parity][i] = buffer->data;
        }
    }
    return REIN_OK;
}

static ReinStatus
reserve_stages(ReinPluginDevice *device, uint32_t n_stages, ReinMsg *msg)
{
    CpuStage *stages = NULL;

    if (n_stages <= device->stages_capacity) {
        return REIN_OK;
    }
    stages = realloc(device->stages, (size_t)n_stages * sizeof *stages);
    if (stages == NULL) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY, "a slice of %u stages: out of memory",
                             n_stages);
    }
    device->stages = stages;
    device->stages_capacity = n_stages;
    return REIN_OK;
}

static ReinStatus
resolve_stages(ReinPluginDevice *device, uint64_t job, const ReinSlice *slice, ReinMsg *msg)
{
    ReinStatus status = reserve_stages(device, slice->n_stages, msg);

    for (uint32_t i = 0; i < slice->n_stages && status == REIN_OK; i++) {
        status = resolve_stage(device, job, rein_slice_stage(slice, i), &device->stages[i], msg);
    }
    return status;
}

/* ---- running ---- */

static void
note_time(CpuKernel *kernel, CpuWorkDone done)
{
    double sample = 0;

    if (done.n_items == 0) {
        return;
    }
    sample = (double)done.busy_ns / done.n_items;
    if (kernel->item_ns <= 0) {
        kernel->item_ns = sample;
        return;
    }
    /* bounded, because a thread that lost its core for a while is no slow kernel */
    if (sample > kernel->item_ns * 4) {
        sample = kernel->item_ns * 4;
    }
    kernel->item_ns += (sample - kernel->item_ns) / 4;
}

/*
 * Runs items [first, end) of a stage; returns how many of them are done, from first on. Begins on the
 * calling thread where the work looks small, and brings in the others if it is not.
 */
static uint32_t
run_stage(const CpuSlice *run, const CpuStage *stage, CpuWork *work)
{
    const uint64_t asked_ns = rein_plugin_now();
    CpuPool *pool = run->device->pool;
    CpuKernel *kernel = stage->kernel;
    const uint32_t first = work->first;
    const uint32_t n_items = work->end - first;
    const uint32_t n_threads = cpu_pool_n_threads(pool);
    const uint64_t deadline_ns = work->until_ns;
    CpuWorkDone done = { 0 };

    if (rein_stop_requested(run->stop)) {
        return 0;
    }
    work->entry = kernel->entry;
    work->stop = run->stop;
    work->most = n_items;
    if (n_threads == 1 || kernel->item_ns * n_items < ALONE_NS) {
        if (n_threads != 1) {
            const uint64_t enough_ns = rein_plugin_now() + (uint64_t)ALONE_NS * 2;
            work->until_ns = enough_ns < deadline_ns ? enough_ns : deadline_ns;
        }
        /* one item shows how long the others will take */
        work->chunk = kernel->item_ns <= 0 ? 1 : cpu_chunk_items(kernel->item_ns, CPU_INTERLEAVE);
        done = cpu_pool_run_alone(pool, work);
        note_time(kernel, done);
        work->first = first + done.n_items;
        work->until_ns = deadline_ns;
    }
    if (work->first < work->end && !rein_stop_requested(run->stop) &&
        (work->first == first || rein_plugin_now() < deadline_ns)) {
        const uint32_t share = (work->end - work->first) / (4 * n_threads);
        work->most = share > 0 ? share : 1;
        work->chunk = cpu_chunk_items(kernel->item_ns, work->most);
        done = cpu_pool_run(pool, work);
        note_time(kernel, done);
        work->first += done.n_items;
    }
    if (work->first > first) { /* not one that a stop forestalled */
        run->report->n_launches++;
        run->report->last_launch_ns = asked_ns;
    }
    return work->first - first;
}

/* Runs all stages of one round; false if a stop left it unfinished. */
static bool
run_round(const CpuSlice *run, uint32_t index)
{
    const uint32_t round = run->slice->first_round + index;
    const uint32_t progress = rein_slice_progress(run->slice, index);

    for (uint32_t i = 0; i < run->slice->n_stages; i++) {
        const CpuStage *stage = &run->device->stages[i];
        CpuWork work = { .buffers = stage->buffers[round & 1],
                         .end = stage->n_items,
                         .round = round,
                         .progress = progress,
                         .until_ns = UINT64_MAX };
        if (run_stage(run, stage, &work) < stage->n_items) {
            return false;
        }
    }
    return true;
}

static void
run_rounds(const CpuSlice *run)
{
    for (uint32_t i = 0; i < run->slice->n_rounds; i++) {
        if (!run_round(run, i)) {
            return;
        }
        run->report->n_rounds++;
        if (rein_plugin_now() >= run->deadline_ns) {
            return;
        }
    }
}

static void
run_items(const CpuSlice *run)
{
    const ReinSlice *slice = run->slice;
    const CpuStage *stage = &run->device->stages[0];
    CpuWork work = { .buffers = stage->buffers[slice->first_round & 1],
                     .first = slice->first_item,
                     .end = slice->end_item,
                     .round = slice->first_round,
                     .progress = rein_slice_progress(slice, 0),
                     .until_ns = run->deadline_ns };

    run->report->n_items = run_stage(run, stage, &work);
}

ReinStatus
cpu_run_fitness(ReinPluginDevice *device, uint64_t job, const ReinSlice *slice,
                const volatile uint32_t *stop, ReinSliceReport *report, ReinMsg *msg)
{
    const uint64_t start_ns = rein_plugin_now();
    ReinSliceReport done = { .struct_size = sizeof done };
    CpuSlice run = { .device = device, .slice = slice, .stop = stop, .report = &done };
    ReinStatus status = rein_slice_check(slice, report, msg);

    if (status == REIN_OK) {
        status = resolve_stages(device, job, slice, msg);
    }
    if (status != REIN_OK) {
        return status;
    }

    run.deadline_ns = rein_slice_deadline(slice, start_ns);
    if (slice->end_item == 0) {
        run_rounds(&run);
    } else {
        run_items(&run);
    }
    rein_struct_give(report, &done, sizeof done);
    return REIN_OK;
}
