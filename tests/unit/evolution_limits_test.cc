/* SPDX-License-Identifier: MIT */

/* Which limit ends a run, when, and what the schedule makes of it. */

#include <limits>

#include "engine_fixture.h"

namespace
{

using rein_test::EngineRun;
using rein_test::NewGenes16;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr gint64 kMs = 1000 * 1000;
constexpr gint64 kHour = 3600 * G_GINT64_CONSTANT(1000000000);

class EvolutionLimitsTest : public rein_test::EngineFixture
{
  protected:
    /* The least sum of 16 genes to 65535; a sum below 0 is out of reach. */
    ReinProblem *
    NewEndless()
    {
        return NewProblem("sum16", 16, 65536);
    }

    static guint64
    SumEvaluated(const EngineRun &run, size_t n_records)
    {
        guint64 sum = 0;

        for (size_t i = 0; i < n_records; i++) {
            sum += run.records()[i].n_evaluated;
        }
        return sum;
    }

    /* Rounds without a better best at the end of the run. */
    static guint32
    Stagnation(const EngineRun &run)
    {
        const double last = run.records().back().ever[0];
        guint32 n = 0;

        for (size_t i = run.records().size() - 1; i > 0 && run.records()[i - 1].ever[0] == last;
             i--) {
            n++;
        }
        return n;
    }
};

TEST_F(EvolutionLimitsTest, RoundsEndAtTheLimitExactly)
{
    for (const guint32 limit : { 1u, 2u, 3u, 97u, 5000u }) {
        EngineRun run(Open(), NewEndless());

        rein_evolution_set_population(*run, 8);
        rein_evolution_set_round_limit(*run, limit);
        EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
        EXPECT_EQ(rein_result_get_n_rounds(run.result()), limit);
        EXPECT_EQ(run.records().size(), limit + 1);
        EXPECT_EQ(rein_result_get_error(run.result()), nullptr);
        ExpectClean(run.receipt());
    }
}

TEST_F(EvolutionLimitsTest, EvaluationsEndInTheFirstRoundThatReachesTheLimit)
{
    for (const guint64 limit : { 1000u, 1001u, 4096u }) {
        EngineRun run(Open(), NewEndless());

        rein_evolution_set_population(*run, 64);
        rein_evolution_set_evaluation_limit(*run, limit);
        EXPECT_EQ(run.Go(), REIN_OUTCOME_EVALUATIONS);
        EXPECT_GE(rein_result_get_n_evaluations(run.result()), limit);
        EXPECT_EQ(SumEvaluated(run, run.records().size()),
                  rein_result_get_n_evaluations(run.result()));
        EXPECT_LT(SumEvaluated(run, run.records().size() - 1), limit);
    }
}

TEST_F(EvolutionLimitsTest, EvaluationsMayBeUsedUpByTheStartPopulation)
{
    for (const guint64 limit : { 1u, 63u, 64u }) {
        EngineRun run(Open(), NewEndless());

        rein_evolution_set_population(*run, 64);
        rein_evolution_set_evaluation_limit(*run, limit);
        EXPECT_EQ(run.Go(), REIN_OUTCOME_EVALUATIONS);
        EXPECT_EQ(rein_result_get_n_rounds(run.result()), 0u);
        EXPECT_EQ(rein_result_get_n_evaluations(run.result()), 64u);
        EXPECT_EQ(run.records().size(), 1u);
        EXPECT_NE(rein_result_get_best(run.result()), nullptr);
        ExpectClean(run.receipt());
    }
}

TEST_F(EvolutionLimitsTest, ATargetMetByTheStartEndsInRoundZero)
{
    g_autoptr(GBytes) start = NewGenes16(std::vector<uint16_t>(16, 0));
    EngineRun run(Open(), NewEndless());
    const double target = 0;

    rein_evolution_set_start(*run, start, 1);
    rein_evolution_set_target(*run, &target);
    rein_evolution_set_round_limit(*run, 100);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_TARGET);
    EXPECT_EQ(rein_result_get_n_rounds(run.result()), 0u);
    EXPECT_EQ(run.records().size(), 1u);
    EXPECT_EQ(run.BestGenes(), std::vector<uint32_t>(16, 0));
}

