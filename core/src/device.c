/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>
#include <time.h>

#include "device_inside_private.h"
#include "error_private.h"
#include "services_private.h"
#include "text_private.h"
#include "thread_private.h"
#include "worker_device_private.h"

#define NS_PER_S G_GINT64_CONSTANT(1000000000)
#define MAX_INTERLEAVE 65536u

guint64
rein_device_next_job(ReinDevice *self)
{
    static guint64 n_jobs = 0;

    g_return_val_if_fail(self != NULL, 0);

    return __atomic_add_fetch(&n_jobs, 1, __ATOMIC_RELAXED);
}

guint64
rein_device_begin_job(ReinDevice *self, GError **error)
{
    const guint64 number = rein_device_next_job(self);

    pthread_mutex_lock(&self->lock);
    while (self->is_resetting) {
        pthread_cond_wait(&self->changed, &self->lock);
    }
    const char *reason = self->spent_reason != NULL ? self->spent_reason : self->lost_reason;
    if (reason == NULL) {
        if (self->n_jobs > 0) {
            self->shared_until = number;
        }
        self->n_jobs++;
        self->n_in_scratch++;
    } else {
        g_set_error(error, REIN_ERROR, REIN_ERROR_DEVICE_LOST,
                    "job: %s was given up earlier: %s (open the device anew or choose another)",
                    self->info.id, reason);
    }
    pthread_mutex_unlock(&self->lock);
    return reason == NULL ? number : 0;
}

gboolean
rein_device_is_alone(ReinDevice *self, guint64 number)
{
    pthread_mutex_lock(&self->lock);
    const gboolean is_alone = number > self->shared_until;
    pthread_mutex_unlock(&self->lock);
    return is_alone;
}

gboolean
rein_device_end_job(ReinDevice *self)
{
    pthread_mutex_lock(&self->lock);
    self->n_jobs--;
    const gboolean is_done_with = self->n_jobs == 0 && self->spent_reason != NULL;
    pthread_mutex_unlock(&self->lock);
    return is_done_with;
}

void
rein_device_free(ReinDevice *self)
{
    g_free(self->name);
    g_free(self->driver);
    g_free(self->lost_reason);
    g_free(self->spent_reason);
    g_free(self->open_text);
    g_array_unref(self->open_jobs);
    rein_services_free(self->services);
    rein_plugin_unref(self->plugin);
    pthread_cond_destroy(&self->changed);
    pthread_cond_destroy(&self->posted);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

static ReinDevice *
device_new(ReinPlugin *plugin, const ReinDeviceInfo *info, ReinServices *services)
{
    ReinDevice *self = g_new0(ReinDevice, 1);
    pthread_condattr_t monotonic;

    self->n_refs = 1;
    self->plugin = rein_plugin_ref(plugin);
    self->table = rein_plugin_get_table(plugin);
    self->services = services;
    memcpy(&self->info, info, MIN((gsize)info->struct_size, sizeof self->info));
    self->info.struct_size = sizeof self->info;
    self->info.id[sizeof self->info.id - 1] = '\0';
    self->name = rein_text_line(self->info.name, sizeof self->info.name);
    self->driver = rein_text_line(self->info.driver, sizeof self->info.driver);
    self->open_jobs = g_array_new(FALSE, FALSE, sizeof(guint64));
    g_queue_init(&self->calls);
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&self->posted, &monotonic);
    pthread_cond_init(&self->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return self;
}

gboolean
rein_device_check_info(const ReinDeviceInfo *info, GError **error)
{
    guint32 interleave = info->interleave;

    if (interleave == 0 || interleave > MAX_INTERLEAVE || (interleave & (interleave - 1)) != 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_PLUGIN,
                    "plugin lies: interleave %u is no power of two up to %u", interleave,
                    MAX_INTERLEAVE);
        return FALSE;
    }
    return TRUE;
}

static gboolean
check_opened(ReinDevice *self, GError **error)
{
    g_autofree char *what = g_strdup_printf("open %s", self->info.id);

    if (self->open_status == REIN_OK && self->handle == NULL) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_PLUGIN,
                    "%s: plugin lies: open answered without a device", what);
        return FALSE;
    }
    if (self->open_status != REIN_OK) {
        rein_error_set(error, self->open_status, self->open_text, what);
        return FALSE;
    }
    return TRUE;
}

