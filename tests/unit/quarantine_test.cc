/* SPDX-License-Identifier: MIT */

/* The store alone: what counts, for how long, and what becomes of it when its file is in a bad way. */

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "support/warnings.h"

#include <rein/error.h>

#include "candidate_key_private.h"
#include "quarantine_private.h"

namespace
{

namespace fs = std::filesystem;
using rein_test::ReadFile;
using rein_test::TemporaryFolder;
using rein_test::Warnings;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

constexpr const char *kKey = "0123456789abcdef";

class QuarantineTest : public testing::Test
{
  protected:
    QuarantineTest()
    {
        settings_ = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }

    ~QuarantineTest() override
    {
        rein_quarantine_free(quarantine_);
        g_hash_table_unref(settings_);
    }

    /* One that lies in `folder`, of another process as it were each time. */
    ReinQuarantine *
    Anew(const char *folder = "state")
    {
        rein_quarantine_free(quarantine_);
        quarantine_ = rein_quarantine_new();
        rein_quarantine_set_folder(quarantine_, folder_.At(folder).c_str());
        return quarantine_;
    }

    /* Why the device is in quarantine, "" if it is not. */
    std::string
    Reason(ReinQuarantine *quarantine, const char *id = "cuda:0")
    {
        const ReinQuarantineEntry *entry = rein_quarantine_find_device(quarantine, id);

        return entry != nullptr ? entry->reason : "";
    }

    static ReinQuarantineEntry *
    Candidate(const char *key, const char *driver = "", gint64 timeout_ms = 0)
    {
        ReinQuarantineEntry *entry =
            rein_quarantine_entry_new(REIN_QUARANTINE_CANDIDATE, key, "it crashed");

        rein_quarantine_entry_set(&entry->path, "/plugins/rein_plugin_ocl.so");
        rein_quarantine_entry_set(&entry->plugin, "ocl");
        rein_quarantine_entry_set(&entry->driver, driver);
        rein_quarantine_entry_set(&entry->driver_path, *driver != '\0' ? "/etc/ocl.icd" : "");
        entry->timeout_ms = timeout_ms;
        return entry;
    }

    bool
    HasCandidate(ReinQuarantine *quarantine, const char *key = kKey, gint64 timeout_ms = 1000)
    {
        return rein_quarantine_find_candidate(quarantine, key, settings_, timeout_ms) != nullptr;
    }

    std::string
    File() const
    {
        return folder_.At("state/quarantine");
    }

    /* Replaces each `from` in the file. */
    void
    Edit(const std::string &from, const std::string &to)
    {
        std::string text = ReadFile(File());
        gsize at = text.find(from);

        ASSERT_NE(at, std::string::npos) << text;
        for (; at != std::string::npos; at = text.find(from, at + to.size())) {
            text.replace(at, from.size(), to);
        }
        folder_.Write("state/quarantine", text);
    }

    /* Takes all times in the file so many ms back. */
    void
    Age(gint64 age_ms)
    {
        std::string text;

        for (std::string rest = ReadFile(File()); !rest.empty();) {
            const std::string line = rest.substr(0, rest.find('\n') + 1);
            const std::string key = "uptime-ms=";

            rest.erase(0, line.size());
            text += line.rfind(key, 0) == 0
                        ? key + std::to_string(std::stoll(line.substr(key.size())) - age_ms) + "\n"
                        : line;
        }
        folder_.Write("state/quarantine", text);
    }

    static int
    InAnotherProcess(const std::function<void()> &body)
    {
        int status = -1;
        const pid_t child = fork();

        if (child == 0) {
            body();
            _exit(HasFailure() ? 1 : 0);
        }
        EXPECT_EQ(waitpid(child, &status, 0), child);
        return status;
    }

