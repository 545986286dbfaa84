/* SPDX-License-Identifier: MIT */

/* What a registry does without because it went wrong before, and how it comes back. */

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "registry_fixture.h"
#include "support/warnings.h"

namespace
{

namespace fs = std::filesystem;
using rein_test::ReadFile;
using rein_test::RegistryTest;
using rein_test::Warnings;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

class RegistryQuarantineTest : public RegistryTest
{
  protected:
    void
    SetUp() override
    {
        RegistryTest::SetUp();
        unsetenv("FAKE_DRIVER");
        unsetenv("FAKE_DRIVERS");
        setenv("REIN_WORKER_INNER", getenv("REIN_WORKER"), 1);
        worker_ = folder_.Write("worker", "#!/bin/sh\necho started >> '" + folder_.At("started") +
                                              "'\nexec \"$REIN_WORKER_INNER\" \"$@\"\n");
        ASSERT_EQ(chmod(worker_.c_str(), 0700), 0);
    }

    /* Another registry, as of another process, that shares the state folder. */
    void
    Anew()
    {
        rein_registry_free(registry_);
        registry_ = rein_registry_new();
        rein_registry_set(registry_, "state-folder", folder_.At("state").c_str());
        rein_registry_set(registry_, "worker", worker_.c_str());
    }

    /* The rows of these fakes, looked at by another registry; `started_` workers were needed. */
    std::vector<std::string>
    Rows(const std::vector<std::string> &fakes)
    {
        Anew();
        return RowsOfThis(fakes);
    }

    std::vector<std::string>
    RowsOfThis(const std::vector<std::string> &fakes)
    {
        fs::remove(folder_.At("started"));
        folder_.MakeFolder("plugins");
        for (const std::string &fake : fakes) {
            const std::string file = "rein_plugin_" + fake + ".so";
            if (!fs::exists(folder_.At("plugins/" + file))) {
                Put("plugins", fake, file);
            }
        }
        rein_registry_add_folder(Registry(), folder_.At("plugins").c_str());
        rein_registry_scan(Registry());
        return Told();
    }

    /* The rows as they are, without the files. */
    std::vector<std::string>
    Told()
    {
        std::vector<std::string> rows = Candidates();
        const std::string text = ReadFile(folder_.At("started"));

        started_ = std::count(text.begin(), text.end(), '\n');
        for (std::string &row : rows) {
            row.erase(0, row.find(".so ") + 4);
        }
        return rows;
    }

    const ReinDeviceEntry *
    Device(const std::string &id)
    {
        for (guint i = 0; i < rein_registry_get_n_devices(Registry()); i++) {
            const ReinDeviceEntry *device = rein_registry_get_device(Registry(), i);
            if (device->id == id) {
                return device;
            }
        }
        ADD_FAILURE() << id << " is not there";
        return nullptr;
    }

