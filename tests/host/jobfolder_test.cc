/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <gmock/gmock.h>
#include <rein/process.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "common/json.h"
#include "runner/job_folder.h"
#include "runner/job_tidy.h"
#include "support/json.h"
#include "support/program.h"

namespace
{

using rein_test::Json;
using rein_test::read_text;
using rein_test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr gint64 kDayNs = G_GINT64_CONSTANT(86400000000000);
constexpr guint64 kPlenty = G_MAXUINT64;

/* A process that ran and does not any more. */
ReinProcess
make_dead_process()
{
    ReinProcess process = {};
    rein_process_get_own(&process);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    waitpid(pid, nullptr, 0);
    process.pid = pid;
    return process;
}

class JobFolderTest : public testing::Test
{
  protected:
    ~JobFolderTest() override
    {
        g_clear_error(&error_);
    }
    ReinJobFolder *
    make()
    {
        ReinJobFolder *folder = rein_job_folder_new(jobs_.path().c_str(), &error_);
        EXPECT_NE(folder, nullptr) << error_->message;
        return folder;
    }
    /* The folder of a job that ended, or not, `age_days` ago; returns its id. */
    std::string
    make_old(const std::string &id, double age_days, std::size_t size, bool has_ended)
    {
        ReinProcess process = make_dead_process();
        g_autofree char *line = rein_process_to_text(&process);
        jobs_.write(id + "/lock", std::string(line) + "\n");
        jobs_.write(id + "/spec.ini", "[job]\nid=" + id + "\n");
        jobs_.write(id + "/solution.sol", std::string(size, 'x'));
        std::string last = has_ended ? "job_ended" : "progress";
        jobs_.write(id + "/events.ndjson", "{\"event\":\"" + last + "\"}\n");
        set_age(id + "/events.ndjson", age_days);
        return id;
    }
    void
    set_age(const std::string &name, double age_days)
    {
        timespec times[2] = {};
        clock_gettime(CLOCK_REALTIME, &times[0]);
        times[0].tv_sec -= static_cast<time_t>(age_days * 86400);
        times[1] = times[0];
        EXPECT_EQ(utimensat(AT_FDCWD, jobs_.file(name).c_str(), times, 0), 0);
    }
    bool
    exists(const std::string &name) const
    {
        return std::filesystem::exists(jobs_.file(name));
    }
    ReinJobTidyReport
    tidy(gint64 keep_age_ns = 7 * kDayNs, guint64 keep_size = kPlenty)
    {
        ReinJobTidyReport report = {};
        rein_job_tidy(jobs_.path().c_str(), keep_age_ns, keep_size, nullptr, &report);
        return report;
    }
    std::vector<std::string>
    event_names(const std::string &id) const
    {
        std::vector<std::string> names;
        for (const Json &event : Json::lines(read_text(jobs_.file(id + "/events.ndjson")))) {
            names.push_back(event.text("event"));
        }
        return names;
    }

    TemporaryFolder jobs_;
    GError *error_ = nullptr;
};

TEST_F(JobFolderTest, IdIsTheFoldersNameAndSortsByTime)
{
    g_autoptr(ReinJobFolder) folder = make();
    std::string id = rein_job_folder_get_id(folder);

    EXPECT_TRUE(rein_job_id_is_valid(id.c_str()));
    EXPECT_EQ(rein_job_folder_get_path(folder), jobs_.file(id));
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *year = g_date_time_format(now, "%Y");
    EXPECT_EQ(id.substr(0, 4), year);
}

TEST_F(JobFolderTest, ManyAtOnceHaveDifferentIds)
{
    std::vector<ReinJobFolder *> folders;
    for (int i = 0; i < 50; i++) {
        folders.push_back(make());
    }

    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(jobs_.path()), {}), 50);
    for (ReinJobFolder *folder : folders) {
        rein_job_folder_free(folder);
    }
}

