/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target without libFuzzer: every file of the corpus, then a number of mutations of them.
 * The mutations follow from the seed and their number alone, so a failure is repeated with
 * `--first N --iterations 1`. Prints that line when the target ends the process.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILES 4096u
#define INPUT_LIMIT (1024u * 1024u) /* bytes of a mutated input */
#define MAX_EDITS 8u

typedef struct Input {
    char *path;
    uint8_t *bytes;
    size_t size;
} Input;

typedef struct Corpus {
    Input inputs[MAX_FILES];
    size_t n_inputs;
} Corpus;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Provided by the sanitizers where they are linked. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static Corpus corpus;
static char current[4096]; /* what is running, for the report of a failure */

static void
report_current(void)
{
    ssize_t written = write(STDERR_FILENO, current, strlen(current));
    (void)written; /* the process is ending, nothing is left to do about it */
}

static void
on_fatal_signal(int number)
{
    report_current();
    signal(number, SIG_DFL);
    raise(number);
}

/* xorshift64*: small, seedable, and good enough to choose edits. */
static uint64_t
next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

static size_t
below(uint64_t *state, size_t n)
{
    return n == 0 ? 0 : (size_t)(next_random(state) >> 16) % n;
}

/* Runs the target on a copy of exactly the input's size, so that an overread is seen. */
static void
run_target(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    if (copy == NULL) {
        fprintf(stderr, "fuzz: out of memory for an input of %zu bytes\n", size);
        exit(EXIT_FAILURE);
    }
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int
compare_inputs(const void *a, const void *b)
{
    return strcmp(((const Input *)a)->path, ((const Input *)b)->path);
}

static void
add_file(const char *path)
{
    Input input = { .path = strdup(path), .bytes = malloc(INPUT_LIMIT), .size = 0 };
    FILE *file = fopen(path, "rb");

    if (file == NULL || input.path == NULL || input.bytes == NULL || corpus.n_inputs == MAX_FILES) {
        fprintf(stderr, "fuzz: %s: cannot be read: %s\n", path, strerror(errno));
        exit(EXIT_FAILURE);
    }
    input.size = fread(input.bytes, 1, INPUT_LIMIT, file);
    fclose(file);
    corpus.inputs[corpus.n_inputs++] = input;
}

static void
add_path(const char *path)
{
    struct stat status;
    DIR *folder = NULL;

    if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
        add_file(path);
        return;
    }
    folder = opendir(path);
    if (folder == NULL) {
        fprintf(stderr, "fuzz: %s: cannot be read: %s\n", path, strerror(errno));
        exit(EXIT_FAILURE);
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char child[4096];
        int length = snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && length > 0 && (size_t)length < sizeof child) {
            add_path(child);
        }
    }
    closedir(folder);
}

/* Replaces `n_old` bytes at `at` by `n_new` bytes of `part`, if the result still fits. */
static void
splice(uint8_t *bytes, size_t *size, size_t at, size_t n_old, const uint8_t *part, size_t n_new)
{
    if (at + n_old > *size || *size - n_old + n_new > INPUT_LIMIT) {
        return;
    }
    memmove(bytes + at + n_new, bytes + at + n_old, *size - at - n_old);
    memcpy(bytes + at, part, n_new);
    *size = *size - n_old + n_new;
}

