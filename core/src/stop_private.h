/* SPDX-License-Identifier: MIT */

/*
 * The stop flag of one job, in a page of its own that a worker can map, with who raised it, when, and
 * the deadline that raises it. Only core raises it; plugins only read it. Reference counted.
 * [any thread]
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct ReinStop ReinStop;

/* Why a job ended early. The first reason to be given stays. */
typedef enum {
    REIN_STOP_NONE,
    REIN_STOP_USER,
    REIN_STOP_DEADLINE,
    REIN_STOP_LIMIT, /* the time limit of the job: an ordinary end */
    REIN_STOP_HANG,
    REIN_STOP_ERROR,
} ReinStopReason;

ReinStop *rein_stop_new(GError **error);
ReinStop *rein_stop_ref(ReinStop *self);
void rein_stop_unref(ReinStop *self);

/*
 * Raises the flag; whether this call was the first to do so. Waiters must be woken by the caller. The
 * flag may be seen up a moment before the reason and the time, which come into force together.
 */
gboolean rein_stop_raise(ReinStop *self, ReinStopReason reason);

ReinStopReason rein_stop_get_reason(ReinStop *self);
gint64 rein_stop_get_raised_ns(ReinStop *self); /* monotonic; 0 while not raised */

/* What the plugin reads. */
const volatile guint32 *rein_stop_get_flag(ReinStop *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinStop, rein_stop_unref)

G_END_DECLS
