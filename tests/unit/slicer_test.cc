/* SPDX-License-Identifier: MIT */

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "criticals.h"
#include "slicer_private.h"

namespace
{

constexpr gint64 kMs = 1000 * 1000;

/*
 * A device of the test: knows what an item of each stage costs, does of a slice as much as it is told,
 * and checks that what it gets follows on from what it did.
 */
class Simulation
{
  public:
    Simulation(const std::vector<uint32_t> &n_items, const std::vector<double> &item_ns,
               uint32_t granule, gint64 target_ns, uint32_t first_round = 0)
        : item_ns_(item_ns), stages_(n_items.size()), round_(first_round)
    {
        for (size_t i = 0; i < n_items.size(); i++) {
            stages_[i].n_items = n_items[i];
        }
        rein_slicer_init(&slicer, stages_.data(), static_cast<guint32>(stages_.size()), first_round,
                         granule, target_ns);
    }

    ReinSlice
    Next(uint32_t max_rounds = UINT32_MAX)
    {
        ReinSlice slice = {};

        rein_slicer_next(&slicer, max_rounds, &slice);
        Check(slice, max_rounds);
        return slice;
    }

    /* Does `n` of the slice's rounds or items; the rounds that this completed. */
    uint32_t
    Do(const ReinSlice &slice, uint32_t n)
    {
        ReinSliceReport report = {};
        double duration_ns = 0;

        report.struct_size = sizeof report;
        (IsRounds(slice) ? report.n_rounds : report.n_items) = n;
        if (IsRounds(slice)) {
            round_ += n;
            duration_ns = RoundNs() * n;
        } else {
            duration_ns = item_ns_[stage_] * n;
            DoItems(n);
        }
        const uint32_t n_done =
            rein_slicer_advance(&slicer, &slice, &report, static_cast<gint64>(duration_ns));
        EXPECT_EQ(slicer.round, round_);
        EXPECT_EQ(slicer.stage, stage_);
        EXPECT_EQ(slicer.item, item_);
        return n_done;
    }

    uint32_t
    DoAll(const ReinSlice &slice)
    {
        return Do(slice, IsRounds(slice) ? slice.n_rounds : slice.end_item - slice.first_item);
    }

    static bool
    IsRounds(const ReinSlice &slice)
    {
        return slice.end_item == 0;
    }

    double
    RoundNs() const
    {
        double sum = 0;

        for (size_t i = 0; i < stages_.size(); i++) {
            sum += item_ns_[i] * stages_[i].n_items;
        }
        return sum;
    }

    /* What the slice would take in full. */
    double
    SliceNs(const ReinSlice &slice) const
    {
        return IsRounds(slice) ? RoundNs() * slice.n_rounds
                               : item_ns_[stage_] * (slice.end_item - slice.first_item);
    }

    ReinSlicer slicer = {};
    uint32_t
    round() const
    {
        return round_;
    }

  private:
    void
    Check(const ReinSlice &slice, uint32_t max_rounds) const
    {
        ASSERT_EQ(slice.struct_size, sizeof slice);
        ASSERT_EQ(slice.stage_size, sizeof(ReinStage));
        ASSERT_EQ(slice.first_round, round_);
        ASSERT_EQ(slice.flags, 0u);
        if (IsRounds(slice)) {
            ASSERT_EQ(stage_, 0u);
            ASSERT_EQ(item_, 0u);
            ASSERT_EQ(slice.stages, stages_.data());
            ASSERT_EQ(slice.n_stages, stages_.size());
            ASSERT_GE(slice.n_rounds, 1u);
            ASSERT_LE(slice.n_rounds, max_rounds);
            ASSERT_EQ(slice.first_item, 0u);
        } else {
            ASSERT_EQ(slice.stages, &stages_[stage_]);
            ASSERT_EQ(slice.n_stages, 1u);
            ASSERT_EQ(slice.n_rounds, 1u);
            ASSERT_EQ(slice.first_item, item_);
            ASSERT_GT(slice.end_item, slice.first_item);
            ASSERT_LE(slice.end_item, stages_[stage_].n_items);
        }
    }

    void
    DoItems(uint32_t n)
    {
        item_ += n;
        if (item_ == stages_[stage_].n_items) {
            item_ = 0;
            stage_++;
        }
        if (stage_ == stages_.size()) {
            stage_ = 0;
            round_++;
        }
    }

