/* SPDX-License-Identifier: MIT */

/* What run_fitness() of every plugin does: rounds, stages, items, budgets, stops. */

#include <atomic>
#include <chrono>
#include <thread>

#include "plugin_fixture.h"

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace
{

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

REIN_KERNEL(slow, INOUT(u32, counts))
{
    volatile u32 work = 0;
    for (u32 i = 0; i < 20000u; i++) {
        work += i;
    }
    counts[item]++;
}
)";

class PluginRunTest : public PluginFixture
{
  protected:
    void
    SetUp() override
    {
        PluginFixture::SetUp();
        if (!IsSkipped() && !HasFatalFailure()) {
            Restart(rein_test::WaysOf(backend).back());
        }
    }

    void
    Restart(const rein_test::Settings &way)
    {
        Reopen(way);
        program = Build(kKernels);
    }

    static uint64_t
    Now()
    {
        struct timespec now = {};
        clock_gettime(CLOCK_MONOTONIC, &now);
        return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
    }

    /* That each item ran in every whole round, and at most once in the round that was broken off. */
    static void
    ExpectRounds(const std::vector<uint32_t> &counts, uint32_t n_rounds)
    {
        for (uint32_t count : counts) {
            ASSERT_TRUE(count == n_rounds || count == n_rounds + 1) << count << " of " << n_rounds;
        }
    }

    uint64_t program = 0;
};

} // namespace

/* ---- items ---- */