TEST_F(JobFolderTest, OtherNamesAreNoIds)
{
    for (const char *name :
         { "", "x", "20251122-083712-7f3a9", "20251122-083712-7f3a900", "20251122-083712-7F3A90",
           "20251122_083712-7f3a90", "../51122-083712-7f3a90", ".gone-20251122-083712-7f3a90" }) {
        EXPECT_FALSE(rein_job_id_is_valid(name)) << name;
    }
    EXPECT_TRUE(rein_job_id_is_valid("20251122-083712-7f3a90"));
}

TEST_F(JobFolderTest, FolderIsForItsOwnerOnly)
{
    g_autoptr(ReinJobFolder) folder = make();
    struct stat status = {};

    ASSERT_EQ(stat(rein_job_folder_get_path(folder), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700u);
}

TEST_F(JobFolderTest, PlaceThatIsNotThereIsAnError)
{
    ReinJobFolder *folder = rein_job_folder_new(jobs_.file("none").c_str(), &error_);

    EXPECT_EQ(folder, nullptr);
    EXPECT_THAT(error_->message, HasSubstr("cannot be made: No such file or directory"));
}

TEST_F(JobFolderTest, LockIsHeldUntilTheFolderIsFreed)
{
    ReinJobFolder *folder = make();
    g_autofree char *path = rein_job_folder_get_file(folder, "lock");
    int fd = open(path, O_RDWR | O_CLOEXEC);

    EXPECT_NE(flock(fd, LOCK_EX | LOCK_NB), 0);
    rein_job_folder_free(folder);
    EXPECT_EQ(flock(fd, LOCK_EX | LOCK_NB), 0);
    close(fd);
}

TEST_F(JobFolderTest, EventsAreLinesInOrderAndToldToTheCallback)
{
    g_autoptr(ReinJobFolder) folder = make();
    std::string told;
    rein_job_folder_set_event_cb(
        folder,
        [](const char *line, gpointer user_data) {
            *static_cast<std::string *>(user_data) += std::string(line) + "\n";
        },
        &told);

    for (const char *name : { "one", "two" }) {
        JsonBuilder *builder = rein_job_folder_begin_event(folder, name);
        rein_json_add_text(builder, "text", "line\nbreak");
        EXPECT_TRUE(rein_job_folder_end_event(folder, builder));
    }

    std::string text =
        read_text(jobs_.file(std::string(rein_job_folder_get_id(folder)) + "/events.ndjson"));
    EXPECT_EQ(text, told);
    std::vector<Json> events = Json::lines(text);
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].number("v"), REIN_EVENT_VERSION);
    EXPECT_EQ(events[0].text("event"), "one");
    EXPECT_EQ(events[0].text("job"), rein_job_folder_get_id(folder));
    EXPECT_EQ(events[0].text("text"), "line\nbreak");
    EXPECT_EQ(events[1].text("event"), "two");
}

TEST_F(JobFolderTest, RemovedFolderLeavesNothing)
{
    rein_job_folder_remove(make());

    EXPECT_TRUE(std::filesystem::is_empty(jobs_.path()));
}

using JobTidyTest = JobFolderTest;

TEST_F(JobTidyTest, FinishedFoldersGoByAge)
{
    make_old("20250101-000000-000001", 8, 10, true);
    make_old("20250101-000000-000002", 6, 10, true);

    ReinJobTidyReport report = tidy();

    EXPECT_EQ(report.n_removed, 1u);
    EXPECT_EQ(report.n_finished, 1u);
    EXPECT_FALSE(exists("20250101-000000-000001"));
    EXPECT_TRUE(exists("20250101-000000-000002"));
}

TEST_F(JobTidyTest, OldestFinishedFoldersGoUntilTheRestFits)
{
    make_old("20250101-000000-000003", 1, 1000, true);
    make_old("20250101-000000-000001", 3, 1000, true);
    make_old("20250101-000000-000002", 2, 1000, true);

    ReinJobTidyReport report = tidy(7 * kDayNs, 2500);

    EXPECT_EQ(report.n_removed, 1u);
    EXPECT_FALSE(exists("20250101-000000-000001"));
    EXPECT_TRUE(exists("20250101-000000-000002"));
    EXPECT_LE(report.size, 2500u);
    EXPECT_GE(report.removed_size, 1000u);
}

