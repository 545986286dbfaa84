/* SPDX-License-Identifier: MIT */

/* The start population, what is evaluated, and what goes with a genome. */

#include <atomic>
#include <mutex>
#include <numeric>
#include <set>

#include "fake_engine_fixture.h"

namespace
{

using rein_test::EngineRun;
using rein_test::FakeGetCounts;
using rein_test::FakeItem;
using rein_test::NewGenes16;
using rein_test::Slot;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr gint64 kMs = 1000 * 1000;

class EvolutionStartTest : public rein_test::FakeEngineFixture
{
  protected:
    /* Children are their parents in the same place, unchanged. */
    static void
    StandStill(EngineRun &run, uint32_t n_elites = 0)
    {
        rein_evolution_set_operators(*run, 0, 1, 0, 0, 1, n_elites, 0);
    }
};

TEST_F(EvolutionStartTest, AGivenPopulationIsRoundZeroAsItIs)
{
    g_autoptr(GBytes) start = NewGenes16({ 5, 5, 9, 1, 0, 7 });
    std::mutex lock;
    std::vector<std::vector<uint16_t>> seen(3);

    NewProblem(2, 10, [&](const FakeItem &item) {
        std::lock_guard<std::mutex> guard(lock);
        seen[item.item] = { item.Gene(0), item.Gene(1) };
        SumOfChanged(item);
    });
    EngineRun run(OpenEngine(), problem_);
    rein_evolution_set_population(*run, 3);
    rein_evolution_set_start(*run, start, 3);
    StandStill(run);
    rein_evolution_set_round_limit(*run, 2);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    EXPECT_THAT(seen, ElementsAre(ElementsAre(5, 5), ElementsAre(9, 1), ElementsAre(0, 7)));
    EXPECT_THAT(run.BestGenes(), ElementsAre(0u, 7u));
    EXPECT_EQ(run.records()[0].best_index, 2u);
    EXPECT_EQ(run.records()[0].n_evaluated, 3u);
    EXPECT_EQ(run.records()[2].n_evaluated, 0u) << "nothing changed";
    EXPECT_EQ(rein_result_get_n_evaluations(run.result()), 3u);
}

TEST_F(EvolutionStartTest, APartlyGivenPopulationIsFilledUpAtRandomWithinBounds)
{
    g_autoptr(GBytes) start = NewGenes16({ 1000, 1000, 1000, 1000 }); /* beyond the bounds */
    std::set<std::vector<uint16_t>> random;

    NewProblem(4, 6, [&](const FakeItem &item) {
        std::vector<uint16_t> genes;
        for (uint32_t i = 0; i < 4; i++) {
            genes.push_back(item.Gene(i));
        }
        if (item.item == 0) {
            EXPECT_THAT(genes, Each(1000));
        } else {
            EXPECT_THAT(genes, Each(testing::Lt(6)));
            random.insert(genes);
        }
        SumOfChanged(item);
    });
    EngineRun run(OpenEngine(), problem_);
    rein_evolution_set_population(*run, 50);
    rein_evolution_set_start(*run, start, 1);
    StandStill(run);
    rein_evolution_set_round_limit(*run, 1);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    EXPECT_GT(random.size(), 40u);
}

TEST_F(EvolutionStartTest, MutationKeepsTheBoundsOfEachGene)
{
    std::vector<guint32> bounds = { 1, 2, 3, 70 };
    std::vector<std::set<uint16_t>> seen(4);

    NewProblem(4, 1, [&](const FakeItem &item) {
        for (uint32_t i = 0; i < 4; i++) {
            EXPECT_LT(item.Gene(i), bounds[i]);
            seen[i].insert(item.Gene(i));
        }
        SumOfChanged(item);
    });
    rein_problem_set_bounds(problem_, bounds.data());
    EngineRun run(OpenEngine(), problem_);
    rein_evolution_set_operators(*run, 1, 1, 0.5, 1, 4, 0, 0);
    rein_evolution_set_population(*run, 100);
    rein_evolution_set_round_limit(*run, 20);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    for (uint32_t i = 0; i < 4; i++) {
        EXPECT_EQ(seen[i].size(), bounds[i]) << "all of them come up";
    }
}

TEST_F(EvolutionStartTest, MoreGivenThanThePopulationIsRefused)
{
    g_autoptr(GBytes) start = NewGenes16({ 1, 2, 3 });
    g_autoptr(GBytes) odd = NewGenes16({ 1 });

    NewProblem(1, 10, SumOfChanged);
    EngineRun run(OpenEngine(), problem_);
    rein_evolution_set_start(*run, odd, 2);
    EXPECT_EQ(criticals_.Take(), 1u) << "the size does not fit";
    rein_evolution_set_population(*run, 2);
    rein_evolution_set_start(*run, start, 3);
    EXPECT_EQ(rein_evolution_run(*run, nullptr, nullptr, nullptr), nullptr);
    EXPECT_EQ(criticals_.Take(), 1u);
    EXPECT_EQ(wrapping_->Count(Slot::kBuild), 0u);
}

TEST_F(EvolutionStartTest, UnchangedIndividualsAreNotEvaluatedAgain)
{
    uint64_t n_evaluated = 0;

    NewProblem(12, 3, [&](const FakeItem &item) {
        if (item.Changed() == 0) {
            EXPECT_EQ(item.Fitness(), static_cast<int32_t>(item.Sum())) << "its fitness is known";
            return;
        }
        n_evaluated++;
        item.Fitness() = static_cast<int32_t>(item.Sum());
    });
    EngineRun run(OpenEngine(), problem_);
    rein_evolution_set_population(*run, 60);
    rein_evolution_set_operators(*run, 0.7, 3, 0.6, 0.3, 2, 1, 0);
    rein_evolution_set_round_limit(*run, 100);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    EXPECT_EQ(rein_result_get_n_evaluations(run.result()), n_evaluated);
    EXPECT_LT(n_evaluated, 101u * 60u);
    uint64_t n_recorded = 0;
    for (const ReinRecord &record : run.records()) {
        n_recorded += record.n_evaluated;
    }
    EXPECT_EQ(n_recorded, n_evaluated);
}

TEST_F(EvolutionStartTest, AChildThatMutatedIntoItselfIsNotEvaluated)
{
    NewProblem(3, 1, SumOfChanged); /* every gene is 0 and cannot be another */
    EngineRun run(OpenEngine(), problem_);
    rein_evolution_set_operators(*run, 1, 2, 1, 1, 3, 0, 0);
    rein_evolution_set_round_limit(*run, 10);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    EXPECT_EQ(rein_result_get_n_evaluations(run.result()), 256u);
}

/* State begins at zero and is its genome's own: wherever the genome is found, the state is there. */
TEST_F(EvolutionStartTest, StateIsZeroAtFirstAndGoesWithItsGenome)
{
    constexpr uint32_t kNState = 3;
    uint64_t n_seen = 0;

    NewProblem(6, 1000, SumOfChanged, [&](const FakeItem &item) {
        const uint32_t key = item.Sum() + 1;
        if (item.launch.round == 1 && item.State(kNState, 0) == 0) {
            item.State(kNState, 0) = key;
            item.State(kNState, 1) = key * 7;
            item.State(kNState, 2) = 9;
        }
        EXPECT_EQ(item.State(kNState, 0), key) << "round " << item.launch.round;
        EXPECT_EQ(item.State(kNState, 1), key * 7);
        EXPECT_EQ(item.State(kNState, 2), 9u);
        n_seen++;
    });
    rein_problem_set_memory(problem_, kNState, 0);
    EngineRun run(OpenEngine(), problem_);
    rein_evolution_set_population(*run, 37);
    rein_evolution_set_operators(*run, 0.8, 2, 0, 0, 1, 0, 1); /* selection alone */
    rein_evolution_set_round_limit(*run, 12);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    EXPECT_EQ(n_seen, 12u * 37u);
    EXPECT_EQ(rein_result_get_n_moves(run.result()), 12u * 37u);
}

TEST_F(EvolutionStartTest, AnEliteComesBackWithItsState)
{
    NewProblem(1, 60000, SumOfChanged, [&](const FakeItem &item) {
        if (item.item == 0 && item.launch.round > 2) { /* the elite, evaluated in a round before */
            EXPECT_EQ(item.State(1, 0), item.Sum()) << "round " << item.launch.round;
        }
        item.State(1, 0) = item.Sum();
    });
    rein_problem_set_memory(problem_, 1, 0);
    EngineRun run(OpenEngine(), problem_);
    rein_evolution_set_population(*run, 20);
    rein_evolution_set_operators(*run, 1, 1, 0, 1, 1, 1, 1); /* the others always change */
    rein_evolution_set_round_limit(*run, 30);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
}

TEST_F(EvolutionStartTest, WhatTheImproveKernelChangesIsEvaluated)
{
    NewProblem(4, 100, SumOfChanged, [&](const FakeItem &item) {
        if (item.Gene(0) > 0) {
            item.Gene(0)--;
            item.Changed() = 1;
        }
    });
    EngineRun run(OpenEngine(), problem_);
    rein_evolution_set_population(*run, 10);
    rein_evolution_set_operators(*run, 0, 1, 0, 0, 1, 0, 5);
    rein_evolution_set_round_limit(*run, 150);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    EXPECT_EQ(run.BestGenes()[0], 0u);
    EXPECT_EQ(rein_result_get_n_moves(run.result()), 150u * 10u * 5u);
    const std::vector<uint32_t> genes = run.BestGenes();
    EXPECT_EQ(std::accumulate(genes.begin(), genes.end(), 0.0),
              rein_result_get_best(run.result())[0]);
}

TEST_F(EvolutionStartTest, NoRoundIsRunPastALimitThatIsCounted)
{
    uint32_t last_round = 0;

    NewProblem(6, 3, [&](const FakeItem &item) {
        last_round = item.launch.round;
        SumOfChanged(item);
    });
    OpenEngine();
    for (const ReinOutcome limit :
         { REIN_OUTCOME_ROUNDS, REIN_OUTCOME_EVALUATIONS, REIN_OUTCOME_STAGNATION }) {
        EngineRun run(device_, problem_);

        rein_evolution_set_population(*run, 10);
        rein_evolution_set_slice_target(*run, 100 * kMs);
        rein_evolution_set_round_limit(*run, limit == REIN_OUTCOME_ROUNDS ? 333 : 0);
        rein_evolution_set_evaluation_limit(*run, limit == REIN_OUTCOME_EVALUATIONS ? 777 : 0);
        rein_evolution_set_stagnation(*run, limit == REIN_OUTCOME_STAGNATION ? 111 : 0);
        EXPECT_EQ(run.Go(), limit);
        EXPECT_EQ(rein_result_get_n_rounds(run.result()), last_round)
            << rein_outcome_to_string(limit);
    }
}

TEST_F(EvolutionStartTest, KernelsSeeTheDataOfTheProblem)
{
    const int32_t numbers[] = { 17, -4 };
    g_autoptr(GBytes) data = g_bytes_new(numbers, sizeof numbers);

    NewProblem(1, 2, [](const FakeItem &item) {
        const auto *seen = static_cast<const int32_t *>(item.launch.buffers[4]);
        EXPECT_EQ(item.launch.sizes[4], 8u);
        item.Fitness() = seen[0] + seen[1];
    });
    rein_problem_set_data(problem_, data);
    EngineRun run(OpenEngine(), problem_);
    rein_evolution_set_round_limit(*run, 1);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    EXPECT_EQ(rein_result_get_best(run.result())[0], 13);
}

TEST_F(EvolutionStartTest, APopulationThatTheDeviceCannotHoldIsOutOfMemory)
{
    NewProblem(1000, 2, SumOfChanged);
    rein_test::FakeSetMemory(1 << 20);
    EngineRun run(OpenEngine(), problem_);
    rein_evolution_set_population(*run, 100000);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_FAILED);
    const GError *error = rein_result_get_error(run.result());
    ASSERT_NE(error, nullptr);
    EXPECT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_OUT_OF_MEMORY));
    EXPECT_THAT(error->message, HasSubstr("fake:0"));
    EXPECT_TRUE(rein_receipt_is_clean(run.receipt()));
    EXPECT_EQ(FakeGetCounts().n_buffers, 0u);
    EXPECT_EQ(FakeGetCounts().n_programs, 0u);
    EXPECT_EQ(run.BestGenes(), std::vector<uint32_t>());
}

