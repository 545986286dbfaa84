/* SPDX-License-Identifier: MIT */
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include <rein/registry.h>

#include "support/json.h"
#include "support/live_program.h"
#include "support/processes.h"
#include "support/program.h"

namespace
{

using rein_test::Ended;
using rein_test::Json;
using rein_test::Program;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;

class DevicesTest : public testing::Test
{
  protected:
    /* The candidate whose path ends so, or the absent backend of that name. */
    Json
    find(const std::vector<Json> &candidates, const std::string &member, const std::string &end)
    {
        for (const Json &candidate : candidates) {
            std::string text = candidate.text(member);
            if (text.size() >= end.size() && text.substr(text.size() - end.size()) == end) {
                return candidate;
            }
        }
        ADD_FAILURE() << end << " is not there";
        return Json("{}");
    }

    static bool
    has_loaded(pid_t pid, const std::string &file)
    {
        const std::string maps = rein_test::read_text("/proc/" + std::to_string(pid) + "/maps");

        return maps.find(file) != std::string::npos;
    }

    Program rein_{ "rein" };
};

TEST_F(DevicesTest, TheProcessorIsADevice)
{
    Ended ended = rein_.run({ "devices" });

    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("ID"));
    EXPECT_THAT(ended.out, HasSubstr("\ncpu:0"));
}

TEST_F(DevicesTest, JsonDescribesADevice)
{
    Ended ended = rein_.run({ "devices", "--format", "json" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    Json cpu = find(Json(ended.out).items("devices"), "id", "cpu:0");
    EXPECT_EQ(cpu.text("type"), "device");
    EXPECT_EQ(cpu.text("plugin"), "cpu");
    EXPECT_TRUE(cpu.truth("is_cpu"));
    EXPECT_FALSE(cpu.truth("is_gpu"));
    EXPECT_GT(cpu.number("units"), 0);
    EXPECT_GT(cpu.number("interleave"), 0);
    EXPECT_GT(cpu.number("memory_bytes"), 0);
    for (const char *member : { "name", "vendor", "driver", "pci" }) {
        cpu.text(member);
    }
    EXPECT_FALSE(Json(ended.out).has("candidates"));
}

TEST_F(DevicesTest, WhyListsCandidatesWithStateAndReason)
{
    std::string folder = rein_.home().file("plugins");
    rein_.home().write("plugins/rein_plugin_noise.so", "this is no shared object");
    rein_.set("REIN_PLUGIN_PATH", folder);

    Ended ended = rein_.run({ "devices", "--why", "--format", "json" });
    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> candidates = Json(ended.out).items("candidates");
    Json noise = find(candidates, "path", "rein_plugin_noise.so");
    EXPECT_EQ(noise.text("state"), "refused");
    EXPECT_FALSE(noise.text("reason").empty());
    EXPECT_EQ(noise.number("devices"), 0);
    Json cpu = find(candidates, "plugin", "cpu");
    EXPECT_EQ(cpu.text("state"), "loaded");
    EXPECT_EQ(cpu.number("devices"), 1);
    EXPECT_FALSE(cpu.text("version").empty());
}

TEST_F(DevicesTest, WhyInTextNamesFileStateAndReason)
{
    rein_.home().write("plugins/rein_plugin_noise.so", "this is no shared object");
    rein_.set("REIN_PLUGIN_PATH", rein_.home().file("plugins"));

    Ended ended = rein_.run({ "devices", "--why" });
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, HasSubstr("refused"));
    EXPECT_THAT(ended.out, HasSubstr(rein_.home().file("plugins/rein_plugin_noise.so")));
    EXPECT_THAT(ended.out, HasSubstr("loaded"));
}

/* Rows of fakes, in a folder of the home. */
class DevicesDriverTest : public DevicesTest
{
  protected:
    void
    SetUp() override
    {
        put("drivers");
        rein_.set("REIN_PLUGIN_PATH", rein_.home().file("plugins"));
        rein_.set("FAKE_DRIVERS", "good,abort");
        rein_.set("REIN_WORKER_ENVIRONMENT", "FAKE_*");
    }

    void
    put(const std::string &fake)
    {
        const std::string file = "/rein_plugin_fake_" + fake + ".so";
        std::filesystem::create_directories(rein_.home().file("plugins"));
        std::filesystem::copy(REIN_FAKE_PLUGIN_DIR + file, rein_.home().file("plugins") + file);
    }
};

TEST_F(DevicesDriverTest, WhyInTextHasADriverColumn)
{
    Ended ended = rein_.run({ "devices", "--why" });

    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, ContainsRegex("PLUGIN +DRIVER +STATE "));
    EXPECT_THAT(ended.out, ContainsRegex("\ndrv 1\\.0 +good +loaded +1  "));
    EXPECT_THAT(ended.out, ContainsRegex("\ndrv 1\\.0 +abort +failed +0  "));
    EXPECT_THAT(ended.out, HasSubstr("its driver ended the process by SIGABRT while it was probed; "
                                     "it said: libfake: broken"));
    EXPECT_THAT(ended.out, ContainsRegex("\ncuda +- +absent "));
}

