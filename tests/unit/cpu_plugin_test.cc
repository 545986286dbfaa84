/* SPDX-License-Identifier: MIT */

/* The CPU plugin's table, its device, settings, buffers, and what it holds for a job. */

#include "cpu_plugin_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <thread>

using ::testing::HasSubstr;
using ::testing::Not;

namespace
{

const char kTouch[] = "REIN_KERNEL(touch, IN(u32, offset), OUT(u8, bytes))\n"
                      "{\n"
                      "    bytes[offset[0] + item] = 7;\n"
                      "}\n";

class CpuPluginTest : public CpuPluginFixture
{
};

class CpuSettingTest : public CpuPluginFixture,
                       public ::testing::WithParamInterface<std::pair<const char *, const char *>>
{
};

std::vector<ReinDeviceInfo> found_devices;

void
Found(void *context, const ReinDeviceInfo *info)
{
    (void)context;
    found_devices.push_back(*info);
}

} // namespace

/* ---- devices ---- */

TEST_F(CpuPluginTest, ProbeFindsTheProcessor)
{
    found_devices.clear();
    ASSERT_EQ(table->probe(&host, Found, nullptr, &msg), REIN_OK) << text;

    ASSERT_EQ(found_devices.size(), 1u);
    const ReinDeviceInfo &info = found_devices[0];
    EXPECT_STREQ(info.id, "cpu:0");
    EXPECT_STRNE(info.name, "");
    EXPECT_THAT(info.driver, HasSubstr("native, "));
    EXPECT_STREQ(info.pci, "");
    EXPECT_EQ(info.interleave, 16u);
    EXPECT_GE(info.n_units, 1u);
    EXPECT_GT(info.memory_size, 0u);
    EXPECT_EQ(info.flags,
              REIN_DEVICE_IS_CPU | REIN_DEVICE_KEEPS_DENORMALS | REIN_DEVICE_UNIFIED_MEMORY);
}

TEST_F(CpuPluginTest, ProbeWithMalformedSettingStillFindsTheProcessor)
{
    settings["level"] = "sse9";
    found_devices.clear();
    EXPECT_EQ(table->probe(&host, Found, nullptr, &msg), REIN_OK);
    EXPECT_EQ(found_devices.size(), 1u);
}

TEST_F(CpuPluginTest, OpenLogsLevelAndThreads)
{
    Reopen("3", "baseline");
    EXPECT_THAT(Logged(), HasSubstr("2 cpu:0: level baseline, 3 threads"));
}

TEST_F(CpuPluginTest, AutoIsWhatNoSettingIs)
{
    Open();
    const std::string unset = Logged();
    Reopen("auto", "auto");
    EXPECT_EQ(Logged(), unset + unset);
}

TEST_F(CpuPluginTest, ThreadLimitOfTheHostCapsThreads)
{
    host.thread_limit = 2;
    Reopen("5");
    EXPECT_THAT(Logged(), HasSubstr("2 threads"));
}

TEST_F(CpuPluginTest, TwoHundredOpensLeaveNoDescriptorAndNoThread)
{
    settings["threads"] = "4";
    Open();
    Close();
    const size_t n_files = FilesIn("/proc/self/fd").size();
    const size_t n_threads = FilesIn("/proc/self/task").size();

    for (int i = 0; i < 200; i++) {
        Open();
        Buffer(100000);
        Close();
    }
    EXPECT_EQ(FilesIn("/proc/self/fd").size(), n_files);
    EXPECT_EQ(FilesIn("/proc/self/task").size(), n_threads);
}

TEST_F(CpuPluginTest, ThreadsBlockEverySignal)
{
    int n_workers = 0;

    Reopen("3");
    for (const std::string &task : FilesIn("/proc/self/task")) {
        std::ifstream comm(task + "/comm");
        std::ifstream status(task + "/status");
        std::string name;
        std::string line;
        getline(comm, name);
        if (name.rfind("rein-cpu-", 0) != 0) {
            continue;
        }
        n_workers++;
        while (getline(status, line)) {
            if (line.rfind("SigBlk:", 0) == 0) {
                const uint64_t blocked = std::stoull(line.substr(7), nullptr, 16);
                EXPECT_NE(blocked & (1ull << (SIGTERM - 1)), 0u);
                EXPECT_NE(blocked & (1ull << (SIGINT - 1)), 0u);
            }
        }
    }
    EXPECT_EQ(n_workers, 2);
}

static int
OpenWithoutRoomForThreads(const ReinPluginTable *table, ReinHost *host, ReinMsg *msg)
{
    ReinPluginDevice *device = nullptr;
    struct rlimit limit = { 256u << 20, 256u << 20 };

    setrlimit(RLIMIT_AS, &limit);
    const ReinStatus status = table->open("cpu:0", host, &device, msg);
    fprintf(stderr, "%s\n", msg->text);
    return status == REIN_ERR_FAILED && device == nullptr ? 0 : 1;
}

