/* SPDX-License-Identifier: MIT */

/* Records of workers, tags, and what is found and removed after an owner is dead. */

#include <fcntl.h>
#include <gmock/gmock.h>
#include <rein/error.h>
#include <rein/leftovers.h>
#include <rein/process.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "record_private.h"
#include "support/process_counts.h"
#include "support/processes.h"
#include "support/temporary_folder.h"
#include "tag_private.h"
#include "temporaries_private.h"

namespace
{

using rein_test::CountDescriptors;
using rein_test::IsRunning;
using rein_test::ReadFile;
using rein_test::TemporaryFolder;
using rein_test::WaitUntil;
using testing::HasSubstr;
namespace fs = std::filesystem;

/* A worker's grandchild: of a session of its own, a child of nobody's that is known here. */
constexpr char kDaemon[] = "setsid sh -c 'echo $$ > \"$0\".new; mv \"$0\".new \"$0\"; exec sleep "
                           "600' \"$0\" </dev/null >/dev/null 2>&1 & exit 0";

class LeftoversTest : public testing::Test
{
  protected:
    void
    TearDown() override
    {
        for (const pid_t pid : started_) {
            kill(pid, SIGKILL);
        }
    }

    /* A tag whose owner began a tick later than this process, as none did: the number is another's. */
    static std::string
    TagOfDeadOwner(guint64 number = 1)
    {
        ReinProcess own = {};

        rein_process_get_own(&own);
        return Tag(own, own.start_time + 1, number);
    }

    static std::string
    TagOfLiveOwner()
    {
        ReinProcess own = {};

        rein_process_get_own(&own);
        return Tag(own, own.start_time, 424242);
    }

    static std::string
    Tag(const ReinProcess &owner, guint64 start_time, guint64 number)
    {
        return std::string(owner.boot_id) + ":" + std::to_string(rein_process_get_pid_namespace()) +
               ":" + std::to_string(owner.pid) + ":" + std::to_string(start_time) + ":" +
               std::to_string(number);
    }

    /* Double-forked, in a session of its own, with the tag in its environment. */
    pid_t
    StartDaemon(const std::string &tag)
    {
        const std::string file = folder_.At("pid-" + std::to_string(started_.size()));
        std::string variable = "REIN_WORKER_TAG=" + tag;
        std::string path = "PATH=/usr/bin:/bin";
        std::string script = kDaemon;
        std::string argument = file;
        char shell[] = "sh";
        char flag[] = "-c";
        char *argv[] = { shell, flag, script.data(), argument.data(), nullptr };
        char *environment[] = { variable.data(), path.data(), nullptr };
        pid_t pid = 0;
        int status = 0;

        EXPECT_EQ(posix_spawn(&pid, "/bin/sh", nullptr, nullptr, argv, environment), 0);
        EXPECT_EQ(waitpid(pid, &status, 0), pid);
        EXPECT_TRUE(WaitUntil([&] { return fs::exists(file); }));
        started_.push_back(std::stoi(ReadFile(file)));
        EXPECT_TRUE(IsRunning(started_.back()));
        return started_.back();
    }

    std::string
    State() const
    {
        return folder_.At("state");
    }

    std::string
    WriteRecord(const std::string &tag, const std::string &scratch) const
    {
        return folder_.Write("state/processes/" + tag,
                             "[record]\ntag=" + tag + "\ndevice=fake:0\nscratch=" + scratch + "\n");
    }

    /* Keeps of what is found only what this test left. */
    void
    Find()
    {
        const std::string own = ":" + std::to_string(getpid()) + ":";

        if (found_ != nullptr) {
            g_ptr_array_unref(found_);
        }
        found_ = rein_leftovers_find(State().c_str(), folder_.At("cache").c_str());
        for (guint i = found_->len; i > 0; i--) {
            auto *leftover = static_cast<ReinLeftover *>(g_ptr_array_index(found_, i - 1));
            if (std::string(leftover->path).rfind(folder_.path().string(), 0) != 0 &&
                (leftover->tag == nullptr ||
                 std::string(leftover->tag).find(own) == std::string::npos)) {
                g_ptr_array_remove_index(found_, i - 1);
            }
        }
    }

