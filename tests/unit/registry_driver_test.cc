/* SPDX-License-Identifier: MIT */

/* A plugin with many drivers behind it, each asked in a process that sees no other. */

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "registry_fixture.h"

namespace
{

using rein_test::RegistryTest;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class RegistryDriverTest : public RegistryTest
{
  protected:
    void
    SetUp() override
    {
        RegistryTest::SetUp();
        unsetenv("FAKE_DRIVER");
    }

    /* Scans the fake with these drivers; its rows without the file. */
    std::vector<std::string>
    Rows(const char *drivers)
    {
        if (drivers != nullptr) {
            setenv("FAKE_DRIVERS", drivers, 1);
        } else {
            unsetenv("FAKE_DRIVERS");
        }
        Scan({ "drivers" });
        std::vector<std::string> rows = Candidates();
        for (std::string &row : rows) {
            EXPECT_THAT(row, StartsWith("plugins/rein_plugin_drivers.so "));
            row.erase(0, sizeof "plugins/rein_plugin_drivers.so " - 1);
        }
        return rows;
    }

    /* A process has one environment for ever, so that each test of it takes another process. */
    static void
    InAProcessOfItsOwn(const std::function<void()> &body)
    {
        int status = -1;
        const pid_t child = fork();

        if (child == 0) {
            body();
            fflush(nullptr);
            _exit(HasFailure() ? 1 : 0);
        }
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
};

TEST_F(RegistryDriverTest, EachDriverIsARowOfItsOwn)
{
    EXPECT_THAT(
        Rows("good,none,better"),
        ElementsAre("loaded drv/good: ", "loaded drv/none: no card", "loaded drv/better: "));
    EXPECT_THAT(Devices(), ElementsAre("drv:good", "drv:better"));
    const ReinCandidate *candidate = rein_registry_get_candidate(Registry(), 2);
    EXPECT_STREQ(candidate->driver, "better");
    EXPECT_STREQ(candidate->driver_path, "/etc/fake/better.icd");
    EXPECT_STREQ(candidate->name, "drv");
    EXPECT_STREQ(candidate->version, "1.0");
    EXPECT_EQ(candidate->n_devices, 1u);
}

TEST_F(RegistryDriverTest, PluginWithoutDriversHasNoneInItsRow)
{
    Scan({ "good" });
    EXPECT_STREQ(rein_registry_get_candidate(Registry(), 0)->driver, "");
    EXPECT_STREQ(rein_registry_get_candidate(Registry(), 0)->driver_path, "");
}

TEST_F(RegistryDriverTest, DriverThatDiesOrHangsCostsOnlyItsOwnRow)
{
    rein_registry_set(Registry(), "probe-timeout", "3000");
    EXPECT_THAT(
        Rows("abort,good,hang,exit,better"),
        ElementsAre("failed drv/abort: its driver ended the process by SIGABRT while it was "
                    "probed; it said: libfake: broken",
                    "loaded drv/good: ", "failed drv/hang: did not answer within 3 s",
                    "failed drv/exit: its driver exited with status 3 while it was probed",
                    "loaded drv/better: "));
    EXPECT_THAT(Devices(), ElementsAre("drv:good", "drv:better"));
}

TEST_F(RegistryDriverTest, OrderIsThePluginsThoughAnotherIsFaster)
{
    EXPECT_THAT(Rows("slow,good"), ElementsAre("loaded drv/slow: ", "loaded drv/good: "));
    EXPECT_THAT(Devices(), ElementsAre("drv:slow", "drv:good"));
}

TEST_F(RegistryDriverTest, IdThatTwoDriversHaveIsTheFirstOnes)
{
    EXPECT_THAT(Rows("twin-a,twin-b"),
                ElementsAre("loaded drv/twin-a: ",
                            "loaded drv/twin-b: device 0 \"drv:twin\" refused: an earlier driver "
                            "has a device of this id"));
    EXPECT_THAT(Devices(), ElementsAre("drv:twin", "drv:twin-a", "drv:twin-b"));
}

TEST_F(RegistryDriverTest, NoDriverIsOneRowWithTheReason)
{
    EXPECT_THAT(Rows(nullptr), ElementsAre("loaded drv: /etc/fake is empty"));
    EXPECT_THAT(Devices(), IsEmpty());
    EXPECT_THAT(Open("drv"), HasSubstr("drv: /etc/fake is empty"));
}

TEST_F(RegistryDriverTest, NoDriverWithoutAReasonSaysSo)
{
    EXPECT_THAT(Rows("LIST-SILENT"),
                ElementsAre("loaded drv: lists no driver, and did not say why"));
}

TEST_F(RegistryDriverTest, WhatAPluginSaysBesideItsDriversIsARowOfItsOwn)
{
    EXPECT_THAT(Rows("good,LIST-SAYS"),
                ElementsAre("loaded drv/good: ", "loaded drv: ocl.icd is empty"));
}

TEST_F(RegistryDriverTest, ListThatFailsHasNoDrivers)
{
    EXPECT_THAT(Rows("good,LIST-FAILS"), ElementsAre("loaded drv: drivers: cannot list"));
}

TEST_F(RegistryDriverTest, ListThatAbortsIsAFailure)
{
    EXPECT_THAT(Rows("good,LIST-ABORTS"),
                ElementsAre("failed drv: the plugin ended the process by SIGABRT while it listed "
                            "its drivers"));
}

TEST_F(RegistryDriverTest, StrangeDriversAreRefusedOneByOne)
{
    const std::vector<std::string> rows = Rows("good,null,null-name,bad-name,no-value,no-variable,"
                                               "bad-variable,short,long,endless,good,better");

    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[0], "loaded drv/good: ");
    EXPECT_EQ(rows[1], "loaded drv/better: ");
    for (const char *part :
         { "driver 1 \"\" refused: it is described by too few bytes",
           "driver 2 \"\" refused: it has no name",
           "driver 3 \"a b\" refused: its name has other characters than printable ASCII",
           "driver 4 \"no-value\" refused: one of its variables is not NAME=VALUE",
           "driver 5 \"no-variable\" refused: one of its variables is not NAME=VALUE",
           "driver 6 \"bad-variable\" refused: one of its variables is not NAME=VALUE",
           "driver 7 \"\" refused: it is described by too few bytes",
           "driver 8 \"long\" refused: one of its variables is too long",
           "driver 9 \"endless\" refused: it has too many variables, or their list does not end",
           "driver 10 \"good\" refused: its name is there twice" }) {
        EXPECT_THAT(rows[2], HasSubstr(part));
    }
}

TEST_F(RegistryDriverTest, NullPathAndNoEnvironmentAreGood)
{
    EXPECT_THAT(Rows("null-path,no-environment"),
                ElementsAre("loaded drv/null-path: ", "loaded drv/no-environment: "));
    EXPECT_STREQ(rein_registry_get_candidate(Registry(), 0)->driver_path, "");
    EXPECT_THAT(Devices(), ElementsAre("drv:null-path", "drv:none-chosen"));
}

TEST_F(RegistryDriverTest, TooManyDriversAreCutOff)
{
    const std::vector<std::string> rows = Rows("LIST-MANY");

    ASSERT_EQ(rows.size(), 65u);
    EXPECT_EQ(rows[64], "loaded drv: 6 drivers more than 64 were left out");
}

TEST_F(RegistryDriverTest, OpenSetsTheEnvironmentBeforeTheLibraryIsLoaded)
{
    InAProcessOfItsOwn([this] {
        Rows("good,better");
        EXPECT_EQ(Open("drv:better"), "drv:better"); /* the fake refuses if it was loaded before */
        EXPECT_STREQ(getenv("FAKE_DRIVER"), "better");
    });
}

TEST_F(RegistryDriverTest, VariableThatHasItsValueIsLeftAlone)
{
    InAProcessOfItsOwn([this] {
        Rows("good");
        setenv("FAKE_DRIVER", "good", 1);
        const char *before = getenv("FAKE_DRIVER");

        EXPECT_EQ(Open("drv:good"), "drv:good");
        EXPECT_EQ(getenv("FAKE_DRIVER"), before);
    });
}

TEST_F(RegistryDriverTest, SecondDriverOfOtherNeedsIsRefused)
{
    InAProcessOfItsOwn([this] {
        Rows("good,better,no-environment");
        EXPECT_EQ(Open("drv:good"), "drv:good");
        for (const char *other : { "drv:better", "drv:none-chosen" }) {
            EXPECT_THAT(Open(other, REIN_ERROR_UNSUPPORTED),
                        AllOf(StartsWith(std::string("open ") + other + ": driver "),
                              HasSubstr("needs another environment than driver good of plugin drv, "
                                        "which was opened in this process before (use each in a "
                                        "process of its own)")));
        }
        EXPECT_EQ(Open("drv:good"), "drv:good");
        EXPECT_STREQ(getenv("FAKE_DRIVER"), "good");
    });
}

TEST_F(RegistryDriverTest, SecondDriverIsRefusedByAnotherRegistryToo)
{
    InAProcessOfItsOwn([this] {
        Rows("good,better");
        EXPECT_EQ(Open("drv:good"), "drv:good");
        rein_registry_free(registry_);
        registry_ = nullptr;
        Scan({ "drivers" });
        EXPECT_THAT(Open("drv:better", REIN_ERROR_UNSUPPORTED), HasSubstr("driver good"));
    });
}

TEST_F(RegistryDriverTest, AnotherRegistrySeesAllDriversThoughOneWasOpened)
{
    InAProcessOfItsOwn([this] {
        EXPECT_EQ(Rows("good,unless-set").size(), 2u);
        EXPECT_EQ(Open("drv:good"), "drv:good");
        rein_registry_free(registry_);
        registry_ = nullptr;
        rein_registry_add_folder(Registry(), folder_.At("plugins").c_str());
        rein_registry_scan(Registry());
        EXPECT_EQ(rein_registry_get_n_candidates(Registry()), 2u);
        EXPECT_EQ(Open("drv:good"), "drv:good");
    });
}

TEST_F(RegistryDriverTest, NoAnswerTellsDriversApart)
{
    rein_registry_set(Registry(), "probe-timeout", "20000");
    Rows("none,exit");
    EXPECT_THAT(Open("drv"),
                HasSubstr("drv: none: no card; exit: its driver exited with status 3"));
    EXPECT_THAT(Open("drv"), Not(HasSubstr("installed")));
}

} // namespace
