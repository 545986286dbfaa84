/* SPDX-License-Identifier: MIT */

/* Which size of a group is chosen, from how long launches took. */

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

extern "C" {
#include "opencl_tune.h"
}

namespace
{

constexpr uint64_t kMillisecond = 1000000;

/* Times launches until it is decided; how many that took. `times` are by place. */
int
Decide(OpenclTune *tune, const std::vector<uint64_t> &times)
{
    int n = 0;

    for (; !tune->is_done && n < 100; n++) {
        opencl_tune_note(tune, times[tune->next]);
    }
    EXPECT_TRUE(tune->is_done);
    return n;
}

class OpenclTuneTest : public ::testing::Test
{
  protected:
    void
    SetUp() override
    {
        opencl_tune_begin(&tune_, 2, 1, 3);
    }

    OpenclTune tune_ = {};
};

TEST_F(OpenclTuneTest, FastestIsChosenAfterAllHadTheSameNumberOfTurns)
{
    EXPECT_EQ(Decide(&tune_, { 4 * kMillisecond, 5 * kMillisecond, 5 * kMillisecond }), 15);
    EXPECT_EQ(tune_.chosen, 0u);
}

TEST_F(OpenclTuneTest, UsualStaysWhereTheOthersGainLessThanAHundredth)
{
    Decide(&tune_, { 5 * kMillisecond - 40000, 5 * kMillisecond - 30000, 5 * kMillisecond });
    EXPECT_EQ(tune_.chosen, 2u);
}

TEST_F(OpenclTuneTest, OneDisturbedLaunchDecidesNothing)
{
    opencl_tune_note(&tune_, 9 * kMillisecond); /* the usual one, which is the fastest else */
    Decide(&tune_, { 5 * kMillisecond, 5 * kMillisecond, 4 * kMillisecond });
    EXPECT_EQ(tune_.chosen, 2u);
}

TEST_F(OpenclTuneTest, OneThatIsTwiceAsSlowRunsOnce)
{
    int n_slow = 0;

    while (!tune_.is_done) {
        n_slow += tune_.next == 0;
        opencl_tune_note(&tune_, tune_.next == 0 ? 9 * kMillisecond : 4 * kMillisecond);
    }
    EXPECT_EQ(n_slow, 1);
    EXPECT_EQ(tune_.chosen, 2u);
}

TEST_F(OpenclTuneTest, LongLaunchIsNotTriedOtherwise)
{
    EXPECT_EQ(Decide(&tune_, { 1, 1, 11 * kMillisecond }), 1);
    EXPECT_EQ(tune_.chosen, 2u);
}

TEST_F(OpenclTuneTest, ShortLaunchesHaveTheirOwnSizeSinceTheirTimesMeanNothing)
{
    EXPECT_EQ(Decide(&tune_, { 1, 1, 20000 }), 1);
    EXPECT_EQ(tune_.chosen, 1u);
}

} // namespace