TEST_F(PluginRunTest, EveryItemRunsOnce)
{
    for (const rein_test::Settings &way : rein_test::WaysOf(backend)) {
        Restart(way);
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

TEST_F(PluginRunTest, ItemRangeRunsThoseItemsAndNoOthers)
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

/* Ranges that begin and end inside a group, and ones of more than one group of any size. */
TEST_F(PluginRunTest, ItemRangesAfterEachOtherRunEveryItemOnce)
{
    const uint32_t n = 70001;
    const uint64_t counts = Buffer(n * 4);
    ReinSlice slice = Slice({ Stage(program, "count", n, { counts }) });

    for (uint32_t size : { 1, 3, 15, 17, 127, 129, 1000, 65536, 70000 }) {
        slice.first_item = slice.end_item;
        slice.end_item = std::min(n, slice.first_item + size);
        if (slice.first_item < n) {
            Run(slice);
            EXPECT_EQ(report.n_items, slice.end_item - slice.first_item);
        }
    }
    ASSERT_EQ(slice.end_item, n);
    EXPECT_THAT(Words(counts, n), Each(1u));
}

TEST_F(PluginRunTest, ItemRangeUsesTheBuffersAndScalarsOfItsRound)
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

TEST_F(PluginRunTest, RoundsAlternateTheMembersOfEachPair)
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

TEST_F(PluginRunTest, StageSeesAllResultsOfTheStageBefore)
{
    const uint32_t n = 30000;

    for (const rein_test::Settings &way : rein_test::WaysOf(backend)) {
        Restart(way);
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

TEST_F(PluginRunTest, ProgressIsTheUpperHalfOfStartPlusSteps)
{
    const uint64_t out = Buffer(8 * 8);
    ReinSlice slice = Slice({ Stage(program, "scalars", 1, { out }) }, 3);

    slice.first_round = 2;
    slice.progress_start = 0x00000007FFFFFFFFu;
    slice.progress_step = 0x0000000180000001u;
    Run(slice);
    EXPECT_THAT(Words(out, 10), ElementsAre(0, 0, 0, 0, 2, 7, 3, 9, 4, 11));
}

TEST_F(PluginRunTest, ProgressPastItsEndStaysAtItsEnd)
{
    const uint64_t out = Buffer(8 * 8);
    ReinSlice slice = Slice({ Stage(program, "scalars", 1, { out }) }, 3);

    slice.progress_start = UINT64_MAX - 5;
    slice.progress_step = 0x8000000000000000u;
    Run(slice);
    EXPECT_THAT(Words(out, 6), ElementsAre(0, UINT32_MAX, 1, UINT32_MAX, 2, UINT32_MAX));
}

TEST_F(PluginRunTest, LastRoundThereIsRuns)
{
    const uint64_t counts = Buffer(4);
    ReinSlice slice = Slice({ Stage(program, "count", 1, { counts }) }, 2);

    slice.first_round = UINT32_MAX - 1;
    Run(slice);
    EXPECT_EQ(report.n_rounds, 2u);
    slice.first_round = UINT32_MAX;
    EXPECT_EQ(TryRun(slice), REIN_ERR_INVALID_ARGUMENT);
}

TEST_F(PluginRunTest, StagesOfALargerCallerAreStrided)
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

TEST_F(PluginRunTest, RoundsEndAtTheBudgetAfterAtLeastOne)
{
    const uint64_t counts = Buffer(400);
    ReinSlice slice = Slice({ Stage(program, "count", 100, { counts }) }, UINT32_MAX);

    slice.budget_ns = 1;
    Run(slice);
    EXPECT_EQ(report.n_rounds, 1u);
    EXPECT_THAT(Words(counts, 100), Each(1u));

    slice.budget_ns = 3000000;
    Run(slice);
    EXPECT_GE(report.n_rounds, 1u);
    EXPECT_LT(report.n_rounds, UINT32_MAX);
    EXPECT_THAT(Words(counts, 100), Each(1u + report.n_rounds));
}

TEST_F(PluginRunTest, ItemsUnderABudgetAreAtLeastOneAndTheirNumberIsExact)
{
    const uint32_t n = 100000;

    for (const rein_test::Settings &way : rein_test::WaysOf(backend)) {
        Restart(way);
        const uint64_t counts = Buffer(n * 4);
        ReinSlice slice = Slice({ Stage(program, "slow", n, { counts }) });
        uint32_t done = 0;
        for (uint64_t budget_ns : { uint64_t{ 0 }, uint64_t{ 1000000 }, uint64_t{ 20000000 } }) {
            if (done == n) {
                break;
            }
            slice.first_item = done;
            slice.end_item = n;
            slice.budget_ns = budget_ns;
            Run(slice);
            EXPECT_GE(report.n_items, 1u);
            done += report.n_items;
        }
        const std::vector<uint32_t> words = Words(counts, n);
        for (uint32_t i = 0; i < n; i++) {
            ASSERT_EQ(words[i], i < done ? 1u : 0u) << i << " of " << done;
        }
    }
}

/* ---- stop ---- */

TEST_F(PluginRunTest, StopBeforeTheStartBeginsNoLaunch)
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

/* The wait only makes it likely that the flag finds a launch running: what is asserted holds anyway. */
TEST_F(PluginRunTest, StopByAnotherThreadEndsASliceThatHasNoEndAfterWholeRounds)
{
    const uint32_t n = 3000;

    for (const rein_test::Settings &way : rein_test::WaysOf(backend)) {
        Restart(way);
        stop = 0;
        const uint64_t before = Buffer(n * 4);
        const uint64_t after = Buffer(n * 4);
        std::atomic<uint64_t> raised_ns{ 0 };
        std::thread stopper([this, &raised_ns] {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            __atomic_store_n(&stop, 1u, __ATOMIC_RELEASE);
            raised_ns = Now();
        });
        Run(Slice({ Stage(program, "slow", n, { before }), Stage(program, "count", n, { after }) },
                  UINT32_MAX));
        stopper.join();
        ExpectRounds(Words(before, n), report.n_rounds);
        ExpectRounds(Words(after, n), report.n_rounds);
        EXPECT_LE(report.n_launches, 2 * report.n_rounds + 2);
        EXPECT_LE(report.last_launch_ns, raised_ns) << "no launch was begun after the flag";
    }
}

TEST_F(PluginRunTest, NothingRunsOnAfterReturn)
{
    const uint32_t n = 3000;
    const uint64_t counts = Buffer(n * 4);
    ReinSlice slice = Slice({ Stage(program, "slow", n, { counts }) }, 1000);

    slice.budget_ns = 10000000;
    Run(slice);
    const std::vector<uint32_t> words = Words(counts, n);
    EXPECT_THAT(words, Each(report.n_rounds));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(Words(counts, n), words);
}

TEST_F(PluginRunTest, MissingStopFlagMeansNeverStop)
{
    const uint64_t counts = Buffer(4);
    const ReinSlice slice = Slice({ Stage(program, "count", 1, { counts }) }, 3);

    EXPECT_EQ(table->run_fitness(device, kJob, &slice, nullptr, &report, &msg), REIN_OK) << text;
    EXPECT_EQ(report.n_rounds, 3u);
}

/* ---- what is refused ---- */

TEST_F(PluginRunTest, MalformedSliceIsRefusedAndRunsNothing)
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

TEST_F(PluginRunTest, MalformedStageIsRefusedAndRunsNothing)
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

TEST_F(PluginRunTest, StageOfAnotherNumberOfBuffersIsRefused)
{
    const uint64_t counts = Buffer(400);

    EXPECT_EQ(TryRun(Slice({ Stage(program, "next", 100, { counts }) })),
              REIN_ERR_INVALID_ARGUMENT);
    EXPECT_THAT(text, HasSubstr("next"));
    EXPECT_EQ(TryRun(Slice({ Stage(program, "count", 100, { counts, counts }) })),
              REIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(TryRun(Slice({ Stage(program, "count", 100, {}) })), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_THAT(Words(counts, 100), Each(0u));
}

TEST_F(PluginRunTest, DiscardedProgramIsRefused)
{
    const uint64_t counts = Buffer(4);
    const ReinSlice slice = Slice({ Stage(program, "count", 1, { counts }) });

    EXPECT_EQ(table->discard(device, kOtherJob, program, &msg), REIN_ERR_INVALID_ARGUMENT);
    Run(slice);
    EXPECT_EQ(table->discard(device, kJob, program, &msg), REIN_OK) << text;
    EXPECT_EQ(TryRun(slice), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(table->discard(device, kJob, program, &msg), REIN_ERR_INVALID_ARGUMENT);
}
