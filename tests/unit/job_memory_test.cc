/* SPDX-License-Identifier: MIT */

/* The verification after a teardown: what the driver says of the job's memory. */

#include "job_fixture.h"

namespace
{

using namespace rein_test;

/* What the driver says is free, call by call; the last value stays. */
std::vector<uint64_t> driver_free;
size_t n_asked = 0;

ReinStatus
MemoryInfo(ReinPluginDevice *, uint64_t *free_size, uint64_t *total_size, ReinMsg *)
{
    *total_size = 1 << 20;
    *free_size = driver_free[std::min(n_asked, driver_free.size() - 1)];
    n_asked++;
    return REIN_OK;
}

ReinStatus
CannotTell(ReinPluginDevice *, uint64_t *, uint64_t *, ReinMsg *)
{
    return REIN_ERR_FAILED;
}

class JobMemoryTest : public JobFixture
{
  protected:
    JobMemoryTest()
    {
        info_.flags &= ~REIN_DEVICE_UNIFIED_MEMORY;
    }

    /* A job that held 64 bytes, on a device whose driver says so. */
    ReinMemoryCheck
    CheckAfter(const std::vector<uint64_t> &free_sizes, bool *is_clean)
    {
        driver_free = free_sizes;
        n_asked = 0;
        Open([](ReinPluginTable &table) { table.memory_info = MemoryInfo; });
        OpenWithJob();
        rein_job_set_memory_limit(job_, 0);
        Acquire();
        g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
        *is_clean = rein_receipt_is_clean(receipt);
        return rein_receipt_get_memory_check(receipt);
    }

    bool is_clean_ = false;
};

TEST_F(JobMemoryTest, MemoryThatIsBackIsSaid)
{
    EXPECT_EQ(CheckAfter({ 1000, 1000 }, &is_clean_), REIN_MEMORY_BACK);
    EXPECT_TRUE(is_clean_);
    EXPECT_EQ(n_asked, 2u);
}

TEST_F(JobMemoryTest, FivePercentOfTheJobsBytesMayBeLate)
{
    EXPECT_EQ(CheckAfter({ 1000, 997 }, &is_clean_), REIN_MEMORY_BACK);
    EXPECT_TRUE(is_clean_);
}

TEST_F(JobMemoryTest, MemoryThatStaysAwayIsMissingAndNotClean)
{
    EXPECT_EQ(CheckAfter({ 1000, 996 }, &is_clean_), REIN_MEMORY_MISSING);
    EXPECT_FALSE(is_clean_);
}

TEST_F(JobMemoryTest, MemoryThatComesLateIsWaitedFor)
{
    driver_free = { 1000, 900, 900, 1000 };
    n_asked = 0;
    Open([](ReinPluginTable &table) { table.memory_info = MemoryInfo; });
    OpenWithJob();
    Acquire();
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_EQ(rein_receipt_get_memory_check(receipt), REIN_MEMORY_BACK);
    EXPECT_EQ(n_asked, 4u);
}

TEST_F(JobMemoryTest, DriverThatCannotTellIsNotMeasurable)
{
    Open([](ReinPluginTable &table) { table.memory_info = CannotTell; });
    OpenWithJob();
    Acquire();
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_EQ(rein_receipt_get_memory_check(receipt), REIN_MEMORY_NOT_MEASURABLE);
    EXPECT_TRUE(rein_receipt_is_clean(receipt));
}

TEST_F(JobMemoryTest, PluginWithoutTheSlotIsNotMeasurable)
{
    Open([](ReinPluginTable &table) { table.memory_info = nullptr; });
    OpenWithJob();
    Acquire();
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_EQ(rein_receipt_get_memory_check(receipt), REIN_MEMORY_NOT_MEASURABLE);
}

TEST_F(JobMemoryTest, AnotherJobOnTheDeviceMakesItNotMeasurable)
{
    driver_free = { 1000, 0 };
    n_asked = 0;
    Open([](ReinPluginTable &table) { table.memory_info = MemoryInfo; });
    OpenWithJob();
    Acquire();
    ReinJob *other = rein_job_new(device_, nullptr);
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_EQ(rein_receipt_get_memory_check(receipt), REIN_MEMORY_NOT_MEASURABLE);
    rein_job_free(other);
}

TEST_F(JobMemoryTest, JobWithoutBuffersIsNotMeasurable)
{
    Open([](ReinPluginTable &table) { table.memory_info = MemoryInfo; });
    OpenWithJob();
    n_asked = 0;
    g_autoptr(ReinReceipt) receipt = rein_job_end(job_);
    EXPECT_EQ(rein_receipt_get_memory_check(receipt), REIN_MEMORY_NOT_MEASURABLE);
    EXPECT_EQ(n_asked, 0u);
}

TEST_F(JobMemoryTest, MemoryOfTheHostIsNotMeasurable)
{
    info_.flags |= REIN_DEVICE_UNIFIED_MEMORY;
    EXPECT_EQ(CheckAfter({ 1000, 0 }, &is_clean_), REIN_MEMORY_NOT_MEASURABLE);
    EXPECT_TRUE(is_clean_);
    EXPECT_EQ(n_asked, 0u);
}

} // namespace
