/* SPDX-License-Identifier: MIT */

/*
 * A plugin with the drivers that the variable FAKE_DRIVERS names, "good,hang,...". A process sees the
 * one that FAKE_DRIVER names, which behaves as it is called.
 */

#include "fake_base.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define N_ENDLESS 100
#define N_MANY 70
#define LONG_SIZE 100000

static ReinPluginTable table;
static ReinStatus (*base_open)(const char *, const ReinHost *, ReinPluginDevice **, ReinMsg *);
static char seen_at_load[64]; /* what FAKE_DRIVER was when the library was loaded */

__attribute__((constructor)) static void
load(void)
{
    const char *driver = getenv("FAKE_DRIVER");

    snprintf(seen_at_load, sizeof seen_at_load, "%s", driver != NULL ? driver : "");
}

static int
is(const char *name, const char *other)
{
    return strcmp(name, other) == 0;
}

static void
list_many(ReinDriverCb found, void *context)
{
    for (int i = 0; i < N_MANY; i++) {
        char name[16];
        const ReinDriver driver = { .struct_size = sizeof driver, .name = name, .path = "" };

        snprintf(name, sizeof name, "many%d", i);
        found(context, &driver);
    }
}

/* Spoils `driver` in the way it is called; FALSE: it is no driver at all. */
static int
spoil(ReinDriver *driver, const char **environment)
{
    static char long_variable[LONG_SIZE];
    static const char *endless[N_ENDLESS];
    const char *name = driver->name;

    if (is(name, "null")) {
        return 0;
    }
    if (is(name, "null-name")) {
        driver->name = NULL;
    } else if (is(name, "bad-name")) {
        driver->name = "a b";
    } else if (is(name, "null-path")) {
        driver->path = NULL;
    } else if (is(name, "no-environment")) {
        driver->environment = NULL;
    } else if (is(name, "no-value")) {
        environment[0] = "FAKE_DRIVER";
    } else if (is(name, "no-variable")) {
        environment[0] = "=value";
    } else if (is(name, "bad-variable")) {
        environment[0] = "FAKE DRIVER=1";
    } else if (is(name, "short")) {
        driver->struct_size = 8;
    } else if (is(name, "long")) {
        memset(long_variable, 'x', sizeof long_variable - 1);
        memcpy(long_variable, "FAKE=", 5);
        environment[0] = long_variable;
    } else if (is(name, "endless")) {
        for (int i = 0; i < N_ENDLESS; i++) {
            endless[i] = "FAKE_DRIVER=endless";
        }
        driver->environment = endless;
    }
    return 1;
}

static void
list_one(const char *name, ReinDriverCb found, void *context)
{
    char variable[96];
    char path[96];
    const char *environment[] = { variable, NULL };
    ReinDriver driver = {
        .struct_size = sizeof driver,
        .name = name,
        .path = path,
        .environment = environment,
    };

    snprintf(variable, sizeof variable, "FAKE_DRIVER=%s", name);
    snprintf(path, sizeof path, "/etc/fake/%s.icd", name);
    found(context, spoil(&driver, environment) ? &driver : NULL);
}

static ReinStatus
drivers(const ReinHost *host, ReinDriverCb found, void *context, ReinMsg *msg)
{
    const char *names = getenv("FAKE_DRIVERS");
    ReinStatus status = REIN_OK;
    char list[512];
    char *rest = NULL;

    host->log(host->context, REIN_LOG_INFO, "lists its drivers");
    if (names == NULL) {
        fake_say(msg, "/etc/fake is empty");
        return REIN_OK;
    }
    snprintf(list, sizeof list, "%s", names);
    for (char *name = strtok_r(list, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
        if (is(name, "LIST-ABORTS")) {
            abort();
        } else if (is(name, "LIST-FAILS")) {
            fake_say(msg, "cannot list");
            status = REIN_ERR_FAILED;
        } else if (is(name, "LIST-SAYS")) {
            fake_say(msg, "ocl.icd is empty");
        } else if (is(name, "LIST-MANY")) {
            list_many(found, context);
        } else if (is(name, "unless-set") && getenv("FAKE_DRIVER") != NULL) {
            continue; /* as a loader that was told of one driver knows no other */
        } else if (!is(name, "LIST-SILENT")) {
            list_one(name, found, context);
        }
    }
    return status;
}

static void
find_device(const char *name, ReinFoundCb found, void *context)
{
    char id[64];

    snprintf(id, sizeof id, FAKE_NAME ":%s", name);
    ReinDeviceInfo info = fake_device_info(id);
    found(context, &info);
}

static ReinStatus
probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg)
{
    const char *name = getenv("FAKE_DRIVER");
    const struct timespec moment = { .tv_nsec = 300 * 1000 * 1000 };

    (void)host;
    if (name == NULL) {
        name = "none-chosen";
    }
    if (is(name, "abort")) {
        fprintf(stderr, "libfake: broken\n");
        abort();
    } else if (is(name, "exit")) {
        exit(3);
    } else if (is(name, "hang")) {
        for (;;) {
            pause();
        }
    } else if (is(name, "none")) {
        fake_say(msg, "no card");
        return REIN_OK;
    } else if (is(name, "slow")) {
        nanosleep(&moment, NULL);
    } else if (is(name, "twin-a") || is(name, "twin-b")) {
        find_device("twin", found, context);
    }
    find_device(name, found, context);
    return REIN_OK;
}

/* Opens a device of the driver that the process had when the library was loaded. */
static ReinStatus
open_seen(const char *id, const ReinHost *host, ReinPluginDevice **out, ReinMsg *msg)
{
    const char *colon = strchr(id, ':');

    if (colon == NULL || !is(colon + 1, seen_at_load)) {
        snprintf(msg->text, msg->size, "loaded for driver \"%s\"", seen_at_load);
        *out = NULL;
        return REIN_ERR_NO_DEVICE;
    }
    return base_open(id, host, out, msg);
}

const ReinPluginTable *
rein_plugin(void)
{
    table = fake_base_table();
    base_open = table.open;
    table.open = open_seen;
    table.probe = probe;
    table.drivers = drivers;
    return &table;
}
