/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE /* clone, close_range */

#include "worker_spawn_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_SIZE ((gsize)65536)
#define LINE_SIZE 48 /* of a map of users, or a number */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PLAIN __attribute__((no_sanitize("address", "thread")))
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PLAIN __attribute__((no_sanitize_address, no_sanitize_thread))
#endif
#ifndef PLAIN
#define PLAIN
#endif

/* What the child needs, made before it is there: it must not allocate, nor take a lock. */
typedef struct {
    const char *program;
    char *const *argv;
    char *const *environment;
    int fds[REIN_WORKER_MAX_FDS]; /* none of them is one of the numbers that they get */
    guint n_fds;
    gboolean has_namespace;
    gboolean has_user_namespace;
    char uid_map[LINE_SIZE];
    char gid_map[LINE_SIZE];
    volatile int failure;                   /* out: errno of the step that failed */
    volatile gboolean is_namespace_failure; /* out: it may do without */
} Birth;

/* The same as clone(), by a name that no sanitizer takes for a fork with memory of its own. */
extern int __clone(int (*run)(void *), void *stack, int flags, void *data, ...);

/* The ways to start it, best first. */
typedef struct {
    ReinIsolation isolation;
    int flags;
} Way;

static const Way ways[] = {
    { REIN_ISOLATION_NAMESPACE, CLONE_NEWPID | CLONE_NEWNS },
    { REIN_ISOLATION_NAMESPACE, CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUSER },
    { REIN_ISOLATION_SUBREAPER, 0 },
};

const char *
rein_isolation_to_string(ReinIsolation isolation)
{
    switch (isolation) {
    case REIN_ISOLATION_NONE:
        return "in-process";
    case REIN_ISOLATION_SUBREAPER:
        return "subreaper";
    case REIN_ISOLATION_NAMESPACE:
        return "namespace";
    }
    return "unknown";
}

/* Whether it says that namespaces are not for us here, not that something ran out just now. */
PLAIN static gboolean
is_refusal(int failure)
{
    return failure != EMFILE && failure != ENFILE && failure != ENOMEM && failure != EAGAIN;
}

/*
 * The child calls the kernel and nothing else of libc's: it has the thread's memory, of which a
 * sanitizer keeps books for a thread that is not running.
 */
PLAIN static gboolean
child_write(const char *path, const char *text)
{
    const long fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
    gsize size = 0;

    if (fd < 0) {
        return FALSE;
    }
    while (text[size] != '\0') {
        size++;
    }
    const gboolean is_written = syscall(SYS_write, fd, text, size) == (long)size;
    syscall(SYS_close, fd);
    return is_written;
}

/* In its user namespace the child is who it was. */
PLAIN static gboolean
child_map_user(const Birth *birth)
{
    return child_write("/proc/self/uid_map", birth->uid_map) &&
           child_write("/proc/self/setgroups", "deny") &&
           child_write("/proc/self/gid_map", birth->gid_map);
}

/*
 * What a driver reads of itself in /proc should be of its own number. Where it cannot be had, in most
 * containers, /proc has the numbers that the host sees, and /proc/self is right all the same.
 */
PLAIN static void
child_mount_proc(void)
{
    /* before that, what is mounted here would be so for all */
    if (syscall(SYS_mount, NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0) {
        (void)syscall(SYS_mount, "proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    }
}

PLAIN static gboolean
child_take_descriptors(const Birth *birth)
{
    for (guint i = 0; i < birth->n_fds; i++) {
        if (syscall(SYS_dup3, birth->fds[i], (int)i, 0) < 0) {
            return FALSE;
        }
    }
    /* what the host has open without close-on-exec is none of a driver's */
    return syscall(SYS_close_range, birth->n_fds, ~0U, 0U) == 0;
}

/*
 * All signals stay blocked, so that no handler of the host's runs here: the worker unblocks them. It is
 * tied to the host from its first call on: one that is stopped while it is still young cannot do that
 * itself.
 */
PLAIN static int
child_main(void *data)
{
    Birth *birth = data;

    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (birth->has_user_namespace && !child_map_user(birth)) {
        birth->is_namespace_failure = is_refusal(errno);
    } else {
        if (birth->has_namespace) {
            child_mount_proc();
        }
        if (syscall(SYS_setpgid, 0, 0) == 0 && child_take_descriptors(birth)) {
            syscall(SYS_execve, birth->program, birth->argv, birth->environment);
        }
    }
    birth->failure = errno;
    syscall(SYS_exit_group, 127);
    return 0;
}

/* The child runs on `stack` in our memory, and we wait, until it has become the program. */
static int
give_birth(Birth *birth, int flags, char *stack, ReinWorkerSpawned *spawned)
{
    sigset_t all;
    sigset_t before;

    birth->failure = 0;
    birth->is_namespace_failure = FALSE;
    birth->has_namespace = (flags & CLONE_NEWNS) != 0;
    birth->has_user_namespace = (flags & CLONE_NEWUSER) != 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    spawned->pid =
        __clone(child_main, stack + STACK_SIZE,
                CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD | flags, birth, &spawned->pidfd);
    const int failure = spawned->pid < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    if (failure != 0) {
        birth->is_namespace_failure = flags != 0 && is_refusal(failure);
        return failure;
    }
    if (birth->failure != 0) {
        waitpid(spawned->pid, NULL, 0);
        close(spawned->pidfd);
    }
    return birth->failure;
}

/* What the numbers that they get are cannot be overwritten before it is copied. */
static int
lift_descriptors(Birth *birth, const ReinWorkerSpawn *spawn)
{
    for (; birth->n_fds < spawn->n_fds; birth->n_fds++) {
        const int lifted = fcntl(spawn->fds[birth->n_fds], F_DUPFD_CLOEXEC, (int)spawn->n_fds);

        if (lifted < 0) {
            return errno;
        }
        birth->fds[birth->n_fds] = lifted;
    }
    return 0;
}

static int
try_ways(Birth *birth, char **argv, ReinIsolation most, ReinWorkerSpawned *spawned)
{
    char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    int failure = 0;

    if (stack == MAP_FAILED) {
        return errno;
    }
    birth->argv = argv;
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        if (ways[i].isolation > most) {
            continue;
        }
        g_autofree char *word = g_strdup(rein_isolation_to_string(ways[i].isolation));

        argv[2] = word;
        spawned->isolation = ways[i].isolation;
        failure = give_birth(birth, ways[i].flags, stack, spawned);
        if (failure == 0 || !birth->is_namespace_failure) {
            break;
        }
    }
    munmap(stack, STACK_SIZE);
    return failure;
}

int
rein_worker_spawn(const ReinWorkerSpawn *spawn, ReinWorkerSpawned *spawned)
{
    g_autofree char *name = g_path_get_basename(spawn->program);
    g_autofree char *parent = g_strdup_printf("%d", (int)getpid());
    char *argv[] = { name, parent, NULL, NULL };
    Birth birth = { .program = spawn->program, .environment = spawn->environment };

    g_return_val_if_fail(spawn->n_fds <= REIN_WORKER_MAX_FDS, EINVAL);

    g_snprintf(birth.uid_map, LINE_SIZE, "%u %u 1\n", (unsigned)geteuid(), (unsigned)geteuid());
    g_snprintf(birth.gid_map, LINE_SIZE, "%u %u 1\n", (unsigned)getegid(), (unsigned)getegid());
    int failure = lift_descriptors(&birth, spawn);
    if (failure == 0) {
        failure = try_ways(&birth, argv, spawn->isolation, spawned);
    }
    for (guint i = 0; i < birth.n_fds; i++) {
        close(birth.fds[i]);
    }
    return failure;
}
