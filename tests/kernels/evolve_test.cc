/* SPDX-License-Identifier: MIT */

/*
 * The kernels of evolution against their description, on random populations of many shapes: whole
 * rounds of select, cross, mutate, reduce and keep, run in ranges of items as a device may cut them.
 */

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <random>
#include <string>

#include "evolve_reference.h"
#include "native_kernels.h"

#include <evolve/layout.cl>
#include <rein_kernel.h>

namespace
{

using namespace evolve_reference;

constexpr uint32_t kRing = 4;
constexpr uint32_t kGuard = 0xDEADBEEFu;

/* The device's side of a population: buffers in its layout, kernels that run over them. */
class Device
{
  public:
    Device(const Settings &settings, uint32_t population, bool is_int16, std::mt19937 *random)
        : settings_(settings), population_(population), is_int16_(is_int16), random_(random)
    {
        const uint32_t n_rows =
            (population + REIN_INTERLEAVE - 1) / REIN_INTERLEAVE * REIN_INTERLEAVE;
        const uint32_t n_blocks = (population + BLOCK - 1) / BLOCK;

        SetParams();
        for (const char *set : { "0", "1" }) {
            MakeGenes(std::string("genes") + set, n_rows * settings.n_genes);
            Make(std::string("fitness") + set, population * settings.n_planes);
            Make(std::string("state") + set, n_rows * settings.n_state + 1);
            Make(std::string("status") + set, STATUS_COUNT);
        }
        Make("parents", population * 2);
        Make("changed", population);
        Make("parts", n_blocks * PART_COUNT);
        MakeGenes("best", 2 * settings.n_genes);
        Make("best state", 2 * settings.n_state + 1);
        Make("ring", kRing * RECORD_COUNT);
        MakeGenes("canonical", population * settings.n_genes);
        buffers_["given"] = { 0, kGuard };
        buffers_["bounds"] = settings.bounds;
        buffers_["bounds"].push_back(kGuard);
    }

    /* Runs the kernel over n_items, in a random number of ranges, in random order. */
    void
    Run(const std::string &name, uint32_t n_items, uint32_t round,
        const std::vector<std::string> &arguments)
    {
        NativeKernel kernel = (is_int16_ ? native_kernel_int16 : native_kernel_int32)(name.c_str());
        std::vector<void *> buffers;
        std::vector<uint32_t> cuts = { 0, n_items };

        ASSERT_NE(kernel, nullptr) << name;
        for (const std::string &argument : arguments) {
            ASSERT_EQ(buffers_.count(argument), 1u) << argument;
            buffers.push_back(buffers_[argument].data());
        }
        for (int i = 0; i < 3; i++) {
            cuts.push_back((*random_)() % (n_items + 1));
        }
        std::sort(cuts.begin(), cuts.end());
        for (size_t i = cuts.size() - 1; i > 0; i--) {
            kernel(buffers.data(), cuts[i - 1], cuts[i], round, 0);
        }
        for (const auto &buffer : buffers_) {
            ASSERT_EQ(buffer.second.back(), kGuard) << name << " wrote past " << buffer.first;
        }
    }

    /* Genes are packed to 16 bits where they are. */
    uint32_t
    Gene(const std::string &buffer, uint32_t index)
    {
        uint16_t half = 0;

        if (!is_int16_) {
            return buffers_[buffer][index];
        }
        std::memcpy(&half, Bytes(buffer) + index * sizeof half, sizeof half);
        return half;
    }

    void
    SetGene(const std::string &buffer, uint32_t index, uint32_t gene)
    {
        const auto half = static_cast<uint16_t>(gene);

        if (is_int16_) {
            std::memcpy(Bytes(buffer) + index * sizeof half, &half, sizeof half);
        } else {
            buffers_[buffer][index] = gene;
        }
    }

    Row &
    operator[](const std::string &name)
    {
        return buffers_[name];
    }

    void
    Put(const Individuals &all, uint32_t set)
    {
        const std::string n = std::to_string(set);

        for (uint32_t i = 0; i < population_; i++) {
            for (uint32_t g = 0; g < settings_.n_genes; g++) {
                SetGene("genes" + n, native_at(settings_.n_genes, i, g), all.genes[i][g]);
            }
            for (uint32_t p = 0; p < settings_.n_planes; p++) {
                buffers_["fitness" + n][p * population_ + i] = all.fitness[i][p];
            }
            for (uint32_t s = 0; s < settings_.n_state; s++) {
                buffers_["state" + n][native_at(settings_.n_state, i, s)] = all.state[i][s];
            }
            buffers_["changed"][i] = all.changed[i];
        }
    }