    /* What was found with this pid, or at this path. */
    const ReinLeftover *
    FindLeftover(pid_t pid, const std::string &path = "")
    {
        Find();
        for (guint i = 0; i < found_->len; i++) {
            auto *leftover = static_cast<ReinLeftover *>(g_ptr_array_index(found_, i));
            if (pid > 0 ? leftover->pid == pid : leftover->path == path) {
                return leftover;
            }
        }
        return nullptr;
    }

    ~LeftoversTest() override
    {
        if (found_ != nullptr) {
            g_ptr_array_unref(found_);
        }
    }

    TemporaryFolder folder_;
    std::vector<pid_t> started_;
    GPtrArray *found_ = nullptr;
};

TEST_F(LeftoversTest, EachTagIsAnotherOneOfThisProcess)
{
    g_autofree char *first = rein_tag_new();
    g_autofree char *second = rein_tag_new();
    ReinTag tag = {};

    EXPECT_STRNE(first, second);
    ASSERT_TRUE(rein_tag_parse(first, &tag));
    EXPECT_EQ(tag.owner.pid, getpid());
    EXPECT_FALSE(rein_tag_is_orphaned(&tag));
}

TEST_F(LeftoversTest, MalformedTagIsNone)
{
    ReinTag tag = {};

    for (const char *text : { "", "::::", "a:1:2:3", "a:1:0:3:4", "a:1:2:3:4:5", "a:x:2:3:4",
                              "a:1:-2:3:4", "../x:1:2:3:4", "a:1:99999999999:3:4",
                              "0123456789012345678901234567890123456789:1:2:3:4" }) {
        EXPECT_FALSE(rein_tag_parse(text, &tag)) << text;
    }
}

TEST_F(LeftoversTest, TagOfAnotherNamespaceOrBootIsNotJudged)
{
    ReinTag tag = {};

    ASSERT_TRUE(rein_tag_parse(TagOfDeadOwner().c_str(), &tag));
    EXPECT_TRUE(rein_tag_is_orphaned(&tag));
    tag.pid_namespace++;
    EXPECT_FALSE(rein_tag_is_orphaned(&tag));
    tag.pid_namespace--;
    tag.owner.boot_id[0] = tag.owner.boot_id[0] == '0' ? '1' : '0';
    EXPECT_FALSE(rein_tag_is_orphaned(&tag));
}

TEST_F(LeftoversTest, RecordIsThereUntilItIsFreed)
{
    g_autoptr(GError) error = nullptr;
    g_auto(ReinRecordFacts) facts = {};
    const int n_descriptors = CountDescriptors();
    ReinRecord *record = rein_record_new(State().c_str(), "fake:0", "/somewhere", &error);

    ASSERT_NE(record, nullptr) << error->message;
    const std::string path = State() + "/processes/" + rein_record_get_tag(record);
    ASSERT_TRUE(rein_record_read(path.c_str(), &facts));
    EXPECT_STREQ(facts.tag, rein_record_get_tag(record));
    EXPECT_STREQ(facts.device, "fake:0");
    EXPECT_STREQ(facts.scratch_folder, rein_record_get_scratch_folder(record));
    EXPECT_EQ(std::string("/somewhere/") + facts.tag, facts.scratch_folder);
    struct stat info = {};
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    EXPECT_FALSE(rein_record_is_orphaned(path.c_str()));

    rein_record_free(record);
    EXPECT_TRUE(fs::is_empty(State() + "/processes"));
    EXPECT_EQ(CountDescriptors(), n_descriptors);
}

TEST_F(LeftoversTest, RecordWithoutAFolderHasATagAllTheSame)
{
    g_autoptr(GError) error = nullptr;
    g_autoptr(ReinRecord) record = rein_record_new(nullptr, "fake:0", nullptr, &error);
    ReinTag tag = {};

    ASSERT_NE(record, nullptr);
    EXPECT_TRUE(rein_tag_parse(rein_record_get_tag(record), &tag));
    EXPECT_EQ(rein_record_get_scratch_folder(record), nullptr);
}

TEST_F(LeftoversTest, RecordThatCannotBeWrittenIsAnError)
{
    g_autoptr(GError) error = nullptr;
    const std::string file = folder_.Write("file", "");

    EXPECT_EQ(rein_record_new(file.c_str(), "fake:0", nullptr, &error), nullptr);
    ASSERT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_FAILED));
    EXPECT_THAT(error->message, HasSubstr(file));
}

