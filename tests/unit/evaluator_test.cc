/* SPDX-License-Identifier: MIT */

#include <cmath>
#include <numeric>
#include <random>
#include <thread>

#include "engine_fixture.h"

#include <rein/evaluator.h>

namespace
{

using rein_test::Slot;
using testing::ElementsAre;
using testing::HasSubstr;

class EvaluatorTest : public rein_test::EngineFixture
{
  protected:
    void
    TearDown() override
    {
        g_clear_pointer(&evaluator_, rein_evaluator_free);
        g_clear_error(&error_);
        EngineFixture::TearDown();
    }

    void
    New(guint32 capacity)
    {
        evaluator_ = rein_evaluator_new(device_, problem_, capacity, &error_);
        ASSERT_NE(evaluator_, nullptr) << error_->message;
    }

    /* The fitness of `n` individuals, [n][n_planes]; empty if that failed. */
    std::vector<double>
    Run(const std::vector<uint16_t> &genes, guint32 n)
    {
        std::vector<double> fitness(n * rein_problem_get_n_planes(problem_), -77);

        g_clear_error(&error_);
        if (!rein_evaluator_run(evaluator_, genes.data(), n, fitness.data(), &error_)) {
            return {};
        }
        return fitness;
    }

    bool
    Fails(int code)
    {
        return g_error_matches(error_, REIN_ERROR, code);
    }

