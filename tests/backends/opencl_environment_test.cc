/* SPDX-License-Identifier: MIT */

/*
 * The OpenCL plugin where something of OpenCL is missing or unusable: none is a fine answer, with the
 * reason in words. Each question is asked in a process of its own, with its own environment.
 */

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "plugin_fixture.h"

using ::testing::AllOf;
using ::testing::ExitedWithCode;
using ::testing::HasSubstr;
using ::testing::Not;

namespace
{

using Environment = std::vector<std::pair<std::string, std::string>>;

class PluginEnvironmentTest : public PluginFixture
{
  protected:
    void
    SetUp() override
    {
        PluginFixture::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        vendors = folder + "/vendors";
        std::filesystem::create_directories(vendors);
    }

    /* Sets the environment, probes, and prints each device and the message; for another process. */
    [[noreturn]] void
    ProbeAndExit(const Environment &environment)
    {
        Apply(environment);
        const ReinStatus status = table->probe(
            &host,
            [](void *, const ReinDeviceInfo *info) { fprintf(stderr, "[device %s]\n", info->id); },
            nullptr, &msg);
        fprintf(stderr, "[%s]\n", text);
        _exit(status);
    }

    /* The same with open(). */
    [[noreturn]] void
    OpenAndExit(const Environment &environment, const char *id)
    {
        Apply(environment);
        const ReinStatus status = table->open(id, &host, &device, &msg);
        fprintf(stderr, "[%s]\n%s", text, Logged().c_str());
        _exit((device != nullptr) == (status == REIN_OK) ? status : 99);
    }

    static void
    Apply(const Environment &environment)
    {
        for (const auto &[name, value] : environment) {
            setenv(name.c_str(), value.c_str(), 1);
        }
    }

    std::string
    Write(const std::string &name, const std::string &contents) const
    {
        std::ofstream(vendors + "/" + name) << contents;
        return vendors + "/" + name;
    }

    /* The environment in which a driver of the system is the only one. */
    Environment
    Only(const std::string &name) const
    {
        return { { "OCL_ICD_VENDORS", "/etc/OpenCL/vendors/" + name + ".icd" },
                 { "POCL_CACHE_DIR", cache } };
    }

    std::string vendors;
};

/* The loader runs nothing of a driver before it is called. */
bool
HasLoader()
{
    return dlopen("libOpenCL.so.1", RTLD_LAZY | RTLD_LOCAL) != nullptr;
}

bool
IsInstalled(const std::string &name)
{
    return std::filesystem::exists("/etc/OpenCL/vendors/" + name + ".icd");
}

} // namespace

/* ---- no loader, no platform ---- */

TEST_F(PluginEnvironmentTest, MissingLoaderIsNoDeviceAndNamed)
{
    settings["library"] = "/nonexistent/libOpenCL.so";
    EXPECT_EXIT(ProbeAndExit({}), ExitedWithCode(REIN_OK),
                AllOf(HasSubstr("/nonexistent/libOpenCL.so"), HasSubstr("opencl.library"),
                      Not(HasSubstr("[device"))));
    EXPECT_EXIT(OpenAndExit({}, "opencl:pocl:0"), ExitedWithCode(REIN_ERR_NO_DEVICE),
                HasSubstr("/nonexistent/libOpenCL.so"));
}

TEST_F(PluginEnvironmentTest, LibraryThatIsNoLoaderIsNoDeviceAndSaysWhatItLacks)
{
    settings["library"] = "libm.so.6";
    EXPECT_EXIT(ProbeAndExit({}), ExitedWithCode(REIN_OK),
                AllOf(HasSubstr("libm.so.6 has no cl"), HasSubstr("OpenCL 1.2")));
}

TEST_F(PluginEnvironmentTest, NoPlatformIsNoDevice)
{
    if (!HasLoader()) {
        GTEST_SKIP() << "opencl: there is no libOpenCL.so.1";
    }
    EXPECT_EXIT(ProbeAndExit({ { "OCL_ICD_VENDORS", vendors } }), ExitedWithCode(REIN_OK),
                HasSubstr("found no platform"));
    EXPECT_EXIT(OpenAndExit({ { "OCL_ICD_VENDORS", vendors } }, "opencl:pocl:0"),
                ExitedWithCode(REIN_ERR_NO_DEVICE),
                AllOf(HasSubstr("'opencl:pocl:0'"), HasSubstr("found no platform")));
}

