/* SPDX-License-Identifier: MIT */

/* What every plugin's table keeps: its devices, buffers, and what it holds for a job. */

#include <algorithm>
#include <chrono>
#include <thread>

#include "plugin_fixture.h"

using ::testing::HasSubstr;

namespace
{

const char kTouch[] = "REIN_KERNEL(touch, IN(u32, offset), OUT(u8, bytes))\n"
                      "{\n"
                      "    bytes[offset[0] + item] = 7;\n"
                      "}\n";

class PluginTest : public PluginFixture
{
  protected:
    /* Whether there are no more than so many files in the folder, after 5 s at the latest. */
    static bool
    WaitForCount(const char *path, size_t most)
    {
        for (int i = 0; i < 500 && FilesIn(path).size() > most; i++) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return FilesIn(path).size() <= most;
    }
};

class BackendsTest : public ::testing::Test
{
};

} // namespace

/* A case that was renamed must not be skipped for ever under its old name. */
TEST_F(BackendsTest, SkippedCasesAreThere)
{
    const ::testing::UnitTest *tests = ::testing::UnitTest::GetInstance();

    for (const std::string &test : rein_test::SkippedCases()) {
        bool is_there = test.rfind("Plugin", 0) != 0; /* then it is of another program */
        for (int i = 0; i < tests->total_test_suite_count(); i++) {
            const ::testing::TestSuite *suite = tests->GetTestSuite(i);
            is_there |= std::string(suite->name()) + ".*" == test;
            for (int j = 0; j < suite->total_test_count(); j++) {
                is_there |=
                    std::string(suite->name()) + "." + suite->GetTestInfo(j)->name() == test;
            }
        }
        EXPECT_TRUE(is_there) << test;
    }
}

/* ---- the table and its devices ---- */

TEST_F(PluginTest, TableIsOfThisAbiAndHasEveryRequiredSlot)
{
    const std::string name = backend.device.substr(0, backend.device.find(':'));

    EXPECT_EQ(table->abi_major, REIN_ABI_MAJOR);
    EXPECT_EQ(table->abi_minor, REIN_ABI_MINOR);
    EXPECT_EQ(table->struct_size, sizeof(ReinPluginTable));
    EXPECT_EQ(table->name, name);
    EXPECT_TRUE(table->probe && table->open && table->close && table->build && table->discard &&
                table->allocate && table->release && table->write && table->read &&
                table->run_fitness && table->usage && table->cleanup);
}

TEST_F(PluginTest, ProbeDescribesTheDevice)
{
    const ReinDeviceInfo info = Info();
    const uint32_t kind = info.flags & (REIN_DEVICE_IS_CPU | REIN_DEVICE_IS_GPU);

    EXPECT_STRNE(info.name, "");
    EXPECT_STRNE(info.driver, "");
    EXPECT_GE(info.n_units, 1u);
    EXPECT_GT(info.memory_size, 0u);
    EXPECT_TRUE(kind == REIN_DEVICE_IS_CPU || kind == REIN_DEVICE_IS_GPU) << info.flags;
    EXPECT_GE(info.interleave, 1u);
    EXPECT_EQ(info.interleave & (info.interleave - 1), 0u) << "a power of two";
}

TEST_F(PluginTest, ProbeTwiceFindsTheSame)
{
    const std::vector<ReinDeviceInfo> first = Probe();

    Open();
    const std::vector<ReinDeviceInfo> second = Probe();
    ASSERT_EQ(first.size(), second.size());
    for (size_t i = 0; i < first.size(); i++) {
        EXPECT_STREQ(first[i].id, second[i].id);
    }
}

