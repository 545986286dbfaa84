/* SPDX-License-Identifier: MIT */

/* Stop, deadline and hang of a job. */

#include <cstring>
#include <string>
#include <vector>

#include "job_fixture.h"

namespace
{

using rein_test::Slot;
using testing::ElementsAre;
using testing::HasSubstr;

class JobStopTest : public rein_test::JobFixture
{
  protected:
    static std::vector<std::string>
    Rungs(ReinReceipt *receipt)
    {
        std::vector<std::string> names;

        for (guint i = 0; i < rein_receipt_get_n_rungs(receipt); i++) {
            names.push_back(rein_receipt_get_rung(receipt, i)->name);
            EXPECT_GE(rein_receipt_get_rung(receipt, i)->at_ns, 0);
        }
        return names;
    }
};

TEST_F(JobStopTest, BeforeTheStartNothingIsAcquired)
{
    g_autoptr(GBytes) text = g_bytes_new_static("text", 4);

    OpenWithJob();
    rein_job_stop(job_, REIN_STOP_USER);
    EXPECT_EQ(rein_job_build(job_, "a.cl", text, 0, &error_), 0u);
    EXPECT_STREQ(error_->message, "build a.cl: the job was stopped");
    EXPECT_EQ(TakeError(), REIN_ERROR_STOPPED);
    EXPECT_EQ(rein_job_allocate(job_, "genes", 8, 0, &error_), 0u);
    EXPECT_EQ(TakeError(), REIN_ERROR_STOPPED);
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_TRUE(rein_receipt_is_clean(receipt));
    EXPECT_GE(rein_receipt_get_stop_ns(receipt), 0);
    EXPECT_EQ(wrapping_->Story(), "open cleanup usage");
}

TEST_F(JobStopTest, DuringASliceItReturnsEarlyWithoutError)
{
    OpenWithJob();
    Acquire();
    rein_test::FakeSetKernel("spin", [this](const rein_test::FakeLaunch &launch) {
        rein_job_stop(job_, REIN_STOP_USER);
        EXPECT_TRUE(rein_stop_requested(launch.stop));
    });
    EXPECT_TRUE(Run("spin"));
    EXPECT_EQ(rein_job_get_stop_reason(job_), REIN_STOP_USER);
    EXPECT_FALSE(Run());
    EXPECT_EQ(TakeError(), REIN_ERROR_STOPPED);
    EXPECT_EQ(wrapping_->Count(Slot::kRunFitness), 1u);
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_TRUE(rein_receipt_is_clean(receipt));
    EXPECT_THAT(Rungs(receipt), ElementsAre("slice-left"));
    EXPECT_GE(rein_receipt_get_stop_ns(receipt), rein_receipt_get_rung(receipt, 0)->at_ns);
    EXPECT_EQ(rein_receipt_get_n_launches_after_stop(receipt), 0u);
}

TEST_F(JobStopTest, AfterTheFlagTheBestCanStillBeRead)
{
    OpenWithJob();
    Acquire();
    rein_job_stop(job_, REIN_STOP_USER);
    g_autoptr(GBytes) back = rein_job_read(job_, buffer_, 0, 64, &error_);
    ASSERT_NE(back, nullptr);
    EXPECT_EQ(g_bytes_get_size(back), 64u);
}

TEST_F(JobStopTest, AfterTheFlagNothingIsWritten)
{
    g_autoptr(GBytes) bytes = g_bytes_new("abcd", 4);

    OpenWithJob();
    Acquire();
    rein_job_stop(job_, REIN_STOP_USER);
    EXPECT_FALSE(rein_job_write(job_, buffer_, 0, bytes, &error_));
    EXPECT_EQ(TakeError(), REIN_ERROR_STOPPED);
    EXPECT_EQ(wrapping_->Count(Slot::kWrite), 0u);
}

TEST_F(JobStopTest, AfterTheEndItIsANoOp)
{
    OpenWithJob();
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    rein_job_stop(job_, REIN_STOP_USER);
    EXPECT_EQ(rein_job_get_stop_reason(job_), REIN_STOP_NONE);
    EXPECT_EQ(rein_receipt_get_stop_ns(receipt), -1);
}

TEST_F(JobStopTest, TheFirstReasonStays)
{
    OpenWithJob();
    rein_job_stop(job_, REIN_STOP_LIMIT);
    rein_job_stop(job_, REIN_STOP_USER);
    EXPECT_EQ(rein_job_get_stop_reason(job_), REIN_STOP_LIMIT);
}

TEST_F(JobStopTest, ADeadlineEndsTheSliceAndEverythingAfterIt)
{
    OpenWithJob();
    Acquire();
    rein_job_set_deadline(job_, rein_now_ns() + 2 * kMs);
    EXPECT_TRUE(Run("spin"));
    EXPECT_EQ(rein_job_get_stop_reason(job_), REIN_STOP_DEADLINE);
    EXPECT_FALSE(Run());
    EXPECT_STREQ(error_->message, "run: the deadline passed");
    EXPECT_EQ(TakeError(), REIN_ERROR_TIMEOUT);
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_TRUE(rein_receipt_is_clean(receipt));
}

TEST_F(JobStopTest, ADeadlineInTheBuildIsKeptAfterIt)
{
    g_autoptr(GBytes) text = g_bytes_new_static("text", 4);

    OpenWithJob();
    rein_job_set_deadline(job_, 1);
    EXPECT_NE(rein_job_build(job_, "a.cl", text, 0, &error_), 0u);
    EXPECT_EQ(rein_job_allocate(job_, "genes", 8, 0, &error_), 0u);
    EXPECT_EQ(TakeError(), REIN_ERROR_TIMEOUT);
    EXPECT_FALSE(rein_device_is_lost(device_));
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_TRUE(rein_receipt_is_clean(receipt));
    EXPECT_EQ(Kind(receipt, "program").n_held, 1u);
}

TEST_F(JobStopTest, ACallThatHangsIsGivenUpWithAnAbandonedReceipt)
{
    Hang();
    EXPECT_THAT(error_->message, HasSubstr("run on fake:0: no answer"));
    EXPECT_EQ(TakeError(), REIN_ERROR_TIMEOUT);
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_TRUE(rein_receipt_is_abandoned(receipt));
    EXPECT_FALSE(rein_receipt_is_clean(receipt));
    EXPECT_THAT(Rungs(receipt), ElementsAre("interrupt", "abandoned"));
    EXPECT_GE(rein_receipt_get_stop_ns(receipt), 2 * kMs);
    EXPECT_EQ(rein_receipt_get_released_size(receipt), 0u);
    for (guint i = 0; i < rein_receipt_get_n_steps(receipt); i++) {
        EXPECT_NE(rein_receipt_get_step(receipt, i)->error, nullptr);
    }
    EXPECT_EQ(Kind(receipt, "buffer").n_left, 1u);
    EXPECT_EQ(Kind(receipt, "program").n_left, 1u);
    EXPECT_EQ(Kind(receipt, "device").n_left, 1u);
}

TEST_F(JobStopTest, AfterAHangCleanupIsSkippedAndTheDeviceIsLost)
{
    Hang();
    TakeError();
    EXPECT_TRUE(rein_device_is_lost(device_));
    EXPECT_EQ(rein_job_new(device_, nullptr), nullptr);
    EXPECT_FALSE(Run());
    rein_receipt_unref(rein_job_end(job_));
    EXPECT_EQ(wrapping_->Count(Slot::kRunFitness), 1u);
    EXPECT_TRUE(wrapping_->WaitUntilCalled(Slot::kInterrupt));
    EXPECT_EQ(wrapping_->Count(Slot::kRelease), 0u);
    EXPECT_EQ(wrapping_->Count(Slot::kCleanup), 0u);
}

/* What another job held is with the device as well: its receipt must not say it was given back. */
TEST_F(JobStopTest, TheReceiptOfAnotherJobOnAGivenUpDeviceIsAbandonedToo)
{
    ASSERT_NE(Open(), nullptr);
    g_autoptr(ReinJob) other = rein_job_new(device_, nullptr);
    EXPECT_NE(rein_job_allocate(other, "mine", 128, 0, nullptr), 0u);
    Hang();
    g_autoptr(ReinReceipt) receipt = rein_job_end(other);
    EXPECT_TRUE(rein_receipt_is_abandoned(receipt));
    EXPECT_FALSE(rein_receipt_is_clean(receipt));
    EXPECT_EQ(rein_receipt_get_released_size(receipt), 0u);
}

TEST_F(JobStopTest, ATeardownThatHangsIsGivenUp)
{
    OpenWithJob();
    Acquire();
    rein_job_set_grace(job_, 2 * kMs);
    wrapping_->HangCall(Slot::kRelease, 1);
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_TRUE(rein_receipt_is_abandoned(receipt));
    EXPECT_EQ(rein_receipt_get_n_steps(receipt), 3u);
    EXPECT_EQ(wrapping_->Count(Slot::kDiscard), 0u);
    EXPECT_EQ(wrapping_->Count(Slot::kCleanup), 0u);
    EXPECT_TRUE(rein_device_is_lost(device_));
}

TEST_F(JobStopTest, StopFromTheSlotsOfThePluginItselfIsSafe)
{
    for (const Slot slot : { Slot::kBuild, Slot::kAllocate, Slot::kRunFitness }) {
        OpenWithJob();
        wrapping_->ClearRules();
        wrapping_->AfterCall(slot, wrapping_->Count(slot) + 1,
                             [this] { rein_job_stop(job_, REIN_STOP_USER); });
        g_autoptr(GBytes) text = g_bytes_new_static("text", 4);
        program_ = rein_job_build(job_, "a.cl", text, 0, nullptr);
        buffer_ = rein_job_allocate(job_, "counter", 64, 0, nullptr);
        if (buffer_ != 0) {
            Run();
        }
        g_clear_error(&error_);
        g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
        EXPECT_TRUE(rein_receipt_is_clean(receipt)) << rein_test::SlotName(slot);
        EXPECT_GE(rein_receipt_get_stop_ns(receipt), 0);
        g_clear_pointer(&job_, rein_job_free);
    }
}

/* For a plugin that goes on after the flag: raises it, then says it launched a second later. */
ReinJob *late_job = nullptr;

ReinStatus
RunLate(ReinPluginDevice *, uint64_t, const ReinSlice *, const volatile uint32_t *,
        ReinSliceReport *report, ReinMsg *)
{
    rein_job_stop(late_job, REIN_STOP_USER);
    report->n_rounds = 1;
    report->n_launches = 3;
    report->last_launch_ns = (uint64_t)rein_now_ns() + 1000000000;
    return REIN_OK;
}

TEST_F(JobStopTest, ALaunchAfterTheFlagIsCounted)
{
    Open([](ReinPluginTable &table) { table.run_fitness = RunLate; });
    OpenWithJob();
    Acquire();
    late_job = job_;
    EXPECT_TRUE(Run());
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_EQ(rein_receipt_get_n_launches(receipt), 3u);
    EXPECT_EQ(rein_receipt_get_n_launches_after_stop(receipt), 1u);
}

} // namespace