TEST_F(PluginEnvironmentTest, IcdFileWithoutAUsableLibraryIsNoPlatform)
{
    if (!HasLoader()) {
        GTEST_SKIP() << "opencl: there is no libOpenCL.so.1";
    }
    const std::string noise = vendors + "/noise.so";
    std::ofstream(noise) << "this is no shared object";
    for (const std::string &named : { std::string("/nonexistent/libant.so"), noise,
                                      std::string("libm.so.6"), std::string("") }) {
        const std::string icd = Write("ant.icd", named);
        EXPECT_EXIT(ProbeAndExit({ { "OCL_ICD_VENDORS", icd } }), ExitedWithCode(REIN_OK),
                    AllOf(HasSubstr("found no platform"), Not(HasSubstr("[device"))));
    }
}

/* ---- PoCL ---- */

TEST_F(PluginEnvironmentTest, PoclWithoutLinkerIsRefusedBeforeItEndsTheProcess)
{
    if (!IsInstalled("pocl")) {
        GTEST_SKIP() << "pocl: not installed";
    }
    for (const char *path : { "/nonexistent", "", ":", "/etc:/nonexistent" }) {
        Environment environment = Only("pocl");
        environment.emplace_back("PATH", path);
        EXPECT_EXIT(
            ProbeAndExit(environment), ExitedWithCode(REIN_OK),
            AllOf(HasSubstr("linker ld"), HasSubstr("binutils"), Not(HasSubstr("[device"))));
        EXPECT_EXIT(OpenAndExit(environment, "opencl:pocl:0"), ExitedWithCode(REIN_ERR_NO_DEVICE),
                    HasSubstr("linker ld"));
    }
}

TEST_F(PluginEnvironmentTest, PoclWithACacheThatCannotBeWrittenHasNoDeviceAndIsTold)
{
    if (!IsInstalled("pocl")) {
        GTEST_SKIP() << "pocl: not installed";
    }
    EXPECT_EXIT(ProbeAndExit({ { "OCL_ICD_VENDORS", "/etc/OpenCL/vendors/pocl.icd" },
                               { "POCL_CACHE_DIR", "/proc/nowhere" } }),
                ExitedWithCode(REIN_OK),
                AllOf(HasSubstr("has no device"), HasSubstr("POCL_CACHE_DIR")));
}

/* ---- rusticl ---- */

TEST_F(PluginEnvironmentTest, RusticlThatIsNotEnabledHasNoDeviceAndSaysHow)
{
    if (!IsInstalled("rusticl")) {
        GTEST_SKIP() << "rusticl: not installed";
    }
    EXPECT_EXIT(ProbeAndExit(Only("rusticl")), ExitedWithCode(REIN_OK),
                AllOf(HasSubstr("has no device"), HasSubstr("RUSTICL_ENABLE")));
}

TEST_F(PluginEnvironmentTest, DeviceThatEndsLoopsEarlyIsRefusedUnlessToldOtherwise)
{
    Environment environment = Only("rusticl");

    if (!IsInstalled("rusticl")) {
        GTEST_SKIP() << "rusticl: not installed";
    }
    environment.emplace_back("RUSTICL_ENABLE", "llvmpipe");
    EXPECT_EXIT(OpenAndExit(environment, "opencl:rusticl:0"), ExitedWithCode(REIN_ERR_UNSUPPORTED),
                AllOf(HasSubstr("of 420000 iterations"), HasSubstr("opencl.trial")));
    settings["trial"] = "require";
    EXPECT_EXIT(OpenAndExit(environment, "opencl:rusticl:0"), ExitedWithCode(REIN_ERR_UNSUPPORTED),
                HasSubstr("of 420000 iterations"));
    settings["trial"] = "warn";
    EXPECT_EXIT(OpenAndExit(environment, "opencl:rusticl:0"), ExitedWithCode(REIN_OK),
                HasSubstr("1 it ends the loops"));
    settings["trial"] = "perhaps";
    EXPECT_EXIT(OpenAndExit(environment, "opencl:rusticl:0"),
                ExitedWithCode(REIN_ERR_INVALID_ARGUMENT),
                AllOf(HasSubstr("trial = perhaps"), HasSubstr("require or warn")));
}