ReinDevice *
rein_device_open(ReinPlugin *plugin, const ReinDeviceInfo *info, GHashTable *settings,
                 ReinWorkerSetup *worker, GError **error)
{
    g_autoptr(ReinWorkerSetup) setup = worker;
    g_autoptr(ReinServices) services = NULL;
    ReinDevice *self = NULL;

    g_return_val_if_fail(plugin != NULL && info != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    if (!rein_device_check_info(info, error)) {
        g_prefix_error(error, "open %.*s: ", (int)sizeof info->id, info->id);
        return NULL;
    }
    services = rein_services_new(rein_plugin_get_name(plugin), info->id, settings, error);
    if (services == NULL) {
        return NULL;
    }
    rein_services_begin_device(services);
    const gboolean is_isolated = setup != NULL;
    rein_services_set_worker(services, g_steal_pointer(&setup));
    self = device_new(plugin, info, g_steal_pointer(&services));
    self->is_isolated = is_isolated;

    int failure = rein_thread_start(&self->thread, FALSE, rein_device_main, self);
    if (failure != 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "open %s: no thread: %s", self->info.id,
                    g_strerror(failure));
        rein_device_free(self);
        return NULL;
    }
    pthread_mutex_lock(&self->lock);
    while (!self->is_opened) {
        pthread_cond_wait(&self->changed, &self->lock);
    }
    pthread_mutex_unlock(&self->lock);

    if (!check_opened(self, error)) {
        pthread_join(self->thread, NULL);
        rein_device_free(self);
        return NULL;
    }
    return self;
}

void
rein_device_post(ReinDevice *self, ReinCall *call)
{
    g_return_if_fail(self != NULL && call != NULL);

    pthread_mutex_lock(&self->lock);
    call->wakes_seen = self->n_wakes;
    if (self->is_given_up) {
        rein_device_answer_lost_locked(self, call);
        rein_device_finish_locked(self, call);
    } else {
        g_queue_push_tail(&self->calls, rein_call_ref(call));
        pthread_cond_signal(&self->posted);
    }
    pthread_mutex_unlock(&self->lock);
}

/* Waits for news until then; FALSE when the time is over. */
static gboolean
wait_locked(ReinDevice *self, gint64 until_ns)
{
    struct timespec until = {
        .tv_sec = (time_t)(MAX(until_ns, 0) / NS_PER_S),
        .tv_nsec = (long)(MAX(until_ns, 0) % NS_PER_S),
    };

    if (until_ns == G_MAXINT64) {
        pthread_cond_wait(&self->changed, &self->lock);
        return TRUE;
    }
    return pthread_cond_timedwait(&self->changed, &self->lock, &until) != ETIMEDOUT;
}

gboolean
rein_device_wait(ReinDevice *self, ReinCall *call, gint64 until_ns)
{
    gboolean has_time = TRUE;
    gboolean is_done = FALSE;

    g_return_val_if_fail(self != NULL && call != NULL, FALSE);

    pthread_mutex_lock(&self->lock);
    while (!g_atomic_int_get(&call->is_done) && call->wakes_seen == self->n_wakes && has_time) {
        has_time = wait_locked(self, until_ns);
    }
    call->wakes_seen = self->n_wakes;
    is_done = g_atomic_int_get(&call->is_done);
    pthread_mutex_unlock(&self->lock);
    return is_done;
}

gint64
rein_device_get_taken_ns(ReinDevice *self, const ReinCall *call)
{
    g_return_val_if_fail(self != NULL && call != NULL, 0);

    pthread_mutex_lock(&self->lock);
    const gint64 taken_ns = call->taken_ns;
    pthread_mutex_unlock(&self->lock);
    return taken_ns;
}

