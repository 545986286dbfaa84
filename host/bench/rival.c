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

#define ANSWER_MS 120000 /* for one answer; the first one takes a compiler's time */
#define MAX_LINE 4096

struct Rival {
    char *name; /* of the program, for messages */
    char *folder;
    char *choice;
    pid_t pid;  /* 0: none */
    int input;  /* its */
    int output; /* its */
    char room[MAX_LINE];
    gsize n_room; /* bytes of the next answers */
};

static gboolean
rival_spawn(Rival *self, const char *program, char *const *argv, GError **error)
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
    failure = posix_spawn(&self->pid, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(input[0]);
    close(output[1]);
    if (failure != 0) {
        self->pid = 0;
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s: %s", program, g_strerror(failure));
    }
    return failure == 0;
}

/* Waits for more of its output; FALSE if there will be none, or it takes too long. */
static gboolean
rival_fill(Rival *self, GError **error)
{
    struct pollfd wait = { .fd = self->output, .events = POLLIN };
    const int n_ready = poll(&wait, 1, ANSWER_MS);
    ssize_t size = 0;

    if (n_ready > 0) {
        size = read(self->output, self->room + self->n_room, sizeof self->room - self->n_room);
    }
    if (size > 0) {
        self->n_room += (gsize)size;
        return TRUE;
    }
    g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s %s", self->name,
                n_ready == 0 ? "does not answer" : "ended (what it printed says why)");
    return FALSE;
}

/* The next line of its output, to be freed. */
static char *
rival_read_line(Rival *self, GError **error)
{
    char *end = NULL;

    while ((end = memchr(self->room, '\n', self->n_room)) == NULL) {
        if (self->n_room == sizeof self->room) {
            g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s prints no lines", self->name);
            return NULL;
        }
        if (!rival_fill(self, error)) {
            return NULL;
        }
    }
    const gsize length = (gsize)(end - self->room);
    char *line = g_strndup(self->room, length);
    self->n_room -= length + 1;
    memmove(self->room, end + 1, self->n_room);
    return line;
}

/* Sends a line and returns the answer, to be freed. */
static char *
rival_ask(Rival *self, const char *question, GError **error)
{
    const gsize length = strlen(question);

    if (send(self->input, question, length, MSG_NOSIGNAL) != (ssize_t)length) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s ended (what it printed says why)",
                    self->name);
        return NULL;
    }
    return rival_read_line(self, error);
}

Rival *
rival_start(const char *program, const char *folder, const char *const *arguments, GError **error)
{
    g_autoptr(Rival) self = g_new0(Rival, 1);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *line = NULL;

    self->name = g_path_get_basename(program);
    self->folder = g_strdup(folder);
    self->input = -1;
    self->output = -1;
    g_ptr_array_add(argv, self->name);
    g_ptr_array_add(argv, self->folder);
    for (gsize i = 0; arguments[i] != NULL; i++) {
        g_ptr_array_add(argv, (gpointer)arguments[i]);
    }
    g_ptr_array_add(argv, NULL);
    if (!rival_spawn(self, program, (char *const *)argv->pdata, error)) {
        return NULL;
    }
    line = rival_read_line(self, error);
    if (line == NULL) {
        return NULL;
    }
    if (!g_str_has_prefix(line, "ready")) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s is not ready: it says \"%s\"",
                    self->name, line);
        return NULL;
    }
    self->choice = g_strdup(line + strlen("ready"));
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
    g_free(self->folder);
    g_free(self->name);
    g_free(self);
}

const char *
rival_get_choice(const Rival *self)
{
    return self->choice;
}

gint64
rival_run(Rival *self, guint32 first_round, guint32 n_rounds, guint32 progress, GError **error)
{
    g_autofree char *question = g_strdup_printf("run %u %u %u\n", first_round, n_rounds, progress);
    g_autofree char *answer = rival_ask(self, question, error);
    guint64 duration_ns = 0;

    if (answer == NULL) {
        return -1;
    }
    if (!g_ascii_string_to_unsigned(answer, 10, 1, G_MAXINT64, &duration_ns, NULL)) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s answers \"%s\" to a run", self->name,
                    answer);
        return -1;
    }
    return (gint64)duration_ns;
}

gpointer
rival_read(Rival *self, guint32 index, gsize size, GError **error)
{
    g_autofree char *path = g_strdup_printf("%s/read", self->folder);
    g_autofree char *question = g_strdup_printf("read %u %s\n", index, path);
    g_autofree char *answer = rival_ask(self, question, error);
    g_autofree char *bytes = NULL;
    gsize n_bytes = 0;

    if (answer == NULL || !g_file_get_contents(path, &bytes, &n_bytes, error)) {
        return NULL;
    }
    if (n_bytes != size) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED,
                    "%s has %zu bytes in buffer %u, where there are %zu", self->name, n_bytes,
                    index, size);
        return NULL;
    }
    return g_steal_pointer(&bytes);
}
