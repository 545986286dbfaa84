/* SPDX-License-Identifier: MIT */

#include "worker_link_private.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "clock_private.h"
#include "plugin_private.h"
#include "services_private.h"
#include "stop_private.h"
#include "text_private.h"

#define NS_PER_MS G_GINT64_CONSTANT(1000000)
#define LEAVE_MS 1000 /* for a worker that has nothing more to do to end */
#define KILL_MS 500   /* for the kernel to end it, twice */
#define LONGEST_POLL_MS 60000
#define MAX_LOG_LINES 1000u /* of one call; the others are dropped */

void
rein_worker_link_init(ReinWorkerLink *self, const char *name)
{
    memset(self, 0, sizeof *self);
    self->name = g_strdup(name);
    self->staging = (ReinStaging)REIN_STAGING_INIT;
    self->process = (ReinWorkerProcess)REIN_WORKER_PROCESS_INIT;
    pthread_mutex_init(&self->lock, NULL);
}

void
rein_worker_link_clear(ReinWorkerLink *self)
{
    rein_worker_process_clear(&self->process);
    rein_staging_clear(&self->staging);
    pthread_mutex_destroy(&self->lock);
    g_free(self->name);
    g_free(self->end);
}

gboolean
rein_worker_link_start(ReinWorkerLink *self, const ReinWorkerStart *start, GError **error)
{
    ReinWorkerStart whole = *start;

    if (!rein_staging_make(&self->staging, error)) {
        return FALSE;
    }
    whole.staging = self->staging.fd;
    whole.stop = rein_stop_get_area(error);
    return whole.stop >= 0 && rein_worker_process_start(&self->process, &whole, error);
}

/* Waits for the end of the process, without the lock; whether it has come. */
static gboolean
wait_end(ReinWorkerLink *self, int timeout_ms)
{
    struct pollfd ended = { .fd = self->process.pidfd, .events = POLLIN };

    if (self->process.pidfd >= 0) {
        while (poll(&ended, 1, timeout_ms) < 0 && errno == EINTR) {
        }
    }
    pthread_mutex_lock(&self->lock);
    const gboolean has_ended = rein_worker_process_reap(&self->process);
    pthread_mutex_unlock(&self->lock);
    return has_ended;
}

static void
kill_now(ReinWorkerLink *self)
{
    for (int i = 0; i < 2; i++) {
        pthread_mutex_lock(&self->lock);
        rein_worker_process_kill(&self->process);
        pthread_mutex_unlock(&self->lock);
        if (wait_end(self, KILL_MS)) {
            return;
        }
    }
    g_warning("device %s: its worker %d was killed and does not end; it is left", self->name,
              (int)self->process.pid);
}

static void
set_end(ReinWorkerLink *self, const char *what)
{
    g_autofree char *words = NULL;

    rein_worker_process_read_output(&self->process);
    words = rein_worker_process_get_last_words(&self->process);
    if (self->end == NULL) {
        self->end =
            words != NULL ? g_strdup_printf("%s; it said: %s", what, words) : g_strdup(what);
    }
    rein_worker_process_close_socket(&self->process);
    g_atomic_int_set(&self->is_gone, self->process.pid == 0);
}

void
rein_worker_link_fail(ReinWorkerLink *self, const char *fault)
{
    kill_now(self);
    set_end(self, fault);
}

/* Nobody but the kernel is known to kill a worker without a word. */
static char *
describe_end(const ReinWorkerLink *self, const char *when)
{
    g_autofree char *what = rein_worker_process_describe_end(&self->process, "the plugin", when);
    const gboolean is_killed =
        self->process.end_code == CLD_KILLED && self->process.end_status == SIGKILL;

    return g_strdup_printf("%s%s", what,
                           is_killed ? " (it was killed: by somebody, or by the kernel because "
                                       "memory ran out)"
                                     : "");
}

/* The connection has ended, most often because the process has. */
static void
lose(ReinWorkerLink *self, const char *when)
{
    g_autofree char *what = NULL;
    const gboolean has_ended = wait_end(self, LEAVE_MS);

    if (!has_ended) {
        kill_now(self);
    }
    if (g_atomic_int_get(&self->is_signalled)) {
        what = g_strdup_printf("the worker was ended by rein %s", when);
    } else if (!has_ended) {
        what = g_strdup_printf("the plugin broke off %s, and went on running", when);
    } else {
        what = describe_end(self, when);
    }
    set_end(self, what);
}

static void
take_log(ReinWorkerLink *self, const ReinWirePacket *packet)
{
    const char *plugin = packet->texts[0];
    g_autofree char *line = rein_text_line(packet->texts[1], REIN_WIRE_TEXT_SIZE);

    self->n_log_lines++;
    if (self->n_log_lines == MAX_LOG_LINES) {
        g_warning("device %s: what its worker logs in this call from here on is dropped",
                  self->name);
    } else if (self->n_log_lines < MAX_LOG_LINES) {
        rein_services_log(rein_plugin_is_name(plugin) ? plugin : "", (gint32)packet->value, line);
    }
}

