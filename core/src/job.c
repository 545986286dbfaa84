/* SPDX-License-Identifier: MIT */

#include "job_private.h"

#include <stdlib.h>

#include <rein/error.h>

#include "error_private.h"
#include "ladder_private.h"
#include "ledger_private.h"

struct ReinJob {
    ReinDevice *device;
    guint64 number; /* what plugins know the job by */
    gint state;     /* atomic; ReinJobState */
    ReinStop *stop;
    ReinLadder ladder;
    ReinLedger *ledger;
    ReinReceipt *receipt; /* once ended */
    guint64 released_early_size;
    guint64 n_launches;
    guint64 n_launches_after_stop;
    gboolean has_ended_worker; /* which was spent, and had no other job */

    guint64 allocated_size; /* bytes, of all buffers there ever were */
    gint64 memory_limit_ns;
    gboolean has_free_before;
    guint64 free_before; /* bytes of the device before the first of them */
};

static gboolean job_undo_program(gpointer owner, guint64 token, GError **error);
static gboolean job_undo_buffer(gpointer owner, guint64 token, GError **error);

ReinJob *
rein_job_new(ReinDevice *device, GError **error)
{
    g_return_val_if_fail(device != NULL, NULL);

    g_autoptr(ReinStop) stop = rein_stop_new(error);
    const guint64 number = stop != NULL ? rein_device_begin_job(device, error) : 0;
    if (number == 0) {
        return NULL;
    }

    ReinJob *self = g_new0(ReinJob, 1);
    self->device = rein_device_ref(device);
    self->number = number;
    self->stop = g_steal_pointer(&stop);
    self->ledger = rein_ledger_new(self);
    self->memory_limit_ns = REIN_MEMORY_LIMIT_NS;
    rein_ladder_init(&self->ladder, self->device, self->stop);
    return self;
}

void
rein_job_free(ReinJob *self)
{
    if (self == NULL) {
        return;
    }
    rein_receipt_unref(rein_job_end(self));
    rein_receipt_unref(self->receipt);
    rein_ledger_free(self->ledger);
    rein_stop_unref(self->stop);
    rein_device_unref(self->device);
    g_free(self);
}

void
rein_job_set_grace(ReinJob *self, gint64 grace_ns)
{
    self->ladder.grace_ns = CLAMP(grace_ns, 1, REIN_MAX_GRACE_NS);
}

void
rein_job_set_memory_limit(ReinJob *self, gint64 limit_ns)
{
    self->memory_limit_ns = limit_ns;
}

void
rein_job_set_deadline(ReinJob *self, gint64 deadline_ns)
{
    self->ladder.deadline_ns = deadline_ns;
}

ReinJobState
rein_job_get_state(ReinJob *self)
{
    return (ReinJobState)g_atomic_int_get(&self->state);
}

ReinDevice *
rein_job_get_device(ReinJob *self)
{
    return self->device;
}

void
rein_job_stop(ReinJob *self, ReinStopReason reason)
{
    if (rein_job_get_state(self) >= REIN_JOB_ENDING) {
        return;
    }
    if (rein_stop_raise(self->stop, reason)) {
        rein_device_wake(self->device);
    }
}

ReinStopReason
rein_job_get_stop_reason(ReinJob *self)
{
    return rein_stop_get_reason(self->stop);
}

/* Why a job that was stopped gets nothing more, in words. */
static const char *
job_stop_text(ReinStopReason reason)
{
    switch (reason) {
    case REIN_STOP_DEADLINE:
        return "the deadline passed";
    case REIN_STOP_HANG:
        return "a call before it took too long";
    default:
        return "the job was stopped";
    }
}

/* Before an acquisition or a slice: an ended or stopped job gets nothing more. */
static gboolean
job_may_begin(ReinJob *self, const char *what, GError **error)
{
    const ReinStopReason reason = rein_stop_get_reason(self->stop);

    g_return_val_if_fail(rein_job_get_state(self) < REIN_JOB_ENDING, FALSE);

    if (reason == REIN_STOP_NONE) {
        return TRUE;
    }
    g_set_error(error, REIN_ERROR,
                reason == REIN_STOP_DEADLINE || reason == REIN_STOP_HANG ? REIN_ERROR_TIMEOUT
                                                                         : REIN_ERROR_STOPPED,
                "%s: %s", what, job_stop_text(reason));
    return FALSE;
}