TEST_F(LeftoversTest, RecordOfADeadOwnerIsALeftoverWithItsScratchFolder)
{
    const std::string scratch = folder_.MakeFolder("scratch/job");
    folder_.Write("scratch/job/inner/data", "12345");
    const std::string record = WriteRecord(TagOfDeadOwner(), scratch);

    const ReinLeftover *found = FindLeftover(0, scratch);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->kind, REIN_LEFTOVER_SCRATCH);
    EXPECT_EQ(found->size, 5u);
    EXPECT_THAT(found->reason, HasSubstr("is gone"));
    ASSERT_NE(FindLeftover(0, record), nullptr);
    EXPECT_EQ(rein_leftovers_remove(found_), 0u);
    EXPECT_FALSE(fs::exists(scratch));
    EXPECT_FALSE(fs::exists(record));
    EXPECT_EQ(FindLeftover(0, record), nullptr);
}

TEST_F(LeftoversTest, RecordOfALiveOwnerIsLeftAlone)
{
    g_autoptr(GError) error = nullptr;
    const std::string parent = folder_.MakeFolder("scratch");
    g_autoptr(ReinRecord) record =
        rein_record_new(State().c_str(), "fake:0", parent.c_str(), &error);
    ASSERT_NE(record, nullptr);
    const std::string scratch = rein_record_get_scratch_folder(record);
    ASSERT_TRUE(fs::create_directory(scratch));
    const std::string path = State() + "/processes/" + rein_record_get_tag(record);

    EXPECT_EQ(FindLeftover(0, path), nullptr);
    EXPECT_EQ(FindLeftover(0, scratch), nullptr);
    EXPECT_EQ(rein_leftovers_remove(found_), 0u);
    EXPECT_TRUE(fs::exists(path));
    EXPECT_TRUE(fs::exists(scratch));
}

TEST_F(LeftoversTest, LockTellsOfAnOwnerThatCannotBeSeen)
{
    ReinProcess own = {};
    rein_process_get_own(&own);
    own.boot_id[0] = own.boot_id[0] == '0' ? '1' : '0'; /* of another machine */
    const std::string path = WriteRecord(Tag(own, own.start_time, 1), "");
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);

    ASSERT_EQ(flock(fd, LOCK_EX | LOCK_NB), 0);
    EXPECT_EQ(FindLeftover(0, path), nullptr);
    close(fd);
    EXPECT_NE(FindLeftover(0, path), nullptr);
}

TEST_F(LeftoversTest, WhatIsNoRecordIsLeftAlone)
{
    const std::string stranger = folder_.Write("state/processes/notes.txt", "mine");
    const std::string home = std::string(g_get_home_dir());
    const std::string tag = TagOfDeadOwner(2);
    WriteRecord(tag, home);
    const std::string other = TagOfDeadOwner(3);
    WriteRecord(other, "relative/folder");

    EXPECT_EQ(FindLeftover(0, stranger), nullptr);
    EXPECT_EQ(FindLeftover(0, home), nullptr);
    EXPECT_EQ(FindLeftover(0, "relative/folder"), nullptr);
    EXPECT_EQ(rein_leftovers_remove(found_), 0u);
    EXPECT_TRUE(fs::exists(stranger));
    EXPECT_TRUE(fs::exists(home));
}

