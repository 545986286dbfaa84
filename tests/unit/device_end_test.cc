/* SPDX-License-Identifier: MIT */

/* A device that is not to be used any more, and slots that hang in its way to the end. */

#include "device_fixture.h"
#include "support/processes.h"
#include "support/warnings.h"

namespace
{

using rein_test::FakeGetCounts;
using rein_test::Slot;
using rein_test::WaitUntil;
using rein_test::Warnings;
using testing::HasSubstr;

class DeviceEndTest : public rein_test::DeviceFixture
{
};

/* Nobody waits for it but the close, which comes when it has returned. */
TEST_F(DeviceEndTest, InterruptThatHangsHoldsNobodyUp)
{
    ASSERT_NE(Open(), nullptr);
    wrapping_->HangCall(Slot::kInterrupt, 1);
    EXPECT_TRUE(rein_device_interrupt(device_, 1));
    ASSERT_TRUE(wrapping_->WaitUntilHanging());
    EXPECT_EQ(Simple(REIN_CALL_USAGE, 1), REIN_OK);
    EXPECT_EQ(wrapping_->Count(Slot::kClose), 0u);
    wrapping_->LetGo();
    Close();
    EXPECT_EQ(wrapping_->Count(Slot::kClose), 1u);
}

/* The device is left to its thread, which closes it when the plugin comes back after all. */
TEST_F(DeviceEndTest, CloseThatHangsIsLeftWithAWarning)
{
    Warnings warnings;

    ASSERT_NE(Open(), nullptr);
    wrapping_->HangCall(Slot::kClose, 1);
    Close();
    EXPECT_THAT(warnings.Take(),
                testing::Contains(HasSubstr("device fake:0: the plugin does not close it")));
    EXPECT_EQ(FakeGetCounts().n_open_devices, 1u);
    wrapping_->LetGo();
    EXPECT_TRUE(WaitUntil([] { return FakeGetCounts().n_open_devices == 0; }));
}

TEST_F(DeviceEndTest, SpentDeviceBeginsNoJobAndThoseThatRunGoOn)
{
    g_autoptr(GError) error = nullptr;

    ASSERT_NE(Open(), nullptr);
    const guint64 job = rein_device_begin_job(device_, &error);
    EXPECT_GT(job, 0u);
    rein_device_spend(device_, "of a test");
    EXPECT_TRUE(rein_device_is_lost(device_));
    EXPECT_EQ(rein_device_begin_job(device_, &error), 0u);
    EXPECT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_DEVICE_LOST));
    EXPECT_THAT(error->message, HasSubstr("fake:0 was given up earlier: of a test"));
    EXPECT_NE(Allocate(job, 16), 0u);
    EXPECT_EQ(Simple(REIN_CALL_CLEANUP, job), REIN_OK);
    EXPECT_TRUE(rein_device_end_job(device_));
}

} // namespace