TEST_F(DevicesDriverTest, JsonHasDriverAndItsPath)
{
    for (const char *format : { "json", "ndjson" }) {
        rein_.run({ "devices", "--clear", "all" });
        Ended ended = rein_.run({ "devices", "--why", "--format", format });
        ASSERT_EQ(ended.code, 0) << ended.err;
        std::vector<Json> lines = std::string(format) == "json"
                                      ? Json(ended.out).items("candidates")
                                      : Json::lines(ended.out);
        while (!lines.empty() && lines[0].text("type") == "device") {
            lines.erase(lines.begin());
        }
        Json failed = find(lines, "reason", "libfake: broken");
        EXPECT_EQ(failed.text("plugin"), "drv");
        EXPECT_EQ(failed.text("driver"), "abort");
        EXPECT_EQ(failed.text("driver_path"), "/etc/fake/abort.icd");
        EXPECT_EQ(failed.text("state"), "failed");
        EXPECT_EQ(failed.text("path"), rein_.home().file("plugins/rein_plugin_fake_drivers.so"));
        Json absent = find(lines, "reason", "in any plugin folder");
        EXPECT_EQ(absent.text("driver"), "");
        EXPECT_EQ(absent.text("driver_path"), "");
    }
}

TEST_F(DevicesDriverTest, TimeoutIsASetting)
{
    put("hangs");
    rein_.set("REIN_PROBE_TIMEOUT", "1500ms");
    Ended ended = rein_.run({ "devices", "--why" });

    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("did not answer within 1.5 s"));

    rein_.set("REIN_PROBE_TIMEOUT", "1ms");
    ended = rein_.run({ "devices" });
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("REIN_PROBE_TIMEOUT: probe.timeout is \"1ms\""));
}

TEST_F(DevicesDriverTest, WorkerIsASetting)
{
    rein_.home().write("config/rein/rein.conf", "[worker]\npath = /nowhere/rein-worker\n");
    Ended ended = rein_.run({ "devices", "--why" });

    EXPECT_EQ(ended.code, 10);
    EXPECT_THAT(ended.out, HasSubstr("the worker program /nowhere/rein-worker cannot be started"));

    rein_.set("REIN_WORKER", "/neither/rein-worker");
    ended = rein_.run({ "devices", "--why" });
    EXPECT_THAT(ended.out, HasSubstr("the worker program /neither/rein-worker cannot be started"));
}

TEST_F(DevicesDriverTest, WorkerIsGoneWhenItsHostIsKilledWhileAProbeHangs)
{
    put("hangs");
    rein_test::LiveProgram host(rein_.home(), "rein", { "devices" },
                                { "REIN_PLUGIN_PATH=" + rein_.home().file("plugins") });
    std::vector<pid_t> workers;

    /* that of the hanging probe is the only one that stays */
    ASSERT_TRUE(rein_test::WaitUntil([&] {
        workers = rein_test::FindChildren(host.pid());
        if (workers.size() != 1) {
            return false;
        }
        const std::vector<pid_t> plugins = rein_test::FindChildren(workers[0]);
        workers.insert(workers.end(), plugins.begin(), plugins.end());
        return plugins.size() == 1 && has_loaded(plugins[0], "rein_plugin_fake_hangs.so");
    }));
    host.send(SIGKILL);
    EXPECT_EQ(host.wait().code, -SIGKILL);
    for (const pid_t worker : workers) {
        EXPECT_TRUE(rein_test::WaitUntil([&] { return !rein_test::IsRunning(worker); }));
    }
}

TEST_F(DevicesDriverTest, DriverThatCrashedIsQuarantinedUntilItIsCleared)
{
    EXPECT_EQ(rein_.run({ "devices" }).code, 0);
    Ended ended = rein_.run({ "devices", "--why" });
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, ContainsRegex("\ndrv 1\\.0 +abort +quarantined +0  "));
    EXPECT_THAT(ended.out, ContainsRegex("libfake: broken \\(quarantined since 20[0-9T:-]+Z; rein "
                                         "devices --clear abort ends that\\)"));

    ended = rein_.run({ "devices", "--why", "--format", "json" });
    Json abort = find(Json(ended.out).items("candidates"), "driver", "abort");
    EXPECT_EQ(abort.text("state"), "quarantined");
    EXPECT_THAT(abort.text("quarantined_since"), ContainsRegex("^20[0-9T:-]+Z$"));
    EXPECT_EQ(find(Json(ended.out).items("candidates"), "driver", "good").text("quarantined_since"),
              "");

    ended = rein_.run({ "devices", "--clear", "abort" });
    EXPECT_EQ(ended.code, 0);
    EXPECT_EQ(ended.out, "abort: not quarantined any more\n");
    EXPECT_THAT(rein_.run({ "devices", "--why" }).out,
                ContainsRegex("\ndrv 1\\.0 +abort +failed +0  "));
}

