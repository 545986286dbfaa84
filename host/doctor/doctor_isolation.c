/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE /* unshare */

#include "doctor.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a supervisor can be shut into, best first; as the exit code of who tries it. */
typedef enum {
    LEVEL_PID_NAMESPACE,
    LEVEL_USER_NAMESPACE, /* a PID namespace within a user namespace of its own */
    LEVEL_SUBREAPER,
    LEVEL_UNKNOWN,
} Level;

static const struct {
    const char *name;
    const char *meaning;
} levels[] = {
    [LEVEL_PID_NAMESPACE] = { "pid-namespace", "workers get a PID namespace: what they start ends "
                                               "with them" },
    [LEVEL_USER_NAMESPACE] = { "user-namespace", "workers get a PID namespace within a user "
                                                 "namespace: what they start ends with them" },
    [LEVEL_SUBREAPER] = { "subreaper", "no PID namespace is allowed: what a worker's grandchildren "
                                       "leave is swept, not ended with it" },
    [LEVEL_UNKNOWN] = { "unknown", "it could not be tried" },
};

/* In a child of its own, which calls nothing but the kernel: it may be the copy of any thread. */
static Level
try_in_child(int flags)
{
    int status = 0;

    if (unshare(flags) != 0) {
        return LEVEL_SUBREAPER;
    }
    const pid_t first = fork(); /* the namespace's first process: some kernels refuse only here */
    if (first == 0) {
        _exit(0);
    }
    const gboolean is_made = first > 0 && waitpid(first, &status, 0) == first && status == 0;
    if (!is_made) {
        return LEVEL_SUBREAPER;
    }
    return (flags & CLONE_NEWUSER) != 0 ? LEVEL_USER_NAMESPACE : LEVEL_PID_NAMESPACE;
}

static Level
try_level(int flags)
{
    int status = 0;
    const pid_t pid = fork();

    if (pid == 0) {
        _exit((int)try_in_child(flags));
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
        return LEVEL_UNKNOWN;
    }
    return (Level)WEXITSTATUS(status);
}

void
doctor_examine_isolation(DoctorSection *section, const DoctorPatient *patient)
{
    Level level = try_level(CLONE_NEWPID);

    (void)patient;
    if (level == LEVEL_SUBREAPER) {
        level = try_level(CLONE_NEWUSER | CLONE_NEWPID);
    }
    doctor_section_set_text(section, "level", levels[level].name);
    if (level >= LEVEL_SUBREAPER) {
        doctor_section_find(section, DOCTOR_WARNING,
                            "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
                            "user.max_user_namespaces, or the container's profile)",
                            "%s", levels[level].meaning);
    } else {
        doctor_section_find(section, DOCTOR_OK, "", "%s", levels[level].meaning);
    }
}
