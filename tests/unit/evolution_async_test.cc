/* SPDX-License-Identifier: MIT */

/* An evolution on a thread of its own, with its answers on the caller's main context. */

#include <atomic>
#include <numeric>
#include <thread>

#include "engine_fixture.h"

namespace
{

using rein_test::EngineRun;
using testing::HasSubstr;

/* What came to the main context of one run, and on which thread. */
struct Answers {
    ReinEvolution *evolution = nullptr;
    ReinResult *result = nullptr; /* the caller's */
    std::thread::id thread;
    unsigned n_progress = 0;
    unsigned n_after_the_end = 0;
    unsigned n_better = 0;
    bool is_done = false;
    double best = -1;
    std::vector<guint64> rounds;
    GCancellable *cancellable = nullptr; /* cancelled by the first progress */
};

class EvolutionAsyncTest : public rein_test::EngineFixture
{
  protected:
    void
    SetUp() override
    {
        g_main_context_push_thread_default(context_);
    }

    void
    TearDown() override
    {
        g_main_context_pop_thread_default(context_);
        g_main_context_unref(context_);
        EngineFixture::TearDown();
    }

    static void
    OnProgress(const ReinProgress *progress, gpointer data)
    {
        auto *answers = static_cast<Answers *>(data);

        EXPECT_EQ(answers->thread, std::this_thread::get_id());
        answers->n_progress++;
        answers->n_after_the_end += answers->is_done;
        answers->n_better += progress->is_better;
        answers->rounds.push_back(progress->n_rounds);
        answers->best = progress->best[0];
        const auto *genes =
            static_cast<const uint16_t *>(g_bytes_get_data(progress->best_genes, nullptr));
        EXPECT_EQ(std::accumulate(genes, genes + 20, 0.0), progress->best[0]);
        if (answers->cancellable != nullptr) {
            g_cancellable_cancel(answers->cancellable);
        }
    }

    static void
    OnReady(GObject *, GAsyncResult *result, gpointer data)
    {
        auto *answers = static_cast<Answers *>(data);

        EXPECT_EQ(answers->thread, std::this_thread::get_id());
        answers->result = rein_evolution_run_finish(answers->evolution, result);
        answers->is_done = true;
    }

    void
    Start(Answers *answers, EngineRun &run, GCancellable *cancellable = nullptr)
    {
        answers->evolution = *run;
        answers->thread = std::this_thread::get_id();
        rein_evolution_run_async(*run, cancellable, OnProgress, answers, OnReady, answers);
    }

    void
    Wait(const Answers &answers)
    {
        while (!answers.is_done) {
            g_main_context_iteration(context_, TRUE);
        }
    }

    GMainContext *context_ = g_main_context_new();
};

TEST_F(EvolutionAsyncTest, AnswersOnTheMainContextOfTheCaller)
{
    EngineRun run(Open(), NewProblem("sum16", 20, 1000));
    Answers answers;

    rein_evolution_set_round_limit(*run, 100);
    Start(&answers, run);
    EXPECT_FALSE(answers.is_done) << "not before the main context runs";
    Wait(answers);
    run.SetResult(answers.result);
    EXPECT_EQ(rein_result_get_outcome(run.result()), REIN_OUTCOME_ROUNDS);
    EXPECT_EQ(run.records().size(), 101u);
    ExpectClean(run.receipt());
}

TEST_F(EvolutionAsyncTest, TheNewestProgressIsDeliveredAndNoneAfterTheAnswer)
{
    EngineRun run(Open(), NewProblem("sum16", 20, 1000));
    Answers answers;

    rein_evolution_set_round_limit(*run, 300);
    Start(&answers, run);
    Wait(answers);
    run.SetResult(answers.result);
    EXPECT_GE(answers.n_progress, 1u);
    EXPECT_EQ(answers.n_after_the_end, 0u);
    EXPECT_EQ(answers.best, rein_result_get_best(run.result())[0]);
    EXPECT_TRUE(std::is_sorted(answers.rounds.begin(), answers.rounds.end()));
    while (g_main_context_iteration(context_, FALSE)) {
    }
    EXPECT_EQ(answers.n_after_the_end, 0u);
}

TEST_F(EvolutionAsyncTest, AContextThatIsBusyGetsOneProgressWithTheNewest)
{
    EngineRun run(Open(), NewProblem("sum16", 20, 1000));
    Answers answers;
    std::atomic<bool> is_over{ false };

    rein_evolution_set_round_limit(*run, 50);
    run.on_record = [&](const ReinRecord &record) {
        is_over = record.round == 50;
    };
    Start(&answers, run);
    while (!is_over) {
        std::this_thread::yield();
    }
    Wait(answers);
    run.SetResult(answers.result);
    EXPECT_LE(answers.n_progress, 2u);
    EXPECT_EQ(answers.best, rein_result_get_best(run.result())[0]);
}

/* A progress that only tells the time does not make one forget the better best before it. */
TEST_F(EvolutionAsyncTest, ABetterBestIsNotForgottenWhenAnotherProgressOvertakesIt)
{
    g_autoptr(GBytes) start = rein_test::NewGenes16(std::vector<uint16_t>(20, 0));
    EngineRun run(Open(), NewProblem("sum16", 20, 1000));
    Answers answers;
    std::atomic<bool> is_over{ false };

    rein_evolution_set_start(*run, start, 1); /* nothing better is to come */
    rein_evolution_set_round_limit(*run, 5);
    run.on_record = [&](const ReinRecord &record) {
        if (record.round == 5) {
            g_usleep(250 * 1000); /* it is time to tell how far the run is */
            is_over = true;
        }
    };
    Start(&answers, run);
    while (!is_over) {
        std::this_thread::yield();
    }
    Wait(answers);
    run.SetResult(answers.result);
    EXPECT_EQ(answers.n_better, 1u);
}

TEST_F(EvolutionAsyncTest, CancellingFromProgressStopsIt)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    EngineRun run(Open(), NewProblem("sum16", 20, 1000));
    Answers answers;