TEST_F(DevicesDriverTest, QuarantineIsReadFromAFolderThatCannotBeWritten)
{
    EXPECT_EQ(rein_.run({ "devices" }).code, 0);
    std::filesystem::remove(rein_.home().file("state/rein/quarantine.lock"));
    std::filesystem::create_directory(rein_.home().file("state/rein/quarantine.lock"));

    Ended ended = rein_.run({ "devices", "--why" });
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, ContainsRegex("abort +quarantined"));
    EXPECT_EQ(ended.err, "");
    ended = rein_.run({ "devices", "--clear", "abort" });
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("rein: --clear: "));
    EXPECT_THAT(ended.err, HasSubstr("(mend that, or choose a state folder that can be written)"));
}

/* Devices in quarantine, put there by another program that embeds librein. */
class DevicesQuarantineTest : public DevicesTest
{
  protected:
    void
    quarantine(const char *id)
    {
        ReinRegistry *registry = rein_registry_new();

        rein_registry_set(registry, "state-folder", rein_.home().file("state/rein").c_str());
        rein_registry_quarantine(registry, id, "64 bytes did not come back");
        rein_registry_free(registry);
    }
};

TEST_F(DevicesQuarantineTest, DeviceIsListedWithReasonAndTime)
{
    EXPECT_THAT(rein_.run({ "devices" }).out, ContainsRegex("\ncpu:0 .* ready"));
    for (const Json &device :
         Json(rein_.run({ "devices", "--format", "json" }).out).items("devices")) {
        quarantine(device.text("id").c_str());
    }
    Ended ended = rein_.run({ "devices", "--why" });

    EXPECT_EQ(ended.code, 12);
    EXPECT_THAT(ended.err, HasSubstr("rein: devices: all are quarantined"));
    EXPECT_THAT(ended.out, ContainsRegex("\ncpu:0 .* quarantined"));
    EXPECT_THAT(ended.out,
                ContainsRegex("\ncpu:0 is quarantined since 20[0-9T:-]+Z: 64 bytes did not come "
                              "back \\(rein devices --clear cpu:0 ends that\\)\n"));

    Json cpu = find(Json(rein_.run({ "devices", "--format", "json" }).out).items("devices"), "id",
                    "cpu:0");
    EXPECT_EQ(cpu.text("state"), "quarantined");
    EXPECT_EQ(cpu.text("reason"), "64 bytes did not come back");
    EXPECT_THAT(cpu.text("quarantined_since"), ContainsRegex("^20[0-9T:-]+Z$"));
}

TEST_F(DevicesQuarantineTest, SelectorOfOneIsExitCodeTwelve)
{
    quarantine("cpu:0");
    Ended ended = rein_.run({ "devices", "--device", "cpu" });

    EXPECT_EQ(ended.code, 12);
    EXPECT_THAT(ended.err, ContainsRegex("rein: cpu:0 is quarantined since .*: 64 bytes did not "
                                         "come back \\(.*rein devices --clear cpu:0\\)"));
}

TEST_F(DevicesQuarantineTest, ClearEndsIt)
{
    quarantine("cpu:0");
    Ended ended = rein_.run({ "devices", "--clear", "cpu:0", "--format", "json" });
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(Json(ended.out).text("type"), "cleared");
    EXPECT_EQ(Json(ended.out).text("name"), "cpu:0");
    Json cpu = find(Json(rein_.run({ "devices", "--format", "json" }).out).items("devices"), "id",
                    "cpu:0");
    EXPECT_EQ(cpu.text("state"), "ready");
    EXPECT_EQ(cpu.text("reason"), "");
}

TEST_F(DevicesQuarantineTest, ClearAllEndsAllAndNeedsNone)
{
    quarantine("cpu:0");
    quarantine("cuda:0");
    EXPECT_EQ(rein_.run({ "devices", "--clear", "all" }).code, 0);
    EXPECT_EQ(rein_.run({ "devices", "--clear", "all" }).code, 0);
    EXPECT_EQ(rein_.run({ "devices" }).code, 0);
}

