/* SPDX-License-Identifier: MIT */

#include "save.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#define MAX_TRIES 100 /* other names before a place is given up */
#define MAX_LINKS 40  /* that lead to one another, as many as the kernel follows */

struct ReinSaveFile {
    char *path;       /* as it was given, for messages */
    char *target;     /* where it goes: `path` with links followed */
    char *unfinished; /* the name it has until then; NULL: `target` is no regular file */
    int fd;
};

/* Unfinished files of this process. The lock is held while one comes into being or goes. */
static pthread_mutex_t unfinished_lock = PTHREAD_MUTEX_INITIALIZER;
static GPtrArray *unfinished_files;

static gboolean
set_error(GError **error, const char *path, int number)
{
    const char *advice = "choose another place";

    if (number == ENOSPC || number == EDQUOT) {
        advice = "make room or choose another place";
    } else if (number == EFBIG) {
        advice = "raise the limit of ulimit -f or choose another place";
    }
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(number),
                "%s: cannot be written: %s (%s)", path, g_strerror(number), advice);
    return FALSE;
}

/* Where `path` leads to: itself if there is nothing yet, or what a link that leads nowhere names. */
static char *
follow_links(const char *path)
{
    g_autofree char *at = g_strdup(path);

    for (guint i = 0; i < MAX_LINKS; i++) {
        char *real = realpath(at, NULL);
        g_autofree char *link = real == NULL && errno == ENOENT ? g_file_read_link(at, NULL) : NULL;
        if (real != NULL || link == NULL) {
            char *target = g_strdup(real != NULL ? real : at);
            free(real);
            return target;
        }
        g_autofree char *folder = g_path_get_dirname(at);
        g_free(at);
        at = g_path_is_absolute(link) ? g_strdup(link) : g_build_filename(folder, link, NULL);
    }
    return g_steal_pointer(&at);
}

/* The one name of a place, for comparing: its folder with all links followed, and its name there. */
static char *
find_place(const char *path)
{
    g_autofree char *target = follow_links(path);
    g_autofree char *folder = g_path_get_dirname(target);
    g_autofree char *name = g_path_get_basename(target);
    char *real = realpath(folder, NULL);
    g_autofree char *place = g_build_filename(real != NULL ? real : folder, name, NULL);

    free(real);
    return g_canonicalize_filename(place, NULL);
}

