/* SPDX-License-Identifier: MIT */

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "registry_fixture.h"
#include "support/process_counts.h"

namespace
{

namespace fs = std::filesystem;
using rein_test::RegistryTest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST_F(RegistryTest, NothingAnywhereIsNoCandidate)
{
    rein_registry_scan(Registry());
    EXPECT_THAT(Candidates(), IsEmpty());
    EXPECT_EQ(rein_registry_get_n_devices(Registry()), 0u);
}

TEST_F(RegistryTest, FoldersOfTheVariableComeInOrder)
{
    Put("one", "good", "z.so");
    Put("two", "cpu", "a.so");
    SetPath(folder_.At("one") + "::" + folder_.At("two"));
    rein_registry_scan(Registry());
    EXPECT_THAT(Candidates(), ElementsAre("one/z.so loaded good: ", "two/a.so loaded cpu: "));
}

TEST_F(RegistryTest, UsersFolderComesAfterTheVariable)
{
    Put("data/rein/plugins", "good", "a.so");
    Put("one", "cpu", "b.so");
    SetPath(folder_.At("one"));
    rein_registry_scan(Registry());
    EXPECT_THAT(Candidates(),
                ElementsAre("one/b.so loaded cpu: ", "data/rein/plugins/a.so loaded good: "));
}

TEST_F(RegistryTest, UsersFolderIsUnderHomeWithoutTheVariable)
{
    Put("home/.local/share/rein/plugins", "good", "a.so");
    const std::string home = getenv("HOME") != nullptr ? getenv("HOME") : "";

    setenv("XDG_DATA_HOME", "relative/is/ignored", 1);
    setenv("HOME", folder_.At("home").c_str(), 1);
    rein_registry_scan(Registry());
    setenv("HOME", home.c_str(), 1);
    EXPECT_THAT(Candidates(), ElementsAre("home/.local/share/rein/plugins/a.so loaded good: "));
}

TEST_F(RegistryTest, AddedFolderComesFirst)
{
    Put("one", "good", "a.so");
    Put("two", "cpu", "a.so");
    SetPath(folder_.At("one"));
    rein_registry_add_folder(Registry(), folder_.At("two").c_str());
    rein_registry_scan(Registry());
    EXPECT_THAT(Candidates(), ElementsAre("two/a.so loaded cpu: ", "one/a.so loaded good: "));
}

TEST_F(RegistryTest, FilesOfAFolderComeByName)
{
    Put("one", "good", "b.so");
    Put("one", "cpu", "B.so");
    Put("one", "gpu", "a.so");
    SetPath(folder_.At("one"));
    rein_registry_scan(Registry());
    EXPECT_THAT(Candidates(), ElementsAre("one/B.so loaded cpu: ", "one/a.so loaded gpu: ",
                                          "one/b.so loaded good: "));
}

TEST_F(RegistryTest, OtherFilesAreNotLookedAt)
{
    folder_.Write("one/README", "not a plugin");
    folder_.Write("one/plugin.so.1", "not a plugin");
    SetPath(folder_.At("one"));
    rein_registry_scan(Registry());
    EXPECT_THAT(Candidates(), IsEmpty());
}

TEST_F(RegistryTest, MissingFolderThatWasNamedHasAReason)
{
    SetPath(folder_.At("nowhere"));
    rein_registry_add_folder(Registry(), folder_.At("neither").c_str());
    rein_registry_scan(Registry());
    EXPECT_THAT(Candidates(),
                ElementsAre("neither refused : cannot be searched: No such file or directory",
                            "nowhere refused : cannot be searched: No such file or directory"));
}

TEST_F(RegistryTest, SameFileByTwoPathsIsOneCandidate)
{
    Put("one", "good", "a.so");
    fs::create_symlink("a.so", folder_.path() / "one/b.so");
    fs::create_directory_symlink("one", folder_.path() / "two");
    folder_.MakeFolder("three");
    fs::create_symlink("../one/a.so", folder_.path() / "three/c.so");
    SetPath(folder_.At("one") + ":" + folder_.At("two") + ":" + folder_.At("one") +
            "/:" + folder_.At("three"));
    rein_registry_scan(Registry());
    EXPECT_THAT(Candidates(), ElementsAre("one/a.so loaded good: "));
}

TEST_F(RegistryTest, SecondPluginOfANameIsShadowed)
{
    Put("one", "good", "a.so");
    Put("two", "good", "b.so");
    SetPath(folder_.At("one") + ":" + folder_.At("two"));
    rein_registry_scan(Registry());
    EXPECT_THAT(Candidates(), ElementsAre("one/a.so loaded good: ",
                                          "two/b.so shadowed good: " + folder_.At("one/a.so") +
                                              " came first with the same name"));
    EXPECT_THAT(Devices(), ElementsAre("good:0", "good:1"));
}

TEST_F(RegistryTest, EveryBadCandidateHasAReason)
{
    Put("one", "other_major", "a.so");
    Put("one", "null_slot", "b.so");
    folder_.Write("one/c.so", "text");
    fs::create_symlink("nothing", folder_.path() / "one/d.so");
    folder_.MakeFolder("one/e.so");
    SetPath(folder_.At("one"));
    rein_registry_scan(Registry());
    EXPECT_THAT(Candidates(),
                ElementsAre(StartsWith("one/a.so refused : built for plugin ABI 7."),
                            "one/b.so refused : required slot run_fitness is NULL",
                            "one/c.so refused : not an ELF file",
                            "one/d.so refused : cannot be opened: No such file or directory",
                            "one/e.so refused : not a regular file"));
}

TEST_F(RegistryTest, ASecondScanDoesNothing)
{
    Scan({ "good" });
    Put("plugins", "cpu", "later.so");
    rein_registry_scan(Registry());
    EXPECT_EQ(rein_registry_get_n_candidates(Registry()), 1u);
}

TEST_F(RegistryTest, DeviceEntryTellsWhatThePluginTold)
{
    Scan({ "gpu" });
    ASSERT_EQ(rein_registry_get_n_devices(Registry()), 2u);
    const ReinDeviceEntry *device = rein_registry_get_device(Registry(), 1);

    EXPECT_STREQ(device->id, "gpu:card-b");
    EXPECT_STREQ(device->name, "device gpu:card-b");
    EXPECT_STREQ(device->vendor, "rein tests");
    EXPECT_STREQ(device->driver, "fake 1.0");
    EXPECT_STREQ(device->pci, "0000:01:00.0");
    EXPECT_STREQ(device->plugin, "gpu");
    EXPECT_EQ(device->n_units, 2u);
    EXPECT_EQ(device->interleave, 1u);
    EXPECT_EQ(device->memory_size, 1u << 20);
    EXPECT_FALSE(device->is_cpu);
    EXPECT_TRUE(device->is_gpu);
    EXPECT_EQ(rein_registry_get_candidate(Registry(), 0)->n_devices, 2u);
    EXPECT_STREQ(rein_registry_get_candidate(Registry(), 0)->version, "1.0");
}

TEST_F(RegistryTest, ProbeThatFindsNothingSaysWhy)
{
    Scan({ "probe_none", "probe_silent" });
    EXPECT_THAT(Candidates(),
                ElementsAre(HasSubstr("loaded none: libfake.so.1 is not installed"),
                            HasSubstr("loaded silent: found no device, and did not say why")));
}

TEST_F(RegistryTest, ProbeThatFailsSaysWhyAndHasNoDevices)
{
    Scan({ "probe_fails", "probe_unknown" });
    EXPECT_THAT(Candidates(),
                ElementsAre(HasSubstr("loaded fails: probe: driver answered with error 42"),
                            HasSubstr("loaded unknown: probe: unknown status 4711: driver")));
    EXPECT_THAT(Devices(), IsEmpty());
}

TEST_F(RegistryTest, StrangeDevicesAreRefusedOneByOne)
{
    Scan({ "probe_strange" });
    EXPECT_THAT(Devices(), ElementsAre("strange:0"));
    const std::string reason = rein_registry_get_candidate(Registry(), 0)->reason;

    for (const char *part :
         { "device 1 \"other:0\" refused: its id does not begin with the plugin's name and a colon",
           "device 2 \"strange\" refused: its id does not begin",
           "device 3 \"strange:\" refused: its id does not begin",
           "device 4 \"strange:0\" refused: its id is there twice",
           "device 5 \"strange:a b\" refused: its id has other characters than printable ASCII",
           "device 7 \"strangex:0\" refused: its id does not begin",
           "device 8 \"\" refused: its id does not begin", "refused: its id is not terminated",
           "interleave 3 is no power of two",
           "device 11 \"\" refused: it is described by too few bytes to have an id",
           "device 12 \"\" refused: it is described by too few bytes to have an id" }) {
        EXPECT_THAT(reason, HasSubstr(part));
    }
    EXPECT_TRUE(g_utf8_validate(reason.c_str(), -1, nullptr));
}

TEST_F(RegistryTest, TextOfADeviceIsBoundedAndValid)
{
    Scan({ "probe_strange" });
    ASSERT_EQ(rein_registry_get_n_devices(Registry()), 1u);
    const ReinDeviceEntry *device = rein_registry_get_device(Registry(), 0);

    EXPECT_TRUE(g_utf8_validate(device->name, -1, nullptr));
    EXPECT_EQ(g_utf8_strlen(device->name, -1), 127);
    EXPECT_STREQ(device->vendor, "");
}

TEST_F(RegistryTest, TooManyDevicesAreCutOff)
{
    Scan({ "probe_many" });
    EXPECT_EQ(rein_registry_get_n_devices(Registry()), 256u);
    EXPECT_THAT(Candidates(), ElementsAre(HasSubstr("44 devices more than 256 were left out")));
}

TEST_F(RegistryTest, ProbeSeesItsSettings)
{
    rein_registry_set(Registry(), "settings.color", "blue");
    rein_registry_set(Registry(), "other.other", "not mine");
    rein_registry_set(Registry(), "settings.other", "gone");
    rein_registry_set(Registry(), "settings.other", nullptr);
    rein_registry_set(Registry(), "thread-limit", "3");
    rein_registry_set(Registry(), "cache-folder", folder_.At("cache").c_str());
    Scan({ "probe_settings" });
    EXPECT_THAT(Candidates(),
                ElementsAre(HasSubstr("settings: color=blue other=none cache=" +
                                      folder_.At("cache/settings") + " scratch=none threads=3")));
    EXPECT_TRUE(fs::is_directory(folder_.At("cache/settings")));
}

TEST_F(RegistryTest, ProbeWithoutSettingsSeesNone)
{
    Scan({ "probe_settings" });
    EXPECT_THAT(Candidates(),
                ElementsAre(HasSubstr("color=none other=none cache=none scratch=none threads=0")));
}

TEST_F(RegistryTest, BadThreadLimitIsTheReason)
{
    rein_registry_set(Registry(), "thread-limit", "many");
    Scan({ "good" });
    EXPECT_THAT(Candidates(), ElementsAre(HasSubstr("loaded good: setting thread-limit: ")));
}

TEST_F(RegistryTest, SelectorIsAnId)
{
    Scan({ "good", "ocl" });
    EXPECT_EQ(Open("good:1"), "good:1");
    EXPECT_EQ(Open("ocl:rusticl:1"), "ocl:rusticl:1");
}

TEST_F(RegistryTest, SelectorIsAPluginForItsFirstDevice)
{
    Scan({ "good", "ocl" });
    EXPECT_EQ(Open("ocl"), "ocl:pocl:0");
    EXPECT_EQ(Open("good"), "good:0");
}

TEST_F(RegistryTest, SelectorIsAPlaceInThePlugin)
{
    Scan({ "gpu", "ocl" });
    EXPECT_EQ(Open("gpu:1"), "gpu:card-b");
    EXPECT_EQ(Open("ocl:2"), "ocl:rusticl:1");
}

TEST_F(RegistryTest, SelectorIsTheBeginningOfAnIdUpToAColon)
{
    Scan({ "ocl" });
    EXPECT_EQ(Open("ocl:rusticl"), "ocl:rusticl:0");
    EXPECT_THAT(Open("ocl:rust"), StartsWith("no device answers \"ocl:rust\""));
}

TEST_F(RegistryTest, AutoIsAGpuIfThereIsOne)
{
    Scan({ "cpu", "gpu", "ocl" });
    EXPECT_EQ(Open("auto"), "gpu:card-a");
}

TEST_F(RegistryTest, AutoIsTheCpuPluginWithoutAGpu)
{
    Scan({ "cpu", "ocl", "good" });
    EXPECT_EQ(Open("auto"), "cpu:0");
}

TEST_F(RegistryTest, AutoTakesNoOtherCpuDevice)
{
    Scan({ "ocl" });
    EXPECT_EQ(
        Open("auto"),
        "no device answers \"auto\": no GPU, and no plugin called \"cpu\" is installed; devices "
        "here: ocl:pocl:0 (device ocl:pocl:0), ocl:rusticl:0 (device ocl:rusticl:0), "
        "ocl:rusticl:1 (device ocl:rusticl:1); see rein devices --why");
}

TEST_F(RegistryTest, NoAnswerSaysWhatIsThereAndWhyItDoesNotDo)
{
    Scan({ "cpu", "probe_none" });
    EXPECT_EQ(Open("cuda:0"),
              "no device answers \"cuda:0\": no plugin called \"cuda\" is installed; devices here: "
              "cpu:0 (device cpu:0); see rein devices --why");
    EXPECT_THAT(Open("none:0"), HasSubstr("none: libfake.so.1 is not installed; devices here"));
    EXPECT_THAT(Open("cpu:7"), HasSubstr("cpu: has 1 device, not that one; devices here"));
}

TEST_F(RegistryTest, NoAnswerNamesTheFileThatWasRefused)
{
    Put("plugins", "null_slot", "rein_plugin_cuda.so");
    Scan({});
    EXPECT_EQ(Open("cuda"),
              "no device answers \"cuda\": cuda: " + folder_.At("plugins/rein_plugin_cuda.so") +
                  " refused: required slot run_fitness is NULL; devices here: none; "
                  "see rein devices --why");
}

TEST_F(RegistryTest, MalformedSelectorIsInvalid)
{
    Scan({ "good" });
    EXPECT_THAT(Open("", REIN_ERROR_INVALID), HasSubstr("is empty"));
    EXPECT_THAT(Open("all", REIN_ERROR_INVALID), HasSubstr("means many devices"));
    EXPECT_THAT(Open(":0", REIN_ERROR_INVALID), HasSubstr("begins or ends with a colon"));
    EXPECT_THAT(Open("good:", REIN_ERROR_INVALID), HasSubstr("begins or ends with a colon"));
    EXPECT_THAT(Open("good 0", REIN_ERROR_INVALID), HasSubstr("printable ASCII"));
    EXPECT_THAT(Open(std::string(200, 'x'), REIN_ERROR_INVALID), HasSubstr("is too long"));
}

TEST_F(RegistryTest, OpenScansByItself)
{
    Put("one", "good", "a.so");
    SetPath(folder_.At("one"));
    EXPECT_EQ(Open("good:0"), "good:0");
}

TEST_F(RegistryTest, DeviceOutlivesTheRegistry)
{
    Scan({ "unloadable" });
    ReinDevice *device =
        rein_registry_open_device(Registry(), "unloadable", REIN_DEVICE_IN_PROCESS, nullptr);

    ASSERT_NE(device, nullptr);
    rein_registry_free(registry_);
    registry_ = nullptr;
    EXPECT_STREQ(rein_device_get_name(device), "device unloadable:0");
    rein_device_unref(device);
}

TEST_F(RegistryTest, FreeOfNullIsANoOp)
{
    rein_registry_free(nullptr);
}

TEST_F(RegistryTest, ScanLeavesNoDescriptorAndNoThread)
{
    Put("one", "good", "a.so");
    Put("one", "probe_strange", "b.so");
    folder_.Write("one/c.so", "text");
    SetPath(folder_.At("one"));
    const int n_descriptors = rein_test::CountDescriptors();
    const int n_threads = rein_test::CountThreads();

    for (int i = 0; i < 10; i++) {
        g_autoptr(ReinRegistry) registry = rein_registry_new();

        rein_registry_scan(registry);
    }
    EXPECT_EQ(rein_test::CountDescriptors(), n_descriptors);
    EXPECT_EQ(rein_test::WaitForThreads(n_threads), n_threads);
}

} // namespace