/* Until something of the worker's can be read, or the time is over; whether it has ended. */
static gboolean
wait_for_news(ReinWorkerLink *self, gint64 due_ns)
{
    const ReinWorkerProcess *process = &self->process;
    struct pollfd polls[] = {
        { .fd = process->socket, .events = POLLIN },
        { .fd = process->pidfd, .events = POLLIN },
        { .fd = process->output, .events = POLLIN },
    };
    gint64 timeout_ms = LONGEST_POLL_MS;

    if (due_ns != G_MAXINT64) {
        timeout_ms = (due_ns - rein_now_ns()) / NS_PER_MS + 1;
    }
    poll(polls, G_N_ELEMENTS(polls), (int)CLAMP(timeout_ms, 0, LONGEST_POLL_MS));
    if (polls[2].revents != 0) {
        rein_worker_process_read_output(&self->process);
    }
    return polls[1].revents != 0;
}

/* The reply, if it is there; one that is due soon is given a moment to come, but no slice's. */
static ReinWireResult
listen_to_worker(ReinWorkerLink *self, gboolean is_soon, ReinWirePacket *reply, GError **error)
{
    const int socket = self->process.socket;

    return is_soon ? rein_wire_receive_soon(socket, REIN_WIRE_WORKER, self->room, reply, error)
                   : rein_wire_receive(socket, FALSE, REIN_WIRE_WORKER, self->room, reply, error);
}

/* FALSE: it is gone. A supervisor that ended alone takes all with it, but for the connection. */
static gboolean
receive(ReinWorkerLink *self, gboolean is_soon, gint64 due_ns, const char *when,
        ReinWirePacket *reply)
{
    gboolean has_ended = FALSE;

    for (;;) {
        g_autoptr(GError) error = NULL;
        g_autofree char *fault = NULL;

        switch (listen_to_worker(self, is_soon, reply, &error)) {
        case REIN_WIRE_GOT:
            if (reply->type != REIN_WIRE_LOG) {
                return TRUE;
            }
            take_log(self, reply);
            break;
        case REIN_WIRE_CLOSED:
            lose(self, when);
            return FALSE;
        case REIN_WIRE_BAD:
            fault = g_strdup_printf("the plugin spoke garbage %s: %s", when, error->message);
            rein_worker_link_fail(self, fault);
            return FALSE;
        case REIN_WIRE_NOTHING:
            if (rein_now_ns() >= due_ns) {
                fault = g_strdup_printf("the plugin did not answer in time %s", when);
                rein_worker_link_fail(self, fault);
                return FALSE;
            }
            if (has_ended) { /* and nothing is left to be read */
                lose(self, when);
                return FALSE;
            }
            is_soon = FALSE;
            has_ended = wait_for_news(self, due_ns);
            break;
        }
    }
}

gboolean
rein_worker_link_send(ReinWorkerLink *self, const ReinWirePacket *packet)
{
    const gsize size = rein_wire_encode(packet, self->room);

    /* it reads whenever it is not in a call, and there is no other question: this does not wait long */
    return self->end == NULL && rein_wire_send(self->process.socket, TRUE, self->room, size) == 0;
}

gboolean
rein_worker_link_ask(ReinWorkerLink *self, const ReinWirePacket *packet, gint64 due_ns,
                     const char *when, ReinWirePacket *reply)
{
    if (self->end != NULL) {
        return FALSE;
    }
    self->n_log_lines = 0;
    /* one that was told to end serves nothing more, also if it came back from its last call */
    if (g_atomic_int_get(&self->is_signalled) || !rein_worker_link_send(self, packet)) {
        lose(self, when);
        return FALSE;
    }
    return receive(self, packet->type == REIN_WIRE_CALL, due_ns, when, reply);
}

void
rein_worker_link_finish(ReinWorkerLink *self)
{
    rein_worker_process_close_socket(&self->process);
    if (wait_end(self, LEAVE_MS)) {
        return;
    }
    g_warning("device %s: its worker did not end by itself within %d ms, and is ended", self->name,
              LEAVE_MS);
    rein_worker_link_terminate(self);
    if (!wait_end(self, KILL_MS)) {
        kill_now(self);
    }
}

void
rein_worker_link_terminate(ReinWorkerLink *self)
{
    g_atomic_int_set(&self->is_signalled, TRUE);
    pthread_mutex_lock(&self->lock);
    rein_worker_process_terminate(&self->process);
    pthread_mutex_unlock(&self->lock);
}

void
rein_worker_link_kill(ReinWorkerLink *self)
{
    g_atomic_int_set(&self->is_signalled, TRUE);
    pthread_mutex_lock(&self->lock);
    rein_worker_process_kill(&self->process);
    pthread_mutex_unlock(&self->lock);
}

void
rein_worker_link_interrupt(ReinWorkerLink *self, guint64 job)
{
    const ReinWirePacket packet = { .type = REIN_WIRE_INTERRUPT,
                                    .bytes = &job,
                                    .n_bytes = sizeof job };
    char room[sizeof(ReinWireHeader) + sizeof job];
    const gsize size = rein_wire_encode(&packet, room);

    pthread_mutex_lock(&self->lock);
    if (self->process.pid > 0) {
        rein_wire_send(self->process.control, FALSE, room, size);
    }
    pthread_mutex_unlock(&self->lock);
}