    Individuals
    Get(uint32_t set)
    {
        const std::string n = std::to_string(set);
        Individuals all;

        for (uint32_t i = 0; i < population_; i++) {
            Row genes, fitness, state;
            for (uint32_t g = 0; g < settings_.n_genes; g++) {
                genes.push_back(Gene("genes" + n, native_at(settings_.n_genes, i, g)));
            }
            for (uint32_t p = 0; p < settings_.n_planes; p++) {
                fitness.push_back(buffers_["fitness" + n][p * population_ + i]);
            }
            for (uint32_t s = 0; s < settings_.n_state; s++) {
                state.push_back(buffers_["state" + n][native_at(settings_.n_state, i, s)]);
            }
            all.genes.push_back(genes);
            all.fitness.push_back(fitness);
            all.state.push_back(state);
            all.changed.push_back(buffers_["changed"][i]);
        }
        return all;
    }

  private:
    void
    Make(const std::string &name, uint32_t n_words)
    {
        buffers_[name] = Row(n_words, 0);
        buffers_[name].push_back(kGuard);
    }

    void
    MakeGenes(const std::string &name, uint32_t n)
    {
        Make(name, is_int16_ ? (n + 1) / 2 : n);
    }

    char *
    Bytes(const std::string &name)
    {
        return reinterpret_cast<char *>(buffers_[name].data());
    }

    void
    SetParams()
    {
        Row &param = buffers_["params"];

        param = Row(PARAM_COUNT, 0);
        param.push_back(kGuard);
        param[PARAM_POPULATION] = population_;
        param[PARAM_N_GENES] = settings_.n_genes;
        param[PARAM_N_PLANES] = settings_.n_planes;
        param[PARAM_SEED_LOW] = static_cast<uint32_t>(settings_.seed);
        param[PARAM_SEED_HIGH] = static_cast<uint32_t>(settings_.seed >> 32);
        param[PARAM_SELECT_RATE] = settings_.select_rate;
        param[PARAM_TOURNAMENT] = settings_.tournament;
        param[PARAM_CROSS_RATE] = settings_.cross_rate;
        param[PARAM_MUTATE_RATE] = settings_.mutate_rate;
        param[PARAM_MUTATE_GENES] = settings_.mutate_genes;
        param[PARAM_N_ELITES] = settings_.n_elites;
        param[PARAM_N_STATE] = settings_.n_state;
        param[PARAM_RING] = kRing;
        param[PARAM_HAS_TARGET] = settings_.has_target;
        param[PARAM_FLOAT] = settings_.is_float;
        std::copy(settings_.target.begin(), settings_.target.end(), &param[PARAM_TARGET]);
    }

    Settings settings_;
    uint32_t population_;
    bool is_int16_;
    std::mt19937 *random_;
    std::map<std::string, Row> buffers_;
};

uint32_t
Bits(float number)
{
    uint32_t bits = 0;

    std::memcpy(&bits, &number, sizeof bits);
    return bits;
}

class EvolveTest : public testing::TestWithParam<bool>
{
  protected:
    bool
    is_int16() const
    {
        return GetParam();
    }

    uint32_t
    Below(uint32_t n)
    {
        return random_() % n;
    }

    /* Few different values, the special ones among them, so that ties and limits come up. */
    uint32_t
    RandomFitness(bool is_float)
    {
        static const float numbers[] = { 0.0f,
                                         -0.0f,
                                         1.5f,
                                         -1.5f,
                                         1e-40f,
                                         -1e38f,
                                         1e38f,
                                         std::numeric_limits<float>::infinity(),
                                         -std::numeric_limits<float>::infinity(),
                                         std::nanf("") };
        static const uint32_t words[] = { 0, 1, 2, 0xFFFFFFFFu, 0x80000000u, 0x7FFFFFFFu };

        return is_float ? Bits(numbers[Below(10)]) : words[Below(6)];
    }

    Settings
    RandomSettings()
    {
        static const uint32_t rates[] = { 0, 0x40000000u, 0xC0000000u, 0xFFFFFFFFu };
        static const uint32_t n_genes[] = { 1, 2, 31, 32, 33, 70 };
        Settings settings;

        settings.seed = random_() | uint64_t(random_()) << 32;
        settings.n_genes = n_genes[Below(6)];
        settings.n_planes = 1 + Below(4);
        settings.n_state = Below(4);
        settings.is_float = Below(2) != 0;
        settings.select_rate = rates[Below(4)];
        settings.tournament = 1 + Below(4);
        settings.cross_rate = rates[Below(4)];
        settings.mutate_rate = rates[Below(4)];
        settings.mutate_genes = 1 + Below(5);
        settings.n_elites = Below(2);
        settings.has_target = Below(3) == 0;
        for (uint32_t plane = 0; plane < settings.n_planes; plane++) {
            settings.target.push_back(RandomFitness(settings.is_float));
        }
        for (uint32_t i = 0; i < settings.n_genes; i++) {
            settings.bounds.push_back(Below(4) == 0 ? (is_int16() ? 65536u : 0u) : 1 + Below(5));
        }
        settings.gene_mask = is_int16() ? 0xFFFFu : 0xFFFFFFFFu;
        return settings;
    }