    answers.cancellable = cancellable;
    Start(&answers, run, cancellable);
    Wait(answers);
    run.SetResult(answers.result);
    EXPECT_EQ(rein_result_get_outcome(run.result()), REIN_OUTCOME_STOPPED);
    ExpectClean(run.receipt());
}

TEST_F(EvolutionAsyncTest, ACancelledCancellableStillGivesAResult)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    EngineRun run(Open(), NewProblem("sum16", 20, 1000));
    Answers answers;

    g_cancellable_cancel(cancellable);
    Start(&answers, run, cancellable);
    Wait(answers);
    run.SetResult(answers.result);
    EXPECT_EQ(rein_result_get_outcome(run.result()), REIN_OUTCOME_STOPPED);
    EXPECT_EQ(answers.n_progress, 0u);
    ExpectClean(run.receipt());
}

TEST_F(EvolutionAsyncTest, AStopRightAfterTheStartStopsIt)
{
    for (int i = 0; i < 20; i++) {
        EngineRun run(i == 0 ? Open() : device_, NewProblem("sum16", 20, 1000));
        Answers answers;

        Start(&answers, run);
        rein_evolution_stop(*run);
        Wait(answers);
        run.SetResult(answers.result);
        EXPECT_EQ(rein_result_get_outcome(run.result()), REIN_OUTCOME_STOPPED);
        ExpectClean(run.receipt());
    }
}

TEST_F(EvolutionAsyncTest, FailuresAreResultsToo)
{
    problem_ = rein_problem_new("empty", REIN_GENOME_INT16, 20);
    EngineRun run(Open(), problem_);
    Answers answers;

    Start(&answers, run);
    Wait(answers);
    run.SetResult(answers.result);
    EXPECT_EQ(rein_result_get_outcome(run.result()), REIN_OUTCOME_FAILED);
    EXPECT_THAT(rein_result_get_error(run.result())->message, HasSubstr("no kernel"));
}

TEST_F(EvolutionAsyncTest, NobodyNeedsToListenToProgress)
{
    EngineRun run(Open(), NewProblem("sum16", 20, 1000));
    Answers answers;

    answers.evolution = *run;
    answers.thread = std::this_thread::get_id();
    rein_evolution_set_round_limit(*run, 10);
    rein_evolution_run_async(*run, nullptr, nullptr, nullptr, OnReady, &answers);
    Wait(answers);
    run.SetResult(answers.result);
    EXPECT_EQ(rein_result_get_outcome(run.result()), REIN_OUTCOME_ROUNDS);
}

TEST_F(EvolutionAsyncTest, ManyRunsInSequenceAreTheSame)
{
    std::vector<std::string> course;

    for (int i = 0; i < 30; i++) {
        EngineRun run(i == 0 ? Open() : device_, NewProblem("sum16", 20, 1000));
        Answers answers;

        rein_evolution_set_population(*run, 20);
        rein_evolution_set_round_limit(*run, 20);
        Start(&answers, run);
        Wait(answers);
        run.SetResult(answers.result);
        ExpectClean(run.receipt());
        course = course.empty() ? run.Course() : course;
        ASSERT_EQ(run.Course(), course);
    }
}

TEST_F(EvolutionAsyncTest, TwoAtOnceOnOneDeviceDoNotDisturbEachOther)
{
    Open();
    NewProblem("sum16", 20, 1000);
    EngineRun first(device_, problem_);
    EngineRun second(device_, problem_);
    Answers of_first;
    Answers of_second;

    rein_evolution_set_round_limit(*first, 200);
    rein_evolution_set_round_limit(*second, 200);
    Start(&of_first, first);
    Start(&of_second, second);
    Wait(of_first);
    Wait(of_second);
    first.SetResult(of_first.result);
    second.SetResult(of_second.result);
    EXPECT_EQ(first.Course(), second.Course());
    ExpectClean(first.receipt());
    ExpectClean(second.receipt());
}

TEST_F(EvolutionAsyncTest, ASecondRunOfOneEvolutionIsRefused)
{
    EngineRun run(Open(), NewProblem("sum16", 20, 1000));
    Answers answers;
    Answers again;

    rein_evolution_set_round_limit(*run, 5);
    Start(&answers, run);
    Wait(answers);
    run.SetResult(answers.result);
    Start(&again, run);
    Wait(again);
    EXPECT_EQ(again.result, nullptr);
    EXPECT_EQ(criticals_.Take(), 1u);
}

} // namespace
