/* SPDX-License-Identifier: MIT */

/* Stop, cancel, deadline, hang and progress of a run, on the fake plugin. */

#include <atomic>
#include <numeric>
#include <thread>

#include "fake_engine_fixture.h"

namespace
{

using rein_test::EngineRun;
using rein_test::FakeItem;
using rein_test::NewGenes16;
using rein_test::Slot;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr gint64 kMs = 1000 * 1000;

class EvolutionStopTest : public rein_test::FakeEngineFixture
{
  protected:
    static constexpr uint32_t kNGenes = 4;

    /* An endless search for the least sum. */
    void
    OpenWithSum()
    {
        NewProblem(kNGenes, 60000, SumOfChanged);
        OpenEngine();
    }

    /* The same, but from round 1 on a slice takes until the flag is up. */
    void
    OpenWithSpin()
    {
        NewProblem(kNGenes, 60000, [](const FakeItem &item) {
            while (item.launch.round > 0 && !rein_stop_requested(item.launch.stop)) {
                std::this_thread::yield();
            }
            SumOfChanged(item);
        });
        OpenEngine();
    }

    static double
    Sum(const EngineRun &run)
    {
        const std::vector<uint32_t> genes = run.BestGenes();

        return std::accumulate(genes.begin(), genes.end(), 0.0);
    }

    /* Ended by a stop, with the best so far, everything given back. */
    static void
    ExpectStopped(const EngineRun &run)
    {
        EXPECT_EQ(rein_result_get_outcome(run.result()), REIN_OUTCOME_STOPPED);
        EXPECT_EQ(rein_result_get_error(run.result()), nullptr);
        EXPECT_TRUE(rein_receipt_is_clean(run.receipt()));
        EXPECT_GE(rein_receipt_get_stop_ns(run.receipt()), 0);
        EXPECT_EQ(rein_receipt_get_n_launches_after_stop(run.receipt()), 0u);
        if (rein_result_get_best(run.result()) != nullptr) {
            EXPECT_EQ(Sum(run), rein_result_get_best(run.result())[0]);
        }
    }
};

TEST_F(EvolutionStopTest, BeforeTheRunEndsItAtOnce)
{
    g_autoptr(GBytes) start = NewGenes16({ 1, 2, 3, 4 });

    OpenWithSum();
    EngineRun run(device_, problem_);
    rein_evolution_set_start(*run, start, 1);
    rein_evolution_stop(*run);
    run.Go();
    ExpectStopped(run);
    EXPECT_EQ(wrapping_->Count(Slot::kBuild), 0u);
    EXPECT_EQ(wrapping_->Count(Slot::kRunFitness), 0u);
    EXPECT_THAT(run.BestGenes(), ElementsAre(1u, 2u, 3u, 4u));
    EXPECT_EQ(rein_result_get_best(run.result()), nullptr);
    EXPECT_THAT(run.records(), testing::IsEmpty());
}

TEST_F(EvolutionStopTest, BeforeTheRunAndWithoutAStartThereIsNoBest)
{
    OpenWithSum();
    EngineRun run(device_, problem_);
    rein_evolution_stop(*run);
    run.Go();
    ExpectStopped(run);
    EXPECT_EQ(rein_result_get_best_genes(run.result()), nullptr);
}

TEST_F(EvolutionStopTest, FromTheRecordCallbackKeepsWhatWasFound)
{
    OpenWithSum();
    EngineRun run(device_, problem_);
    run.on_record = [&](const ReinRecord &record) {
        if (record.round == 10) {
            rein_evolution_stop(*run);
        }
    };
    run.Go();
    ExpectStopped(run);
    EXPECT_GE(rein_result_get_n_rounds(run.result()), 10u);
    EXPECT_EQ(rein_result_get_best(run.result())[0], run.records().back().ever[0]);
}

TEST_F(EvolutionStopTest, FromAnotherThreadEndsASliceUnderWay)
{
    OpenWithSpin();
    EngineRun run(device_, problem_);
    std::thread stopper;
    wrapping_->BeforeCall(Slot::kRunFitness, 12,
                          [&] { stopper = std::thread([&] { rein_evolution_stop(*run); }); });
    run.Go();
    stopper.join();
    ExpectStopped(run);
    EXPECT_EQ(rein_result_get_n_rounds(run.result()), 0u);
    EXPECT_EQ(rein_result_get_n_evaluations(run.result()), 256u);
}

TEST_F(EvolutionStopTest, AfterTheEndIsANoOp)
{
    OpenWithSum();
    EngineRun run(device_, problem_);
    rein_evolution_set_round_limit(*run, 3);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    const std::string story = wrapping_->Story();
    rein_evolution_stop(*run);
    EXPECT_EQ(rein_result_get_outcome(run.result()), REIN_OUTCOME_ROUNDS);
    EXPECT_EQ(wrapping_->Story(), story);
}

TEST_F(EvolutionStopTest, WhileItIsTornDownIsANoOp)
{
    OpenWithSum();
    EngineRun run(device_, problem_);
    rein_evolution_set_round_limit(*run, 3);
    wrapping_->BeforeCall(Slot::kRelease, 1, [&] { rein_evolution_stop(*run); });
    wrapping_->BeforeCall(Slot::kCleanup, 1, [&] { rein_evolution_stop(*run); });
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    EXPECT_TRUE(rein_receipt_is_clean(run.receipt()));
}

TEST_F(EvolutionStopTest, ACancelledCancellableEndsItAtOnce)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();

