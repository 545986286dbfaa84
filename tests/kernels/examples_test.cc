/* SPDX-License-Identifier: MIT */

/*
 * The examples of kernels/README.md do what it says of them. The knapsack is tested with the CPU
 * plugin, in cpu_plugin_dialect_test.cc.
 */

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "native_kernels.h"
#include "native_math.h"

#include <rein_kernel.h>

namespace
{

using Words = std::vector<uint32_t>;

constexpr uint32_t kPopulation = 37;

uint32_t
RoundUp(uint32_t n)
{
    return (n + REIN_INTERLEAVE - 1) / REIN_INTERLEAVE * REIN_INTERLEAVE;
}

class ExamplesTest : public testing::Test
{
  protected:
    void
    Shape(uint32_t new_n_genes, uint32_t n_scratch, uint32_t n_state, uint32_t moves)
    {
        n_genes = new_n_genes;
        params.assign(PARAM_COUNT, 0);
        params[PARAM_POPULATION] = kPopulation;
        params[PARAM_N_GENES] = n_genes;
        params[PARAM_N_PLANES] = 1;
        params[PARAM_SEED_LOW] = 5;
        params[PARAM_MOVES] = moves;
        params[PARAM_N_SCRATCH] = n_scratch;
        params[PARAM_N_STATE] = n_state;
        changed.assign(kPopulation, 1);
        fitness.assign(kPopulation, 0);
        scratch.assign(RoundUp(kPopulation) * n_scratch + 1, 4711);
        state.assign(RoundUp(kPopulation) * n_state + 1, 0);
    }

    void
    Run(const char *name, void *genes, uint32_t round = 0)
    {
        NativeKernel kernel = native_kernel_examples(name);
        void *buffers[] = { params.data(), genes,          changed.data(), fitness.data(),
                            data.data(),   scratch.data(), state.data() };

        ASSERT_NE(kernel, nullptr);
        kernel(buffers, 0, kPopulation, round, 0);
    }

    uint32_t n_genes = 0;
    Words params, changed, fitness, data, scratch, state;
    std::mt19937 random{ 11 };
};

/* ---- the quadratic assignment ---- */

class QapExampleTest : public ExamplesTest
{
  protected:
    void
    SetUp() override
    {
        const uint32_t n = 9;

        Shape(n, n, 2, 50);
        for (uint32_t i = 0; i < 2 * n * n; i++) {
            data.push_back(random() % 10);
        }
        genes.assign(RoundUp(kPopulation) * n, 0);
        for (uint16_t &gene : genes) {
            gene = static_cast<uint16_t>(random() % 6); /* many are equal */
        }
    }

    /* The place of each facility: the facilities in the order of their genes, numbered. */
    Words
    Places(uint32_t item)
    {
        Words order(n_genes);
        Words places(n_genes);

        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
            return genes[native_at(n_genes, item, a)] < genes[native_at(n_genes, item, b)];
        });
        for (uint32_t place = 0; place < n_genes; place++) {
            places[order[place]] = place;
        }
        return places;
    }

    uint32_t
    Cost(uint32_t item)
    {
        const Words places = Places(item);
        uint32_t cost = 0;

        for (uint32_t a = 0; a < n_genes; a++) {
            for (uint32_t b = 0; b < n_genes; b++) {
                cost += data[a * n_genes + b] *
                        data[n_genes * n_genes + places[a] * n_genes + places[b]];
            }
        }
        return cost;
    }

    std::vector<uint16_t> genes;
};

TEST_F(QapExampleTest, FitnessIsTheCostOfTheAssignment)
{
    Run("qap_fitness", genes.data());
    for (uint32_t item = 0; item < kPopulation; item++) {
        EXPECT_EQ(fitness[item], Cost(item));
    }
}

TEST_F(QapExampleTest, AnIndividualThatDidNotChangeIsLeftAlone)
{
    changed[4] = 0;
    fitness[4] = 4711;
    Run("qap_fitness", genes.data());
    EXPECT_EQ(fitness[4], 4711u);
}

TEST_F(QapExampleTest, ImproveWritesTheAssignmentBackAsAPermutation)
{
    std::vector<Words> before;

    params[PARAM_MOVES] = 0;
    for (uint32_t item = 0; item < kPopulation; item++) {
        before.push_back(Places(item));
    }
    Run("qap_improve", genes.data());
    for (uint32_t item = 0; item < kPopulation; item++) {
        EXPECT_EQ(Places(item), before[item]);
        for (uint32_t i = 0; i < n_genes; i++) {
            EXPECT_EQ(genes[native_at(n_genes, item, i)], before[item][i]);
        }
    }
}