    std::string worker_;
    long started_ = 0;
    Warnings warnings_;
};

constexpr const char *kAborted =
    "aborts: its driver ended the process by SIGABRT while it was probed";

/* ---- candidates ---- */

TEST_F(RegistryQuarantineTest, PluginThatCrashedIsNotAskedAgain)
{
    EXPECT_THAT(Rows({ "aborts" }), ElementsAre(HasSubstr(std::string("failed ") + kAborted)));
    EXPECT_EQ(started_, 1);
    EXPECT_STREQ(rein_registry_get_candidate(Registry(), 0)->quarantined_since, "");

    EXPECT_THAT(Rows({ "aborts" }), ElementsAre(HasSubstr(std::string("quarantined ") + kAborted)));
    EXPECT_EQ(started_, 0);
    const ReinCandidate *candidate = rein_registry_get_candidate(Registry(), 0);
    EXPECT_THAT(candidate->quarantined_since, MatchesRegex("20[0-9-]+T[0-9:]+Z"));
    EXPECT_STREQ(candidate->version, "1.0");
    EXPECT_EQ(candidate->n_devices, 0u);
    EXPECT_THAT(Open("aborts"), AllOf(HasSubstr(kAborted), HasSubstr(" (quarantined since 20")));
}

TEST_F(RegistryQuarantineTest, PluginThatHangsCostsItsTimeoutOnce)
{
    Anew();
    rein_registry_set(Registry(), "probe-timeout", "2000");
    EXPECT_THAT(RowsOfThis({ "hangs" }), ElementsAre("failed hangs: did not answer within 2 s"));
    Anew();
    rein_registry_set(Registry(), "probe-timeout", "2000");
    EXPECT_THAT(RowsOfThis({ "hangs" }),
                ElementsAre("quarantined hangs: did not answer within 2 s"));
    EXPECT_EQ(started_, 0);
    Anew();
    rein_registry_set(Registry(), "probe-timeout", "2100");
    EXPECT_THAT(RowsOfThis({ "hangs" }), ElementsAre("failed hangs: did not answer within 2.1 s"));
}

TEST_F(RegistryQuarantineTest, EveryWayToEndAWorkerCounts)
{
    const std::vector<std::string> fakes = { "aborts", "closes_all", "exits", "load_aborts" };

    Rows(fakes);
    for (const std::string &row : Rows(fakes)) {
        EXPECT_THAT(row, StartsWith("quarantined "));
    }
    EXPECT_EQ(started_, 0);
}

TEST_F(RegistryQuarantineTest, GarbageCounts)
{
    setenv("FAKE_WORKER", "bad-name", 1);
    for (const char *state : { "failed", "quarantined" }) {
        Anew();
        rein_registry_set(Registry(), "worker", REIN_FAKE_PLUGIN_DIR "/fake_worker");
        EXPECT_THAT(RowsOfThis({ "good" }),
                    ElementsAre(state + std::string(" : spoke garbage while it was loaded: a "
                                                    "plugin's name that cannot be one")));
    }
}

TEST_F(RegistryQuarantineTest, WhatIsRefusedOrHasNoDeviceIsAskedEachTime)
{
    const std::vector<std::string> fakes = { "null_table", "probe_none", "probe_fails" };
    const std::vector<std::string> first = Rows(fakes);

    EXPECT_EQ(Rows(fakes), first);
    EXPECT_EQ(started_, 3);
    EXPECT_FALSE(fs::exists(folder_.At("state")));
}

TEST_F(RegistryQuarantineTest, WorkerThatCannotBeStartedOrIsKilledIsNoFaultOfThePlugin)
{
    const std::string killed = folder_.Write("killed", "#!/bin/sh\nkill -9 $$\n");
    const std::string broken = folder_.Write("broken", "#!/bin/sh\nexit 127\n");

    ASSERT_EQ(chmod(killed.c_str(), 0700), 0);
    ASSERT_EQ(chmod(broken.c_str(), 0700), 0);
    for (const std::string &worker : { std::string("/nowhere/rein-worker"), killed, broken }) {
        Anew();
        rein_registry_set(Registry(), "worker", worker.c_str());
        /* as the first of a namespace it could not kill itself */
        rein_registry_set(Registry(), "isolation", "subreaper");
        EXPECT_THAT(RowsOfThis({ "good" }), ElementsAre(StartsWith("failed ")));
    }
    EXPECT_FALSE(fs::exists(folder_.At("state")));
    EXPECT_THAT(Rows({ "good" }), ElementsAre("loaded good: "));
}

TEST_F(RegistryQuarantineTest, AnotherWorkerAsksAgain)
{
    const std::string wrong = folder_.Write("wrong", "#!/bin/sh\nexit 1\n");

    ASSERT_EQ(chmod(wrong.c_str(), 0700), 0);
    Anew();
    rein_registry_set(Registry(), "worker", wrong.c_str());
    EXPECT_THAT(RowsOfThis({ "good" }), ElementsAre(StartsWith("failed ")));
    EXPECT_THAT(Rows({ "good" }), ElementsAre("loaded good: "));
}

TEST_F(RegistryQuarantineTest, ChangedFileIsAskedAgain)
{
    const struct timespec times[2] = { { 1, 0 }, { 1, 0 } };

    Rows({ "aborts" });
    EXPECT_THAT(Rows({ "aborts" }), ElementsAre(StartsWith("quarantined ")));
    ASSERT_EQ(utimensat(AT_FDCWD, folder_.At("plugins/rein_plugin_aborts.so").c_str(), times, 0),
              0);
    EXPECT_THAT(Rows({ "aborts" }), ElementsAre(StartsWith("failed ")));
    EXPECT_THAT(Rows({ "aborts" }), ElementsAre(StartsWith("quarantined ")));
}

TEST_F(RegistryQuarantineTest, DriverThatCrashedCostsNoOther)
{
    setenv("FAKE_DRIVERS", "good,abort,better", 1);
    Rows({ "drivers" });
    EXPECT_EQ(started_, 4); /* one to list them */
    EXPECT_THAT(Rows({ "drivers" }),
                ElementsAre("loaded drv/good: ",
                            "quarantined drv/abort: its driver ended the process by SIGABRT while "
                            "it was probed; it said: libfake: broken",
                            "loaded drv/better: "));
    EXPECT_EQ(started_, 3);
    EXPECT_THAT(Devices(), ElementsAre("drv:good", "drv:better"));
}

TEST_F(RegistryQuarantineTest, ListThatCrashedIsThePluginsFault)
{
    setenv("FAKE_DRIVERS", "good,LIST-ABORTS", 1);
    Rows({ "drivers" });
    EXPECT_THAT(Rows({ "drivers" }), ElementsAre(StartsWith("quarantined drv: the plugin ended")));
    EXPECT_EQ(started_, 0);
}

TEST_F(RegistryQuarantineTest, WithoutAStateFolderEachRegistryAsks)
{
    for (int i = 0; i < 2; i++) {
        Anew();
        rein_registry_set(Registry(), "state-folder", nullptr);
        EXPECT_THAT(RowsOfThis({ "aborts" }), ElementsAre(StartsWith("failed ")));
    }
}

TEST_F(RegistryQuarantineTest, ClearedCandidateIsAskedByTheNextScan)
{
    setenv("FAKE_DRIVERS", "good,abort", 1);
    Rows({ "aborts", "drivers" });
    Rows({ "aborts", "drivers" });
    ASSERT_EQ(started_, 2);

    EXPECT_TRUE(rein_registry_clear_quarantine(Registry(), "abort", nullptr));
    EXPECT_TRUE(rein_registry_clear_quarantine(
        Registry(), folder_.At("plugins/rein_plugin_aborts.so").c_str(), nullptr));
    rein_registry_scan(Registry());
    EXPECT_THAT(Told(), ElementsAre(StartsWith("failed aborts: "),
                                    "loaded drv/good: ", StartsWith("failed drv/abort: ")));
    EXPECT_EQ(started_, 4);
}

/* ---- devices ---- */

TEST_F(RegistryQuarantineTest, DeviceInQuarantineIsListedAndNotOpened)
{
    Rows({ "good" });
    EXPECT_STREQ(Device("good:1")->quarantine, "");
    EXPECT_STREQ(Device("good:1")->quarantined_since, "");
    rein_registry_quarantine(Registry(), "good:1", "8 MiB did not come back");
    EXPECT_STREQ(Device("good:1")->quarantine, "8 MiB did not come back");

    Rows({ "good" });
    EXPECT_THAT(Devices(), ElementsAre("good:0", "good:1"));
    EXPECT_STREQ(Device("good:0")->quarantine, "");
    EXPECT_STREQ(Device("good:1")->quarantine, "8 MiB did not come back");
    EXPECT_THAT(Device("good:1")->quarantined_since, MatchesRegex("20[0-9-]+T[0-9:]+Z"));
    EXPECT_THAT(Open("good:1", REIN_ERROR_QUARANTINED),
                AllOf(StartsWith("good:1 is quarantined since 20"),
                      HasSubstr("Z: 8 MiB did not come back (choose another device, or see to "
                                "it and then: rein devices --clear good:1)")));
}

TEST_F(RegistryQuarantineTest, ThirdFailureQuarantinesTheDevice)
{
    for (int i = 0; i < 3; i++) {
        Rows({ "good" });
        EXPECT_EQ(Open("good:0"), "good:0");
        EXPECT_EQ(rein_registry_note_failure(Registry(), "good:0", "it was lost"), i == 2);
    }
    EXPECT_THAT(
        Open("good:0", REIN_ERROR_QUARANTINED),
        HasSubstr("it failed 3 times within 10 minutes, the last time: it was lost (choose"));
}

TEST_F(RegistryQuarantineTest, DeviceThatIsLostInTheOpeningIsCounted)
{
    for (int i = 0; i < 3; i++) {
        Rows({ "lost" });
        EXPECT_THAT(Open("lost:0", REIN_ERROR_DEVICE_LOST), HasSubstr("fell off the bus"));
    }
    EXPECT_THAT(Open("lost:0", REIN_ERROR_QUARANTINED),
                AllOf(HasSubstr("it failed 3 times within 10 minutes, the last time: "),
                      HasSubstr("lost:0 fell off the bus")));
    EXPECT_STREQ(Device("lost:1")->quarantine, "");
    EXPECT_THAT(Open("good", REIN_ERROR_NO_DEVICE), HasSubstr("no plugin called"));
    EXPECT_FALSE(rein_registry_note_failure(Registry(), "lost:1", "nothing else was counted"));
}

TEST_F(RegistryQuarantineTest, AutoAndPrefixesTakeAnotherDeviceAndSaySo)
{
    Rows({ "gpu", "cpu", "ocl" });
    rein_registry_quarantine(Registry(), "gpu:card-a", "lost");
    EXPECT_EQ(rein_registry_get_passed_over(Registry()), nullptr);
    EXPECT_EQ(Open("auto"), "gpu:card-b");
    EXPECT_STREQ(rein_registry_get_passed_over(Registry())->id, "gpu:card-a");
    EXPECT_THAT(warnings_.Take(),
                ElementsAre(AllOf(StartsWith("gpu:card-a is quarantined since 20"),
                                  HasSubstr("Z: lost; \"auto\" means gpu:card-b instead"))));
    EXPECT_EQ(Open("gpu"), "gpu:card-b");
    EXPECT_THAT(warnings_.Take(), ElementsAre(HasSubstr("\"gpu\" means gpu:card-b instead")));
    rein_registry_quarantine(Registry(), "gpu:card-b", "lost");
    EXPECT_EQ(Open("auto"), "cpu:0");
    EXPECT_THAT(warnings_.Take(), ElementsAre(HasSubstr("\"auto\" means cpu:0 instead")));

    rein_registry_quarantine(Registry(), "ocl:rusticl:0", "lost");
    EXPECT_EQ(Open("ocl:rusticl"), "ocl:rusticl:1");
    EXPECT_EQ(Open("ocl"), "ocl:pocl:0");
    EXPECT_EQ(rein_registry_get_passed_over(Registry()), nullptr);
    EXPECT_THAT(warnings_.Take(), ElementsAre(HasSubstr("means ocl:rusticl:1 instead")));
}

TEST_F(RegistryQuarantineTest, IdAndIndexMeanTheOneDevice)
{
    Rows({ "good" });
    rein_registry_quarantine(Registry(), "good:0", "lost");
    Open("good:0", REIN_ERROR_QUARANTINED);
    EXPECT_EQ(Open("good:1"), "good:1");
    EXPECT_EQ(Open("good"), "good:1");
    warnings_.Take();

    Rows({ "ocl" });
    rein_registry_quarantine(Registry(), "ocl:pocl:0", "lost");
    EXPECT_THAT(Open("ocl:0", REIN_ERROR_QUARANTINED), StartsWith("ocl:pocl:0 is quarantined"));
    EXPECT_THAT(warnings_.Take(), IsEmpty());
}

TEST_F(RegistryQuarantineTest, FindingADeviceOpensNothingAndTakesWhatOpenWould)
{
    g_autoptr(GError) error = nullptr;

    Rows({ "good", "lost" });
    EXPECT_STREQ(rein_registry_find_device(Registry(), "lost", nullptr)->id, "lost:0");
    rein_registry_quarantine(Registry(), "lost:0", "lost");
    EXPECT_STREQ(rein_registry_find_device(Registry(), "lost", nullptr)->id, "lost:1");
    EXPECT_STREQ(rein_registry_find_device(Registry(), "lost:0", nullptr)->quarantine, "lost");
    EXPECT_EQ(rein_registry_find_device(Registry(), "nonesuch", &error), nullptr);
    EXPECT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_NO_DEVICE));
    EXPECT_THAT(warnings_.Take(), IsEmpty());
}

