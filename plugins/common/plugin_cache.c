/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE
#include "plugin_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin_msg.h"

#define MAX_SIZE (256u << 20)

/* Behind the bytes; loaders of shared objects ignore what follows them. */
typedef struct Trailer {
    char magic[8];
    uint64_t size; /* of the bytes */
    uint64_t hash; /* over the bytes */
} Trailer;

static const char magic[8] = "reinbin1";

uint64_t
rein_hash(uint64_t hash, const void *data, uint64_t size)
{
    const unsigned char *bytes = data;

    for (uint64_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001B3u;
    }
    return hash;
}

void *
rein_file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "re");
    struct stat info = { 0 };
    unsigned char *bytes = NULL;

    if (file == NULL) {
        return NULL;
    }
    if (fstat(fileno(file), &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
        info.st_size <= (off_t)MAX_SIZE) {
        *size = (size_t)info.st_size;
        bytes = malloc(*size);
    } else {
        errno = EFBIG;
    }
    if (bytes != NULL && fread(bytes, 1, *size, file) != *size) {
        free(bytes);
        bytes = NULL;
        errno = EIO;
    }
    fclose(file);
    return bytes;
}

static bool
is_whole(const unsigned char *bytes, size_t size)
{
    Trailer trailer = { 0 };

    if (size < sizeof trailer) {
        return false;
    }
    memcpy(&trailer, bytes + size - sizeof trailer, sizeof trailer);
    return memcmp(trailer.magic, magic, sizeof magic) == 0 &&
           trailer.size == size - sizeof trailer &&
           trailer.hash == rein_hash(REIN_HASH_START, bytes, trailer.size);
}

void
rein_cache_drop(const char *path, const char *why, const ReinHost *host)
{
    rein_host_log(host, REIN_LOG_WARNING, "%s %s: removed, built again", path, why);
    unlink(path);
}

void *
rein_cache_read(const char *path, size_t *size, const ReinHost *host)
{
    unsigned char *bytes = NULL;

    if (access(path, F_OK) != 0) {
        return NULL;
    }
    bytes = rein_file_read(path, size);
    if (bytes == NULL) { /* that may pass: the entry stays */
        rein_host_log(host, REIN_LOG_WARNING, "%s is not read: %s", path, strerror(errno));
        return NULL;
    }
    if (!is_whole(bytes, *size)) {
        free(bytes);
        rein_cache_drop(path, "is damaged", host);
        return NULL;
    }
    *size -= sizeof(Trailer);
    return bytes;
}

/* Writes the entry under a name of its own. */
static bool
write_entry(int fd, const void *bytes, size_t size)
{
    FILE *file = fdopen(fd, "w");
    Trailer trailer = { .size = size, .hash = rein_hash(REIN_HASH_START, bytes, size) };
    bool is_written = false;

    if (file == NULL) {
        close(fd);
        return false;
    }
    memcpy(trailer.magic, magic, sizeof magic);
    is_written = fwrite(bytes, 1, size, file) == size &&
                 fwrite(&trailer, 1, sizeof trailer, file) == sizeof trailer;
    return fclose(file) == 0 && is_written;
}

void
rein_cache_store(const char *path, const void *bytes, size_t size, const ReinHost *host)
{
    char temporary[PATH_MAX];
    int fd = -1;

    if (size > MAX_SIZE - sizeof(Trailer)) {
        rein_host_log(host, REIN_LOG_WARNING, "%s is not kept: %zu bytes are too many", path, size);
        return;
    }
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary) {
        rein_host_log(host, REIN_LOG_WARNING, "%s is not kept: name too long", path);
        return;
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd >= 0 && write_entry(fd, bytes, size) && rename(temporary, path) == 0) {
        return;
    }
    rein_host_log(host, REIN_LOG_WARNING, "%s is not kept: %s", path, strerror(errno));
    if (fd >= 0) {
        unlink(temporary);
    }
}
