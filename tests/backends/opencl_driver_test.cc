/* SPDX-License-Identifier: MIT */

/* The slot drivers() of the OpenCL plugin: which drivers it lists, and what makes one be seen alone. */

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "plugin_fixture.h"

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

namespace
{

struct Driver {
    std::string name;
    std::string path;
    std::vector<std::string> environment;
};

class PluginDriverTest : public PluginFixture
{
  protected:
    void
    SetUp() override
    {
        PluginFixture::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        unsetenv("OCL_ICD_VENDORS");
        unsetenv("POCL_CACHE_DIR");
        vendors = folder + "/vendors";
        std::filesystem::create_directories(vendors);
        setenv("TMPDIR", folder.c_str(), 1);
    }

    void
    TearDown() override
    {
        unsetenv("TMPDIR");
        std::ifstream file("/proc/self/maps");
        std::stringstream maps;
        maps << file.rdbuf();
        for (const char *name : { "libOpenCL", "libpocl", "libRusticl", "liboclgrind" }) {
            EXPECT_THAT(maps.str(), Not(HasSubstr(name))) << "code of a driver was loaded";
        }
        PluginFixture::TearDown();
    }

    std::string
    Write(const std::string &name, const std::string &contents) const
    {
        std::ofstream(vendors + "/" + name) << contents;
        return vendors + "/" + name;
    }

    std::vector<Driver>
    List(const std::string &value)
    {
        std::vector<Driver> drivers;

        setenv("OCL_ICD_VENDORS", value.c_str(), 1);
        text[0] = '\0';
        EXPECT_EQ(table->drivers(&host, Keep, &drivers, &msg), REIN_OK) << text;
        return drivers;
    }

    std::vector<std::string>
    Names(const std::string &value)
    {
        std::vector<std::string> names;

        for (const Driver &driver : List(value)) {
            names.push_back(driver.name);
        }
        return names;
    }

    /* What the only driver there is, PoCL, is given as its cache folder; "" for nothing. */
    std::string
    PoclCache()
    {
        const std::string variable = "POCL_CACHE_DIR=";

        Write("pocl.icd", "libpocl.so.2.10.0");
        const Driver driver = List(vendors).at(0);
        for (const std::string &entry : driver.environment) {
            if (entry.rfind(variable, 0) == 0) {
                return entry.substr(variable.size());
            }
        }
        return "";
    }

    static void
    Keep(void *context, const ReinDriver *driver)
    {
        Driver kept = { driver->name, driver->path, {} };

        EXPECT_GE(driver->struct_size, sizeof *driver);
        EXPECT_EQ(driver->flags, 0u);
        for (const char *const *entry = driver->environment; entry && *entry; entry++) {
            kept.environment.push_back(*entry);
        }
        static_cast<std::vector<Driver> *>(context)->push_back(kept);
    }

    std::string vendors;
};

} // namespace

/* ---- which ---- */

TEST_F(PluginDriverTest, FolderListsItsIcdFilesByName)
{
    Write("zebra.icd", "libzebra.so\n");
    Write("ant.icd", "/opt/ant/libant.so.1");
    Write("README", "no driver");
    Write("old.icd.bak", "libold.so");
    Write(".icd", "libhidden.so");
    const std::vector<Driver> drivers = List(vendors);

    ASSERT_EQ(drivers.size(), 2u);
    EXPECT_EQ(drivers[0].name, "ant");
    EXPECT_EQ(drivers[0].path, vendors + "/ant.icd");
    EXPECT_THAT(drivers[0].environment, ElementsAre("OCL_ICD_VENDORS=" + vendors + "/ant.icd",
                                                    "OCL_ICD_FILENAMES=/opt/ant/libant.so.1"));
    EXPECT_EQ(drivers[1].name, "zebra");
    EXPECT_THAT(drivers[1].environment, ElementsAre("OCL_ICD_VENDORS=" + vendors + "/zebra.icd",
                                                    "OCL_ICD_FILENAMES=libzebra.so"));
}

TEST_F(PluginDriverTest, FileIsTheOnlyDriver)
{
    Write("other.icd", "libother.so");
    EXPECT_THAT(Names(Write("ant.icd", "libant.so")), ElementsAre("ant"));
}

TEST_F(PluginDriverTest, BareNameIsAFileOfTheSystemsFolder)
{
    EXPECT_THAT(Names("no-such-driver.icd"), IsEmpty());
    EXPECT_THAT(text, HasSubstr("/etc/OpenCL/vendors/no-such-driver.icd"));
}

TEST_F(PluginDriverTest, LibraryNeedsNothingSet)
{
    Write("libant.so.1", "");
    for (const std::string &value : { std::string("libant.so.1"), vendors + "/libant.so.1" }) {
        const std::vector<Driver> drivers = List(value);
        ASSERT_EQ(drivers.size(), 1u);
        EXPECT_EQ(drivers[0].name, "libant.so.1");
        EXPECT_EQ(drivers[0].path, value[0] == '/' ? value : "");
        EXPECT_THAT(drivers[0].environment, IsEmpty());
    }
}

TEST_F(PluginDriverTest, UnsetOrEmptyIsTheSystemsFolder)
{
    std::vector<std::string> expected;
    std::vector<Driver> drivers;
    std::error_code ignored;

    for (const auto &entry : std::filesystem::directory_iterator("/etc/OpenCL/vendors", ignored)) {
        if (entry.path().extension() == ".icd") {
            expected.push_back(entry.path().stem().string());
        }
    }
    EXPECT_THAT(Names(""), ::testing::UnorderedElementsAreArray(expected));
    unsetenv("OCL_ICD_VENDORS");
    EXPECT_EQ(table->drivers(&host, Keep, &drivers, &msg), REIN_OK);
    EXPECT_EQ(drivers.size(), expected.size());
}

