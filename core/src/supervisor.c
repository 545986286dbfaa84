/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE /* POLLRDHUP */

#include "supervisor_private.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rein/device.h>

#include "wire_private.h"

#define SWEEP_TURNS 200 /* of 5 ms, for what does not die at once */
#define SWEEP_US 5000
#define MORE_SCORE 500 /* of 1,000, of all memory */

typedef struct {
    pid_t host;
    pid_t plugin;
    gboolean is_first; /* of a namespace: the kernel sees to the rest */
    int signals;       /* descriptor of the few that are looked at */
    guint32 end;       /* of the plugin's process; 0 while it runs */
    GHashTable *swept; /* numbers of what it left, and had to be killed; NULL before the sweep */
} Supervisor;

/* With nobody at its other end the control socket has ended, and without one it is none. */
static gboolean
has_control_ended(void)
{
    struct pollfd control = { .fd = REIN_WORKER_CONTROL, .events = POLLRDHUP };

    return poll(&control, 1, 0) != 0;
}

/* Each of the two tells by itself. The first of a namespace sees no parent. */
static gboolean
has_lost_host(const Supervisor *self)
{
    return has_control_ended() || (!self->is_first && getppid() != self->host);
}

/*
 * The signal first: a host that ended before it was armed shows in has_lost_host(). With a namespace the
 * supervisor's death is enough. Without one it has to live to sweep, also if it was stopped: SIGCONT
 * resumes it and, being blocked, is there to be read. It comes with the end of the thread that started
 * it, too, which is not the host's, and from whoever resumes it: it says no more than to look.
 */
static gboolean
tie_to_host(const Supervisor *self)
{
    const struct rlimit none = { 0, 0 };

    setrlimit(RLIMIT_CORE, &none);
    return prctl(PR_SET_PDEATHSIG, self->is_first ? SIGKILL : SIGCONT) == 0 && !has_lost_host(self);
}

/* Takes the end of every child that has ended. FALSE when there is no child any more. */
static gboolean
reap(Supervisor *self)
{
    for (;;) {
        siginfo_t info = { 0 };

        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0) {
            return errno == EINTR;
        }
        if (info.si_pid == 0) {
            return TRUE;
        }
        if (info.si_pid == self->plugin) {
            self->end = rein_wire_end(info.si_code, info.si_status);
            self->plugin = 0;
        }
    }
}

/* The parent of a process, and its state; 0 if there is none, or no such process. */
static pid_t
parent_of(pid_t pid, char *state)
{
    char path[64];
    char line[512];
    int parent = 0;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    const char *read = fgets(line, sizeof line, file);
    fclose(file);
    /* its name is in parentheses, and may have some itself */
    const char *after = read != NULL ? strrchr(line, ')') : NULL;
    if (after == NULL || sscanf(after + 1, " %c %d", state, &parent) != 2) {
        return 0;
    }
    return parent;
}

static gboolean
is_descendant(pid_t pid)
{
    const pid_t own = getpid();
    char state = '\0';

    for (int depth = 0; pid > 1 && depth < 64; depth++) {
        pid = parent_of(pid, &state);
        if (pid == own) {
            return TRUE;
        }
    }
    return FALSE;
}

/* The pidfd comes first: if the number is another process's when it is looked at, nothing is hit. */
static void
kill_descendant(Supervisor *self, pid_t pid)
{
    const int pidfd = (int)syscall(SYS_pidfd_open, pid, 0u);
    char state = '\0';

    if (pidfd < 0) {
        return;
    }
    if (is_descendant(pid)) {
        if (pid != self->plugin && parent_of(pid, &state) != 0 && state != 'Z') {
            g_hash_table_add(self->swept, GINT_TO_POINTER(pid));
        }
        (void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0u);
    }
    close(pidfd);
}

