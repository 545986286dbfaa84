/* SPDX-License-Identifier: MIT */

/* A plugin that is wild in the one way that CMakeLists.txt chooses: a danger to its process. */

#include "fake_base.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define WILD_ABORTS 1        /* and says why */
#define WILD_EXITS 2         /* with status 3 */
#define WILD_HANGS 3         /* and ignores SIGTERM */
#define WILD_HANGS_AT_EXIT 4 /* after it has answered */
#define WILD_ABORTS_AT_EXIT 5
#define WILD_CLOSES 6     /* descriptors 3 to 9, after it wrote to them */
#define WILD_CLOSES_ALL 7 /* the one it has to answer with, too */
#define WILD_WRITES 8     /* to every descriptor there may be */
#define WILD_FORKS 9      /* a child of a child in a session of its own that stays */
#define WILD_FLOODS 10    /* stderr */
#define WILD_LOGS 11      /* more than anybody reads */
#define WILD_LOAD_ABORTS 12
#define WILD_LOAD_HANGS 13
#define WILD_PRINTS 14  /* much, with bytes that are no text, and aborts */
#define WILD_IS_LOST 15 /* when it is opened */

static void
hang(void)
{
    signal(SIGTERM, SIG_IGN);
    for (;;) {
        pause();
    }
}

/* Whether it could be written does not matter. */
static void
write_text(int fd, const char *text)
{
    const ssize_t n_written = write(fd, text, strlen(text));

    (void)n_written;
}

static void
print_then_abort(void)
{
    for (int i = 0; i < 2000; i++) {
        write_text(STDERR_FILENO, "a line of the many that nobody needs\n");
    }
    write_text(STDERR_FILENO, "\033[31m\xff the one that matters\n\n");
    abort();
}

static void
use_descriptors(int end, int is_written, int is_closed)
{
    for (int fd = 3; fd < end; fd++) {
        if (is_written) {
            write_text(fd, "garbage");
        }
        if (is_closed) {
            close(fd);
        }
    }
}

static void
log_without_end(const ReinHost *host)
{
    for (int i = 0; i < 5000; i++) {
        host->log(host->context, REIN_LOG_WARNING, "one more");
    }
}

static void
be_wild(const ReinHost *host)
{
    switch (FAKE_WILD) {
    case WILD_ABORTS:
        write_text(STDERR_FILENO, "first words\nfake_wild.c: nothing works\n");
        abort();
    case WILD_EXITS:
        exit(3);
    case WILD_HANGS:
        hang();
        break;
    case WILD_HANGS_AT_EXIT:
        atexit(hang);
        break;
    case WILD_ABORTS_AT_EXIT:
        atexit(abort);
        break;
    case WILD_CLOSES:
        use_descriptors(10, 1, 1);
        break;
    case WILD_CLOSES_ALL:
        use_descriptors(1024, 0, 1);
        break;
    case WILD_WRITES:
        use_descriptors(1024, 1, 0);
        break;
    case WILD_FORKS: {
        const pid_t child = fork();

        if (child == 0 && setsid() > 0 && fork() == 0) { /* out of every group, its parent gone */
            prctl(PR_SET_NAME, "rein-forked");
            hang();
        }
        if (child == 0) {
            _exit(0);
        }
        break;
    }
    case WILD_FLOODS:
        for (;;) {
            write_text(STDERR_FILENO, "flood\n");
        }
    case WILD_LOGS:
        log_without_end(host);
        break;
    case WILD_PRINTS:
        print_then_abort();
        break;
    default:
        break;
    }
}

static ReinStatus
probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg)
{
    be_wild(host);
    return fake_probe(host, found, context, msg);
}

static ReinStatus
lose(const char *id, const ReinHost *host, ReinPluginDevice **out, ReinMsg *msg)
{
    (void)host;
    *out = NULL;
    snprintf(msg->text, msg->size, "%s fell off the bus", id);
    return REIN_ERR_DEVICE_LOST;
}

__attribute__((constructor)) static void
load(void)
{
    if (FAKE_WILD == WILD_LOAD_ABORTS) {
        abort();
    }
    if (FAKE_WILD == WILD_LOAD_HANGS) {
        hang();
    }
}

const ReinPluginTable *
rein_plugin(void)
{
    static ReinPluginTable table;

    table = fake_base_table();
    table.probe = probe;
    if (FAKE_WILD == WILD_IS_LOST) {
        table.open = lose;
    }
    return &table;
}
