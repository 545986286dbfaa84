/* SPDX-License-Identifier: MIT */

/* The CPU plugin's run_fitness(): rounds, stages, items, budgets, stops, threads and levels. */

#include "cpu_plugin_fixture.h"

#include <atomic>
#include <thread>

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace
{

/*
 * The kernels of these tests. `stopper` raises the flag whose address is in its first buffer when it
 * comes to the given round and item, so that a test knows exactly when that was.
 */
const char kKernels[] = R"(
REIN_KERNEL(count, INOUT(u32, counts))
{
    counts[item]++;
}

REIN_KERNEL(sum_left, IN(u32, from), OUT(u32, to))
{
    to[item] = from[item] + (item > 0 ? from[item - 1] : 0);
}

REIN_KERNEL(stopper, IN(u64, flag), IN(u32, when), INOUT(u32, counts))
{
    counts[item]++;
    if (round == when[0] && item == when[1]) {
        __atomic_store_n((u32 *)flag[0], 1u, __ATOMIC_SEQ_CST);
    }
}

REIN_KERNEL(slow, INOUT(u32, counts))
{
    volatile u32 work = 0;
    for (u32 i = 0; i < 20000u; i++) {
        work += i;
    }
    counts[item]++;
}

REIN_KERNEL(mix, IN(u32, from), OUT(u32, to), OUT(f32, real))
{
    ReinRandom random = rein_random(from[item], 7, item, round, RANDOM_USER);
    f32 x = (f32)(rein_next(&random) >> 8);
    const f32 y = (f32)(rein_next(&random) >> 8);
    const u32 n = rein_below(&random, 50);
    for (u32 i = 0; i < n; i++) {
        x = x * 1.0000001f + y / 3.0f;
    }
    real[item] = x;
    to[item] = rein_next(&random) ^ from[item];
}
)";

class CpuRunTest : public CpuPluginFixture
{
  protected:
    void
    SetUp() override
    {
        CpuPluginFixture::SetUp();
        settings["threads"] = "2";
        Open();
        program = Build(kKernels);
    }

    void
    Restart(const std::string &threads, const std::string &level = "")
    {
        Reopen(threads, level);
        program = Build(kKernels);
    }

    uint64_t
    FlagAddress()
    {
        const uint64_t address = reinterpret_cast<uintptr_t>(&stop);
        return BufferOf({ static_cast<uint32_t>(address), static_cast<uint32_t>(address >> 32) });
    }

    /* Twenty rounds of two stages over a population; all that they computed. */
    std::vector<uint32_t>
    Trajectory()
    {
        const uint32_t n = 10007;
        std::vector<uint32_t> start(n);
        for (uint32_t i = 0; i < n; i++) {
            start[i] = i * 2654435761u;
        }
        const uint64_t a = BufferOf(start);
        const uint64_t b = Buffer(n * 4);
        const uint64_t real = Buffer(n * 4);
        const uint64_t sum = Buffer(n * 4);
        ReinStage mix = Stage(program, "mix", n, { a, b, real });
        mix.buffers[0][1] = b;
        mix.buffers[1][1] = a;
        Run(Slice({ mix, Stage(program, "sum_left", n, { real, sum }) }, 20));
        EXPECT_EQ(report.n_rounds, 20u);

        std::vector<uint32_t> all = Words(a, n);
        for (uint64_t buffer : { b, real, sum }) {
            const std::vector<uint32_t> words = Words(buffer, n);
            all.insert(all.end(), words.begin(), words.end());
        }
        return all;
    }

    uint64_t program = 0;
};

} // namespace

/* ---- stop ---- */

TEST_F(CpuRunTest, StopInsideAStageCountsWholeRoundsOnlyAndBeginsNoLaunchAfter)
{
    const uint32_t n = 100000;

    for (const char *threads : { "1", "2", "5" }) {
        Restart(threads);
        stop = 0;
        const uint64_t counts = Buffer(n * 4);
        const uint64_t after = Buffer(n * 4);
        const ReinStage first =
            Stage(program, "stopper", n, { FlagAddress(), BufferOf({ 3, 10 }), counts });
        Run(Slice({ first, Stage(program, "count", n, { after }) }, 10));
        EXPECT_EQ(report.n_rounds, 3u) << threads;
        EXPECT_EQ(report.n_launches, 7u) << threads;
        EXPECT_THAT(Words(after, n), Each(3u));
        /* the stage was left where the flag was seen, not run to its end */
        EXPECT_EQ(Words(counts, n)[n - 1], 3u);
    }
}

