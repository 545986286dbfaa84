/* SPDX-License-Identifier: MIT */

#include "opencl_tune.h"

#define N_TURNS 5u        /* the fastest of them counts: others use the machine, too */
#define SHORT_NS 100000u  /* waiting for its end takes as long, now more and now less */
#define LONG_NS 10000000u /* a launch that a stop may have to wait for is not made longer */

void
opencl_tune_begin(OpenclTune *self, uint32_t first, uint32_t if_short, uint32_t n_choices)
{
    *self = (OpenclTune){
        .chosen = first, .next = first, .if_short = if_short, .n_choices = n_choices
    };
}

/* Goes on to the next one that is still of interest; whether all have been timed often enough. */
static bool
go_on(OpenclTune *self)
{
    do {
        self->next = (self->next + 1) % self->n_choices;
        self->n_turns += self->next == self->chosen;
    } while (self->is_out[self->next] && self->next != self->chosen);
    return self->n_turns >= N_TURNS;
}

static void
choose(OpenclTune *self)
{
    const uint64_t usual_ns = self->least_ns[self->chosen];
    uint64_t best_ns = usual_ns - usual_ns / 100; /* less than that is chance */

    self->is_done = true;
    if (usual_ns < SHORT_NS) {
        self->chosen = self->if_short;
        return;
    }
    for (uint32_t i = 0; i < self->n_choices; i++) {
        if (self->least_ns[i] != 0 && self->least_ns[i] < best_ns) {
            best_ns = self->least_ns[i];
            self->chosen = i;
        }
    }
}

void
opencl_tune_note(OpenclTune *self, uint64_t took_ns)
{
    uint64_t *least_ns = &self->least_ns[self->next];
    const bool is_usual = self->next == self->chosen;

    if (*least_ns == 0 || took_ns < *least_ns) {
        *least_ns = took_ns;
    }
    if (is_usual && took_ns > LONG_NS) {
        self->is_done = true;
        return;
    }
    if (is_usual && took_ns < SHORT_NS) {
        choose(self);
        return;
    }
    /* one slow launch is enough to know, and more would be felt */
    self->is_out[self->next] = took_ns / 2 > self->least_ns[self->chosen];
    if (go_on(self)) {
        choose(self);
    }
}
