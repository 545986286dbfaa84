/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE
#include "cpu_compile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cpu_device.h"
#include "cpu_process.h"
#include "plugin_cache.h"
#include "plugin_msg.h"

#define LIMIT_NS (100ull * 1000000000u)
#define MAX_ARGUMENTS 40u
#define TEXT_OF_(macro) #macro
#define TEXT_OF(macro) TEXT_OF_(macro)

/* The files of one run of the compiler. */
typedef struct Workplace {
    char folder[PATH_MAX];
    char source[PATH_MAX + 16];
    char library[PATH_MAX + 16];
    char log[PATH_MAX + 16];
} Workplace;

/* ---- flags: as REIN_KERNEL_FLAGS in cmake/ReinKernels.cmake ---- */

static const char suffix_flag[] = "-DREIN_KERNEL_SUFFIX=" CPU_KERNEL_SUFFIX;
static const char interleave_flag[] = "-DREIN_INTERLEAVE=" TEXT_OF(CPU_INTERLEAVE);
static const char *const common_flags[] = {
    "-O3", "-fPIC", "-shared", "-std=c17", "-ffp-contract=off", "-fno-math-errno",
    "-fno-trapping-math", "-fdiagnostics-color=never", suffix_flag, interleave_flag,
    /* what C++ and so CUDA rejects is an error here too */
    "-Werror=implicit-function-declaration", "-Werror=implicit-int", "-Werror=int-conversion",
    "-Werror=incompatible-pointer-types", NULL
};
static const char *const avx2_flags[] = { "-mavx2", "-mbmi2", "-mfma", NULL };
static const char *const avx512_flags[] = { "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl",
                                            "-mavx2",    "-mbmi2",     "-mfma",      NULL };
/*
 * Not -ffast-math itself: it would assume that no NaN exists, which evolution must rank, and gcc
 * would link code that turns denormals off for the whole process.
 */
static const char *const fast_math_flags[] = { "-ffp-contract=fast", "-fassociative-math",
                                               "-freciprocal-math", "-fno-signed-zeros", NULL };

typedef struct Arguments {
    const char *items[MAX_ARGUMENTS];
    size_t n_items;
} Arguments;

static void
add_argument(Arguments *arguments, const char *text)
{
    if (arguments->n_items + 1 < MAX_ARGUMENTS) { /* the last stays NULL */
        arguments->items[arguments->n_items] = text;
        arguments->n_items++;
    }
}

static void
add_all(Arguments *arguments, const char *const *flags)
{
    for (; *flags != NULL; flags++) {
        add_argument(arguments, *flags);
    }
}

/* All flags that decide what the code does. */
static void
add_flags(Arguments *arguments, uint32_t level, const ReinSource *source)
{
    add_all(arguments, common_flags);
    if (level == CPU_LEVEL_AVX2) {
        add_all(arguments, avx2_flags);
    } else if (level == CPU_LEVEL_AVX512) {
        add_all(arguments, avx512_flags);
    }
    if ((source->flags & REIN_SOURCE_FAST_MATH) != 0) {
        add_all(arguments, fast_math_flags);
    }
}

/* ---- which compiler ---- */

