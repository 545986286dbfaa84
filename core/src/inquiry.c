/* SPDX-License-Identifier: MIT */

#include "inquiry_private.h"

#include <errno.h>
#include <string.h>

#include "clock_private.h"
#include "driver_private.h"
#include "environment_private.h"
#include "plugin_private.h"
#include "probe_private.h"
#include "services_private.h"
#include "tag_private.h"
#include "text_private.h"
#include "wire_private.h"
#include "worker_process_private.h"

#define NS_PER_S G_GINT64_CONSTANT(1000000000)
#define LEAVE_NS (1 * NS_PER_S)  /* for a worker that has answered to end by itself */
#define KILLED_NS (2 * NS_PER_S) /* for the kernel to end it */
#define PACKETS_AT_ONCE 64       /* then it is another worker's turn */
#define TURNS_AT_END 32u         /* more than the longest answer takes */
#define MAX_LOG_LINES 1000u      /* that one worker may send; the others are dropped */

typedef enum {
    TALKING,
    LEAVING, /* it was told that nothing more comes */
    KILLED,
    GONE,
} Phase;

struct ReinInquiry {
    ReinWorkerProcess process;
    Phase phase;
    ReinInquiryState state;
    ReinQuestion question;
    ReinAnswer answer;
    char *failure; /* why it was killed while it was busy */
    char *path;
    gint64 timeout_ns;
    gint64 due_ns;
    GQueue outgoing; /* GBytes: packets the socket had no room for yet */
    guint n_log_lines;
    gboolean is_finished;
    gboolean is_killed_twice;
    gboolean has_hung; /* no answer in time */
    char room[REIN_WIRE_PACKET_SIZE];
};

/* Whose code runs during a question, and when that is. */
static const struct {
    const char *who;
    const char *when;
} circumstances[] = {
    [REIN_INQUIRY_LOAD] = { "its library", "while it was loaded" },
    [REIN_INQUIRY_LIST] = { "the plugin", "while it listed its drivers" },
    [REIN_INQUIRY_PROBE] = { "its driver", "while it was probed" },
};

static void
set_reason(ReinInquiry *self, const char *reason)
{
    g_free(self->answer.reason);
    self->answer.reason = g_strdup(reason);
}

/* The worker is gone; its output says more than its end does. */
static void
set_gone(ReinInquiry *self)
{
    g_autofree char *printed = NULL;

    rein_worker_process_read_output(&self->process);
    rein_worker_process_close_socket(&self->process);
    self->phase = GONE;
    self->due_ns = G_MAXINT64;
    if (self->process.tail != NULL && self->process.tail->len > 0) {
        printed = rein_text_lines(self->process.tail->str, self->process.tail->len);
        g_debug("%s: its worker printed: %s", self->path, printed);
    }
}

static void
set_failed(ReinInquiry *self, const char *what)
{
    g_autofree char *words = rein_worker_process_get_last_words(&self->process);
    g_autofree char *reason =
        words != NULL ? g_strdup_printf("%s; it said: %s", what, words) : g_strdup(what);

    set_reason(self, reason);
    self->state = REIN_INQUIRY_FAILED;
}

static char *
describe_end(const ReinInquiry *self)
{
    return rein_worker_process_describe_end(&self->process, circumstances[self->question].who,
                                            circumstances[self->question].when);
}

static void
kill_worker(ReinInquiry *self)
{
    rein_worker_process_kill(&self->process);
    rein_worker_process_close_socket(&self->process);
    self->phase = KILLED;
    self->due_ns = rein_now_ns() + KILLED_NS / 2;
}

/* The reason is complete when the worker is gone, and what it printed was read. */
static void
fail(ReinInquiry *self, char *failure)
{
    g_free(self->failure);
    self->failure = failure;
    kill_worker(self);
}

static void
fail_garbage(ReinInquiry *self, const char *what)
{
    fail(self, g_strdup_printf("spoke garbage %s: %s", circumstances[self->question].when, what));
}

static void
set_answered(ReinInquiry *self)
{
    self->state = REIN_INQUIRY_ANSWERED;
    self->due_ns = G_MAXINT64;
}

static const char *
take_plugin(ReinInquiry *self, const ReinWirePacket *packet)
{
    if (!rein_plugin_is_name(packet->texts[0])) {
        return "a plugin's name that cannot be one";
    }
    self->answer.features = packet->value;
    self->answer.name = g_strdup(packet->texts[0]);
    self->answer.version = rein_text_line(packet->texts[1], REIN_WIRE_TEXT_SIZE);
    set_reason(self, "");
    set_answered(self);
    return NULL;
}