    uint32_t
    RandomPopulation()
    {
        static const uint32_t populations[] = { 1, 2, 15, 16, 17, 100, 255, 256, 257, 600 };

        return populations[Below(10)];
    }

    Individuals
    RandomIndividuals(const Settings &settings, uint32_t population)
    {
        Individuals all;

        for (uint32_t i = 0; i < population; i++) {
            Row genes, fitness, state;
            for (uint32_t g = 0; g < settings.n_genes; g++) {
                genes.push_back(Below(3) == 0 ? random_() & settings.gene_mask : Below(3));
            }
            for (uint32_t p = 0; p < settings.n_planes; p++) {
                fitness.push_back(RandomFitness(settings.is_float));
            }
            for (uint32_t s = 0; s < settings.n_state; s++) {
                state.push_back(random_());
            }
            all.genes.push_back(genes);
            all.fitness.push_back(fitness);
            all.state.push_back(state);
            all.changed.push_back(Below(2));
        }
        return all;
    }

    /* What the fitness kernel would write: for those that changed only. */
    void
    Evaluate(const Settings &settings, Individuals *all)
    {
        for (size_t i = 0; i < all->fitness.size(); i++) {
            for (uint32_t &bits : all->fitness[i]) {
                bits = all->changed[i] != 0 ? RandomFitness(settings.is_float) : bits;
            }
        }
    }

    static void
    ExpectEqual(const Individuals &is, const Individuals &expected)
    {
        ASSERT_EQ(is.genes, expected.genes);
        ASSERT_EQ(is.fitness, expected.fitness);
        ASSERT_EQ(is.state, expected.state);
        ASSERT_EQ(is.changed, expected.changed);
    }

    void
    RunReduceAndKeep(const Settings &settings, uint32_t population, uint32_t round,
                     const Individuals &all, Best *best, Device *device)
    {
        const std::string now = std::to_string(round & 1);
        const std::string before = std::to_string((round + 1) & 1);
        const Record expected = Keep(settings, all, best);

        device->Run("evolve_reduce", (population + BLOCK - 1) / BLOCK, round,
                    { "params", "fitness" + now, "changed", "parts" });
        device->Run("evolve_keep", 1, round,
                    { "params", "parts", "fitness" + now, "genes" + now, "state" + now,
                      "status" + before, "status" + now, "best", "best state", "ring" });
        const uint32_t *record = &(*device)["ring"][round % kRing * RECORD_COUNT];
        ASSERT_EQ(record[RECORD_ROUND], round);
        ASSERT_EQ(record[RECORD_BEST_INDEX], expected.best_index);
        ASSERT_EQ(record[RECORD_N_EVALUATED], expected.n_evaluated);
        ASSERT_EQ(record[RECORD_N_NAN], expected.n_nan);
        ASSERT_EQ(record[RECORD_DIGEST], expected.digest);
        ASSERT_EQ(record[RECORD_IS_BETTER], expected.is_better ? 1u : 0u);
        ASSERT_EQ(record[RECORD_MET], best->is_met ? 1u : 0u);
        ASSERT_EQ(Row(record + RECORD_BEST, record + RECORD_BEST + settings.n_planes),
                  expected.best);
        ASSERT_EQ(Row(record + RECORD_EVER, record + RECORD_EVER + settings.n_planes),
                  best->fitness);
        ExpectBest(settings, record[RECORD_SLOT], *best, device);
    }

    static void
    ExpectBest(const Settings &settings, uint32_t slot, const Best &best, Device *device)
    {
        ASSERT_LE(slot, 1u);
        for (uint32_t g = 0; g < settings.n_genes; g++) {
            ASSERT_EQ(device->Gene("best", slot * settings.n_genes + g), best.genes[g]);
        }
        for (uint32_t s = 0; s < settings.n_state; s++) {
            ASSERT_EQ((*device)["best state"][slot * settings.n_state + s], best.state[s]);
        }
    }

