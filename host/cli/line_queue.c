/* SPDX-License-Identifier: MIT */

#include "line_queue.h"

#include <errno.h>
#include <glib-unix.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

struct LineQueue {
    int fd;
    void (*changed)(gpointer user_data);
    gpointer user_data;
    guint source; /* waits for the descriptor; 0: nothing to write. Main thread */
    int error;    /* main thread */
    pthread_mutex_t lock;
    GString *text; /* guarded: not yet written */
    guint wake_up; /* guarded: the main loop is to look at `text` */
};

LineQueue *
line_queue_new(int fd, void (*changed)(gpointer user_data), gpointer user_data)
{
    LineQueue *self = g_new0(LineQueue, 1);

    self->fd = fd;
    self->changed = changed;
    self->user_data = user_data;
    self->text = g_string_new(NULL);
    pthread_mutex_init(&self->lock, NULL);
    return self;
}

void
line_queue_free(LineQueue *self)
{
    if (self == NULL) {
        return;
    }
    if (self->source != 0) {
        g_source_remove(self->source);
    }
    if (self->wake_up != 0) {
        g_source_remove(self->wake_up);
    }
    pthread_mutex_destroy(&self->lock);
    (void)g_string_free(self->text, TRUE);
    g_free(self);
}

/*
 * Writes what surely goes without waiting: a pipe that can be written to takes PIPE_BUF bytes. The
 * lock is not held, so that nobody who adds a line waits for a terminal.
 */
static void
write_some(LineQueue *self)
{
    char chunk[PIPE_BUF];

    pthread_mutex_lock(&self->lock);
    gsize size = MIN(self->text->len, sizeof chunk);
    memcpy(chunk, self->text->str, size);
    pthread_mutex_unlock(&self->lock);

    ssize_t n_written = write(self->fd, chunk, size);
    if (n_written < 0 && errno != EINTR && errno != EAGAIN) {
        self->error = errno;
    }
    pthread_mutex_lock(&self->lock);
    g_string_erase(self->text, 0, self->error != 0 ? -1 : MAX(0, n_written));
    pthread_mutex_unlock(&self->lock);
}

static gboolean
on_writable(gint fd, GIOCondition condition, gpointer user_data)
{
    LineQueue *self = user_data;

    (void)fd;
    (void)condition; /* an error shows when writing */
    write_some(self);
    if (!line_queue_is_empty(self)) {
        return G_SOURCE_CONTINUE;
    }
    self->source = 0;
    self->changed(self->user_data);
    return G_SOURCE_REMOVE;
}

static gboolean
on_wake_up(gpointer user_data)
{
    LineQueue *self = user_data;

    pthread_mutex_lock(&self->lock);
    self->wake_up = 0;
    pthread_mutex_unlock(&self->lock);
    if (self->source == 0 && !line_queue_is_empty(self)) {
        self->source = g_unix_fd_add(self->fd, G_IO_OUT | G_IO_ERR | G_IO_HUP, on_writable, self);
    }
    return G_SOURCE_REMOVE;
}

void
line_queue_add(LineQueue *self, const char *line)
{
    g_return_if_fail(self != NULL && line != NULL);

    pthread_mutex_lock(&self->lock);
    g_string_append(self->text, line);
    g_string_append_c(self->text, '\n');
    if (self->wake_up == 0) {
        self->wake_up = g_idle_add_full(G_PRIORITY_DEFAULT, on_wake_up, self, NULL);
    }
    pthread_mutex_unlock(&self->lock);
}

gboolean
line_queue_is_empty(LineQueue *self)
{
    g_return_val_if_fail(self != NULL, TRUE);

    pthread_mutex_lock(&self->lock);
    gboolean is_empty = self->text->len == 0 || self->error != 0;
    pthread_mutex_unlock(&self->lock);
    return is_empty;
}

int
line_queue_get_error(LineQueue *self)
{
    g_return_val_if_fail(self != NULL, 0);

    return self->error;
}
