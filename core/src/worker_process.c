/* SPDX-License-Identifier: MIT */

#define NOT_LOADED_STATUS \
    127             /* a program that lacks a library or symbol ends so before its main() */
#define _GNU_SOURCE /* pipe2, posix_spawn_file_actions_addclosefrom_np */

#include "worker_process_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rein/error.h>

#include "own_folder_private.h"
#include "text_private.h"

#define TAIL_SIZE 4096
#define READ_SIZE 16384 /* bytes of output in one read */
#define READS_AT_ONCE 8 /* more than a pipe holds; who prints without end must not hold us up */
#define KILL_WAIT_MS 1000
#define LAST_LINES 3
#define LAST_LINE_SIZE 200 /* bytes of each that are shown */

/* Our ends and the worker's, while it is started. */
typedef struct {
    int socket[2];
    int output[2];
} Ends;

static void
close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static void
ends_clear(Ends *self)
{
    close_fd(&self->socket[0]);
    close_fd(&self->socket[1]);
    close_fd(&self->output[0]);
    close_fd(&self->output[1]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ends, ends_clear)

/* A host without stdin would get numbers that the worker's own are then laid over. */
static gboolean
move_up(int *fd)
{
    int higher = -1;

    if (*fd > REIN_WORKER_SOCKET) {
        return TRUE;
    }
    higher = fcntl(*fd, F_DUPFD_CLOEXEC, REIN_WORKER_SOCKET + 1);
    if (higher < 0) {
        return FALSE;
    }
    close(*fd);
    *fd = higher;
    return TRUE;
}

static gboolean
ends_open(Ends *self)
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, self->socket) == 0 &&
           pipe2(self->output, O_CLOEXEC) == 0 &&
           fcntl(self->output[0], F_SETFL, O_NONBLOCK) == 0 && move_up(&self->socket[1]) &&
           move_up(&self->output[1]);
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

/* The descriptors the worker starts with: nothing to read, a pipe to print to, its socket. */
static int
add_actions(posix_spawn_file_actions_t *actions, const Ends *ends)
{
    int failure = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    if (failure == 0) {
        failure = posix_spawn_file_actions_adddup2(actions, ends->output[1], STDOUT_FILENO);
    }
    if (failure == 0) {
        failure = posix_spawn_file_actions_adddup2(actions, ends->output[1], STDERR_FILENO);
    }
    if (failure == 0) {
        failure = posix_spawn_file_actions_adddup2(actions, ends->socket[1], REIN_WORKER_SOCKET);
    }
    if (failure == 0) { /* what the host has open without close-on-exec is none of a driver's */
        failure = posix_spawn_file_actions_addclosefrom_np(actions, REIN_WORKER_SOCKET + 1);
    }
    return failure;
}

static int
set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t all;
    const short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    return posix_spawnattr_setflags(attributes, flags);
}

/* 0 and the pid, or an errno. */
static int
spawn(const char *program, const Ends *ends, char *const *environment, pid_t *pid)
{
    g_autofree char *parent = g_strdup_printf("%d", (int)getpid());
    g_autofree char *name = g_path_get_basename(program);
    char *argv[] = { name, parent, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int failure = add_actions(&actions, ends);
    if (failure == 0) {
        failure = set_attributes(&attributes);
    }
    if (failure == 0) {
        failure = posix_spawn(pid, program, &actions, &attributes, argv, environment);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

gboolean
rein_worker_process_start(ReinWorkerProcess *self, const char *program, char *const *environment,
                          GError **error)
{
    g_auto(Ends) ends = { { -1, -1 }, { -1, -1 } };

    if (!ends_open(&ends)) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "no worker can be started: %s",
                    g_strerror(errno));
        return FALSE;
    }
    int failure = spawn(program, &ends, environment, &self->pid);
    if (failure != 0) {
        self->pid = 0;
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED,
                    "the worker program %s cannot be started: %s (install rein as a whole, or set "
                    "REIN_WORKER)",
                    program, g_strerror(failure));
        return FALSE;
    }
    self->socket = g_steal_fd(&ends.socket[0]);
    self->output = g_steal_fd(&ends.output[0]);
    self->tail = g_string_sized_new(TAIL_SIZE);
    self->pidfd = (int)syscall(SYS_pidfd_open, self->pid, 0u);
    if (self->pidfd < 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "the worker cannot be watched: %s",
                    g_strerror(errno));
        rein_worker_process_clear(self);
        return FALSE;
    }
    return TRUE;
}

void
rein_worker_process_kill(ReinWorkerProcess *self)
{
    if (self->pid > 0) {
        kill(-self->pid, SIGKILL);
    }
}

gboolean
rein_worker_process_reap(ReinWorkerProcess *self)
{
    siginfo_t info = { 0 };

    if (self->pid == 0) {
        return TRUE;
    }
    const int found = waitid(P_PID, (id_t)self->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    if (found != 0 && errno != ECHILD) {
        return FALSE;
    }
    if (found == 0 && info.si_pid == 0) {
        return FALSE;
    }
    if (found == 0) {
        /* until it is reaped nobody else can have its number; where the host has reaped it, anybody can */
        rein_worker_process_kill(self);
        self->end_code = info.si_code;
        self->end_status = info.si_status;
        waitid(P_PID, (id_t)self->pid, &info, WEXITED | WNOHANG);
    }
    self->pid = 0;
    close_fd(&self->pidfd);
    return TRUE;
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

/* SIGKILL takes a moment, and no longer than that unless the process hangs in the kernel. */
static void
end_now(ReinWorkerProcess *self)
{
    struct pollfd ended = { .fd = self->pidfd, .events = POLLIN };

    rein_worker_process_kill(self);
    if (self->pidfd >= 0) {
        poll(&ended, 1, KILL_WAIT_MS);
    }
    for (int waited_ms = 0; !rein_worker_process_reap(self) && self->pidfd < 0; waited_ms++) {
        if (waited_ms == KILL_WAIT_MS) {
            break;
        }
        g_usleep(1000);
    }
    if (self->pid > 0) {
        g_warning("worker %d: it was killed and does not end; it is left", (int)self->pid);
    }
}

void
rein_worker_process_clear(ReinWorkerProcess *self)
{
    rein_worker_process_close_socket(self);
    close_fd(&self->output);
    if (self->pid > 0) {
        end_now(self);
    }
    close_fd(&self->pidfd);
    self->pid = 0;
    if (self->tail != NULL) {
        g_string_free(self->tail, TRUE);
        self->tail = NULL;
    }
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