TEST_F(CpuPluginTest, OpenWhenThreadsCannotStartFailsAndJoinsThoseThatDid)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer needs more address space than the limit leaves";
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    GTEST_SKIP() << "a sanitizer needs more address space than the limit leaves";
#endif
#endif
    settings["threads"] = "1000";
    EXPECT_EXIT(_exit(OpenWithoutRoomForThreads(table, &host, &msg)), ::testing::ExitedWithCode(0),
                "start thread [0-9]+ of 1000");
}

/* ---- settings ---- */

TEST_P(CpuSettingTest, MalformedValueIsRefusedWithItsText)
{
    settings[GetParam().first] = GetParam().second;
    EXPECT_EQ(TryOpen(), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(device, nullptr);
    EXPECT_THAT(text, HasSubstr(GetParam().first));
    EXPECT_THAT(text, HasSubstr(GetParam().second));
}

INSTANTIATE_TEST_SUITE_P(
    Malformed, CpuSettingTest,
    ::testing::Values(std::make_pair("threads", ""), std::make_pair("threads", "0"),
                      std::make_pair("threads", "1025"), std::make_pair("threads", "-1"),
                      std::make_pair("threads", "2x"), std::make_pair("threads", " 2"),
                      std::make_pair("threads", "99999999999999999999"),
                      std::make_pair("level", ""), std::make_pair("level", "AVX2"),
                      std::make_pair("level", "avx"), std::make_pair("compiler", "")));

TEST_F(CpuPluginTest, LevelTheProcessorLacksIsRefusedByName)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        GTEST_SKIP() << "this processor has every level";
    }
#endif
    settings["level"] = "avx512";
    EXPECT_EQ(TryOpen(), REIN_ERR_UNSUPPORTED);
    EXPECT_THAT(text, HasSubstr("avx512"));
}

/* ---- the guard ---- */

TEST_F(CpuPluginTest, WritePastTheEndIsReportedByReleaseAndGivenBackAllTheSame)
{
    Open();
    const uint64_t program = Build(kTouch);
    const uint64_t buffer = Buffer(100);
    const uint64_t offset = BufferOf({ 100 });
    Run(Slice({ Stage(program, "touch", 1, { offset, buffer }) }));

    EXPECT_EQ(table->release(device, kJob, buffer, &msg), REIN_ERR_FAILED);
    EXPECT_THAT(text, HasSubstr("buffer " + std::to_string(buffer)));
    EXPECT_THAT(text, HasSubstr("past the end of its 100 bytes"));
    EXPECT_EQ(Usage().n_buffers, 1u);
    EXPECT_EQ(table->release(device, kJob, buffer, &msg), REIN_ERR_INVALID_ARGUMENT);
}

TEST_F(CpuPluginTest, WritePastTheEndIsLoggedByCleanup)
{
    Open();
    const uint64_t program = Build(kTouch);
    const uint64_t buffer = Buffer(100);
    Run(Slice({ Stage(program, "touch", 64, { BufferOf({ 100 }), buffer }) }));

    EXPECT_EQ(Cleanup().n_buffers, 2u);
    EXPECT_THAT(Logged(), HasSubstr("past the end of buffer " + std::to_string(buffer)));
    EXPECT_EQ(Usage().n_buffers, 0u);
}

TEST_F(CpuPluginTest, WriteUpToTheEndIsFine)
{
    Open();
    const uint64_t program = Build(kTouch);
    const uint64_t buffer = Buffer(100);
    Run(Slice({ Stage(program, "touch", 100, { BufferOf({ 0 }), buffer }) }));
    EXPECT_EQ(table->release(device, kJob, buffer, &msg), REIN_OK) << text;
}

/* ---- what a job holds ---- */

TEST_F(CpuPluginTest, ReleasedMemoryIsBackAtOnce)
{
    uint64_t before = 0;
    uint64_t held = 0;
    uint64_t after = 0;
    const uint64_t size = 64u << 20;
    auto resident = [] {
        std::ifstream file("/proc/self/statm");
        uint64_t total = 0;
        uint64_t pages = 0;
        file >> total >> pages;
        return pages * 4096;
    };

    Open();
    before = resident();
    const uint64_t buffer = Buffer(size);
    held = resident();
    EXPECT_EQ(table->release(device, kJob, buffer, &msg), REIN_OK);
    after = resident();
    EXPECT_GE(held, before + size / 2) << "the memory is there when allocate returns";
    EXPECT_LT(after, before + size / 20);
}

TEST_F(CpuPluginTest, AllocateOfAllTheMemoryOfTheMachineFails)
{
    uint64_t free_size = 0;
    uint64_t total_size = 0;
    uint64_t buffer = 5;

    Open();
    ASSERT_EQ(table->memory_info(device, &free_size, &total_size, &msg), REIN_OK) << text;
    EXPECT_EQ(table->allocate(device, kJob, total_size, 0, &buffer, &msg), REIN_ERR_OUT_OF_MEMORY);
    EXPECT_EQ(buffer, 0u);
}

TEST_F(CpuPluginTest, MemoryInfoIsThatOfTheMachine)
{
    uint64_t free_size = 0;
    uint64_t total_size = 0;

    Open();
    EXPECT_EQ(table->memory_info(device, &free_size, &total_size, &msg), REIN_OK) << text;
    EXPECT_GT(free_size, 0u);
    EXPECT_LE(free_size, total_size);
}
