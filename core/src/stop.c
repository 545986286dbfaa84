/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE /* memfd_create */

#include "stop_private.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rein/error.h>

#include "clock_private.h"
#include "error_private.h"

#define N_FLAGS 4096u     /* jobs at once in one process */
#define FLAG_DISTANCE 64u /* bytes: each has a cache line of its own */
#define AREA_SIZE ((gsize)N_FLAGS * FLAG_DISTANCE)

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* Linux 5.1 */
#endif

struct ReinStop {
    gint n_refs; /* atomic */
    guint index; /* in the area */
    guint32 *flag;
    guint64 raised; /* atomic; when it was raised and why, in one: see pack(); 0: not raised */
};

/* All flags of this process, in memory that workers map and cannot write. Never given back. */
static struct {
    pthread_mutex_t lock;
    int fd;
    char *memory; /* NULL until the first flag is needed */
    int failure;  /* errno that left it without a descriptor */
    guint next;   /* where the search for a free one begins */
    gboolean is_taken[N_FLAGS];
} area = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

#define REASON_BITS 3
#define REASON_MASK 7u

G_STATIC_ASSERT(REIN_STOP_ERROR <= REASON_MASK);

static guint64
pack(gint64 raised_ns, ReinStopReason reason)
{
    return (guint64)raised_ns << REASON_BITS | (guint64)reason;
}

/* FALSE with errno. The mapping that can write is made before the seal that allows no other. */
static gboolean
make_area_locked(void)
{
    const int fd = memfd_create("rein-stop", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0) {
        return FALSE;
    }
    void *memory = ftruncate(fd, AREA_SIZE) == 0
                       ? mmap(NULL, AREA_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                       : MAP_FAILED;
    if (memory == MAP_FAILED ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) !=
            0) {
        const int failure = errno;

        if (memory != MAP_FAILED) {
            munmap(memory, AREA_SIZE);
        }
        close(fd);
        errno = failure;
        return FALSE;
    }
    area.fd = fd;
    area.memory = memory;
    return TRUE;
}

/* Without a worker it does as well: where files may not be so large, for one. FALSE with errno. */
static gboolean
make_private_area_locked(void)
{
    area.failure = errno;
    void *memory =
        mmap(NULL, AREA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    area.memory = memory != MAP_FAILED ? memory : NULL;
    return area.memory != NULL;
}

/* FALSE with errno. */
static gboolean
take_flag_locked(guint *index)
{
    if (area.memory == NULL && !make_area_locked() && !make_private_area_locked()) {
        return FALSE;
    }
    for (guint i = 0; i < N_FLAGS; i++) {
        const guint at = (area.next + i) % N_FLAGS;

        if (!area.is_taken[at]) {
            area.is_taken[at] = TRUE;
            area.next = at + 1;
            *index = at;
            return TRUE;
        }
    }
    errno = ENOSPC;
    return FALSE;
}

ReinStop *
rein_stop_new(GError **error)
{
    guint index = 0;

    pthread_mutex_lock(&area.lock);
    const gboolean is_taken = take_flag_locked(&index);
    const int failure = errno;
    pthread_mutex_unlock(&area.lock);
    if (!is_taken) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "stop flag: %s",
                    failure == ENOSPC ? "there are 4096 jobs in this process already"
                                      : g_strerror(failure));
        return NULL;
    }

    ReinStop *self = g_new0(ReinStop, 1);
    self->n_refs = 1;
    self->index = index;
    self->flag = (guint32 *)(gpointer)(area.memory + (gsize)index * FLAG_DISTANCE);
    __atomic_store_n(self->flag, 0u, __ATOMIC_SEQ_CST);
    return self;
}

int
rein_stop_get_area(GError **error)
{
    pthread_mutex_lock(&area.lock);
    if (area.memory == NULL) {
        make_area_locked();
    }
    const int failure = area.memory != NULL ? area.failure : errno;
    pthread_mutex_unlock(&area.lock);
    if (area.fd < 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "stop flags: %s%s", g_strerror(failure),
                    rein_error_advise(failure));
        return -1;
    }
    return area.fd;
}

guint32
rein_stop_find(const volatile guint32 *flag)
{
    const gsize at = (gsize)flag;
    const gsize start = (gsize)area.memory;

    if (area.memory == NULL || at < start || at >= start + AREA_SIZE) {
        return REIN_STOP_NOWHERE;
    }
    return (guint32)((at - start) / FLAG_DISTANCE);
}

const volatile guint32 *
rein_stop_map_area(int fd)
{
    struct stat info = { 0 };

    if (fstat(fd, &info) != 0) {
        return NULL;
    }
    if (!S_ISREG(info.st_mode) || info.st_size != (off_t)AREA_SIZE) {
        errno = EINVAL;
        return NULL;
    }
    void *memory = mmap(NULL, AREA_SIZE, PROT_READ, MAP_SHARED, fd, 0);
    return memory != MAP_FAILED ? memory : NULL;
}

const volatile guint32 *
rein_stop_at(const volatile guint32 *mapped, guint32 index)
{
    return index < N_FLAGS ? mapped + (gsize)index * (FLAG_DISTANCE / sizeof *mapped) : NULL;
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
    pthread_mutex_lock(&area.lock);
    area.is_taken[self->index] = FALSE;
    pthread_mutex_unlock(&area.lock);
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
