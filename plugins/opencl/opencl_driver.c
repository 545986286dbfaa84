/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE
#include "opencl_driver.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin_check.h"
#include "plugin_msg.h"

#define DEFAULT_FOLDER "/etc/OpenCL/vendors"
#define SUFFIX ".icd"
#define MAX_VARIABLES 4u
#define MAX_NAME 64u

/* "NAME=VALUE" texts, ended by NULL. */
typedef struct Environment {
    char text[MAX_VARIABLES][PATH_MAX + 32];
    const char *items[MAX_VARIABLES + 1];
    uint32_t n_items;
} Environment;

__attribute__((format(printf, 2, 3))) static void
environment_add(Environment *self, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(self->text[self->n_items], sizeof self->text[0], format, arguments);
    va_end(arguments);
    self->items[self->n_items] = self->text[self->n_items];
    self->n_items++;
}

/* The library that an .icd file names: its first line, without blanks around it. */
static bool
read_library(const char *path, char *library, size_t size)
{
    FILE *file = fopen(path, "re");
    size_t length = 0;
    size_t blank = 0;

    if (file == NULL) {
        return false;
    }
    if (fgets(library, (int)size, file) == NULL) {
        library[0] = '\0';
    }
    fclose(file);
    blank = strspn(library, " \t\r\n");
    length = strcspn(library + blank, " \t\r\n");
    memmove(library, library + blank, length);
    library[length] = '\0';
    return length > 0;
}

static bool
can_write(const char *folder)
{
    struct stat info = { 0 };

    /* a folder of somebody else's could be filled by him */
    return (mkdir(folder, 0700) == 0 || errno == EEXIST) && lstat(folder, &info) == 0 &&
           S_ISDIR(info.st_mode) && info.st_uid == geteuid() && access(folder, W_OK | X_OK) == 0;
}

/*
 * PoCL shows no device where its cache folder cannot be written. It keeps there what it compiles, so
 * inside the host's cache, whose size is bounded, is the place for it; else a folder of the user's own
 * among the temporary ones.
 */
static void
add_pocl_cache(Environment *environment, const ReinHost *host)
{
    const char *temporary = getenv("TMPDIR");
    char folder[PATH_MAX];
    int length = 0;

    if (getenv("POCL_CACHE_DIR") != NULL || host->cache_directory == NULL) {
        return; /* the user's own choice, or PoCL's */
    }
    length = snprintf(folder, sizeof folder, "%s/pocl", host->cache_directory);
    if (length < 0 || (size_t)length >= sizeof folder || !can_write(folder)) {
        length = snprintf(folder, sizeof folder, "%s/rein-pocl-%u",
                          temporary != NULL && *temporary == '/' ? temporary : "/tmp",
                          (unsigned)geteuid());
        if (length < 0 || (size_t)length >= sizeof folder || !can_write(folder)) {
            return;
        }
        rein_host_log(host, REIN_LOG_WARNING,
                      "%s cannot be written to: PoCL keeps its kernels in %s instead",
                      host->cache_directory, folder);
    }
    environment_add(environment, "POCL_CACHE_DIR=%s", folder);
}

/* The name of a file without its folder and suffix, of printable characters that are no blanks. */
static void
make_name(const char *path, char *name, size_t size)
{
    const char *slash = strrchr(path, '/');
    size_t length = 0;

    snprintf(name, size, "%s", slash != NULL ? slash + 1 : path);
    length = strlen(name);
    if (length > strlen(SUFFIX) && strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0) {
        name[length - strlen(SUFFIX)] = '\0';
    }
    for (; *name != '\0'; name++) {
        if (*name <= ' ' || *name > '~') {
            *name = '_';
        }
    }
}

/* Tells of the driver that the file `path` names. */
static void
tell_file(const ReinHost *host, const char *path, ReinDriverCb found, void *context)
{
    Environment environment = { 0 };
    char library[PATH_MAX] = "";
    char name[MAX_NAME];
    ReinDriver driver = {
        .struct_size = sizeof driver, .name = name, .path = path, .environment = environment.items
    };

    make_name(path, name, sizeof name);
    /* ocl-icd takes a file here, the Khronos loader takes the library there */
    environment_add(&environment, "OCL_ICD_VENDORS=%s", path);
    if (read_library(path, library, sizeof library)) {
        environment_add(&environment, "OCL_ICD_FILENAMES=%s", library);
    }
    if (strstr(library, "pocl") != NULL) {
        add_pocl_cache(&environment, host);
    }
    found(context, &driver);
}

/* Tells of the driver whose library OCL_ICD_VENDORS names already. */
static void
tell_library(const ReinHost *host, const char *library, ReinDriverCb found, void *context)
{
    Environment environment = { 0 };
    char name[MAX_NAME];
    ReinDriver driver = { .struct_size = sizeof driver,
                          .name = name,
                          .path = strchr(library, '/') != NULL ? library : "",
                          .environment = environment.items };

    make_name(library, name, sizeof name);
    if (strstr(library, "pocl") != NULL) {
        add_pocl_cache(&environment, host);
    }
    found(context, &driver);
}

static int
is_icd(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name);

    return length > strlen(SUFFIX) && strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) == 0;
}

/* By bytes, so that the order does not follow the user's language. */
static int
compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static ReinStatus
list_folder(const ReinHost *host, const char *folder, ReinDriverCb found, void *context,
            ReinMsg *msg)
{
    struct dirent **entries = NULL;
    const int n_entries = scandir(folder, &entries, is_icd, compare_names);

    if (n_entries < 0) {
        rein_msg_set(msg, "no OpenCL driver: %s: %s", folder, strerror(errno));
        return REIN_OK;
    }
    for (int i = 0; i < n_entries; i++) {
        char path[PATH_MAX];
        const int length = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (length > 0 && (size_t)length < sizeof path) {
            tell_file(host, path, found, context);
        }
        free(entries[i]);
    }
    free(entries);
    if (n_entries == 0) {
        rein_msg_set(msg,
                     "no OpenCL driver: no file *.icd in %s (install one, on Debian "
                     "pocl-opencl-icd for processors)",
                     folder);
    }
    return REIN_OK;
}

/*
 * OCL_ICD_VENDORS as ocl-icd reads it: a folder, a file with or without the folder it is usually in,
 * or a library itself.
 */
ReinStatus
opencl_driver_list(const ReinHost *host, ReinDriverCb found, void *context, ReinMsg *msg)
{
    const char *vendors = getenv("OCL_ICD_VENDORS");
    struct stat info = { 0 };
    char path[PATH_MAX];
    ReinStatus status = rein_host_check(host, msg);

    if (status != REIN_OK || found == NULL) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "drivers without a host or a callback");
    }
    if (vendors == NULL || *vendors == '\0') {
        return list_folder(host, DEFAULT_FOLDER, found, context, msg);
    }
    snprintf(path, sizeof path, "%s%s", strchr(vendors, '/') == NULL ? DEFAULT_FOLDER "/" : "",
             vendors);
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        return list_folder(host, path, found, context, msg);
    }
    const bool is_file =
        strlen(path) > strlen(SUFFIX) && strcmp(path + strlen(path) - strlen(SUFFIX), SUFFIX) == 0;
    if ((is_file || strchr(vendors, '/') != NULL) && access(path, R_OK) != 0) {
        rein_msg_set(msg, "no OpenCL driver: OCL_ICD_VENDORS names %s: %s", path, strerror(errno));
        return REIN_OK;
    }
    if (is_file) {
        tell_file(host, path, found, context);
    } else {
        tell_library(host, vendors, found, context);
    }
    return REIN_OK;
}
