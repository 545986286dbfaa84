/* SPDX-License-Identifier: MIT */

#include "quarantine_file_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <rein/error.h>

#include "clock_private.h"
#include "quarantine_entry_private.h"

#define MAX_SIZE ((off_t)16 << 20) /* more than all entries of the longest texts take */
#define LOCK_LIMIT_NS G_GINT64_CONSTANT(2000000000)
#define LOCK_POLL_US 5000
#define HINT "(mend that, or choose a state folder that can be written)"
#define HEADING \
    " What rein does without until this machine restarts, or `rein devices --clear NAME` is given."

typedef enum {
    READ_WELL,
    READ_DAMAGED,
    READ_FAILED, /* it is there, and cannot be read */
} Reading;

struct ReinQuarantineFile {
    char *folder;
    char *path;
    char *lock_path;
    char *damaged_path;
    int lock; /* -1 but between begin() and its end */
    gboolean has_warned;
    int read_error;   /* why it could not be read */
    struct stat seen; /* of what was read last; all zero for no file */
};

ReinQuarantineFile *
rein_quarantine_file_new(const char *folder)
{
    ReinQuarantineFile *self = g_new0(ReinQuarantineFile, 1);

    self->folder = g_strdup(folder);
    self->path = g_build_filename(folder, "quarantine", NULL);
    self->lock_path = g_build_filename(folder, "quarantine.lock", NULL);
    self->damaged_path = g_build_filename(folder, "quarantine.damaged", NULL);
    self->lock = -1;
    return self;
}

void
rein_quarantine_file_free(ReinQuarantineFile *self)
{
    if (self == NULL) {
        return;
    }
    rein_quarantine_file_cancel(self);
    g_free(self->folder);
    g_free(self->path);
    g_free(self->lock_path);
    g_free(self->damaged_path);
    g_free(self);
}

/* Once: what is wrong with the file is wrong at each look. */
static void
warn_once(ReinQuarantineFile *self, const char *what, const char *consequence)
{
    if (!self->has_warned) {
        self->has_warned = TRUE;
        g_warning("%s: %s; %s", self->path, what, consequence);
    }
}

static gboolean
is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* All bytes of an ordinary file of a size that makes sense, or NULL. */
static char *
read_all(int fd, const struct stat *status)
{
    g_autofree char *text = NULL;
    gsize n_read = 0;

    if (!S_ISREG(status->st_mode) || status->st_size > MAX_SIZE) {
        return NULL;
    }
    text = g_malloc0((gsize)status->st_size + 1);
    while (n_read < (gsize)status->st_size) {
        const ssize_t n = read(fd, text + n_read, (gsize)status->st_size - n_read);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return NULL;
        }
        n_read += (gsize)n;
    }
    return memchr(text, '\0', n_read) == NULL ? g_steal_pointer(&text) : NULL;
}

static Reading
parse(const char *text, GPtrArray *entries)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_auto(GStrv) groups = NULL;

    if (!g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, NULL)) {
        return READ_DAMAGED;
    }
    groups = g_key_file_get_groups(file, NULL);
    for (guint i = 0; groups[i] != NULL; i++) {
        ReinQuarantineEntry *entry = rein_quarantine_entry_read(file, groups[i]);

        if (entry == NULL) {
            g_ptr_array_set_size(entries, 0);
            return READ_DAMAGED;
        }
        g_ptr_array_add(entries, entry);
    }
    return READ_WELL;
}

/* Fills `entries`, which are as they were if the file is. */
static Reading
read_file(ReinQuarantineFile *self, GPtrArray *entries)
{
    struct stat status = { 0 };
    /* nobody waits for who should write into a pipe */
    const int fd = open(self->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || fstat(fd, &status) != 0) {
        self->read_error = errno;
        if (fd >= 0) {
            close(fd);
        }
        g_ptr_array_set_size(entries, 0);
        self->seen = (struct stat){ 0 };
        return self->read_error == ENOENT || self->read_error == ENOTDIR ? READ_WELL : READ_FAILED;
    }
    if (is_same(&status, &self->seen)) {
        close(fd);
        return READ_WELL;
    }
    g_autofree char *text = read_all(fd, &status);
    close(fd);
    g_ptr_array_set_size(entries, 0);
    self->seen = status;
    return text != NULL ? parse(text, entries) : READ_DAMAGED;
}