TEST_F(EvolutionStartTest, APopulationThatKernelsCannotCountIsInvalid)
{
    for (const auto &[population, n_genes] :
         { std::make_pair(G_MAXUINT32, 1u), std::make_pair(1u << 31, 1u),
           std::make_pair(1u << 20, 5000u) }) {
        g_clear_pointer(&problem_, rein_problem_unref);
        NewProblem(n_genes, 2, SumOfChanged);
        EngineRun run(device_ != nullptr ? device_ : OpenEngine(), problem_);
        rein_evolution_set_population(*run, population);
        EXPECT_EQ(run.Go(), REIN_OUTCOME_FAILED);
        const GError *error = rein_result_get_error(run.result());
        EXPECT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_INVALID));
        EXPECT_THAT(error->message, HasSubstr("use at most"));
        EXPECT_TRUE(rein_receipt_is_clean(run.receipt()));
    }
    EXPECT_EQ(wrapping_->Count(Slot::kAllocate), 0u);
}

TEST_F(EvolutionStartTest, AProblemWithoutAKernelIsInvalid)
{
    problem_ = rein_problem_new("empty", REIN_GENOME_INT16, 3);
    EngineRun run(OpenEngine(), problem_);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_FAILED);
    const GError *error = rein_result_get_error(run.result());
    EXPECT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_INVALID));
    EXPECT_STREQ(error->message, "empty: the problem has no kernel");
    EXPECT_TRUE(rein_receipt_is_clean(run.receipt()));
}

TEST_F(EvolutionStartTest, AKernelThatDoesNotBuildIsABuildErrorWithTheLog)
{
    g_autoptr(GBytes) text =
        g_bytes_new_static(rein_test::kFakeSyntaxError, strlen(rein_test::kFakeSyntaxError));

    NewProblem(3, 2, SumOfChanged);
    rein_problem_set_kernel(problem_, "mine.cl", text, "fitness", nullptr);
    EngineRun run(OpenEngine(), problem_);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_FAILED);
    const GError *error = rein_result_get_error(run.result());
    EXPECT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_BUILD));
    EXPECT_THAT(error->message, HasSubstr("mine.cl:1: syntax error"));
    EXPECT_TRUE(rein_receipt_is_clean(run.receipt()));
}

} // namespace
