/* SPDX-License-Identifier: MIT */

#include <pthread.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "device_fixture.h"
#include "record_private.h"
#include "support/process_counts.h"
#include "support/processes.h"
#include "support/temporary_folder.h"

namespace
{

using rein_test::FakeGetCounts;
using rein_test::Slot;
using rein_test::WaitUntil;
using testing::ElementsAre;
using testing::HasSubstr;

class DeviceTest : public rein_test::DeviceFixture
{
  protected:
    static std::string thread_name_;
    static std::vector<std::string> heard_;

    /* What the plugin's open() sees of the host, as text. */
    static std::string seen_;

    static ReinStatus
    OpenAndLook(const char *id, const ReinHost *host, ReinPluginDevice **out, ReinMsg *msg)
    {
        const char *color = host->setting(host->context, "color");

        seen_ = std::string("color=") + (color != nullptr ? color : "none") +
                " threads=" + std::to_string(host->thread_limit) +
                " cache=" + (host->cache_directory != nullptr ? host->cache_directory : "none") +
                " scratch=" + (host->scratch_directory != nullptr ? "some" : "none");
        if (host->scratch_directory != nullptr) {
            scratch_ = host->scratch_directory;
            EXPECT_TRUE(g_file_test(scratch_.c_str(), G_FILE_TEST_IS_DIR));
            g_autofree char *inner = g_build_filename(scratch_.c_str(), "a", "b", nullptr);
            EXPECT_EQ(g_mkdir_with_parents(inner, 0700), 0);
        }
        EXPECT_EQ(host->setting(host->context, std::string(1000, 'k').c_str()), nullptr);
        EXPECT_EQ(host->setting(host->context, nullptr), nullptr);
        return rein_test::FakeTable()->open(id, host, out, msg);
    }

    static GLogWriterOutput
    Listen(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer)
    {
        for (gsize i = 0; i < n_fields; i++) {
            if (strcmp(fields[i].key, "MESSAGE") == 0) {
                heard_.push_back(std::to_string(level) + " " +
                                 static_cast<const char *>(fields[i].value));
            }
        }
        return G_LOG_WRITER_HANDLED;
    }

    static std::string scratch_;
};

std::string DeviceTest::thread_name_;
std::vector<std::string> DeviceTest::heard_;
std::string DeviceTest::seen_;
std::string DeviceTest::scratch_;

TEST_F(DeviceTest, OpenedDeviceTellsWhatProbeTold)
{
    ASSERT_NE(Open(), nullptr);
    EXPECT_STREQ(rein_device_get_id(device_), "fake:0");
    EXPECT_STREQ(rein_device_get_name(device_), "Fake processor 0");
    EXPECT_STREQ(rein_device_get_driver(device_), "fake 1.0");
    EXPECT_EQ(rein_device_get_n_units(device_), 4u);
    EXPECT_EQ(rein_device_get_interleave(device_), 8u);
    EXPECT_TRUE(rein_device_is_cpu(device_));
    EXPECT_FALSE(rein_device_is_lost(device_));
}

TEST_F(DeviceTest, OpenThatFailsSaysWhy)
{
    g_autoptr(GError) error = nullptr;

    wrapping_ = std::make_unique<rein_test::WrappingTable>(rein_test::FakeTable());
    wrapping_->FailCall(Slot::kOpen, 1, REIN_ERR_OUT_OF_MEMORY, "12 bytes free");
    EXPECT_EQ(Open(nullptr, nullptr, &error), nullptr);
    ASSERT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_OUT_OF_MEMORY));
    EXPECT_STREQ(error->message, "open fake:0: 12 bytes free");
    EXPECT_EQ(wrapping_->Story(), "open");
}

