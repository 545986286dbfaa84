/* SPDX-License-Identifier: MIT */

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

#include "device_fixture.h"
#include "ladder_private.h"

namespace
{

using rein_test::FakeLaunch;
using rein_test::Slot;

constexpr gint64 kMs = 1000 * 1000;
constexpr gint64 kLong = 60000 * kMs;
constexpr gint64 kBearable = 300 * kMs; /* for what must come about within, and for what must not */
constexpr guint64 kJob = 7;

std::atomic<int> stood_still{ 0 }; /* lock-free: set in a signal's handler */

class LadderTest : public rein_test::DeviceFixture
{
  protected:
    void
    SetUp() override
    {
        DeviceFixture::SetUp();
        rein_test::FakeSetKernel("spin", [this](const FakeLaunch &launch) {
            if (on_spin_) {
                on_spin_();
            }
            while (!rein_stop_requested(launch.stop)) {
                std::this_thread::yield();
            }
        });
    }

    void
    TearDown() override
    {
        if (wrapping_ != nullptr) {
            wrapping_->LetGo();
        }
        if (call_ != nullptr) {
            rein_device_wait(device_, call_, G_MAXINT64);
        }
        g_clear_pointer(&call_, rein_call_unref);
        g_clear_pointer(&stop_, rein_stop_unref);
        DeviceFixture::TearDown();
    }

    void
    OpenWithLadder(const std::function<void(ReinPluginTable &)> &bend = nullptr)
    {
        ASSERT_NE(Open(bend), nullptr);
        stop_ = rein_stop_new(nullptr);
        rein_ladder_init(&ladder_, device_, stop_);
    }

    /* A call of run_fitness of one round of `kernel`. */
    ReinCall *
    NewRun(const char *kernel)
    {
        ReinStage stage = CountStage(Build(kJob), Allocate(kJob, 64), 1);
        stage.kernel = kernel;
        const ReinSlice slice = Rounds(&stage, 1);

        call_ = rein_call_new_run(kJob, &slice, stop_);
        return call_;
    }

    ReinCall *
    NewAllocate()
    {
        call_ = rein_call_new(REIN_CALL_ALLOCATE, kJob);
        call_->size = 8;
        return call_;
    }

    ReinCall *
    NewBuild()
    {
        g_autoptr(GBytes) text = g_bytes_new_static("text", 4);

        call_ = rein_call_new_build(kJob, "a.cl", text, 0);
        return call_;
    }

    void
    Raise()
    {
        rein_stop_raise(stop_, REIN_STOP_USER);
        rein_device_wake(device_);
    }

    /* Passes the time, so that whatever would happen by then has its chance. */
    static void
    PassTime(gint64 duration_ns)
    {
        const gint64 until_ns = rein_now_ns() + duration_ns;

        while (rein_now_ns() < until_ns) {
            std::this_thread::yield();
        }
    }

    void
    Cleanup()
    {
        Simple(REIN_CALL_CLEANUP, kJob);
    }

