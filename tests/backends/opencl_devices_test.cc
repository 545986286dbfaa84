/* SPDX-License-Identifier: MIT */

/* OpenCL drivers as `rein devices` shows them: a broken one costs its own devices and no others. */

#include <dlfcn.h>
#include <gmock/gmock.h>

#include <filesystem>

#include "support/json.h"
#include "support/program.h"

namespace
{

using rein_test::Ended;
using rein_test::Json;
using rein_test::Program;
using testing::HasSubstr;
using testing::Not;

const char kPocl[] = "/etc/OpenCL/vendors/pocl.icd";

class OpenclDevicesTest : public testing::Test
{
  protected:
    void
    SetUp() override
    {
        /* the loader runs nothing of a driver before it is called */
        if (dlopen("libOpenCL.so.1", RTLD_LAZY | RTLD_LOCAL) == nullptr) {
            GTEST_SKIP() << "opencl: there is no libOpenCL.so.1";
        }
        std::filesystem::create_directories(rein_.home().file("vendors"));
        rein_.set("OCL_ICD_VENDORS", rein_.home().file("vendors"));
        rein_.set("REIN_PLUGIN_PATH", REIN_PLUGIN_DIR);
    }

    /* Installs the driver that is broken in this way. */
    void
    AddBroken(const std::string &way)
    {
        rein_.home().write("vendors/" + way + ".icd",
                           REIN_FAKE_LIBRARY_DIR "/broken_icd_" + way + ".so\n");
    }

    bool
    AddPocl()
    {
        if (!std::filesystem::exists(kPocl)) {
            return false;
        }
        std::filesystem::copy(kPocl, rein_.home().file("vendors/pocl.icd"));
        return true;
    }

    void
    Ask()
    {
        const Ended ended = rein_.run({ "devices", "--why", "--format", "json" });

        ASSERT_EQ(ended.code, 0) << ended.err;
        all_ = ended.out;
    }

    Json
    Row(const std::string &driver)
    {
        for (const Json &candidate : Json(all_).items("candidates")) {
            if (candidate.text("plugin") == "opencl" && candidate.text("driver") == driver) {
                return candidate;
            }
        }
        ADD_FAILURE() << driver << " has no row: " << all_;
        return Json("{}");
    }

    bool
    HasDevice(const std::string &id)
    {
        for (const Json &device : Json(all_).items("devices")) {
            if (device.text("id") == id) {
                return true;
            }
        }
        return false;
    }

    Program rein_{ "rein" };
    std::string all_;
};

TEST_F(OpenclDevicesTest, BrokenDriversCostTheirOwnRowsOnly)
{
    const bool has_pocl = AddPocl();

    for (const char *way :
         { "load_aborts", "address_aborts", "aborts", "exits", "counts", "crashes" }) {
        AddBroken(way);
    }
    ASSERT_NO_FATAL_FAILURE(Ask());
    for (const char *way : { "load_aborts", "address_aborts", "aborts" }) {
        EXPECT_EQ(Row(way).text("state"), "failed") << way;
        EXPECT_THAT(Row(way).text("reason"), HasSubstr("SIGABRT")) << way;
    }
    EXPECT_EQ(Row("exits").text("state"), "failed");
    EXPECT_THAT(Row("exits").text("reason"), HasSubstr("3"));
    for (const char *way :
         { "load_aborts", "address_aborts", "aborts", "exits", "counts", "crashes" }) {
        EXPECT_EQ(Row(way).number("devices"), 0) << way;
        EXPECT_NE(Row(way).text("reason"), "") << way;
        EXPECT_THAT(Row(way).text("driver_path"), HasSubstr(std::string(way) + ".icd"));
    }
    EXPECT_TRUE(HasDevice("cpu:0"));
    EXPECT_EQ(HasDevice("opencl:pocl:0"), has_pocl);
}

/* The time is for a machine that is busy; the driver never answers. */
TEST_F(OpenclDevicesTest, DriverThatHangsCostsItsOwnRowOnly)
{
    AddBroken("hangs");
    rein_.set("REIN_PROBE_TIMEOUT", "5s");
    ASSERT_NO_FATAL_FAILURE(Ask());
    EXPECT_EQ(Row("hangs").text("state"), "failed");
    EXPECT_THAT(Row("hangs").text("reason"), HasSubstr("5"));
    EXPECT_TRUE(HasDevice("cpu:0"));
}

TEST_F(OpenclDevicesTest, NoDriverIsExplained)
{
    ASSERT_NO_FATAL_FAILURE(Ask());
    EXPECT_EQ(Row("").text("state"), "loaded");
    EXPECT_THAT(Row("").text("reason"), HasSubstr("no file *.icd"));
    EXPECT_TRUE(HasDevice("cpu:0"));
}

TEST_F(OpenclDevicesTest, DriverWhoseLibraryIsMissingIsExplained)
{
    rein_.home().write("vendors/gone.icd", "/nonexistent/libgone.so\n");
    ASSERT_NO_FATAL_FAILURE(Ask());
    EXPECT_EQ(Row("gone").number("devices"), 0);
    EXPECT_THAT(Row("gone").text("reason"), HasSubstr("found no platform"));
}

TEST_F(OpenclDevicesTest, PoclKeepsItsKernelsInTheCacheOfRein)
{
    if (!AddPocl()) {
        GTEST_SKIP() << "pocl: not installed";
    }
    ASSERT_NO_FATAL_FAILURE(Ask());
    EXPECT_TRUE(HasDevice("opencl:pocl:0"));
    const Ended ended = rein_.run({ "devices", "--device", "opencl" });
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("opencl picks opencl:pocl:0"));
    EXPECT_FALSE(std::filesystem::exists(rein_.home().file("cache/pocl"))) << "PoCL's own choice";
    bool is_there = false;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(rein_.home().path())) {
        is_there |= entry.is_directory() && entry.path().filename() == "pocl";
    }
    EXPECT_TRUE(is_there);
}

TEST_F(OpenclDevicesTest, AutoIsTheCpuPluginWhereOpenclHasProcessorsOnly)
{
    if (!AddPocl()) {
        GTEST_SKIP() << "pocl: not installed";
    }
    const Ended ended = rein_.run({ "devices", "--device", "auto" });
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("auto picks cpu:0"));
}

TEST_F(OpenclDevicesTest, PoclWithoutLinkerIsARowWithTheReason)
{
    if (!AddPocl()) {
        GTEST_SKIP() << "pocl: not installed";
    }
    rein_.set("PATH", "/nonexistent");
    ASSERT_NO_FATAL_FAILURE(Ask());
    EXPECT_FALSE(HasDevice("opencl:pocl:0"));
    EXPECT_THAT(Row("pocl").text("reason"), HasSubstr("linker ld"));
    EXPECT_TRUE(HasDevice("cpu:0"));
}

} // namespace
