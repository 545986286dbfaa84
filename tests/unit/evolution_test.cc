/* SPDX-License-Identifier: MIT */

/* What an evolution finds, and what its records say. */

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine_fixture.h"

namespace
{

using rein_test::EngineRun;
using rein_test::NewGenes16;
using rein_test::NewGenes32;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

class EvolutionTest : public rein_test::EngineFixture
{
  protected:
    static double
    Sum(const std::vector<uint32_t> &genes)
    {
        return std::accumulate(genes.begin(), genes.end(), 0.0);
    }

    /* As many ones as possible. */
    ReinProblem *
    NewOneMax(uint32_t n_genes, ReinGenomeKind kind = REIN_GENOME_INT16)
    {
        NewProblem(kind == REIN_GENOME_INT16 ? "sum16" : "sum32", n_genes, 2, kind);
        rein_problem_set_fitness(problem_, REIN_FITNESS_INT32, 1, 1);
        return problem_;
    }

    void
    ExpectOneMaxIsSolved(ReinGenomeKind kind)
    {
        EngineRun run(Open(), NewOneMax(64, kind));
        const double target = 64;

        rein_evolution_set_target(*run, &target);
        rein_evolution_set_round_limit(*run, 2000);
        EXPECT_EQ(run.Go(), REIN_OUTCOME_TARGET);
        EXPECT_EQ(rein_result_get_error(run.result()), nullptr);
        EXPECT_EQ(rein_result_get_best(run.result())[0], 64);
        EXPECT_EQ(run.BestGenes(), std::vector<uint32_t>(64, 1));
        EXPECT_EQ(rein_result_get_n_rounds(run.result()), run.records().back().round);
        ExpectClean(run.receipt());
    }
};

TEST_F(EvolutionTest, OneMaxOfInt16ReachesTheOptimum)
{
    ExpectOneMaxIsSolved(REIN_GENOME_INT16);
}

TEST_F(EvolutionTest, OneMaxOfInt32ReachesTheOptimum)
{
    ExpectOneMaxIsSolved(REIN_GENOME_INT32);
}

TEST_F(EvolutionTest, MinimisedItReachesTheOtherEnd)
{
    EngineRun run(Open(), NewProblem("sum16", 40, 2));
    const double target = 0;

    rein_evolution_set_target(*run, &target);
    rein_evolution_set_round_limit(*run, 2000);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_TARGET);
    EXPECT_THAT(run.BestGenes(), Each(0u));
}

TEST_F(EvolutionTest, PlanesAreComparedInOrder)
{
    NewProblem("planes16", 24, 2);
    rein_problem_set_fitness(problem_, REIN_FITNESS_INT32, 3, 0);
    EngineRun run(Open(), problem_);
    const double target[] = { 0, 8, 0 };

    rein_evolution_set_target(*run, target);
    rein_evolution_set_round_limit(*run, 2000);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_TARGET);
    EXPECT_EQ(Sum(run.BestGenes()), 8);
    EXPECT_EQ(run.BestGenes()[0], 0u);
    for (size_t i = 1; i < run.records().size(); i++) {
        const ReinRecord &before = run.records()[i - 1];
        const ReinRecord &now = run.records()[i];
        EXPECT_FALSE(
            std::lexicographical_compare(before.ever, before.ever + 3, now.ever, now.ever + 3))
            << "worse in round " << now.round;
    }
}

TEST_F(EvolutionTest, ATargetIsMetByTheFirstPlaneAlreadyIfItIsBetter)
{
    NewProblem("planes16", 24, 2);
    rein_problem_set_fitness(problem_, REIN_FITNESS_INT32, 3, 0);
    EngineRun run(Open(), problem_);
    const double target[] = { 1, -5, -5 };

    rein_evolution_set_target(*run, target);
    rein_evolution_set_round_limit(*run, 2000);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_TARGET);
    EXPECT_EQ(rein_result_get_best(run.result())[0], 0);
}

TEST_F(EvolutionTest, AMixOfMaximisedAndMinimisedPlanesKeepsEachSign)
{
    NewProblem("planes16", 24, 2);
    rein_problem_set_fitness(problem_, REIN_FITNESS_INT32, 3, 2);
    EngineRun run(Open(), problem_);
    const double target[] = { 0, 24, 1 };

    rein_evolution_set_target(*run, target);
    rein_evolution_set_round_limit(*run, 2000);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_TARGET);
    EXPECT_EQ(rein_result_get_best(run.result())[1], 24);
}

