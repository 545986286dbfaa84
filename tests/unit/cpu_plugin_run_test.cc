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

REIN_KERNEL(next, IN(u32, from), OUT(u32, to))
{
    to[item] = from[item] + 1;
}

REIN_KERNEL(sum_left, IN(u32, from), OUT(u32, to))
{
    to[item] = from[item] + (item > 0 ? from[item - 1] : 0);
}

REIN_KERNEL(scalars, OUT(u32, out))
{
    out[2 * round] = round;
    out[2 * round + 1] = progress;
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

/* ---- items ---- */

TEST_F(CpuRunTest, EveryItemRunsOnce)
{
    for (const char *threads : { "1", "2", "5" }) {
        Restart(threads);
        for (uint32_t n : { 1, 2, 15, 16, 17, 1000, 65537 }) {
            for (const char *kernel : { "count", "slow" }) {
                const uint64_t counts = Buffer(n * 4);
                const uint32_t n_items = kernel[0] == 's' && n > 1000 ? 1000 : n;
                const uint32_t n_rounds = kernel[0] == 's' ? 1 : 9;
                Run(Slice({ Stage(program, kernel, n_items, { counts }) }, n_rounds));
                EXPECT_EQ(report.n_rounds, n_rounds);
                EXPECT_EQ(report.n_items, 0u);
                EXPECT_EQ(report.n_launches, n_rounds);
                EXPECT_THAT(Words(counts, n_items), Each(n_rounds));
            }
        }
    }
}

TEST_F(CpuRunTest, ItemRangeRunsThoseItemsAndNoOthers)
{
    const uint64_t counts = Buffer(100 * 4);
    ReinSlice slice = Slice({ Stage(program, "count", 100, { counts }) });

    slice.first_item = 13;
    slice.end_item = 58;
    Run(slice);
    EXPECT_EQ(report.n_items, 45u);
    EXPECT_EQ(report.n_rounds, 0u);
    EXPECT_EQ(report.n_launches, 1u);
    const std::vector<uint32_t> words = Words(counts, 100);
    for (uint32_t i = 0; i < 100; i++) {
        EXPECT_EQ(words[i], i >= 13 && i < 58 ? 1u : 0u) << i;
    }
}

TEST_F(CpuRunTest, ItemRangeUsesTheBuffersAndScalarsOfItsRound)
{
    const uint64_t even = BufferOf({ 1, 1, 1, 1, 1, 1 });
    const uint64_t odd = BufferOf({ 5, 5, 5, 5, 5, 5 });
    const uint64_t out = Buffer(24);
    ReinStage stage = Stage(program, "next", 6, { even, out });

    stage.buffers[0][1] = odd;
    ReinSlice slice = Slice({ stage });
    slice.first_round = 7;
    slice.first_item = 2;
    slice.end_item = 4;
    Run(slice);
    EXPECT_THAT(Words(out, 6), ElementsAre(0, 0, 6, 6, 0, 0));
}

/* ---- rounds and stages ---- */

TEST_F(CpuRunTest, RoundsAlternateTheMembersOfEachPair)
{
    const uint64_t a = BufferOf({ 100 });
    const uint64_t b = BufferOf({ 0 });
    ReinStage stage = Stage(program, "next", 1, { a, b });

    stage.buffers[0][1] = b;
    stage.buffers[1][1] = a;
    ReinSlice slice = Slice({ stage }, 5);
    slice.first_round = 4;
    Run(slice);
    EXPECT_EQ(Words(a, 1)[0], 104u);
    EXPECT_EQ(Words(b, 1)[0], 105u);
}

TEST_F(CpuRunTest, StageSeesAllResultsOfTheStageBefore)
{
    const uint32_t n = 30000;

    for (const char *threads : { "2", "5" }) {
        Restart(threads);
        const uint64_t from = Buffer(n * 4);
        const uint64_t to = Buffer(n * 4);
        const std::vector<ReinStage> stages = { Stage(program, "next", n, { from, to }),
                                                Stage(program, "sum_left", n, { to, from }),
                                                Stage(program, "slow", 64, { to }),
                                                Stage(program, "next", n, { from, to }),
                                                Stage(program, "sum_left", n, { to, from }) };
        Run(Slice(stages));
        const std::vector<uint32_t> words = Words(from, n);
        for (uint32_t i = 2; i < n; i++) {
            ASSERT_EQ(words[i], 6u) << i;
        }
    }
}

TEST_F(CpuRunTest, ProgressIsTheUpperHalfOfStartPlusSteps)
{
    const uint64_t out = Buffer(8 * 8);
    ReinSlice slice = Slice({ Stage(program, "scalars", 1, { out }) }, 3);

    slice.first_round = 2;
    slice.progress_start = 0x00000007FFFFFFFFu;
    slice.progress_step = 0x0000000180000001u;
    Run(slice);
    EXPECT_THAT(Words(out, 10), ElementsAre(0, 0, 0, 0, 2, 7, 3, 9, 4, 11));
}

TEST_F(CpuRunTest, ProgressPastItsEndStaysAtItsEnd)
{
    const uint64_t out = Buffer(8 * 8);
    ReinSlice slice = Slice({ Stage(program, "scalars", 1, { out }) }, 3);

    slice.progress_start = UINT64_MAX - 5;
    slice.progress_step = 0x8000000000000000u;
    Run(slice);
    EXPECT_THAT(Words(out, 6), ElementsAre(0, UINT32_MAX, 1, UINT32_MAX, 2, UINT32_MAX));
}

TEST_F(CpuRunTest, LastRoundThereIsRuns)
{
    const uint64_t counts = Buffer(4);
    ReinSlice slice = Slice({ Stage(program, "count", 1, { counts }) }, 2);

    slice.first_round = UINT32_MAX - 1;
    Run(slice);
    EXPECT_EQ(report.n_rounds, 2u);
    slice.first_round = UINT32_MAX;
    EXPECT_EQ(TryRun(slice), REIN_ERR_INVALID_ARGUMENT);
}

TEST_F(CpuRunTest, StagesOfALargerCallerAreStrided)
{
    struct LargerStage {
        ReinStage stage;
        uint64_t more[3];
    };
    const uint64_t counts = Buffer(8);
    const LargerStage stages[2] = { { Stage(program, "count", 1, { counts }), { 9, 9, 9 } },
                                    { Stage(program, "count", 2, { counts }), { 9, 9, 9 } } };
    ReinSlice slice = Slice({});

    slice.stages = &stages[0].stage;
    slice.n_stages = 2;
    slice.stage_size = sizeof(LargerStage);
    Run(slice);
    EXPECT_THAT(Words(counts, 2), ElementsAre(2, 1));
}

/* ---- budget ---- */

TEST_F(CpuRunTest, RoundsEndAtTheBudgetAfterAtLeastOne)
{
    const uint64_t counts = Buffer(400);
    ReinSlice slice = Slice({ Stage(program, "count", 100, { counts }) }, UINT32_MAX);

    slice.budget_ns = 1;
    Run(slice);
    EXPECT_EQ(report.n_rounds, 1u);
    EXPECT_THAT(Words(counts, 100), Each(1u));

    slice.budget_ns = 3000000;
    Run(slice);
    EXPECT_GT(report.n_rounds, 1u);
    EXPECT_THAT(Words(counts, 100), Each(1u + report.n_rounds));
}

TEST_F(CpuRunTest, ItemsEndAtTheBudgetAfterAtLeastOneAndTheirNumberIsExact)
{
    const uint32_t n = 100000;

    for (const char *threads : { "1", "2", "5" }) {
        Restart(threads);
        const uint64_t counts = Buffer(n * 4);
        ReinSlice slice = Slice({ Stage(program, "slow", n, { counts }) });
        uint32_t done = 0;
        for (uint64_t budget_ns : { uint64_t{ 0 }, uint64_t{ 1000000 }, uint64_t{ 20000000 } }) {
            slice.first_item = done;
            slice.end_item = n;
            slice.budget_ns = budget_ns;
            Run(slice);
            EXPECT_GE(report.n_items, 1u);
            done += report.n_items;
        }
        ASSERT_LT(done, n);
        const std::vector<uint32_t> words = Words(counts, n);
        for (uint32_t i = 0; i < n; i++) {
            ASSERT_EQ(words[i], i < done ? 1u : 0u) << i << " of " << done;
        }
    }
}

/* ---- stop ---- */

TEST_F(CpuRunTest, StopBeforeTheStartBeginsNoLaunch)
{
    const uint64_t counts = Buffer(400);
    ReinSlice slice = Slice({ Stage(program, "count", 100, { counts }) }, 3);

    stop = 1;
    Run(slice);
    EXPECT_EQ(report.n_rounds + report.n_items + report.n_launches, 0u);

    slice.n_rounds = 1;
    slice.end_item = 100;
    Run(slice);
    EXPECT_EQ(report.n_rounds + report.n_items + report.n_launches, 0u);
    EXPECT_THAT(Words(counts, 100), Each(0u));
}

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

TEST_F(CpuRunTest, MissingStopFlagMeansNeverStop)
{
    const uint64_t counts = Buffer(4);
    const ReinSlice slice = Slice({ Stage(program, "count", 1, { counts }) }, 3);

    EXPECT_EQ(table->run_fitness(device, kJob, &slice, nullptr, &report, &msg), REIN_OK) << text;
    EXPECT_EQ(report.n_rounds, 3u);
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

/* ---- what is refused ---- */

TEST_F(CpuRunTest, MalformedSliceIsRefusedAndRunsNothing)
{
    const uint64_t counts = Buffer(400);
    const ReinStage stage = Stage(program, "count", 100, { counts });
    std::vector<std::pair<const char *, ReinSlice>> slices;
    auto add = [&](const char *what, auto change) {
        ReinSlice slice = Slice({ stage });
        change(slice);
        slices.emplace_back(what, slice);
    };

    add("of another version", [](ReinSlice &s) { s.struct_size = 8; });
    add("no stages", [](ReinSlice &s) { s.n_stages = 0; });
    add("no stages", [](ReinSlice &s) { s.stages = nullptr; });
    add("stages of 8 bytes", [](ReinSlice &s) { s.stage_size = 8; });
    add("no rounds", [](ReinSlice &s) { s.n_rounds = 0; });
    add("items 0 to 101 of a stage of 100", [](ReinSlice &s) { s.end_item = 101; });
    add("items 5 to 5 of", [](ReinSlice &s) { s.first_item = s.end_item = 5; });
    add("items 5 to 0 of", [](ReinSlice &s) { s.first_item = 5; });
    add("must be one of each", [](ReinSlice &s) { s.end_item = 5, s.n_rounds = 2; });
    for (const auto &[what, slice] : slices) {
        EXPECT_EQ(TryRun(slice), REIN_ERR_INVALID_ARGUMENT) << what;
        EXPECT_THAT(text, HasSubstr(what));
    }
    EXPECT_EQ(table->run_fitness(device, kJob, nullptr, &stop, &report, &msg),
              REIN_ERR_INVALID_ARGUMENT);
    const ReinSlice good = Slice({ stage });
    EXPECT_EQ(table->run_fitness(device, kJob, &good, &stop, nullptr, &msg),
              REIN_ERR_INVALID_ARGUMENT);
    EXPECT_THAT(Words(counts, 100), Each(0u));
}

TEST_F(CpuRunTest, MalformedStageIsRefusedAndRunsNothing)
{
    const uint64_t counts = Buffer(400);
    const uint64_t foreign = Buffer(400, kOtherJob);
    const uint64_t foreign_program = Build(kKernels, kOtherJob);
    const ReinStage good = Stage(program, "count", 100, { counts });
    std::vector<std::pair<const char *, ReinStage>> stages;
    auto add = [&](const char *what, auto change) {
        ReinStage stage = good;
        change(stage);
        stages.emplace_back(what, stage);
    };

    add("of 0 items", [](ReinStage &s) { s.n_items = 0; });
    add("with 13 buffers", [](ReinStage &s) { s.n_buffers = 13; });
    add("names no kernel", [](ReinStage &s) { s.kernel = nullptr; });
    add("no kernel cuont", [](ReinStage &s) { s.kernel = "cuont"; });
    add("no kernel exit", [](ReinStage &s) { s.kernel = "exit"; });
    add("no kernel count_item", [](ReinStage &s) { s.kernel = "count_item"; });
    add("program 0 is not known", [](ReinStage &s) { s.program = 0; });
    add("program 9999 is not known", [](ReinStage &s) { s.program = 9999; });
    add("is not of job 11", [&](ReinStage &s) { s.program = foreign_program; });
    add("buffer 0 is not known", [](ReinStage &s) { s.buffers[0][1] = 0; });
    add("is not known", [&](ReinStage &s) { s.buffers[0][0] = program; });
    add("is not of job 11", [&](ReinStage &s) { s.buffers[0][0] = foreign; });
    for (const auto &[what, stage] : stages) {
        EXPECT_EQ(TryRun(Slice({ good, stage })), REIN_ERR_INVALID_ARGUMENT) << what;
        EXPECT_THAT(text, HasSubstr(what));
    }
    EXPECT_THAT(Words(counts, 100), Each(0u));
}

TEST_F(CpuRunTest, DiscardedProgramIsRefused)
{
    const uint64_t counts = Buffer(4);
    const ReinSlice slice = Slice({ Stage(program, "count", 1, { counts }) });

    EXPECT_EQ(table->discard(device, kOtherJob, program, &msg), REIN_ERR_INVALID_ARGUMENT);
    Run(slice);
    EXPECT_EQ(table->discard(device, kJob, program, &msg), REIN_OK) << text;
    EXPECT_EQ(TryRun(slice), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(table->discard(device, kJob, program, &msg), REIN_ERR_INVALID_ARGUMENT);
}