TEST_F(DeviceTest, OpenWithoutADeviceIsABreach)
{
    g_autoptr(GError) error = nullptr;
    ReinPluginTable table = *rein_test::FakeTable();
    const ReinDeviceInfo info = rein_test::FakeDeviceInfo(0);

    table.open = [](const char *, const ReinHost *, ReinPluginDevice **out, ReinMsg *) {
        *out = nullptr;
        return ReinStatus(REIN_OK);
    };
    g_autoptr(ReinPlugin) plugin = rein_plugin_new_for_table(&table, nullptr);
    EXPECT_EQ(rein_device_open(plugin, &info, nullptr, nullptr, &error), nullptr);
    ASSERT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_PLUGIN));
    EXPECT_STREQ(error->message, "open fake:0: plugin lies: open answered without a device");
}

TEST_F(DeviceTest, InterleaveThatIsNoPowerOfTwoIsRefused)
{
    g_autoptr(ReinPlugin) plugin = rein_plugin_new_for_table(rein_test::FakeTable(), nullptr);

    for (uint32_t interleave : { 0u, 3u, 131072u }) {
        g_autoptr(GError) error = nullptr;
        ReinDeviceInfo info = rein_test::FakeDeviceInfo(0);

        info.interleave = interleave;
        EXPECT_EQ(rein_device_open(plugin, &info, nullptr, nullptr, &error), nullptr);
        ASSERT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_PLUGIN));
        EXPECT_THAT(error->message, HasSubstr("open fake:0: plugin lies: interleave"));
    }
}

TEST_F(DeviceTest, EverySlotRunsOnTheDevicesThread)
{
    ASSERT_NE(Open(), nullptr);
    const uint64_t job = rein_device_next_job(device_);
    const uint64_t program = Build(job);
    const uint64_t buffer = Allocate(job, 64);
    g_autoptr(GBytes) data = g_bytes_new_static("abcd", 4);
    g_autoptr(ReinCall) write = Make(rein_call_new_write(job, buffer, 8, data));
    g_autoptr(ReinCall) read = rein_call_new(REIN_CALL_READ, job);
    const ReinStage stage = CountStage(program, buffer, 5);
    const ReinSlice slice = Rounds(&stage, 3);
    g_autoptr(ReinCall) run = Make(rein_call_new_run(job, &slice, nullptr));

    EXPECT_EQ(write->status, REIN_OK) << write->text;
    read->token = buffer;
    read->offset = 8;
    read->size = 4;
    Make(read);
    EXPECT_EQ(std::string(static_cast<const char *>(g_bytes_get_data(read->data, nullptr)), 4),
              "abcd");
    EXPECT_EQ(run->report.n_rounds, 3u);
    EXPECT_EQ(run->report.n_launches, 3u);
    EXPECT_EQ(Simple(REIN_CALL_MEMORY_INFO, job), REIN_OK);
    EXPECT_EQ(Simple(REIN_CALL_USAGE, job), REIN_OK);
    EXPECT_EQ(Simple(REIN_CALL_RELEASE, job, buffer), REIN_OK);
    EXPECT_EQ(Simple(REIN_CALL_DISCARD, job, program), REIN_OK);
    EXPECT_EQ(Simple(REIN_CALL_CLEANUP, job), REIN_OK);
    Close();
    EXPECT_EQ(wrapping_->Story(), "open build allocate write run_fitness read memory_info usage "
                                  "release discard cleanup close");
    EXPECT_THAT(wrapping_->Breaches(), testing::IsEmpty()); /* another thread would be one */
}

TEST_F(DeviceTest, ThreadBearsTheDevicesName)
{
    ASSERT_NE(Open([](ReinPluginTable &table) {
                  table.usage = [](ReinPluginDevice *, uint64_t, ReinUsage *) {
                      char name[16] = "";

                      pthread_getname_np(pthread_self(), name, sizeof name);
                      thread_name_ = name;
                  };
              }),
              nullptr);
    Simple(REIN_CALL_USAGE, 1);
    EXPECT_EQ(thread_name_, "rein fake:0");
}