TEST_F(EvolutionLimitsTest, ATargetEndsInTheFirstRoundThatMeetsIt)
{
    EngineRun run(Open(), NewProblem("sum16", 16, 100));
    const double target = 300.5;

    rein_evolution_set_target(*run, &target);
    rein_evolution_set_round_limit(*run, 10000);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_TARGET);
    ASSERT_GE(run.records().size(), 2u);
    EXPECT_LE(run.records().back().ever[0], target);
    EXPECT_GT(run.records()[run.records().size() - 2].ever[0], target);
    EXPECT_EQ(rein_result_get_best(run.result())[0], run.records().back().ever[0]);
}

TEST_F(EvolutionLimitsTest, ATargetTakenBackIsNone)
{
    EngineRun run(Open(), NewEndless());
    const double target = 1e9;

    rein_evolution_set_target(*run, &target);
    rein_evolution_set_target(*run, nullptr);
    rein_evolution_set_round_limit(*run, 3);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
}

TEST_F(EvolutionLimitsTest, ATargetThatIsNoNumberIsRefused)
{
    EngineRun run(Open(), NewEndless());
    const double target = std::numeric_limits<double>::quiet_NaN();

    rein_evolution_set_target(*run, &target);
    EXPECT_EQ(criticals_.Take(), 1u);
    rein_evolution_set_round_limit(*run, 3);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
}

TEST_F(EvolutionLimitsTest, StagnationEndsAfterExactlySoManyRoundsWithoutABetterBest)
{
    for (const guint32 limit : { 1u, 5u, 40u }) {
        EngineRun run(Open(), NewProblem("sum16", 16, 4));

        rein_evolution_set_population(*run, 20);
        rein_evolution_set_stagnation(*run, limit);
        EXPECT_EQ(run.Go(), REIN_OUTCOME_STAGNATION);
        EXPECT_EQ(Stagnation(run), limit);
    }
}

TEST_F(EvolutionLimitsTest, TimeEndsARunThatNothingElseWould)
{
    EngineRun run(Open(), NewEndless());

    rein_evolution_set_time_limit(*run, 30 * kMs);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_TIME);
    EXPECT_EQ(rein_result_get_error(run.result()), nullptr);
    EXPECT_GE(rein_result_get_elapsed_ns(run.result()), 30 * kMs);
    ExpectClean(run.receipt());
}

TEST_F(EvolutionLimitsTest, TimeThatIsUpAtOnceLeavesTheStartEvaluated)
{
    EngineRun run(Open(), NewEndless());

    rein_evolution_set_time_limit(*run, 1);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_TIME);
    EXPECT_EQ(run.records().size(), 1u);
    ASSERT_NE(rein_result_get_best(run.result()), nullptr);
    EXPECT_EQ(rein_result_get_best(run.result())[0], run.records()[0].best[0]);
    ExpectClean(run.receipt());
}

TEST_F(EvolutionLimitsTest, TheFirstLimitToBeReachedEndsTheRun)
{
    struct Limits {
        ReinOutcome outcome;
        guint32 n_rounds;
        guint64 n_evaluations;
        guint32 stagnation;
        gint64 time_ns;
        double target;
    };
    const Limits all[] = {
        { REIN_OUTCOME_ROUNDS, 10, G_MAXUINT64, G_MAXUINT32, kHour, -1 },
        { REIN_OUTCOME_EVALUATIONS, G_MAXUINT32, 500, G_MAXUINT32, kHour, -1 },
        { REIN_OUTCOME_STAGNATION, G_MAXUINT32, G_MAXUINT64, 10, kHour, -1 },
        { REIN_OUTCOME_TIME, G_MAXUINT32, G_MAXUINT64, G_MAXUINT32, 20 * kMs, -1 },
        { REIN_OUTCOME_TARGET, G_MAXUINT32, G_MAXUINT64, G_MAXUINT32, kHour, 5 },
        { REIN_OUTCOME_TARGET, 1, 1, 1, 1, 1e6 },
    };

    for (const Limits &limits : all) {
        EngineRun run(Open(), NewProblem("sum16", 16, 4));

        rein_evolution_set_population(*run, 32);
        rein_evolution_set_round_limit(*run, limits.n_rounds);
        rein_evolution_set_evaluation_limit(*run, limits.n_evaluations);
        rein_evolution_set_stagnation(*run, limits.stagnation);
        rein_evolution_set_time_limit(*run, limits.time_ns);
        rein_evolution_set_target(*run, &limits.target);
        EXPECT_EQ(run.Go(), limits.outcome) << rein_outcome_to_string(limits.outcome);
        ExpectClean(run.receipt());
    }
}