/* Only where there is no namespace: there the kernel does it. */
static void
kill_descendants(Supervisor *self)
{
    DIR *folder = opendir("/proc");
    const struct dirent *entry = NULL;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        const pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (pid > 1) {
            kill_descendant(self, pid);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
}

/* A child's children are ours once it is gone: until there is none. FALSE: there still is one. */
static gboolean
sweep(Supervisor *self)
{
    self->swept = g_hash_table_new(NULL, NULL);
    for (int turn = 0; turn < SWEEP_TURNS; turn++) {
        kill_descendants(self);
        if (!reap(self)) {
            return TRUE;
        }
        g_usleep(SWEEP_US);
    }
    return FALSE;
}

/*
 * Tells the host, which may be busy or gone, how it ended; then all of it ends. Its own status says
 * whether there is anything left to look for.
 */
static void
finish(Supervisor *self)
{
    char room[sizeof(ReinWireHeader) + sizeof(guint32)];
    const gboolean is_all = self->is_first || sweep(self);
    const guint32 n_swept = self->swept != NULL ? g_hash_table_size(self->swept) : 0;
    const ReinWirePacket packet = { .type = REIN_WIRE_ENDED,
                                    .value = self->end,
                                    .bytes = &n_swept };

    if (self->end != 0) {
        rein_wire_send(REIN_WORKER_CONTROL, FALSE, room, rein_wire_encode(&packet, room));
    }
    _exit(is_all ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void
handle_signals(Supervisor *self)
{
    struct signalfd_siginfo info;

    while (read(self->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTERM && self->plugin > 0) {
            kill(self->plugin, SIGTERM);
        }
    }
    reap(self);
}

static void
supervise(Supervisor *self)
{
    prctl(PR_SET_NAME, "rein-supervisor");
    close(REIN_WORKER_SOCKET); /* so that its end is that of the plugin's process */
    while (self->end == 0) {
        struct pollfd polls[] = {
            { .fd = self->signals, .events = POLLIN },
            /* its end alone: the plugin's process reads it */
            { .fd = REIN_WORKER_CONTROL, .events = POLLRDHUP },
        };

        if (poll(polls, G_N_ELEMENTS(polls), -1) < 0 && errno != EINTR) {
            break;
        }
        handle_signals(self);
        if (self->end == 0 && has_lost_host(self)) {
            kill(self->plugin, SIGKILL);
            break;
        }
    }
    finish(self);
}

/*
 * Where memory runs out the kernel is to end the plugin, not its supervisor, nor the host. More of it
 * anybody may ask for; that it cannot be had is no fault.
 */
static void
offer_to_be_ended(void)
{
    static const char path[] = "/proc/self/oom_score_adj";
    FILE *file = fopen(path, "r+e");
    int score = 0;

    if (file == NULL) {
        return;
    }
    if (fscanf(file, "%d", &score) == 1) {
        rewind(file);
        fprintf(file, "%d", MIN(score + MORE_SCORE, 1000));
    }
    fclose(file);
}

/* In the plugin's process. The supervisor's number is seen from inside the namespace, too. */
static gboolean
tie_to_supervisor(pid_t supervisor)
{
    sigset_t none;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != supervisor || has_control_ended()) {
        return FALSE;
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_NAME, "rein-worker");
    offer_to_be_ended();
    return TRUE;
}

/*
 * It starts with those ignored that the host ignores. All stay blocked, so that none ends the supervisor
 * before it has swept: to a group that is stopped and has lost its parent the kernel sends SIGHUP.
 */
static void
block_signals(void)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL); /* of some it is refused: they are so */
    }
}

/* The descriptor of those that are looked at, or -1. */
static int
watch_signals(void)
{
    sigset_t watched;

    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGCONT);
    return signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
}

static gboolean
is_number(const char *text, pid_t *number)
{
    guint64 value = 0;

    if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT32, &value, NULL)) {
        return FALSE;
    }
    *number = (pid_t)value;
    return TRUE;
}

gboolean
rein_supervisor_begin(int argc, char **argv)
{
    Supervisor self = { .signals = -1 };
    const pid_t own = getpid();

    if (argc != 3 || !is_number(argv[1], &self.host)) {
        return FALSE;
    }
    self.is_first = strcmp(argv[2], rein_isolation_to_string(REIN_ISOLATION_NAMESPACE)) == 0;
    block_signals();
    if (!tie_to_host(&self)) {
        _exit(EXIT_FAILURE);
    }
    self.signals = watch_signals(); /* not before: its number may be that of a control socket */
    if (self.signals < 0 || (!self.is_first && prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)) {
        fprintf(stderr, "rein-worker: cannot supervise: %s\n", g_strerror(errno));
        _exit(EXIT_FAILURE);
    }

    self.plugin = fork(); /* no driver is loaded, and there is no thread */
    if (self.plugin < 0) {
        fprintf(stderr, "rein-worker: no process for the plugin: %s\n", g_strerror(errno));
        _exit(EXIT_FAILURE);
    }
    if (self.plugin > 0) {
        supervise(&self);
    }
    close(self.signals);
    if (!tie_to_supervisor(own)) {
        _exit(EXIT_FAILURE);
    }
    return TRUE;
}
