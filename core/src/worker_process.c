/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE /* pipe2, sigabbrev_np */

#include "worker_process_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rein/error.h>
#include <rein/leftovers.h>

#include "clock_private.h"
#include "error_private.h"
#include "own_folder_private.h"
#include "supervisor_private.h"
#include "tag_private.h"
#include "text_private.h"
#include "wire_private.h"
#include "worker_spawn_private.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#define SIGNAL_PROCESS_GROUP (1u << 2) /* of pidfd_send_signal() */
#define NOT_LOADED_STATUS 127          /* of a program that lacks a library */
#define TAIL_SIZE 4096
#define NS_PER_MS G_GINT64_CONSTANT(1000000)
#define ORPHAN_NS (500 * NS_PER_MS)
#define CONTROL_PACKETS 1024 /* more than the socket holds */
#define READ_SIZE 16384      /* bytes of output in one read */
#define READS_AT_ONCE 8  /* more than a pipe holds; who prints without end must not hold us up */
#define KILL_WAIT_MS 500 /* twice */
#define LAST_LINES 3
#define LAST_LINE_SIZE 200 /* bytes of each that are shown */

/* Our ends and the worker's, while it is started. */
typedef struct {
    int socket[2];
    int control[2];
    int output[2];
    int input;
} Ends;

#define ENDS_INIT \
    { \
        .socket = { -1, -1 }, .control = { -1, -1 }, .output = { -1, -1 }, .input = -1 \
    }

static void
close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static void
close_both(int *fds)
{
    close_fd(&fds[0]);
    close_fd(&fds[1]);
}

static void
ends_clear(Ends *self)
{
    close_both(self->socket);
    close_both(self->control);
    close_both(self->output);
    close_fd(&self->input);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ends, ends_clear)

static gboolean
ends_open(Ends *self)
{
    self->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return self->input >= 0 &&
           socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, self->socket) == 0 &&
           socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, self->control) == 0 &&
           pipe2(self->output, O_CLOEXEC) == 0 && fcntl(self->output[0], F_SETFL, O_NONBLOCK) == 0;
}

gboolean
rein_worker_process_parse_isolation(const char *word, ReinIsolation *isolation, GError **error)
{
    *isolation = REIN_ISOLATION_NAMESPACE;
    if (word == NULL || strcmp(word, "namespace") == 0) {
        return TRUE;
    }
    *isolation = REIN_ISOLATION_SUBREAPER;
    if (strcmp(word, "subreaper") == 0) {
        return TRUE;
    }
    g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                "setting isolation: \"%s\" is neither namespace nor subreaper", word);
    return FALSE;
}

char *
rein_worker_process_find_program(const char *chosen)
{
    const char *variable = g_getenv("REIN_WORKER");
    g_autofree char *folder = NULL;

    if (chosen != NULL && chosen[0] != '\0') {
        return g_strdup(chosen);
    }
    if (variable != NULL && variable[0] != '\0') {
        return g_strdup(variable);
    }
    folder = rein_own_folder();
    return g_build_filename(folder != NULL ? folder : "", "rein", "rein-worker", NULL);
}

static int
spawn(const ReinWorkerStart *start, const Ends *ends, ReinWorkerSpawned *spawned)
{
    g_auto(GStrv) environment =
        g_environ_setenv(g_strdupv(start->environment), REIN_TAG_VARIABLE, start->tag, TRUE);
    const int fds[] = {
        [STDIN_FILENO] = ends->input,
        [STDOUT_FILENO] = ends->output[1],
        [STDERR_FILENO] = ends->output[1],
        [REIN_WORKER_SOCKET] = ends->socket[1],
        [REIN_WORKER_CONTROL] = ends->control[1],
        [REIN_WORKER_STAGING] = start->staging,
        [REIN_WORKER_STOP] = start->stop,
    };
    const ReinWorkerSpawn spawn = {
        .program = start->program,
        .environment = environment,
        .fds = fds,
        .n_fds = start->staging >= 0 ? G_N_ELEMENTS(fds) : REIN_WORKER_STAGING,
        .isolation = start->isolation,
    };

    return rein_worker_spawn(&spawn, spawned);
}

gboolean
rein_worker_process_start(ReinWorkerProcess *self, const ReinWorkerStart *start, GError **error)
{
    g_auto(Ends) ends = ENDS_INIT;
    ReinWorkerSpawned spawned = { 0 };

    if (!ends_open(&ends)) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "no worker can be started: %s%s",
                    g_strerror(errno), rein_error_advise(errno));
        return FALSE;
    }
    const int failure = spawn(start, &ends, &spawned);
    if (failure != 0) {
        const char *advice = rein_error_advise(failure);

        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED,
                    "the worker program %s cannot be started: %s%s", start->program,
                    g_strerror(failure),
                    advice[0] != '\0' ? advice : " (install rein as a whole, or set REIN_WORKER)");
        return FALSE;
    }
    self->pid = spawned.pid;
    self->pidfd = spawned.pidfd;
    self->isolation = spawned.isolation;
    self->socket = g_steal_fd(&ends.socket[0]);
    self->control = g_steal_fd(&ends.control[0]);
    self->output = g_steal_fd(&ends.output[0]);
    self->tail = g_string_sized_new(TAIL_SIZE);
    self->tag = g_strdup(start->tag);
    return TRUE;
}

