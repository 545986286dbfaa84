/* SPDX-License-Identifier: MIT */

/* `rein clean`, and what `rein run` removes when it starts. */

#include <fcntl.h>
#include <gmock/gmock.h>
#include <rein/process.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/json.h"
#include "support/processes.h"
#include "support/program.h"

namespace
{

using rein_test::Ended;
using rein_test::IsRunning;
using rein_test::Json;
using rein_test::Program;
using rein_test::read_text;
using rein_test::WaitUntil;
using testing::HasSubstr;
namespace fs = std::filesystem;

class CleanTest : public testing::Test
{
  protected:
    void
    TearDown() override
    {
        if (daemon_ > 0) {
            kill(daemon_, SIGKILL);
        }
    }
    std::string
    state(const std::string &name) const
    {
        return rein_.home().file("state/rein/" + name);
    }
    /* The tag of an owner with this process's number that began later, as none did. */
    static std::string
    tag()
    {
        ReinProcess own = {};

        rein_process_get_own(&own);
        return std::string(own.boot_id) + ":" + std::to_string(rein_process_get_pid_namespace()) +
               ":" + std::to_string(own.pid) + ":" + std::to_string(own.start_time + 1) + ":1";
    }
    /* A record of a dead owner with a scratch folder of 5 bytes. */
    void
    leave_record()
    {
        scratch_ = rein_.home().file("scratch");
        rein_.home().write("scratch/file", "12345");
        rein_.home().write("state/rein/processes/" + tag(),
                           "[record]\ntag=" + tag() + "\nscratch=" + scratch_ + "\n");
    }
    /* A process of a dead owner, in a session of its own. */
    void
    leave_process()
    {
        const std::string file = rein_.home().file("pid");
        const std::string words = "REIN_WORKER_TAG=" + tag() + " setsid sh -c 'echo $$ > " + file +
                                  ".new; mv " + file + ".new " + file +
                                  "; exec sleep 600' </dev/null >/dev/null 2>&1 &";

        ASSERT_EQ(std::system(words.c_str()), 0);
        ASSERT_TRUE(WaitUntil([&] { return fs::exists(file); }));
        daemon_ = std::stoi(read_text(file));
    }
    /* The folder of a job that ended so many days ago. */
    void
    leave_job(const std::string &id, int age_days)
    {
        timespec times[2] = {};
        rein_.home().write("state/rein/jobs/" + id + "/lock", "1 1 no-boot\n");
        rein_.home().write("state/rein/jobs/" + id + "/spec.ini", "[job]\nid=" + id + "\n");
        const std::string events = rein_.home().write("state/rein/jobs/" + id + "/events.ndjson",
                                                      "{\"event\":\"job_ended\"}\n");

        clock_gettime(CLOCK_REALTIME, &times[0]);
        times[0].tv_sec -= age_days * 86400;
        times[1] = times[0];
        ASSERT_EQ(utimensat(AT_FDCWD, events.c_str(), times, 0), 0);
    }
    /* Every path in the state folder, with its size and time of change. */
    std::string
    list_state() const
    {
        std::string list;
        for (const auto &entry : fs::recursive_directory_iterator(rein_.home().file("state"))) {
            struct stat info = {};
            EXPECT_EQ(lstat(entry.path().c_str(), &info), 0);
            list += entry.path().string() + " " + std::to_string(info.st_size) + " " +
                    std::to_string(info.st_mtim.tv_sec) + "." +
                    std::to_string(info.st_mtim.tv_nsec) + "\n";
        }
        return list;
    }
    /* The items of the document that are at `path`. */
    static std::vector<Json>
    items_at(const Json &document, const std::string &path)
    {
        std::vector<Json> found;
        for (const Json &item : document.items("items")) {
            if (item.text("path") == path) {
                found.push_back(item);
            }
        }
        return found;
    }

    Program rein_{ "rein" };
    std::string scratch_;
    pid_t daemon_ = 0;
};

TEST_F(CleanTest, NothingLeftIsFine)
{
    Ended ended = rein_.run({ "clean" });

    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("removed, "));
    EXPECT_FALSE(fs::exists(rein_.home().file("state/rein/jobs"))); /* nor is anything made */
}

TEST_F(CleanTest, RecordScratchProcessAndOldJobGo)
{
    leave_record();
    leave_process();
    leave_job("20250101-000000-000001", 8);
    leave_job("20250101-000000-000002", 6);

    Ended ended = rein_.run({ "clean", "--format", "json" });
    Json document(ended.out);

    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_FALSE(IsRunning(daemon_));
    EXPECT_FALSE(fs::exists(scratch_));
    EXPECT_TRUE(fs::is_empty(state("processes")));
    EXPECT_FALSE(fs::exists(state("jobs/20250101-000000-000001")));
    EXPECT_TRUE(fs::exists(state("jobs/20250101-000000-000002")));
    EXPECT_FALSE(document.truth("dry_run"));
    EXPECT_GE(document.number("removed"), 4);
    EXPECT_GE(document.number("removed_bytes"), 5);
    EXPECT_EQ(document.number("failed"), 0);
    const std::vector<Json> scratch = items_at(document, scratch_);
    ASSERT_EQ(scratch.size(), 1u);
    EXPECT_EQ(scratch[0].text("type"), "item");
    EXPECT_EQ(scratch[0].text("kind"), "scratch");
    EXPECT_EQ(scratch[0].number("bytes"), 5);
    EXPECT_EQ(scratch[0].number("pid"), 0);
    EXPECT_TRUE(scratch[0].truth("removed"));
    EXPECT_TRUE(scratch[0].has("error"));
    EXPECT_THAT(scratch[0].text("reason"), HasSubstr("is gone"));
}