TEST_F(JobTidyTest, RunningJobStaysWhateverItsAgeAndSize)
{
    g_autoptr(ReinJobFolder) running = make();
    std::string id = rein_job_folder_get_id(running);
    jobs_.write(id + "/spec.ini", "[job]\nid=" + id + "\n");
    jobs_.write(id + "/solution.sol", std::string(5000, 'x'));
    set_age(id + "/events.ndjson", 100);
    make_old("20250101-000000-000001", 1, 10, true);

    ReinJobTidyReport report = tidy(0, 0);

    EXPECT_EQ(report.n_running, 1u);
    EXPECT_EQ(report.n_removed, 1u);
    EXPECT_TRUE(exists(id + "/solution.sol"));
    EXPECT_THAT(event_names(id), ElementsAre()); /* nor is it given an end */
    EXPECT_GE(report.size, 5000u);
}

TEST_F(JobTidyTest, JobOfALivingProcessStaysEvenWithoutTheLock)
{
    std::string id = make_old("20250101-000000-000001", 100, 10, false);
    ReinProcess process = {};
    rein_process_get_own(&process);
    g_autofree char *line = rein_process_to_text(&process);
    jobs_.write(id + "/lock", line);

    ReinJobTidyReport report = tidy(0, 0);

    EXPECT_EQ(report.n_running, 1u);
    EXPECT_TRUE(exists(id));
}

TEST_F(JobTidyTest, JobWhoseProcessDiedIsMarkedLostAndCountsAsFinished)
{
    std::string id = make_old("20250101-000000-000001", 1, 10, false);

    ReinJobTidyReport report = tidy();

    EXPECT_EQ(report.n_lost, 1u);
    EXPECT_EQ(report.n_finished, 1u);
    EXPECT_THAT(event_names(id), ElementsAre("progress", "job_ended"));
    Json end = Json::lines(read_text(jobs_.file(id + "/events.ndjson"))).back();
    EXPECT_EQ(end.text("outcome"), "lost");
    EXPECT_EQ(end.text("job"), id);
    EXPECT_EQ(tidy().n_lost, 0u);
    /* it ended when it died, not when somebody noticed */
    EXPECT_EQ(tidy(kDayNs / 2).n_removed, 1u);
}

TEST_F(JobTidyTest, HalfALineIsEndedBeforeTheJobIs)
{
    std::string id = make_old("20250101-000000-000001", 1, 10, false);
    jobs_.write(id + "/events.ndjson", "{\"event\":\"progress\"}\n{\"event\":\"bet");

    EXPECT_EQ(tidy().n_lost, 1u);

    EXPECT_THAT(read_text(jobs_.file(id + "/events.ndjson")),
                HasSubstr("{\"event\":\"bet\n{\"v\":1,\"event\":\"job_ended\""));
}

TEST_F(JobTidyTest, WhatIsNotAJobIsNeverTouched)
{
    jobs_.write("notes.txt", "mine");
    jobs_.write("20250101-000000-000001", "a file");
    jobs_.write("20250101-000000-000002/thesis.tex", "no lock, no spec");
    jobs_.write("20250101-000000-000003/lock", "");
    jobs_.write("20250101-000000-000003/spec.ini", "[job]\nid=20250101-000000-999999\n");
    jobs_.write("my-jobs/lock", "");
    jobs_.write("my-jobs/spec.ini", "[job]\nid=my-jobs\n");
    jobs_.write(".gone-home/file", "not an id");

    ReinJobTidyReport report = tidy(0, 0);

    EXPECT_EQ(report.n_removed, 0u);
    for (const char *name :
         { "notes.txt", "20250101-000000-000001", "20250101-000000-000002/thesis.tex",
           "20250101-000000-000003/lock", "my-jobs/spec.ini", ".gone-home/file" }) {
        EXPECT_TRUE(exists(name)) << name;
    }
}

