/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE /* memfd_create */

#include "staging_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rein/error.h>

#include "error_private.h"

#define WHOLE_SIZE (REIN_STAGING_SIZE + REIN_BUILD_MSG_SIZE)

static gboolean
fail(const char *what, GError **error)
{
    g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "shared memory: %s: %s%s", what,
                g_strerror(errno), rein_error_advise(errno));
    return FALSE;
}

static gboolean
map(ReinStaging *self, int fd, GError **error)
{
    void *memory = mmap(NULL, WHOLE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (memory == MAP_FAILED) {
        return fail("map", error);
    }
    self->data = memory;
    self->text = self->data + REIN_STAGING_SIZE;
    return TRUE;
}

gboolean
rein_staging_make(ReinStaging *self, GError **error)
{
    self->fd = memfd_create("rein-staging", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (self->fd < 0) {
        return fail("make", error);
    }
    if (ftruncate(self->fd, (off_t)WHOLE_SIZE) != 0 ||
        fcntl(self->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        fail("make", error);
        rein_staging_clear(self);
        return FALSE;
    }
    if (!map(self, self->fd, error)) {
        rein_staging_clear(self);
        return FALSE;
    }
    return TRUE;
}

gboolean
rein_staging_map(ReinStaging *self, int fd, GError **error)
{
    struct stat info = { 0 };

    if (fstat(fd, &info) != 0) {
        return fail("look", error);
    }
    if (!S_ISREG(info.st_mode) || info.st_size != (off_t)WHOLE_SIZE) {
        errno = EINVAL;
        return fail("map", error);
    }
    return map(self, fd, error);
}

void
rein_staging_clear(ReinStaging *self)
{
    if (self->data != NULL) {
        munmap(self->data, WHOLE_SIZE);
        self->data = NULL;
        self->text = NULL;
    }
    if (self->fd >= 0) {
        close(self->fd);
        self->fd = -1;
    }
}