static const char *
take_driver(ReinInquiry *self, const ReinWirePacket *packet)
{
    GPtrArray *drivers = self->answer.drivers;

    if (drivers->len == REIN_DRIVER_MAX_DRIVERS) {
        return "more drivers than can be";
    }
    if (rein_driver_name_fault(packet->texts[0], drivers) != NULL) {
        return "a driver's name that cannot be one";
    }
    g_ptr_array_add(drivers, rein_driver_record_new(packet->texts[0], packet->texts[1]));
    return NULL;
}

static const char *
take_variable(ReinInquiry *self, const ReinWirePacket *packet)
{
    GPtrArray *drivers = self->answer.drivers;
    ReinDriverRecord *driver = NULL;

    if (drivers->len == 0) {
        return "a variable of no driver";
    }
    driver = g_ptr_array_index(drivers, drivers->len - 1);
    if (driver->environment->len == REIN_DRIVER_MAX_VARIABLES ||
        rein_driver_variable_fault(packet->texts[0]) != NULL) {
        return "a driver's variable that cannot be one";
    }
    g_ptr_array_add(driver->environment, g_strdup(packet->texts[0]));
    return NULL;
}

static const char *
take_device(ReinInquiry *self, const ReinWirePacket *packet)
{
    ReinDeviceInfo info;

    if (self->answer.devices->len == REIN_PROBE_MAX_DEVICES) {
        return "more devices than can be";
    }
    memcpy(&info, packet->bytes, sizeof info);
    g_array_append_val(self->answer.devices, info);
    return NULL;
}

static const char *
take_end(ReinInquiry *self, const ReinWirePacket *packet)
{
    g_autofree char *reason = rein_text_line(packet->texts[0], REIN_WIRE_TEXT_SIZE);

    self->answer.is_refused = packet->type == REIN_WIRE_REFUSED;
    set_reason(self, reason);
    set_answered(self);
    return NULL;
}

static const char *
take_log(ReinInquiry *self, const ReinWirePacket *packet)
{
    const char *plugin = packet->texts[0];
    g_autofree char *line = rein_text_line(packet->texts[1], REIN_WIRE_TEXT_SIZE);

    self->n_log_lines++;
    if (self->n_log_lines == MAX_LOG_LINES) {
        g_warning("%s: what its worker logs from here on is dropped", self->path);
    } else if (self->n_log_lines < MAX_LOG_LINES) {
        rein_services_log(rein_plugin_is_name(plugin) ? plugin : "", (gint32)packet->value, line);
    }
    return NULL;
}

/* What each packet answers, and who takes it. */
static const struct {
    ReinQuestion question;
    const char *(*take)(ReinInquiry *self, const ReinWirePacket *packet);
} takers[] = {
    [REIN_WIRE_PLUGIN] = { REIN_INQUIRY_LOAD, take_plugin },
    [REIN_WIRE_REFUSED] = { REIN_INQUIRY_LOAD, take_end },
    [REIN_WIRE_DRIVER] = { REIN_INQUIRY_LIST, take_driver },
    [REIN_WIRE_VARIABLE] = { REIN_INQUIRY_LIST, take_variable },
    [REIN_WIRE_LISTED] = { REIN_INQUIRY_LIST, take_end },
    [REIN_WIRE_DEVICE] = { REIN_INQUIRY_PROBE, take_device },
    [REIN_WIRE_PROBED] = { REIN_INQUIRY_PROBE, take_end },
};

/* What is wrong with a packet that could be decoded, or NULL. */
static const char *
take(ReinInquiry *self, const ReinWirePacket *packet)
{
    if (packet->type == REIN_WIRE_LOG) {
        return take_log(self, packet);
    }
    if (packet->type >= G_N_ELEMENTS(takers) || takers[packet->type].take == NULL) {
        return "an answer that belongs to no question of a probe";
    }
    if (takers[packet->type].question != self->question) {
        return "an answer to what was not asked";
    }
    return takers[packet->type].take(self, packet);
}

/* An end of the connection is most often that of the process, which is told a moment later. */
static void
lose_connection(ReinInquiry *self)
{
    rein_worker_process_close_socket(&self->process);
    self->due_ns = MIN(self->due_ns, rein_now_ns() + LEAVE_NS);
}

static gboolean
is_busy(const ReinInquiry *self)
{
    return self->phase == TALKING && self->state == REIN_INQUIRY_BUSY;
}