TEST_F(DevicesQuarantineTest, ClearOfNothingIsBadInput)
{
    Ended ended = rein_.run({ "devices", "--clear", "cuda:7" });
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("rein: --clear: nothing that is quarantined is called "
                                     "\"cuda:7\" (rein devices --why lists what is)"));
    ended = rein_.run({ "devices", "--clear", "" });
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("--clear: no name"));
}

TEST_F(DevicesTest, BackendWithoutAFileIsAbsent)
{
    Ended ended = rein_.run({ "devices", "--why", "--format", "json" });

    for (const char *backend : { "opencl", "cuda" }) {
        std::string file = std::string("rein_plugin_") + backend + ".so";
        if (std::filesystem::exists(std::string(REIN_PLUGIN_DIR) + "/" + file)) {
            continue;
        }
        Json absent = find(Json(ended.out).items("candidates"), "plugin", backend);
        EXPECT_EQ(absent.text("state"), "absent");
        EXPECT_EQ(absent.text("reason"),
                  "not installed: no file of this plugin in any plugin folder");
        EXPECT_THAT(rein_.run({ "devices", "--why" }).out, HasSubstr(absent.text("reason")));
    }
}

TEST_F(DevicesTest, SecondPluginOfANameIsShadowed)
{
    rein_.home().write("plugins/keep", "");
    std::filesystem::copy(std::string(REIN_PLUGIN_DIR) + "/rein_plugin_cpu.so",
                          rein_.home().file("plugins/rein_plugin_cpu.so"));
    rein_.home().write("config/rein/rein.conf",
                       "[plugin]\npath = " + rein_.home().file("plugins") + "\n");

    Ended ended = rein_.run({ "devices", "--why", "--format", "json" });
    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> candidates = Json(ended.out).items("candidates");
    EXPECT_EQ(
        find(candidates, "path", rein_.home().file("plugins/rein_plugin_cpu.so")).text("state"),
        "loaded");
    EXPECT_EQ(find(candidates, "path", std::string(REIN_PLUGIN_DIR) + "/rein_plugin_cpu.so")
                  .text("state"),
              "shadowed");
}

TEST_F(DevicesTest, SelectorTellsWhichDeviceItPicks)
{
    Ended ended = rein_.run({ "devices", "--device", "cpu" });
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("cpu picks cpu:0\n"));

    ended = rein_.run({ "devices", "--device", "cpu", "--format", "json" });
    EXPECT_EQ(Json(ended.out).text("selector"), "cpu");
    EXPECT_EQ(Json(ended.out).text("selected"), "cpu:0");
}

TEST_F(DevicesTest, SelectorThatNothingAnswersIsExitCodeTen)
{
    Ended ended = rein_.run({ "devices", "--device", "cuda:7" });

    EXPECT_EQ(ended.code, 10);
    EXPECT_THAT(ended.err, HasSubstr("cuda:7"));
}

TEST_F(DevicesTest, MalformedSelectorIsBadInput)
{
    Ended ended = rein_.run({ "devices", "--device", ":" });

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("selector"));
}

TEST_F(DevicesTest, SettingsReachThePlugin)
{
    rein_.set("REIN_CPU_THREADS", "1");
    Ended one = rein_.run({ "devices", "--device", "cpu", "--format", "json" });
    EXPECT_EQ(one.code, 0) << one.err;

    rein_.set("REIN_CPU_COMPILER", "");
    rein_.set("REIN_CPU_THREADS", "1025");
    Ended refused = rein_.run({ "devices", "--device", "cpu" });
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.err, HasSubstr("REIN_CPU_THREADS: cpu.threads is \"1025\""));
}

TEST_F(DevicesTest, NdjsonTellsLinesApartByType)
{
    Ended ended = rein_.run({ "devices", "--why", "--device", "cpu", "--format", "ndjson" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> lines = Json::lines(ended.out);
    ASSERT_GE(lines.size(), 3u);
    EXPECT_EQ(lines.front().text("type"), "device");
    EXPECT_EQ(lines[lines.size() - 2].text("type"), "candidate");
    EXPECT_EQ(lines.back().text("type"), "selection");
}

TEST_F(DevicesTest, CacheFolderIsMadeForTheUserAlone)
{
    rein_.run({ "devices" });

    struct stat info = {};
    ASSERT_EQ(stat(rein_.home().file("state/rein/cache").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(DevicesTest, WithoutACacheFolderDevicesWorkAllTheSame)
{
    rein_.home().write("state", "a file where the folder should be");

    Ended ended = rein_.run({ "devices" });
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.err, HasSubstr("rein: warning: "));
    EXPECT_THAT(ended.err, HasSubstr("XDG_STATE_HOME"));
}

} // namespace