TEST_F(CpuRunTest, StopAtTheEndOfARoundStillCountsThatRound)
{
    const uint64_t counts = Buffer(4);
    const ReinStage stage =
        Stage(program, "stopper", 1, { FlagAddress(), BufferOf({ 3, 0 }), counts });

    Run(Slice({ stage }, 10));
    EXPECT_EQ(report.n_rounds, 4u);
    EXPECT_EQ(report.n_launches, 4u);
    EXPECT_EQ(Words(counts, 1)[0], 4u);
}

TEST_F(CpuRunTest, StopInsideAnItemRangeReportsTheItemsDoneExactly)
{
    const uint32_t n = 200000;

    for (const char *threads : { "1", "2", "5" }) {
        Restart(threads);
        stop = 0;
        const uint64_t counts = Buffer(n * 4);
        ReinSlice slice = Slice(
            { Stage(program, "stopper", n, { FlagAddress(), BufferOf({ 0, 110 }), counts }) });
        slice.first_item = 100;
        slice.end_item = n;
        Run(slice);
        const uint32_t end = slice.first_item + report.n_items;
        EXPECT_GT(end, 110u);
        EXPECT_LT(end, n);
        EXPECT_EQ(report.n_launches, 1u);
        const std::vector<uint32_t> words = Words(counts, n);
        for (uint32_t i = 0; i < n; i++) {
            ASSERT_EQ(words[i], i >= 100 && i < end ? 1u : 0u) << i;
        }
    }
}

TEST_F(CpuRunTest, StopByAnotherThreadEndsASliceThatHasNoEnd)
{
    const uint32_t n = 1000;
    uint32_t started = 0;
    const uint64_t address = reinterpret_cast<uintptr_t>(&started);

    for (const char *threads : { "1", "2", "5" }) {
        Restart(threads);
        stop = 0;
        __atomic_store_n(&started, 0u, __ATOMIC_SEQ_CST);
        const uint64_t where =
            BufferOf({ static_cast<uint32_t>(address), static_cast<uint32_t>(address >> 32) });
        const uint64_t counts = Buffer(n * 4);
        const uint64_t after = Buffer(n * 4);
        const ReinStage first = Stage(program, "stopper", n, { where, BufferOf({ 2, 0 }), counts });
        const ReinSlice slice = Slice({ first, Stage(program, "slow", n, { after }) }, UINT32_MAX);
        std::thread stopper([this, &started] {
            while (__atomic_load_n(&started, __ATOMIC_SEQ_CST) == 0) {
                std::this_thread::yield();
            }
            __atomic_store_n(&stop, 1u, __ATOMIC_RELEASE);
        });
        Run(slice);
        stopper.join();
        EXPECT_GE(report.n_rounds, 2u);
        const std::vector<uint32_t> words = Words(after, n);
        for (uint32_t i = 0; i < n; i++) {
            ASSERT_GE(words[i], report.n_rounds);
            ASSERT_LE(words[i], report.n_rounds + 1);
        }
    }
}

/* ---- the same results, however it is run ---- */

TEST_F(CpuRunTest, ResultsAreTheSameWithOneTwoAndFiveThreads)
{
    Restart("1");
    const std::vector<uint32_t> expected = Trajectory();
    for (const char *threads : { "2", "5" }) {
        Restart(threads);
        EXPECT_TRUE(Trajectory() == expected) << threads << " threads";
    }
}

TEST_F(CpuRunTest, ResultsAreTheSameOnEveryLevelOfThisProcessor)
{
    Restart("", "baseline");
    const std::vector<uint32_t> expected = Trajectory();
    for (const char *level : { "avx2", "avx512" }) {
        Close();
        settings["level"] = level;
        if (TryOpen() == REIN_ERR_UNSUPPORTED) {
            continue;
        }
        program = Build(kKernels);
        EXPECT_TRUE(Trajectory() == expected) << level;
    }
}