TEST_F(DeviceTest, CallsAreMadeInTheOrderOfPosting)
{
    std::vector<ReinCall *> calls;
    std::vector<uint64_t> order;

    ASSERT_NE(Open(), nullptr);
    wrapping_->HangCall(Slot::kUsage, 1);
    for (uint64_t job = 1; job <= 20; job++) {
        calls.push_back(rein_call_new(REIN_CALL_USAGE, job));
        rein_device_post(device_, calls.back());
    }
    ASSERT_TRUE(wrapping_->WaitUntilHanging());
    EXPECT_EQ(wrapping_->Count(Slot::kUsage), 1u);
    wrapping_->LetGo();
    for (ReinCall *call : calls) {
        EXPECT_TRUE(rein_device_wait(device_, call, G_MAXINT64));
        rein_call_unref(call);
    }
    for (const auto &call : wrapping_->Calls()) {
        if (call.slot == Slot::kUsage) {
            order.push_back(call.job);
        }
    }
    for (uint64_t i = 0; i < order.size(); i++) {
        EXPECT_EQ(order[i], i + 1);
    }
}

TEST_F(DeviceTest, TwoThreadsShareADeviceCallByCall)
{
    std::vector<std::thread> threads;

    ASSERT_NE(Open(), nullptr);
    for (int t = 0; t < 2; t++) {
        threads.emplace_back([this] {
            const uint64_t job = rein_device_next_job(device_);

            for (int i = 0; i < 100; i++) {
                Allocate(job, 16);
            }
            EXPECT_EQ(Simple(REIN_CALL_CLEANUP, job), REIN_OK);
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    EXPECT_EQ(FakeGetCounts().n_buffers, 0u);
}

TEST_F(DeviceTest, WaitReturnsWhenItsTimeIsOver)
{
    g_autoptr(ReinCall) call = rein_call_new(REIN_CALL_USAGE, 1);

    ASSERT_NE(Open(), nullptr);
    wrapping_->HangCall(Slot::kUsage, 1);
    rein_device_post(device_, call);
    EXPECT_FALSE(rein_device_wait(device_, call, rein_now_ns() + 1000000));
    EXPECT_FALSE(rein_device_wait(device_, call, 0));
    EXPECT_FALSE(rein_device_wait(device_, call, -1));
    EXPECT_EQ(Check(call).first, REIN_ERROR_TIMEOUT);
    EXPECT_EQ(Check(call).second, "call on fake:0: the plugin has not answered");
    wrapping_->LetGo();
    EXPECT_TRUE(rein_device_wait(device_, call, G_MAXINT64));
    EXPECT_EQ(Check(call).first, 0);
}

TEST_F(DeviceTest, CallWaitingBehindOthersIsNotTakenYet)
{
    g_autoptr(ReinCall) hangs = rein_call_new(REIN_CALL_USAGE, 1);
    g_autoptr(ReinCall) queued = rein_call_new(REIN_CALL_USAGE, 2);

    ASSERT_NE(Open(), nullptr);
    wrapping_->HangCall(Slot::kUsage, 1);
    rein_device_post(device_, hangs);
    rein_device_post(device_, queued);
    ASSERT_TRUE(wrapping_->WaitUntilHanging());
    EXPECT_GT(rein_device_get_taken_ns(device_, hangs), 0);
    EXPECT_EQ(rein_device_get_taken_ns(device_, queued), 0);
    wrapping_->LetGo();
    EXPECT_TRUE(rein_device_wait(device_, queued, G_MAXINT64));
    EXPECT_GE(rein_device_get_taken_ns(device_, queued), rein_device_get_taken_ns(device_, hangs));
}

TEST_F(DeviceTest, WakeMakesAWaitReturn)
{
    g_autoptr(ReinCall) call = rein_call_new(REIN_CALL_USAGE, 1);

    ASSERT_NE(Open(), nullptr);
    wrapping_->HangCall(Slot::kUsage, 1);
    rein_device_post(device_, call);
    ASSERT_TRUE(wrapping_->WaitUntilHanging());
    std::thread waker([this] { rein_device_wake(device_); });
    EXPECT_FALSE(rein_device_wait(device_, call, G_MAXINT64));
    waker.join();
    wrapping_->LetGo();
    EXPECT_TRUE(rein_device_wait(device_, call, G_MAXINT64));
}

TEST_F(DeviceTest, WakeBetweenPostAndWaitIsNotLost)
{
    g_autoptr(ReinCall) call = rein_call_new(REIN_CALL_USAGE, 1);

    ASSERT_NE(Open(), nullptr);
    wrapping_->HangCall(Slot::kUsage, 1);
    rein_device_wake(device_); /* before the post: nobody's */
    rein_device_post(device_, call);
    EXPECT_FALSE(rein_device_wait(device_, call, rein_now_ns() + 1000000));
    rein_device_wake(device_);
    EXPECT_FALSE(rein_device_wait(device_, call, G_MAXINT64));
    wrapping_->LetGo();
    EXPECT_TRUE(rein_device_wait(device_, call, G_MAXINT64));
}

TEST_F(DeviceTest, RaisedFlagEndsARun)
{
    g_autoptr(ReinStop) stop = rein_stop_new(nullptr);

    ASSERT_NE(Open(), nullptr);
    rein_test::FakeSetKernel("count", [&](const rein_test::FakeLaunch &launch) {
        if (launch.round == 2) {
            rein_stop_raise(stop, REIN_STOP_USER);
        }
    });
    const uint64_t program = Build(1);
    const ReinStage stage = CountStage(program, Allocate(1, 4), 1);
    const ReinSlice slice = Rounds(&stage, 1000000);
    g_autoptr(ReinCall) run = Make(rein_call_new_run(1, &slice, stop));

    EXPECT_EQ(Check(run).first, 0);
    EXPECT_EQ(run->report.n_rounds, 3u);
    Simple(REIN_CALL_CLEANUP, 1);
}

TEST_F(DeviceTest, InterruptReachesThePluginWhileACallIsUnderWay)
{
    g_autoptr(ReinCall) call = rein_call_new(REIN_CALL_USAGE, 1);

    ASSERT_NE(Open(), nullptr);
    wrapping_->HangCall(Slot::kUsage, 1);
    rein_device_post(device_, call);
    ASSERT_TRUE(wrapping_->WaitUntilHanging());
    EXPECT_TRUE(rein_device_interrupt(device_, 1));
    EXPECT_TRUE(WaitUntil([] { return FakeGetCounts().n_interrupts == 1; }));
    wrapping_->LetGo();
    EXPECT_TRUE(rein_device_wait(device_, call, G_MAXINT64));
}

TEST_F(DeviceTest, InterruptSaysIfThePluginHasNone)
{
    ASSERT_NE(Open([](ReinPluginTable &table) { table.interrupt = nullptr; }), nullptr);
    EXPECT_FALSE(rein_device_interrupt(device_, 1));
}

TEST_F(DeviceTest, LastUnrefMakesTheQueuedCallsFirst)
{
    std::vector<ReinCall *> calls;

    ASSERT_NE(Open(), nullptr);
    wrapping_->HangCall(Slot::kUsage, 1);
    for (uint64_t job = 1; job <= 3; job++) {
        calls.push_back(rein_call_new(REIN_CALL_USAGE, job));
        rein_device_post(device_, calls.back());
    }
    ASSERT_TRUE(wrapping_->WaitUntilHanging());
    std::thread closer([this] { Close(); });
    wrapping_->LetGo();
    closer.join();
    for (ReinCall *call : calls) {
        EXPECT_EQ(Check(call).first, 0);
        rein_call_unref(call);
    }
    EXPECT_EQ(wrapping_->Story(), "open usage*3 close");
}

TEST_F(DeviceTest, DeviceStaysOpenUntilTheLastReference)
{
    ASSERT_NE(Open(), nullptr);
    rein_device_ref(device_);
    rein_device_unref(device_);
    EXPECT_EQ(Simple(REIN_CALL_USAGE, 1), REIN_OK);
    rein_device_unref(nullptr);
}

TEST_F(DeviceTest, JobsLeftBehindAreCleanedUpBeforeClose)
{
    ASSERT_NE(Open(), nullptr);
    Allocate(7, 100);
    Build(8);
    Close();
    EXPECT_EQ(wrapping_->Story(), "open allocate build cleanup*2 close");
    EXPECT_EQ(FakeGetCounts().n_buffers, 0u);
}

TEST_F(DeviceTest, StatusLostMakesTheDeviceLost)
{
    g_autoptr(ReinCall) lost = rein_call_new(REIN_CALL_ALLOCATE, 1);
    g_autoptr(ReinCall) later = rein_call_new(REIN_CALL_ALLOCATE, 1);

    ASSERT_NE(Open(), nullptr);
    Allocate(1, 10);
    wrapping_->FailCall(Slot::kAllocate, 2, REIN_ERR_DEVICE_LOST, "it fell off the bus");
    lost->size = later->size = 8;
    EXPECT_EQ(Check(Make(lost)),
              std::make_pair(int(REIN_ERROR_DEVICE_LOST),
                             std::string("call on fake:0: it fell off the bus")));
    EXPECT_TRUE(rein_device_is_lost(device_));
    EXPECT_EQ(Check(Make(later)).second,
              "call on fake:0: device fake:0 is lost: it fell off the bus");
    EXPECT_EQ(later->begun_ns, 0);
    EXPECT_EQ(wrapping_->Count(Slot::kAllocate), 2u);
}

TEST_F(DeviceTest, LostDeviceIsStillAskedWhatIsLegalInAnyState)
{
    g_autoptr(ReinCall) count = rein_call_new(REIN_CALL_CLEANUP, 1);

    ASSERT_NE(Open(), nullptr);
    Allocate(1, 10);
    wrapping_->FailCall(Slot::kWrite, 1, REIN_ERR_DEVICE_LOST);
    g_autoptr(GBytes) data = g_bytes_new_static("a", 1);
    g_autoptr(ReinCall) write = Make(rein_call_new_write(1, 1, 0, data));
    allows_breaches_ = true; /* buffer 1 need not be the job's */
    EXPECT_EQ(write->status, REIN_ERR_DEVICE_LOST);
    EXPECT_TRUE(rein_device_is_lost(device_));
    EXPECT_EQ(Check(Make(count)).first, 0);
    EXPECT_EQ(count->count.n_buffers, 1u);
    EXPECT_EQ(count->count.size, 10u);
    EXPECT_EQ(Simple(REIN_CALL_USAGE, 1), REIN_OK);
}

TEST_F(DeviceTest, GivenUpDeviceAnswersQueuedAndLaterCallsAtOnce)
{
    g_autoptr(ReinCall) hangs = rein_call_new(REIN_CALL_USAGE, 1);
    g_autoptr(ReinCall) queued = rein_call_new(REIN_CALL_USAGE, 2);
    g_autoptr(ReinCall) later = rein_call_new(REIN_CALL_CLEANUP, 2);

    ASSERT_NE(Open(), nullptr);
    wrapping_->HangCall(Slot::kUsage, 1);
    rein_device_post(device_, hangs);
    rein_device_post(device_, queued);
    ASSERT_TRUE(wrapping_->WaitUntilHanging());
    rein_device_give_up(device_, "usage hangs since 5 s");

    EXPECT_TRUE(rein_device_is_lost(device_));
    EXPECT_TRUE(rein_device_wait(device_, queued, 0));
    EXPECT_EQ(queued->status, REIN_ERR_DEVICE_LOST);
    EXPECT_STREQ(queued->text, "device fake:0 is lost: usage hangs since 5 s");
    rein_device_post(device_, later);
    EXPECT_TRUE(rein_device_wait(device_, later, 0));
    EXPECT_EQ(later->status, REIN_ERR_DEVICE_LOST);
    EXPECT_FALSE(rein_device_wait(device_, hangs, 0));
    wrapping_->LetGo();
}

TEST_F(DeviceTest, GivingUpTwiceKeepsTheFirstReason)
{
    g_autoptr(ReinCall) call = rein_call_new(REIN_CALL_USAGE, 1);

    ASSERT_NE(Open(), nullptr);
    rein_device_give_up(device_, "first");
    rein_device_give_up(device_, "second");
    EXPECT_EQ(Make(call)->status, REIN_ERR_DEVICE_LOST);
    EXPECT_STREQ(call->text, "device fake:0 is lost: first");
}

TEST_F(DeviceTest, HungDeviceIsClosedByItsThreadIfTheCallReturnsAfterAll)
{
    ReinCall *hangs = rein_call_new(REIN_CALL_RELEASE, 1);

    ASSERT_NE(Open(), nullptr);
    hangs->token = Allocate(1, 10);
    wrapping_->HangCall(Slot::kRelease, 1);
    rein_device_post(device_, hangs);
    ASSERT_TRUE(wrapping_->WaitUntilHanging());
    rein_device_give_up(device_, "release hangs");
    rein_call_unref(hangs); /* the device's thread has the last one */
    Close();
    EXPECT_EQ(wrapping_->OpenDevices(), 1u);

    wrapping_->LetGo();
    EXPECT_TRUE(wrapping_->WaitUntilClosed());
    EXPECT_EQ(wrapping_->Story(), "open allocate release cleanup close");
}

TEST_F(DeviceTest, GivenUpDeviceThatRecoveredIsClosedByTheLastUnref)
{
    g_autoptr(ReinCall) hangs = rein_call_new(REIN_CALL_USAGE, 1);

    ASSERT_NE(Open(), nullptr);
    wrapping_->HangCall(Slot::kUsage, 1);
    rein_device_post(device_, hangs);
    ASSERT_TRUE(wrapping_->WaitUntilHanging());
    rein_device_give_up(device_, "usage hangs");
    wrapping_->LetGo();
    EXPECT_TRUE(rein_device_wait(device_, hangs, G_MAXINT64));
    EXPECT_TRUE(rein_device_is_lost(device_));
    Close();
    EXPECT_EQ(wrapping_->OpenDevices(), 0u);
}

TEST_F(DeviceTest, SettingsReachThePlugin)
{
    rein_test::TemporaryFolder folder;
    g_autoptr(GHashTable) settings = g_hash_table_new(g_str_hash, g_str_equal);
    std::string cache = folder.At("cache");
    std::string scratch = folder.At("scratch");
    std::string color = "blue";

    g_hash_table_insert(settings, const_cast<char *>("fake.color"), color.data());
    g_hash_table_insert(settings, const_cast<char *>("thread-limit"), const_cast<char *>("3"));
    g_hash_table_insert(settings, const_cast<char *>("cache-folder"), cache.data());
    g_hash_table_insert(settings, const_cast<char *>("scratch-folder"), scratch.data());
    ASSERT_NE(Open([](ReinPluginTable &table) { table.open = OpenAndLook; }, settings), nullptr);
    EXPECT_EQ(seen_, "color=blue threads=3 cache=" + cache + "/fake scratch=some");
    EXPECT_TRUE(g_file_test(scratch_.c_str(), G_FILE_TEST_IS_DIR));
    Close();
    EXPECT_FALSE(g_file_test(scratch_.c_str(), G_FILE_TEST_EXISTS));
    EXPECT_TRUE(g_file_test(scratch.c_str(), G_FILE_TEST_IS_DIR));
    EXPECT_TRUE(g_file_test((cache + "/fake").c_str(), G_FILE_TEST_IS_DIR));
}

TEST_F(DeviceTest, OpenDeviceHasARecordThatNamesItsScratchFolder)
{
    rein_test::TemporaryFolder folder;
    g_autoptr(GHashTable) settings = g_hash_table_new(g_str_hash, g_str_equal);
    std::string state = folder.At("state");
    std::string scratch = folder.At("scratch");
    const std::string records = state + "/processes";
    g_auto(ReinRecordFacts) facts = {};

    g_hash_table_insert(settings, const_cast<char *>("state-folder"), state.data());
    g_hash_table_insert(settings, const_cast<char *>("scratch-folder"), scratch.data());
    ASSERT_NE(Open([](ReinPluginTable &table) { table.open = OpenAndLook; }, settings), nullptr);
    const std::filesystem::directory_iterator found(records);
    ASSERT_NE(found, std::filesystem::directory_iterator());
    ASSERT_TRUE(rein_record_read(found->path().c_str(), &facts));
    EXPECT_EQ(facts.scratch_folder, scratch_);
    EXPECT_STREQ(facts.device, "fake:0");
    Close();
    EXPECT_TRUE(std::filesystem::is_empty(records));
}

TEST_F(DeviceTest, FoldersThatCannotBeMadeAreDoneWithout)
{
    rein_test::TemporaryFolder folder;
    g_autoptr(GHashTable) settings = g_hash_table_new(g_str_hash, g_str_equal);
    std::string file = folder.Write("file", "no folder") + "/below";

    g_hash_table_insert(settings, const_cast<char *>("cache-folder"), file.data());
    g_hash_table_insert(settings, const_cast<char *>("scratch-folder"), file.data());
    g_hash_table_insert(settings, const_cast<char *>("state-folder"), file.data());
    ASSERT_NE(Open([](ReinPluginTable &table) { table.open = OpenAndLook; }, settings), nullptr);
    EXPECT_EQ(seen_, "color=none threads=0 cache=none scratch=none");
}

TEST_F(DeviceTest, ThreadLimitThatIsNoNumberIsInvalid)
{
    g_autoptr(GHashTable) settings = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GError) error = nullptr;

    g_hash_table_insert(settings, const_cast<char *>("thread-limit"), const_cast<char *>("many"));
    EXPECT_EQ(Open(nullptr, settings, &error), nullptr);
    ASSERT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_INVALID));
    EXPECT_THAT(error->message, HasSubstr("setting thread-limit: "));
}