TEST_F(JobTidyTest, LinksAreNotFollowed)
{
    TemporaryFolder elsewhere;
    elsewhere.write("precious", "text");
    std::string id = make_old("20250101-000000-000001", 100, 10, true);
    std::filesystem::create_directory_symlink(elsewhere.path(), jobs_.file(id + "/link"));
    std::filesystem::create_directory_symlink(elsewhere.path(),
                                              jobs_.file("20250101-000000-000002"));

    EXPECT_EQ(tidy(0, 0).n_removed, 1u);

    EXPECT_FALSE(exists(id));
    EXPECT_EQ(read_text(elsewhere.file("precious")), "text");
    EXPECT_TRUE(exists("20250101-000000-000002"));
}

TEST_F(JobTidyTest, RemovalThatWasCutShortIsFinished)
{
    jobs_.write(".gone-20250101-000000-000001/sub/solution.sol", "text");

    tidy();

    EXPECT_TRUE(std::filesystem::is_empty(jobs_.path()));
}

TEST_F(JobTidyTest, FolderWhoseMakingWasCutShortGoesAfterAnHour)
{
    jobs_.write("20250101-000000-000001/lock", "");
    jobs_.write("20250101-000000-000002/lock", "");
    set_age("20250101-000000-000001", 0.5);

    ReinJobTidyReport report = tidy();

    EXPECT_EQ(report.n_removed, 1u);
    EXPECT_FALSE(exists("20250101-000000-000001"));
    EXPECT_TRUE(exists("20250101-000000-000002"));
}

TEST_F(JobTidyTest, CancelledTidyingRemovesNothingMore)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    ReinJobTidyReport report = {};
    make_old("20250101-000000-000001", 100, 10, true);
    g_cancellable_cancel(cancellable);

    rein_job_tidy(jobs_.path().c_str(), 0, 0, cancellable, &report);

    EXPECT_EQ(report.n_removed, 0u);
    EXPECT_EQ(report.n_finished, 1u);
}

TEST_F(JobTidyTest, MissingFolderIsNoError)
{
    ReinJobTidyReport report = {};

    rein_job_tidy(jobs_.file("none").c_str(), 0, 0, nullptr, &report);

    EXPECT_EQ(report.n_removed, 0u);
}

TEST_F(JobTidyTest, EndedJobOfThisProcessIsRemovedWhenItsLockIsGivenBack)
{
    g_autoptr(ReinJobFolder) folder = make();
    std::string id = rein_job_folder_get_id(folder);
    std::string spec = "[job]\nid=" + id + "\n";
    ASSERT_TRUE(rein_job_folder_save(folder, REIN_JOB_FILE_SPEC, spec.c_str(), nullptr));

    EXPECT_FALSE(rein_job_tidy_remove(jobs_.path().c_str(), id.c_str()));
    EXPECT_TRUE(exists(id));

    g_clear_pointer(&folder, rein_job_folder_free);
    EXPECT_TRUE(rein_job_tidy_remove(jobs_.path().c_str(), id.c_str()));
    EXPECT_FALSE(exists(id));
}

TEST_F(JobTidyTest, RemovalByNameThatWasCutShortIsFinished)
{
    jobs_.write(".gone-20250101-000000-000001/log", "text");
    jobs_.write(".gone-other/precious", "text");

    EXPECT_TRUE(rein_job_tidy_remove(jobs_.path().c_str(), ".gone-20250101-000000-000001"));
    EXPECT_FALSE(rein_job_tidy_remove(jobs_.path().c_str(), ".gone-other"));

    EXPECT_FALSE(exists(".gone-20250101-000000-000001"));
    EXPECT_TRUE(exists(".gone-other/precious"));
}

TEST_F(JobTidyTest, OnlyFoldersOfJobsAreRemovedByName)
{
    jobs_.write("20250101-000000-000001/precious", "text");
    jobs_.write("other/spec.ini", "[job]\nid=other\n");

    for (const char *name : { "20250101-000000-000001", "other", ".", "..", "" }) {
        EXPECT_FALSE(rein_job_tidy_remove(jobs_.path().c_str(), name)) << name;
    }
    EXPECT_TRUE(exists("20250101-000000-000001/precious"));
    EXPECT_TRUE(exists("other/spec.ini"));
}

} // namespace
