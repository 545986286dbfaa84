/* SPDX-License-Identifier: MIT */

/* The thread of a device, on which its plugin is called. */

#define _GNU_SOURCE /* pthread_setname_np */

#include "device_inside_private.h"

#include "text_private.h"
#include "worker_device_private.h"

#define THREAD_NAME_SIZE 16 /* what the kernel keeps, with the NUL */

void
rein_device_set_lost_locked(ReinDevice *self, const char *reason)
{
    if (self->lost_reason == NULL) {
        self->lost_reason =
            g_strdup(reason != NULL && reason[0] != '\0' ? reason : "it did not say why");
    }
}

void
rein_device_finish_locked(ReinDevice *self, ReinCall *call)
{
    g_atomic_int_set(&call->is_done, TRUE);
    pthread_cond_broadcast(&self->changed);
}

void
rein_device_answer_lost_locked(ReinDevice *self, ReinCall *call)
{
    g_autofree char *text =
        g_strdup_printf("device %s is lost: %s", self->info.id, self->lost_reason);

    rein_call_answer(call, REIN_ERR_DEVICE_LOST, text);
}

/*
 * A lost device must not be used, but what is legal in any state is still asked, for the receipt; of a
 * worker that is gone also what went with it.
 */
static gboolean
may_ask_locked(const ReinDevice *self, const ReinCall *call)
{
    if (self->lost_reason == NULL) {
        return TRUE;
    }
    if (self->is_given_up) {
        return FALSE;
    }
    switch (call->kind) {
    case REIN_CALL_USAGE:
    case REIN_CALL_CLEANUP:
        return TRUE;
    case REIN_CALL_DISCARD:
    case REIN_CALL_RELEASE:
    case REIN_CALL_MEMORY_INFO:
        return self->is_isolated && rein_worker_device_is_gone(self->handle);
    default:
        return FALSE;
    }
}

static void
note_job(ReinDevice *self, const ReinCall *call)
{
    guint at = 0;

    while (at < self->open_jobs->len && g_array_index(self->open_jobs, guint64, at) != call->job) {
        at++;
    }
    if (call->kind == REIN_CALL_CLEANUP) {
        if (at < self->open_jobs->len) {
            g_array_remove_index_fast(self->open_jobs, at);
        }
    } else if ((call->kind == REIN_CALL_BUILD || call->kind == REIN_CALL_ALLOCATE) &&
               at == self->open_jobs->len) {
        g_array_append_val(self->open_jobs, call->job);
    }
}

static void
open_on_thread(ReinDevice *self)
{
    char room[REIN_MSG_SIZE] = "";
    ReinMsg msg = { .text = room, .size = sizeof room };
    ReinPluginDevice *handle = NULL;

    if (!self->is_isolated) {
        rein_services_lower_priority(self->services);
    }
    ReinStatus status =
        self->table->open(self->info.id, rein_services_get_host(self->services), &handle, &msg);

    pthread_mutex_lock(&self->lock);
    self->open_status = status;
    self->open_text = rein_text_lines(room, sizeof room);
    self->handle = status == REIN_OK ? handle : NULL;
    if (self->is_isolated && self->handle != NULL) {
        self->isolation = rein_worker_device_get_isolation(handle);
        self->worker_pid = rein_worker_device_get_pid(handle);
    }
    self->is_opened = TRUE;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

/*
 * The next call, or NULL when the device closes and all were answered. `may_ask` says whether the
 * plugin is to be asked.
 */
static ReinCall *
take_call(ReinDevice *self, gboolean *may_ask)
{
    ReinCall *call = NULL;

    pthread_mutex_lock(&self->lock);
    while (g_queue_is_empty(&self->calls) && !self->is_closing) {
        pthread_cond_wait(&self->posted, &self->lock);
    }
    call = g_queue_pop_head(&self->calls);
    *may_ask = call != NULL && may_ask_locked(self, call);
    self->running = *may_ask ? call : NULL;
    if (call != NULL) {
        call->taken_ns = rein_now_ns();
    }
    pthread_mutex_unlock(&self->lock);
    return call;
}

static void
put_call(ReinDevice *self, ReinCall *call, gboolean was_asked)
{
    pthread_mutex_lock(&self->lock);
    self->running = NULL;
    if (!was_asked) {
        rein_device_answer_lost_locked(self, call);
    } else if (call->status == REIN_ERR_DEVICE_LOST) {
        rein_device_set_lost_locked(self, call->text);
    } else if (self->is_isolated && rein_worker_device_is_gone(self->handle)) {
        rein_device_set_lost_locked(self, rein_worker_device_get_end(self->handle));
    }
    rein_device_finish_locked(self, call);
    pthread_mutex_unlock(&self->lock);
    rein_call_unref(call);
}

/* Jobs whose owner gave up are cleaned up first: close() may rely on it. */
static void
close_on_thread(ReinDevice *self)
{
    rein_device_wait_interrupts(self);
    for (guint i = 0; i < self->open_jobs->len; i++) {
        ReinUsage released = { .struct_size = sizeof released };

        self->table->cleanup(self->handle, g_array_index(self->open_jobs, guint64, i), &released);
    }
    self->table->close(self->handle);
}

void *
rein_device_main(void *data)
{
    ReinDevice *self = data;
    ReinCall *call = NULL;
    gboolean may_ask = FALSE;
    char thread_name[THREAD_NAME_SIZE];

    g_snprintf(thread_name, sizeof thread_name, "rein %s", self->info.id);
    pthread_setname_np(pthread_self(), thread_name);

    open_on_thread(self);
    if (self->handle == NULL) {
        return NULL; /* rein_device_open() joins */
    }
    while ((call = take_call(self, &may_ask)) != NULL) {
        if (may_ask) {
            note_job(self, call);
            rein_call_perform(call, self->table, self->handle);
        }
        put_call(self, call, may_ask);
    }
    close_on_thread(self);

    pthread_mutex_lock(&self->lock);
    self->is_closed = TRUE;
    pthread_cond_broadcast(&self->changed);
    const gboolean is_orphan = self->is_orphan;
    pthread_mutex_unlock(&self->lock);
    if (is_orphan) {
        rein_device_free(self);
    }
    return NULL;
}