static void
send_signal(const ReinWorkerProcess *self, int number)
{
    if (self->pidfd >= 0) {
        (void)syscall(SYS_pidfd_send_signal, self->pidfd, number, NULL, 0u);
    }
}

/*
 * The group by the pidfd, whoever may have reaped its leader meanwhile. A kernel that cannot (before
 * 6.9) is told its number, which is nobody else's while the leader is a child of ours.
 */
static void
kill_group(const ReinWorkerProcess *self)
{
    siginfo_t info = { 0 };

    if (syscall(SYS_pidfd_send_signal, self->pidfd, SIGKILL, NULL, SIGNAL_PROCESS_GROUP) != 0 &&
        errno == EINVAL &&
        waitid(P_PIDFD, (id_t)self->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
        kill(-self->pid, SIGKILL);
    }
}

void
rein_worker_process_terminate(ReinWorkerProcess *self)
{
    send_signal(self, SIGTERM);
}

void
rein_worker_process_kill(ReinWorkerProcess *self)
{
    if (self->pid == 0) {
        return;
    }
    if (self->isolation == REIN_ISOLATION_NAMESPACE) {
        send_signal(self, SIGKILL);
    } else if (!self->is_killed) {
        shutdown(self->control, SHUT_WR);
    } else {
        kill_group(self);
        send_signal(self, SIGKILL);
    }
    self->is_killed = TRUE;
}

/* FALSE: no supervisor says so. */
static gboolean
take_end(ReinWorkerProcess *self, const ReinWirePacket *packet)
{
    const int code = rein_wire_end_code(packet->value);
    guint32 n_swept = 0;

    memcpy(&n_swept, packet->bytes, sizeof n_swept);
    if ((code != CLD_EXITED && code != CLD_KILLED && code != CLD_DUMPED) ||
        n_swept > REIN_WIRE_MAX_SWEPT) {
        return FALSE;
    }
    self->end_code = code;
    self->end_status = rein_wire_end_status(packet->value);
    self->n_swept = n_swept;
    return TRUE;
}

/*
 * What the supervisor said of the plugin's end counts more; it comes after all that the plugin may say.
 * Where the worker left something unread, the first thing to be read is the connection's end, and what
 * it said only then. Whether it has said something.
 */
static gboolean
take_told_end(ReinWorkerProcess *self)
{
    char room[REIN_WIRE_PACKET_SIZE];
    ReinWirePacket packet;
    ReinWireResult result = REIN_WIRE_GOT;
    gboolean has_told = FALSE;
    guint n_closed = 0;

    for (int i = 0; i < CONTROL_PACKETS && result != REIN_WIRE_NOTHING && n_closed < 2; i++) {
        result = rein_wire_receive(self->control, FALSE, REIN_WIRE_WORKER, room, &packet, NULL);
        n_closed += result == REIN_WIRE_CLOSED ? 1 : 0;
        if (result == REIN_WIRE_GOT && packet.type == REIN_WIRE_ENDED && take_end(self, &packet)) {
            has_told = TRUE;
        }
    }
    return has_told;
}

/* Waits for one that was killed, which has no environment any more, but may still hold a device. */
static void
wait_for_process(pid_t pid, gint64 until_ns)
{
    struct pollfd ended = { .fd = (int)syscall(SYS_pidfd_open, pid, 0u), .events = POLLIN };
    const gint64 left_ns = until_ns - rein_now_ns();

    if (ended.fd >= 0) {
        (void)poll(&ended, 1, (int)(MAX(0, left_ns) / NS_PER_MS));
        close(ended.fd);
    }
}

/*
 * A supervisor that was killed by itself leaves what is not its child any more: what is of its group,
 * which is killed already, is waited for, and what carries the tag is killed. How many were killed here.
 */
static guint
end_orphans(const char *tag, pid_t group)
{
    const gint64 until_ns = rein_now_ns() + ORPHAN_NS;
    g_autoptr(GDir) processes = NULL;
    const char *name = NULL;

    processes = g_dir_open("/proc", 0, NULL);
    while (processes != NULL && (name = g_dir_read_name(processes)) != NULL) {
        guint64 pid = 0;

        if (g_ascii_string_to_unsigned(name, 10, 1, G_MAXINT32, &pid, NULL) &&
            getpgid((pid_t)pid) == group) {
            wait_for_process((pid_t)pid, until_ns);
        }
    }
    return rein_leftovers_kill_tagged(tag, NULL);
}

gboolean
rein_worker_process_reap(ReinWorkerProcess *self)
{
    siginfo_t info = { 0 };

    if (self->pid == 0) {
        return TRUE;
    }
    const int found = waitid(P_PIDFD, (id_t)self->pidfd, &info, WEXITED | WNOHANG | WNOWAIT);
    if (found != 0 && errno != ECHILD) {
        return FALSE;
    }
    if (found == 0 && info.si_pid == 0) {
        return FALSE;
    }
    kill_group(self);
    if (found == 0) {
        self->end_code = info.si_code;
        self->end_status = info.si_status;
        waitid(P_PIDFD, (id_t)self->pidfd, &info, WEXITED | WNOHANG);
    }
    const gboolean is_told = take_told_end(self) && info.si_code == CLD_EXITED;
    if (!is_told) {
        self->n_swept = 0;
    }
    if (self->isolation == REIN_ISOLATION_SUBREAPER &&
        (!is_told || info.si_status != EXIT_SUCCESS)) {
        self->n_swept += end_orphans(self->tag, self->pid);
    }
    self->pid = 0;
    close_fd(&self->pidfd);
    return TRUE;
}

char *
rein_worker_process_describe_end(const ReinWorkerProcess *self, const char *who, const char *when)
{
    const int status = self->end_status;
    const char *name = NULL;

    if (self->end_code == CLD_EXITED) {
        return g_strdup_printf("%s exited with status %d %s", who, status, when);
    }
    if (self->end_code == 0) {
        return g_strdup_printf("%s ended the process %s, in a way that this program did not keep",
                               who, when);
    }
    name = sigabbrev_np(status);
    return name != NULL
               ? g_strdup_printf("%s ended the process by SIG%s %s", who, name, when)
               : g_strdup_printf("%s ended the process by signal %d %s", who, status, when);
}

static void
keep_tail(GString *tail, const char *text, gsize size)
{
    const gsize before = tail->len;

    g_string_append_len(tail, text, (gssize)size);
    for (gsize i = before; i < tail->len; i++) {
        if (tail->str[i] == '\0') {
            tail->str[i] = ' ';
        }
    }
    if (tail->len > TAIL_SIZE) {
        g_string_erase(tail, 0, (gssize)(tail->len - TAIL_SIZE));
    }
}

void
rein_worker_process_read_output(ReinWorkerProcess *self)
{
    char room[READ_SIZE];

    for (int i = 0; i < READS_AT_ONCE && self->output >= 0; i++) {
        const ssize_t size = read(self->output, room, sizeof room);

        if (size > 0) {
            keep_tail(self->tail, room, (gsize)size);
        } else if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        } else {
            close_fd(&self->output);
        }
    }
}

