/* SPDX-License-Identifier: MIT */

#include "evolve_reference.h"

#include <cmath>
#include <cstring>
#include <utility>

namespace evolve_reference
{

namespace
{

/* Purposes of streams, as in the dialect. */
constexpr uint32_t kSelect = 1;
constexpr uint32_t kCross = 2;
constexpr uint32_t kMutate = 3;
constexpr uint32_t kInitial = 5;

float
AsFloat(uint32_t bits)
{
    float number = 0;

    std::memcpy(&number, &bits, sizeof number);
    return number;
}

bool
IsNan(const Settings &settings, uint32_t bits)
{
    return settings.is_float && std::isnan(AsFloat(bits));
}

bool
IsLess(const Settings &settings, uint32_t a, uint32_t b)
{
    if (!settings.is_float) {
        return static_cast<int32_t>(a) < static_cast<int32_t>(b);
    }
    if (std::isnan(AsFloat(a)) || std::isnan(AsFloat(b))) {
        return !std::isnan(AsFloat(a)) && std::isnan(AsFloat(b));
    }
    return AsFloat(a) < AsFloat(b);
}

uint32_t
Tournament(const Settings &settings, const Rows &fitness, Stream *stream)
{
    const auto population = static_cast<uint32_t>(fitness.size());
    uint32_t winner = stream->Below(population);

    for (uint32_t i = 1; i < settings.tournament; i++) {
        const uint32_t rival = stream->Below(population);
        if (IsBetter(settings, fitness[rival], fitness[winner])) {
            winner = rival;
        }
    }
    return winner;
}

uint32_t
Draw(const Settings &settings, uint32_t i, Stream *stream)
{
    const uint32_t bound = settings.bounds[i];

    return (bound == 0 ? stream->Next() : stream->Below(bound)) & settings.gene_mask;
}

} // namespace

Stream::Stream(uint64_t seed, uint32_t individual, uint32_t round, uint32_t purpose)
    : seed_(seed), individual_(individual), round_(round), purpose_(purpose)
{
}

uint32_t
Stream::Next()
{
    if (words_.empty()) {
        uint32_t x[4] = { draw_++, individual_, round_, purpose_ };
        uint32_t key[2] = { static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32) };

        for (int i = 0; i < 10; i++) {
            const uint64_t even = uint64_t(0xD2511F53u) * x[0];
            const uint64_t odd = uint64_t(0xCD9E8D57u) * x[2];
            const uint32_t next[4] = { static_cast<uint32_t>(odd >> 32) ^ x[1] ^ key[0],
                                       static_cast<uint32_t>(odd),
                                       static_cast<uint32_t>(even >> 32) ^ x[3] ^ key[1],
                                       static_cast<uint32_t>(even) };
            std::memcpy(x, next, sizeof x);
            key[0] += 0x9E3779B9u;
            key[1] += 0xBB67AE85u;
        }
        words_ = { x[3], x[2], x[1], x[0] };
    }
    const uint32_t word = words_.back();
    words_.pop_back();
    return word;
}

uint32_t
Stream::Below(uint32_t n)
{
    return static_cast<uint32_t>(uint64_t(Next()) * n / (uint64_t(1) << 32));
}

bool
Stream::Chance(uint32_t threshold)
{
    const uint32_t word = Next();

    return threshold == 0xFFFFFFFFu || word < threshold;
}

bool
IsBetter(const Settings &settings, const Row &a, const Row &b)
{
    for (uint32_t plane = 0; plane < settings.n_planes; plane++) {
        if (IsLess(settings, a[plane], b[plane])) {
            return true;
        }
        if (IsLess(settings, b[plane], a[plane])) {
            return false;
        }
    }
    return false;
}

