/* SPDX-License-Identifier: MIT */

/* Several threads at the engine at once; made for the thread sanitizer. */

#include <atomic>
#include <memory>
#include <thread>

#include "engine_fixture.h"

#include <rein/evaluator.h>

namespace
{

using rein_test::EngineRun;
using rein_test::Slot;

class ThreadStressTest : public rein_test::EngineFixture
{
  protected:
    void
    SetUp() override
    {
        NewProblem("sum16", 20, 1000);
    }

    std::unique_ptr<EngineRun>
    NewRun(uint64_t seed, uint32_t n_rounds)
    {
        auto run = std::make_unique<EngineRun>(device_, problem_);

        rein_evolution_set_seed(**run, seed);
        rein_evolution_set_population(**run, 50);
        rein_evolution_set_slice_target(**run, 1000 * 1000);
        rein_evolution_set_round_limit(**run, n_rounds);
        return run;
    }
};

TEST_F(ThreadStressTest, StopsFromSeveralThreadsAtOnceAreOneStop)
{
    Open();
    for (int trial = 0; trial < 10; trial++) {
        auto run = NewRun(1, 0);
        std::vector<std::thread> stoppers;

        for (int i = 0; i < 4; i++) {
            stoppers.emplace_back([&, i] {
                for (int k = 0; k < i * 1000 * trial; k++) { /* not all at the same moment */
                    std::this_thread::yield();
                }
                rein_evolution_stop(**run);
                rein_evolution_stop(**run);
            });
        }
        run->Go();
        for (std::thread &stopper : stoppers) {
            stopper.join();
        }
        EXPECT_EQ(rein_result_get_outcome(run->result()), REIN_OUTCOME_STOPPED);
        ExpectClean(run->receipt());
    }
}

TEST_F(ThreadStressTest, TwoJobsOnOneDeviceAlternateAndAreBitEqualToOneAlone)
{
    OpenWrapped();
    std::vector<std::vector<std::string>> alone;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        auto run = NewRun(seed, 300);
        run->Go();
        alone.push_back(run->Course());
    }

    const size_t n_before = wrapping_->Calls().size();
    std::vector<std::unique_ptr<EngineRun>> runs;
    std::vector<std::thread> threads;
    std::atomic<unsigned> n_there{ 0 };
    for (uint64_t seed = 1; seed <= 2; seed++) {
        runs.push_back(NewRun(seed, 300));
        runs.back()->on_record = [&](const ReinRecord &record) {
            n_there += record.round == 0 ? 1 : 0;
            while (n_there < 2) { /* both are there before either goes on */
                std::this_thread::yield();
            }
        };
        threads.emplace_back([run = runs.back().get()] { run->Go(); });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    for (size_t i = 0; i < runs.size(); i++) {
        EXPECT_EQ(runs[i]->Course(), alone[i]);
        ExpectClean(runs[i]->receipt());
    }

    unsigned n_changes = 0;
    uint64_t last_job = 0;
    const std::vector<rein_test::CallRecord> calls = wrapping_->Calls();
    for (size_t i = n_before; i < calls.size(); i++) {
        if (calls[i].slot == Slot::kRunFitness) {
            n_changes += calls[i].job != last_job;
            last_job = calls[i].job;
        }
    }
    EXPECT_GE(n_changes, 3u) << "they took turns";
}

TEST_F(ThreadStressTest, TheCleanupOfOneJobLeavesTheOtherIntact)
{
    g_autoptr(GError) error = nullptr;
    const uint16_t genes[20] = { 1, 2, 3 };
    double fitness = 0;

    OpenWrapped();
    g_autoptr(ReinEvaluator) evaluator = rein_evaluator_new(device_, problem_, 1, &error);
    ASSERT_NE(evaluator, nullptr);
    std::thread other([this] {
        for (int i = 0; i < 10; i++) {
            auto run = NewRun(1, 10);
            EXPECT_EQ(run->Go(), REIN_OUTCOME_ROUNDS);
            ExpectClean(run->receipt());
        }
    });
    for (int i = 0; i < 30; i++) {
        ASSERT_TRUE(rein_evaluator_run(evaluator, genes, 1, &fitness, &error)) << error->message;
        ASSERT_EQ(fitness, 6);
    }
    other.join();
    ASSERT_TRUE(rein_evaluator_run(evaluator, genes, 1, &fitness, &error));
    g_autoptr(ReinReceipt) receipt = rein_evaluator_end(evaluator);
    ExpectClean(receipt);
}

TEST_F(ThreadStressTest, AnEvaluatorIsStoppedFromAnyThreadAtAnyTime)
{
    const uint16_t genes[20] = { 1, 2, 3 };

    Open();
    for (int trial = 0; trial < 20; trial++) {
        g_autoptr(ReinEvaluator) evaluator = rein_evaluator_new(device_, problem_, 1, nullptr);
        std::thread stopper([&] { rein_evaluator_stop(evaluator); });
        g_autoptr(GError) error = nullptr;
        double fitness = 0;

        while (rein_evaluator_run(evaluator, genes, 1, &fitness, &error)) {
        }
        EXPECT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_STOPPED));
        stopper.join();
        g_autoptr(ReinReceipt) receipt = rein_evaluator_end(evaluator);
        ExpectClean(receipt);
    }
}

TEST_F(ThreadStressTest, ManyJobsOnOneDeviceFromManyThreads)
{
    std::vector<std::thread> threads;

    Open("3");
    for (uint64_t i = 0; i < 6; i++) {
        threads.emplace_back([this, i] {
            for (int k = 0; k < 4; k++) {
                auto run = NewRun(i, 20);
                if (k == 2) {
                    run->on_record = [&](const ReinRecord &) {
                        rein_evolution_stop(**run);
                    };
                }
                run->Go();
                ExpectClean(run->receipt());
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
}

} // namespace