TEST_F(EvolutionLimitsTest, ATargetGoesBeforeALimitOfTheSameRound)
{
    EngineRun probe(Open(), NewProblem("sum16", 16, 100));
    rein_evolution_set_round_limit(*probe, 20);
    probe.Go();

    EngineRun run(device_, problem_);
    const double target = probe.records().back().ever[0];
    size_t round = probe.records().size() - 1;
    while (probe.records()[round - 1].ever[0] == target) {
        round--;
    }
    rein_evolution_set_round_limit(*run, static_cast<guint32>(round));
    rein_evolution_set_target(*run, &target);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_TARGET);
    EXPECT_EQ(rein_result_get_n_rounds(run.result()), round);
}

TEST_F(EvolutionLimitsTest, ADeadlineBeforeTheStartIsEvaluatedSaysSoAndReturnsTheStart)
{
    g_autoptr(GBytes) start = NewGenes16(std::vector<uint16_t>(16, 3));
    EngineRun run(Open(), NewEndless());

    rein_evolution_set_start(*run, start, 1);
    rein_evolution_set_deadline(*run, 1);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_DEADLINE);
    ASSERT_TRUE(
        g_error_matches(rein_result_get_error(run.result()), REIN_ERROR, REIN_ERROR_TIMEOUT));
    EXPECT_THAT(rein_result_get_error(run.result())->message, HasSubstr("deadline"));
    EXPECT_EQ(run.BestGenes(), std::vector<uint32_t>(16, 3));
    EXPECT_EQ(rein_result_get_best(run.result()), nullptr) << "it was never evaluated";
    ExpectClean(run.receipt());
}

TEST_F(EvolutionLimitsTest, TheScheduleFollowsTheRounds)
{
    EngineRun run(Open(), NewProblem("progress16", 1, 2));

    rein_evolution_set_population(*run, 4);
    rein_evolution_set_round_limit(*run, 1000);
    rein_evolution_set_time_limit(*run, kHour);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    ASSERT_EQ(run.records().size(), 1001u);
    const guint64 step = G_MAXUINT64 / 1000;
    for (guint64 round = 1; round <= 1000; round++) {
        ASSERT_EQ(run.records()[round].best[0], static_cast<double>((round - 1) * step >> 40));
    }
}

TEST_F(EvolutionLimitsTest, TheScheduleStandsStillOnceTheForeseenRoundsAreOver)
{
    EngineRun run(Open(), NewProblem("progress16", 8, 4));
    const double full = 0xFFFFFF;

    rein_evolution_set_population(*run, 64);
    rein_evolution_set_operators(*run, 0, 1, 0, 0.1, 1, 0, 0); /* few change in a round */
    rein_evolution_set_evaluation_limit(*run, 64 * 6);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_EVALUATIONS);
    ASSERT_GT(run.records().size(), 20u);
    for (size_t i = 2; i < run.records().size(); i++) {
        ASSERT_GE(run.records()[i].best[0], run.records()[i - 1].best[0]) << "round " << i;
    }
    EXPECT_LT(run.records()[5].best[0], full);
    EXPECT_EQ(run.records()[6].best[0], full);
    EXPECT_EQ(run.records().back().best[0], full);
}

TEST_F(EvolutionLimitsTest, WithoutCountedLimitsTheScheduleFollowsTheClock)
{
    EngineRun run(Open(), NewProblem("progress16", 1, 2));

    rein_evolution_set_population(*run, 4);
    rein_evolution_set_time_limit(*run, 40 * kMs);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_TIME);
    for (size_t i = 2; i < run.records().size(); i++) {
        ASSERT_GE(run.records()[i].best[0], run.records()[i - 1].best[0]);
    }
}

} // namespace
