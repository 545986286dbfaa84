/* SPDX-License-Identifier: MIT */

/* What a job, or a worker's end, leaves behind: who notices, and what becomes of the worker. */

#include <gmock/gmock.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "isolated_fixture.h"
#include "support/warnings.h"

namespace
{

using rein_test::IsRunning;
using rein_test::kMs;
using testing::Contains;
using testing::HasSubstr;

class WorkerLeftTest : public rein_test::IsolatedTest
{
  protected:
    /* A driver that all processes share says: so many bytes are away; "hang": nothing. */
    void
    SetMemoryAway(const std::string &text)
    {
        const std::string path = folder_.Write("memory", text);

        rein_registry_set(Registry(), "sinner.memory", path.c_str());
    }
};

TEST_F(WorkerLeftTest, LeakIsInTheReceiptAndItsWorkerIsGoneWithIt)
{
    RunOnce("leaks");
    const pid_t supervisor = Supervisor();
    const pid_t plugin = Plugin();

    rein_job_set_memory_limit(job_, kMs); /* it does not come back, however long one waits */
    End();
    EXPECT_FALSE(IsRunning(supervisor));
    EXPECT_FALSE(IsRunning(plugin));
    EXPECT_FALSE(rein_receipt_is_clean(receipt_));
    EXPECT_EQ(rein_receipt_get_leaked_size(receipt_), 100u);
    EXPECT_EQ(rein_receipt_get_worker_fate(receipt_), REIN_WORKER_SPENT);
    EXPECT_TRUE(rein_device_is_lost(device_));
}

TEST_F(WorkerLeftTest, LiesOfAPluginMakeNoReceiptClean)
{
    RunOnce("lies");
    End();
    EXPECT_FALSE(rein_receipt_is_clean(receipt_));
    EXPECT_EQ(rein_receipt_get_released_size(receipt_), 100u);
    EXPECT_EQ(rein_receipt_get_worker_fate(receipt_), REIN_WORKER_SPENT);
}

TEST_F(WorkerLeftTest, JobBesideOneThatLeaksGoesOnAndItsWorkerEndsWithTheLast)
{
    RunOnce("leaks");
    const pid_t supervisor = Supervisor();
    ReinJob *leaking = job_;

    job_ = rein_job_new(device_, &error_);
    ASSERT_NE(job_, nullptr) << Message();
    g_autoptr(ReinReceipt) first = rein_job_end(leaking);
    rein_job_free(leaking);
    EXPECT_FALSE(rein_receipt_is_clean(first));
    EXPECT_EQ(rein_receipt_get_worker_fate(first), REIN_WORKER_KEPT);

    EXPECT_EQ(rein_job_new(device_, &error_), nullptr);
    EXPECT_THAT(Message(), HasSubstr("sinner:0 was given up earlier: a job on it left something"));
    g_clear_error(&error_);

    const guint64 program = Build();
    const guint64 buffer = Allocate(4);
    EXPECT_TRUE(Run("count", program, buffer)) << Message();
    EXPECT_TRUE(IsRunning(supervisor));
    rein_job_set_memory_limit(job_, kMs);
    End();
    EXPECT_FALSE(IsRunning(supervisor));
    EXPECT_EQ(rein_receipt_get_worker_fate(receipt_), REIN_WORKER_SPENT);
}

TEST_F(WorkerLeftTest, FreshWorkerSaysThatTheMemoryOfADeadOneIsBack)
{
    SetMemoryAway("0");
    RunOnce("run-crashes");
    End();
    EXPECT_EQ(rein_receipt_get_worker_fate(receipt_), REIN_WORKER_DIED);
    EXPECT_EQ(rein_receipt_get_memory_check(receipt_), REIN_MEMORY_BACK);
    EXPECT_TRUE(rein_receipt_is_clean(receipt_));
}

TEST_F(WorkerLeftTest, FreshWorkerSaysThatTheMemoryOfADeadOneIsMissing)
{
    SetMemoryAway("0");
    RunOnce("run-crashes");
    SetMemoryAway("100");
    rein_job_set_memory_limit(job_, kMs);
    End();
    EXPECT_EQ(rein_receipt_get_memory_check(receipt_), REIN_MEMORY_MISSING);
    EXPECT_FALSE(rein_receipt_is_clean(receipt_));
    EXPECT_FALSE(rein_receipt_is_abandoned(receipt_));
}

TEST_F(WorkerLeftTest, LastOfTwoJobsThatEndTogetherEmptiesTheScratchFolder)
{
    gboolean is_reset = TRUE;

    rein_registry_set(Registry(), "scratch-folder", folder_.At("scratch").c_str());
    ASSERT_NE(Open(), nullptr) << Message();
    ASSERT_NE(rein_device_begin_job(device_, nullptr), 0u);
    ASSERT_NE(rein_device_begin_job(device_, nullptr), 0u);
    EXPECT_TRUE(rein_device_reset_scratch(device_, &is_reset, nullptr));
    EXPECT_FALSE(is_reset);
    EXPECT_TRUE(rein_device_reset_scratch(device_, &is_reset, nullptr));
    EXPECT_TRUE(is_reset);
    rein_device_end_job(device_);
    rein_device_end_job(device_);
}

/* The rungs that ended the job's own worker are none of the fresh one's. */
TEST_F(WorkerLeftTest, FreshWorkerAfterAHangHasTimeOfItsOwn)
{
    SetMemoryAway("0");
    Begin("run-hangs-hard");
    program_ = Build();
    const guint64 buffer = Allocate(100);
    rein_job_set_grace(job_, 20 * kMs);
    rein_job_set_deadline(job_, rein_now_ns() + 20 * kMs);
    EXPECT_FALSE(Run("count", program_, buffer));
    SetMemoryAway("100");
    rein_job_set_memory_limit(job_, 2000 * kMs); /* longer than from a SIGKILL to giving up */
    End();
    EXPECT_EQ(rein_receipt_get_memory_check(receipt_), REIN_MEMORY_MISSING);
    EXPECT_GE(rein_receipt_get_memory_check_ns(receipt_), 2000 * kMs);
    EXPECT_FALSE(rein_receipt_is_abandoned(receipt_));
    EXPECT_EQ(rein_receipt_get_worker_fate(receipt_), REIN_WORKER_ENDED);
}

/* The worker holds what it leaked until it is ended: the fresh one says whether the device has it back. */
TEST_F(WorkerLeftTest, LeakThatIsGoneWithItsWorkerIsNotTheDevices)
{
    SetMemoryAway("0");
    RunOnce("leaks");
    End();
    EXPECT_EQ(rein_receipt_get_memory_check(receipt_), REIN_MEMORY_BACK);
    EXPECT_EQ(rein_receipt_get_worker_fate(receipt_), REIN_WORKER_SPENT);
    EXPECT_FALSE(rein_receipt_is_clean(receipt_));
}

/* It is ended as any other; what became of the first one is not told of it. */
TEST_F(WorkerLeftTest, FreshWorkerThatHangsIsEnded)
{
    SetMemoryAway("0");
    RunOnce("run-crashes");
    SetMemoryAway("hang");
    rein_job_set_grace(job_, 300 * kMs);
    rein_job_set_memory_limit(job_, 300 * kMs);
    End();
    EXPECT_EQ(rein_receipt_get_memory_check(receipt_), REIN_MEMORY_NOT_MEASURABLE);
    EXPECT_EQ(rein_receipt_get_worker_fate(receipt_), REIN_WORKER_DIED);
    EXPECT_THAT(rein_test::FindChildren(getpid()), testing::IsEmpty());
}

/* Holds a process so that it cannot be reaped after its end, as one that hangs in the kernel cannot. */
class Holder
{
  public:
    explicit Holder(pid_t held)
    {
        int ready[2] = { -1, -1 };

        if (pipe(ready) != 0) {
            return;
        }
        pid_ = fork();
        if (pid_ == 0) {
            const char answer = ptrace(PTRACE_SEIZE, held, nullptr, nullptr) == 0 ? 'y' : 'n';

            (void)!write(ready[1], &answer, 1);
            for (;;) {
                pause();
            }
        }
        char answer = 'n';
        is_holding_ = read(ready[0], &answer, 1) == 1 && answer == 'y';
        close(ready[0]);
        close(ready[1]);
    }