static bool
is_program(const char *path)
{
    struct stat info = { 0 };

    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

/* Looks for `name` where a shell would; `path` is "" if it is not there. */
static void
find_program(char path[PATH_MAX], const char *name)
{
    const char *folders = getenv("PATH");

    if (strchr(name, '/') != NULL) {
        if (snprintf(path, PATH_MAX, "%s", name) >= PATH_MAX || !is_program(path)) {
            *path = '\0';
        }
        return;
    }
    if (folders == NULL) {
        folders = "/usr/local/bin:/usr/bin:/bin";
    }
    while (*folders != '\0') {
        const int length = (int)strcspn(folders, ":");
        if (length > 0 && snprintf(path, PATH_MAX, "%.*s/%s", length, folders, name) < PATH_MAX &&
            is_program(path)) {
            return;
        }
        folders += length + (folders[length] == ':');
    }
    *path = '\0';
}

ReinStatus
cpu_compiler_find(CpuCompiler *compiler, const CpuSettings *settings, const ReinSource *source,
                  ReinMsg *msg)
{
    char real_path[PATH_MAX] = "";
    struct stat info = { 0 };
    Arguments flags = { 0 };
    uint64_t key = REIN_HASH_START;

    find_program(compiler->path, settings->compiler);
    if (*compiler->path == '\0' || realpath(compiler->path, real_path) == NULL ||
        stat(real_path, &info) != 0) {
        return rein_msg_fail(msg, REIN_ERR_UNSUPPORTED,
                             "compile %s: no compiler '%s' (install gcc or clang, or set "
                             "cpu.compiler to one)",
                             source->name, settings->compiler);
    }

    /* a compiler that was replaced has another file, size or date */
    key = rein_hash(key, real_path, strlen(real_path) + 1);
    key = rein_hash(key, &info.st_size, sizeof info.st_size);
    key = rein_hash(key, &info.st_mtim, sizeof info.st_mtim);
    add_flags(&flags, settings->level, source);
    for (size_t i = 0; i < flags.n_items; i++) {
        key = rein_hash(key, flags.items[i], strlen(flags.items[i]) + 1);
    }
    compiler->key = key;
    return REIN_OK;
}

/* ---- the translation unit ---- */

/* A name as a C string can hold it. */
static void
write_line_marker(FILE *file, const char *name)
{
    fputs("#line 1 \"", file);
    for (; *name != '\0'; name++) {
        const unsigned char c = (unsigned char)*name;
        if (c == '"' || c == '\\') {
            fputc('\\', file);
        }
        fputc(c < 0x20 ? '?' : c, file);
    }
    fputs("\"\n", file);
}

static ReinStatus
write_source(const Workplace *place, const ReinSource *source, ReinMsg *msg)
{
    FILE *file = fopen(place->source, "wxe");
    bool is_written = false;

    if (file != NULL) {
        write_line_marker(file, "rein_kernel.h");
        fwrite(source->dialect, 1, source->dialect_size, file);
        fputc('\n', file);
        write_line_marker(file, source->name);
        fwrite(source->text, 1, source->text_size, file);
        fputc('\n', file);
        is_written = ferror(file) == 0;
        is_written = fclose(file) == 0 && is_written;
    }
    if (!is_written) {
        return rein_msg_fail(msg, REIN_ERR_FAILED, "write %s: %s", place->source, strerror(errno));
    }
    return REIN_OK;
}

/* ---- what the compiler said ---- */

/*
 * The beginning of the log, where the first error is; what does not fit in `msg` ends at a line. Lines
 * go to the host's log too, all of them.
 */
static void
give_log(const Workplace *place, const ReinHost *host, ReinMsg *msg)
{
    FILE *file = fopen(place->log, "re");
    char line[REIN_MSG_SIZE];
    char text[REIN_MSG_SIZE] = "";
    size_t length = 0;
    bool is_full = false;

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const size_t line_length = strcspn(line, "\n");
        line[line_length] = '\0';
        rein_host_log(host, REIN_LOG_DEBUG, "cpu: %s", line);
        is_full = is_full || length + line_length + 2 > sizeof text ||
                  (msg != NULL && length + line_length + 2 > msg->size && length > 0);
        if (!is_full) {
            length += (size_t)snprintf(text + length, sizeof text - length, "%s%s",
                                       length > 0 ? "\n" : "", line);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    rein_msg_set(msg, "%s", length > 0 ? text : "the compiler failed without a word");
}

static ReinStatus
judge(const CpuProcess *process, const Workplace *place, const ReinHost *host, ReinMsg *msg)
{
    if (process->ended == CPU_PROCESS_TIMED_OUT) {
        return rein_msg_fail(msg, REIN_ERR_FAILED, "%s was ended after 100 s", process->path);
    }
    if (process->ended == CPU_PROCESS_KILLED) {
        return rein_msg_fail(msg, REIN_ERR_FAILED, "%s was ended by signal %d", process->path,
                             process->code);
    }
    if (process->code != 0 || access(place->library, R_OK) != 0) {
        give_log(place, host, msg);
        return REIN_ERR_BUILD;
    }
    return REIN_OK;
}

/* ---- compile ---- */

static ReinStatus
run_compiler(const CpuCompiler *compiler, const CpuSettings *settings, const Workplace *place,
             const ReinHost *host, const ReinSource *source, ReinMsg *msg)
{
    Arguments arguments = { 0 };
    CpuProcess process = { .path = compiler->path,
                           .folder = place->folder,
                           .log_path = place->log,
                           .limit_ns = LIMIT_NS };
    ReinStatus status = REIN_OK;

    add_argument(&arguments, settings->compiler);
    add_flags(&arguments, settings->level, source);
    add_argument(&arguments, "-o");
    add_argument(&arguments, place->library);
    add_argument(&arguments, place->source);
    add_argument(&arguments, "-lm");
    process.arguments = (char *const *)(uintptr_t)arguments.items; /* exec does not write to them */

    status = cpu_process_run(&process, msg);
    if (status != REIN_OK) {
        return status;
    }
    return judge(&process, place, host, msg);
}

ReinStatus
cpu_compile(const CpuCompiler *compiler, const CpuSettings *settings, const ReinHost *host,
            const ReinSource *source, CpuLibraryCb library, void *context, ReinMsg *msg)
{
    Workplace place = { 0 };
    ReinStatus status = cpu_folder_make(place.folder, host, msg);

    if (status != REIN_OK) {
        return status;
    }
    snprintf(place.source, sizeof place.source, "%s/kernel.c", place.folder);
    snprintf(place.library, sizeof place.library, "%s/kernel.so", place.folder);
    snprintf(place.log, sizeof place.log, "%s/log", place.folder);

    status = write_source(&place, source, msg);
    if (status == REIN_OK) {
        status = run_compiler(compiler, settings, &place, host, source, msg);
    }
    if (status == REIN_OK) {
        status = library(context, place.library, msg);
    }
    cpu_folder_remove(place.folder);
    return status;
}
