/* SPDX-License-Identifier: MIT */

#include "tar.h"

#include <string.h>

#define BLOCK_SIZE 512u
#define NAME_SIZE 100u
#define END_BLOCKS 2u

struct DoctorTar {
    GCancellable *cancellable; /* cancelled: the old file stays */
    GOutputStream *output;     /* compresses into the file */
};

/* The header of one file, as POSIX has it: numbers are octal text. */
typedef struct Header {
    char name[NAME_SIZE];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char time[12];
    char checksum[8];
    char kind;
    char link[NAME_SIZE];
    char magic[6];
    char version[2];
    char rest[247];
} Header;

G_STATIC_ASSERT(sizeof(Header) == BLOCK_SIZE);

DoctorTar *
doctor_tar_new(const char *path, GError **error)
{
    g_autoptr(GFile) file = g_file_new_for_commandline_arg(path);
    g_autoptr(GZlibCompressor) compressor =
        g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, -1);
    g_autoptr(GFileOutputStream) raw =
        g_file_replace(file, NULL, FALSE, G_FILE_CREATE_PRIVATE, NULL, error);

    if (raw == NULL) {
        return NULL;
    }
    DoctorTar *self = g_new0(DoctorTar, 1);
    self->cancellable = g_cancellable_new();
    self->output = g_converter_output_stream_new(G_OUTPUT_STREAM(raw), G_CONVERTER(compressor));
    return self;
}

static void
fill_header(Header *header, const char *name, gsize size)
{
    const unsigned char *bytes = (const unsigned char *)header;
    guint sum = 0;

    memset(header, 0, sizeof *header);
    memcpy(header->name, name, strlen(name));
    g_snprintf(header->mode, sizeof header->mode, "%07o", 0600u);
    g_snprintf(header->uid, sizeof header->uid, "%07o", 0u);
    g_snprintf(header->gid, sizeof header->gid, "%07o", 0u);
    g_snprintf(header->size, sizeof header->size, "%011" G_GINT64_MODIFIER "o", (guint64)size);
    g_snprintf(header->time, sizeof header->time, "%011" G_GINT64_MODIFIER "o",
               (guint64)(g_get_real_time() / G_USEC_PER_SEC));
    memset(header->checksum, ' ', sizeof header->checksum); /* as which it counts in the sum */
    header->kind = '0';
    memcpy(header->magic, "ustar", sizeof header->magic);
    memcpy(header->version, "00", sizeof header->version);
    for (gsize i = 0; i < sizeof *header; i++) {
        sum += bytes[i];
    }
    g_snprintf(header->checksum, sizeof header->checksum, "%06o", sum);
}

gboolean
doctor_tar_add(DoctorTar *self, const char *name, const void *data, gsize size, GError **error)
{
    static const char zeros[BLOCK_SIZE];
    const gsize padding = (BLOCK_SIZE - size % BLOCK_SIZE) % BLOCK_SIZE;
    Header header;

    if (strlen(name) >= NAME_SIZE || size > G_MAXUINT32) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG, "%s: too long for the archive",
                    name);
        return FALSE;
    }
    fill_header(&header, name, size);
    return g_output_stream_write_all(self->output, &header, sizeof header, NULL, NULL, error) &&
           g_output_stream_write_all(self->output, data, size, NULL, NULL, error) &&
           g_output_stream_write_all(self->output, zeros, padding, NULL, NULL, error);
}

gboolean
doctor_tar_finish(DoctorTar *self, GError **error)
{
    static const char zeros[END_BLOCKS * BLOCK_SIZE];

    if (!g_output_stream_write_all(self->output, zeros, sizeof zeros, NULL, NULL, error)) {
        return FALSE;
    }
    const gboolean is_closed = g_output_stream_close(self->output, NULL, error);
    if (is_closed) {
        g_clear_object(&self->output);
    }
    return is_closed;
}

void
doctor_tar_free(DoctorTar *self)
{
    if (self == NULL) {
        return;
    }
    if (self->output != NULL) {
        g_cancellable_cancel(self->cancellable);
        (void)g_output_stream_close(self->output, self->cancellable, NULL);
        g_object_unref(self->output);
    }
    g_object_unref(self->cancellable);
    g_free(self);
}