TEST_F(EvolutionTest, NanRanksLastAndIsCounted)
{
    NewProblem("half16", 8, 4);
    rein_problem_set_fitness(problem_, REIN_FITNESS_FLOAT32, 1, 0);
    EngineRun run(Open(), problem_);

    rein_evolution_set_population(*run, 64);
    rein_evolution_set_round_limit(*run, 200);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    EXPECT_GT(run.records()[0].n_nan, 0u);
    EXPECT_LT(run.records()[0].n_nan, 64u);
    for (const ReinRecord &record : run.records()) {
        EXPECT_FALSE(std::isnan(record.ever[0]));
    }
    EXPECT_EQ(rein_result_get_best(run.result())[0], 0.5) << "1 and seven zeros";
}

TEST_F(EvolutionTest, NanRanksLastAlsoWhenMaximised)
{
    NewProblem("half16", 8, 4);
    rein_problem_set_fitness(problem_, REIN_FITNESS_FLOAT32, 1, 1);
    EngineRun run(Open(), problem_);
    const double target = 12;

    rein_evolution_set_target(*run, &target);
    rein_evolution_set_round_limit(*run, 2000);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_TARGET);
    EXPECT_THAT(run.BestGenes(), Each(3u));
}

TEST_F(EvolutionTest, APopulationOfNanHasABestAllTheSame)
{
    g_autoptr(GBytes) start = NewGenes16({ 0, 1 });
    NewProblem("half16", 2, 2);
    rein_problem_set_fitness(problem_, REIN_FITNESS_FLOAT32, 1, 0);
    EngineRun run(Open(), problem_);

    rein_evolution_set_population(*run, 1);
    rein_evolution_set_start(*run, start, 1);
    rein_evolution_set_operators(*run, 1, 1, 0, 0, 1, 0, 0);
    rein_evolution_set_round_limit(*run, 3);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    EXPECT_TRUE(std::isnan(rein_result_get_best(run.result())[0]));
    EXPECT_THAT(run.BestGenes(), ElementsAre(0u, 1u));
    EXPECT_EQ(run.records()[3].n_nan, 1u);
}

TEST_F(EvolutionTest, MinusZeroMeetsATargetOfZero)
{
    for (const bool is_maximised : { false, true }) {
        g_autoptr(GBytes) start = NewGenes16({ 0, 0 });
        NewProblem("below16", 2, 2);
        rein_problem_set_fitness(problem_, REIN_FITNESS_FLOAT32, 1, is_maximised ? 1 : 0);
        EngineRun run(Open(), problem_);
        const double target = 0;

        rein_evolution_set_population(*run, 1);
        rein_evolution_set_start(*run, start, 1);
        rein_evolution_set_target(*run, &target);
        rein_evolution_set_round_limit(*run, 1);
        EXPECT_EQ(run.Go(), REIN_OUTCOME_TARGET) << is_maximised;
        EXPECT_EQ(run.records().size(), 1u);
    }
}

TEST_F(EvolutionTest, AnEliteKeepsTheBestInThePopulation)
{
    EngineRun run(Open(), NewOneMax(100));

    rein_evolution_set_operators(*run, 1.0, 1, 1.0, 1.0, 100, 1, 0); /* as wild as can be */
    rein_evolution_set_population(*run, 16);
    rein_evolution_set_round_limit(*run, 300);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    for (const ReinRecord &record : run.records()) {
        EXPECT_EQ(record.best[0], record.ever[0]) << "round " << record.round;
    }
}

TEST_F(EvolutionTest, WithoutAnEliteTheBestMayBeLostButIsRemembered)
{
    EngineRun run(Open(), NewOneMax(100));

    rein_evolution_set_operators(*run, 1.0, 1, 1.0, 1.0, 100, 0, 0);
    rein_evolution_set_population(*run, 16);
    rein_evolution_set_round_limit(*run, 300);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    double ever = 0;
    unsigned n_lost = 0;
    for (const ReinRecord &record : run.records()) {
        ever = std::max(ever, record.best[0]);
        EXPECT_EQ(record.ever[0], ever);
        n_lost += record.best[0] < record.ever[0];
    }
    EXPECT_GT(n_lost, 0u);
    EXPECT_EQ(Sum(run.BestGenes()), ever);
}

