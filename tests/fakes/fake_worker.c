/* SPDX-License-Identifier: MIT */

/*
 * A worker that answers in the one way that the variable FAKE_WORKER names: well-formed packets that
 * make no sense, or devices that no plugin could have.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rein/plugin_abi.h>

#include "supervisor_private.h"
#include "wire_private.h"

#define MANY 300

static const char *way;

static int
is(const char *name)
{
    return strcmp(way, name) == 0;
}

static void
say_with(ReinWireType type, guint32 value, const char *first, const char *second,
         const ReinDeviceInfo *info)
{
    char room[REIN_WIRE_PACKET_SIZE];
    const ReinWirePacket packet = {
        .type = type, .value = value, .texts = { first, second }, .bytes = info
    };

    rein_wire_send(REIN_WORKER_SOCKET, TRUE, room, rein_wire_encode(&packet, room));
}

static void
say(ReinWireType type, const char *first, const char *second)
{
    say_with(type, 0, first, second, NULL);
}

static void
say_device(const char *id)
{
    ReinDeviceInfo info = { .struct_size = sizeof info, .interleave = 1 };

    snprintf(info.id, sizeof info.id, "%s", id);
    if (is("garbage-device")) {
        memset(&info, 0xff, sizeof info);
    }
    say_with(REIN_WIRE_DEVICE, 0, NULL, NULL, &info);
}

static void
answer_load(void)
{
    if (is("out-of-turn")) {
        say(REIN_WIRE_PROBED, "", NULL);
    } else if (is("bad-name")) {
        say(REIN_WIRE_PLUGIN, "Bad Name", "1");
    } else {
        say_with(REIN_WIRE_PLUGIN, g_str_has_prefix(way, "list-"), "fake", "1\n2", NULL);
    }
    if (is("ends-early")) {
        exit(7);
    }
}

static void
answer_list(void)
{
    if (is("list-orphan")) {
        say(REIN_WIRE_VARIABLE, "A=B", NULL);
    } else if (is("list-bad-name")) {
        say(REIN_WIRE_DRIVER, "a b", "");
    } else if (is("list-bad-variable")) {
        say(REIN_WIRE_DRIVER, "a", "");
        say(REIN_WIRE_VARIABLE, "A", NULL);
    } else if (is("list-twice")) {
        say(REIN_WIRE_DRIVER, "a", "");
        say(REIN_WIRE_DRIVER, "a", "");
    } else if (is("list-many-variables")) {
        say(REIN_WIRE_DRIVER, "a", "");
        for (int i = 0; i < MANY; i++) {
            say(REIN_WIRE_VARIABLE, "A=B", NULL);
        }
    } else if (is("list-many-drivers")) {
        for (int i = 0; i < MANY; i++) {
            char name[16];

            snprintf(name, sizeof name, "d%d", i);
            say(REIN_WIRE_DRIVER, name, "");
        }
    }
    say(REIN_WIRE_LISTED, "", NULL);
}

static void
answer_probe(void)
{
    if (is("many-devices")) {
        for (int i = 0; i < MANY; i++) {
            say_device("fake:0");
        }
    } else if (is("others-device")) {
        say_device("other:0");
        say_device("fake:0");
        say_device("fake:0");
    } else if (is("garbage-device")) {
        say_device("");
    }
    if (is("answers-and-dies")) {
        say_device("fake:0");
        say(REIN_WIRE_PROBED, "", NULL);
        abort();
    }
    say(REIN_WIRE_PROBED, "a \033[31m reason", NULL);
}

int
main(int argc, char **argv)
{
    static char room[REIN_WIRE_PACKET_SIZE];
    ReinWirePacket packet;

    if (!rein_supervisor_begin(argc, argv)) {
        return EXIT_FAILURE;
    }

    way = getenv("FAKE_WORKER");
    while (is("sleeps")) {
        pause();
    }
    while (rein_wire_receive(REIN_WORKER_SOCKET, TRUE, REIN_WIRE_HOST, room, &packet, NULL) ==
           REIN_WIRE_GOT) {
        if (packet.type == REIN_WIRE_LOAD) {
            answer_load();
        } else if (packet.type == REIN_WIRE_LIST) {
            answer_list();
        } else if (packet.type == REIN_WIRE_PROBE) {
            answer_probe();
        }
    }
    return EXIT_SUCCESS;
}
