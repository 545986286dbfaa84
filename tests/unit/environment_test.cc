/* SPDX-License-Identifier: MIT */

/* What a worker inherits of its host's environment. */

#include <gmock/gmock.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "environment_private.h"
#include "isolated_fixture.h"

namespace
{

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class EnvironmentTest : public rein_test::IsolatedTest
{
  protected:
    /* What a worker has with this setting and these variables of its driver. */
    static std::vector<std::string>
    Make(const char *more, const std::vector<std::string> &driver = {})
    {
        g_autoptr(GPtrArray) variables = g_ptr_array_new_with_free_func(g_free);

        for (const std::string &variable : driver) {
            g_ptr_array_add(variables, g_strdup(variable.c_str()));
        }
        g_autoptr(GPtrArray) chosen = rein_environment_choose(more, variables);
        g_auto(GStrv) environment = rein_environment_make(chosen);
        return std::vector<std::string>(environment, environment + g_strv_length(environment));
    }
};

TEST_F(EnvironmentTest, OnlyWhatDriversLookAtIsInherited)
{
    setenv("LC_OF_TEST", "1", 1);
    setenv("OF_TEST_SAN_OPTIONS", "2", 1);
    setenv("REIN_OF_TEST", "3", 1);
    setenv("PATH_OF_TEST", "secret", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    setenv("DBUS_SESSION_BUS_ADDRESS", "secret", 1);
    setenv("MY_OCL_OF_TEST", "secret", 1);

    const std::vector<std::string> all = Make("");
    EXPECT_THAT(all, Contains("LC_OF_TEST=1"));
    EXPECT_THAT(all, Contains("OF_TEST_SAN_OPTIONS=2"));
    EXPECT_THAT(all, Contains("REIN_OF_TEST=3"));
    EXPECT_THAT(all, Contains(StartsWith("PATH=")));
    EXPECT_THAT(all, Not(Contains(HasSubstr("secret"))));
}

TEST_F(EnvironmentTest, MoreIsNamedByTheSettingOrElseByTheVariable)
{
    setenv("FIRST_OF_TEST", "1", 1);
    setenv("SECOND_OF_TEST", "2", 1);
    setenv("REIN_WORKER_ENVIRONMENT", "FIRST_OF_TEST", 1);

    EXPECT_THAT(Make(nullptr), Contains("FIRST_OF_TEST=1"));
    EXPECT_THAT(Make(nullptr), Not(Contains("SECOND_OF_TEST=2")));
    EXPECT_THAT(Make("SECOND_*, NOTHING"), Contains("SECOND_OF_TEST=2"));
    EXPECT_THAT(Make("SECOND_*, NOTHING"), Not(Contains("FIRST_OF_TEST=1")));
    EXPECT_THAT(Make("*"), Contains("FIRST_OF_TEST=1"));
    EXPECT_THAT(Make(""), Not(Contains("FIRST_OF_TEST=1")));
}

TEST_F(EnvironmentTest, WhatADriverNeedsCountsMoreThanWhatIsInherited)
{
    setenv("OCL_OF_TEST", "host", 1);
    const std::vector<std::string> all = Make("OCL_*", { "OCL_OF_TEST=driver", "OTHER=more" });

    EXPECT_THAT(all, Contains("OCL_OF_TEST=driver"));
    EXPECT_THAT(all, Contains("OTHER=more"));
    EXPECT_THAT(all, Not(Contains("OCL_OF_TEST=host")));
}

/* Both processes have what a driver needs, and what was chosen, and no secret of the host's. */
TEST_F(EnvironmentTest, WorkerInheritsWhatDriversLookAtAndWhatIsChosen)
{
    for (const char *name : { "OCL_OF_TEST", "SECRET_OF_TEST", "CHOSEN_OF_TEST", "MORE_OF_TEST" }) {
        setenv(name, "value", 1);
    }
    rein_registry_set(Registry(), "worker-environment", "CHOSEN_OF_TEST,MORE_*");
    Begin();
    const auto supervisor = static_cast<pid_t>(rein_device_get_worker_pid(device_));
    const std::vector<pid_t> plugins = rein_test::FindChildren(supervisor);
    ASSERT_EQ(plugins.size(), 1u);
    for (const pid_t pid : { supervisor, plugins[0] }) {
        const std::string all =
            rein_test::ReadFile("/proc/" + std::to_string(pid) + "/environ") + '\0';
        const std::string end(1, '\0');

        EXPECT_THAT(all, HasSubstr("OCL_OF_TEST=value" + end));
        EXPECT_THAT(all, HasSubstr("CHOSEN_OF_TEST=value" + end));
        EXPECT_THAT(all, HasSubstr("MORE_OF_TEST=value" + end));
        EXPECT_THAT(all, HasSubstr("PATH="));
        EXPECT_THAT(all, Not(HasSubstr("SECRET_OF_TEST")));
    }
}

} // namespace