TEST_F(EvolutionTest, RecordsAreContiguousOnePerRoundFromZero)
{
    EngineRun run(Open(), NewOneMax(30));

    rein_evolution_set_round_limit(*run, 500);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    ASSERT_EQ(run.records().size(), 501u);
    for (uint32_t i = 0; i < run.records().size(); i++) {
        ASSERT_EQ(run.records()[i].round, i);
        ASSERT_LT(run.records()[i].best_index, 256u);
        ASSERT_EQ(run.records()[i].n_planes, 1u);
        ASSERT_LE(run.records()[i].n_evaluated, 256u);
    }
    EXPECT_EQ(run.records()[0].n_evaluated, 256u);
}

TEST_F(EvolutionTest, TheRingWrapsAroundWithoutLosingARecord)
{
    EngineRun run(Open(), NewOneMax(2));

    rein_evolution_set_population(*run, 2);
    rein_evolution_set_round_limit(*run, 10000); /* 4096 records in the ring */
    rein_evolution_set_slice_target(*run, 100 * 1000 * 1000);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    ASSERT_EQ(run.records().size(), 10001u);
    for (uint32_t i = 0; i < run.records().size(); i++) {
        ASSERT_EQ(run.records()[i].round, i);
    }
}

TEST_F(EvolutionTest, BestGenesAreWorthWhatTheResultSays)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        EngineRun run(Open(), NewProblem("sum32", 50, 1000, REIN_GENOME_INT32));

        rein_evolution_set_seed(*run, seed);
        rein_evolution_set_population(*run, 33);
        rein_evolution_set_round_limit(*run, 100);
        EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
        EXPECT_EQ(Sum(run.BestGenes()), rein_result_get_best(run.result())[0]);
        EXPECT_EQ(run.records().back().ever[0], rein_result_get_best(run.result())[0]);
    }
}

TEST_F(EvolutionTest, TheSameSeedIsTheSameCourseAndAnotherIsNot)
{
    std::vector<std::vector<std::string>> courses;

    for (const uint64_t seed : { 7u, 7u, 8u }) {
        EngineRun run(Open(), NewOneMax(64));
        rein_evolution_set_seed(*run, seed | uint64_t(1) << 40);
        rein_evolution_set_round_limit(*run, 50);
        run.Go();
        courses.push_back(run.Course());
    }
    EXPECT_EQ(courses[0], courses[1]);
    EXPECT_NE(courses[0], courses[2]);
}

TEST_F(EvolutionTest, BothHalvesOfTheSeedCount)
{
    std::vector<std::vector<std::string>> courses;

    for (const uint64_t seed : { uint64_t(5), uint64_t(5) << 32, uint64_t(5) << 32 | 5 }) {
        EngineRun run(Open(), NewOneMax(64));
        rein_evolution_set_seed(*run, seed);
        rein_evolution_set_round_limit(*run, 5);
        run.Go();
        courses.push_back(run.Course());
    }
    EXPECT_NE(courses[0], courses[1]);
    EXPECT_NE(courses[1], courses[2]);
}

TEST_F(EvolutionTest, APopulationOfOneEvolves)
{
    EngineRun run(Open(), NewOneMax(10));
    const double target = 10;

    rein_evolution_set_population(*run, 1);
    rein_evolution_set_operators(*run, 1.0, 2, 0.9, 1.0, 1, 0, 0);
    rein_evolution_set_target(*run, &target);
    rein_evolution_set_round_limit(*run, 100000);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_TARGET);
}

TEST_F(EvolutionTest, PopulationsThatFillNoTileEvolve)
{
    for (const uint32_t population : { 2u, 15u, 17u, 255u, 257u, 1000u }) {
        EngineRun run(Open(), NewOneMax(33));

        rein_evolution_set_population(*run, population);
        rein_evolution_set_round_limit(*run, 60);
        EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
        EXPECT_EQ(run.records()[0].n_evaluated, population);
        EXPECT_EQ(Sum(run.BestGenes()), run.records().back().ever[0]);
        ExpectClean(run.receipt());
    }
}

} // namespace