TEST_F(LeftoversTest, GarbageInARecordOfADeadOwnerIsRemovedWithIt)
{
    const std::string path =
        folder_.Write("state/processes/" + TagOfDeadOwner(), std::string("\0[rec\xff\n=", 9));
    const std::string unfinished =
        folder_.Write("state/processes/" + TagOfDeadOwner(2) + ".new", "[record]\nta");

    ASSERT_NE(FindLeftover(0, path), nullptr);
    ASSERT_NE(FindLeftover(0, unfinished), nullptr);
    EXPECT_EQ(rein_leftovers_remove(found_), 0u);
    EXPECT_TRUE(fs::is_empty(State() + "/processes"));
}

TEST_F(LeftoversTest, RecordStaysWhereItsScratchFolderCannotBeRemoved)
{
    if (geteuid() == 0) {
        GTEST_SKIP() << "root may remove anything";
    }
    const std::string scratch = folder_.MakeFolder("locked/scratch");
    const std::string record = WriteRecord(TagOfDeadOwner(), scratch);

    fs::permissions(folder_.At("locked"), fs::perms::owner_read | fs::perms::owner_exec);
    Find();
    EXPECT_EQ(rein_leftovers_remove(found_), 2u);
    fs::permissions(folder_.At("locked"), fs::perms::owner_all);
    EXPECT_TRUE(fs::exists(record));
}

TEST_F(LeftoversTest, LinkInAScratchFolderIsNotFollowed)
{
    const std::string kept = folder_.Write("kept/file", "kept");
    const std::string scratch = folder_.MakeFolder("scratch");
    fs::create_directory_symlink(folder_.At("kept"), scratch + "/link");
    WriteRecord(TagOfDeadOwner(), scratch);

    Find();
    EXPECT_EQ(rein_leftovers_remove(found_), 0u);
    EXPECT_FALSE(fs::exists(scratch));
    EXPECT_TRUE(fs::exists(kept));
}

TEST_F(LeftoversTest, KillReachesAGrandchildInASessionOfItsOwn)
{
    const std::string tag = TagOfLiveOwner();
    const pid_t daemon = StartDaemon(tag);
    guint n_left = 99;

    EXPECT_EQ(rein_leftovers_kill_tagged(tag.c_str(), &n_left), 1u);
    EXPECT_EQ(n_left, 0u);
    EXPECT_FALSE(IsRunning(daemon));
}

TEST_F(LeftoversTest, KillWithAnotherTagHitsNobody)
{
    const pid_t daemon = StartDaemon(TagOfLiveOwner());
    guint n_left = 99;

    EXPECT_EQ(rein_leftovers_kill_tagged((TagOfLiveOwner() + "2").c_str(), &n_left), 0u);
    EXPECT_EQ(rein_leftovers_kill_tagged(TagOfDeadOwner().c_str(), &n_left), 0u);
    EXPECT_EQ(n_left, 0u);
    EXPECT_TRUE(IsRunning(daemon));
}

TEST_F(LeftoversTest, KillByOwnerReachesAllItsWorkers)
{
    ReinProcess own = {};
    rein_process_get_own(&own);
    const pid_t first = StartDaemon(Tag(own, own.start_time, 1001));
    const pid_t second = StartDaemon(Tag(own, own.start_time, 1002));
    const pid_t other = StartDaemon(Tag(own, own.start_time + 10, 1001));
    const std::string tag = Tag(own, own.start_time, 0);
    const std::string owner = tag.substr(0, tag.rfind(':') + 1);

    EXPECT_EQ(rein_leftovers_kill_tagged(owner.c_str(), nullptr), 2u);
    EXPECT_FALSE(IsRunning(first));
    EXPECT_FALSE(IsRunning(second));
    EXPECT_TRUE(IsRunning(other));
}