    OpenWithSum();
    EngineRun run(device_, problem_);
    g_cancellable_cancel(cancellable);
    run.Go(cancellable);
    ExpectStopped(run);
    EXPECT_EQ(wrapping_->Count(Slot::kBuild), 0u);
}

TEST_F(EvolutionStopTest, CancellingIsStopping)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();

    OpenWithSpin();
    EngineRun run(device_, problem_);
    run.on_record = [&](const ReinRecord &) {
        g_cancellable_cancel(cancellable);
    };
    run.Go(cancellable);
    ExpectStopped(run);
    EXPECT_EQ(run.records().size(), 1u);
}

TEST_F(EvolutionStopTest, CancellingAfterTheEndTouchesNothing)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();

    OpenWithSum();
    {
        EngineRun run(device_, problem_);
        rein_evolution_set_round_limit(*run, 2);
        EXPECT_EQ(run.Go(cancellable), REIN_OUTCOME_ROUNDS);
    }
    g_cancellable_cancel(cancellable); /* the evolution is gone */
}

TEST_F(EvolutionStopTest, AnEvolutionRunsOnce)
{
    OpenWithSum();
    EngineRun run(device_, problem_);
    rein_evolution_set_round_limit(*run, 2);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_ROUNDS);
    const std::string story = wrapping_->Story();
    EXPECT_EQ(rein_evolution_run(*run, nullptr, nullptr, nullptr), nullptr);
    EXPECT_EQ(criticals_.Take(), 1u);
    EXPECT_EQ(wrapping_->Story(), story);
}

TEST_F(EvolutionStopTest, ADeadlineIsAnErrorWithTheBestSoFar)
{
    OpenWithSpin();
    EngineRun run(device_, problem_);
    rein_evolution_set_deadline(*run, 500 * kMs);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_DEADLINE);
    ASSERT_TRUE(
        g_error_matches(rein_result_get_error(run.result()), REIN_ERROR, REIN_ERROR_TIMEOUT));
    EXPECT_THAT(rein_result_get_error(run.result())->message,
                HasSubstr("evolve fake: the deadline passed after 0 rounds"));
    ASSERT_NE(rein_result_get_best(run.result()), nullptr);
    EXPECT_EQ(Sum(run), rein_result_get_best(run.result())[0]);
    EXPECT_TRUE(rein_receipt_is_clean(run.receipt()));
}

/* The watchdog gives a slice five seconds, and that is what this test takes. */
TEST_F(EvolutionStopTest, ASliceThatHangsAndComesBackIsAnErrorWithTheBestSoFar)
{
    OpenWithSpin();
    EngineRun run(device_, problem_);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_HANG);
    ASSERT_TRUE(
        g_error_matches(rein_result_get_error(run.result()), REIN_ERROR, REIN_ERROR_TIMEOUT));
    EXPECT_THAT(rein_result_get_error(run.result())->message, HasSubstr("hung"));
    ASSERT_NE(rein_result_get_best(run.result()), nullptr);
    EXPECT_TRUE(rein_receipt_is_clean(run.receipt()));
    EXPECT_FALSE(rein_device_is_lost(device_));
}

