/* SPDX-License-Identifier: MIT */

#include "ladder_private.h"

void
rein_ladder_init(ReinLadder *self, ReinDevice *device, ReinStop *stop)
{
    *self = (ReinLadder){
        .device = device,
        .stop = stop,
        .grace_ns = REIN_GRACE_NS,
        .slice_left_ns = -1,
        .interrupt_ns = -1,
        .terminate_ns = -1,
        .kill_ns = -1,
        .gone_ns = -1,
        .abandoned_ns = -1,
    };
}

static gint64
ladder_since_flag(const ReinLadder *self)
{
    const gint64 raised_ns = rein_stop_get_raised_ns(self->stop);
    const gint64 from_ns = raised_ns > 0 ? raised_ns : self->begun_ns;

    return from_ns > 0 ? rein_now_ns() - from_ns : 0;
}

static void
ladder_give_up(ReinLadder *self, const char *reason)
{
    self->abandoned_ns = ladder_since_flag(self);
    rein_device_give_up(self->device, reason);
}

/* While the flag is down: raises it when the deadline or the limit has passed. Returns the next event. */
static gint64
ladder_watch(ReinLadder *self, gint64 now_ns, gint64 hang_ns)
{
    gint64 next_ns = hang_ns;

    if (self->deadline_ns > 0 && now_ns >= self->deadline_ns) {
        rein_stop_raise(self->stop, REIN_STOP_DEADLINE);
        return now_ns;
    }
    if (now_ns >= hang_ns) {
        rein_stop_raise(self->stop, REIN_STOP_HANG);
        return now_ns;
    }
    if (self->deadline_ns > 0) {
        next_ns = MIN(next_ns, self->deadline_ns);
    }
    return next_ns;
}

/*
 * The rungs that only a worker has: SIGTERM, SIGKILL, and once more for what may have missed it. Returns
 * the next event, 0 after giving up.
 */
static gint64
ladder_end_worker(ReinLadder *self, gint64 now_ns)
{
    if (self->terminate_ns < 0) {
        self->terminate_ns = ladder_since_flag(self);
        self->signalled_ns = now_ns;
        rein_device_terminate(self->device);
    } else if (now_ns >= self->signalled_ns + REIN_TERM_NS) {
        const gint64 since_ns = ladder_since_flag(self);

        if (self->kill_ns < 0) {
            self->kill_ns = since_ns;
        } else if (since_ns - self->kill_ns >= REIN_KILL_NS) {
            ladder_give_up(self, "its worker was killed, and does not end");
            return 0;
        }
        self->signalled_ns = now_ns;
        rein_device_kill(self->device);
    }
    return self->signalled_ns + REIN_TERM_NS;
}

/*
 * While the flag is up, or in the teardown: interrupts `call` at half the grace; at its end a worker is
 * ended, a device in this process given up. The grace runs from `from_ns` on. Returns the next event, 0
 * after giving up.
 */
static gint64
ladder_climb(ReinLadder *self, const ReinCall *call, gint64 now_ns, gint64 from_ns)
{
    const gint64 interrupt_at_ns = from_ns + self->grace_ns / 2;
    gint64 give_up_at_ns = from_ns + self->grace_ns;

    if (now_ns < interrupt_at_ns) {
        return interrupt_at_ns;
    }
    if (self->interrupt_ns < 0 && call->kind == REIN_CALL_RUN_FITNESS &&
        rein_device_interrupt(self->device, call->job)) {
        self->interrupt_ns = ladder_since_flag(self);
    }
    if (self->interrupt_ns >= 0 && call->kind == REIN_CALL_RUN_FITNESS) {
        /* no rung is left out: an interrupt that came late, on a busy machine, has its half too */
        const gint64 interrupted_ns = now_ns - ladder_since_flag(self) + self->interrupt_ns;
        give_up_at_ns = MAX(give_up_at_ns, interrupted_ns + self->grace_ns / 2);
    }
    if (now_ns < give_up_at_ns) {
        return give_up_at_ns;
    }
    if (rein_device_is_isolated(self->device)) {
        return ladder_end_worker(self, now_ns);
    }
    ladder_give_up(self, "a call did not return within the grace after the stop flag");
    return 0;
}

/* The watch over one call. */
typedef struct {
    gint64 due_ns;   /* when the watch was to look again, at the latest */
    gint64 awake_ns; /* since when this process runs without a break; 0: all the time */
} Watch;

