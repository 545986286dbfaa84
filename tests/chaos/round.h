/* SPDX-License-Identifier: MIT */

/*
 * One round: a command of rein in a home of its own, struck at a random moment, and what is left of it.
 * All choices follow from the seed and the round's number; how far the command has come does not.
 */

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace chaos
{

/* Where rounds are run; made by the caller, who removes it. */
struct Place {
    std::string program; /* rein */
    std::string data;    /* a folder with problems */
    std::string home;    /* absolute; the state, scratch and temporary folders are in it */
    std::string plugins; /* a folder with the plugin that leaves a grandchild */
};

struct Plan {
    std::string name;               /* "run", "short-run", "devices", "sweep" */
    std::vector<std::string> words; /* of the command */
    std::string isolation;          /* "namespace", "subreaper", "in-process" */
    std::string victim;             /* see plan_round() */
    double delay_ms;                /* from the start to the strike */
    double stop_lead_ms;            /* SIGINT so long before the strike; below 0 none */
    bool has_orphan;                /* the plugin leaves a grandchild in a session of its own */
};

struct Outcome {
    std::string failure; /* "" if all is as it has to be */
    std::string victim;  /* who was struck, which is the host where there was no other yet */
    double gone_ms;      /* from the strike, or from the host's own end if it lived on */
    unsigned n_struck;   /* processes that got the signal */
    unsigned n_seen;     /* processes there were at the strike */
    bool had_orphan;     /* one of them was the grandchild */
    int exit_code;       /* of the host; -9 if it was killed */
};

Plan plan_round(std::uint64_t seed, unsigned round, const Place &place);

/* Strikes, waits until all are gone, at most 10 s. */
Outcome run_round(const Plan &plan, const Place &place);

/*
 * Runs `rein clean`, as the next start of rein does, and looks for what must not be there: records,
 * scratch folders, temporary files, shared memory, jobs without one terminal state. "" if there is
 * nothing. `cache_is_judged` (out): unfinished files in the cache are, if no other rein runs.
 */
std::string find_leftovers(const Place &place, bool *cache_is_judged);

/* The mark that all processes of this run of chaos carry. */
std::string get_mark();

} // namespace chaos