TEST_F(DeviceTest, LogOfThePluginBearsTheDevicesNameAndNeverAborts)
{
    static gsize is_listening = 0; /* GLib takes one writer, once */

    heard_.clear();
    if (g_once_init_enter(&is_listening)) {
        g_log_set_writer_func(Listen, nullptr, nullptr);
        g_once_init_leave(&is_listening, 1);
    }
    ASSERT_NE(Open([](ReinPluginTable &table) {
                  table.open = [](const char *id, const ReinHost *host, ReinPluginDevice **out,
                                  ReinMsg *msg) {
                      for (int32_t level = REIN_LOG_ERROR; level <= REIN_LOG_DEBUG + 1; level++) {
                          host->log(host->context, level, "a\nb\xff");
                      }
                      return rein_test::FakeTable()->open(id, host, out, msg);
                  };
              }),
              nullptr);
    Close();
    const std::string line = " fake:0: a b\xef\xbf\xbd";
    const std::string warning = std::to_string(G_LOG_LEVEL_WARNING) + line;
    const std::string info = std::to_string(G_LOG_LEVEL_INFO) + line;
    EXPECT_THAT(heard_, ElementsAre(warning, warning, info,
                                    std::to_string(G_LOG_LEVEL_DEBUG) + line, info));
}

TEST_F(DeviceTest, JobNumbersAreUniqueInTheProcess)
{
    ASSERT_NE(Open(), nullptr);
    const uint64_t first = rein_device_next_job(device_);

    EXPECT_GT(first, 0u);
    EXPECT_EQ(rein_device_next_job(device_), first + 1);
    Close();
    ASSERT_NE(Open(), nullptr);
    EXPECT_EQ(rein_device_next_job(device_), first + 2);
}

TEST_F(DeviceTest, OpeningAndClosingLeavesThreadsAndDescriptorsAsBefore)
{
    ASSERT_NE(Open(), nullptr);
    Close();
    const int n_threads = rein_test::CountThreads();
    const int n_descriptors = rein_test::CountDescriptors();

    for (int i = 0; i < 200; i++) {
        ASSERT_NE(Open(), nullptr);
        Allocate(rein_device_next_job(device_), 100);
        Close();
    }
    EXPECT_EQ(rein_test::WaitForThreads(n_threads), n_threads);
    EXPECT_EQ(rein_test::CountDescriptors(), n_descriptors);
    EXPECT_EQ(FakeGetCounts().n_open_devices, 0u);
}

} // namespace