    TemporaryFolder folder_;
    Warnings warnings_;
    GHashTable *settings_ = nullptr;
    ReinQuarantine *quarantine_ = nullptr;
};

TEST_F(QuarantineTest, ThirdFailureWithinTenMinutesIsQuarantine)
{
    EXPECT_FALSE(rein_quarantine_note_failure(Anew(), "cuda:0", "lost"));
    EXPECT_FALSE(rein_quarantine_note_failure(Anew(), "cuda:0", "hung"));
    EXPECT_EQ(Reason(Anew()), "");
    EXPECT_TRUE(rein_quarantine_note_failure(Anew(), "cuda:0", "lost again"));

    EXPECT_EQ(Reason(Anew()), "it failed 3 times within 10 minutes, the last time: lost again");
    EXPECT_EQ(Reason(quarantine_, "cuda:1"), "");
    EXPECT_THAT(rein_quarantine_find_device(quarantine_, "cuda:0")->since,
                MatchesRegex("20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-9:]+Z"));
    EXPECT_THAT(warnings_.Take(), IsEmpty());
}

TEST_F(QuarantineTest, FailuresOfOtherDevicesDoNotCount)
{
    for (const char *id : { "cuda:0", "cuda:1", "cuda:2" }) {
        EXPECT_FALSE(rein_quarantine_note_failure(Anew(), id, "lost"));
    }
}

TEST_F(QuarantineTest, FailuresOlderThanTenMinutesDoNotCount)
{
    rein_quarantine_note_failure(Anew(), "cuda:0", "lost");
    Age(REIN_QUARANTINE_WINDOW_MS);
    rein_quarantine_note_failure(Anew(), "cuda:0", "lost");
    EXPECT_FALSE(rein_quarantine_note_failure(Anew(), "cuda:0", "lost"));
    EXPECT_TRUE(rein_quarantine_note_failure(Anew(), "cuda:0", "lost"));
}

TEST_F(QuarantineTest, QuarantineDoesNotEndByItself)
{
    rein_quarantine_add_device(Anew(), "cuda:0", "memory is missing");
    Age(100 * REIN_QUARANTINE_WINDOW_MS);
    EXPECT_EQ(Reason(Anew()), "memory is missing");
}

TEST_F(QuarantineTest, DeviceIsThereAtOnceAndTheFirstReasonStays)
{
    rein_quarantine_add_device(Anew(), "cuda:0", "memory is missing");
    rein_quarantine_add_device(Anew(), "cuda:0", "something else");
    EXPECT_TRUE(rein_quarantine_note_failure(Anew(), "cuda:0", "lost"));
    EXPECT_EQ(Reason(Anew()), "memory is missing");
}

TEST_F(QuarantineTest, AnotherProcessOfTheSameObjectIsSeen)
{
    ReinQuarantine *mine = Anew();
    ReinQuarantine *others = rein_quarantine_new();

    rein_quarantine_set_folder(others, folder_.At("state").c_str());
    EXPECT_EQ(Reason(mine), "");
    rein_quarantine_add_device(others, "cuda:0", "theirs");
    EXPECT_EQ(Reason(mine), "theirs");
    EXPECT_TRUE(rein_quarantine_clear(others, "cuda:0", nullptr));
    EXPECT_EQ(Reason(mine), "");
    rein_quarantine_free(others);
}

TEST_F(QuarantineTest, AnotherBootIsAnotherMatter)
{
    rein_quarantine_add_device(Anew(), "cuda:0", "lost");
    rein_quarantine_add_candidate(quarantine_, Candidate(kKey));
    Edit("\nboot=", "\nboot=another-");

    EXPECT_EQ(Reason(Anew()), "");
    EXPECT_FALSE(HasCandidate(quarantine_));
    EXPECT_FALSE(rein_quarantine_clear(quarantine_, "cuda:0", nullptr));
}

TEST_F(QuarantineTest, EntriesOfAnotherBootStayForTheMachineThatSharesTheFolder)
{
    rein_quarantine_add_device(Anew(), "cuda:0", "theirs");
    Edit("\nboot=", "\nboot=another-");
    rein_quarantine_add_device(Anew(), "cuda:0", "mine");
    EXPECT_TRUE(rein_quarantine_clear(quarantine_, nullptr, nullptr));

    EXPECT_EQ(Reason(Anew()), "");
    Edit("\nboot=another-", "\nboot=");
    EXPECT_EQ(Reason(Anew()), "theirs");
}

TEST_F(QuarantineTest, TimeThatIsStillToComeIsOfAnotherBoot)
{
    rein_quarantine_add_device(Anew(), "cuda:0", "lost");
    Age(-3600000);
    EXPECT_EQ(Reason(Anew()), "");
}

TEST_F(QuarantineTest, WithoutAFolderItLivesInTheObject)
{
    quarantine_ = rein_quarantine_new();
    rein_quarantine_note_failure(quarantine_, "cuda:0", "lost");
    rein_quarantine_note_failure(quarantine_, "cuda:0", "lost");
    EXPECT_TRUE(rein_quarantine_note_failure(quarantine_, "cuda:0", "lost"));
    EXPECT_THAT(Reason(quarantine_), HasSubstr("3 times"));
    EXPECT_TRUE(rein_quarantine_clear(quarantine_, "cuda:0", nullptr));
    EXPECT_EQ(Reason(quarantine_), "");
    rein_quarantine_free(quarantine_);
    quarantine_ = rein_quarantine_new();
    EXPECT_EQ(Reason(quarantine_), "");
}

TEST_F(QuarantineTest, LookingMakesNothing)
{
    EXPECT_EQ(Reason(Anew()), "");
    EXPECT_FALSE(fs::exists(folder_.At("state")));
}

TEST_F(QuarantineTest, FileIsForTheUserAlone)
{
    struct stat status = {};

    rein_quarantine_add_device(Anew(), "cuda:0", "lost");
    ASSERT_EQ(stat(File().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    ASSERT_EQ(stat(folder_.At("state").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(QuarantineTest, ReasonIsOneLineOfTextThatComesBackAsItIs)
{
    rein_quarantine_add_device(Anew(), "cuda:0", "  a = [b]; \\n \"c\"\nsecond\tline \xff\x01");
    EXPECT_EQ(Reason(Anew()), "  a = [b]; \\n \"c\" second line \xEF\xBF\xBD");
}

TEST_F(QuarantineTest, OldestGoBeyondTheLimit)
{
    Anew();
    for (guint i = 0; i < REIN_QUARANTINE_MAX_ENTRIES + 2; i++) {
        rein_quarantine_add_device(quarantine_, ("cuda:" + std::to_string(i)).c_str(), "lost");
    }
    EXPECT_EQ(Reason(Anew(), "cuda:1"), "");
    EXPECT_EQ(Reason(quarantine_, "cuda:2"), "lost");
    EXPECT_EQ(Reason(quarantine_, "cuda:257"), "lost");
}

/* ---- candidates ---- */

TEST_F(QuarantineTest, CandidateIsKnownByItsKey)
{
    rein_quarantine_add_candidate(Anew(), Candidate(kKey));
    const ReinQuarantineEntry *entry =
        rein_quarantine_find_candidate(Anew(), kKey, settings_, 1000);

    ASSERT_NE(entry, nullptr);
    EXPECT_STREQ(entry->reason, "it crashed");
    EXPECT_STREQ(entry->plugin, "ocl");
    EXPECT_FALSE(HasCandidate(quarantine_, "another"));
    EXPECT_EQ(Reason(quarantine_, kKey), "");
}

TEST_F(QuarantineTest, CandidateThatHungMayTryWithALongerTimeout)
{
    rein_quarantine_add_candidate(Anew(), Candidate(kKey, "", 1000));
    EXPECT_TRUE(HasCandidate(Anew(), kKey, 1000));
    EXPECT_TRUE(HasCandidate(quarantine_, kKey, 500));
    EXPECT_FALSE(HasCandidate(quarantine_, kKey, 1001));
}

TEST_F(QuarantineTest, CandidateOfOtherSettingsOfItsPluginIsAnotherOne)
{
    g_hash_table_replace(settings_, g_strdup("ocl.library"), g_strdup("/broken.so"));
    ReinQuarantineEntry *entry = Candidate(kKey);
    g_autofree char *seen = rein_candidate_settings_key("ocl", settings_);
    rein_quarantine_entry_set(&entry->settings, seen);
    rein_quarantine_add_candidate(Anew(), entry);

    g_hash_table_replace(settings_, g_strdup("cpu.threads"), g_strdup("1"));
    EXPECT_TRUE(HasCandidate(quarantine_));
    g_hash_table_replace(settings_, g_strdup("ocl.library"), g_strdup("/good.so"));
    EXPECT_FALSE(HasCandidate(quarantine_));
    g_hash_table_remove(settings_, "ocl.library");
    EXPECT_FALSE(HasCandidate(quarantine_));
}

TEST_F(QuarantineTest, ChangedFileTakesThePlaceOfTheOldOne)
{
    rein_quarantine_add_candidate(Anew(), Candidate("old"));
    rein_quarantine_add_candidate(quarantine_, Candidate("driver", "pocl"));
    rein_quarantine_add_candidate(quarantine_, Candidate("new"));

    EXPECT_FALSE(HasCandidate(Anew(), "old"));
    EXPECT_TRUE(HasCandidate(quarantine_, "new"));
    EXPECT_TRUE(HasCandidate(quarantine_, "driver"));
}

TEST_F(QuarantineTest, KeyIsOfFilesDriverAndItsEnvironment)
{
    const std::string program = folder_.Write("worker", "w");
    const std::string plugin = folder_.Write("plugin.so", "one");
    const std::string icd = folder_.Write("driver.icd", "one");
    g_autoptr(ReinDriverRecord) driver = rein_driver_record_new("pocl", icd.c_str());
    std::vector<std::string> keys;
    const auto add = [&](const ReinDriverRecord *of) {
        g_autofree char *key = rein_candidate_key(program.c_str(), plugin.c_str(), of);
        g_autofree char *again = rein_candidate_key(program.c_str(), plugin.c_str(), of);

        EXPECT_STREQ(key, again);
        EXPECT_THAT(keys, Not(testing::Contains(std::string(key))));
        keys.emplace_back(key);
    };

    add(nullptr);
    add(driver);
    g_ptr_array_add(driver->environment, g_strdup("OCL_ICD_VENDORS=pocl"));
    add(driver);
    folder_.Write("driver.icd", "other size");
    add(driver);
    folder_.Write("plugin.so", "other size");
    add(driver);
    folder_.Write("worker", "other size");
    add(driver);
    const struct timespec times[2] = { { 1, 0 }, { 1, 500 } };
    ASSERT_EQ(utimensat(AT_FDCWD, plugin.c_str(), times, 0), 0);
    add(driver);
    fs::remove(plugin);
    add(driver);
}

/* ---- clearing ---- */

TEST_F(QuarantineTest, ClearForgetsFailuresToo)
{
    rein_quarantine_note_failure(Anew(), "cuda:0", "lost");
    rein_quarantine_note_failure(quarantine_, "cuda:0", "lost");
    EXPECT_TRUE(rein_quarantine_clear(Anew(), "cuda:0", nullptr));
    EXPECT_FALSE(rein_quarantine_note_failure(Anew(), "cuda:0", "lost"));
}

TEST_F(QuarantineTest, ClearTakesAnyNameOfACandidate)
{
    for (const char *name :
         { "/plugins/rein_plugin_ocl.so", "ocl", "pocl", "/etc/ocl.icd", "ocl:pocl" }) {
        rein_quarantine_add_candidate(Anew(), Candidate(kKey, "pocl"));
        EXPECT_TRUE(HasCandidate(quarantine_));
        EXPECT_TRUE(rein_quarantine_clear(Anew(), name, nullptr)) << name;
        EXPECT_FALSE(HasCandidate(Anew())) << name;
    }
}

TEST_F(QuarantineTest, ClearOfNothingSaysWhatToDo)
{
    g_autoptr(GError) error = nullptr;

    EXPECT_FALSE(rein_quarantine_clear(Anew(), "cuda:7", &error));
    EXPECT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_INVALID));
    EXPECT_STREQ(error->message, "nothing that is quarantined is called \"cuda:7\" (rein devices "
                                 "--why lists what is)");
    EXPECT_TRUE(rein_quarantine_clear(quarantine_, nullptr, nullptr));
}

/* ---- a file in a bad way ---- */

TEST_F(QuarantineTest, DamagedFileIsMovedAsideWithAWarning)
{
    for (const char *text : { "no key file at all\n", "[1]\nkind=device\n", "[1]\nkind=x\nname=y\n",
                              "[1]\nkind=device\nname=cuda:0\nreason=r\nsince=s\nboot=b\n"
                              "uptime-ms=soon\n" }) {
        folder_.Write("state/quarantine", text);
        EXPECT_EQ(Reason(Anew()), "") << text;
        EXPECT_THAT(warnings_.Take(),
                    ElementsAre(File() +
                                ": it was damaged; what it held is forgotten, and it lies "
                                "in " +
                                File() + ".damaged"));
        EXPECT_EQ(ReadFile(File() + ".damaged"), text);
        rein_quarantine_add_device(quarantine_, "cuda:0", "lost");
        EXPECT_EQ(Reason(Anew()), "lost");
    }
}

TEST_F(QuarantineTest, EveryByteLessIsReadOrMovedAside)
{
    rein_quarantine_add_device(Anew(), "cuda:0", "lost");
    const std::string text = ReadFile(File());

    for (gsize size = 0; size < text.size(); size++) {
        folder_.Write("state/quarantine", text.substr(0, size));
        const std::string reason = Reason(Anew());
        EXPECT_TRUE(reason.empty() || reason == "lost") << size;
    }
}

TEST_F(QuarantineTest, WhatIsNoOrdinaryFileIsDamaged)
{
    folder_.MakeFolder("state");
    ASSERT_EQ(mkfifo(File().c_str(), 0600), 0);
    EXPECT_EQ(Reason(Anew()), "");
    EXPECT_THAT(warnings_.Take(), ElementsAre(HasSubstr("it was damaged")));

    folder_.Write("state/quarantine", std::string("[1]\nname=a\0b\n", 13));
    EXPECT_EQ(Reason(Anew()), "");
    EXPECT_THAT(warnings_.Take(), ElementsAre(HasSubstr("it was damaged")));

    ASSERT_EQ(truncate(folder_.Write("state/quarantine", "").c_str(), off_t{ 1 } << 40), 0);
    EXPECT_EQ(Reason(Anew()), "");
    EXPECT_THAT(warnings_.Take(), ElementsAre(HasSubstr("it was damaged")));
}

/* What cannot be written is warned of once, and remembered by the process. */
TEST_F(QuarantineTest, FolderThatCannotBeMadeLeavesItInTheObject)
{
    folder_.Write("state", "a file where the folder should be");
    rein_quarantine_add_device(Anew(), "cuda:0", "lost");

    EXPECT_EQ(Reason(quarantine_), "lost");
    EXPECT_THAT(warnings_.Take(),
                ElementsAre(testing::AllOf(
                    StartsWith(folder_.At("state") + ": cannot be made: "),
                    HasSubstr("(mend that, or choose a state folder that can be written); what is "
                              "quarantined from here on is only known to this process"))));
    rein_quarantine_add_device(quarantine_, "cuda:1", "lost");
    EXPECT_THAT(warnings_.Take(), IsEmpty());
    EXPECT_EQ(Reason(Anew()), "");
}

TEST_F(QuarantineTest, FolderThatIsReadOnlyCanBeReadAndNotCleared)
{
    g_autoptr(GError) error = nullptr;

    rein_quarantine_add_device(Anew(), "cuda:0", "lost");
    fs::remove(folder_.At("state/quarantine.lock"));
    folder_.MakeFolder("state/quarantine.lock"); /* root, too, cannot write that */

    EXPECT_EQ(Reason(Anew()), "lost");
    EXPECT_FALSE(rein_quarantine_clear(quarantine_, "cuda:0", &error));
    EXPECT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_INVALID));
    EXPECT_THAT(error->message, HasSubstr("quarantine.lock: cannot be opened: "));
    EXPECT_EQ(Reason(quarantine_), "lost");
    EXPECT_THAT(warnings_.Take(), IsEmpty());
    rein_quarantine_add_device(quarantine_, "cuda:1", "lost");
    EXPECT_EQ(Reason(quarantine_, "cuda:1"), "lost");
    EXPECT_THAT(warnings_.Take(), ElementsAre(HasSubstr("only known to this process")));
    EXPECT_EQ(Reason(Anew(), "cuda:1"), "");
}

TEST_F(QuarantineTest, FullDiskLeavesTheOldFileWhole)
{
    rein_quarantine_add_device(Anew(), "cuda:0", "lost");
    const std::string before = ReadFile(File());

    EXPECT_EQ(InAnotherProcess([this] {
                  const struct rlimit none = { 0, 0 };

                  signal(SIGXFSZ, SIG_IGN);
                  setrlimit(RLIMIT_FSIZE, &none);
                  rein_quarantine_add_device(Anew(), "cuda:1", "lost");
                  EXPECT_EQ(Reason(quarantine_, "cuda:1"), "lost");
                  EXPECT_EQ(Reason(quarantine_, "cuda:0"), "lost");
                  EXPECT_THAT(warnings_.Take(),
                              ElementsAre(HasSubstr("only known to this process")));
                  EXPECT_FALSE(rein_quarantine_clear(Anew(), "cuda:0", nullptr));
                  EXPECT_EQ(Reason(quarantine_), "lost");
              }),
              0);
    EXPECT_EQ(ReadFile(File()), before);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_.At("state")), {}), 2);
}