    ReinEvaluator *evaluator_ = nullptr;
    GError *error_ = nullptr;
};

TEST_F(EvaluatorTest, GivesEachIndividualItsFitness)
{
    NewProblem("sum16", 3, 100);
    Open();
    New(4);
    EXPECT_THAT(Run({ 1, 2, 3, 0, 0, 0, 9, 9, 9, 65535, 1, 1 }, 4), ElementsAre(6, 0, 27, 65537));
}

TEST_F(EvaluatorTest, TakesGenesOf32Bits)
{
    const guint32 genes[] = { 1u << 20, 5, 7, 1 };
    double fitness[2] = {};

    NewProblem("sum32", 2, 100, REIN_GENOME_INT32);
    Open();
    New(2);
    ASSERT_TRUE(rein_evaluator_run(evaluator_, genes, 2, fitness, &error_));
    EXPECT_THAT(fitness, ElementsAre((1 << 20) + 5, 8));
}

TEST_F(EvaluatorTest, PlanesStandSideBySideAsTheKernelWroteThem)
{
    NewProblem("planes16", 2, 100);
    rein_problem_set_fitness(problem_, REIN_FITNESS_INT32, 3, 5); /* the first and last maximised */
    Open();
    New(8);
    EXPECT_THAT(Run({ 1, 2, 20, 1 }, 2), ElementsAre(5, 3, 1, 0, 21, 20));
}

TEST_F(EvaluatorTest, FloatsAndNanComeThrough)
{
    NewProblem("half16", 2, 100);
    rein_problem_set_fitness(problem_, REIN_FITNESS_FLOAT32, 1, 1);
    Open();
    New(2);
    const std::vector<double> fitness = Run({ 1, 2, 0, 1 }, 2);
    ASSERT_EQ(fitness.size(), 2u);
    EXPECT_EQ(fitness[0], 1.5);
    EXPECT_TRUE(std::isnan(fitness[1]));
}

TEST_F(EvaluatorTest, RunsAgainAndAgainWithAnyNumberUpToItsCapacity)
{
    std::mt19937 random(5);

    NewProblem("sum16", 17, 100);
    Open();
    New(300);
    for (const guint32 n : { 300u, 1u, 17u, 256u, 257u, 299u, 300u }) {
        std::vector<uint16_t> genes(n * 17);
        std::vector<double> expected(n);
        for (size_t i = 0; i < genes.size(); i++) {
            genes[i] = static_cast<uint16_t>(random() % 1000);
            expected[i / 17] += genes[i];
        }
        ASSERT_EQ(Run(genes, n), expected) << n;
    }
    g_autoptr(ReinReceipt) receipt = rein_evaluator_end(evaluator_);
    ExpectClean(receipt);
}

TEST_F(EvaluatorTest, NoneAndMoreThanItsCapacityAreRefused)
{
    NewProblem("sum16", 1, 10);
    Open();
    New(2);
    EXPECT_THAT(Run({ 1, 2, 3 }, 3), ElementsAre());
    EXPECT_THAT(Run({ 1, 2, 3 }, 0), ElementsAre());
    EXPECT_EQ(criticals_.Take(), 2u);
    EXPECT_THAT(Run({ 1, 2 }, 2), ElementsAre(1, 2));
    EXPECT_EQ(rein_evaluator_new(device_, problem_, 0, nullptr), nullptr);
    EXPECT_EQ(criticals_.Take(), 1u);
}

TEST_F(EvaluatorTest, AStopEndsEveryRunFromThenOn)
{
    NewProblem("sum16", 1, 10);
    Open();
    New(2);
    EXPECT_THAT(Run({ 1 }, 1), ElementsAre(1));
    rein_evaluator_stop(evaluator_);
    for (int i = 0; i < 3; i++) {
        EXPECT_THAT(Run({ 1 }, 1), ElementsAre());
        EXPECT_TRUE(Fails(REIN_ERROR_STOPPED));
    }
    g_autoptr(ReinReceipt) receipt = rein_evaluator_end(evaluator_);
    ExpectClean(receipt);
    EXPECT_GE(rein_receipt_get_stop_ns(receipt), 0);
}

TEST_F(EvaluatorTest, AStopFromAnotherThreadEndsTheRunUnderWay)
{
    NewProblem("sum16", 1, 10);
    OpenWrapped();
    New(2);
    wrapping_->BeforeCall(Slot::kRunFitness, 1, [this] {
        std::thread([this] { rein_evaluator_stop(evaluator_); }).join();
    });
    EXPECT_THAT(Run({ 1 }, 1), ElementsAre());
    EXPECT_TRUE(Fails(REIN_ERROR_STOPPED));
    EXPECT_EQ(wrapping_->Count(Slot::kRunFitness), 1u);
    g_autoptr(ReinReceipt) receipt = rein_evaluator_end(evaluator_);
    ExpectClean(receipt);
}

TEST_F(EvaluatorTest, AfterAnErrorItCanOnlyBeEnded)
{
    NewProblem("sum16", 1, 10);
    OpenWrapped();
    New(2);
    wrapping_->FailCall(Slot::kRunFitness, 1, REIN_ERR_FAILED, "short circuit");
    EXPECT_THAT(Run({ 1 }, 1), ElementsAre());
    EXPECT_TRUE(Fails(REIN_ERROR_FAILED));
    EXPECT_THAT(error_->message, HasSubstr("short circuit"));
    EXPECT_THAT(Run({ 1 }, 1), ElementsAre());
    EXPECT_EQ(criticals_.Take(), 1u);
    g_autoptr(ReinReceipt) receipt = rein_evaluator_end(evaluator_);
    ExpectClean(receipt);
}

TEST_F(EvaluatorTest, EndMayBeCalledAgainAndGivesTheSameReceipt)
{
    NewProblem("sum16", 1, 10);
    OpenWrapped();
    New(2);
    g_autoptr(ReinReceipt) first = rein_evaluator_end(evaluator_);
    const std::string story = wrapping_->Story();
    g_autoptr(ReinReceipt) second = rein_evaluator_end(evaluator_);
    EXPECT_EQ(first, second);
    ExpectClean(first);
    EXPECT_GT(rein_receipt_get_released_size(first), 0u);
    EXPECT_THAT(Run({ 1 }, 1), ElementsAre());
    EXPECT_EQ(criticals_.Take(), 1u);
    rein_evaluator_stop(evaluator_);
    EXPECT_EQ(wrapping_->Story(), story);
}

TEST_F(EvaluatorTest, FreeGivesEverythingBack)
{
    NewProblem("sum16", 1, 10);
    OpenWrapped();
    New(2);
    g_clear_pointer(&evaluator_, rein_evaluator_free);
    EXPECT_EQ(wrapping_->HeldBuffers(), 0u);
    EXPECT_EQ(wrapping_->HeldPrograms(), 0u);
    rein_evaluator_free(nullptr);
}

TEST_F(EvaluatorTest, ANewOneThatFailsAnywhereHoldsNothing)
{
    NewProblem("sum16", 1, 10);
    OpenWrapped();
    for (const Slot slot : { Slot::kBuild, Slot::kAllocate, Slot::kWrite }) {
        unsigned n = 0;
        for (bool is_failed = true; is_failed; n++) {
            wrapping_->ClearRules();
            wrapping_->FailCall(slot, wrapping_->Count(slot) + n + 1, REIN_ERR_OUT_OF_MEMORY);
            evaluator_ = rein_evaluator_new(device_, problem_, 2, &error_);
            is_failed = evaluator_ == nullptr;
            EXPECT_EQ(is_failed, Fails(REIN_ERROR_OUT_OF_MEMORY));
            g_clear_error(&error_);
            g_clear_pointer(&evaluator_, rein_evaluator_free);
            EXPECT_EQ(wrapping_->HeldBuffers(), 0u);
            EXPECT_EQ(wrapping_->HeldPrograms(), 0u);
        }
        EXPECT_GT(n, 2u) << rein_test::SlotName(slot);
    }
}

TEST_F(EvaluatorTest, ACapacityThatKernelsCannotCountIsInvalid)
{
    NewProblem("sum16", 5000, 10);
    Open();
    EXPECT_EQ(rein_evaluator_new(device_, problem_, 1u << 30, &error_), nullptr);
    EXPECT_TRUE(Fails(REIN_ERROR_INVALID));
}

TEST_F(EvaluatorTest, TheUsersKernelThatDoesNotBuildIsABuildErrorWithItsLine)
{
    g_autoptr(GBytes) text = g_bytes_new_static("\n\nthis is no kernel\n", 20);

    NewProblem("sum16", 1, 10);
    rein_problem_set_kernel(problem_, "mine.cl", text, "sum16", nullptr);
    Open();
    EXPECT_EQ(rein_evaluator_new(device_, problem_, 1, &error_), nullptr);
    EXPECT_TRUE(Fails(REIN_ERROR_BUILD));
    EXPECT_THAT(error_->message, HasSubstr("mine.cl:3:"));
}

TEST_F(EvaluatorTest, AKernelThatIsNotInTheTextIsAnErrorThatNamesIt)
{
    NewProblem("no_such_kernel", 1, 10);
    Open();
    New(1);
    EXPECT_THAT(Run({ 1 }, 1), ElementsAre());
    EXPECT_THAT(error_->message, HasSubstr("no_such_kernel"));
}

} // namespace