Rows
Select(const Settings &settings, const Rows &fitness, uint32_t round)
{
    Rows pairs;

    for (uint32_t i = 0; i < fitness.size(); i++) {
        Stream stream(settings.seed, i, round, kSelect);
        const uint32_t mother =
            stream.Chance(settings.select_rate) ? Tournament(settings, fitness, &stream) : i;
        const uint32_t father =
            stream.Chance(settings.cross_rate) ? Tournament(settings, fitness, &stream) : mother;
        pairs.push_back({ mother, father });
    }
    return pairs;
}

Individuals
Cross(const Settings &settings, const Individuals &parents, const Rows &pairs, const Best &best,
      uint32_t round)
{
    Individuals children;

    for (uint32_t i = 0; i < pairs.size(); i++) {
        const uint32_t mother = pairs[i][0];
        const uint32_t father = pairs[i][1];
        Stream stream(settings.seed, i, round, kCross);
        Row child = parents.genes[mother];
        Row fitness = parents.fitness[mother];
        Row state = parents.state[mother];
        uint32_t bits = 0;

        for (uint32_t g = 0; mother != father && g < settings.n_genes; g++) {
            bits = g % 32 == 0 ? stream.Next() : bits;
            if ((bits >> g % 32 & 1) != 0) {
                child[g] = parents.genes[father][g];
            }
        }
        uint32_t is_changed = child != parents.genes[mother];
        if (i < settings.n_elites && best.is_there) {
            child = best.genes;
            fitness = best.fitness;
            state = best.state;
            is_changed = 0;
        }
        children.genes.push_back(child);
        children.fitness.push_back(fitness);
        children.state.push_back(state);
        children.changed.push_back(is_changed);
    }
    return children;
}

void
Mutate(const Settings &settings, Individuals *children, uint32_t round)
{
    for (uint32_t i = settings.n_elites; i < children->genes.size(); i++) {
        Stream stream(settings.seed, i, round, kMutate);

        if (!stream.Chance(settings.mutate_rate)) {
            continue;
        }
        for (uint32_t n = stream.Below(settings.mutate_genes) + 1; n > 0; n--) {
            const uint32_t g = stream.Below(settings.n_genes);
            const uint32_t gene = Draw(settings, g, &stream);
            if (gene != children->genes[i][g]) {
                children->genes[i][g] = gene;
                children->changed[i] = 1;
            }
        }
    }
}

Record
Keep(const Settings &settings, const Individuals &all, Best *best)
{
    Record record = {};

    for (uint32_t i = 0; i < all.genes.size(); i++) {
        uint32_t hash = i + 1;
        bool has_nan = false;

        for (const uint32_t bits : all.fitness[i]) {
            has_nan |= IsNan(settings, bits);
            hash = (hash ^ (IsNan(settings, bits) ? 0xFFFFFFFFu : bits)) * 0x9E3779B1u;
            hash ^= hash >> 15;
        }
        record.digest += hash;
        record.n_nan += has_nan;
        record.n_evaluated += all.changed[i] != 0;
        if (IsBetter(settings, all.fitness[i], all.fitness[record.best_index])) {
            record.best_index = i;
        }
    }
    record.best = all.fitness[record.best_index];
    record.is_better =
        !best->is_met && (!best->is_there || IsBetter(settings, record.best, best->fitness));
    if (record.is_better) {
        best->is_there = true;
        best->genes = all.genes[record.best_index];
        best->fitness = record.best;
        best->state = all.state[record.best_index];
    }
    if (settings.has_target && !IsBetter(settings, settings.target, best->fitness)) {
        best->is_met = true;
    }
    return record;
}

Rows
Start(const Settings &settings, const Rows &given, uint32_t population, uint32_t round)
{
    Rows genes = given;

    for (auto i = static_cast<uint32_t>(given.size()); i < population; i++) {
        Stream stream(settings.seed, i, round, kInitial);
        Row row;

        for (uint32_t g = 0; g < settings.n_genes; g++) {
            row.push_back(Draw(settings, g, &stream));
        }
        genes.push_back(row);
    }
    return genes;
}

} // namespace evolve_reference
