/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE /* pipe2 */

#include "rival.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <rein/error.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define MAX_LINE 4096
#define END_US 1000000 /* for a program that has closed its output to end */

struct Rival {
    char *name; /* of the program, for messages */
    char *choice;
    gint64 answer_us; /* for each answer */
    pid_t pid;        /* 0: none */
    int input;        /* its */
    int output;       /* its */
    char room[MAX_LINE];
    gsize n_room; /* bytes of the next answers */
};

/* ---- start ---- */

static gboolean
rival_spawn(Rival *self, const char *program, char *const *argv, char *const *environment,
            GError **error)
{
    int input[2] = { -1, -1 };
    int output[2] = { -1, -1 };
    posix_spawn_file_actions_t actions;
    int failure = 0;

    /* a socket: writing to a program that has ended is an error there, and no signal */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input) != 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "socketpair: %s", g_strerror(errno));
        return FALSE;
    }
    self->input = input[1];
    if (pipe2(output, O_CLOEXEC) != 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "pipe: %s", g_strerror(errno));
        close(input[0]);
        return FALSE;
    }
    self->output = output[0];
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
    failure = posix_spawn(&self->pid, program, &actions, NULL, argv,
                          environment != NULL ? environment : environ);
    posix_spawn_file_actions_destroy(&actions);
    close(input[0]);
    close(output[1]);
    if (failure != 0) {
        self->pid = 0;
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s: %s", program, g_strerror(failure));
    }
    return failure == 0;
}

/* ---- answers ---- */

/* How it ended, in words; it is reaped. What still runs is not waited for for long. */
static void
rival_tell_end(Rival *self, GError **error)
{
    const gint64 until_us = g_get_monotonic_time() + END_US;
    int status = 0;
    pid_t reaped = 0;

    while ((reaped = waitpid(self->pid, &status, WNOHANG)) == 0 &&
           g_get_monotonic_time() < until_us) {
        g_usleep(1000);
    }
    if (reaped == self->pid) {
        self->pid = 0;
    }
    if (reaped <= 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s closed its output", self->name);
    } else if (WIFSIGNALED(status)) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s was ended by signal %d (%s)",
                    self->name, WTERMSIG(status), g_strsignal(WTERMSIG(status)));
    } else {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED,
                    "%s ended with exit code %d (what it printed says why)", self->name,
                    WEXITSTATUS(status));
    }
}

/* Waits for more of its output; FALSE if there will be none, or not by `until_us`. */
static gboolean
rival_fill(Rival *self, gint64 until_us, GError **error)
{
    struct pollfd wait = { .fd = self->output, .events = POLLIN };
    const gint64 left_ms = (until_us - g_get_monotonic_time()) / 1000;
    const int n_ready = poll(&wait, 1, (int)CLAMP(left_ms, 0, G_MAXINT));
    ssize_t size = 0;

    if (n_ready < 0 && errno == EINTR) {
        return TRUE;
    }
    if (n_ready == 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_TIMEOUT,
                    "%s did not answer within %.3g s, and was killed (--patience DURATION gives it "
                    "longer)",
                    self->name, (double)self->answer_us / 1e6);
        return FALSE;
    }
    size = read(self->output, self->room + self->n_room, sizeof self->room - self->n_room);
    if (size <= 0) {
        rival_tell_end(self, error);
        return FALSE;
    }
    self->n_room += (gsize)size;
    return TRUE;
}

/* The next line of its output, to be freed. */
static char *
rival_read_line(Rival *self, GError **error)
{
    const gint64 until_us = g_get_monotonic_time() + self->answer_us;
    char *end = NULL;

    while ((end = memchr(self->room, '\n', self->n_room)) == NULL) {
        if (self->n_room == sizeof self->room) {
            g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s prints no lines", self->name);
            return NULL;
        }
        if (!rival_fill(self, until_us, error)) {
            return NULL;
        }
    }
    const gsize length = (gsize)(end - self->room);
    char *line = g_strndup(self->room, length);
    self->n_room -= length + 1;
    memmove(self->room, end + 1, self->n_room);
    return line;
}