    ReinStop *stop_ = nullptr;
    ReinLadder ladder_ = {};
    ReinCall *call_ = nullptr; /* waited for and freed at the end */
    std::function<void()> on_spin_;
};

TEST_F(LadderTest, AnOrdinaryCallClimbsNothing)
{
    OpenWithLadder();
    EXPECT_TRUE(rein_ladder_call(&ladder_, NewRun("count"), kLong));
    EXPECT_EQ(call_->status, REIN_OK);
    EXPECT_EQ(rein_stop_get_reason(stop_), REIN_STOP_NONE);
    EXPECT_EQ(ladder_.slice_left_ns, -1);
    EXPECT_EQ(ladder_.interrupt_ns, -1);
    EXPECT_EQ(ladder_.abandoned_ns, -1);
    Cleanup();
}

TEST_F(LadderTest, TheDeadlineRaisesTheFlagOfASliceUnderWay)
{
    OpenWithLadder();
    ReinCall *call = NewRun("spin");

    ladder_.deadline_ns = rein_now_ns() + 5 * kMs;
    EXPECT_TRUE(rein_ladder_call(&ladder_, call, kLong));
    EXPECT_EQ(rein_stop_get_reason(stop_), REIN_STOP_DEADLINE);
    EXPECT_GE(ladder_.slice_left_ns, 0);
    EXPECT_EQ(ladder_.abandoned_ns, -1);
    EXPECT_FALSE(rein_device_is_lost(device_));
    Cleanup();
}

TEST_F(LadderTest, ADeadlineThatPassedBetweenCallsRaisesTheFlag)
{
    OpenWithLadder();
    ReinCall *call = NewRun("spin");

    ladder_.deadline_ns = rein_now_ns() - 1;
    EXPECT_TRUE(rein_ladder_call(&ladder_, call, kLong));
    EXPECT_EQ(rein_stop_get_reason(stop_), REIN_STOP_DEADLINE);
    Cleanup();
}

TEST_F(LadderTest, ASliceOverItsLimitIsAHangAndGoesOnWhenItComesBack)
{
    OpenWithLadder();
    EXPECT_TRUE(rein_ladder_call(&ladder_, NewRun("spin"), 2 * kMs));
    EXPECT_EQ(rein_stop_get_reason(stop_), REIN_STOP_HANG);
    EXPECT_FALSE(rein_device_is_lost(device_));
    EXPECT_GE(ladder_.slice_left_ns, 0);
    Cleanup();
}

TEST_F(LadderTest, AStopFromAnotherThreadWakesTheWaiter)
{
    OpenWithLadder();
    on_spin_ = [this] {
        Raise();
    };
    EXPECT_TRUE(rein_ladder_call(&ladder_, NewRun("spin"), kLong));
    EXPECT_EQ(rein_stop_get_reason(stop_), REIN_STOP_USER);
    EXPECT_GE(ladder_.slice_left_ns, 0);
    EXPECT_EQ(wrapping_->Count(Slot::kInterrupt), 0u);
    Cleanup();
}

TEST_F(LadderTest, ACallThatHangsIsInterruptedOnceAndThenGivenUp)
{
    OpenWithLadder();
    ReinCall *call = NewRun("count");

    wrapping_->HangCall(Slot::kRunFitness, 1);
    ladder_.grace_ns = 4 * kMs;
    EXPECT_FALSE(rein_ladder_call(&ladder_, call, kMs));
    EXPECT_EQ(rein_stop_get_reason(stop_), REIN_STOP_HANG);
    EXPECT_TRUE(wrapping_->WaitUntilCalled(Slot::kInterrupt));
    EXPECT_EQ(wrapping_->Count(Slot::kInterrupt), 1u);
    EXPECT_GE(ladder_.interrupt_ns, 2 * kMs);
    EXPECT_GE(ladder_.abandoned_ns, 4 * kMs);
    EXPECT_LE(ladder_.interrupt_ns, ladder_.abandoned_ns);
    EXPECT_EQ(ladder_.slice_left_ns, -1);
    EXPECT_TRUE(rein_device_is_lost(device_));
}

TEST_F(LadderTest, TheFlagOfAUserIsEnoughForTheGrace)
{
    OpenWithLadder();
    ReinCall *call = NewRun("count");

    wrapping_->BeforeCall(Slot::kRunFitness, 1, [this] { Raise(); });
    wrapping_->HangCall(Slot::kRunFitness, 1);
    ladder_.grace_ns = 4 * kMs;
    EXPECT_FALSE(rein_ladder_call(&ladder_, call, kLong));
    EXPECT_EQ(rein_stop_get_reason(stop_), REIN_STOP_USER);
    EXPECT_TRUE(wrapping_->WaitUntilCalled(Slot::kInterrupt));
    EXPECT_EQ(wrapping_->Count(Slot::kInterrupt), 1u);
}

TEST_F(LadderTest, APluginWithoutInterruptIsGivenUpAllTheSame)
{
    OpenWithLadder([](ReinPluginTable &table) { table.interrupt = nullptr; });
    ReinCall *call = NewRun("count");

    wrapping_->HangCall(Slot::kRunFitness, 1);
    ladder_.grace_ns = 2 * kMs;
    EXPECT_FALSE(rein_ladder_call(&ladder_, call, kMs));
    EXPECT_EQ(ladder_.interrupt_ns, -1);
    EXPECT_TRUE(rein_device_is_lost(device_));
}

TEST_F(LadderTest, AnInterruptThatHelpsLeavesTheDeviceInUse)
{
    OpenWithLadder();
    ReinCall *call = NewRun("count");

    wrapping_->HangCall(Slot::kRunFitness, 1);
    wrapping_->BeforeCall(Slot::kInterrupt, 1, [this] { wrapping_->LetGo(); });
    ladder_.grace_ns = kBearable;
    EXPECT_TRUE(rein_ladder_call(&ladder_, call, kMs));
    EXPECT_TRUE(wrapping_->WaitUntilCalled(Slot::kInterrupt));
    EXPECT_EQ(wrapping_->Count(Slot::kInterrupt), 1u);
    EXPECT_GE(ladder_.slice_left_ns, ladder_.interrupt_ns);
    EXPECT_FALSE(rein_device_is_lost(device_));
    Cleanup();
}

TEST_F(LadderTest, ABuildEndsBeforeAStopDoes)
{
    OpenWithLadder();
    ladder_.grace_ns = kMs;
    wrapping_->BeforeCall(Slot::kBuild, 1, [this] {
        Raise();
        PassTime(30 * kMs);
    });
    EXPECT_TRUE(rein_ladder_call(&ladder_, NewBuild(), kLong));
    EXPECT_EQ(call_->status, REIN_OK);
    EXPECT_EQ(wrapping_->Count(Slot::kInterrupt), 0u);
    EXPECT_EQ(ladder_.slice_left_ns, -1);
    Cleanup();
}

TEST_F(LadderTest, ABuildOverItsOwnLimitIsGivenUpAfterTheGrace)
{
    OpenWithLadder();
    ladder_.grace_ns = 2 * kMs;
    wrapping_->HangCall(Slot::kBuild, 1);
    EXPECT_FALSE(rein_ladder_call(&ladder_, NewBuild(), kMs));
    EXPECT_EQ(rein_stop_get_reason(stop_), REIN_STOP_HANG);
    EXPECT_TRUE(rein_device_is_lost(device_));
}

/* The best so far is fetched after the flag, maybe long after it: that is no hang. */
TEST_F(LadderTest, ACallThatBeginsAfterTheFlagHasTheGraceForItself)
{
    OpenWithLadder();
    ladder_.grace_ns = kBearable;
    Raise();
    PassTime(kBearable + kMs);
    EXPECT_TRUE(rein_ladder_call(&ladder_, NewAllocate(), kLong));
    EXPECT_FALSE(rein_device_is_lost(device_));
    EXPECT_EQ(wrapping_->Count(Slot::kInterrupt), 0u);
    Cleanup();
}

TEST_F(LadderTest, ACallBehindThatOfAnotherJobIsNotLate)
{
    OpenWithLadder();
    wrapping_->HangCall(Slot::kAllocate, 1);
    g_autoptr(ReinCall) other = rein_call_new(REIN_CALL_ALLOCATE, kJob + 1);
    other->size = 8;
    rein_device_post(device_, other);
    ASSERT_TRUE(wrapping_->WaitUntilHanging());

    ladder_.grace_ns = kBearable;
    ReinCall *call = NewAllocate();
    std::thread waiter([&] { EXPECT_TRUE(rein_ladder_call(&ladder_, call, kBearable)); });
    PassTime(2 * kBearable + kMs);
    EXPECT_FALSE(rein_device_is_lost(device_));
    EXPECT_EQ(rein_stop_get_reason(stop_), REIN_STOP_NONE);
    wrapping_->LetGo();
    waiter.join();
    EXPECT_FALSE(rein_device_is_lost(device_));
    Simple(REIN_CALL_CLEANUP, kJob + 1);
    Cleanup();
}

TEST_F(LadderTest, ATeardownBehindTheCallOfAnotherJobIsNotLate)
{
    OpenWithLadder();
    wrapping_->HangCall(Slot::kAllocate, 1);
    g_autoptr(ReinCall) other = rein_call_new(REIN_CALL_ALLOCATE, kJob + 1);
    other->size = 8;
    rein_device_post(device_, other);
    ASSERT_TRUE(wrapping_->WaitUntilHanging());

    Raise();
    ladder_.grace_ns = kBearable;
    call_ = rein_call_new(REIN_CALL_CLEANUP, kJob);
    std::thread waiter([this] { EXPECT_TRUE(rein_ladder_call_teardown(&ladder_, call_)); });
    PassTime(kBearable + kMs);
    EXPECT_FALSE(rein_device_is_lost(device_));
    EXPECT_EQ(wrapping_->Count(Slot::kInterrupt), 0u);
    wrapping_->LetGo();
    waiter.join();
    Simple(REIN_CALL_CLEANUP, kJob + 1);
}

/* A user's Ctrl-Z stops host and plugin alike; when they go on, neither is late. */
TEST_F(LadderTest, ACallIsNotLateWhileTheWaiterStoodStill)
{
    const pthread_t waiter = pthread_self();
    struct sigaction before = {};
    struct sigaction stand_still = {};

    OpenWithLadder();
    stand_still.sa_handler = [](int) {
        PassTime(kBearable + 2 * REIN_STALL_NS);
        stood_still = 1;
    };
    sigaction(SIGUSR1, &stand_still, &before);
    rein_test::FakeSetKernel("count", [waiter](const FakeLaunch &) {
        pthread_kill(waiter, SIGUSR1);
        while (stood_still == 0) {
            std::this_thread::yield();
        }
        PassTime(kBearable / 6); /* the waiter looks before it is done */
    });
    EXPECT_TRUE(rein_ladder_call(&ladder_, NewRun("count"), kBearable));
    sigaction(SIGUSR1, &before, nullptr);
    EXPECT_EQ(rein_stop_get_reason(stop_), REIN_STOP_NONE);
    EXPECT_FALSE(rein_device_is_lost(device_));
    Cleanup();
}

TEST_F(LadderTest, ATeardownCallThatHangsIsGivenUp)
{
    OpenWithLadder();
    wrapping_->HangCall(Slot::kCleanup, 1);
    ladder_.grace_ns = 2 * kMs;
    call_ = rein_call_new(REIN_CALL_CLEANUP, kJob);
    EXPECT_FALSE(rein_ladder_call_teardown(&ladder_, call_));
    EXPECT_GE(ladder_.abandoned_ns, 0);
    EXPECT_TRUE(rein_device_is_lost(device_));
}

TEST_F(LadderTest, AGivenUpDeviceAnswersAtOnce)
{
    OpenWithLadder();
    wrapping_->HangCall(Slot::kCleanup, 1);
    ladder_.grace_ns = 2 * kMs;
    call_ = rein_call_new(REIN_CALL_CLEANUP, kJob);
    EXPECT_FALSE(rein_ladder_call_teardown(&ladder_, call_));

    g_autoptr(ReinCall) usage = rein_call_new(REIN_CALL_USAGE, kJob);
    g_autoptr(ReinCall) release = rein_call_new(REIN_CALL_RELEASE, kJob);
    EXPECT_TRUE(rein_ladder_call_teardown(&ladder_, usage));
    EXPECT_TRUE(rein_ladder_call(&ladder_, release, kLong));
    EXPECT_EQ(usage->status, REIN_ERR_DEVICE_LOST);
    EXPECT_EQ(release->status, REIN_ERR_DEVICE_LOST);
}

} // namespace