/* What the caller is told when the device had to be given up, or its worker to be ended. */
static void
job_set_given_up(ReinJob *self, const char *what, GError **error)
{
    if (self->ladder.terminate_ns >= 0 && self->ladder.abandoned_ns < 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_TIMEOUT,
                    "%s on %s: no answer %" G_GINT64_FORMAT
                    " ms after the stop flag; its worker was ended",
                    what, rein_device_get_id(self->device), self->ladder.terminate_ns / 1000000);
        if (self->ladder.gone_ns >= 0 && error != NULL) {
            g_autofree char *start = g_steal_pointer(&(*error)->message);
            (*error)->message =
                g_strdup_printf("%s, and was gone %" G_GINT64_FORMAT " ms after the flag", start,
                                self->ladder.gone_ns / 1000000);
        }
        return;
    }
    g_set_error(error, REIN_ERROR, REIN_ERROR_TIMEOUT,
                "%s on %s: no answer %" G_GINT64_FORMAT " ms after the stop flag; the device was "
                "given up (end the program to free it)",
                what, rein_device_get_id(self->device), self->ladder.abandoned_ns / 1000000);
}

/* Makes `call` through the ladder; `what` names it in messages. */
static gboolean
job_call(ReinJob *self, ReinCall *call, gint64 limit_ns, const char *what, GError **error)
{
    g_autofree char *place = g_strdup_printf("%s on %s", what, rein_device_get_id(self->device));
    const gboolean was_there = self->ladder.terminate_ns < 0;

    if (!rein_ladder_call(&self->ladder, call, limit_ns) ||
        (was_there && self->ladder.terminate_ns >= 0)) {
        job_set_given_up(self, what, error);
        return FALSE;
    }
    return rein_call_check(call, place, error);
}

guint64
rein_job_build(ReinJob *self, const char *name, GBytes *text, guint32 flags, GError **error)
{
    g_autofree char *what = g_strdup_printf("build %s", name);
    g_autoptr(ReinCall) call = NULL;

    if (!job_may_begin(self, what, error)) {
        return 0;
    }
    call = rein_call_new_build(self->number, name, text, flags);
    if (!job_call(self, call, REIN_BUILD_LIMIT_NS, what, error)) {
        return 0;
    }
    rein_ledger_add(self->ledger, REIN_LEDGER_PROGRAM, name, 0, call->token, job_undo_program);
    return call->token;
}

/*
 * A call with at least the grace of the teardown, of which it takes nothing. Where the job's worker is
 * gone another one answers: how that ends is none of the job's.
 */
static gboolean
job_call_aside(ReinJob *self, ReinCall *call, gint64 limit_ns)
{
    const gboolean was_gone = rein_device_is_worker_gone(self->device);
    ReinLadder aside = self->ladder;

    if (was_gone) {
        rein_ladder_init(&aside, self->device, self->stop);
    }
    aside.grace_ns = MAX(self->ladder.grace_ns, limit_ns);
    const gboolean is_answered = rein_ladder_call_teardown(&aside, call);
    if (!was_gone && (aside.terminate_ns >= 0 || aside.abandoned_ns >= 0)) {
        aside.grace_ns = self->ladder.grace_ns;
        self->ladder = aside;
    }
    return is_answered;
}

/* What the driver says is free; FALSE if it cannot tell. A worker that is gone has a witness to start. */
static gboolean
job_read_free(ReinJob *self, guint64 *free_size)
{
    g_autoptr(ReinCall) call = rein_call_new(REIN_CALL_MEMORY_INFO, self->number);
    const gint64 limit_ns = rein_device_is_worker_gone(self->device) ? self->memory_limit_ns : 0;

    if (!job_call_aside(self, call, limit_ns) || !rein_call_check(call, "memory_info", NULL)) {
        return FALSE;
    }
    *free_size = call->free_size;
    return TRUE;
}

guint64
rein_job_allocate(ReinJob *self, const char *name, guint64 size, guint32 usage, GError **error)
{
    g_autofree char *what = g_strdup_printf("allocate %s, %" G_GUINT64_FORMAT " bytes", name, size);
    g_autoptr(ReinCall) call = NULL;

    g_return_val_if_fail(size > 0, 0);

    if (!job_may_begin(self, what, error)) {
        return 0;
    }
    if (self->allocated_size == 0 && rein_device_can_measure_memory(self->device)) {
        self->has_free_before = job_read_free(self, &self->free_before);
    }
    call = rein_call_new(REIN_CALL_ALLOCATE, self->number);
    call->size = size;
    call->usage = usage;
    if (!job_call(self, call, REIN_TRANSFER_LIMIT_NS, what, error)) {
        return 0;
    }
    self->allocated_size += size;
    rein_ledger_add(self->ledger, REIN_LEDGER_BUFFER, name, size, call->token, job_undo_buffer);
    return call->token;
}