gboolean
rein_save_is_stream(const char *path)
{
    struct stat status;

    g_return_val_if_fail(path != NULL, FALSE);

    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

gboolean
rein_save_is_same_place(const char *a, const char *b)
{
    struct stat status_a;
    struct stat status_b;

    g_return_val_if_fail(a != NULL && b != NULL, FALSE);

    gboolean has_a = stat(a, &status_a) == 0;
    gboolean has_b = stat(b, &status_b) == 0;
    if (has_a && has_b) {
        return status_a.st_dev == status_b.st_dev && status_a.st_ino == status_b.st_ino &&
               !rein_save_is_stream(a);
    }
    g_autofree char *place_a = find_place(a);
    g_autofree char *place_b = find_place(b);
    return has_a == has_b && strcmp(place_a, place_b) == 0;
}

/* Makes and opens a file beside self->target; an existing target's mode is taken over. */
static gboolean
open_unfinished(ReinSaveFile *self)
{
    g_autofree char *folder = g_path_get_dirname(self->target);
    g_autofree char *name = g_path_get_basename(self->target);
    struct stat status;

    if (stat(self->target, &status) == 0 && S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return FALSE;
    }
    pthread_mutex_lock(&unfinished_lock);
    for (guint i = 0; i < MAX_TRIES && self->fd < 0; i++) {
        g_free(self->unfinished);
        self->unfinished = g_strdup_printf("%s/.%.200s.%08x.part", folder, name, g_random_int());
        self->fd = open(self->unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (self->fd < 0 && errno != EEXIST) {
            break;
        }
    }
    if (self->fd >= 0) {
        if (unfinished_files == NULL) {
            unfinished_files = g_ptr_array_new();
        }
        g_ptr_array_add(unfinished_files, self->unfinished);
    }
    pthread_mutex_unlock(&unfinished_lock);
    if (self->fd >= 0 && stat(self->target, &status) == 0) {
        (void)fchmod(self->fd, status.st_mode & 07777);
    }
    return self->fd >= 0;
}

/* The unfinished file has got its place, or is not wanted any more. */
static gboolean
end_unfinished(ReinSaveFile *self, gboolean is_committed)
{
    pthread_mutex_lock(&unfinished_lock);
    int result = is_committed ? rename(self->unfinished, self->target) : unlink(self->unfinished);
    int number = errno;
    if (result == 0 || !is_committed) {
        g_ptr_array_remove_fast(unfinished_files, self->unfinished);
        g_clear_pointer(&self->unfinished, g_free);
    }
    pthread_mutex_unlock(&unfinished_lock);
    errno = number;
    return result == 0;
}

ReinSaveFile *
rein_save_open(const char *path, GError **error)
{
    g_autoptr(ReinSaveFile) self = NULL;

    g_return_val_if_fail(path != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    if (*path == '\0') {
        set_error(error, "\"\"", ENOENT);
        return NULL;
    }
    self = g_new0(ReinSaveFile, 1);
    self->fd = -1;
    self->path = g_strdup(path);
    self->target = follow_links(path);
    if (rein_save_is_stream(path)) {
        /* replacing a pipe, a terminal or /dev/null by a file would be wrong; they get the bytes */
        self->fd = open(path, O_WRONLY | O_CLOEXEC);
    } else if (!open_unfinished(self)) {
        int number = errno;
        g_clear_pointer(&self->unfinished, g_free);
        set_error(error, path, number);
        return NULL;
    }
    if (self->fd < 0) {
        set_error(error, path, errno);
        return NULL;
    }
    return g_steal_pointer(&self);
}

gboolean
rein_save_write(ReinSaveFile *self, const char *text, gsize size, GError **error)
{
    g_return_val_if_fail(self != NULL && self->fd >= 0 && (text != NULL || size == 0), FALSE);
    g_return_val_if_fail(error == NULL || *error == NULL, FALSE);

    while (size > 0) {
        ssize_t n_written = write(self->fd, text, size);
        if (n_written < 0 && errno == EINTR) {
            continue;
        }
        if (n_written < 0) {
            return set_error(error, self->path, errno);
        }
        text += n_written;
        size -= (gsize)n_written;
    }
    return TRUE;
}

gboolean
rein_save_commit(ReinSaveFile *self, GError **error)
{
    g_return_val_if_fail(self != NULL && self->fd >= 0, FALSE);
    g_return_val_if_fail(error == NULL || *error == NULL, FALSE);

    /* some file systems tell of a full disk only now */
    if (self->unfinished != NULL && fsync(self->fd) != 0) {
        return set_error(error, self->path, errno);
    }
    int fd = self->fd;
    self->fd = -1;
    if (close(fd) != 0 || (self->unfinished != NULL && !end_unfinished(self, TRUE))) {
        return set_error(error, self->path, errno);
    }
    return TRUE;
}

void
rein_save_close(ReinSaveFile *self)
{
    if (self == NULL) {
        return;
    }
    if (self->fd >= 0) {
        (void)close(self->fd);
    }
    if (self->unfinished != NULL) {
        (void)end_unfinished(self, FALSE);
    }
    g_free(self->path);
    g_free(self->target);
    g_free(self);
}

gboolean
rein_save_text(const char *path, const char *text, gsize size, GError **error)
{
    g_autoptr(ReinSaveFile) file = rein_save_open(path, error);

    return file != NULL && rein_save_write(file, text, size, error) &&
           rein_save_commit(file, error);
}

gboolean
rein_save_check(const char *path, GError **error)
{
    g_autoptr(ReinSaveFile) file = NULL;

    g_return_val_if_fail(path != NULL, FALSE);
    g_return_val_if_fail(error == NULL || *error == NULL, FALSE);

    if (rein_save_is_stream(path)) {
        /* opening a pipe would wait for its reader */
        return access(path, W_OK) == 0 ? TRUE : set_error(error, path, errno);
    }
    file = rein_save_open(path, error);
    return file != NULL;
}

void
rein_save_drop_all(void)
{
    pthread_mutex_lock(&unfinished_lock);
    for (guint i = 0; unfinished_files != NULL && i < unfinished_files->len; i++) {
        (void)unlink(g_ptr_array_index(unfinished_files, i));
    }
    /* the lock stays: the process ends, and nothing may come after this */
}
