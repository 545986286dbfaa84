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
    if (whole.stop < 0) {
        return FALSE;
    }
    pthread_mutex_lock(&self->lock);
    const gboolean is_started = rein_worker_process_start(&self->process, &whole, error);
    pthread_mutex_unlock(&self->lock);
    return is_started;
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
    g_atomic_int_set(&self->n_swept, (gint)rein_worker_process_get_n_swept(&self->process));
    g_atomic_int_set(&self->is_stuck, self->process.pid > 0);
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

static int
timeout_until(gint64 due_ns)
{
    const gint64 timeout_ms =
        due_ns != G_MAXINT64 ? (due_ns - rein_now_ns()) / NS_PER_MS + 1 : LONGEST_POLL_MS;

    return (int)CLAMP(timeout_ms, 0, LONGEST_POLL_MS);
}

static void
fail_late(ReinWorkerLink *self, const char *what, const char *when)
{
    g_autofree char *fault = g_strdup_printf("the plugin %s %s", what, when);

    rein_worker_link_fail(self, fault);
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

    poll(polls, G_N_ELEMENTS(polls), timeout_until(due_ns));
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
            if (rein_now_ns() >= due_ns) {
                fail_late(self, "logs, and did not answer in time", when);
                return FALSE;
            }
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
                fail_late(self, "did not answer in time", when);
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

/* Until the worker can take more, has ended, or the time is over; FALSE for the two latter. */
static gboolean
wait_for_room(ReinWorkerLink *self, gint64 due_ns)
{
    struct pollfd polls[] = {
        { .fd = self->process.socket, .events = POLLOUT },
        { .fd = self->process.pidfd, .events = POLLIN },
    };

    poll(polls, G_N_ELEMENTS(polls), timeout_until(due_ns));
    return polls[1].revents == 0 && rein_now_ns() < due_ns;
}

gboolean
rein_worker_link_send(ReinWorkerLink *self, const ReinWirePacket *packet, gint64 due_ns,
                      const char *when)
{
    const gsize size = rein_wire_encode(packet, self->room);
    int failure = 0;

    if (self->end != NULL) {
        return FALSE;
    }
    do { /* it reads whenever it is not in a call; a plugin that reads there itself may be at fault */
        failure = rein_wire_send(self->process.socket, FALSE, self->room, size);
    } while (failure == EAGAIN && wait_for_room(self, due_ns));
    if (failure == EAGAIN && rein_now_ns() >= due_ns) {
        fail_late(self, "takes nothing", when);
    } else if (failure != 0) {
        lose(self, when);
    }
    return failure == 0;
}

gboolean
rein_worker_link_ask(ReinWorkerLink *self, const ReinWirePacket *packet, gint64 due_ns,
                     const char *when, ReinWirePacket *reply)
{
    if (self->end != NULL) {
        return FALSE;
    }
    self->n_log_lines = 0;
    if (g_atomic_int_get(&self->is_signalled)) {
        /* it serves nothing more, also if it came back from its last call */
        lose(self, when);
        return FALSE;
    }
    return rein_worker_link_send(self, packet, due_ns, when) &&
           receive(self, packet->type == REIN_WIRE_CALL, due_ns, when, reply);
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
