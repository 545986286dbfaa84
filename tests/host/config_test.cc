/* SPDX-License-Identifier: MIT */
#include <gmock/gmock.h>

#include "common/settings.h"
#include "support/json.h"
#include "support/program.h"

namespace
{

using rein_test::Ended;
using rein_test::Json;
using rein_test::Program;
using testing::HasSubstr;

class ConfigTest : public testing::Test
{
  protected:
    Json
    find(const std::vector<Json> &settings, const std::string &key)
    {
        for (const Json &setting : settings) {
            if (setting.text("key") == key) {
                return setting;
            }
        }
        ADD_FAILURE() << key << " is not there";
        return Json("{}");
    }

    Program rein_{ "rein" };
};

TEST_F(ConfigTest, TextIsALineForEachSetting)
{
    Ended ended = rein_.run({ "config" });

    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, HasSubstr("run.time = 60s\n"));
    EXPECT_THAT(ended.out, HasSubstr("jobs.keep-size = 2GiB\n"));
    EXPECT_EQ(std::count(ended.out.begin(), ended.out.end(), '\n'), REIN_N_SETTINGS);
}

TEST_F(ConfigTest, ExplainTellsMeaningOriginRangeAndVariable)
{
    std::string path = rein_.home().write("config/rein/rein.conf", "[job]\n\nslice = 20ms\n");

    Ended ended = rein_.run({ "config", "--explain" });
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, HasSubstr("job.slice = 20ms\n"
                                     "    what one call of a plugin aims to take: the latency of "
                                     "a stop\n    from " +
                                     path +
                                     ":3; may be a duration from 1ms to 100ms; variable "
                                     "REIN_JOB_SLICE\n"));
}

TEST_F(ConfigTest, JsonHasEverySettingWithItsOrigin)
{
    std::string path = rein_.home().write("system/rein/rein.conf", "[run]\nseed = 7\n");
    rein_.home().write("config/rein/rein.conf", "[run]\ntime = 5s\n");
    rein_.set("REIN_CPU_THREADS", "2");

    Ended ended = rein_.run({ "config", "--explain", "--format", "json" });
    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> settings = Json(ended.out).items("settings");
    ASSERT_EQ(settings.size(), static_cast<size_t>(REIN_N_SETTINGS));

    EXPECT_EQ(find(settings, "run.seed").text("origin"), "system-file");
    EXPECT_EQ(find(settings, "run.seed").text("where"), path + ":2");
    EXPECT_EQ(find(settings, "run.time").text("origin"), "user-file");
    EXPECT_EQ(find(settings, "cpu.threads").text("origin"), "environment");
    EXPECT_EQ(find(settings, "cpu.threads").text("value"), "2");
    EXPECT_EQ(find(settings, "output.format").text("origin"), "flag");
    EXPECT_EQ(find(settings, "output.format").text("where"), "--format");
    Json slice = find(settings, "job.slice");
    EXPECT_EQ(slice.text("origin"), "built-in");
    EXPECT_EQ(slice.text("type"), "duration");
    EXPECT_EQ(slice.text("range"), "a duration from 1ms to 100ms");
    EXPECT_EQ(slice.text("built_in"), "10ms");
    EXPECT_EQ(slice.text("environment"), "REIN_JOB_SLICE");
    EXPECT_FALSE(slice.text("meaning").empty());
}

TEST_F(ConfigTest, NdjsonIsASettingOnEachLine)
{
    Ended ended = rein_.run({ "config", "--format", "ndjson" });

    std::vector<Json> lines = Json::lines(ended.out);
    ASSERT_EQ(lines.size(), static_cast<size_t>(REIN_N_SETTINGS));
    EXPECT_EQ(find(lines, "run.device").text("value"), "auto");
    EXPECT_FALSE(lines[0].has("meaning"));
}

TEST_F(ConfigTest, FormatMayBeASetting)
{
    rein_.set("REIN_OUTPUT_FORMAT", "json");

    EXPECT_FALSE(Json(rein_.run({ "config" }).out).items("settings").empty());
}

TEST_F(ConfigTest, RelativeConfigFolderCountsAsNotSet)
{
    std::string path = rein_.home().write(".config/rein/rein.conf", "[cpu]\nthreads = 3\n");
    rein_.set("XDG_CONFIG_HOME", "config-of-here");

    EXPECT_THAT(rein_.run({ "config", "--format", "json" }).out, HasSubstr(path + ":2"));
}

} // namespace