gboolean
rein_job_release(ReinJob *self, guint64 buffer, GError **error)
{
    const guint64 held = rein_ledger_get_size(self->ledger, REIN_LEDGER_BUFFER);

    if (!rein_ledger_undo(self->ledger, REIN_LEDGER_BUFFER, buffer, error)) {
        return FALSE;
    }
    self->released_early_size += held - rein_ledger_get_size(self->ledger, REIN_LEDGER_BUFFER);
    return TRUE;
}

gboolean
rein_job_write(ReinJob *self, guint64 buffer, guint64 offset, GBytes *data, GError **error)
{
    g_autoptr(ReinCall) call = NULL;

    g_return_val_if_fail(rein_ledger_has(self->ledger, REIN_LEDGER_BUFFER, buffer), FALSE);

    if (!job_may_begin(self, "write", error)) {
        return FALSE;
    }
    call = rein_call_new_write(self->number, buffer, offset, data);
    return job_call(self, call, REIN_TRANSFER_LIMIT_NS, "write", error);
}

GBytes *
rein_job_read(ReinJob *self, guint64 buffer, guint64 offset, guint64 size, GError **error)
{
    g_autoptr(ReinCall) call = NULL;

    g_return_val_if_fail(rein_job_get_state(self) < REIN_JOB_ENDING, NULL);
    g_return_val_if_fail(rein_ledger_has(self->ledger, REIN_LEDGER_BUFFER, buffer), NULL);

    /* reading is no work: the best so far is fetched after the flag, too */
    call = rein_call_new(REIN_CALL_READ, self->number);
    call->token = buffer;
    call->offset = offset;
    call->size = size;
    if (!job_call(self, call, REIN_TRANSFER_LIMIT_NS, "read", error)) {
        return NULL;
    }
    return g_steal_pointer(&call->data);
}

/* A slice that does nothing, though nobody stopped it, would be tried again for ever. */
static gboolean
job_check_progress(ReinJob *self, const ReinSliceReport *report, GError **error)
{
    if (report->n_rounds > 0 || report->n_items > 0 ||
        rein_stop_requested(rein_stop_get_flag(self->stop))) {
        return TRUE;
    }
    g_set_error(error, REIN_ERROR, REIN_ERROR_PLUGIN,
                "run on %s: plugin lies: run_fitness did nothing and was not stopped",
                rein_device_get_id(self->device));
    return FALSE;
}

static void
job_count_launches(ReinJob *self, const ReinCall *call)
{
    const gint64 raised_ns = rein_stop_get_raised_ns(self->stop);

    self->n_launches += call->report.n_launches;
    if (raised_ns > 0 && (gint64)call->report.last_launch_ns > raised_ns) {
        /* of a call that was under way only the last launch is known to be late */
        self->n_launches_after_stop += call->begun_ns > raised_ns ? call->report.n_launches : 1;
    }
}

gboolean
rein_job_run(ReinJob *self, const ReinSlice *slice, gint64 predicted_ns, ReinSliceReport *report,
             gint64 *duration_ns, GError **error)
{
    const gint64 limit_ns = MAX(REIN_HANG_NS, predicted_ns * REIN_HANG_FACTOR);
    g_autoptr(ReinCall) call = NULL;

    *report = (ReinSliceReport){ .struct_size = sizeof *report };
    *duration_ns = 0;
    if (!job_may_begin(self, "run", error)) {
        return FALSE;
    }
    g_atomic_int_set(&self->state, REIN_JOB_RUNNING);
    call = rein_call_new_run(self->number, slice, self->stop);
    const gboolean is_done = job_call(self, call, limit_ns, "run", error);
    if (self->ladder.abandoned_ns < 0) { /* else the plugin still has the call's answer in hand */
        job_count_launches(self, call);
    }
    if (!is_done) {
        return FALSE;
    }
    *report = call->report;
    *duration_ns = call->ended_ns - call->begun_ns;
    return job_check_progress(self, report, error);
}

/* One call of the teardown, waited for with the grace. */
static gboolean
job_teardown_call(ReinJob *self, ReinCall *call, const char *what, GError **error)
{
    g_autofree char *place = g_strdup_printf("%s on %s", what, rein_device_get_id(self->device));

    if (!rein_ladder_call_teardown(&self->ladder, call)) {
        job_set_given_up(self, what, error);
        return FALSE;
    }
    return rein_call_check(call, place, error);
}

