/* SPDX-License-Identifier: MIT */

/*
 * The operators of evolution once more, in plain C++ over vectors, from their description and not from
 * the kernels: what the kernels are measured against. Genes are [individual][gene], fitness words
 * [individual][plane]. [any thread]
 */

#pragma once

#include <cstdint>
#include <vector>

namespace evolve_reference
{

using Row = std::vector<uint32_t>;
using Rows = std::vector<Row>;

struct Settings {
    uint64_t seed = 1;
    uint32_t n_genes = 1;
    uint32_t n_planes = 1;
    uint32_t n_state = 0;
    bool is_float = false;
    uint32_t select_rate = 0;
    uint32_t tournament = 2;
    uint32_t cross_rate = 0;
    uint32_t mutate_rate = 0;
    uint32_t mutate_genes = 1;
    uint32_t n_elites = 0;
    bool has_target = false;
    Row target;
    Row bounds; /* 0: any word of the gene's width */
    uint32_t gene_mask = 0xFFFFFFFFu;
};

struct Individuals {
    Rows genes;
    Rows fitness;
    Rows state;
    Row changed;
};

/* The best so far. */
struct Best {
    bool is_there = false;
    bool is_met = false;
    Row genes;
    Row fitness;
    Row state;
};

struct Record {
    uint32_t best_index;
    uint32_t n_evaluated;
    uint32_t n_nan;
    uint32_t digest;
    bool is_better;
    Row best;
};

/* The stream of Philox4x32-10 for one individual, round and purpose. */
class Stream
{
  public:
    Stream(uint64_t seed, uint32_t individual, uint32_t round, uint32_t purpose);

    uint32_t Next();
    uint32_t Below(uint32_t n);
    bool Chance(uint32_t threshold);

  private:
    uint64_t seed_;
    uint32_t individual_;
    uint32_t round_;
    uint32_t purpose_;
    uint32_t draw_ = 0;
    std::vector<uint32_t> words_; /* of this draw, the next one last */
};

/* Whether fitness a is better than b; NaN is worse than any number, -0 is 0. */
bool IsBetter(const Settings &settings, const Row &a, const Row &b);

/* [individual]{mother, father} */
Rows Select(const Settings &settings, const Rows &fitness, uint32_t round);

Individuals Cross(const Settings &settings, const Individuals &parents, const Rows &pairs,
                  const Best &best, uint32_t round);

void Mutate(const Settings &settings, Individuals *children, uint32_t round);

/* The record of a round; the best so far is brought up to it. */
Record Keep(const Settings &settings, const Individuals &all, Best *best);

Rows Start(const Settings &settings, const Rows &given, uint32_t population, uint32_t round);

} // namespace evolve_reference
