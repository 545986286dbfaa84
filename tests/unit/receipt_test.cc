/* SPDX-License-Identifier: MIT */

#include <gmock/gmock.h>

#include <thread>
#include <vector>

#include "criticals.h"
#include "receipt_private.h"

#include <rein/error.h>

namespace
{

class ReceiptTest : public testing::Test
{
  protected:
    ~ReceiptTest() override
    {
        rein_receipt_builder_free(builder_);
        rein_receipt_unref(receipt_);
    }

    ReinReceipt *
    Seal()
    {
        receipt_ = rein_receipt_builder_seal(builder_);
        builder_ = nullptr;
        return receipt_;
    }

    ReinReceiptBuilder *builder_ = rein_receipt_builder_new();
    ReinReceipt *receipt_ = nullptr;
};

TEST_F(ReceiptTest, ScratchFolderThatIsNotEmptyIsNotClean)
{
    rein_receipt_builder_add_held(builder_, "scratch", 0);
    rein_receipt_builder_add_left(builder_, "scratch");
    EXPECT_FALSE(rein_receipt_is_clean(Seal()));
}

TEST_F(ReceiptTest, OfNothingIsCleanAndSaysSo)
{
    Seal();
    EXPECT_TRUE(rein_receipt_is_clean(receipt_));
    EXPECT_FALSE(rein_receipt_is_abandoned(receipt_));
    EXPECT_EQ(rein_receipt_get_released_size(receipt_), 0u);
    EXPECT_EQ(rein_receipt_get_leaked_size(receipt_), 0u);
    EXPECT_EQ(rein_receipt_get_n_launches(receipt_), 0u);
    EXPECT_EQ(rein_receipt_get_n_launches_after_stop(receipt_), 0u);
    EXPECT_EQ(rein_receipt_get_n_steps(receipt_), 0u);
    EXPECT_EQ(rein_receipt_get_n_rungs(receipt_), 0u);
    EXPECT_EQ(rein_receipt_get_n_kinds(receipt_), 0u);
}

TEST_F(ReceiptTest, OfAJobNeverStoppedHasNoStopTime)
{
    EXPECT_EQ(rein_receipt_get_stop_ns(Seal()), -1);
}

TEST_F(ReceiptTest, LeakedBytesAreNotClean)
{
    rein_receipt_builder_set_leaked(builder_, 12, 0);
    Seal();
    EXPECT_FALSE(rein_receipt_is_clean(receipt_));
    EXPECT_EQ(rein_receipt_get_leaked_size(receipt_), 12u);
}

TEST_F(ReceiptTest, LeakedPiecesWithoutBytesAreNotClean)
{
    rein_receipt_builder_set_leaked(builder_, 0, 1);
    EXPECT_FALSE(rein_receipt_is_clean(Seal()));
}

TEST_F(ReceiptTest, AbandonedIsNotClean)
{
    rein_receipt_builder_set_abandoned(builder_);
    Seal();
    EXPECT_TRUE(rein_receipt_is_abandoned(receipt_));
    EXPECT_FALSE(rein_receipt_is_clean(receipt_));
}

TEST_F(ReceiptTest, AStepThatFailedAndWasMadeGoodShowsItsErrorAndIsClean)
{
    g_autoptr(GError) error = g_error_new(REIN_ERROR, REIN_ERROR_FAILED, "stuck");

    rein_receipt_builder_add_held(builder_, "buffer", 100);
    rein_receipt_builder_add_step(builder_, "buffer", "genes", 100, 5, error);
    rein_receipt_builder_add_left(builder_, "buffer");
    rein_receipt_builder_clear_left(builder_);
    rein_receipt_builder_add_cleaned(builder_, 100);
    Seal();
    EXPECT_TRUE(rein_receipt_is_clean(receipt_));
    EXPECT_STREQ(rein_receipt_get_step(receipt_, 0)->error, "stuck");
    EXPECT_EQ(rein_receipt_get_kind(receipt_, 0)->n_left, 0u);
    EXPECT_EQ(rein_receipt_get_released_size(receipt_), 100u);
}

TEST_F(ReceiptTest, CleanupIsBelievedUpToWhatIsHeldStill)
{
    rein_receipt_builder_add_held(builder_, "buffer", 100);
    rein_receipt_builder_add_held(builder_, "buffer", 20);
    rein_receipt_builder_add_step(builder_, "buffer", "genes", 100, 5, nullptr);
    rein_receipt_builder_add_cleaned(builder_, G_MAXUINT64);
    EXPECT_EQ(rein_receipt_get_released_size(Seal()), 120u);
}

TEST_F(ReceiptTest, OnlyStepsThatSucceededReleaseTheirBytes)
{
    g_autoptr(GError) error = g_error_new(REIN_ERROR, REIN_ERROR_FAILED, "stuck");

    rein_receipt_builder_add_step(builder_, "buffer", "a", 1, 0, nullptr);
    rein_receipt_builder_add_step(builder_, "buffer", "b", 2, 0, error);
    rein_receipt_builder_add_step(builder_, "buffer", "c", 4, 0, nullptr);
    EXPECT_EQ(rein_receipt_get_released_size(Seal()), 5u);
}

TEST_F(ReceiptTest, KindsCountEachOfTheirOwn)
{
    rein_receipt_builder_add_held(builder_, "device", 0);
    rein_receipt_builder_add_held(builder_, "buffer", 3);
    rein_receipt_builder_add_held(builder_, "buffer", 4);
    rein_receipt_builder_add_left(builder_, "buffer");
    Seal();
    ASSERT_EQ(rein_receipt_get_n_kinds(receipt_), 2u);
    EXPECT_STREQ(rein_receipt_get_kind(receipt_, 0)->kind, "device");
    EXPECT_EQ(rein_receipt_get_kind(receipt_, 0)->n_held, 1u);
    EXPECT_STREQ(rein_receipt_get_kind(receipt_, 1)->kind, "buffer");
    EXPECT_EQ(rein_receipt_get_kind(receipt_, 1)->n_held, 2u);
    EXPECT_EQ(rein_receipt_get_kind(receipt_, 1)->held_size, 7u);
    EXPECT_EQ(rein_receipt_get_kind(receipt_, 1)->n_left, 1u);
}

TEST_F(ReceiptTest, KeepsRungsTimesAndLaunches)
{
    rein_receipt_builder_add_rung(builder_, "interrupt", 5);
    rein_receipt_builder_add_rung(builder_, "slice-left", 7);
    rein_receipt_builder_set_times(builder_, 11, 13);
    rein_receipt_builder_set_launches(builder_, 17, 0);
    Seal();
    ASSERT_EQ(rein_receipt_get_n_rungs(receipt_), 2u);
    EXPECT_STREQ(rein_receipt_get_rung(receipt_, 0)->name, "interrupt");
    EXPECT_EQ(rein_receipt_get_rung(receipt_, 0)->at_ns, 5);
    EXPECT_STREQ(rein_receipt_get_rung(receipt_, 1)->name, "slice-left");
    EXPECT_EQ(rein_receipt_get_teardown_ns(receipt_), 11);
    EXPECT_EQ(rein_receipt_get_stop_ns(receipt_), 13);
    EXPECT_EQ(rein_receipt_get_n_launches(receipt_), 17u);
}

TEST_F(ReceiptTest, OwnsItsTexts)
{
    char kind[] = "buffer";
    char name[] = "genes";

    rein_receipt_builder_add_step(builder_, kind, name, 0, 0, nullptr);
    kind[0] = name[0] = 'x';
    Seal();
    EXPECT_STREQ(rein_receipt_get_step(receipt_, 0)->kind, "buffer");
    EXPECT_STREQ(rein_receipt_get_step(receipt_, 0)->name, "genes");
}

TEST_F(ReceiptTest, AnIndexBeyondTheEndIsRefused)
{
    rein_test::Criticals criticals;

    Seal();
    EXPECT_EQ(rein_receipt_get_step(receipt_, 0), nullptr);
    EXPECT_EQ(rein_receipt_get_rung(receipt_, 0), nullptr);
    EXPECT_EQ(rein_receipt_get_kind(receipt_, 0), nullptr);
    EXPECT_EQ(criticals.Take(), 3u);
}

TEST_F(ReceiptTest, LivesAsLongAsItsLastReference)
{
    std::vector<std::thread> threads;

    rein_receipt_builder_add_step(builder_, "buffer", "genes", 0, 0, nullptr);
    Seal();
    for (int i = 0; i < 4; i++) {
        rein_receipt_ref(receipt_);
        threads.emplace_back([receipt = receipt_] {
            EXPECT_EQ(rein_receipt_get_n_steps(receipt), 1u);
            rein_receipt_unref(receipt);
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    EXPECT_EQ(rein_receipt_get_n_steps(receipt_), 1u);
    rein_receipt_unref(nullptr);
}

TEST_F(ReceiptTest, ABuilderThatIsNotSealedLeaksNothing)
{
    rein_receipt_builder_add_rung(builder_, "interrupt", 5);
    rein_receipt_builder_add_held(builder_, "buffer", 1);
    g_clear_pointer(&builder_, rein_receipt_builder_free);
}

} // namespace
