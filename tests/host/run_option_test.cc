/* SPDX-License-Identifier: MIT */
#include <gmock/gmock.h>

#include <string>

#include "runner/run_option.h"

namespace
{

using testing::HasSubstr;

class RunOptionTest : public testing::Test
{
  protected:
    RunOptionTest()
    {
        settings_ = rein_settings_load_from(nullptr, nullptr, nullptr, nullptr);
        spec_.settings = settings_;
    }
    ~RunOptionTest() override
    {
        g_clear_error(&error_);
        rein_settings_free(settings_);
    }
    bool
    apply(const char *name, const char *text)
    {
        g_clear_error(&error_);
        return rein_run_option_apply(&spec_, settings_, name, text, "here:1", &error_) != FALSE;
    }

    ReinSettings *settings_ = nullptr;
    ReinRunSpec spec_ = {};
    GError *error_ = nullptr;
};

TEST_F(RunOptionTest, LimitsGoIntoTheSpecAndSettingsIntoTheSettings)
{
    ASSERT_TRUE(apply("time", "2s"));
    ASSERT_TRUE(apply("rounds", "7"));
    ASSERT_TRUE(apply("deadline", "1m"));
    ASSERT_TRUE(apply("target", "0,5"));
    ASSERT_TRUE(apply("population", "9"));
    ASSERT_TRUE(apply("slice-ms", "20"));
    ASSERT_TRUE(apply("cpu.threads", "1"));

    EXPECT_EQ(spec_.time_ns, G_GINT64_CONSTANT(2000000000));
    EXPECT_EQ(spec_.n_rounds, 7u);
    EXPECT_EQ(spec_.deadline_ns, G_GINT64_CONSTANT(60000000000));
    EXPECT_STREQ(spec_.target, "0,5");
    EXPECT_EQ(rein_settings_get_number(settings_, REIN_SETTING_RUN_POPULATION), 9u);
    EXPECT_EQ(rein_settings_get_duration_ns(settings_, REIN_SETTING_JOB_SLICE), 20000000);
    EXPECT_EQ(rein_settings_get_number(settings_, REIN_SETTING_CPU_THREADS), 1u);
}

TEST_F(RunOptionTest, BadValueNamesWhereItStands)
{
    for (const char *name : { "time", "rounds", "evaluations", "stagnation", "deadline", "slice-ms",
                              "population", "seed", "cpu.threads" }) {
        EXPECT_FALSE(apply(name, "x")) << name;
        EXPECT_THAT(error_->message, testing::StartsWith("here:1: ")) << name;
    }
    for (const char *name : { "time", "rounds", "slice-ms" }) {
        EXPECT_FALSE(apply(name, "0")) << name;
    }
}

TEST_F(RunOptionTest, ShortNameAndKeyOfASettingAreOneOption)
{
    EXPECT_STREQ(rein_run_option_find("population"), "run.population");
    EXPECT_STREQ(rein_run_option_find("run.population"), "run.population");
    EXPECT_STREQ(rein_run_option_find("slice-ms"), "job.slice");
    EXPECT_STREQ(rein_run_option_find("time"), "time");
    EXPECT_EQ(rein_run_option_find("populaton"), nullptr);
    EXPECT_STREQ(rein_run_option_suggest("populaton"), "population");
    EXPECT_STREQ(rein_run_option_suggest("cpu.thread"), "cpu.threads");
}

TEST_F(RunOptionTest, RunWithoutALimitHasTheOneOfTheSettings)
{
    rein_run_option_complete(&spec_);
    EXPECT_EQ(spec_.time_ns, G_GINT64_CONSTANT(60000000000));

    spec_.time_ns = 0;
    ASSERT_TRUE(apply("rounds", "3"));
    rein_run_option_complete(&spec_);
    EXPECT_EQ(spec_.time_ns, 0);
}

} // namespace