static gboolean
job_undo_program(gpointer owner, guint64 token, GError **error)
{
    ReinJob *self = owner;
    g_autoptr(ReinCall) call = rein_call_new(REIN_CALL_DISCARD, self->number);

    call->token = token;
    return job_teardown_call(self, call, "discard", error);
}

static gboolean
job_undo_buffer(gpointer owner, guint64 token, GError **error)
{
    ReinJob *self = owner;
    g_autoptr(ReinCall) call = rein_call_new(REIN_CALL_RELEASE, self->number);

    call->token = token;
    return job_teardown_call(self, call, "release", error);
}

/* The plugin's own end of the job, and what it says it still holds afterwards. */
static void
job_cleanup_plugin(ReinJob *self, ReinReceiptBuilder *receipt)
{
    g_autoptr(ReinCall) cleanup = rein_call_new(REIN_CALL_CLEANUP, self->number);
    g_autoptr(ReinCall) usage = rein_call_new(REIN_CALL_USAGE, self->number);
    g_autoptr(GError) error = NULL;
    const gint64 begun_ns = rein_now_ns();

    if (job_teardown_call(self, cleanup, "cleanup", &error)) {
        job_teardown_call(self, usage, "usage", &error);
    }
    rein_receipt_builder_add_step(receipt, REIN_LEDGER_DEVICE, rein_device_get_id(self->device), 0,
                                  rein_now_ns() - begun_ns, error);
    /* only a device that was given up, maybe by another job, does not answer; a worker that does not
     * end answers nothing, and says so */
    if (error != NULL || rein_device_is_worker_stuck(self->device)) {
        rein_receipt_builder_add_left(receipt, REIN_LEDGER_DEVICE);
        rein_receipt_builder_set_abandoned(receipt);
        return;
    }

    const guint64 n_leaked =
        (guint64)usage->count.n_buffers + usage->count.n_programs + usage->count.n_queues;
    rein_receipt_builder_add_cleaned(receipt, cleanup->count.size);
    rein_receipt_builder_set_leaked(receipt, usage->count.size, n_leaked);
    if (n_leaked == 0 && usage->count.size == 0) {
        rein_receipt_builder_clear_left(receipt);
    }
}

/* The witness from outside: waits until the driver has at least 95 % of the job's bytes back. */
static void
job_verify_memory(ReinJob *self, ReinReceiptBuilder *receipt)
{
    const gint64 begun_ns = rein_now_ns();
    const guint64 tolerance = self->allocated_size / 20;
    gboolean is_measured = self->has_free_before && self->allocated_size > 0 &&
                           rein_device_is_alone(self->device, self->number);
    ReinMemoryCheck check = REIN_MEMORY_NOT_MEASURABLE;
    guint64 free_size = 0;

    while (is_measured && check != REIN_MEMORY_BACK && job_read_free(self, &free_size)) {
        is_measured = rein_device_is_alone(self->device, self->number);
        check = !is_measured                                 ? REIN_MEMORY_NOT_MEASURABLE
                : free_size + tolerance >= self->free_before ? REIN_MEMORY_BACK
                                                             : REIN_MEMORY_MISSING;
        if (rein_now_ns() - begun_ns >= self->memory_limit_ns) {
            break;
        }
        if (check == REIN_MEMORY_MISSING) {
            g_usleep(REIN_MEMORY_POLL_US);
        }
    }
    rein_receipt_builder_set_memory_check(receipt, check, rein_now_ns() - begun_ns);
}

static gint
compare_rungs(gconstpointer first, gconstpointer second)
{
    const ReinReceiptRung *const a = first;
    const ReinReceiptRung *const b = second;

    return a->at_ns < b->at_ns ? -1 : a->at_ns > b->at_ns;
}

/* In the order in which they were climbed. */
static void
job_write_rungs(ReinJob *self, ReinReceiptBuilder *receipt)
{
    const ReinLadder *ladder = &self->ladder;
    ReinReceiptRung rungs[] = {
        { "interrupt", ladder->interrupt_ns },
        { "slice-left", ladder->slice_left_ns },
        { "terminate", ladder->terminate_ns },
        { "kill", ladder->kill_ns },
        { "gone", ladder->terminate_ns >= 0 ? ladder->gone_ns : -1 },
        { "abandoned", ladder->abandoned_ns },
    };

    qsort(rungs, G_N_ELEMENTS(rungs), sizeof *rungs, compare_rungs);
    for (guint i = 0; i < G_N_ELEMENTS(rungs); i++) {
        if (rungs[i].at_ns >= 0) {
            rein_receipt_builder_add_rung(receipt, rungs[i].name, rungs[i].at_ns);
        }
    }
    if (ladder->abandoned_ns >= 0) {
        rein_receipt_builder_set_abandoned(receipt);
    }
}