    void
    RunRound(const Settings &settings, uint32_t population, uint32_t round, Individuals *all,
             Best *best, Device *device)
    {
        const std::string now = std::to_string(round & 1);
        const std::string before = std::to_string((round + 1) & 1);
        const Rows pairs = Select(settings, all->fitness, round);
        Individuals children = Cross(settings, *all, pairs, *best, round);

        Mutate(settings, &children, round);
        device->Run("evolve_select", population, round,
                    { "params", "fitness" + before, "parents" });
        for (uint32_t i = 0; i < population; i++) {
            ASSERT_EQ((*device)["parents"][2 * i], pairs[i][0]) << i;
            ASSERT_EQ((*device)["parents"][2 * i + 1], pairs[i][1]) << i;
        }
        device->Run("evolve_cross", population, round,
                    { "params", "parents", "status" + before, "best", "best state",
                      "genes" + before, "fitness" + before, "state" + before, "genes" + now,
                      "fitness" + now, "state" + now, "changed" });
        device->Run("evolve_mutate", population, round,
                    { "params", "bounds", "genes" + now, "changed" });
        ExpectEqual(device->Get(round & 1), children);
        Evaluate(settings, &children);
        device->Put(children, round & 1);
        *all = children;
        RunReduceAndKeep(settings, population, round, *all, best, device);
    }

    std::mt19937 random_{ 20240229 };
};

TEST_P(EvolveTest, RoundsDoWhatTheirDescriptionSays)
{
    for (int trial = 0; trial < 40; trial++) {
        const Settings settings = RandomSettings();
        const uint32_t population = RandomPopulation();
        Device device(settings, population, is_int16(), &random_);
        Individuals all = RandomIndividuals(settings, population);
        Best best;
        SCOPED_TRACE(testing::Message() << "trial " << trial << ", population " << population);

        device.Put(all, 0);
        RunReduceAndKeep(settings, population, 0, all, &best, &device);
        for (uint32_t round = 1; round <= 6 && !HasFatalFailure(); round++) {
            RunRound(settings, population, round, &all, &best, &device);
        }
        if (HasFatalFailure()) {
            return;
        }
    }
}

TEST_P(EvolveTest, TheStartIsWhatWasGivenThenRandomWithinBounds)
{
    for (int trial = 0; trial < 20; trial++) {
        const Settings settings = RandomSettings();
        const uint32_t population = RandomPopulation();
        const uint32_t n_given = Below(population + 1);
        Device device(settings, population, is_int16(), &random_);
        Rows given;

        for (uint32_t i = 0; i < n_given; i++) {
            given.push_back(RandomIndividuals(settings, 1).genes[0]);
            for (uint32_t g = 0; g < settings.n_genes; g++) {
                device.SetGene("canonical", i * settings.n_genes + g, given[i][g]);
            }
        }
        device["given"][0] = n_given;
        device.Run("evolve_start", population, 0,
                   { "params", "given", "canonical", "bounds", "genes0", "changed" });
        const Individuals all = device.Get(0);
        ASSERT_EQ(all.genes, Start(settings, given, population, 0));
        ASSERT_EQ(all.changed, Row(population, 1));
        for (uint32_t i = n_given; i < population; i++) {
            for (uint32_t g = 0; g < settings.n_genes; g++) {
                ASSERT_TRUE(settings.bounds[g] == 0 || all.genes[i][g] < settings.bounds[g]);
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Genes, EvolveTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool> &kind) {
                             return kind.param ? "Int16" : "Int32";
                         });

TEST(RankTest, OrdersIntegers)
{
    const int32_t numbers[] = { INT32_MIN, INT32_MIN + 1, -1, 0, 1, INT32_MAX - 1, INT32_MAX };

    for (size_t i = 1; i < std::size(numbers); i++) {
        EXPECT_LT(native_rank(0, static_cast<uint32_t>(numbers[i - 1])),
                  native_rank(0, static_cast<uint32_t>(numbers[i])))
            << numbers[i];
    }
}

TEST(RankTest, OrdersFloats)
{
    const float infinity = std::numeric_limits<float>::infinity();
    const float numbers[] = { -infinity, -3.4e38f, -1.0f, -1e-38f, -1e-45f, 0.0f,
                              1e-45f,    1e-38f,   1.0f,  3.4e38f, infinity };

    for (size_t i = 1; i < std::size(numbers); i++) {
        EXPECT_LT(native_rank(1, Bits(numbers[i - 1])), native_rank(1, Bits(numbers[i])))
            << numbers[i];
    }
}

TEST(RankTest, MinusZeroIsZero)
{
    EXPECT_EQ(native_rank(1, Bits(-0.0f)), native_rank(1, Bits(0.0f)));
    EXPECT_NE(native_rank(0, 0x80000000u), native_rank(0, 0)) << "but the least integer is not";
}

TEST(RankTest, EveryNanIsEqualAndBehindInfinity)
{
    const uint32_t infinity = native_rank(1, Bits(std::numeric_limits<float>::infinity()));

    for (const uint32_t nan : { 0x7FC00000u, 0xFFC00000u, 0x7F800001u, 0xFF800001u, 0xFFFFFFFFu }) {
        EXPECT_EQ(native_rank(1, nan), 0xFFFFFFFFu);
        EXPECT_LT(infinity, native_rank(1, nan));
    }
}

} // namespace