static char *
rival_ask_line(Rival *self, const char *question, GError **error)
{
    g_autofree char *line = g_strconcat(question, "\n", NULL);
    const gsize length = strlen(line);

    if (send(self->input, line, length, MSG_NOSIGNAL) != (ssize_t)length) {
        rival_tell_end(self, error);
        return NULL;
    }
    return rival_read_line(self, error);
}

char *
rival_ask(Rival *self, GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *question = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return rival_ask_line(self, question, error);
}

gint64
rival_ask_number(Rival *self, GError **error, const char *format, ...)
{
    va_list arguments;
    guint64 number = 0;

    va_start(arguments, format);
    g_autofree char *question = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *answer = rival_ask_line(self, question, error);
    if (answer == NULL) {
        return -1;
    }
    if (!g_ascii_string_to_unsigned(answer, 10, 0, G_MAXINT64, &number, NULL)) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s answers \"%s\" to \"%s\"", self->name,
                    answer, question);
        return -1;
    }
    return (gint64)number;
}

/* ---- life ---- */

/* Waits for its first line. */
static gboolean
rival_greet(Rival *self, GError **error)
{
    g_autofree char *line = rival_read_line(self, error);

    if (line == NULL) {
        return FALSE;
    }
    if (g_str_has_prefix(line, "wrong ")) {
        g_set_error(error, BENCH_ERROR, BENCH_ERROR_WRONG, "%s", line + strlen("wrong "));
        return FALSE;
    }
    if (strcmp(line, "ready") != 0 && !g_str_has_prefix(line, "ready ")) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s is not ready: it says \"%s\"",
                    self->name, line);
        return FALSE;
    }
    self->choice = g_strdup(g_strstrip(line + strlen("ready")));
    return TRUE;
}

Rival *
rival_start(const RivalSetup *setup, GError **error)
{
    g_autoptr(Rival) self = g_new0(Rival, 1);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    self->name = g_path_get_basename(setup->program);
    self->answer_us = setup->answer_ns / 1000;
    self->input = -1;
    self->output = -1;
    g_ptr_array_add(argv, self->name);
    for (gsize i = 0; setup->arguments[i] != NULL; i++) {
        g_ptr_array_add(argv, (gpointer)setup->arguments[i]);
    }
    g_ptr_array_add(argv, NULL);
    if (!rival_spawn(self, setup->program, (char *const *)argv->pdata, setup->environment, error) ||
        !rival_greet(self, error)) {
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
rival_free(Rival *self)
{
    if (self == NULL) {
        return;
    }
    if (self->input >= 0) {
        close(self->input);
    }
    if (self->output >= 0) {
        close(self->output);
    }
    if (self->pid > 0) {
        kill(self->pid, SIGKILL);
        while (waitpid(self->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    g_free(self->choice);
    g_free(self->name);
    g_free(self);
}

const char *
rival_get_choice(const Rival *self)
{
    return self->choice;
}

gint64
rival_get_pid(const Rival *self)
{
    return self->pid;
}

/* ---- work ---- */

gint64
rival_run(Rival *self, guint32 first_round, guint32 n_rounds, guint32 progress, GError **error)
{
    return rival_ask_number(self, error, "run %u %u %u", first_round, n_rounds, progress);
}

gpointer
rival_read(Rival *self, guint32 index, gsize size, const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "read", NULL);
    g_autofree char *answer = rival_ask(self, error, "read %u %s", index, path);
    g_autofree char *bytes = NULL;
    gsize n_bytes = 0;

    if (answer == NULL || !g_file_get_contents(path, &bytes, &n_bytes, error)) {
        return NULL;
    }
    if (n_bytes != size) {
        g_set_error(error, BENCH_ERROR, BENCH_ERROR_WRONG,
                    "%s has %zu bytes in buffer %u, where there are %zu", self->name, n_bytes,
                    index, size);
        return NULL;
    }
    return g_steal_pointer(&bytes);
}