TEST_F(CleanTest, DryRunChangesNothing)
{
    leave_record();
    leave_process();
    leave_job("20250101-000000-000001", 8);
    rein_.home().write("state/rein/jobs/20250101-000000-000003/lock", "1 1 no-boot\n");
    rein_.home().write("state/rein/jobs/20250101-000000-000003/spec.ini",
                       "[job]\nid=20250101-000000-000003\n"); /* lost */
    rein_.home().write("state/rein/jobs/.gone-20250101-000000-000004/file", "x");
    const std::string before = list_state();

    Ended ended = rein_.run({ "clean", "--dry-run", "--format", "json" });
    Json document(ended.out);

    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(list_state(), before);
    EXPECT_TRUE(IsRunning(daemon_));
    EXPECT_TRUE(fs::exists(scratch_ + "/file"));
    EXPECT_TRUE(document.truth("dry_run"));
    EXPECT_EQ(document.number("removed"), 0);
    EXPECT_EQ(items_at(document, scratch_).size(), 1u);
    EXPECT_EQ(items_at(document, state("jobs/20250101-000000-000001")).size(), 1u);
    EXPECT_EQ(items_at(document, state("jobs/.gone-20250101-000000-000004")).size(), 1u);
    for (const Json &item : document.items("items")) {
        EXPECT_FALSE(item.truth("removed"));
    }
}

TEST_F(CleanTest, OlderSaysWhichJobsGo)
{
    leave_job("20250101-000000-000001", 3);
    leave_job("20250101-000000-000002", 1);

    EXPECT_EQ(rein_.run({ "clean", "--older", "2d" }).code, 0);
    EXPECT_FALSE(fs::exists(state("jobs/20250101-000000-000001")));
    EXPECT_TRUE(fs::exists(state("jobs/20250101-000000-000002")));

    Ended ended = rein_.run({ "clean", "--older", "soon" });
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("rein: --older"));
}

TEST_F(CleanTest, TextSaysWhatAndWhy)
{
    leave_record();

    Ended dry = rein_.run({ "clean", "--dry-run" });
    EXPECT_THAT(dry.out, HasSubstr("would go"));
    EXPECT_THAT(dry.out, HasSubstr("would be removed"));
    Ended ended = rein_.run({ "clean" });
    EXPECT_THAT(ended.out, HasSubstr(scratch_));
    EXPECT_THAT(ended.out, HasSubstr("its owner, process " + std::to_string(getpid())));
}

TEST_F(CleanTest, NdjsonHasALineForEachAndASummary)
{
    leave_record();

    const std::vector<Json> lines = Json::lines(rein_.run({ "clean", "--format", "ndjson" }).out);
    ASSERT_GE(lines.size(), 3u);
    EXPECT_EQ(lines.front().text("type"), "item");
    EXPECT_EQ(lines.back().text("type"), "summary");
    EXPECT_EQ(lines.back().number("failed"), 0);
}

TEST_F(CleanTest, WhatCannotBeRemovedIsSaidAndStays)
{
    leave_record();
    fs::create_directories(rein_.home().file("real"));
    /* of a depth that a removal of jobs does not go to: not even root's */
    leave_job("20250101-000000-000001", 8);
    std::string deep = state("jobs/20250101-000000-000001");
    for (int i = 0; i < 20; i++) {
        deep += "/d";
    }
    fs::create_directories(deep);

    Ended ended = rein_.run({ "clean", "--format", "json" });

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("rein: clean: 1 could not be removed"));
    EXPECT_EQ(Json(ended.out).number("failed"), 1);
    EXPECT_FALSE(fs::exists(scratch_)); /* the others are removed all the same */
}

TEST_F(CleanTest, ReadOnlyFolderIsSaid)
{
    if (geteuid() == 0) {
        GTEST_SKIP() << "root may write anywhere";
    }
    leave_record();
    fs::permissions(state("processes"), fs::perms::owner_read | fs::perms::owner_exec);
    Ended ended = rein_.run({ "clean" });
    fs::permissions(state("processes"), fs::perms::owner_all);
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("Permission denied"));
}

TEST_F(CleanTest, RunRemovesUnfinishedFilesWithoutAWord)
{
    const std::string folder = state("cache/opencl/pocl");
    const std::string file = folder + "/tempfile_a1B2c3";
    fs::create_directories(folder);
    std::ofstream(file).put('x');
    /* only what nobody that lives may be writing is a leftover: not before a moment has passed */
    bool is_leftover = false;
    for (int i = 0; i < 100 && !is_leftover; i++) {
        is_leftover = rein_.run({ "clean", "--dry-run" }).out.find(file) != std::string::npos;
    }
    if (!is_leftover) {
        GTEST_SKIP() << "another rein runs on this machine";
    }

    Ended ended = rein_.run({ "run", std::string(REIN_TEST_DATA_DIR) + "/itc2007/toy.ctt",
                              "--rounds", "1", "--no-grid" });
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.err, testing::Not(HasSubstr("killed runs left")));
    EXPECT_FALSE(fs::exists(file));
}

TEST_F(CleanTest, RunRemovesWhatADeadOwnerLeft)
{
    leave_record();
    leave_process();

    Ended ended = rein_.run({ "run", std::string(REIN_TEST_DATA_DIR) + "/itc2007/toy.ctt",
                              "--rounds", "1", "--no-grid" });
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("removed what killed runs left"));
    EXPECT_FALSE(IsRunning(daemon_));
    EXPECT_FALSE(fs::exists(scratch_));

    ended = rein_.run({ "run", std::string(REIN_TEST_DATA_DIR) + "/itc2007/toy.ctt", "--rounds",
                        "1", "--no-grid" });
    EXPECT_THAT(ended.err, testing::Not(HasSubstr("killed runs left")));
}

} // namespace
