/* SPDX-License-Identifier: MIT */

/* What a bad worker could do to the memory that it shares with its host, and cannot. */

#include "staging_private.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "stop_private.h"

namespace
{

class StagingTest : public testing::Test
{
  protected:
    void
    SetUp() override
    {
        g_autoptr(GError) error = nullptr;

        ASSERT_TRUE(rein_staging_make(&staging_, &error)) << error->message;
    }
    void
    TearDown() override
    {
        rein_staging_clear(&staging_);
    }
    off_t
    Size() const
    {
        struct stat info = {};

        EXPECT_EQ(fstat(staging_.fd, &info), 0);
        return info.st_size;
    }

    ReinStaging staging_ = REIN_STAGING_INIT;
};

/* Pages that were taken away would end the host by SIGBUS. */
TEST_F(StagingTest, NobodyCanMakeItSmallerOrLarger)
{
    const off_t size = Size();

    for (const off_t other : { off_t{ 0 }, size - 1, size + 1, 2 * size }) {
        EXPECT_EQ(ftruncate(staging_.fd, other), -1);
        EXPECT_EQ(errno, EPERM);
    }
    EXPECT_EQ(Size(), size);
}

/* A seal more, against writing, would take the memory away from the host as well. */
TEST_F(StagingTest, NobodyCanSealItFurther)
{
    EXPECT_EQ(fcntl(staging_.fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
    EXPECT_EQ(errno, EPERM);
    staging_.data[0] = 'x';
    EXPECT_EQ(staging_.data[0], 'x');
}

TEST_F(StagingTest, OtherSideSeesTheSameBytes)
{
    ReinStaging other = REIN_STAGING_INIT;
    g_autoptr(GError) error = nullptr;

    ASSERT_TRUE(rein_staging_map(&other, staging_.fd, &error)) << error->message;
    staging_.data[REIN_STAGING_SIZE - 1] = 'd';
    staging_.text[REIN_BUILD_MSG_SIZE - 1] = 't';
    EXPECT_EQ(other.data[REIN_STAGING_SIZE - 1], 'd');
    EXPECT_EQ(other.text[REIN_BUILD_MSG_SIZE - 1], 't');
    rein_staging_clear(&other);
    rein_staging_clear(&other); /* safe to repeat */
    EXPECT_EQ(staging_.data[REIN_STAGING_SIZE - 1], 'd');
}

TEST_F(StagingTest, MemoryOfAnotherSizeIsRefused)
{
    const int fd = memfd_create("other", MFD_CLOEXEC);

    ASSERT_GE(fd, 0);
    for (const off_t size : { off_t{ 0 }, Size() - 1, Size() + 1 }) {
        ReinStaging other = REIN_STAGING_INIT;
        g_autoptr(GError) error = nullptr;

        ASSERT_EQ(ftruncate(fd, size), 0);
        EXPECT_FALSE(rein_staging_map(&other, fd, &error));
        EXPECT_NE(error, nullptr);
        EXPECT_EQ(other.data, nullptr);
    }
    close(fd);
}

/* A worker maps the flags of all jobs of its host; it may not raise or lower one. */
TEST_F(StagingTest, StopFlagsCannotBeWrittenThroughTheirDescriptor)
{
    g_autoptr(GError) error = nullptr;
    const int fd = rein_stop_get_area(&error);

    ASSERT_GE(fd, 0);
    EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    EXPECT_EQ(pwrite(fd, "x", 1, 0), -1);
    EXPECT_EQ(ftruncate(fd, 0), -1);
}

} // namespace
