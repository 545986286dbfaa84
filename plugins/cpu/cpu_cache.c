/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE
#include "cpu_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin_msg.h"

#define MAX_SIZE (256u << 20)

/* Behind the shared object; loaders ignore what follows it. */
typedef struct Trailer {
    char magic[8];
    uint64_t size; /* of the shared object */
    uint64_t hash; /* over its bytes */
} Trailer;

static const char magic[8] = "reincpu1";

uint64_t
cpu_hash(uint64_t hash, const void *data, uint64_t size)
{
    const unsigned char *bytes = data;

    for (uint64_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001B3u;
    }
    return hash;
}

/* The bytes of a file, to be freed; NULL with errno set. */
static unsigned char *
read_file(const char *path, size_t *size)
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
           trailer.hash == cpu_hash(CPU_HASH_START, bytes, trailer.size);
}

bool
cpu_cache_check(const char *path, const ReinHost *host)
{
    size_t size = 0;
    unsigned char *bytes = NULL;
    bool is_good = false;

    if (access(path, F_OK) != 0) {
        return false;
    }
    bytes = read_file(path, &size);
    is_good = bytes != NULL && is_whole(bytes, size);
    free(bytes);
    if (!is_good) {
        rein_host_log(host, REIN_LOG_WARNING, "cpu: %s is damaged: removed, built again", path);
        unlink(path);
    }
    return is_good;
}

/* Writes the entry under a name of its own. */
static bool
write_entry(int fd, const unsigned char *bytes, size_t size)
{
    FILE *file = fdopen(fd, "w");
    Trailer trailer = { .size = size, .hash = cpu_hash(CPU_HASH_START, bytes, size) };
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
cpu_cache_store(const char *path, const char *from, const ReinHost *host)
{
    char temporary[PATH_MAX];
    size_t size = 0;
    unsigned char *bytes = NULL;
    int fd = -1;
    bool is_stored = false;

    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary) {
        rein_host_log(host, REIN_LOG_WARNING, "cpu: %s is not kept: name too long", path);
        return;
    }
    bytes = read_file(from, &size);
    if (bytes != NULL) {
        fd = mkostemp(temporary, O_CLOEXEC);
    }
    if (fd >= 0) {
        is_stored = write_entry(fd, bytes, size) && rename(temporary, path) == 0;
    }
    if (!is_stored) {
        rein_host_log(host, REIN_LOG_WARNING, "cpu: %s is not kept: %s", path, strerror(errno));
        if (fd >= 0) {
            unlink(temporary);
        }
    }
    free(bytes);
}
