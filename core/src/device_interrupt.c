/* SPDX-License-Identifier: MIT */

/*
 * The one slot that is called while another runs. A worker gets it as a packet, which waits for nothing; a
 * plugin in this process is called on a thread of its own, so that one that hangs there holds nobody but
 * the device.
 */

#include "device_inside_private.h"
#include "thread_private.h"

typedef struct {
    ReinDevice *device;
    guint64 job;
} Interrupt;

static void *
interrupt_main(void *data)
{
    Interrupt *interrupt = data;
    ReinDevice *device = interrupt->device;

    device->table->interrupt(device->handle, interrupt->job);
    g_free(interrupt);

    pthread_mutex_lock(&device->lock); /* the device is there until it counts none */
    device->n_interrupts--;
    pthread_cond_broadcast(&device->changed);
    pthread_mutex_unlock(&device->lock);
    return NULL;
}

gboolean
rein_device_interrupt(ReinDevice *self, guint64 job)
{
    g_return_val_if_fail(self != NULL, FALSE);

    if (!rein_plugin_has_interrupt(self->plugin)) {
        return FALSE;
    }
    if (self->is_isolated) {
        self->table->interrupt(self->handle, job); /* the caller's reference keeps it open */
        return TRUE;
    }

    Interrupt *interrupt = g_new(Interrupt, 1);
    pthread_t thread;

    *interrupt = (Interrupt){ .device = self, .job = job };
    pthread_mutex_lock(&self->lock);
    self->n_interrupts++;
    pthread_mutex_unlock(&self->lock);
    if (rein_thread_start(&thread, TRUE, interrupt_main, interrupt) == 0) {
        return TRUE;
    }
    pthread_mutex_lock(&self->lock);
    self->n_interrupts--;
    pthread_mutex_unlock(&self->lock);
    g_free(interrupt);
    return FALSE;
}

void
rein_device_wait_interrupts(ReinDevice *self)
{
    pthread_mutex_lock(&self->lock);
    while (self->n_interrupts > 0) {
        pthread_cond_wait(&self->changed, &self->lock);
    }
    pthread_mutex_unlock(&self->lock);
}
