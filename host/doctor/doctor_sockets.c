/* SPDX-License-Identifier: MIT */

#include "doctor.h"

#include <stdio.h>
#include <string.h>

#include "process_list.h"

#define TCP_LISTEN "0A"

/* A socket of ours, or a port that may be. */
typedef struct Socket {
    guint64 inode;
    char *path; /* NULL: a port */
    guint port;
    const DoctorProcess *holder; /* NULL: nobody that can be seen */
} Socket;

static void
socket_free(gpointer data)
{
    Socket *socket = data;

    g_free(socket->path);
    g_free(socket);
}

static GStrv
read_lines(const char *path)
{
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? g_strsplit(text, "\n", -1)
                                                        : g_new0(char *, 1);
}

/* Sockets with a path in `folder`: "NUM: REFS PROTOCOL FLAGS TYPE STATE INODE PATH". */
static void
find_unix(const char *folder, GPtrArray *sockets)
{
    g_auto(GStrv) lines = read_lines("/proc/net/unix");

    for (guint i = 0; lines[i] != NULL; i++) {
        unsigned long long inode = 0;
        const char *path = strchr(lines[i], '/');
        if (path == NULL || !g_str_has_prefix(path, folder) ||
            sscanf(lines[i], "%*s %*s %*s %*s %*s %*s %llu", &inode) != 1) {
            continue;
        }
        Socket *socket = g_new0(Socket, 1);
        socket->inode = inode;
        socket->path = g_strdup(path);
        g_ptr_array_add(sockets, socket);
    }
}

/* Ports that are listened on: "N: ADDRESS:PORT REMOTE STATE … INODE", the numbers in hexadecimal. */
static void
find_tcp(const char *table, GPtrArray *sockets)
{
    g_auto(GStrv) lines = read_lines(table);

    for (guint i = 0; lines[i] != NULL; i++) {
        unsigned port = 0;
        unsigned long long inode = 0;
        char state[3] = "";
        if (sscanf(lines[i], " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %2s %*s %*s %*s %*s %*s %llu",
                   &port, state, &inode) != 3 ||
            strcmp(state, TCP_LISTEN) != 0) {
            continue;
        }
        Socket *socket = g_new0(Socket, 1);
        socket->inode = inode;
        socket->port = port;
        g_ptr_array_add(sockets, socket);
    }
}

static void
take_holder(const DoctorProcess *process, const char *target, guint64 inode, gpointer user_data)
{
    GPtrArray *sockets = user_data;

    for (guint i = 0; g_str_has_prefix(target, "socket:") && i < sockets->len; i++) {
        Socket *socket = g_ptr_array_index(sockets, i);
        if (socket->inode == inode && socket->holder == NULL) {
            socket->holder = process;
        }
    }
}

static void
describe(DoctorSection *section, const Socket *socket, JsonArray *paths, JsonArray *ports)
{
    JsonObject *object = NULL;

    if (socket->path != NULL) {
        object = doctor_array_add_object(paths);
        doctor_object_set_text(object, "path", socket->path);
    } else if (socket->holder != NULL && doctor_process_is_ours(socket->holder)) {
        object = doctor_array_add_object(ports);
        json_object_set_int_member(object, "port", socket->port);
    } else {
        return; /* somebody else's business */
    }
    json_object_set_int_member(object, "pid", socket->holder != NULL ? socket->holder->pid : 0);
    doctor_object_set_text(object, "program",
                           socket->holder != NULL ? socket->holder->program : "");
    if (socket->path != NULL &&
        (socket->holder == NULL || !doctor_process_is_ours(socket->holder))) {
        doctor_section_find(section, DOCTOR_WARNING, "end that process, or set XDG_RUNTIME_DIR",
                            "%s is held by a process that is not rein's (%s)", socket->path,
                            socket->holder != NULL ? socket->holder->program : "of another user");
    }
}

/* Files of sockets that nobody listens on any more. */
static void
find_stale(DoctorSection *section, const char *folder, GPtrArray *sockets)
{
    g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
    const char *name = NULL;

    while (entries != NULL && (name = g_dir_read_name(entries)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        gboolean is_held = FALSE;
        for (guint i = 0; i < sockets->len; i++) {
            is_held |= g_strcmp0(((const Socket *)g_ptr_array_index(sockets, i))->path, path) == 0;
        }
        if (!is_held && !g_file_test(path, G_FILE_TEST_IS_REGULAR | G_FILE_TEST_IS_DIR)) {
            g_autofree char *advice = g_strdup_printf("rm %s", path);
            doctor_section_find(section, DOCTOR_WARNING, advice, "nobody holds the socket %s",
                                path);
        }
    }
}

void
doctor_examine_sockets(DoctorSection *section, const DoctorPatient *patient)
{
    g_autofree char *folder = g_build_filename(g_get_user_runtime_dir(), "rein", NULL);
    g_autofree char *inside = g_strconcat(folder, "/", NULL);
    g_autoptr(GPtrArray) processes = doctor_process_list();
    g_autoptr(GPtrArray) sockets = g_ptr_array_new_with_free_func(socket_free);

    (void)patient;
    find_unix(inside, sockets);
    find_tcp("/proc/net/tcp", sockets);
    find_tcp("/proc/net/tcp6", sockets);
    for (guint i = 0; sockets->len > 0 && i < processes->len; i++) {
        doctor_process_visit_held(g_ptr_array_index(processes, i), take_holder, sockets);
    }
    doctor_section_set_text(section, "folder", folder);
    JsonArray *paths = doctor_section_add_array(section, "sockets");
    JsonArray *ports = doctor_section_add_array(section, "ports");
    for (guint i = 0; i < sockets->len; i++) {
        describe(section, g_ptr_array_index(sockets, i), paths, ports);
    }
    find_stale(section, folder, sockets);
}
