/* SPDX-License-Identifier: MIT */

#include "stop_private.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rein/error.h>

struct ReinStop {
    gint n_refs; /* atomic */
    guint32 *flag; /* a page of its own, shared so that a worker can map it */
    gsize size;
    gint reason; /* atomic; ReinStopReason */
    gint64 raised_ns; /* atomic */
};

ReinStop *
rein_stop_new(GError **error)
{
    const gsize size = (gsize)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "stop flag: map %" G_GSIZE_FORMAT
                    " bytes: %s", size, g_strerror(errno));
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
    if (!g_atomic_int_compare_and_exchange(&self->reason, REIN_STOP_NONE, (gint)reason)) {
        return FALSE;
    }
    __atomic_store_n(&self->raised_ns, rein_now_ns(), __ATOMIC_RELEASE);
    __atomic_store_n(self->flag, 1u, __ATOMIC_RELEASE);
    return TRUE;
}

ReinStopReason
rein_stop_get_reason(ReinStop *self)
{
    return (ReinStopReason)g_atomic_int_get(&self->reason);
}

gint64
rein_stop_get_raised_ns(ReinStop *self)
{
    return __atomic_load_n(&self->raised_ns, __ATOMIC_ACQUIRE);
}

const volatile guint32 *
rein_stop_get_flag(ReinStop *self)
{
    return self->flag;
}
