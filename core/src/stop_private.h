/* SPDX-License-Identifier: MIT */

/*
 * The stop flag of one job, with who raised it and when. Only core raises it; plugins only read it. All
 * flags of a process lie in one area of shared memory, which its workers map and cannot write.
 * Reference counted. [any thread]
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

/* An error if there is no memory, or there are 4096 already. */
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

/* The descriptor of this process's area, which stays its own; -1 with an error. */
int rein_stop_get_area(GError **error);

/* Where in the area the flag lies; REIN_STOP_NOWHERE for one that is not of it. */
#define REIN_STOP_NOWHERE G_MAXUINT32
guint32 rein_stop_find(const volatile guint32 *flag);

/* In a worker: the area of its host, for as long as the process lives; NULL with errno. */
const volatile guint32 *rein_stop_map_area(int fd);

/* The flag there; NULL for a place beyond the area. */
const volatile guint32 *rein_stop_at(const volatile guint32 *mapped, guint32 index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinStop, rein_stop_unref)

G_END_DECLS
