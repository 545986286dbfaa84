/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "support/program.h"

namespace
{

using std::filesystem::exists;

constexpr gint64 HOUR_NS = G_GINT64_CONSTANT(3600) * 1000000000;
constexpr gint64 HOUR_S = 3600;

class CacheTest : public testing::Test
{
  protected:
    /* A file of 100 bytes, last used so many hours ago. */
    std::string
    add(const std::string &name, int age_hours)
    {
        std::string path = folder_.write(name, std::string(100, 'x'));
        gint64 used_s = g_get_real_time() / G_USEC_PER_SEC - age_hours * HOUR_S;
        const struct timespec times[2] = { { used_s, 0 }, { used_s, 0 } };
        EXPECT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
        return path;
    }
    guint
    tidy(gint64 keep_hours, guint64 keep_size)
    {
        return rein_cache_tidy(folder_.path().c_str(), keep_hours * HOUR_NS, keep_size);
    }

    rein_test::TemporaryFolder folder_;
};

TEST_F(CacheTest, FilesUnusedForLongerAreDeleted)
{
    std::string old_file = add("cpu/old.so", 50);
    std::string new_file = add("cpu/new.so", 1);

    EXPECT_EQ(tidy(24, 1000), 1u);
    EXPECT_FALSE(exists(old_file));
    EXPECT_TRUE(exists(new_file));
}

TEST_F(CacheTest, BeyondTheSizeThoseUnusedForLongestGo)
{
    std::string oldest = add("a", 5);
    std::string newest = add("b", 1);
    std::string middle = add("c", 3);

    EXPECT_EQ(tidy(24, 250), 1u);
    EXPECT_FALSE(exists(oldest));
    EXPECT_TRUE(exists(newest));
    EXPECT_TRUE(exists(middle));
}

TEST_F(CacheTest, SizeZeroEmptiesTheFolder)
{
    add("a", 0);
    add("b/c", 0);

    add("b/d/e/f/g", 0);
    std::string too_deep = add("h/1/2/3/4/5/6/7/8/9/g", 0);

    EXPECT_EQ(tidy(24, 0), 3u);
    EXPECT_TRUE(exists(folder_.path()));
    EXPECT_TRUE(exists(too_deep));
    EXPECT_FALSE(exists(folder_.file("b")));
}

TEST_F(CacheTest, FolderThatIsNotEmptyStays)
{
    add("cpu/old", 50);
    std::string kept = add("cpu/new", 1);

    EXPECT_EQ(tidy(24, 1000), 1u);
    EXPECT_TRUE(exists(kept));
}

TEST_F(CacheTest, LinksAreNotFollowed)
{
    rein_test::TemporaryFolder other;
    std::string outside = other.write("precious", "x");
    ASSERT_EQ(symlink(other.path().c_str(), folder_.file("link").c_str()), 0);

    EXPECT_EQ(tidy(0, 0), 0u);
    EXPECT_TRUE(exists(outside));
}

TEST_F(CacheTest, MissingFolderIsEmpty)
{
    EXPECT_EQ(rein_cache_tidy("/no/such/folder", 0, 0), 0u);
}

} // namespace
