/* SPDX-License-Identifier: MIT */

#include "stop_private.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rein/error.h>

#include "clock_private.h"

struct ReinStop {
    gint n_refs;   /* atomic */
    guint32 *flag; /* a page of its own, shared so that a worker can map it */
    gsize size;
    guint64 raised; /* atomic; when it was raised and why, in one: see pack(); 0: not raised */
};

#define REASON_BITS 3
#define REASON_MASK 7u

G_STATIC_ASSERT(REIN_STOP_ERROR <= REASON_MASK);

static guint64
pack(gint64 raised_ns, ReinStopReason reason)
{
    return (guint64)raised_ns << REASON_BITS | (guint64)reason;
}

ReinStop *
rein_stop_new(GError **error)
{
    const gsize size = (gsize)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED,
                    "stop flag: map %" G_GSIZE_FORMAT " bytes: %s", size, g_strerror(errno));
        return NULL;
    }

    ReinStop *self = g_new0(ReinStop, 1);
    self->n_refs = 1;
    self->flag = page;
    self->size = size;
    return self;
}

ReinStop *
rein_stop_ref(ReinStop *self)
{
    g_atomic_int_inc(&self->n_refs);
    return self;
}

void
rein_stop_unref(ReinStop *self)
{
    if (self == NULL || !g_atomic_int_dec_and_test(&self->n_refs)) {
        return;
    }
    munmap(self->flag, self->size);
    g_free(self);
}

gboolean
rein_stop_raise(ReinStop *self, ReinStopReason reason)
{
    guint64 none = 0;

    if (rein_stop_get_reason(self) != REIN_STOP_NONE) {
        return FALSE;
    }
    /* the flag before the time: whatever begins after that time has seen the flag */
    __atomic_store_n(self->flag, 1u, __ATOMIC_SEQ_CST);
    return __atomic_compare_exchange_n(&self->raised, &none, pack(rein_now_ns(), reason), FALSE,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

ReinStopReason
rein_stop_get_reason(ReinStop *self)
{
    return (ReinStopReason)(__atomic_load_n(&self->raised, __ATOMIC_ACQUIRE) & REASON_MASK);
}

gint64
rein_stop_get_raised_ns(ReinStop *self)
{
    return (gint64)(__atomic_load_n(&self->raised, __ATOMIC_ACQUIRE) >> REASON_BITS);
}

const volatile guint32 *
rein_stop_get_flag(ReinStop *self)
{
    return self->flag;
}
