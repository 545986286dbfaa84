/* SPDX-License-Identifier: MIT */

/* Plugins that are a danger to their process: each costs its own row and nothing else. */

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "registry_fixture.h"
#include "support/process_counts.h"
#include "support/processes.h"

namespace
{

namespace fs = std::filesystem;
using rein_test::RegistryTest;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

/* Milliseconds that are too few for no worker here that answers at all, and soon over. */
constexpr const char *kShort = "2000";

class RegistryProbeTest : public RegistryTest
{
  protected:
    /* What became of a fake beside a good one, which must not be touched by it. */
    std::string
    RowOf(const std::string &fake)
    {
        Scan({ fake, "good" });
        const std::vector<std::string> rows = Candidates();

        EXPECT_EQ(rows.size(), 2u);
        if (rows.size() != 2) {
            return "";
        }
        const bool is_first = rows[0].find("plugin_good.so") == std::string::npos;
        EXPECT_EQ(rows[is_first ? 1 : 0], "plugins/rein_plugin_good.so loaded good: ");
        EXPECT_EQ(rein_registry_get_candidate(Registry(), is_first ? 1 : 0)->n_devices, 2u);
        return rows[is_first ? 0 : 1].substr(sizeof "plugins/" - 1);
    }

    void
    Hasten()
    {
        rein_registry_set(Registry(), "probe-timeout", kShort);
    }
};

TEST_F(RegistryProbeTest, ProbeThatAbortsCostsOnlyItsOwnRow)
{
    EXPECT_EQ(RowOf("aborts"),
              "rein_plugin_aborts.so failed aborts: its driver ended the process by SIGABRT while "
              "it was probed; it said: first words / fake_wild.c: nothing works");
}

TEST_F(RegistryProbeTest, ProbeThatExitsCostsOnlyItsOwnRow)
{
    EXPECT_EQ(RowOf("exits"), "rein_plugin_exits.so failed exits: its driver exited with status 3 "
                              "while it was probed");
}

TEST_F(RegistryProbeTest, ProbeThatHangsIsKilledThoughItIgnoresSigterm)
{
    Hasten();
    EXPECT_EQ(RowOf("hangs"), "rein_plugin_hangs.so failed hangs: did not answer within 2 s");
}

TEST_F(RegistryProbeTest, HangInAnExitHandlerCostsNothing)
{
    EXPECT_EQ(RowOf("hangs_at_exit"), "rein_plugin_hangs_at_exit.so loaded hangs-at-exit: ");
    EXPECT_THAT(Devices(), ElementsAre("good:0", "good:1", "hangs-at-exit:0"));
}

TEST_F(RegistryProbeTest, AbortInAnExitHandlerCostsNothing)
{
    EXPECT_EQ(RowOf("aborts_at_exit"), "rein_plugin_aborts_at_exit.so loaded aborts-at-exit: ");
}

TEST_F(RegistryProbeTest, LibraryThatAbortsWhenLoadedCostsOnlyItsOwnRow)
{
    EXPECT_EQ(RowOf("load_aborts"), "rein_plugin_load_aborts.so failed : its library ended the "
                                    "process by SIGABRT while it was loaded");
}

TEST_F(RegistryProbeTest, LibraryThatHangsWhenLoadedCostsOnlyItsOwnRow)
{
    Hasten();
    EXPECT_EQ(RowOf("load_hangs"), "rein_plugin_load_hangs.so failed : did not answer within 2 s");
}

TEST_F(RegistryProbeTest, DescriptorsThatWereClosedAndWrittenToAreNotTheWorkers)
{
    EXPECT_EQ(RowOf("closes"), "rein_plugin_closes.so loaded closes: ");
}

TEST_F(RegistryProbeTest, WorkerThatCannotAnswerAnyMoreSaysSo)
{
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the thread sanitizer ends a worker whose descriptors a plugin closes";
#endif
    EXPECT_THAT(RowOf("closes_all"), AllOf(StartsWith("rein_plugin_closes_all.so failed "),
                                           HasSubstr("rein-worker: cannot answer: ")));
}

TEST_F(RegistryProbeTest, GarbageOnTheSocketCostsOnlyItsOwnRow)
{
    EXPECT_EQ(RowOf("writes"),
              "rein_plugin_writes.so failed writes: spoke garbage while it was probed: a packet of "
              "7 bytes, where 16 to 16400 can be");
}

TEST_F(RegistryProbeTest, ChildThatTheDriverForkedIsKilled)
{
    for (const char *isolation : { "namespace", "subreaper" }) {
        rein_registry_set(Registry(), "isolation", isolation);
        EXPECT_THAT(RowOf("forks"), StartsWith("rein_plugin_forks.so loaded forks: "));
        EXPECT_THAT(rein_test::FindByName("rein-forked"), testing::IsEmpty()) << isolation;
        SetUp();
    }
}

TEST_F(RegistryProbeTest, FloodOnStderrEndsWithTheDeadline)
{
    Hasten();
    EXPECT_THAT(RowOf("floods"), StartsWith("rein_plugin_floods.so failed floods: did not answer "
                                            "within 2 s; it said: "));
}

TEST_F(RegistryProbeTest, LastWordsAreTheLastOfMuchAndFitToBeShown)
{
    const std::string row = RowOf("prints");

    EXPECT_THAT(row, EndsWith("a line of the many that nobody needs /  [31m\xef\xbf\xbd the one "
                              "that matters"));
    EXPECT_LT(row.size(), 700u);
    EXPECT_TRUE(g_utf8_validate(row.c_str(), -1, nullptr));
}

/* Lines of the plugin "logs" in this process's log. */
unsigned n_log_lines;

GLogWriterOutput
CountLines(GLogLevelFlags, const GLogField *fields, gsize n_fields, gpointer)
{
    for (gsize i = 0; i < n_fields; i++) {
        const char *value = static_cast<const char *>(fields[i].value);

        if (std::string(fields[i].key) == "MESSAGE") {
            n_log_lines += std::string(value) == "logs: one more";
        }
    }
    return G_LOG_WRITER_HANDLED;
}

TEST_F(RegistryProbeTest, LogLinesReachTheLogOfTheHostAndEndSomewhere)
{
    static std::once_flag is_set;

    std::call_once(is_set, [] { g_log_set_writer_func(CountLines, nullptr, nullptr); });
    n_log_lines = 0;
    EXPECT_EQ(RowOf("logs"), "rein_plugin_logs.so loaded logs: ");
    EXPECT_EQ(n_log_lines, 999u);
}

TEST_F(RegistryProbeTest, MissingWorkerIsTheReason)
{
    rein_registry_set(Registry(), "worker", folder_.At("no-worker").c_str());
    Scan({ "good" });
    EXPECT_THAT(Candidates(),
                ElementsAre("plugins/rein_plugin_good.so failed : the worker program " +
                            folder_.At("no-worker") +
                            " cannot be started: No such file or directory (install rein as a "
                            "whole, or set REIN_WORKER)"));
}

TEST_F(RegistryProbeTest, VariableNamesTheWorker)
{
    const char *worker = getenv("REIN_WORKER");
    const std::string before = worker != nullptr ? worker : "";

    setenv("REIN_WORKER", folder_.At("other").c_str(), 1);
    Scan({ "good" });
    setenv("REIN_WORKER", before.c_str(), 1);
    EXPECT_THAT(Candidates(), ElementsAre(HasSubstr(folder_.At("other"))));
}

TEST_F(RegistryProbeTest, WorkerIsBesideLibreinOtherwise)
{
    const char *worker = getenv("REIN_WORKER");
    const std::string before = worker != nullptr ? worker : "";

    unsetenv("REIN_WORKER");
    Scan({ "good" });
    setenv("REIN_WORKER", before.c_str(), 1);
    /* librein is part of this program here, and nobody installed a worker beside it */
    EXPECT_THAT(Candidates(), ElementsAre(HasSubstr("/tests/bin/rein/rein-worker cannot be")));
}

TEST_F(RegistryProbeTest, WorkerThatIsAnotherProgramIsAFailure)
{
    rein_registry_set(Registry(), "worker", "/bin/true");
    Scan({ "good" });
    EXPECT_THAT(Candidates(), ElementsAre(HasSubstr("failed : its library exited with status 0")));
}

TEST_F(RegistryProbeTest, WorkerThatSaysNothingAtAllRunsOutOfTime)
{
    const std::string script = folder_.Write("mute", "#!/bin/sh\nexec 3<&-\nexec sleep 1000\n");

    fs::permissions(script, fs::perms::owner_all);
    rein_registry_set(Registry(), "worker", script.c_str());
    Scan({ "good" });
    EXPECT_THAT(Candidates(), ElementsAre(HasSubstr("failed : broke off while it was loaded, and "
                                                    "went on running")));
}

TEST_F(RegistryProbeTest, BadTimeoutIsTheReason)
{
    for (const char *bad : { "soon", "0", "-1", "99999999999" }) {
        rein_registry_set(Registry(), "probe-timeout", bad);
        Scan({ "good" });
        EXPECT_THAT(Candidates(), ElementsAre(HasSubstr("failed : setting probe-timeout: ")));
        rein_registry_free(registry_);
        registry_ = nullptr;
    }
}

TEST_F(RegistryProbeTest, SettingThatIsTooLongIsTheReason)
{
    rein_registry_set(Registry(), "good.text", std::string(10000, 'x').c_str());
    Scan({ "good" });
    EXPECT_THAT(Candidates(), ElementsAre(HasSubstr("setting good.text is too long")));
}

TEST_F(RegistryProbeTest, ManySettingsReachTheWorker)
{
    for (int i = 0; i < 500; i++) {
        rein_registry_set(Registry(), ("other." + std::to_string(i)).c_str(),
                          std::string(2000, 'x').c_str());
    }
    rein_registry_set(Registry(), "settings.color", "blue");
    Scan({ "probe_settings" });
    EXPECT_THAT(Candidates(), ElementsAre(HasSubstr("color=blue other=none")));
}

TEST_F(RegistryProbeTest, NoPluginIsLoadedIntoThisProcess)
{
    Scan({ "good", "unloadable", "aborts" });
    EXPECT_EQ(rein_test::ReadFile("/proc/self/maps").find("rein_plugin_"), std::string::npos);
    EXPECT_EQ(Open("good:0"), "good:0");
    EXPECT_THAT(rein_test::ReadFile("/proc/self/maps"), HasSubstr("rein_plugin_good.so"));
}

TEST_F(RegistryProbeTest, MoreFilesThanWorkersAtOnceKeepTheirOrder)
{
    for (int i = 0; i < 20; i++) {
        Put("plugins", i == 7 ? "cpu" : "good", "p" + std::to_string(10 + i) + ".so");
    }
    Scan({});
    const std::vector<std::string> rows = Candidates();

    ASSERT_EQ(rows.size(), 20u);
    EXPECT_EQ(rows[0], "plugins/p10.so loaded good: ");
    EXPECT_EQ(rows[7], "plugins/p17.so loaded cpu: ");
    for (int i = 0; i < 20; i++) {
        if (i != 0 && i != 7) {
            EXPECT_THAT(rows[i], HasSubstr("p10.so came first with the same name"));
        }
    }
    EXPECT_THAT(Devices(), ElementsAre("good:0", "good:1", "cpu:0"));
}

TEST_F(RegistryProbeTest, PluginThatFailedStillShadowsALaterOne)
{
    Put("one", "aborts", "a.so");
    Put("two", "aborts", "b.so");
    SetPath(folder_.At("one") + ":" + folder_.At("two"));
    rein_registry_scan(Registry());
    EXPECT_THAT(Candidates(), ElementsAre(StartsWith("one/a.so failed aborts: "),
                                          StartsWith("two/b.so shadowed aborts: ")));
}

TEST_F(RegistryProbeTest, OpenProbesOnlyThePluginThatIsMeant)
{
    Put("plugins", "good", "a.so");
    Put("plugins", "hangs", "b.so"); /* would take 20 s */
    SetPath(folder_.At("plugins"));
    EXPECT_EQ(Open("good:1"), "good:1");
    EXPECT_THAT(Candidates(),
                ElementsAre("plugins/a.so loaded good: ",
                            "plugins/b.so loaded hangs: not probed: only devices of another "
                            "plugin were asked for"));
    EXPECT_THAT(Devices(), ElementsAre("good:0", "good:1"));
}

TEST_F(RegistryProbeTest, ScanCompletesWhatAnOpenLeftOut)
{
    Put("plugins", "gpu", "a.so");
    Put("plugins", "good", "b.so");
    SetPath(folder_.At("plugins"));
    EXPECT_EQ(Open("good"), "good:0");
    const ReinDeviceEntry *first = rein_registry_get_device(Registry(), 0);

    rein_registry_scan(Registry());
    EXPECT_THAT(Candidates(),
                ElementsAre("plugins/a.so loaded gpu: ", "plugins/b.so loaded good: "));
    EXPECT_THAT(Devices(), ElementsAre("gpu:card-a", "gpu:card-b", "good:0", "good:1"));
    EXPECT_STREQ(first->id, "good:0"); /* what was given out lives on */
}

TEST_F(RegistryProbeTest, AutoProbesAllPlugins)
{
    Put("plugins", "cpu", "a.so");
    Put("plugins", "gpu", "b.so");
    SetPath(folder_.At("plugins"));
    EXPECT_EQ(Open("auto"), "gpu:card-a");
    EXPECT_EQ(rein_registry_get_n_devices(Registry()), 3u);
}

TEST_F(RegistryProbeTest, NoAnswerSaysWhyThePluginFailed)
{
    Scan({ "aborts", "load_aborts" });
    EXPECT_THAT(Open("aborts"), HasSubstr("\"aborts\": aborts: its driver ended the process by "
                                          "SIGABRT"));
    EXPECT_THAT(Open("load_aborts"), HasSubstr("rein_plugin_load_aborts.so failed: its library"));
}

TEST_F(RegistryProbeTest, PluginThatWasReplacedIsNotOpened)
{
    Scan({ "good" });
    const std::string file = Put("other", "cpu", "rein_plugin_good.so");

    fs::rename(file, folder_.At("plugins/rein_plugin_good.so"));
    EXPECT_THAT(Open("good:0", REIN_ERROR_PLUGIN),
                HasSubstr("it was replaced by another plugin in the meantime"));
}

TEST_F(RegistryProbeTest, HostThatIgnoresItsChildrenStillGetsAnswers)
{
    signal(SIGCHLD, SIG_IGN);
    const std::string row = RowOf("exits");
    signal(SIGCHLD, SIG_DFL);

    EXPECT_THAT(row,
                HasSubstr("failed exits: its driver exited with status 3 while it was probed"));
}

TEST_F(RegistryProbeTest, WorkerHasNoDescriptorOfTheHost)
{
    const std::string script = folder_.Write("lister", "#!/bin/sh\nls /proc/self/fd >&2\nexit 9\n");
    const int kept = dup(STDIN_FILENO); /* without close-on-exec, as hosts are careless */

    fs::permissions(script, fs::perms::owner_all);
    rein_registry_set(Registry(), "worker", script.c_str());
    Scan({ "good" });
    close(kept);
    /* the last three are shown: ls opens one more, the folder, as 5 */
    EXPECT_THAT(Candidates(), ElementsAre(EndsWith("it said: 3 / 4 / 5")));
}

TEST_F(RegistryProbeTest, ScanWithEveryFakeLeavesNothingBehind)
{
    const std::vector<std::string> fakes = {
        "aborts",      "exits",  "hangs", "hangs_at_exit", "aborts_at_exit", "closes",
        "closes_all",  "writes", "forks", "floods",        "logs",           "load_hangs",
        "load_aborts", "prints", "good",  "drivers",       "null_slot",      "no_entry"
    };
    const int n_descriptors = rein_test::CountDescriptors();
    const int n_threads = rein_test::CountThreads();

    Hasten();
    Scan(fakes);
    EXPECT_EQ(Candidates().size(), fakes.size());
    EXPECT_EQ(rein_test::CountDescriptors(), n_descriptors);
    EXPECT_EQ(rein_test::WaitForThreads(n_threads), n_threads);
    EXPECT_THAT(rein_test::FindChildren(getpid()), IsEmpty());
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST_F(RegistryProbeTest, TwoRegistriesScanAtOnce)
{
    Put("plugins", "good", "a.so");
    Put("plugins", "aborts", "b.so");
    SetPath(folder_.At("plugins"));
    auto scan = [] {
        for (int i = 0; i < 5; i++) {
            g_autoptr(ReinRegistry) registry = rein_registry_new();

            rein_registry_scan(registry);
            EXPECT_EQ(rein_registry_get_n_devices(registry), 2u);
        }
    };
    std::thread other(scan);

    scan();
    other.join();
    EXPECT_THAT(rein_test::FindChildren(getpid()), IsEmpty());
}

} // namespace
