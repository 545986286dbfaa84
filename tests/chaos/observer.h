/* SPDX-License-Identifier: MIT */

/*
 * Watches processes from outside: those that carry a mark in their environment, which all that they
 * start inherit, whatever session, group or namespace it goes to. Loads nothing of rein. [one thread]
 */

#pragma once

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace chaos
{

/* A process of a round, as it was seen. */
struct Seen {
    pid_t pid;
    pid_t parent;
    std::string program; /* "rein-worker"; the kernel cuts it at 15 bytes */
};

/* All that have NAME=VALUE in their environment, `mark`; zombies have none. */
std::vector<Seen> find_marked(const std::string &mark);

/*
 * Waits until there are none, and none comes back: one that becomes another program has no environment
 * for a moment. `gone_ms` (out): when the last one was seen to be gone. Those that are left.
 */
std::vector<Seen> wait_until_gone(const std::string &mark, double until_ms, double *gone_ms);

/* Whether other programs of rein run: then what is in the cache may be theirs. */
bool is_rein_running();

/* Kills them all. For what a failed round has left. */
void kill_marked(const std::string &mark);

/* Milliseconds of a clock that never jumps. */
double now_ms();

/* Sleeps; a signal ends it. */
void pause_ms(double duration_ms);

/* Set by the handlers of main(): every wait ends. */
extern volatile sig_atomic_t is_interrupted;

} // namespace chaos