/* Whether more may be there. */
static gboolean
receive(ReinInquiry *self)
{
    for (guint i = 0; i < PACKETS_AT_ONCE; i++) {
        g_autoptr(GError) error = NULL;
        ReinWirePacket packet;
        const char *fault = NULL;

        if (!is_busy(self) || self->process.socket < 0) {
            return FALSE;
        }
        switch (rein_wire_receive(self->process.socket, FALSE, REIN_WIRE_WORKER, self->room,
                                  &packet, &error)) {
        case REIN_WIRE_NOTHING:
            return FALSE;
        case REIN_WIRE_CLOSED:
            lose_connection(self);
            return FALSE;
        case REIN_WIRE_BAD:
            fail_garbage(self, error->message);
            return FALSE;
        case REIN_WIRE_GOT:
            fault = take(self, &packet);
            if (fault != NULL) {
                fail_garbage(self, fault);
            }
            break;
        }
    }
    return TRUE;
}

static void
send_outgoing(ReinInquiry *self)
{
    while (self->process.socket >= 0 && !g_queue_is_empty(&self->outgoing)) {
        gsize size = 0;
        const void *data = g_bytes_get_data(g_queue_peek_head(&self->outgoing), &size);
        const int failure = rein_wire_send(self->process.socket, FALSE, data, size);

        if (failure == EAGAIN || failure == ENOBUFS) {
            return;
        }
        if (failure != 0) { /* what it still has to say can be received all the same */
            g_queue_clear_full(&self->outgoing, (GDestroyNotify)g_bytes_unref);
            return;
        }
        g_bytes_unref(g_queue_pop_head(&self->outgoing));
    }
}

static void
queue_packet(ReinInquiry *self, ReinWireType type, const char *first, const char *second)
{
    const ReinWirePacket packet = { .type = type, .texts = { first, second } };
    const gsize size = rein_wire_encode(&packet, self->room);

    g_queue_push_tail(&self->outgoing, g_bytes_new(self->room, size));
}

static void
set_asked(ReinInquiry *self, ReinQuestion question)
{
    self->question = question;
    self->state = REIN_INQUIRY_BUSY;
    self->due_ns = rein_now_ns() + self->timeout_ns;
    send_outgoing(self);
}

static gboolean
queue_settings(ReinInquiry *self, GHashTable *settings)
{
    GHashTableIter entries;
    gpointer key = NULL;
    gpointer value = NULL;

    g_hash_table_iter_init(&entries, settings);
    while (g_hash_table_iter_next(&entries, &key, &value)) {
        if (!rein_wire_fits(key) || !rein_wire_fits(value)) {
            g_autofree char *reason =
                g_strdup_printf("setting %.64s is too long for a worker", (const char *)key);

            set_failed(self, reason);
            return FALSE;
        }
        queue_packet(self, REIN_WIRE_SETTING, key, value);
    }
    return TRUE;
}

static ReinInquiry *
inquiry_new_empty(const ReinInquirySetup *setup)
{
    ReinInquiry *self = g_new0(ReinInquiry, 1);

    self->process = (ReinWorkerProcess)REIN_WORKER_PROCESS_INIT;
    self->path = g_strdup(setup->path);
    self->timeout_ns = setup->timeout_ns;
    self->answer.drivers = g_ptr_array_new_with_free_func((GDestroyNotify)rein_driver_record_free);
    self->answer.devices = g_array_new(FALSE, FALSE, sizeof(ReinDeviceInfo));
    self->answer.reason = g_strdup("");
    g_queue_init(&self->outgoing);
    return self;
}

ReinInquiry *
rein_inquiry_new(const ReinInquirySetup *setup)
{
    ReinInquiry *self = inquiry_new_empty(setup);
    g_autoptr(GPtrArray) variables = rein_environment_choose(
        g_hash_table_lookup(setup->settings, "worker-environment"), setup->variables);
    g_auto(GStrv) environment = rein_environment_make(variables);
    g_autofree char *tag = rein_tag_new();
    g_autoptr(GError) error = NULL;

    self->phase = GONE;
    self->due_ns = G_MAXINT64;
    if (!queue_settings(self, setup->settings)) {
        return self;
    }
    const ReinWorkerStart start = {
        .program = setup->program,
        .environment = environment,
        .tag = tag,
        .isolation = setup->isolation,
        .staging = -1,
        .stop = -1,
    };
    if (!rein_worker_process_start(&self->process, &start, &error)) {
        set_failed(self, error->message);
        return self;
    }
    self->phase = TALKING;
    queue_packet(self, REIN_WIRE_LOAD, setup->path, NULL);
    set_asked(self, REIN_INQUIRY_LOAD);
    return self;
}

void
rein_inquiry_free(ReinInquiry *self)
{
    if (self == NULL) {
        return;
    }
    rein_worker_process_clear(&self->process);
    g_queue_clear_full(&self->outgoing, (GDestroyNotify)g_bytes_unref);
    g_ptr_array_unref(self->answer.drivers);
    g_array_unref(self->answer.devices);
    g_free(self->answer.name);
    g_free(self->answer.version);
    g_free(self->answer.reason);
    g_free(self->failure);
    g_free(self->path);
    g_free(self);
}

