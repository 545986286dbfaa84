/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE
#include "plugin_check.h"

#include <string.h>
#include <time.h>

#include "plugin_msg.h"

#define DIGEST_LENGTH 64u

ReinStatus
rein_host_check(const ReinHost *host, ReinMsg *msg)
{
    if (host == NULL || host->struct_size < sizeof *host) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "host is missing or of another version");
    }
    return REIN_OK;
}

static int
is_digest(const char *digest)
{
    return digest != NULL && strlen(digest) == DIGEST_LENGTH &&
           strspn(digest, "0123456789abcdef") == DIGEST_LENGTH;
}

ReinStatus
rein_source_check(const ReinSource *source, ReinMsg *msg)
{
    if (source == NULL || source->struct_size < sizeof *source) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "source is missing or of another version");
    }
    if (source->name == NULL || source->text == NULL || source->dialect == NULL) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "source lacks its name, its text or its dialect");
    }
    if (!is_digest(source->digest)) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "digest of %s is not 64 lower-case hexadecimal digits", source->name);
    }
    return REIN_OK;
}

/* Items [first_item, end_item) of the only stage, or none of both for whole rounds. */
static ReinStatus
check_items(const ReinSlice *slice, ReinMsg *msg)
{
    if (slice->first_item == 0 && slice->end_item == 0) {
        return REIN_OK;
    }
    if (slice->n_stages != 1 || slice->n_rounds != 1) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "items of %u stages and %u rounds: must be one of each",
                             slice->n_stages, slice->n_rounds);
    }
    if (slice->first_item >= slice->end_item || slice->end_item > slice->stages->n_items) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "items %u to %u of a stage of %u items", slice->first_item,
                             slice->end_item, slice->stages->n_items);
    }
    return REIN_OK;
}

static ReinStatus
check_stages(const ReinSlice *slice, ReinMsg *msg)
{
    for (uint32_t i = 0; i < slice->n_stages; i++) {
        const ReinStage *stage = rein_slice_stage(slice, i);
        if (stage->n_items == 0 || stage->n_buffers > REIN_STAGE_BUFFERS) {
            return rein_msg_fail(
                msg, REIN_ERR_INVALID_ARGUMENT,
                "stage '%s' of %u items with %u buffers: at least 1 and at most %u",
                stage->kernel != NULL ? stage->kernel : "", stage->n_items, stage->n_buffers,
                REIN_STAGE_BUFFERS);
        }
    }
    return REIN_OK;
}

ReinStatus
rein_slice_check(const ReinSlice *slice, const ReinSliceReport *report, ReinMsg *msg)
{
    ReinStatus status = REIN_OK;

    if (slice == NULL || slice->struct_size < sizeof *slice) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "slice is missing or of another version");
    }
    if (report == NULL || report->struct_size < sizeof *report) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "report is missing or of another version");
    }
    if (slice->stages == NULL || slice->n_stages == 0) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT, "slice has no stages");
    }
    if (slice->stage_size < sizeof(ReinStage) || slice->stage_size % _Alignof(ReinStage) != 0) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT, "slice has stages of %u bytes",
                             slice->stage_size);
    }
    if (slice->n_rounds == 0) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT, "slice has no rounds");
    }
    if (slice->n_rounds - 1 > UINT32_MAX - slice->first_round) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "slice of %u rounds from %u: rounds end at %u", slice->n_rounds,
                             slice->first_round, UINT32_MAX);
    }
    status = check_items(slice, msg);
    return status == REIN_OK ? check_stages(slice, msg) : status;
}

const ReinStage *
rein_slice_stage(const ReinSlice *slice, uint32_t index)
{
    return (const ReinStage *)((const char *)slice->stages + (size_t)index * slice->stage_size);
}

uint32_t
rein_slice_progress(const ReinSlice *slice, uint32_t index)
{
    uint64_t progress = 0;

    if (__builtin_mul_overflow(slice->progress_step, (uint64_t)index, &progress) ||
        __builtin_add_overflow(slice->progress_start, progress, &progress)) {
        return UINT32_MAX; /* the limits are used up */
    }
    return (uint32_t)(progress >> 32);
}

uint64_t
rein_slice_deadline(const ReinSlice *slice, uint64_t start_ns)
{
    uint64_t deadline_ns = 0;

    if (__builtin_add_overflow(start_ns, slice->budget_ns, &deadline_ns)) {
        return UINT64_MAX;
    }
    return deadline_ns;
}

uint64_t
rein_plugin_now(void)
{
    struct timespec now = { 0 };

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