TEST_F(QapExampleTest, ImproveEndsWhereNoSwapIsCheaper)
{
    for (uint32_t round = 0; round < 20; round++) {
        Run("qap_improve", genes.data(), round);
    }
    for (uint32_t item = 0; item < kPopulation; item++) {
        const uint32_t cost = Cost(item);
        for (uint32_t a = 0; a < n_genes; a++) {
            for (uint32_t b = 0; b < a; b++) {
                uint16_t &gene_a = genes[native_at(n_genes, item, a)];
                uint16_t &gene_b = genes[native_at(n_genes, item, b)];
                std::swap(gene_a, gene_b);
                EXPECT_GE(Cost(item), cost) << item << ": " << a << " and " << b;
                std::swap(gene_a, gene_b);
            }
        }
    }
}

TEST_F(QapExampleTest, ImproveSaysWhatItChanged)
{
    for (uint32_t round = 0; round < 20; round++) {
        const std::vector<uint16_t> before = genes;
        changed.assign(kPopulation, 0);
        Run("qap_improve", genes.data(), round);
        for (uint32_t item = 0; item < kPopulation; item++) {
            uint32_t is_different = 0;
            for (uint32_t i = 0; i < n_genes; i++) {
                const uint32_t at = native_at(n_genes, item, i);
                is_different |= genes[at] != before[at];
            }
            EXPECT_GE(changed[item], is_different);
        }
    }
    EXPECT_THAT(changed, testing::Each(0u)) << "in the end there is nothing to gain";
}

/* ---- the curve ---- */

class FitExampleTest : public ExamplesTest
{
  protected:
    void
    SetUp() override
    {
        const double truth[] = { 2.5, 0.4, 3.0, 0.7 };
        const float bounds[] = { 0, 5, 0, 2, 1, 5, 0, 3 };

        Shape(4, 0, 1, 20);
        for (const float bound : bounds) {
            data.push_back(native_bits(bound));
        }
        data.push_back(40);
        for (int i = 0; i < 40; i++) {
            const double t = i * 0.1;
            const double value =
                truth[0] * std::exp(-truth[1] * t) * std::cos(truth[2] * t + truth[3]);
            data.push_back(native_bits(static_cast<float>(t)));
            data.push_back(native_bits(static_cast<float>(value)));
        }
        genes.assign(RoundUp(kPopulation) * n_genes, 0);
        for (uint32_t &gene : genes) {
            gene = static_cast<uint32_t>(random());
        }
    }

    double
    Value(uint32_t item, uint32_t i)
    {
        const double lower = native_from_bits(data[2 * i]);
        const double upper = native_from_bits(data[2 * i + 1]);

        return lower + (upper - lower) * (genes[native_at(n_genes, item, i)] >> 8) * 0x1p-24;
    }

    double
    Error(uint32_t item)
    {
        double sum = 0;

        for (uint32_t i = 0; i < 40; i++) {
            const double t = native_from_bits(data[9 + 2 * i]);
            const double value = Value(item, 0) * std::exp(-Value(item, 1) * t) *
                                 std::cos(Value(item, 2) * t + Value(item, 3));
            sum += std::pow(value - native_from_bits(data[10 + 2 * i]), 2);
        }
        return sum;
    }

    Words genes;
};

TEST_F(FitExampleTest, FitnessIsTheSumOfSquaredErrors)
{
    Run("fit_fitness", genes.data());
    for (uint32_t item = 0; item < kPopulation; item++) {
        EXPECT_NEAR(native_from_bits(fitness[item]), Error(item), 1e-5 * (1 + Error(item)));
    }
}

TEST_F(FitExampleTest, ImproveNeverMakesItWorseAndFindsTheCurve)
{
    double best = 1e9;

    for (uint32_t round = 0; round < 100; round++) {
        std::vector<double> before;
        for (uint32_t item = 0; item < kPopulation; item++) {
            before.push_back(Error(item));
        }
        Run("fit_improve", genes.data(), round);
        for (uint32_t item = 0; item < kPopulation; item++) {
            EXPECT_LE(Error(item), before[item] * (1 + 1e-4) + 1e-6);
            best = std::min(best, Error(item));
        }
    }
    EXPECT_LT(best, 1e-4);
}

TEST_F(FitExampleTest, ImproveSaysWhatItChanged)
{
    const Words before = genes;
    uint32_t n_changed = 0;

    changed.assign(kPopulation, 0);
    Run("fit_improve", genes.data());
    for (uint32_t item = 0; item < kPopulation; item++) {
        uint32_t is_different = 0;
        for (uint32_t i = 0; i < n_genes; i++) {
            const uint32_t at = native_at(n_genes, item, i);
            is_different |= genes[at] != before[at];
        }
        EXPECT_GE(changed[item], is_different);
        n_changed += changed[item];
    }
    EXPECT_GT(n_changed, 0u);
}

} // namespace
