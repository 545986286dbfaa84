/* SPDX-License-Identifier: MIT */

/*
 * Which size of a group a kernel is fastest with. Compilers for processors make other code for each, and
 * that makes more of a difference than what groups cost, either way; so the first launches of a kernel,
 * which do their work like any others, are timed one by one. Initialised with zeros. Device thread only.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#define OPENCL_MAX_CHOICES 3u

typedef struct OpenclTune {
    bool is_done;
    uint32_t chosen;    /* the place of the size that is used */
    uint32_t if_short;  /* the one that is, where launches are too short to be timed */
    uint32_t n_choices; /* the first ones of the device's sizes; 0: nothing was timed yet */
    uint32_t next;      /* the place of the one to be timed */
    uint32_t n_turns;   /* that all of them had */
    uint64_t least_ns[OPENCL_MAX_CHOICES]; /* 0: not timed yet */
    bool is_out[OPENCL_MAX_CHOICES];       /* too slow to be timed again */
} OpenclTune;

/* Begins with the size at place `first`; those at the first `n_choices` places, 2 at least, are tried. */
void opencl_tune_begin(OpenclTune *self, uint32_t first, uint32_t if_short, uint32_t n_choices);

/* The launch with the size at place `next` took so long. Goes on to the next one, or is done. */
void opencl_tune_note(OpenclTune *self, uint64_t took_ns);