TEST_F(RegistryQuarantineTest, WhereEveryDeviceIsThereTheErrorSaysSo)
{
    Rows({ "good" });
    rein_registry_quarantine(Registry(), "good:0", "lost");
    rein_registry_quarantine(Registry(), "good:1", "lost");
    EXPECT_THAT(Open("good", REIN_ERROR_QUARANTINED), StartsWith("good:0 is quarantined"));
    EXPECT_THAT(Open("ocl"), HasSubstr("good:0 (device good:0) in quarantine"));
    EXPECT_THAT(warnings_.Take(), IsEmpty());
}

TEST_F(RegistryQuarantineTest, AnotherProcessesQuarantineCountsAtOnce)
{
    Rows({ "good" });
    EXPECT_EQ(Open("good:0"), "good:0");
    ReinRegistry *other = rein_registry_new();
    rein_registry_set(other, "state-folder", folder_.At("state").c_str());
    rein_registry_quarantine(other, "good:0", "lost over there");
    EXPECT_THAT(Open("good:0", REIN_ERROR_QUARANTINED), HasSubstr("lost over there"));
    EXPECT_STREQ(Device("good:0")->quarantine, "lost over there");
    EXPECT_TRUE(rein_registry_clear_quarantine(other, nullptr, nullptr));
    EXPECT_EQ(Open("good:0"), "good:0");
    EXPECT_STREQ(Device("good:0")->quarantine, "");
    rein_registry_free(other);
}

TEST_F(RegistryQuarantineTest, ClearedDeviceCanBeOpened)
{
    g_autoptr(GError) error = nullptr;

    Rows({ "good" });
    rein_registry_quarantine(Registry(), "good:0", "lost");
    EXPECT_FALSE(rein_registry_clear_quarantine(Registry(), "good:1", &error));
    EXPECT_TRUE(g_error_matches(error, REIN_ERROR, REIN_ERROR_INVALID));
    EXPECT_TRUE(rein_registry_clear_quarantine(Registry(), "good:0", nullptr));
    EXPECT_STREQ(Device("good:0")->quarantine, "");
    EXPECT_EQ(Open("good:0"), "good:0");
    EXPECT_EQ(started_, 1);
}

} // namespace
