/* SPDX-License-Identifier: MIT */

/* The CPU plugin's table, its device, settings, buffers, and what it holds for a job. */

#include "cpu_plugin_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
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

/* ---- the table ---- */

TEST_F(CpuPluginTest, TableIsOfThisAbiAndHasEveryRequiredSlot)
{
    EXPECT_EQ(table->abi_major, REIN_ABI_MAJOR);
    EXPECT_EQ(table->abi_minor, REIN_ABI_MINOR);
    EXPECT_EQ(table->struct_size, sizeof(ReinPluginTable));
    EXPECT_STREQ(table->name, "cpu");
    EXPECT_TRUE(table->probe && table->open && table->close && table->build && table->discard &&
                table->allocate && table->release && table->write && table->read &&
                table->run_fitness && table->usage && table->cleanup && table->memory_info);
}

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

TEST_F(CpuPluginTest, OpenOfUnknownDeviceNamesIt)
{
    EXPECT_EQ(table->open("cpu:1", &host, &device, &msg), REIN_ERR_NO_DEVICE);
    EXPECT_EQ(device, nullptr);
    EXPECT_THAT(text, HasSubstr("'cpu:1'"));
}

TEST_F(CpuPluginTest, OpenWithoutHostIsRefused)
{
    EXPECT_EQ(table->open("cpu:0", nullptr, &device, &msg), REIN_ERR_INVALID_ARGUMENT);
    host.struct_size = 8;
    EXPECT_EQ(TryOpen(), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(device, nullptr);
}

TEST_F(CpuPluginTest, CloseOfNullIsNoOp)
{
    table->close(nullptr);
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

/* ---- buffers ---- */

TEST_F(CpuPluginTest, AllocateGivesZeroes)
{
    Open();
    EXPECT_THAT(Words(Buffer(4000), 1000), ::testing::Each(0u));
}

TEST_F(CpuPluginTest, AllocateGivesMemoryAlignedTo64Bytes)
{
    Open();
    const uint64_t program = Build("REIN_KERNEL(where, IN(u8, bytes), OUT(u32, out))\n"
                                   "{\n"
                                   "    out[0] = (u32)((u64)bytes & 63u);\n"
                                   "}\n");
    for (uint64_t size : { 1, 63, 64, 65, 4096, 100001 }) {
        const uint64_t out = BufferOf({ 99 });
        Run(Slice({ Stage(program, "where", 1, { Buffer(size), out }) }));
        EXPECT_EQ(Words(out, 1)[0], 0u) << size;
    }
}

TEST_F(CpuPluginTest, AllocateOfNothingIsRefused)
{
    uint64_t buffer = 5;

    Open();
    EXPECT_EQ(table->allocate(device, kJob, 0, 0, &buffer, &msg), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(buffer, 0u);
}

TEST_F(CpuPluginTest, AllocateOfMoreThanThereIsFailsAndHoldsNothing)
{
    uint64_t free_size = 0;
    uint64_t total_size = 0;
    uint64_t buffer = 5;

    Open();
    ASSERT_EQ(table->memory_info(device, &free_size, &total_size, &msg), REIN_OK) << text;
    for (uint64_t size : { UINT64_MAX, UINT64_MAX - 63, UINT64_MAX / 2, uint64_t{ 1 } << 47,
                           total_size + 1, total_size }) {
        EXPECT_EQ(table->allocate(device, kJob, size, 0, &buffer, &msg), REIN_ERR_OUT_OF_MEMORY);
        EXPECT_EQ(buffer, 0u);
        EXPECT_THAT(text, HasSubstr(std::to_string(size)));
    }
    EXPECT_EQ(Usage().n_buffers, 0u);
    EXPECT_EQ(Usage().size, 0u);
}

TEST_F(CpuPluginTest, WriteThenReadGivesTheSameBytes)
{
    char bytes[8] = "";

    Open();
    const uint64_t buffer = Buffer(10);
    EXPECT_EQ(table->write(device, kJob, buffer, 3, "abcdefg", 7, &msg), REIN_OK) << text;
    EXPECT_EQ(table->read(device, kJob, buffer, 4, bytes, 3, &msg), REIN_OK) << text;
    EXPECT_STREQ(bytes, "bcd");
}

TEST_F(CpuPluginTest, RangeOutsideTheBufferIsRefusedByWriteAndRead)
{
    char bytes[16] = "";

    Open();
    const uint64_t buffer = Buffer(10);
    const std::pair<uint64_t, uint64_t> ranges[] = { { 0, 11 },         { 10, 1 },
                                                     { 11, 0 },         { 5, UINT64_MAX },
                                                     { UINT64_MAX, 2 }, { UINT64_MAX - 1, 4 } };
    for (const auto &[offset, size] : ranges) {
        EXPECT_EQ(table->write(device, kJob, buffer, offset, bytes, size, &msg),
                  REIN_ERR_INVALID_ARGUMENT);
        EXPECT_EQ(table->read(device, kJob, buffer, offset, bytes, size, &msg),
                  REIN_ERR_INVALID_ARGUMENT);
        EXPECT_THAT(text, HasSubstr("which has 10 bytes"));
    }
    EXPECT_EQ(table->write(device, kJob, buffer, 0, nullptr, 1, &msg), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(table->read(device, kJob, buffer, 0, nullptr, 1, &msg), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(table->write(device, kJob, buffer, 10, nullptr, 0, &msg), REIN_OK);
}

TEST_F(CpuPluginTest, UnknownBufferIsRefusedByName)
{
    char byte = 0;

    Open();
    for (uint64_t buffer : { uint64_t{ 0 }, uint64_t{ 77 }, UINT64_MAX }) {
        EXPECT_EQ(table->write(device, kJob, buffer, 0, &byte, 1, &msg), REIN_ERR_INVALID_ARGUMENT);
        EXPECT_EQ(table->read(device, kJob, buffer, 0, &byte, 1, &msg), REIN_ERR_INVALID_ARGUMENT);
        EXPECT_EQ(table->release(device, kJob, buffer, &msg), REIN_ERR_INVALID_ARGUMENT);
        EXPECT_THAT(text, HasSubstr(std::to_string(buffer)));
    }
}

TEST_F(CpuPluginTest, BufferOfAnotherJobIsRefused)
{
    uint32_t word = 0;

    Open();
    const uint64_t buffer = BufferOf({ 42 });
    EXPECT_EQ(table->write(device, kOtherJob, buffer, 0, &word, 4, &msg),
              REIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(table->read(device, kOtherJob, buffer, 0, &word, 4, &msg), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(table->release(device, kOtherJob, buffer, &msg), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_THAT(text, HasSubstr("not of job 12"));
    EXPECT_EQ(Words(buffer, 1)[0], 42u);
}

TEST_F(CpuPluginTest, TokensAreNeverReused)
{
    std::vector<uint64_t> tokens;

    Open();
    for (int i = 0; i < 50; i++) {
        tokens.push_back(Buffer(8));
        tokens.push_back(Build(kTouch));
        EXPECT_EQ(table->release(device, kJob, tokens[tokens.size() - 2], &msg), REIN_OK);
        EXPECT_EQ(table->discard(device, kJob, tokens.back(), &msg), REIN_OK);
    }
    std::sort(tokens.begin(), tokens.end());
    EXPECT_EQ(std::unique(tokens.begin(), tokens.end()), tokens.end());
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

TEST_F(CpuPluginTest, UsageCountsBuffersBytesAndPrograms)
{
    Open();
    Buffer(100);
    const uint64_t second = Buffer(28);
    const uint64_t program = Build(kTouch);
    EXPECT_EQ(Usage().n_buffers, 2u);
    EXPECT_EQ(Usage().size, 128u);
    EXPECT_EQ(Usage().n_programs, 1u);
    EXPECT_EQ(Usage().n_queues, 0u);

    EXPECT_EQ(table->release(device, kJob, second, &msg), REIN_OK);
    EXPECT_EQ(table->discard(device, kJob, program, &msg), REIN_OK);
    EXPECT_EQ(Usage().n_buffers, 1u);
    EXPECT_EQ(Usage().size, 100u);
    EXPECT_EQ(Usage().n_programs, 0u);
}

TEST_F(CpuPluginTest, CleanupOfOneJobLeavesAnotherIntact)
{
    Open();
    const uint64_t program = Build(kTouch, kOtherJob);
    const uint64_t kept = BufferOf({ 1, 2, 3 }, kOtherJob);
    Build(kTouch);
    Buffer(10);
    Buffer(20);

    const ReinUsage released = Cleanup();
    EXPECT_EQ(released.n_buffers, 2u);
    EXPECT_EQ(released.size, 30u);
    EXPECT_EQ(released.n_programs, 1u);
    EXPECT_EQ(Usage().n_buffers + Usage().n_programs, 0u);
    EXPECT_THAT(Words(kept, 3, kOtherJob), ::testing::ElementsAre(1, 2, 3));
    Run(Slice({ Stage(program, "touch", 1, { BufferOf({ 0 }, kOtherJob), kept }) }), kOtherJob);
    EXPECT_EQ(Words(kept, 1, kOtherJob)[0], 7u);
}

TEST_F(CpuPluginTest, CleanupAgainAndOfAnUnknownJobReleasesNothing)
{
    Open();
    Buffer(10);
    Cleanup();
    for (uint64_t job : { kJob, uint64_t{ 0 }, uint64_t{ 999 } }) {
        const ReinUsage released = Cleanup(job);
        EXPECT_EQ(released.n_buffers + released.n_programs + released.size, 0u);
        EXPECT_EQ(Usage(job).n_buffers + Usage(job).n_programs + Usage(job).size, 0u);
    }
}

TEST_F(CpuPluginTest, UsageOfAnOlderCallerIsNotWrittenPastItsEnd)
{
    ReinUsage usage = {};

    Open();
    Buffer(10);
    usage.struct_size = 8;
    usage.size = 4711;
    table->usage(device, kJob, &usage);
    EXPECT_EQ(usage.struct_size, 8u);
    EXPECT_EQ(usage.n_buffers, 1u);
    EXPECT_EQ(usage.size, 4711u);
}

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

TEST_F(CpuPluginTest, MemoryInfoIsThatOfTheMachine)
{
    uint64_t free_size = 0;
    uint64_t total_size = 0;

    Open();
    EXPECT_EQ(table->memory_info(device, &free_size, &total_size, &msg), REIN_OK) << text;
    EXPECT_GT(free_size, 0u);
    EXPECT_LE(free_size, total_size);
}