TEST_F(EvolutionStopTest, ASliceThatNeverComesBackCostsTheDevice)
{
    g_autoptr(GBytes) start = NewGenes16({ 1, 2, 3, 4 });

    OpenWithSum();
    EngineRun run(device_, problem_);
    rein_evolution_set_start(*run, start, 1);
    rein_evolution_set_grace(*run, 3 * kMs);
    wrapping_->BeforeCall(Slot::kRunFitness, 5, [&] { rein_evolution_stop(*run); });
    wrapping_->HangCall(Slot::kRunFitness, 5);
    EXPECT_EQ(run.Go(), REIN_OUTCOME_HANG);
    EXPECT_THAT(rein_result_get_error(run.result())->message, HasSubstr("given up"));
    EXPECT_THAT(run.BestGenes(), ElementsAre(1u, 2u, 3u, 4u));
    EXPECT_TRUE(rein_receipt_is_abandoned(run.receipt()));
    EXPECT_EQ(wrapping_->Count(Slot::kRunFitness), 5u);
    EXPECT_TRUE(wrapping_->WaitUntilCalled(Slot::kInterrupt));
    EXPECT_EQ(wrapping_->Count(Slot::kInterrupt), 1u);
    EXPECT_EQ(wrapping_->Count(Slot::kCleanup), 0u);

    EngineRun next(device_, problem_);
    EXPECT_EQ(next.Go(), REIN_OUTCOME_FAILED);
    EXPECT_TRUE(
        g_error_matches(rein_result_get_error(next.result()), REIN_ERROR, REIN_ERROR_DEVICE_LOST));
    EXPECT_TRUE(rein_receipt_is_clean(next.receipt())) << "it never held anything";
}

TEST_F(EvolutionStopTest, ProgressComesOnTheCallingThreadAtEachBetterBest)
{
    struct Heard {
        std::thread::id thread;
        std::vector<guint64> rounds;
        std::vector<double> better;
        std::vector<uint16_t> genes;
    } heard;

    OpenWithSum();
    EngineRun run(device_, problem_);
    rein_evolution_set_round_limit(*run, 200);
    run.Go(
        nullptr,
        [](const ReinProgress *progress, gpointer data) {
            auto *all = static_cast<Heard *>(data);
            all->thread = std::this_thread::get_id();
            all->rounds.push_back(progress->n_rounds);
            EXPECT_EQ(progress->n_planes, 1u);
            EXPECT_GE(progress->fraction, 0);
            EXPECT_LE(progress->fraction, 1);
            EXPECT_GE(progress->n_evaluations, 256u);
            EXPECT_GE(progress->elapsed_ns, 0);
            if (progress->is_better) {
                const auto *genes =
                    static_cast<const uint16_t *>(g_bytes_get_data(progress->best_genes, nullptr));
                all->better.push_back(progress->best[0]);
                all->genes.assign(genes, genes + kNGenes);
                EXPECT_EQ(std::accumulate(genes, genes + kNGenes, 0.0), progress->best[0]);
            }
        },
        &heard);
    EXPECT_EQ(heard.thread, std::this_thread::get_id());
    ASSERT_FALSE(heard.rounds.empty());
    EXPECT_EQ(heard.rounds[0], 0u) << "the start";
    EXPECT_TRUE(std::is_sorted(heard.rounds.begin(), heard.rounds.end()));
    EXPECT_TRUE(std::is_sorted(heard.better.rbegin(), heard.better.rend()));
    EXPECT_EQ(heard.better.back(), rein_result_get_best(run.result())[0]);
    EXPECT_EQ(std::vector<uint32_t>(heard.genes.begin(), heard.genes.end()), run.BestGenes());
}

TEST_F(EvolutionStopTest, FromTheProgressCallbackIsSafe)
{
    OpenWithSum();
    EngineRun run(device_, problem_);
    run.Go(
        nullptr,
        [](const ReinProgress *, gpointer data) {
            rein_evolution_stop(static_cast<ReinEvolution *>(data));
        },
        *run);
    ExpectStopped(run);
}

} // namespace
