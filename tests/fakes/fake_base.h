/* SPDX-License-Identifier: MIT */

/*
 * What the fake plugins have in common: a table with every required slot, which opens the ids that
 * its probe lists and can compute nothing. A fake copies it and spoils one thing. [any thread]
 */

#pragma once

#include <rein/plugin_abi.h>

#ifndef FAKE_NAME
#define FAKE_NAME "fake"
#endif

/* The base table; its name is FAKE_NAME, its probe is fake_probe(). */
ReinPluginTable fake_base_table(void);

/* Lists the devices of FAKE_DEVICES, "id,id", with the flags FAKE_FLAGS. */
ReinStatus fake_probe(const ReinHost *host, ReinFoundCb found, void *context, ReinMsg *msg);

/* A good device with this id. */
ReinDeviceInfo fake_device_info(const char *id);

void fake_say(ReinMsg *msg, const char *text);