    ~Holder()
    {
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
    }

    bool
    is_holding() const
    {
        return is_holding_;
    }

  private:
    pid_t pid_ = -1;
    bool is_holding_ = false;
};

TEST_F(WorkerLeftTest, WorkerThatCannotBeKilledIsAbandonedAndSaidToBeThere)
{
    rein_test::Warnings warnings;

    RunOnce();
    const pid_t supervisor = Supervisor();
    {
        const Holder holder(supervisor);
        if (!holder.is_holding()) {
            GTEST_SKIP() << "ptrace is not permitted here";
        }
        kill(supervisor, SIGKILL);
        ASSERT_TRUE(rein_test::WaitUntil([&] { return !IsRunning(supervisor); }));
        EXPECT_FALSE(Run("count", program_, buffer_));
        End();
        EXPECT_TRUE(rein_receipt_is_abandoned(receipt_));
        EXPECT_FALSE(rein_receipt_is_clean(receipt_));
        EXPECT_TRUE(rein_device_is_lost(device_));
        EXPECT_THAT(warnings.Take(),
                    Contains(HasSubstr("was killed and does not end; it is left")));
        Close();
    }
    waitpid(supervisor, nullptr, 0); /* nobody else does any more */
}

/* Its settings are more than a channel holds, and the worker reads none. */
TEST_F(WorkerLeftTest, WorkerThatTakesNothingIsEndedAtTheOpenTimeout)
{
    ASSERT_NE(Open(), nullptr) << Message(); /* scanned by a worker that reads */
    Close();
    for (int i = 0; i < 3000; i++) {
        const std::string name = "sinner.filler" + std::to_string(i);
        rein_registry_set(Registry(), name.c_str(), std::string(1000, 'x').c_str());
    }
    rein_registry_set(Registry(), "open-timeout", "300");
    rein_registry_set(Registry(), "worker", REIN_FAKE_PLUGIN_DIR "/fake_worker");
    g_setenv("FAKE_WORKER", "sleeps", TRUE);
    EXPECT_EQ(Open(), nullptr);
    EXPECT_THAT(Message(), HasSubstr("the plugin takes nothing while it was set up"));
    g_unsetenv("FAKE_WORKER");
    EXPECT_THAT(rein_test::FindChildren(getpid()), testing::IsEmpty());
}

} // namespace