/* What the plugin wrote to disk goes when the last job on the device does. */
static void
job_reset_scratch(ReinJob *self, ReinReceiptBuilder *receipt)
{
    g_autoptr(GError) error = NULL;
    const gint64 begun_ns = rein_now_ns();
    gboolean is_reset = FALSE;

    if (!rein_device_has_scratch(self->device) || self->ladder.abandoned_ns >= 0) {
        return;
    }
    const gboolean is_empty = rein_device_reset_scratch(self->device, &is_reset, &error);
    if (!is_reset) {
        return;
    }
    rein_receipt_builder_add_held(receipt, REIN_LEDGER_SCRATCH, 0);
    if (!is_empty) {
        rein_receipt_builder_add_left(receipt, REIN_LEDGER_SCRATCH);
    }
    rein_receipt_builder_add_step(receipt, REIN_LEDGER_SCRATCH, "scratch folder", 0,
                                  rein_now_ns() - begun_ns, error);
}

/*
 * A worker that did not come clean out of this job serves no other one, but those that are on it. With
 * the last of them it is ended, before anybody hears of that job's end.
 */
static void
job_leave_device(ReinJob *self, ReinReceiptBuilder *receipt)
{
    if (rein_device_is_isolated(self->device) && !rein_receipt_builder_is_clean(receipt)) {
        rein_device_spend(self->device, "a job on it left something behind");
    }
    const gboolean is_done_with = rein_device_end_job(self->device);
    if (is_done_with && !rein_device_is_worker_gone(self->device) &&
        !rein_device_is_worker_stuck(self->device)) {
        g_autoptr(ReinCall) last = rein_call_new(REIN_CALL_CLEANUP, self->number);

        rein_device_kill(self->device);
        job_call_aside(self, last, 0); /* answered when it is gone */
        self->has_ended_worker = rein_device_is_worker_gone(self->device);
    }
}

static ReinWorkerFate
job_get_worker_fate(ReinJob *self)
{
    if (!rein_device_is_isolated(self->device)) {
        return REIN_WORKER_NONE;
    }
    if (self->has_ended_worker) {
        return REIN_WORKER_SPENT;
    }
    if (self->ladder.terminate_ns >= 0) {
        return REIN_WORKER_ENDED;
    }
    return rein_device_is_worker_gone(self->device) ? REIN_WORKER_DIED : REIN_WORKER_KEPT;
}

ReinReceipt *
rein_job_end(ReinJob *self)
{
    if (self->receipt != NULL) {
        return rein_receipt_ref(self->receipt);
    }

    const gint64 begun_ns = rein_now_ns();
    ReinReceiptBuilder *builder = rein_receipt_builder_new();

    g_atomic_int_set(&self->state, REIN_JOB_ENDING);
    rein_receipt_builder_add_held(builder, REIN_LEDGER_DEVICE, 0);
    rein_ledger_undo_all(self->ledger, builder);
    job_cleanup_plugin(self, builder);
    job_reset_scratch(self, builder);
    const gint64 ended_ns = rein_now_ns();
    const gint64 raised_ns = rein_stop_get_raised_ns(self->stop);
    const ReinWorkerFate fate = job_get_worker_fate(self);
    if (rein_receipt_builder_is_clean(builder)) {
        job_verify_memory(self, builder);
        job_leave_device(self, builder);
    } else { /* a leak is the plugin's: whether the device has lost anything shows when that is gone */
        job_leave_device(self, builder);
        job_verify_memory(self, builder);
    }
    job_write_rungs(self, builder); /* of the verification, too, which may hang as all else may */
    rein_receipt_builder_set_worker(builder, rein_device_get_isolation(self->device),
                                    fate == REIN_WORKER_DIED ? fate : job_get_worker_fate(self),
                                    rein_device_get_n_swept(self->device));
    rein_receipt_builder_add_released(builder, self->released_early_size);
    rein_receipt_builder_set_times(builder, ended_ns - begun_ns,
                                   raised_ns > 0 ? ended_ns - raised_ns : -1);
    rein_receipt_builder_set_launches(builder, self->n_launches, self->n_launches_after_stop);
    self->receipt = rein_receipt_builder_seal(builder);
    g_atomic_int_set(&self->state, REIN_JOB_ENDED);
    return rein_receipt_ref(self->receipt);
}
