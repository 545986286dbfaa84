/* SPDX-License-Identifier: MIT */

#include <gmock/gmock.h>

#include <atomic>
#include <thread>
#include <vector>

#include "clock_private.h"
#include "stop_private.h"

#include <rein/plugin_abi.h>

namespace
{

class StopTest : public testing::Test
{
  protected:
    ~StopTest() override
    {
        rein_stop_unref(stop_);
    }

    ReinStop *stop_ = rein_stop_new(nullptr);
};

TEST_F(StopTest, IsDownAtFirst)
{
    ASSERT_NE(stop_, nullptr);
    EXPECT_FALSE(rein_stop_requested(rein_stop_get_flag(stop_)));
    EXPECT_EQ(rein_stop_get_reason(stop_), REIN_STOP_NONE);
    EXPECT_EQ(rein_stop_get_raised_ns(stop_), 0);
}

TEST_F(StopTest, RaisedFlagIsWhatPluginsSee)
{
    EXPECT_TRUE(rein_stop_raise(stop_, REIN_STOP_USER));
    EXPECT_TRUE(rein_stop_requested(rein_stop_get_flag(stop_)));
    EXPECT_EQ(rein_stop_get_reason(stop_), REIN_STOP_USER);
    EXPECT_GT(rein_stop_get_raised_ns(stop_), 0);
    EXPECT_LE(rein_stop_get_raised_ns(stop_), rein_now_ns());
}

TEST_F(StopTest, TheFirstReasonAndItsTimeStay)
{
    EXPECT_TRUE(rein_stop_raise(stop_, REIN_STOP_DEADLINE));
    const gint64 raised_ns = rein_stop_get_raised_ns(stop_);

    for (int reason = REIN_STOP_USER; reason <= REIN_STOP_ERROR; reason++) {
        EXPECT_FALSE(rein_stop_raise(stop_, static_cast<ReinStopReason>(reason)));
    }
    EXPECT_EQ(rein_stop_get_reason(stop_), REIN_STOP_DEADLINE);
    EXPECT_EQ(rein_stop_get_raised_ns(stop_), raised_ns);
}

TEST_F(StopTest, EveryReasonComesBackAsItWasGiven)
{
    for (int i = REIN_STOP_USER; i <= REIN_STOP_ERROR; i++) {
        const auto reason = static_cast<ReinStopReason>(i);
        g_autoptr(ReinStop) stop = rein_stop_new(nullptr);

        EXPECT_TRUE(rein_stop_raise(stop, reason));
        EXPECT_EQ(rein_stop_get_reason(stop), reason);
    }
}

TEST_F(StopTest, ATimeIsNotEarlierThanTheFlag)
{
    const gint64 before_ns = rein_now_ns();

    rein_stop_raise(stop_, REIN_STOP_USER);
    EXPECT_GE(rein_stop_get_raised_ns(stop_), before_ns);
}

/* Whoever knows the reason finds the flag up and the time set: no state between them shows. */
TEST_F(StopTest, ReasonTimeAndFlagAgreeForEveryReader)
{
    for (int trial = 0; trial < 200; trial++) {
        g_autoptr(ReinStop) stop = rein_stop_new(nullptr);
        std::atomic<int> n_first{ 0 };
        std::atomic<int> n_ready{ 0 };
        std::vector<std::thread> threads;

        for (int i = 0; i < 2; i++) {
            threads.emplace_back([&] {
                n_ready++;
                while (n_ready < 2) { /* both at the same moment */
                    std::this_thread::yield();
                }
                n_first += rein_stop_raise(stop, REIN_STOP_USER) ? 1 : 0;
            });
        }
        threads.emplace_back([&] {
            while (rein_stop_get_reason(stop) == REIN_STOP_NONE) {
                std::this_thread::yield();
            }
            EXPECT_GT(rein_stop_get_raised_ns(stop), 0);
            EXPECT_TRUE(rein_stop_requested(rein_stop_get_flag(stop)));
        });
        for (std::thread &thread : threads) {
            thread.join();
        }
        EXPECT_EQ(n_first, 1);
    }
}

TEST_F(StopTest, LivesAsLongAsItsLastReference)
{
    ReinStop *other = rein_stop_ref(stop_);

    rein_stop_unref(stop_);
    EXPECT_TRUE(rein_stop_raise(other, REIN_STOP_USER));
    stop_ = other;
    rein_stop_unref(nullptr);
}

} // namespace