TEST_F(PluginTest, ProbeWithoutHostOrCallbackIsRefused)
{
    EXPECT_EQ(table->probe(&host, nullptr, nullptr, &msg), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(table->probe(
                  nullptr, [](void *, const ReinDeviceInfo *) {}, nullptr, &msg),
              REIN_ERR_INVALID_ARGUMENT);
}

TEST_F(PluginTest, OpenOfUnknownDeviceNamesIt)
{
    EXPECT_EQ(table->open("nobody:9", &host, &device, &msg), REIN_ERR_NO_DEVICE);
    EXPECT_EQ(device, nullptr);
    EXPECT_THAT(text, HasSubstr("'nobody:9'"));
}

TEST_F(PluginTest, OpenWithoutHostIsRefused)
{
    EXPECT_EQ(table->open(backend.device.c_str(), nullptr, &device, &msg),
              REIN_ERR_INVALID_ARGUMENT);
    host.struct_size = 8;
    EXPECT_EQ(TryOpen(), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(device, nullptr);
}

TEST_F(PluginTest, CloseOfNullIsNoOp)
{
    table->close(nullptr);
}

TEST_F(PluginTest, OpenAgainAndAgainLeavesNoDescriptorAndNoThread)
{
    auto use = [this] {
        Open();
        Build(kTouch);
        Buffer(100000);
        Close();
    };

    use();
    use();
    const size_t n_files = FilesIn("/proc/self/fd").size();
    const size_t n_threads = FilesIn("/proc/self/task").size();
    for (int i = 0; i < 10; i++) {
        use();
    }
    EXPECT_TRUE(WaitForCount("/proc/self/fd", n_files));
    EXPECT_TRUE(WaitForCount("/proc/self/task", n_threads)) << "threads were left behind";
}

/* ---- buffers ---- */

TEST_F(PluginTest, AllocateGivesZeroes)
{
    Open();
    EXPECT_THAT(Words(Buffer(4000), 1000), ::testing::Each(0u));
}

/* Of several sizes, so that what is kept in a pool comes back, whole or as part of another piece. */
TEST_F(PluginTest, CanaryOfOneJobIsNeverInABufferOfTheNext)
{
    static constexpr uint32_t kCanary = 0xca9a21e5u;
    const std::vector<size_t> sizes = { 16, 1000, 1024, 65536, 300000 };

    Open();
    for (int turn = 0; turn < 3; turn++) {
        for (const size_t n_words : sizes) {
            BufferOf(std::vector<uint32_t>(n_words, kCanary), kJob);
        }
        Cleanup(kJob);
        for (const size_t n_words : sizes) {
            for (const size_t n_next : { n_words, n_words / 2, n_words * 2 }) {
                EXPECT_THAT(Words(Buffer(n_next * sizeof(uint32_t), kOtherJob), n_next, kOtherJob),
                            ::testing::Not(::testing::Contains(kCanary)));
            }
        }
        Cleanup(kOtherJob);
    }
}

TEST_F(PluginTest, AllocateGivesMemoryAlignedTo64Bytes)
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

TEST_F(PluginTest, AllocateOfNothingIsRefused)
{
    uint64_t buffer = 5;

    Open();
    EXPECT_EQ(table->allocate(device, kJob, 0, 0, &buffer, &msg), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(buffer, 0u);
}

TEST_F(PluginTest, AllocateOfMoreThanThereIsFailsAndHoldsNothing)
{
    const uint64_t memory_size = Info().memory_size;
    uint64_t buffer = 5;

    Open();
    for (uint64_t size :
         { UINT64_MAX, UINT64_MAX - 63, UINT64_MAX / 2, uint64_t{ 1 } << 47, memory_size + 1 }) {
        EXPECT_EQ(table->allocate(device, kJob, size, 0, &buffer, &msg), REIN_ERR_OUT_OF_MEMORY);
        EXPECT_EQ(buffer, 0u);
        EXPECT_THAT(text, HasSubstr(std::to_string(size)));
    }
    EXPECT_EQ(Usage().n_buffers, 0u);
    EXPECT_EQ(Usage().size, 0u);
}

TEST_F(PluginTest, WriteThenReadGivesTheSameBytes)
{
    char bytes[8] = "";

    Open();
    const uint64_t buffer = Buffer(10);
    EXPECT_EQ(table->write(device, kJob, buffer, 3, "abcdefg", 7, &msg), REIN_OK) << text;
    EXPECT_EQ(table->read(device, kJob, buffer, 4, bytes, 3, &msg), REIN_OK) << text;
    EXPECT_STREQ(bytes, "bcd");
}

TEST_F(PluginTest, RangeOutsideTheBufferIsRefusedByWriteAndRead)
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

TEST_F(PluginTest, UnknownBufferIsRefusedByName)
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

TEST_F(PluginTest, BufferOfAnotherJobIsRefused)
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

TEST_F(PluginTest, TokensAreNeverReused)
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

/* ---- what a job holds ---- */

TEST_F(PluginTest, UsageCountsBuffersBytesAndPrograms)
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

TEST_F(PluginTest, CleanupOfOneJobLeavesAnotherIntact)
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

TEST_F(PluginTest, CleanupAgainAndOfAnUnknownJobReleasesNothing)
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

TEST_F(PluginTest, UsageOfAnOlderCallerIsNotWrittenPastItsEnd)
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