TEST_F(PluginDriverTest, NoneIsExplained)
{
    EXPECT_THAT(Names(vendors), IsEmpty());
    EXPECT_THAT(text, AllOf(HasSubstr(vendors), HasSubstr("no file *.icd")));
    EXPECT_THAT(Names(folder + "/missing.icd"), IsEmpty());
    EXPECT_THAT(text, AllOf(HasSubstr("missing.icd"), HasSubstr("No such file")));
    EXPECT_THAT(Names(folder + "/missing/"), IsEmpty());
    EXPECT_THAT(text, AllOf(HasSubstr("/missing/"), HasSubstr("No such file")));
}

TEST_F(PluginDriverTest, FilesThatNameNoLibraryAreListedAllTheSame)
{
    Write("blank.icd", "  \n\n");
    Write("empty.icd", "");
    Write("long.icd", std::string(10000, 'x'));
    std::filesystem::create_directory(vendors + "/folder.icd");
    std::filesystem::create_symlink("/nowhere", vendors + "/gone.icd");
    EXPECT_THAT(Names(vendors), ElementsAre("blank", "empty", "folder", "gone", "long"));
    for (const Driver &driver : List(vendors)) {
        EXPECT_THAT(driver.environment,
                    Contains("OCL_ICD_VENDORS=" + vendors + "/" + driver.name + ".icd"));
    }
}

TEST_F(PluginDriverTest, BlanksAroundTheLibraryAreNoneOfIt)
{
    EXPECT_THAT(List(Write("ant.icd", "\t libant.so \r\nmore\n")).at(0).environment,
                Contains("OCL_ICD_FILENAMES=libant.so"));
}

/* The core takes names of printable ASCII. */
TEST_F(PluginDriverTest, NamesArePrintableAndShort)
{
    Write("my driver \xc3\xa4.icd", "libmine.so");
    EXPECT_THAT(Names(vendors), ElementsAre("my_driver___"));
    std::filesystem::remove_all(vendors);
    std::filesystem::create_directory(vendors);
    Write(std::string(200, 'n') + ".icd", "libmine.so");
    EXPECT_THAT(Names(vendors), ElementsAre(std::string(63, 'n')));
}

TEST_F(PluginDriverTest, WithoutHostOrCallbackIsRefused)
{
    std::vector<Driver> drivers;

    EXPECT_EQ(table->drivers(&host, nullptr, nullptr, &msg), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(table->drivers(nullptr, Keep, &drivers, &msg), REIN_ERR_INVALID_ARGUMENT);
    EXPECT_THAT(drivers, IsEmpty());
}

/* ---- where PoCL keeps its kernels ---- */

TEST_F(PluginDriverTest, PoclKeepsItsKernelsInTheHostsCache)
{
    EXPECT_EQ(PoclCache(), cache + "/pocl");
    EXPECT_EQ(std::filesystem::status(cache + "/pocl").permissions() &
                  std::filesystem::perms::others_all,
              std::filesystem::perms::none);
    EXPECT_EQ(PoclCache(), cache + "/pocl") << "also where it is there already";
}

TEST_F(PluginDriverTest, PoclKeepsItsKernelsWhereTheUserSaid)
{
    setenv("POCL_CACHE_DIR", "/the/users/choice", 1);
    EXPECT_EQ(PoclCache(), "");
    EXPECT_THAT(FilesIn(cache), IsEmpty());
}

TEST_F(PluginDriverTest, PoclWithoutAHostsCacheKeepsItsKernelsWhereItWants)
{
    host.cache_directory = nullptr;
    EXPECT_EQ(PoclCache(), "");
}

TEST_F(PluginDriverTest, PoclKeepsItsKernelsAmongTemporaryFilesWhereTheCacheCannotBeWritten)
{
    const std::string temporary = folder + "/rein-pocl-" + std::to_string(geteuid());

    host.cache_directory = "/proc";
    EXPECT_EQ(PoclCache(), temporary);
    EXPECT_THAT(Logged(), HasSubstr("1 /proc cannot be written to"));
    EXPECT_TRUE(std::filesystem::is_directory(temporary));
}

/* Somebody else may have put something under the name that is easy to guess. */
TEST_F(PluginDriverTest, PoclDoesNotFollowALinkAmongTemporaryFiles)
{
    const std::string temporary = folder + "/rein-pocl-" + std::to_string(geteuid());

    host.cache_directory = "/proc";
    std::filesystem::create_directory_symlink(scratch, temporary);
    EXPECT_EQ(PoclCache(), "");
    std::filesystem::remove(temporary);
    std::ofstream(temporary.c_str()) << "a file";
    EXPECT_EQ(PoclCache(), "");
}

TEST_F(PluginDriverTest, PoclAsALibraryHasACacheToo)
{
    EXPECT_THAT(List("libpocl.so.2").at(0).environment,
                ElementsAre("POCL_CACHE_DIR=" + cache + "/pocl"));
}

TEST_F(PluginDriverTest, OthersGetNoCache)
{
    EXPECT_THAT(List(Write("ant.icd", "libant.so")).at(0).environment,
                Each(Not(StartsWith("POCL_"))));
}
