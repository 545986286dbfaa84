/* SPDX-License-Identifier: MIT */

/* The signals by which a command that works for long is stopped, and by which it is asked to save. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * `signal_name`: "SIGINT". `may_end_at_once`: whether a second one is to wait for nothing, which is not
 * so for SIGHUP: a terminal that closes may say so more than once.
 */
typedef void (*StopSignalCb)(const char *signal_name, gboolean may_end_at_once);

/* SIGUSR1. */
typedef void (*SaveSignalCb)(void);

/*
 * From now on SIGINT, SIGTERM and SIGHUP call `stop`, and SIGUSR1 calls `save` (nullable: it does
 * nothing), while the default main loop runs. SIGHUP stays ignored where it is, as below nohup. Once in a
 * program.
 */
void stop_signals_catch(StopSignalCb stop, SaveSignalCb save);

G_END_DECLS
