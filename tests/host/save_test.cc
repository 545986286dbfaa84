/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "runner/save.h"
#include "support/program.h"

namespace
{

using rein_test::read_text;
using rein_test::TemporaryFolder;
using testing::HasSubstr;

class SaveTest : public testing::Test
{
  protected:
    ~SaveTest() override
    {
        g_clear_error(&error_);
    }
    bool
    save(const std::string &path, const std::string &text)
    {
        return rein_save_text(path.c_str(), text.c_str(), text.size(), &error_) != FALSE;
    }
    int
    count_files() const
    {
        std::filesystem::directory_iterator entries(folder_.path());
        return static_cast<int>(std::distance(begin(entries), end(entries)));
    }

    TemporaryFolder folder_;
    GError *error_ = nullptr;
};

TEST_F(SaveTest, FileIsThereWholeAndNothingElse)
{
    EXPECT_TRUE(save(folder_.file("a"), "text\n"));

    EXPECT_EQ(read_text(folder_.file("a")), "text\n");
    EXPECT_EQ(count_files(), 1);
}

TEST_F(SaveTest, UntilTheCommitTheOldFileStays)
{
    folder_.write("a", "old");
    g_autoptr(ReinSaveFile) file = rein_save_open(folder_.file("a").c_str(), &error_);
    ASSERT_NE(file, nullptr);

    EXPECT_TRUE(rein_save_write(file, "new", 3, &error_));
    EXPECT_EQ(read_text(folder_.file("a")), "old");
    EXPECT_TRUE(rein_save_commit(file, &error_));
    EXPECT_EQ(read_text(folder_.file("a")), "new");
}

TEST_F(SaveTest, ClosedWithoutCommitLeavesNothing)
{
    ReinSaveFile *file = rein_save_open(folder_.file("a").c_str(), &error_);
    EXPECT_TRUE(rein_save_write(file, "new", 3, &error_));

    rein_save_close(file);

    EXPECT_EQ(count_files(), 0);
}

TEST_F(SaveTest, LinkStaysALink)
{
    folder_.write("a", "old");
    ASSERT_EQ(symlink("a", folder_.file("link").c_str()), 0);

    EXPECT_TRUE(save(folder_.file("link"), "new"));

    EXPECT_EQ(read_text(folder_.file("a")), "new");
    EXPECT_TRUE(std::filesystem::is_symlink(folder_.file("link")));
}

TEST_F(SaveTest, LinkThatLeadsToNoFileYetStaysALink)
{
    std::filesystem::create_directory(folder_.file("sub"));
    ASSERT_EQ(symlink("sub/b", folder_.file("a").c_str()), 0);
    ASSERT_EQ(symlink("c", folder_.file("sub/b").c_str()), 0);

    EXPECT_TRUE(save(folder_.file("a"), "new"));

    EXPECT_EQ(read_text(folder_.file("sub/c")), "new");
    EXPECT_TRUE(std::filesystem::is_symlink(folder_.file("a")));
    EXPECT_TRUE(std::filesystem::is_symlink(folder_.file("sub/b")));
}

TEST_F(SaveTest, SamePlaceIsKnownUnderEveryName)
{
    folder_.write("a", "text");
    std::filesystem::create_directory(folder_.file("sub"));
    std::filesystem::create_hard_link(folder_.file("a"), folder_.file("hard"));
    ASSERT_EQ(symlink("a", folder_.file("soft").c_str()), 0);
    ASSERT_EQ(symlink("none", folder_.file("dangling").c_str()), 0);
    ASSERT_EQ(mkfifo(folder_.file("pipe").c_str(), 0600), 0);
    auto is_same = [this](const char *a, const char *b) {
        return rein_save_is_same_place(folder_.file(a).c_str(), folder_.file(b).c_str()) != FALSE;
    };

    EXPECT_TRUE(is_same("a", "sub/../a"));
    EXPECT_TRUE(is_same("a", "hard"));
    EXPECT_TRUE(is_same("soft", "a"));
    EXPECT_TRUE(is_same("none", "sub/../none"));
    EXPECT_TRUE(is_same("none", "dangling"));
    EXPECT_TRUE(is_same("no/folder/x", "no/./folder/x"));
    EXPECT_FALSE(is_same("a", "none"));
    EXPECT_FALSE(is_same("none", "sub/none"));
    EXPECT_FALSE(is_same("pipe", "pipe")); /* takes both */
}

TEST_F(SaveTest, EmptyPathIsNoPlace)
{
    EXPECT_FALSE(rein_save_check("", &error_));
    EXPECT_THAT(error_->message, HasSubstr("\"\": cannot be written: "));
}

TEST_F(SaveTest, ModeOfTheOldFileStays)
{
    struct stat status = {};
    folder_.write("a", "old");
    ASSERT_EQ(chmod(folder_.file("a").c_str(), 0640), 0);

    EXPECT_TRUE(save(folder_.file("a"), "new"));

    ASSERT_EQ(stat(folder_.file("a").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0640u);
}

TEST_F(SaveTest, PipeIsWrittenInto)
{
    char text[4] = "";
    ASSERT_EQ(mkfifo(folder_.file("pipe").c_str(), 0600), 0);
    int fd = open(folder_.file("pipe").c_str(), O_RDONLY | O_NONBLOCK);

    EXPECT_TRUE(rein_save_check(folder_.file("pipe").c_str(), &error_));
    EXPECT_TRUE(save(folder_.file("pipe"), "new"));

    EXPECT_EQ(read(fd, text, 3), 3);
    EXPECT_STREQ(text, "new");
    close(fd);
}

TEST_F(SaveTest, FullDiskIsAnErrorThatSaysWhatToDo)
{
    EXPECT_FALSE(save("/dev/full", "text"));

    EXPECT_TRUE(g_error_matches(error_, G_FILE_ERROR, G_FILE_ERROR_NOSPC));
    EXPECT_THAT(error_->message, HasSubstr("/dev/full: cannot be written: No space left"));
    EXPECT_THAT(error_->message, HasSubstr("make room"));
}

TEST_F(SaveTest, CheckChangesNothing)
{
    folder_.write("a", "old");

    EXPECT_TRUE(rein_save_check(folder_.file("a").c_str(), &error_));
    EXPECT_TRUE(rein_save_check(folder_.file("b").c_str(), &error_));

    EXPECT_EQ(read_text(folder_.file("a")), "old");
    EXPECT_EQ(count_files(), 1);
}

TEST_F(SaveTest, CheckRefusesFoldersAndMissingFolders)
{
    for (const std::string &path :
         { folder_.path(), folder_.file("none/a"), std::string("/proc/a") }) {
        EXPECT_FALSE(rein_save_check(path.c_str(), &error_)) << path;
        EXPECT_THAT(error_->message, HasSubstr(path + ": cannot be written: "));
        g_clear_error(&error_);
    }
    EXPECT_EQ(count_files(), 0);
}

TEST_F(SaveTest, LongNameIsNoProblem)
{
    std::string name(255, 'a');

    EXPECT_TRUE(save(folder_.file(name), "text"));
    EXPECT_EQ(read_text(folder_.file(name)), "text");
}

TEST_F(SaveTest, DropAllLeavesNoUnfinishedFile)
{
    std::string folder = folder_.path();

    /* nothing can be saved afterwards, so it happens in a process of its own */
    EXPECT_EXIT(
        {
            ReinSaveFile *a = rein_save_open((folder + "/a").c_str(), nullptr);
            ReinSaveFile *b = rein_save_open((folder + "/b").c_str(), nullptr);
            (void)rein_save_write(a, "text", 4, nullptr);
            (void)b;
            rein_save_drop_all();
            _exit(0);
        },
        testing::ExitedWithCode(0), "");
    EXPECT_EQ(count_files(), 0);
}

} // namespace