    std::vector<double> item_ns_;
    std::vector<ReinStage> stages_;
    uint32_t round_;
    uint32_t stage_ = 0;
    uint32_t item_ = 0;
};

/* Rounds that are short and rounds that are long, of every shape, done in pieces of any size. */
TEST(SlicerTest, CoversEveryItemOfEveryStageOfEveryRoundOnceWhateverIsReported)
{
    const uint64_t seed = std::random_device{}();
    std::mt19937_64 random(seed);
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    auto below = [&](uint64_t n) {
        return static_cast<uint32_t>(random() % n);
    };

    for (int trial = 0; trial < 300; trial++) {
        const uint32_t n_stages = 1 + below(REIN_SLICER_STAGES);
        std::vector<uint32_t> n_items(n_stages);
        std::vector<double> item_ns(n_stages);
        const uint32_t granule = 1 + below(trial % 3 == 0 ? 100000 : 64);
        const uint32_t first_round = below(1000);
        for (uint32_t i = 0; i < n_stages; i++) {
            n_items[i] = 1 + below(uint64_t(1) << below(20));
            item_ns[i] = static_cast<double>(below(uint64_t(1) << below(24)));
        }
        Simulation simulation(n_items, item_ns, granule, (1 + below(100)) * kMs, first_round);
        uint32_t n_completed = 0;

        for (int step = 0; step < 200; step++) {
            const ReinSlice slice = simulation.Next(1 + below(5000));
            const uint32_t n_most =
                Simulation::IsRounds(slice) ? slice.n_rounds : slice.end_item - slice.first_item;
            /* nothing, a part, mostly all of it */
            const uint32_t n = below(4) == 0 ? below(uint64_t(n_most) + 1) : n_most;

            n_completed += simulation.Do(slice, n);
            if (testing::Test::HasFatalFailure() || testing::Test::HasFailure()) {
                return;
            }
        }
        ASSERT_EQ(first_round + n_completed, simulation.round());
    }
}

TEST(SlicerTest, NothingIsKnownAtFirstSoOneGranuleOfOneStageIsTried)
{
    Simulation simulation({ 1000, 10 }, { 100, 100 }, 16, 10 * kMs);
    const ReinSlice slice = simulation.Next();

    EXPECT_FALSE(Simulation::IsRounds(slice));
    EXPECT_EQ(slice.end_item, 16u);
    EXPECT_EQ(rein_slicer_predict(&simulation.slicer, &slice), 0);
}

TEST(SlicerTest, AStageSmallerThanTheGranuleIsRunWhole)
{
    Simulation simulation({ 3 }, { 100 }, 64, 10 * kMs);

    EXPECT_EQ(simulation.Next().end_item, 3u);
}

TEST(SlicerTest, ShortRoundsAreRunManyAtATimeUpToTheTarget)
{
    Simulation simulation({ 100, 1 }, { 100, 100 }, 4, 10 * kMs); /* a round: 10.1 us */
    ReinSlice slice = {};

    while (simulation.round() < 3000) {
        slice = simulation.Next();
        simulation.DoAll(slice);
    }
    EXPECT_TRUE(Simulation::IsRounds(slice));
    EXPECT_NEAR(simulation.SliceNs(slice), 10 * kMs, kMs);
    EXPECT_NEAR(static_cast<double>(rein_slicer_predict(&simulation.slicer, &slice)), 10 * kMs,
                kMs);
}

TEST(SlicerTest, RoundsLongerThanTheTargetAreCutIntoRangesOfItems)
{
    Simulation simulation({ 100000, 10 }, { 2000, 100 }, 4, 10 * kMs); /* a round: 200 ms */
    std::vector<double> in_ns;

    while (simulation.round() < 3) {
        const ReinSlice slice = simulation.Next();
        ASSERT_FALSE(Simulation::IsRounds(slice));
        if (simulation.round() > 0) {
            in_ns.push_back(simulation.SliceNs(slice));
        }
        simulation.DoAll(slice);
    }
    EXPECT_LE(*std::max_element(in_ns.begin(), in_ns.end()), 10.5 * kMs);
    EXPECT_LE(in_ns.size(), 2u * 25u);
}

TEST(SlicerTest, NoSliceIsMuchLongerThanTheTargetWhileItLearns)
{
    Simulation simulation({ 1000000 }, { 5000 }, 8, kMs);

    while (simulation.round() < 1) {
        const ReinSlice slice = simulation.Next();
        ASSERT_LE(simulation.SliceNs(slice), 1.5 * kMs);
        simulation.DoAll(slice);
    }
}

TEST(SlicerTest, MaxRoundsIsKept)
{
    Simulation simulation({ 1 }, { 10 }, 1, 100 * kMs);

    for (int i = 0; i < 20; i++) {
        const ReinSlice slice = simulation.Next(7);
        EXPECT_LE(slice.n_rounds, 7u);
        simulation.DoAll(slice);
    }
    EXPECT_EQ(simulation.Next(1).n_rounds, 1u);
}

TEST(SlicerTest, AStoppedSliceIsOfferedAgain)
{
    Simulation simulation({ 100 }, { 100 }, 8, 10 * kMs);
    const ReinSlice first = simulation.Next();

    EXPECT_EQ(simulation.Do(first, 0), 0u);
    EXPECT_EQ(simulation.Next().first_item, 0u);
    EXPECT_EQ(simulation.Next().end_item, first.end_item);
    while (!Simulation::IsRounds(simulation.Next())) {
        simulation.DoAll(simulation.Next());
    }
    const ReinSlice rounds = simulation.Next();
    EXPECT_EQ(simulation.Do(rounds, 0), 0u);
    EXPECT_EQ(simulation.Next().first_round, rounds.first_round);
}

TEST(SlicerTest, APartOfARangeIsGoneOnWith)
{
    Simulation simulation({ 100 }, { 100 }, 8, 10 * kMs);

    EXPECT_EQ(simulation.Do(simulation.Next(), 3), 0u);
    EXPECT_EQ(simulation.Next().first_item, 3u);
}

TEST(SlicerTest, RoundsThatBecomeLongAreCutAgain)
{
    const std::vector<uint32_t> n_items = { 1000 };
    Simulation simulation(n_items, { 10 }, 4, 10 * kMs);
    ReinSliceReport report = {};

    while (!Simulation::IsRounds(simulation.Next())) {
        simulation.DoAll(simulation.Next());
    }
    ReinSlice slice = simulation.Next();
    report.n_rounds = 1;
    rein_slicer_advance(&simulation.slicer, &slice, &report, 300 * kMs);
    rein_slicer_next(&simulation.slicer, 100, &slice);
    EXPECT_FALSE(Simulation::IsRounds(slice));
}

TEST(SlicerTest, ADurationOfNothingDividesByNothing)
{
    Simulation simulation({ 5, 5 }, { 0, 0 }, 2, kMs);

    for (int i = 0; i < 50; i++) {
        simulation.DoAll(simulation.Next(1000));
    }
    EXPECT_TRUE(Simulation::IsRounds(simulation.Next(1000)));
    EXPECT_EQ(simulation.Next(1000).n_rounds, 1000u);
}

TEST(SlicerTest, RangesAreWholeGranulesButTheLast)
{
    Simulation simulation({ 10007 }, { 3000 }, 48, kMs);

    while (simulation.round() < 2) {
        const ReinSlice slice = simulation.Next();
        if (slice.end_item != 10007) {
            EXPECT_EQ((slice.end_item - slice.first_item) % 48, 0u);
        }
        simulation.DoAll(slice);
    }
}

TEST(SlicerTest, TheLargestNumbersDoNotOverflow)
{
    Simulation simulation({ UINT32_MAX, UINT32_MAX }, { 0.001, 1e9 }, REIN_SLICER_MAX_GRANULE,
                          100 * kMs, UINT32_MAX - 2);

    while (simulation.round() == UINT32_MAX - 2) {
        const ReinSlice slice = simulation.Next();
        ASSERT_FALSE(testing::Test::HasFailure());
        ASSERT_GE(rein_slicer_predict(&simulation.slicer, &slice), 0);
        simulation.DoAll(slice);
    }
}

TEST(SlicerTest, AGranuleOfNothingAndTooManyStagesAreRefused)
{
    rein_test::Criticals criticals;
    const std::vector<ReinStage> stages(REIN_SLICER_STAGES + 1);
    ReinSlicer slicer = {};

    rein_slicer_init(&slicer, stages.data(), 1, 0, 0, kMs);
    rein_slicer_init(&slicer, stages.data(), 1, 0, REIN_SLICER_MAX_GRANULE + 1, kMs);
    rein_slicer_init(&slicer, stages.data(), 0, 0, 1, kMs);
    rein_slicer_init(&slicer, stages.data(), REIN_SLICER_STAGES + 1, 0, 1, kMs);
    EXPECT_EQ(criticals.Take(), 4u);
}

} // namespace