TEST_F(LeftoversTest, KillReachesAStoppedProcess)
{
    const std::string tag = TagOfLiveOwner();
    const pid_t daemon = StartDaemon(tag);

    kill(daemon, SIGSTOP);
    EXPECT_EQ(rein_leftovers_kill_tagged(tag.c_str(), nullptr), 1u);
    EXPECT_FALSE(IsRunning(daemon));
}

TEST_F(LeftoversTest, ProcessOfADeadOwnerIsALeftover)
{
    const pid_t orphan = StartDaemon(TagOfDeadOwner());
    const pid_t child = StartDaemon(TagOfLiveOwner());

    const ReinLeftover *found = FindLeftover(orphan);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->kind, REIN_LEFTOVER_PROCESS);
    EXPECT_EQ(FindLeftover(child), nullptr);
    EXPECT_TRUE(IsRunning(orphan)); /* finding changes nothing */
    EXPECT_EQ(rein_leftovers_remove(found_), 0u);
    EXPECT_FALSE(IsRunning(orphan));
    EXPECT_TRUE(IsRunning(child));
}

/* Whether an unfinished file of this name is found by who looks an hour from now. */
bool
IsFoundAsTemporary(const TemporaryFolder &folder, const std::string &path)
{
    const gint64 later_ns = g_get_real_time() * 1000 + G_GINT64_CONSTANT(3600000000000);
    g_autoptr(GPtrArray) paths = rein_temporaries_find(folder.At("cache").c_str(), later_ns);

    for (guint i = 0; i < paths->len; i++) {
        if (path == static_cast<const char *>(g_ptr_array_index(paths, i))) {
            return true;
        }
    }
    return false;
}

TEST_F(LeftoversTest, UnfinishedFilesOfTheCacheAreTemporaries)
{
    for (const char *name :
         { "cache/cpu/cpu-a-b-c.so.Ab3dEf", "cache/opencl/opencl-a-b.bin.000zzz",
           "cache/opencl/pocl/tempfile-1a-2b.cl", "cache/opencl/pocl/AB/CD/tempfile_x.so",
           "cache/opencl/pocl/LJ/BCLG/program.bc_iJ3nCk.temp" }) {
        const std::string path = folder_.Write(name, "half");
        EXPECT_TRUE(IsFoundAsTemporary(folder_, path)) << path;
    }
    folder_.Write("cache/cpu/rein-cpu-a1B2c3/kernel.c", "int");
    EXPECT_TRUE(IsFoundAsTemporary(folder_, folder_.At("cache/cpu/rein-cpu-a1B2c3")));
}

TEST_F(LeftoversTest, EntriesOfTheCacheAreNoTemporaries)
{
    for (const char *name : { "cache/cpu/cpu-a-b-c.so", "cache/opencl/opencl-a.bin",
                              "cache/cpu/notes.abcdef", "cache/opencl/pocl/ab/program.bc" }) {
        const std::string path = folder_.Write(name, "whole");
        EXPECT_FALSE(IsFoundAsTemporary(folder_, path)) << path;
    }
}

TEST_F(LeftoversTest, TemporaryIsNoneWhileAProcessThatMayWriteItLives)
{
    const pid_t worker = StartDaemon(TagOfLiveOwner());
    const gint64 oldest_ns = rein_temporaries_find_oldest_start_ns();
    const std::string path = folder_.Write("cache/cpu/cpu-a-b-c.so.Ab3dEf", "half");

    EXPECT_LE(oldest_ns, g_get_real_time() * 1000);
    EXPECT_EQ(FindLeftover(0, path), nullptr); /* it was changed after the worker had begun */
    EXPECT_TRUE(IsRunning(worker));
}

} // namespace
