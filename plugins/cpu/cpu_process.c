/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE
#include "cpu_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cpu_machine.h"
#include "plugin_check.h"
#include "plugin_msg.h"

/* ---- environment ---- */

/* Whether `variable` ("NAME=value") sets `name`. */
static bool
sets(const char *variable, const char *name)
{
    const size_t length = strlen(name);

    return strncmp(variable, name, length) == 0 && variable[length] == '=';
}

/*
 * Our environment with messages in English and temporary files in `folder`, which must outlive it.
 * The array is the caller's to free; its strings are not. NULL if out of memory.
 */
static char **
make_environment(char *folder_variable)
{
    static char locale_variable[] = "LC_ALL=C";
    size_t n_variables = 0;
    size_t n_kept = 0;
    char **variables = NULL;

    while (environ[n_variables] != NULL) {
        n_variables++;
    }
    variables = calloc(n_variables + 3, sizeof *variables);
    if (variables == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < n_variables; i++) {
        if (!sets(environ[i], "LC_ALL") && !sets(environ[i], "TMPDIR")) {
            variables[n_kept] = environ[i];
            n_kept++;
        }
    }
    variables[n_kept] = locale_variable;
    variables[n_kept + 1] = folder_variable;
    return variables;
}

/* ---- start ---- */

/* A signal mask and dispositions as of a fresh process, and a group that can be killed as one. */
static int
prepare_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t all;
    int error = 0;

    sigemptyset(&none);
    sigfillset(&all);
    error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0) {
        error = posix_spawnattr_setsigdefault(attributes, &all);
    }
    if (error == 0) {
        error = posix_spawnattr_setpgroup(attributes, 0);
    }
    if (error == 0) {
        error = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }
    return error;
}

/* Nothing to read, both outputs in the log, and no other descriptor of ours. */
static int
prepare_actions(posix_spawn_file_actions_t *actions, const char *log_path)
{
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    if (error == 0) {
        error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, log_path,
                                                 O_WRONLY | O_CREAT | O_TRUNC, 0600);
    }
    if (error == 0) {
        error = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
    }
    if (error == 0) {
        error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    }
    return error;
}

static int
spawn(const CpuProcess *process, char **environment, pid_t *pid)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    int error = posix_spawnattr_init(&attributes);

    if (error != 0) {
        return error;
    }
    error = posix_spawn_file_actions_init(&actions);
    if (error != 0) {
        posix_spawnattr_destroy(&attributes);
        return error;
    }
    error = prepare_attributes(&attributes);
    if (error == 0) {
        error = prepare_actions(&actions, process->log_path);
    }
    if (error == 0) {
        error =
            posix_spawn(pid, process->path, &actions, &attributes, process->arguments, environment);
    }
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

/* ---- end ---- */

/* Waits for the child, asking now and then: no signal handler and no descriptor are needed for it. */
static void
wait_for_end(CpuProcess *process, pid_t pid)
{
    const uint64_t deadline_ns = rein_plugin_now() + process->limit_ns;
    const struct timespec pause = { .tv_nsec = 2000000 };
    pid_t ended = 0;
    int status = 0;

    process->ended = CPU_PROCESS_EXITED;
    while (ended == 0 || (ended < 0 && errno == EINTR)) {
        ended = waitpid(pid, &status, WNOHANG);
        if (ended == 0 && rein_plugin_now() >= deadline_ns) {
            kill(-pid, SIGKILL);
            process->ended = CPU_PROCESS_TIMED_OUT;
            ended = waitpid(pid, &status, 0);
        } else if (ended == 0) {
            nanosleep(&pause, NULL);
        }
    }
    if (ended < 0) {
        status = 0; /* the host reaps all children itself: what was made will tell */
    }
    process->code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    if (WIFSIGNALED(status) && process->ended == CPU_PROCESS_EXITED) {
        process->ended = CPU_PROCESS_KILLED;
    }
}

ReinStatus
cpu_process_run(CpuProcess *process, ReinMsg *msg)
{
    char folder_variable[PATH_MAX + sizeof "TMPDIR="];
    char **environment = NULL;
    pid_t pid = 0;
    int error = 0;

    snprintf(folder_variable, sizeof folder_variable, "TMPDIR=%s", process->folder);
    environment = make_environment(folder_variable);
    if (environment == NULL) {
        return rein_msg_fail(msg, REIN_ERR_OUT_OF_MEMORY, "start %s: out of memory", process->path);
    }
    error = spawn(process, environment, &pid);
    free(environment);
    if (error != 0) {
        return rein_msg_fail(msg, REIN_ERR_UNSUPPORTED, "start %s: %s", process->path,
                             strerror(error));
    }
    wait_for_end(process, pid);
    return REIN_OK;
}

/* ---- folders ---- */

ReinStatus
cpu_folder_make(char path[PATH_MAX], const ReinHost *host, ReinMsg *msg)
{
    const char *const parents[] = { host->scratch_directory, host->cache_directory,
                                    getenv("TMPDIR"), "/tmp" };
    int error = ENOENT;

    for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++) {
        if (parents[i] == NULL || *parents[i] == '\0' ||
            snprintf(path, PATH_MAX, "%s/rein-cpu-XXXXXX", parents[i]) >= PATH_MAX) {
            continue;
        }
        if (mkdtemp(path) != NULL) {
            return REIN_OK;
        }
        error = errno;
    }
    return rein_msg_fail(
        msg, REIN_ERR_FAILED,
        "make a private folder in the scratch or cache folder, $TMPDIR or /tmp: %s",
        strerror(error));
}

void
cpu_folder_remove(const char *path)
{
    DIR *folder = opendir(path);

    if (folder != NULL) {
        for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
            unlinkat(dirfd(folder), entry->d_name, 0); /* fails on "." and "..", as it should */
        }
        closedir(folder);
    }
    rmdir(path);
}
