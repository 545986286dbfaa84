/* SPDX-License-Identifier: MIT */

#include "job_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <rein/process.h>

#include "common/json.h"
#include "save.h"

#define MAX_TRIES 100 /* other ids before the place is given up */

struct ReinJobFolder {
    char *id;
    char *path;
    int lock_fd;
    pthread_mutex_t lock; /* guards all below */
    int events_fd;
    int log_fd;
    gboolean has_failed; /* an event could not be written */
    ReinEventCb callback;
    gpointer user_data;
};

static gboolean
set_error(GError **error, const char *path, int number)
{
    g_set_error(
        error, G_FILE_ERROR, (gint)g_file_error_from_errno(number),
        "%s: cannot be made: %s (make room, or set XDG_STATE_HOME to a folder you may write "
        "in)",
        path, g_strerror(number));
    return FALSE;
}

static char *
make_id(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%Y%m%d-%H%M%S");

    return g_strdup_printf("%s-%06x", time, g_random_int() & 0xFFFFFFu);
}

gboolean
rein_job_id_is_valid(const char *name)
{
    static const char form[] = "dddddddd-dddddd-xxxxxx";

    g_return_val_if_fail(name != NULL, FALSE);

    if (strlen(name) != sizeof form - 1) {
        return FALSE;
    }
    for (guint i = 0; form[i] != '\0'; i++) {
        gboolean fits = form[i] == 'd'   ? g_ascii_isdigit(name[i])
                        : form[i] == 'x' ? g_ascii_isxdigit(name[i]) && !g_ascii_isupper(name[i])
                                         : name[i] == form[i];
        if (!fits) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
make_folder(ReinJobFolder *self, const char *jobs_folder, GError **error)
{
    for (guint i = 0; i < MAX_TRIES; i++) {
        g_free(self->id);
        g_free(self->path);
        self->id = make_id();
        self->path = g_build_filename(jobs_folder, self->id, NULL);
        if (g_mkdir(self->path, 0700) == 0) {
            return TRUE;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return set_error(error, self->path, errno);
}

static gboolean
open_file(ReinJobFolder *self, const char *name, int flags, int *fd, GError **error)
{
    g_autofree char *path = rein_job_folder_get_file(self, name);

    *fd = open(path, flags | O_CREAT | O_CLOEXEC, 0600);
    return *fd >= 0 ? TRUE : set_error(error, path, errno);
}

/* Locks before anything else is in the folder: tidying leaves young folders without more alone. */
static gboolean
take_lock(ReinJobFolder *self, GError **error)
{
    ReinProcess process = { 0 };

    if (!open_file(self, REIN_JOB_FILE_LOCK, O_RDWR, &self->lock_fd, error)) {
        return FALSE;
    }
    /* a file system without locks leaves the process's number as the mark of a running job */
    while (flock(self->lock_fd, LOCK_EX) != 0 && errno == EINTR) {
    }
    rein_process_get_own(&process);
    g_autofree char *text = rein_process_to_text(&process);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    gssize size = (gssize)strlen(line);
    if (write(self->lock_fd, line, (gsize)size) != size) {
        return set_error(error, self->path, errno != 0 ? errno : ENOSPC);
    }
    return TRUE;
}

static void
remove_files(ReinJobFolder *self)
{
    const char *names[] = { REIN_JOB_FILE_SPEC, REIN_JOB_FILE_EVENTS, REIN_JOB_FILE_LOG,
                            REIN_JOB_FILE_LOCK };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = rein_job_folder_get_file(self, names[i]);
        (void)g_unlink(path);
    }
    (void)g_rmdir(self->path);
}

ReinJobFolder *
rein_job_folder_new(const char *jobs_folder, GError **error)
{
    g_autoptr(ReinJobFolder) self = NULL;

    g_return_val_if_fail(jobs_folder != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    self = g_new0(ReinJobFolder, 1);
    self->lock_fd = self->events_fd = self->log_fd = -1;
    pthread_mutex_init(&self->lock, NULL);
    if (!make_folder(self, jobs_folder, error)) {
        return NULL;
    }
    if (!take_lock(self, error) ||
        !open_file(self, REIN_JOB_FILE_EVENTS, O_WRONLY | O_APPEND, &self->events_fd, error) ||
        !open_file(self, REIN_JOB_FILE_LOG, O_WRONLY | O_APPEND, &self->log_fd, error)) {
        remove_files(self);
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
rein_job_folder_free(ReinJobFolder *self)
{
    if (self == NULL) {
        return;
    }
    int fds[] = { self->events_fd, self->log_fd, self->lock_fd };
    for (guint i = 0; i < G_N_ELEMENTS(fds); i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
    pthread_mutex_destroy(&self->lock);
    g_free(self->id);
    g_free(self->path);
    g_free(self);
}

void
rein_job_folder_remove(ReinJobFolder *self)
{
    g_return_if_fail(self != NULL);

    remove_files(self);
    rein_job_folder_free(self);
}

void
rein_job_folder_set_event_cb(ReinJobFolder *self, ReinEventCb callback, gpointer user_data)
{
    g_return_if_fail(self != NULL);

    self->callback = callback;
    self->user_data = user_data;
}

const char *
rein_job_folder_get_id(ReinJobFolder *self)
{
    g_return_val_if_fail(self != NULL, NULL);
    return self->id;
}

const char *
rein_job_folder_get_path(ReinJobFolder *self)
{
    g_return_val_if_fail(self != NULL, NULL);
    return self->path;
}

char *
rein_job_folder_get_file(ReinJobFolder *self, const char *name)
{
    g_return_val_if_fail(self != NULL && name != NULL, NULL);

    return g_build_filename(self->path, name, NULL);
}

gboolean
rein_job_folder_save(ReinJobFolder *self, const char *name, const char *text, GError **error)
{
    g_return_val_if_fail(self != NULL && name != NULL && text != NULL, FALSE);

    g_autofree char *path = rein_job_folder_get_file(self, name);
    return rein_save_text(path, text, strlen(text), error);
}

/* Appends a whole line or nothing. */
static gboolean
append_line(int fd, const char *line)
{
    g_autofree char *ended = g_strconcat(line, "\n", NULL);
    gsize size = strlen(ended);
    off_t before = lseek(fd, 0, SEEK_END);

    gssize n_written = write(fd, ended, size);
    if (n_written == (gssize)size) {
        return TRUE;
    }
    if (n_written > 0 && before >= 0) {
        (void)!ftruncate(fd, before);
    }
    return FALSE;
}

static char *
make_time(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();

    return g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%fZ");
}

void
rein_job_folder_log(ReinJobFolder *self, const char *format, ...)
{
    va_list arguments;

    g_return_if_fail(self != NULL && format != NULL);

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *time = make_time();
    g_autofree char *line = g_strconcat(time, " ", text, NULL);

    pthread_mutex_lock(&self->lock);
    (void)append_line(self->log_fd, line);
    pthread_mutex_unlock(&self->lock);
}

JsonBuilder *
rein_event_begin(const char *id, const char *event)
{
    JsonBuilder *builder = json_builder_new();
    g_autofree char *time = make_time();

    json_builder_begin_object(builder);
    rein_json_add_number(builder, "v", REIN_EVENT_VERSION);
    rein_json_add_text(builder, "event", event);
    rein_json_add_text(builder, "time", time);
    rein_json_add_text(builder, "job", id);
    return builder;
}

char *
rein_event_end(JsonBuilder *builder)
{
    json_builder_end_object(builder);
    g_autoptr(JsonNode) node = json_builder_get_root(builder);
    g_object_unref(builder);
    return rein_json_to_text(node, FALSE);
}

JsonBuilder *
rein_job_folder_begin_event(ReinJobFolder *self, const char *event)
{
    g_return_val_if_fail(self != NULL && event != NULL, NULL);

    return rein_event_begin(self->id, event);
}

gboolean
rein_job_folder_end_event(ReinJobFolder *self, JsonBuilder *builder)
{
    g_return_val_if_fail(self != NULL && builder != NULL, FALSE);

    g_autofree char *line = rein_event_end(builder);
    pthread_mutex_lock(&self->lock);
    gboolean is_written = append_line(self->events_fd, line);
    int number = errno;
    gboolean is_first = !is_written && !self->has_failed;
    self->has_failed |= !is_written;
    if (self->callback != NULL) {
        self->callback(line, self->user_data);
    }
    pthread_mutex_unlock(&self->lock);
    if (is_first) {
        g_warning("%s/%s: cannot be written: %s; events are missing from it", self->path,
                  REIN_JOB_FILE_EVENTS, g_strerror(number));
    }
    return is_written;
}