/* The lock is held. */
static void
move_aside(ReinQuarantineFile *self)
{
    self->seen = (struct stat){ 0 };
    if (g_rename(self->path, self->damaged_path) != 0) {
        warn_once(self, "it is damaged, and cannot be moved aside", "what it held is forgotten");
        return;
    }
    g_warning("%s: it was damaged; what it held is forgotten, and it lies in %s", self->path,
              self->damaged_path);
}

void
rein_quarantine_file_read(ReinQuarantineFile *self, GPtrArray *entries)
{
    g_autoptr(GError) error = NULL;

    switch (read_file(self, entries)) {
    case READ_WELL:
        return;
    case READ_FAILED:
        warn_once(self, g_strerror(self->read_error), "what is quarantined is not known");
        return;
    case READ_DAMAGED:
        break;
    }
    /* another process may be about to put a good one in its place */
    if (rein_quarantine_file_begin(self, entries, &error)) {
        rein_quarantine_file_cancel(self);
    } else {
        warn_once(self, "it is damaged", error->message);
    }
}

static gboolean
fail(GError **error, const char *path, const char *what, int code)
{
    g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID, "%s: cannot be %s: %s " HINT, path, what,
                g_strerror(code));
    return FALSE;
}

static gboolean
take_lock(ReinQuarantineFile *self, GError **error)
{
    const gint64 until_ns = rein_now_ns() + LOCK_LIMIT_NS;

    if (g_mkdir_with_parents(self->folder, 0700) != 0) {
        return fail(error, self->folder, "made", errno);
    }
    self->lock = open(self->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (self->lock < 0) {
        return fail(error, self->lock_path, "opened", errno);
    }
    /* who has it needs no time: one that was stopped meanwhile must not stop this one, too */
    while (flock(self->lock, LOCK_EX | LOCK_NB) != 0) {
        const int code = errno;

        if ((code != EWOULDBLOCK && code != EINTR) || rein_now_ns() >= until_ns) {
            rein_quarantine_file_cancel(self);
            return fail(error, self->lock_path, "locked", code);
        }
        g_usleep(LOCK_POLL_US);
    }
    return TRUE;
}

gboolean
rein_quarantine_file_begin(ReinQuarantineFile *self, GPtrArray *entries, GError **error)
{
    g_return_val_if_fail(self->lock < 0, FALSE);

    if (!take_lock(self, error)) {
        return FALSE;
    }
    self->seen = (struct stat){ 0 }; /* what others wrote in the same tick counts */
    switch (read_file(self, entries)) {
    case READ_WELL:
        return TRUE;
    case READ_DAMAGED:
        move_aside(self);
        return TRUE;
    case READ_FAILED:
        break;
    }
    fail(error, self->path, "read", self->read_error);
    rein_quarantine_file_cancel(self);
    return FALSE;
}

static char *
make_text(GPtrArray *entries)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    for (guint i = 0; i < entries->len; i++) {
        rein_quarantine_entry_write(g_ptr_array_index(entries, i), file, i + 1);
    }
    g_key_file_set_comment(file, NULL, NULL, HEADING, NULL);
    return g_key_file_to_data(file, NULL, NULL);
}

gboolean
rein_quarantine_file_commit(ReinQuarantineFile *self, GPtrArray *entries, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autofree char *text = NULL;

    g_return_val_if_fail(self->lock >= 0, FALSE);

    text = make_text(entries);
    const gboolean is_written = g_file_set_contents_full(
        self->path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &reason);
    rein_quarantine_file_cancel(self);
    self->seen = (struct stat){ 0 }; /* the next look reads it */
    if (!is_written) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID, "%s " HINT, reason->message);
    }
    return is_written;
}

void
rein_quarantine_file_cancel(ReinQuarantineFile *self)
{
    if (self->lock >= 0) {
        close(self->lock); /* gives the lock back */
        self->lock = -1;
    }
}
