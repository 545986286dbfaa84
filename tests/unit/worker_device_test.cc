/* SPDX-License-Identifier: MIT */

/* A device behind a worker: what works, what is lost, and that it is gone then. */

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <thread>
#include <tuple>
#include <vector>

#include "isolated_fixture.h"

namespace
{

using rein_test::IsolatedTest;
using rein_test::IsRunning;
using rein_test::kMs;
using testing::HasSubstr;

class WorkerDeviceTest : public IsolatedTest
{
  protected:
    /* After a job whose worker is gone: all of it went, and the receipt says so. */
    void
    ExpectGone(ReinWorkerFate fate, pid_t supervisor, pid_t plugin)
    {
        End();
        EXPECT_EQ(rein_receipt_get_worker_fate(receipt_), fate);
        EXPECT_TRUE(rein_receipt_is_clean(receipt_));
        EXPECT_FALSE(rein_receipt_is_abandoned(receipt_));
        EXPECT_TRUE(rein_device_is_lost(device_));
        EXPECT_FALSE(IsRunning(supervisor));
        EXPECT_FALSE(IsRunning(plugin));
    }
};

TEST_F(WorkerDeviceTest, JobWorksAndItsReceiptNamesTheIsolation)
{
    for (const char *isolation : { "namespace", "subreaper" }) {
        RunOnce("", isolation);
        ASSERT_TRUE(is_run_) << Message();
        EXPECT_EQ(report_.n_rounds, 1u);
        g_autoptr(GBytes) bytes = rein_job_read(job_, buffer_, 0, 4, &error_);
        ASSERT_NE(bytes, nullptr) << Message();
        EXPECT_EQ(*static_cast<const guint32 *>(g_bytes_get_data(bytes, nullptr)), 3u);
        End();
        EXPECT_TRUE(rein_receipt_is_clean(receipt_));
        EXPECT_EQ(rein_receipt_get_released_size(receipt_), 100u);
        EXPECT_EQ(rein_receipt_get_worker_fate(receipt_), REIN_WORKER_KEPT);
        EXPECT_STREQ(rein_isolation_to_string(rein_receipt_get_isolation(receipt_)), isolation);
        EXPECT_EQ(Rungs(), "");
        Close();
    }
}

TEST_F(WorkerDeviceTest, TransferLargerThanTheSharedMemoryComesBackByteForByte)
{
    const gsize size = 9 * 1024 * 1024 + 17;
    std::vector<guint8> data(size);

    for (gsize i = 0; i < size; i++) {
        data[i] = static_cast<guint8>(i * 2654435761u >> 13);
    }
    Begin();
    buffer_ = Allocate(size + 1);
    g_autoptr(GBytes) given = g_bytes_new(data.data(), size);
    ASSERT_TRUE(rein_job_write(job_, buffer_, 1, given, &error_)) << Message();
    g_autoptr(GBytes) taken = rein_job_read(job_, buffer_, 1, size, &error_);
    ASSERT_NE(taken, nullptr) << Message();
    EXPECT_TRUE(g_bytes_equal(given, taken));
}

TEST_F(WorkerDeviceTest, ErrorsOfThePluginComeThroughWithTheirWords)
{
    Begin();
    buffer_ = Allocate(10);
    g_autoptr(GBytes) given = g_bytes_new("xxxxxxxxxxx", 11);
    EXPECT_FALSE(rein_job_write(job_, buffer_, 0, given, &error_));
    EXPECT_EQ(Message(), "write on sinner:0: a range outside the buffer");
    g_clear_error(&error_);

    EXPECT_EQ(Build("error"), 0u);
    EXPECT_TRUE(g_error_matches(error_, REIN_ERROR, REIN_ERROR_BUILD));
    EXPECT_EQ(strlen(error_->message),
              strlen("build a.cl on sinner:0: ") + REIN_BUILD_MSG_SIZE - 1);
    EXPECT_FALSE(rein_device_is_lost(device_));
}

TEST_F(WorkerDeviceTest, KernelTextThatIsTooLargeIsRefusedAndTheWorkerStays)
{
    const std::string text(5u << 20, ' ');

    Begin();
    EXPECT_EQ(Build(text.c_str()), 0u);
    EXPECT_THAT(Message(), HasSubstr("more than a worker takes"));
    EXPECT_FALSE(rein_device_is_lost(device_));
}

TEST_F(WorkerDeviceTest, WorkerServesTheNextJob)
{
    RunOnce();
    const pid_t supervisor = Supervisor();
    End();
    for (int i = 0; i < 5; i++) {
        g_clear_pointer(&job_, rein_job_free);
        job_ = rein_job_new(device_, &error_);
        ASSERT_NE(Build(), 0u) << Message();
        ASSERT_NE(Allocate(8), 0u) << Message();
        EXPECT_TRUE(rein_receipt_is_clean(End()));
    }
    EXPECT_TRUE(IsRunning(supervisor));
    Close();
    EXPECT_FALSE(IsRunning(supervisor));
}

/* The flag is in memory that the worker maps: the plugin sees it without being told. */
TEST_F(WorkerDeviceTest, StopFlagIsSeenInTheMiddleOfASlice)
{
    RunOnce();
    std::thread stopper([this] { rein_job_stop(job_, REIN_STOP_USER); });

    EXPECT_TRUE(Run("long", program_, buffer_) ||
                g_error_matches(error_, REIN_ERROR, REIN_ERROR_STOPPED));
    stopper.join();
    End();
    EXPECT_EQ(rein_receipt_get_worker_fate(receipt_), REIN_WORKER_KEPT);
    EXPECT_EQ(rein_receipt_get_n_launches_after_stop(receipt_), 0u);
}

TEST_F(WorkerDeviceTest, InterruptReachesThePluginInTheMiddleOfASlice)
{
    RunOnce("deaf");
    rein_job_set_grace(job_, 10000 * kMs);
    rein_job_set_deadline(job_, rein_now_ns() + kMs);
    EXPECT_TRUE(Run("long", program_, buffer_)) << Message();
    End();
    EXPECT_EQ(Rungs(), "interrupt slice-left");
    EXPECT_EQ(rein_receipt_get_worker_fate(receipt_), REIN_WORKER_KEPT);
}

class HangTest : public WorkerDeviceTest, public testing::WithParamInterface<const char *>
{
  protected:
    /* A namespace's processes are ended by the kernel, which counts nothing. */
    void
    ExpectSwept()
    {
        EXPECT_EQ(rein_receipt_get_n_swept(receipt_),
                  GetParam() == std::string("namespace") ? 0u : 1u);
    }
};

TEST_P(HangTest, SliceThatIgnoresTheFlagIsTerminatedAndGone)
{
    Begin("run-hangs", GetParam());
    program_ = Build();
    buffer_ = Allocate(100);
    const pid_t supervisor = Supervisor();
    const pid_t plugin = Plugin();

    rein_job_set_grace(job_, 20 * kMs);
    rein_job_set_deadline(job_, rein_now_ns() + 20 * kMs);
    EXPECT_FALSE(Run("count", program_, buffer_));
    EXPECT_TRUE(g_error_matches(error_, REIN_ERROR, REIN_ERROR_TIMEOUT)) << Message();
    EXPECT_THAT(Message(), HasSubstr("its worker was ended, and was gone"));
    ExpectGone(REIN_WORKER_ENDED, supervisor, plugin);
    EXPECT_EQ(Rungs(), "interrupt terminate gone");
    EXPECT_EQ(rein_receipt_get_released_size(receipt_), 100u);
}

TEST_P(HangTest, SliceThatBlocksSigtermIsKilledAndGone)
{
    Begin("run-hangs-hard", GetParam());
    program_ = Build();
    const pid_t supervisor = Supervisor();
    const pid_t plugin = Plugin();

    rein_job_set_grace(job_, 20 * kMs);
    rein_job_set_deadline(job_, rein_now_ns() + 20 * kMs);
    EXPECT_FALSE(Run("count", program_, Allocate(100)));
    ExpectGone(REIN_WORKER_ENDED, supervisor, plugin);
    EXPECT_EQ(Rungs(), "interrupt terminate kill gone");
}

TEST_P(HangTest, StoppedProcessesAreKilledAndGone)
{
    Begin("", GetParam());
    program_ = Build();
    const pid_t supervisor = Supervisor();
    const pid_t plugin = Plugin();

    rein_job_set_grace(job_, 20 * kMs);
    rein_job_set_deadline(job_, rein_now_ns() + 20 * kMs);
    kill(plugin, SIGSTOP);
    kill(supervisor, SIGSTOP);
    EXPECT_FALSE(Run("count", program_, 0));
    ExpectGone(REIN_WORKER_ENDED, supervisor, plugin);
    EXPECT_THAT(Rungs(), testing::EndsWith("terminate kill gone"));
}

TEST_P(HangTest, GrandchildThatLeftItsSessionIsGoneToo)
{
    Begin("run-forks", GetParam());
    program_ = Build();
    const pid_t supervisor = Supervisor();
    const pid_t plugin = Plugin();

    rein_job_set_grace(job_, 200 * kMs);
    rein_job_set_deadline(job_, rein_now_ns() + 200 * kMs);
    EXPECT_FALSE(Run("count", program_, 0));
    ExpectGone(REIN_WORKER_ENDED, supervisor, plugin);
    EXPECT_THAT(rein_test::FindByName(mark_), testing::IsEmpty());
    ExpectSwept();
}

TEST_P(HangTest, GrandchildThatLeftItsSessionIsGoneWithAKilledSupervisor)
{
    Begin("run-forks", GetParam());
    program_ = Build();
    const pid_t supervisor = Supervisor();
    const pid_t plugin = Plugin();
    std::thread killer([this, supervisor] {
        EXPECT_TRUE(rein_test::WaitUntil([this] { return !rein_test::FindByName(mark_).empty(); }));
        kill(supervisor, SIGKILL);
    });

    EXPECT_FALSE(Run("count", program_, 0));
    killer.join();
    EXPECT_TRUE(g_error_matches(error_, REIN_ERROR, REIN_ERROR_DEVICE_LOST)) << Message();
    ExpectGone(REIN_WORKER_DIED, supervisor, plugin);
    EXPECT_THAT(rein_test::FindByName(mark_), testing::IsEmpty());
    ExpectSwept();
}

TEST_P(HangTest, TeardownThatHangsEndsTheWorkerOnceForAllItsSteps)
{
    for (const char *sin : { "release-hangs", "cleanup-hangs-hard", "usage-hangs" }) {
        RunOnce(sin, GetParam());
        const pid_t supervisor = Supervisor();
        const pid_t plugin = Plugin();

        rein_job_set_grace(job_, 20 * kMs);
        ExpectGone(REIN_WORKER_ENDED, supervisor, plugin);
        EXPECT_THAT(Rungs(), HasSubstr("terminate")) << sin;
        Close();
    }
}

TEST_P(HangTest, BuildThatHangsEndsWithTheStop)
{
    Begin("build-hangs", GetParam());
    const pid_t supervisor = Supervisor();
    const pid_t plugin = Plugin();

    rein_job_set_grace(job_, 20 * kMs);
    rein_job_set_deadline(job_, rein_now_ns() + 20 * kMs);
    EXPECT_EQ(Build(), 0u);
    ExpectGone(REIN_WORKER_ENDED, supervisor, plugin);
}

TEST_P(HangTest, SliceThatOutlivesSigtermAndComesBackIsEndedAllTheSame)
{
    Begin("run-comes-late", GetParam());
    program_ = Build();
    buffer_ = Allocate(100);
    const pid_t supervisor = Supervisor();
    const pid_t plugin = Plugin();

    rein_job_set_grace(job_, 20 * kMs);
    rein_job_set_deadline(job_, rein_now_ns() + 20 * kMs);
    EXPECT_FALSE(Run("count", program_, buffer_));
    EXPECT_THAT(Message(), testing::Not(HasSubstr("was gone")));
    ExpectGone(REIN_WORKER_ENDED, supervisor, plugin);
    EXPECT_EQ(Rungs(), "interrupt terminate slice-left kill gone");
}

TEST_P(HangTest, VerificationThatHangsIsInTheReceipt)
{
    RunOnce("memory-hangs-again", GetParam());
    const pid_t supervisor = Supervisor();
    const pid_t plugin = Plugin();

    rein_job_set_grace(job_, 20 * kMs);
    ExpectGone(REIN_WORKER_ENDED, supervisor, plugin);
    EXPECT_EQ(Rungs(), "terminate gone");
}

/* Not by the plugin's hand: somebody kills one of the two. */
TEST_P(HangTest, KilledProcessIsAnErrorAndAllIsGone)
{
    for (const bool is_supervisor : { true, false }) {
        RunOnce("", GetParam());
        const pid_t supervisor = Supervisor();
        const pid_t plugin = Plugin();

        kill(is_supervisor ? supervisor : plugin, SIGKILL);
        EXPECT_FALSE(Run("long", program_, buffer_));
        EXPECT_TRUE(g_error_matches(error_, REIN_ERROR, REIN_ERROR_DEVICE_LOST)) << Message();
        EXPECT_THAT(Message(), HasSubstr("ended the process by SIGKILL in a slice of long"));
        ExpectGone(REIN_WORKER_DIED, supervisor, plugin);
        Close();
    }
}

INSTANTIATE_TEST_SUITE_P(All, HangTest, testing::Values("namespace", "subreaper"),
                         [](const auto &each) { return std::string(each.param); });

struct Death {
    const char *sin;
    const char *words;
};

class DeathTest : public WorkerDeviceTest,
                  public testing::WithParamInterface<std::tuple<Death, const char *>>
{
};

TEST_P(DeathTest, CostsTheDeviceAndSaysWhatHappened)
{
    const auto &[death, isolation] = GetParam();

    Begin(death.sin, isolation);
    const pid_t supervisor = Supervisor();
    const pid_t plugin = Plugin();

    program_ = Build();
    if (program_ != 0) {
        buffer_ = Allocate(100);
    }
    if (buffer_ != 0) {
        Run("count", program_, buffer_);
    }
    ASSERT_NE(error_, nullptr);
    EXPECT_TRUE(g_error_matches(error_, REIN_ERROR, REIN_ERROR_DEVICE_LOST));
    EXPECT_THAT(Message(), HasSubstr(death.words));
    ExpectGone(REIN_WORKER_DIED, supervisor, plugin);

    Close(); /* and a new worker works */
    RunOnce("", isolation);
    EXPECT_TRUE(is_run_) << Message();
}

INSTANTIATE_TEST_SUITE_P(
    All, DeathTest,
    testing::Combine(
        testing::Values(
            Death{ "build-crashes", "ended the process by SIGSEGV while it built a.cl; it said: "
                                    "fake_sinner.c: crashes in build" },
            Death{ "allocate-crashes", "ended the process by SIGSEGV while it allocated a buffer" },
            Death{ "run-crashes", "ended the process by SIGSEGV in a slice of count" },
            Death{ "run-exits", "exited with status 3 in a slice of count" },
            Death{ "run-garbage", "spoke garbage in a slice of count: a packet of 7 bytes" },
            /* its own words, or the end of the control socket, whichever is first */
            Death{ "run-closes", "in a slice of count" }),
        testing::Values("namespace", "subreaper")),
    [](const auto &each) {
        std::string name = std::get<0>(each.param).sin;

        name.replace(name.find('-'), 1, "_");
        return name + "_" + std::get<1>(each.param);
    });

TEST_P(HangTest, DeathInTheTeardownIsGoneAndTheReceiptSaysSo)
{
    for (const char *sin : { "release-crashes", "cleanup-exits", "usage-crashes" }) {
        RunOnce(sin, GetParam());
        ExpectGone(REIN_WORKER_DIED, Supervisor(), Plugin());
        Close();
    }
}

TEST_P(HangTest, OpenThatFailsSaysWhyAndLeavesNothing)
{
    EXPECT_EQ(Open("open-crashes", GetParam()), nullptr);
    EXPECT_THAT(Message(), HasSubstr("open sinner:0: the plugin ended the process by SIGSEGV while "
                                     "it was opened; it said: fake_sinner.c: crashes in open"));
    EXPECT_EQ(Open("open-exits", GetParam()), nullptr);
    EXPECT_THAT(Message(), HasSubstr("exited with status 3 while it was opened"));
    rein_registry_set(Registry(), "open-timeout", "200");
    EXPECT_EQ(Open("open-hangs-hard", GetParam()), nullptr);
    EXPECT_THAT(Message(), HasSubstr("did not answer in time while it was opened"));
    EXPECT_EQ(Open("open-forks", GetParam()), nullptr);
    EXPECT_THAT(rein_test::FindByName(mark_), testing::IsEmpty());
}

TEST_F(WorkerDeviceTest, CloseThatHangsIsEnded)
{
    RunOnce("close-hangs-hard");
    const pid_t supervisor = Supervisor();

    Close();
    EXPECT_FALSE(IsRunning(supervisor));
}

/* What the host has open, and does not close on exec, is the host's alone. */
TEST_F(WorkerDeviceTest, NoDescriptorOfTheHostIsInAWorker)
{
    const std::string path = folder_.Write("open", "of the host");
    std::vector<int> open_fds;

    for (int i = 0; i < 20; i++) {
        open_fds.push_back(open(path.c_str(), O_RDONLY)); /* NOLINT: not O_CLOEXEC, on purpose */
        ASSERT_GE(open_fds.back(), 0);
    }
    for (const char *isolation : { "namespace", "subreaper" }) {
        Begin("", isolation);
        for (const pid_t pid : { Supervisor(), Plugin() }) {
            const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
            std::size_t n_fds = 0;

            for (const auto &fd : rein_test::fs::directory_iterator(folder)) {
                EXPECT_NE(rein_test::fs::read_symlink(fd), path);
                n_fds++;
            }
            /* 0 to 2; the socket, the control socket, the two pieces of shared memory; its own two */
            EXPECT_LE(n_fds, 9u) << folder;
        }
        Close();
    }
    for (const int fd : open_fds) {
        close(fd);
    }
}

TEST_F(WorkerDeviceTest, PluginIsTheFirstToGoWhereMemoryRunsOut)
{
    const auto score = [](pid_t pid) {
        std::ifstream file("/proc/" + std::to_string(pid) + "/oom_score_adj");
        int value = -1;

        file >> value;
        return value;
    };

    for (const char *isolation : { "namespace", "subreaper" }) {
        Begin("", isolation);
        EXPECT_EQ(score(Supervisor()), score(getpid()));
        EXPECT_GE(score(Plugin()), std::min(1000, score(getpid()) + 500));
        Close();
    }
}

/* The thread that opens a device may end: the worker's parent is the device's own. */
TEST_F(WorkerDeviceTest, WorkerOutlivesTheThreadThatOpenedIt)
{
    for (const char *isolation : { "namespace", "subreaper" }) {
        pid_t opener = -1;

        std::thread([&] {
            opener = gettid();
            Open("", isolation);
        }).join();
        ASSERT_NE(device_, nullptr) << Message();
        EXPECT_TRUE(rein_test::WaitUntil(
            [&] { return !rein_test::fs::exists("/proc/self/task/" + std::to_string(opener)); }));
        job_ = rein_job_new(device_, &error_);
        EXPECT_NE(Build(), 0u) << Message();
        EXPECT_TRUE(IsRunning(Supervisor()));
        Close();
    }
}

/* All of the memory that this process shares with its worker, whatever that has seen of it. */
std::string
ReadStaging()
{
    std::string all;

    for (const auto &fd : rein_test::fs::directory_iterator("/proc/self/fd")) {
        std::error_code ignored;
        const std::string path = rein_test::fs::read_symlink(fd, ignored);

        if (path.find("memfd:rein-staging") != std::string::npos) {
            all += rein_test::ReadFile(fd.path());
        }
    }
    return all;
}

TEST_F(WorkerDeviceTest, NothingOfAJobIsInTheSharedMemoryForTheNextOne)
{
    const std::string canary = "canary-of-job-1";
    const std::string kernel = "kernel-of-job-1";

    Begin();
    ASSERT_NE(Build(kernel.c_str()), 0u) << Message();
    buffer_ = Allocate(5u << 20);
    std::string data(5u << 20, 'x');
    data.replace(3u << 20, canary.size(), canary);
    g_autoptr(GBytes) given = g_bytes_new(data.data(), data.size());
    ASSERT_TRUE(rein_job_write(job_, buffer_, 0, given, &error_)) << Message();
    g_autoptr(GBytes) before = rein_job_read(job_, buffer_, 3u << 20, 64, &error_);
    ASSERT_NE(before, nullptr) << Message();
    ASSERT_THAT(ReadStaging(), HasSubstr(canary));
    EXPECT_EQ(Build("kernel-of-job-1 with an error"), 0u); /* whose message is long */

    EXPECT_TRUE(rein_receipt_is_clean(End()));
    const std::string left = ReadStaging();
    EXPECT_GT(left.size(), 4u << 20);
    EXPECT_EQ(left.find_first_not_of('\0'), std::string::npos);
}

TEST_F(WorkerDeviceTest, ScratchFolderIsEmptyForTheNextJobAndGoneWithTheDevice)
{
    const std::string scratch = folder_.At("scratch");

    rein_registry_set(Registry(), "scratch-folder", scratch.c_str());
    RunOnce();
    std::string own;
    for (const auto &entry : rein_test::fs::directory_iterator(scratch)) {
        own = entry.path();
    }
    ASSERT_NE(own, "");
    folder_.Write(own.substr(folder_.path().string().size() + 1) + "/canary", "of job 1");
    End();
    EXPECT_TRUE(rein_test::fs::is_empty(own));
    EXPECT_TRUE(rein_test::fs::exists(own));
    Close();
    EXPECT_FALSE(rein_test::fs::exists(own));
}

TEST_F(WorkerDeviceTest, ScratchFolderIsEmptiedThoughTheWorkerIsDead)
{
    const std::string scratch = folder_.At("scratch");

    rein_registry_set(Registry(), "scratch-folder", scratch.c_str());
    RunOnce("run-crashes");
    EXPECT_FALSE(is_run_);
    for (const auto &entry : rein_test::fs::directory_iterator(scratch)) {
        folder_.Write("scratch/" + entry.path().filename().string() + "/canary", "of job 1");
    }
    End();
    for (const auto &entry : rein_test::fs::directory_iterator(scratch)) {
        EXPECT_TRUE(rein_test::fs::is_empty(entry.path()));
    }
}

TEST_F(WorkerDeviceTest, ManyDevicesLeaveNoDescriptorAndNoThread)
{
    Open();
    Close();
    const auto count = [](const char *folder) {
        return std::distance(rein_test::fs::directory_iterator(folder), {});
    };
    const auto n_fds = count("/proc/self/fd");
    const auto n_threads = count("/proc/self/task");

    for (int i = 0; i < 20; i++) {
        RunOnce(i % 2 == 0 ? "" : "run-crashes");
        Close();
    }
    EXPECT_EQ(count("/proc/self/fd"), n_fds);
    EXPECT_TRUE(rein_test::WaitUntil([&] { return count("/proc/self/task") == n_threads; }));
}

} // namespace