/*
 * Since when the call may be late. Not while it waits behind the calls of other jobs: their own ladders
 * see to those. And not before this process stood still (SIGSTOP, Ctrl-Z), the plugin with it, which
 * shows in a look that comes late.
 */
static gint64
ladder_begun_ns(const ReinLadder *self, Watch *watch, const ReinCall *call, gint64 now_ns)
{
    const gint64 taken_ns = rein_device_get_taken_ns(self->device, call);

    if (now_ns - watch->due_ns > REIN_STALL_NS) {
        watch->awake_ns = now_ns;
    }
    return taken_ns > 0 ? MAX(taken_ns, watch->awake_ns) : now_ns;
}

/* Since when the grace runs, for a call that may be late since `begun_ns`. */
static gint64
ladder_grace_from(const ReinLadder *self, gint64 begun_ns)
{
    return rein_device_is_isolated(self->device) ? begun_ns - self->spent_ns : begun_ns;
}

/* After a call under the flag or of the teardown, whose grace ran since `from_ns`. */
static void
ladder_note_end(ReinLadder *self, const ReinCall *call, gint64 from_ns)
{
    const gboolean is_gone = rein_device_is_worker_gone(self->device);

    self->spent_ns = MAX(rein_now_ns() - from_ns, self->spent_ns);
    if (is_gone && self->gone_ns < 0) {
        self->gone_ns = ladder_since_flag(self);
    }
    if (!is_gone && call->kind == REIN_CALL_RUN_FITNESS && self->slice_left_ns < 0 &&
        rein_stop_get_raised_ns(self->stop) > 0) {
        self->slice_left_ns = ladder_since_flag(self);
    }
    if (!is_gone && self->terminate_ns >= 0 && self->kill_ns < 0) {
        /* it came back after SIGTERM without ending: it is ended all the same, before its next call */
        self->kill_ns = ladder_since_flag(self);
        rein_device_kill(self->device);
    }
}

gboolean
rein_ladder_call(ReinLadder *self, ReinCall *call, gint64 limit_ns)
{
    const gboolean is_endless =
        call->kind == REIN_CALL_BUILD && !rein_device_is_isolated(self->device);
    Watch watch = { .due_ns = rein_now_ns() };
    gint64 from_ns = watch.due_ns;

    rein_device_post(self->device, call);
    for (;;) {
        const gint64 now_ns = rein_now_ns();
        const gint64 begun_ns = ladder_begun_ns(self, &watch, call, now_ns);
        const gint64 hang_ns = begun_ns + limit_ns;
        gint64 raised_ns = rein_stop_get_raised_ns(self->stop);
        gint64 next_ns = 0;

        if (raised_ns == 0) {
            next_ns = ladder_watch(self, now_ns, hang_ns);
            raised_ns = rein_stop_get_raised_ns(self->stop);
        }
        if (raised_ns > 0) {
            /* what begins after the flag fetches the best; a build's time here begins when it is over
             * its own limit */
            from_ns = ladder_grace_from(self, MAX(raised_ns, is_endless ? hang_ns : begun_ns));
            next_ns = ladder_climb(self, call, now_ns, from_ns);
        }
        if (next_ns == 0) {
            return FALSE;
        }
        if (rein_device_wait(self->device, call, next_ns)) {
            break;
        }
        watch.due_ns = next_ns;
    }
    if (rein_stop_get_raised_ns(self->stop) > 0) {
        ladder_note_end(self, call, MAX(from_ns, rein_stop_get_raised_ns(self->stop)));
    }
    return TRUE;
}

gboolean
rein_ladder_call_teardown(ReinLadder *self, ReinCall *call)
{
    Watch watch = { .due_ns = rein_now_ns() };
    gint64 from_ns = watch.due_ns;

    if (self->begun_ns == 0) {
        self->begun_ns = watch.due_ns;
    }
    rein_device_post(self->device, call);
    for (;;) {
        const gint64 now_ns = rein_now_ns();

        from_ns = ladder_grace_from(self, ladder_begun_ns(self, &watch, call, now_ns));
        const gint64 next_ns = ladder_climb(self, call, now_ns, from_ns);
        if (next_ns == 0) {
            return FALSE;
        }
        if (rein_device_wait(self->device, call, next_ns)) {
            break;
        }
        watch.due_ns = next_ns;
    }
    ladder_note_end(self, call, from_ns);
    return TRUE;
}