void
rein_device_wake(ReinDevice *self)
{
    g_return_if_fail(self != NULL);

    pthread_mutex_lock(&self->lock);
    self->n_wakes++;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

gboolean
rein_device_can_measure_memory(ReinDevice *self)
{
    return rein_plugin_has_memory_info(self->plugin) &&
           (self->info.flags & REIN_DEVICE_UNIFIED_MEMORY) == 0;
}

gboolean
rein_device_is_isolated(ReinDevice *self)
{
    return self->is_isolated;
}

void
rein_device_terminate(ReinDevice *self)
{
    g_return_if_fail(self != NULL && self->is_isolated);

    rein_worker_device_terminate(self->handle);
}

void
rein_device_kill(ReinDevice *self)
{
    g_return_if_fail(self != NULL && self->is_isolated);

    rein_worker_device_kill(self->handle);
}

gboolean
rein_device_is_worker_gone(ReinDevice *self)
{
    return self->is_isolated && rein_worker_device_is_gone(self->handle);
}

guint
rein_device_get_n_swept(ReinDevice *self)
{
    return self->is_isolated ? rein_worker_device_get_n_swept(self->handle) : 0;
}

gboolean
rein_device_is_worker_stuck(ReinDevice *self)
{
    return self->is_isolated && rein_worker_device_is_stuck(self->handle);
}

void
rein_device_spend(ReinDevice *self, const char *reason)
{
    g_return_if_fail(self != NULL && reason != NULL);

    pthread_mutex_lock(&self->lock);
    if (self->spent_reason == NULL) {
        self->spent_reason = g_strdup(reason);
    }
    pthread_mutex_unlock(&self->lock);
}

gboolean
rein_device_has_scratch(ReinDevice *self)
{
    return rein_services_get_scratch(self->services)[0] != '\0';
}

/* Only for the last job that may have files: another one waits meanwhile to begin. */
static gboolean
begin_reset(ReinDevice *self)
{
    pthread_mutex_lock(&self->lock);
    const gboolean is_last = --self->n_in_scratch == 0;
    self->is_resetting = is_last;
    pthread_mutex_unlock(&self->lock);
    return is_last;
}

gboolean
rein_device_reset_scratch(ReinDevice *self, gboolean *is_reset, GError **error)
{
    g_return_val_if_fail(self != NULL && is_reset != NULL, FALSE);

    *is_reset = begin_reset(self);
    if (!*is_reset) {
        return TRUE;
    }
    const gboolean is_empty = rein_services_reset_scratch(self->services, error);
    pthread_mutex_lock(&self->lock);
    self->is_resetting = FALSE;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    return is_empty;
}

void
rein_device_give_up(ReinDevice *self, const char *reason)
{
    GQueue answered = G_QUEUE_INIT;

    g_return_if_fail(self != NULL);

    pthread_mutex_lock(&self->lock);
    rein_device_set_lost_locked(self, reason);
    self->is_given_up = TRUE;
    answered = self->calls;
    g_queue_init(&self->calls);
    for (GList *item = answered.head; item != NULL; item = item->next) {
        rein_device_answer_lost_locked(self, item->data);
        rein_device_finish_locked(self, item->data);
    }
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);

    /* outside the lock: the last reference to a call drops its stop */
    g_queue_clear_full(&answered, (GDestroyNotify)rein_call_unref);
}

ReinDevice *
rein_device_ref(ReinDevice *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    g_atomic_int_inc(&self->n_refs);
    return self;
}

/* Until the thread has closed the device, or for as long as that may take. */
static gboolean
wait_closed_locked(ReinDevice *self)
{
    const gint64 until_ns = rein_now_ns() + REIN_CLOSE_LIMIT_NS;
    gboolean has_time = TRUE;

    while (!self->is_closed && has_time) {
        has_time = wait_locked(self, until_ns);
    }
    return self->is_closed;
}

void
rein_device_unref(ReinDevice *self)
{
    g_autofree char *story = NULL;

    if (self == NULL || !g_atomic_int_dec_and_test(&self->n_refs)) {
        return;
    }

    pthread_t thread = self->thread;
    pthread_mutex_lock(&self->lock);
    self->is_closing = TRUE;
    pthread_cond_signal(&self->posted);
    /* a thread inside a slot sees is_orphan when it comes out, and not before */
    const gboolean is_orphan =
        (self->is_given_up && self->running != NULL) || !wait_closed_locked(self);
    self->is_orphan = is_orphan;
    if (is_orphan) {
        story = g_strdup_printf("%s: %s", self->info.id,
                                self->lost_reason != NULL ? self->lost_reason
                                                          : "the plugin does not close it");
    }
    pthread_mutex_unlock(&self->lock);

    if (is_orphan) { /* from here the thread may free the device at any time */
        pthread_detach(thread);
        g_warning("device %s: it still hangs and cannot be closed; its thread and memory are left",
                  story);
        return;
    }
    pthread_join(thread, NULL);
    rein_device_free(self);
}

const char *
rein_device_get_id(ReinDevice *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    return self->info.id;
}

const char *
rein_device_get_name(ReinDevice *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    return self->name;
}

const char *
rein_device_get_driver(ReinDevice *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    return self->driver;
}

guint
rein_device_get_n_units(ReinDevice *self)
{
    g_return_val_if_fail(self != NULL, 0);

    return self->info.n_units;
}

guint
rein_device_get_interleave(ReinDevice *self)
{
    g_return_val_if_fail(self != NULL, 0);

    return self->info.interleave;
}

gboolean
rein_device_is_cpu(ReinDevice *self)
{
    g_return_val_if_fail(self != NULL, FALSE);

    return (self->info.flags & REIN_DEVICE_IS_CPU) != 0;
}

ReinIsolation
rein_device_get_isolation(ReinDevice *self)
{
    g_return_val_if_fail(self != NULL, REIN_ISOLATION_NONE);

    return self->isolation;
}

gint64
rein_device_get_worker_pid(ReinDevice *self)
{
    g_return_val_if_fail(self != NULL, 0);

    return self->worker_pid;
}

gboolean
rein_device_is_lost(ReinDevice *self)
{
    g_return_val_if_fail(self != NULL, FALSE);

    pthread_mutex_lock(&self->lock);
    gboolean is_lost = self->lost_reason != NULL || self->spent_reason != NULL;
    pthread_mutex_unlock(&self->lock);
    return is_lost;
}