TEST_F(QuarantineTest, LockThatIsNeverGivenBackIsWaitedForAWhileOnly)
{
    rein_quarantine_add_device(Anew(), "cuda:0", "lost");
    const int lock = open(folder_.At("state/quarantine.lock").c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(flock(lock, LOCK_EX), 0);

    EXPECT_EQ(Reason(Anew()), "lost");
    rein_quarantine_add_device(quarantine_, "cuda:1", "lost");
    EXPECT_THAT(warnings_.Take(), ElementsAre(HasSubstr("quarantine.lock: cannot be locked: ")));
    EXPECT_EQ(Reason(quarantine_, "cuda:1"), "lost");
    close(lock);
    EXPECT_EQ(Reason(Anew(), "cuda:1"), "");
}

TEST_F(QuarantineTest, ProcessesAtOnceLoseNothing)
{
    constexpr int kProcesses = 4;
    constexpr int kEach = 20;
    std::vector<pid_t> children;

    for (int i = 0; i < kProcesses; i++) {
        const pid_t child = fork();
        if (child == 0) {
            Anew();
            for (int j = 0; j < kEach; j++) {
                const std::string id = "cuda:" + std::to_string(i * kEach + j);
                rein_quarantine_add_device(quarantine_, id.c_str(), "lost");
            }
            _exit(warnings_.Take().empty() ? 0 : 1);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = -1;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    Anew();
    for (int i = 0; i < kProcesses * kEach; i++) {
        EXPECT_EQ(Reason(quarantine_, ("cuda:" + std::to_string(i)).c_str()), "lost") << i;
    }
}

} // namespace