/* One edit: a bit, a byte, a number, a range dropped, doubled or taken from another input, an end. */
static void
edit(uint8_t *bytes, size_t *size, uint64_t *state)
{
    static const char *const parts[] = {
        "0", "-1", "4294967295", "2147483648", "99999999999999999999", "\n", " ", "\t", "\r\n", ""
    };
    static uint8_t range[256];
    const Input *other = &corpus.inputs[below(state, corpus.n_inputs)];
    size_t at = below(state, *size);
    size_t n = below(state, *size - at < sizeof range ? *size - at : sizeof range);
    size_t from = below(state, other->size);
    size_t n_other =
        below(state, other->size - from < sizeof range ? other->size - from : sizeof range);
    const char *part = parts[below(state, sizeof parts / sizeof parts[0])];

    if (*size == 0) {
        splice(bytes, size, 0, 0, other->bytes + from, n_other);
        return;
    }
    switch (below(state, 7)) {
    case 0:
        bytes[at] ^= (uint8_t)(1u << below(state, 8));
        break;
    case 1:
        bytes[at] = (uint8_t)below(state, 256);
        break;
    case 2:
        splice(bytes, size, at, 1, (const uint8_t *)part, strlen(part));
        break;
    case 3:
        splice(bytes, size, at, n, range, 0);
        break;
    case 4:
        memcpy(range, bytes + at, n);
        splice(bytes, size, below(state, *size), 0, range, n);
        break;
    case 5:
        splice(bytes, size, at, n, other->bytes + from, n_other);
        break;
    default:
        *size = at;
        break;
    }
}

static void
run_mutation(uint64_t seed, unsigned long number)
{
    static uint8_t bytes[INPUT_LIMIT];
    uint64_t state = (seed + 1) * 0x9E3779B97F4A7C15u ^ (number + 1) * 0xBF58476D1CE4E5B9u;
    const Input *input = NULL;
    size_t size = 0;

    next_random(&state);
    input = &corpus.inputs[below(&state, corpus.n_inputs)];
    size = input->size;
    memcpy(bytes, input->bytes, size);
    for (size_t n_edits = 1 + below(&state, MAX_EDITS); n_edits > 0; n_edits--) {
        edit(bytes, &size, &state);
    }
    snprintf(current, sizeof current,
             "fuzz: failed at --seed %llu --first %lu --iterations 1 (%s)\n",
             (unsigned long long)seed, number, input->path);
    run_target(bytes, size);
}

static void
free_corpus(void)
{
    for (size_t i = 0; i < corpus.n_inputs; i++) {
        free(corpus.inputs[i].path);
        free(corpus.inputs[i].bytes);
    }
    corpus.n_inputs = 0;
}

int
main(int argc, char **argv)
{
    unsigned long first = 0;
    unsigned long n_iterations = 0;
    unsigned long seed = 0;

    for (int i = 1; i < argc; i++) {
        unsigned long *number = strcmp(argv[i], "--iterations") == 0 ? &n_iterations
                                : strcmp(argv[i], "--first") == 0    ? &first
                                : strcmp(argv[i], "--seed") == 0     ? &seed
                                                                     : NULL;
        if (number == NULL) {
            add_path(argv[i]);
        } else if (i + 1 < argc) {
            *number = strtoul(argv[++i], NULL, 10);
        }
    }
    if (corpus.n_inputs == 0) {
        fprintf(stderr, "usage: %s [--iterations N] [--first N] [--seed N] FILE|FOLDER...\n",
                argv[0]);
        return EXIT_FAILURE;
    }
    qsort(corpus.inputs, corpus.n_inputs, sizeof corpus.inputs[0], compare_inputs);
    signal(SIGABRT, on_fatal_signal);
    if (__sanitizer_set_death_callback != NULL) {
        __sanitizer_set_death_callback(report_current);
    } else {
        signal(SIGSEGV, on_fatal_signal);
    }

    for (size_t i = 0; i < corpus.n_inputs; i++) {
        snprintf(current, sizeof current, "fuzz: failed at %s\n", corpus.inputs[i].path);
        run_target(corpus.inputs[i].bytes, corpus.inputs[i].size);
    }
    for (unsigned long i = 0; i < n_iterations; i++) {
        run_mutation(seed, first + i);
    }
    current[0] = 0; /* nothing runs any more */
    printf("%zu inputs and %lu mutations\n", corpus.n_inputs, n_iterations);
    free_corpus();
    return EXIT_SUCCESS;
}
