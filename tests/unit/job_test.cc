/* SPDX-License-Identifier: MIT */

#include <cstring>
#include <string>

#include "job_fixture.h"

namespace
{

using rein_test::FakeGetCounts;
using rein_test::Slot;
using testing::HasSubstr;

class JobTest : public rein_test::JobFixture
{
};

TEST_F(JobTest, GoesFromNewOverRunningToEnded)
{
    OpenWithJob();
    EXPECT_EQ(rein_job_get_state(job_), REIN_JOB_NEW);
    EXPECT_EQ(rein_job_get_device(job_), device_);
    Acquire();
    EXPECT_EQ(rein_job_get_state(job_), REIN_JOB_NEW);
    EXPECT_TRUE(Run());
    EXPECT_EQ(rein_job_get_state(job_), REIN_JOB_RUNNING);
    rein_receipt_unref(rein_job_end(job_));
    EXPECT_EQ(rein_job_get_state(job_), REIN_JOB_ENDED);
}

TEST_F(JobTest, EverythingIsUndoneInReverseThenCleanupThenUsage)
{
    OpenWithJob();
    Acquire();
    rein_job_allocate(job_, "more", 32, 0, nullptr);
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_EQ(wrapping_->Story(), "open build allocate*2 release*2 discard cleanup usage");
    ASSERT_EQ(rein_receipt_get_n_steps(receipt), 4u);
    EXPECT_STREQ(rein_receipt_get_step(receipt, 0)->name, "more");
    EXPECT_STREQ(rein_receipt_get_step(receipt, 1)->name, "counter");
    EXPECT_STREQ(rein_receipt_get_step(receipt, 2)->name, "a.cl");
    EXPECT_STREQ(rein_receipt_get_step(receipt, 3)->kind, "device");
    EXPECT_STREQ(rein_receipt_get_step(receipt, 3)->name, "fake:0");
}

TEST_F(JobTest, ReceiptOfASuccessIsCleanAndCounts)
{
    OpenWithJob();
    Acquire();
    ASSERT_TRUE(Run());
    ASSERT_TRUE(Run());
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_TRUE(rein_receipt_is_clean(receipt));
    EXPECT_EQ(rein_receipt_get_released_size(receipt), 64u);
    EXPECT_EQ(rein_receipt_get_stop_ns(receipt), -1);
    EXPECT_GE(rein_receipt_get_teardown_ns(receipt), 0);
    EXPECT_EQ(rein_receipt_get_n_launches(receipt), 2u);
    EXPECT_EQ(rein_receipt_get_n_launches_after_stop(receipt), 0u);
    EXPECT_EQ(rein_receipt_get_n_rungs(receipt), 0u);
    EXPECT_EQ(Kind(receipt, "buffer").n_held, 1u);
    EXPECT_EQ(Kind(receipt, "buffer").held_size, 64u);
    EXPECT_EQ(Kind(receipt, "buffer").n_left, 0u);
    EXPECT_EQ(Kind(receipt, "program").n_held, 1u);
    EXPECT_EQ(Kind(receipt, "device").n_held, 1u);
}

TEST_F(JobTest, EndAgainGivesTheSameReceiptAndDoesNothing)
{
    OpenWithJob();
    g_autoptr(ReinReceipt) first = rein_job_end(job_);
    const std::string story = wrapping_->Story();
    g_autoptr(ReinReceipt) second = rein_job_end(job_);
    EXPECT_EQ(first, second);
    EXPECT_EQ(wrapping_->Story(), story);
}

TEST_F(JobTest, FreeEndsTheJob)
{
    OpenWithJob();
    Acquire();
    g_clear_pointer(&job_, rein_job_free);
    EXPECT_EQ(wrapping_->Story(), "open build allocate release discard cleanup usage");
    rein_job_free(nullptr);
}

TEST_F(JobTest, WrittenBytesAreReadBackExactly)
{
    g_autoptr(GBytes) bytes = g_bytes_new("abcdefgh", 8);

    OpenWithJob();
    Acquire();
    ASSERT_TRUE(rein_job_write(job_, buffer_, 16, bytes, &error_));
    g_autoptr(GBytes) back = rein_job_read(job_, buffer_, 18, 4, &error_);
    ASSERT_NE(back, nullptr);
    ASSERT_EQ(g_bytes_get_size(back), 4u);
    EXPECT_EQ(memcmp(g_bytes_get_data(back, nullptr), "cdef", 4), 0);
}

TEST_F(JobTest, EarlyReleaseIsCountedOnce)
{
    OpenWithJob();
    Acquire();
    EXPECT_TRUE(rein_job_release(job_, buffer_, &error_));
    EXPECT_EQ(FakeGetCounts().n_buffers, 0u);
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_EQ(rein_receipt_get_released_size(receipt), 64u);
    EXPECT_EQ(wrapping_->Count(Slot::kRelease), 1u);
    EXPECT_EQ(Kind(receipt, "buffer").n_held, 0u);
}

TEST_F(JobTest, EarlyReleaseThatFailsIsTriedAgainAtTheEnd)
{
    OpenWithJob();
    Acquire();
    wrapping_->FailCall(Slot::kRelease, 1, REIN_ERR_FAILED, "busy");
    EXPECT_FALSE(rein_job_release(job_, buffer_, &error_));
    EXPECT_STREQ(error_->message, "release on fake:0: busy");
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_EQ(wrapping_->Count(Slot::kRelease), 2u);
    EXPECT_TRUE(rein_receipt_is_clean(receipt));
    EXPECT_EQ(rein_receipt_get_released_size(receipt), 64u);
}

TEST_F(JobTest, AReleasedBufferIsNotUsed)
{
    g_autoptr(GBytes) bytes = g_bytes_new("abcdefgh", 8);

    OpenWithJob();
    Acquire();
    EXPECT_TRUE(rein_job_release(job_, buffer_, &error_));
    EXPECT_FALSE(rein_job_write(job_, buffer_, 0, bytes, nullptr));
    EXPECT_EQ(rein_job_read(job_, buffer_, 0, 1, nullptr), nullptr);
    EXPECT_FALSE(rein_job_release(job_, buffer_, nullptr));
    EXPECT_EQ(criticals_.Take(), 3u);
    EXPECT_EQ(wrapping_->Count(Slot::kWrite), 0u);
}

TEST_F(JobTest, FailedAcquisitionSaysWhatWhereAndWhyAndHoldsNothing)
{
    OpenWithJob();
    rein_test::FakeSetMemory(100);
    EXPECT_EQ(rein_job_allocate(job_, "genes", 101, 0, &error_), 0u);
    EXPECT_STREQ(error_->message,
                 "allocate genes, 101 bytes on fake:0: allocate 101 bytes, 100 free");
    EXPECT_EQ(TakeError(), REIN_ERROR_OUT_OF_MEMORY);

    g_autoptr(GBytes) text =
        g_bytes_new_static(rein_test::kFakeSyntaxError, strlen(rein_test::kFakeSyntaxError));
    EXPECT_EQ(rein_job_build(job_, "a.cl", text, 0, &error_), 0u);
    EXPECT_THAT(error_->message, HasSubstr("build a.cl on fake:0: a.cl:1: syntax error"));
    EXPECT_EQ(TakeError(), REIN_ERROR_BUILD);

    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_EQ(rein_receipt_get_n_steps(receipt), 1u) << "the device alone";
    EXPECT_TRUE(rein_receipt_is_clean(receipt));
}

TEST_F(JobTest, AFailedSliceReportsNothingDone)
{
    OpenWithJob();
    Acquire();
    wrapping_->FailCall(Slot::kRunFitness, 1, REIN_ERR_FAILED, "short circuit");
    EXPECT_FALSE(Run());
    EXPECT_STREQ(error_->message, "run on fake:0: short circuit");
    EXPECT_EQ(report_.n_rounds, 0u);
    EXPECT_EQ(report_.n_items, 0u);
}

TEST_F(JobTest, ASliceThatDoesNothingUnstoppedIsABreach)
{
    Open([](ReinPluginTable &table) {
        table.run_fitness = [](ReinPluginDevice *, uint64_t, const ReinSlice *,
                               const volatile uint32_t *, ReinSliceReport *, ReinMsg *) {
            return REIN_OK;
        };
    });
    OpenWithJob();
    Acquire();
    EXPECT_FALSE(Run());
    EXPECT_THAT(error_->message, HasSubstr("plugin lies: run_fitness did nothing"));
    EXPECT_EQ(TakeError(), REIN_ERROR_PLUGIN);
}

TEST_F(JobTest, ErrorsOfTheTeardownAreInTheReceiptAndStopNoStep)
{
    OpenWithJob();
    Acquire();
    wrapping_->FailCall(Slot::kRelease, 1, REIN_ERR_FAILED, "stuck");
    wrapping_->FailCall(Slot::kDiscard, 1, REIN_ERR_FAILED, "stuck, too");
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    ASSERT_EQ(rein_receipt_get_n_steps(receipt), 3u);
    EXPECT_STREQ(rein_receipt_get_step(receipt, 0)->error, "release on fake:0: stuck");
    EXPECT_STREQ(rein_receipt_get_step(receipt, 1)->error, "discard on fake:0: stuck, too");
    EXPECT_EQ(rein_receipt_get_step(receipt, 2)->error, nullptr);
    EXPECT_TRUE(rein_receipt_is_clean(receipt)) << "cleanup made it good";
    EXPECT_EQ(rein_receipt_get_released_size(receipt), 64u);
    EXPECT_EQ(Kind(receipt, "buffer").n_left, 0u);
    EXPECT_EQ(Kind(receipt, "program").n_left, 0u);
}

TEST_F(JobTest, WhatThePluginStillHoldsAfterCleanupIsALeak)
{
    OpenWithJob();
    Acquire();
    wrapping_->FailCall(Slot::kRelease, 1);
    wrapping_->FailCall(Slot::kCleanup, 1);
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_FALSE(rein_receipt_is_clean(receipt));
    EXPECT_FALSE(rein_receipt_is_abandoned(receipt));
    EXPECT_EQ(rein_receipt_get_leaked_size(receipt), 64u);
    EXPECT_EQ(rein_receipt_get_released_size(receipt), 0u);
    EXPECT_EQ(Kind(receipt, "buffer").n_left, 1u);
}

TEST_F(JobTest, AUsageThatLiesIsReportedAsALeak)
{
    OpenWithJob();
    Acquire();
    wrapping_->FailCall(Slot::kUsage, 1);
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_FALSE(rein_receipt_is_clean(receipt));
    EXPECT_EQ(rein_receipt_get_leaked_size(receipt), 4096u);
    EXPECT_EQ(rein_receipt_get_released_size(receipt), 64u);
}

TEST_F(JobTest, EveryCallAfterTheEndIsRefusedAndReachesNoPlugin)
{
    g_autoptr(GBytes) bytes = g_bytes_new("text", 4);

    OpenWithJob();
    Acquire();
    rein_receipt_unref(rein_job_end(job_));
    const std::string story = wrapping_->Story();
    EXPECT_EQ(rein_job_build(job_, "a.cl", bytes, 0, nullptr), 0u);
    EXPECT_EQ(rein_job_allocate(job_, "b", 8, 0, nullptr), 0u);
    EXPECT_FALSE(rein_job_release(job_, buffer_, nullptr));
    EXPECT_FALSE(rein_job_write(job_, buffer_, 0, bytes, nullptr));
    EXPECT_EQ(rein_job_read(job_, buffer_, 0, 4, nullptr), nullptr);
    EXPECT_FALSE(Run());
    EXPECT_EQ(criticals_.Take(), 6u);
    EXPECT_EQ(wrapping_->Story(), story);
}

TEST_F(JobTest, ALostDeviceGetsNoNewJob)
{
    OpenWithJob();
    Acquire();
    wrapping_->FailCall(Slot::kRunFitness, 1, REIN_ERR_DEVICE_LOST, "fell off the bus");
    EXPECT_FALSE(Run());
    EXPECT_EQ(TakeError(), REIN_ERROR_DEVICE_LOST);
    EXPECT_EQ(rein_job_new(device_, &error_), nullptr);
    EXPECT_THAT(error_->message, HasSubstr("fake:0"));
    EXPECT_EQ(TakeError(), REIN_ERROR_DEVICE_LOST);
}

/* A device that says it is lost still answers what is legal in any state. */
TEST_F(JobTest, OnALostDeviceCleanupStillMakesTheReceiptClean)
{
    OpenWithJob();
    Acquire();
    wrapping_->FailCall(Slot::kRunFitness, 1, REIN_ERR_DEVICE_LOST);
    EXPECT_FALSE(Run());
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_NE(rein_receipt_get_step(receipt, 0)->error, nullptr);
    EXPECT_TRUE(rein_receipt_is_clean(receipt));
    EXPECT_FALSE(rein_receipt_is_abandoned(receipt));
    EXPECT_EQ(rein_receipt_get_released_size(receipt), 64u);
    EXPECT_EQ(wrapping_->Count(Slot::kRelease), 0u);
    EXPECT_EQ(wrapping_->Count(Slot::kCleanup), 1u);
}

TEST_F(JobTest, AJobNumberIsNotUsedTwice)
{
    OpenWithJob();
    Acquire();
    g_clear_pointer(&job_, rein_job_free);
    OpenWithJob();
    Acquire();
    EXPECT_THAT(wrapping_->Breaches(), testing::IsEmpty()) << "none is used after its cleanup";
}

} // namespace
