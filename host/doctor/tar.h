/* SPDX-License-Identifier: MIT */

/*
 * Writes a gzip-compressed archive in the format ustar. Files in it are text, of mode 0600 and nobody's
 * in particular. It is at its place when it was finished, as a whole or not at all. One thread.
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct DoctorTar DoctorTar;

/* Begins it; `path` is replaced at the end. NULL with an error of G_IO_ERROR. [may block] */
DoctorTar *doctor_tar_new(const char *path, GError **error);

/**
 * doctor_tar_add:
 * @name: within the archive, at most 100 bytes, "rein-doctor/log"
 * @size: bytes of @data
 *
 * Returns: FALSE with an error of G_IO_ERROR; then the archive is only to be freed [may block]
 */
gboolean doctor_tar_add(DoctorTar *self, const char *name, const void *data, gsize size,
                        GError **error);

/* Puts it at its place. FALSE with an error of G_IO_ERROR. [may block] */
gboolean doctor_tar_finish(DoctorTar *self, GError **error);

/* One that was not finished leaves nothing. NULL is a no-op. */
void doctor_tar_free(DoctorTar *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DoctorTar, doctor_tar_free)

G_END_DECLS