char *
rein_worker_process_get_last_words(const ReinWorkerProcess *self)
{
    g_autoptr(GPtrArray) last = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = NULL;

    if (self->tail == NULL) {
        return NULL;
    }
    lines = g_strsplit(self->tail->str, "\n", -1);
    for (guint i = g_strv_length(lines); i > 0 && last->len < LAST_LINES; i--) {
        g_autofree char *line = rein_text_line(lines[i - 1], LAST_LINE_SIZE);

        if (line[0] != '\0') {
            g_ptr_array_insert(last, 0, g_steal_pointer(&line));
        }
    }
    if (last->len == 0) {
        return NULL;
    }
    g_ptr_array_add(last, NULL);
    return g_strjoinv(" / ", (char **)last->pdata);
}

void
rein_worker_process_close_socket(ReinWorkerProcess *self)
{
    close_fd(&self->socket);
}

gboolean
rein_worker_process_wait(ReinWorkerProcess *self, int timeout_ms)
{
    struct pollfd ended = { .fd = self->pidfd, .events = POLLIN };

    if (self->pidfd >= 0) {
        while (poll(&ended, 1, timeout_ms) < 0 && errno == EINTR) {
        }
    }
    return rein_worker_process_reap(self);
}

void
rein_worker_process_clear(ReinWorkerProcess *self)
{
    rein_worker_process_close_socket(self);
    close_fd(&self->output);
    for (int i = 0; i < 2 && !rein_worker_process_reap(self); i++) {
        rein_worker_process_kill(self);
        rein_worker_process_wait(self, KILL_WAIT_MS);
    }
    if (self->pid > 0) {
        g_warning("worker %d: it was killed and does not end; it is left", (int)self->pid);
    }
    close_fd(&self->control);
    close_fd(&self->pidfd);
    self->pid = 0;
    g_clear_pointer(&self->tag, g_free);
    if (self->tail != NULL) {
        g_string_free(self->tail, TRUE);
        self->tail = NULL;
    }
}

guint
rein_worker_process_get_n_swept(const ReinWorkerProcess *self)
{
    return self->n_swept;
}

gboolean
rein_worker_process_has_broken(const ReinWorkerProcess *self)
{
    static const int faults[] = { SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS, SIGTRAP };

    if (self->end_code == CLD_EXITED) {
        return self->end_status != NOT_LOADED_STATUS;
    }
    for (guint i = 0; self->end_code != 0 && i < G_N_ELEMENTS(faults); i++) {
        if (self->end_status == faults[i]) {
            return TRUE;
        }
    }
    return FALSE;
}