void
rein_inquiry_ask(ReinInquiry *self, ReinQuestion question)
{
    g_return_if_fail(self != NULL && self->state == REIN_INQUIRY_ANSWERED);
    g_return_if_fail(question != REIN_INQUIRY_LOAD);

    self->question = question;
    if (self->phase == GONE) {
        g_autofree char *end = describe_end(self);

        set_failed(self, end);
        return;
    }
    queue_packet(self, question == REIN_INQUIRY_LIST ? REIN_WIRE_LIST : REIN_WIRE_PROBE, NULL,
                 NULL);
    set_asked(self, question);
}

ReinInquiryState
rein_inquiry_get_state(const ReinInquiry *self)
{
    return self->state;
}

ReinInquiryFault
rein_inquiry_get_fault(const ReinInquiry *self)
{
    if (self->state != REIN_INQUIRY_FAILED) {
        return REIN_INQUIRY_NO_FAULT;
    }
    if (self->has_hung) {
        return REIN_INQUIRY_HUNG;
    }
    return self->failure != NULL || rein_worker_process_has_broken(&self->process)
               ? REIN_INQUIRY_BROKE
               : REIN_INQUIRY_NO_FAULT;
}

ReinQuestion
rein_inquiry_get_question(const ReinInquiry *self)
{
    return self->question;
}

const ReinAnswer *
rein_inquiry_get_answer(const ReinInquiry *self)
{
    return &self->answer;
}

void
rein_inquiry_finish(ReinInquiry *self)
{
    g_return_if_fail(self != NULL);

    self->is_finished = TRUE;
    if (self->phase == TALKING) {
        rein_worker_process_close_socket(&self->process);
        self->phase = LEAVING;
        self->due_ns = rein_now_ns() + LEAVE_NS;
    }
}

gboolean
rein_inquiry_has_ended(const ReinInquiry *self)
{
    return self->is_finished && self->phase == GONE;
}

guint
rein_inquiry_prepare(const ReinInquiry *self, struct pollfd *polls)
{
    const ReinWorkerProcess *process = &self->process;
    guint n_polls = 0;

    if (self->phase == GONE) {
        return 0;
    }
    if (process->output >= 0) {
        polls[n_polls++] = (struct pollfd){ .fd = process->output, .events = POLLIN };
    }
    if (self->phase == TALKING && self->state == REIN_INQUIRY_ANSWERED) {
        return n_polls; /* what it does before it is asked again is seen then */
    }
    polls[n_polls++] = (struct pollfd){ .fd = process->pidfd, .events = POLLIN };
    if (process->socket >= 0) {
        const short events = self->outgoing.length == 0 ? POLLIN : POLLIN | POLLOUT;

        polls[n_polls++] = (struct pollfd){ .fd = process->socket, .events = events };
    }
    return n_polls;
}

gint64
rein_inquiry_get_due_ns(const ReinInquiry *self)
{
    /* a failure is news that no descriptor tells */
    return self->state == REIN_INQUIRY_FAILED && !self->is_finished ? 0 : self->due_ns;
}

static void
handle_end(ReinInquiry *self)
{
    g_autofree char *end = NULL;

    /* it may have answered just before it ended; what it left behind may still hold the socket */
    for (guint i = 0; i < TURNS_AT_END && receive(self); i++) {
    }
    set_gone(self);
    if (self->failure != NULL) {
        set_failed(self, self->failure);
    } else if (self->state == REIN_INQUIRY_BUSY) {
        end = describe_end(self);
        set_failed(self, end);
    }
}

static void
handle_due(ReinInquiry *self)
{
    switch (self->phase) {
    case TALKING:
        self->has_hung = self->process.socket >= 0;
        fail(self, self->process.socket >= 0
                       ? g_strdup_printf("did not answer within %g s",
                                         (double)self->timeout_ns / (double)NS_PER_S)
                       : g_strdup_printf("broke off %s, and went on running",
                                         circumstances[self->question].when));
        break;
    case LEAVING:
        kill_worker(self);
        break;
    case KILLED: /* its supervisor did not do it, or it hangs in the kernel; free() has a last look */
        if (self->is_killed_twice) {
            handle_end(self);
            break;
        }
        self->is_killed_twice = TRUE;
        kill_worker(self);
        break;
    case GONE:
        break;
    }
}

void
rein_inquiry_handle(ReinInquiry *self)
{
    if (self->phase == GONE) {
        return;
    }
    rein_worker_process_read_output(&self->process);
    if (is_busy(self)) {
        send_outgoing(self);
        (void)receive(self);
    }
    if (rein_worker_process_reap(&self->process)) {
        handle_end(self);
    } else if (rein_now_ns() >= self->due_ns) {
        handle_due(self);
    }
}
