/* SPDX-License-Identifier: MIT */

#include "record_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <rein/error.h>
#include <rein/process.h>

#include "tag_private.h"

#define GROUP "record"
#define NEW_SUFFIX ".new" /* a record that is being written */

struct ReinRecord {
    char *path; /* NULL: in no folder */
    int fd;     /* holds the lock; -1 without a file */
    ReinRecordFacts facts;
};

void
rein_record_facts_clear(ReinRecordFacts *facts)
{
    g_clear_pointer(&facts->tag, g_free);
    g_clear_pointer(&facts->device, g_free);
    g_clear_pointer(&facts->scratch_folder, g_free);
}

char *
rein_record_get_folder(const char *state_folder)
{
    return g_build_filename(state_folder, "processes", NULL);
}

static void
set_if(GKeyFile *file, const char *key, const char *text)
{
    if (text != NULL) {
        g_key_file_set_string(file, GROUP, key, text);
    }
}

static char *
facts_to_text(const ReinRecordFacts *facts, gsize *size)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    set_if(file, "tag", facts->tag);
    set_if(file, "device", facts->device);
    set_if(file, "scratch", facts->scratch_folder);
    return g_key_file_to_data(file, size, NULL);
}

/* Writes it under another name, takes the lock there, and gives it its own. */
static gboolean
save(ReinRecord *self, GError **error)
{
    g_autofree char *temporary = g_strconcat(self->path, NEW_SUFFIX, NULL);
    gsize size = 0;
    g_autofree char *text = facts_to_text(&self->facts, &size);
    const int fd =
        open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);

    /* nobody holds it but who looks, for a moment; without locks the identity in the tag has to do */
    if (fd >= 0) {
        (void)flock(fd, LOCK_EX);
    }
    errno = fd >= 0 ? ENOSPC : errno;
    if (fd < 0 || write(fd, text, size) != (gssize)size || rename(temporary, self->path) != 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED,
                    "%s: cannot be written: %s (mend that: without it nobody finds what is left "
                    "where this program is killed)",
                    self->path, g_strerror(errno));
        if (fd >= 0) {
            (void)unlink(temporary);
            close(fd);
        }
        return FALSE;
    }
    self->fd = fd;
    return TRUE;
}

ReinRecord *
rein_record_new(const char *state_folder, const char *device, const char *scratch_parent,
                GError **error)
{
    g_autoptr(ReinRecord) self = NULL;

    g_return_val_if_fail(device != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    self = g_new0(ReinRecord, 1);
    self->fd = -1;
    self->facts.tag = rein_tag_new();
    self->facts.device = g_strdup(device);
    if (scratch_parent != NULL) {
        self->facts.scratch_folder = g_build_filename(scratch_parent, self->facts.tag, NULL);
    }
    if (state_folder == NULL) {
        return g_steal_pointer(&self);
    }
    g_autofree char *folder = rein_record_get_folder(state_folder);
    if (g_mkdir_with_parents(folder, S_IRWXU) != 0) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "%s: cannot be made: %s", folder,
                    g_strerror(errno));
        return NULL;
    }
    self->path = g_build_filename(folder, self->facts.tag, NULL);
    return save(self, error) ? g_steal_pointer(&self) : NULL;
}

void
rein_record_free(ReinRecord *self)
{
    if (self == NULL) {
        return;
    }
    if (self->fd >= 0) {
        (void)g_unlink(self->path);
        close(self->fd);
    }
    rein_record_facts_clear(&self->facts);
    g_free(self->path);
    g_free(self);
}

const char *
rein_record_get_tag(const ReinRecord *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    return self->facts.tag;
}

const char *
rein_record_get_scratch_folder(const ReinRecord *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    return self->facts.scratch_folder;
}

gboolean
rein_record_read(const char *path, ReinRecordFacts *facts)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *name = g_path_get_basename(path);
    g_auto(ReinRecordFacts) read = { 0 };
    ReinTag tag;

    *facts = (ReinRecordFacts){ 0 };
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL)) {
        return FALSE;
    }
    read.tag = g_key_file_get_string(file, GROUP, "tag", NULL);
    if (g_strcmp0(read.tag, name) != 0 || !rein_tag_parse(read.tag, &tag)) {
        return FALSE;
    }
    read.device = g_key_file_get_string(file, GROUP, "device", NULL);
    read.scratch_folder = g_key_file_get_string(file, GROUP, "scratch", NULL);
    *facts = (ReinRecordFacts){
        .tag = g_steal_pointer(&read.tag),
        .device = g_steal_pointer(&read.device),
        .scratch_folder = g_steal_pointer(&read.scratch_folder),
    };
    return TRUE;
}

typedef enum {
    LOCK_FREE,
    LOCK_HELD, /* as the owner does for as long as it lives */
    LOCK_UNKNOWN,
} LockState;

static LockState
look_at_lock(const char *path)
{
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    LockState state = LOCK_UNKNOWN;

    if (fd < 0) {
        return LOCK_UNKNOWN;
    }
    if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
        state = LOCK_FREE;
    } else if (errno == EWOULDBLOCK) {
        state = LOCK_HELD;
    }
    close(fd);
    return state;
}

gboolean
rein_record_is_orphaned(const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    ReinTag tag;

    if (g_str_has_suffix(name, NEW_SUFFIX)) {
        name[strlen(name) - strlen(NEW_SUFFIX)] = '\0';
    }
    if (!rein_tag_parse(name, &tag)) {
        return FALSE;
    }
    const LockState state = look_at_lock(path);
    if (state != LOCK_UNKNOWN && tag.pid_namespace != rein_process_get_pid_namespace()) {
        return state == LOCK_FREE;
    }
    return state != LOCK_HELD && !rein_process_is_alive(&tag.owner);
}
