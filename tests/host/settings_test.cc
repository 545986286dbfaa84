/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <gmock/gmock.h>
#include <rein/error.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "support/program.h"

namespace
{

using rein_test::TemporaryFolder;
using testing::HasSubstr;
using testing::StartsWith;

struct Free {
    void
    operator()(ReinSettings *settings) const
    {
        rein_settings_free(settings);
    }
};
using Settings = std::unique_ptr<ReinSettings, Free>;

class SettingsTest : public testing::Test
{
  protected:
    ~SettingsTest() override
    {
        g_clear_error(&error_);
    }

    /* Loads what the members below say. */
    Settings
    load()
    {
        std::vector<const char *> environment;
        for (const std::string &entry : environment_) {
            environment.push_back(entry.c_str());
        }
        environment.push_back(nullptr);
        std::vector<const char *> system;
        for (const std::string &path : system_) {
            system.push_back(path.c_str());
        }
        system.push_back(nullptr);
        return Settings(rein_settings_load_from(
            system.data(), user_.empty() ? nullptr : user_.c_str(), environment.data(), &error_));
    }
    Settings
    load_user(const std::string &text)
    {
        user_ = folder_.write("rein.conf", text);
        return load();
    }
    std::string
    message() const
    {
        return error_ != nullptr ? error_->message : "";
    }
    void
    expect_refusal(const std::string &text, const std::string &where,
                   const std::vector<std::string> &parts)
    {
        g_clear_error(&error_);
        EXPECT_EQ(load_user(text), nullptr) << text;
        EXPECT_TRUE(g_error_matches(error_, REIN_ERROR, REIN_ERROR_INVALID)) << text;
        EXPECT_THAT(message(), StartsWith(user_ + where)) << text;
        for (const std::string &part : parts) {
            EXPECT_THAT(message(), HasSubstr(part)) << text;
        }
    }

    TemporaryFolder folder_;
    std::vector<std::string> system_;
    std::string user_;
    std::vector<std::string> environment_;
    GError *error_ = nullptr;
};

TEST_F(SettingsTest, WithoutFilesEverySettingIsBuiltIn)
{
    Settings settings = load();

    ASSERT_NE(settings, nullptr) << message();
    for (int i = 0; i < REIN_N_SETTINGS; i++) {
        auto key = static_cast<ReinSettingKey>(i);
        EXPECT_STREQ(rein_settings_get_text(settings.get(), key),
                     rein_setting_get_info(key)->built_in);
        EXPECT_EQ(rein_settings_get_origin(settings.get(), key), REIN_ORIGIN_BUILT_IN);
        EXPECT_STREQ(rein_settings_get_where(settings.get(), key), "built-in");
    }
}

TEST_F(SettingsTest, BuiltInValuesAreThoseOfTheDesign)
{
    Settings settings = load();

    EXPECT_EQ(rein_settings_get_duration_ns(settings.get(), REIN_SETTING_RUN_TIME), 60000000000);
    EXPECT_EQ(rein_settings_get_duration_ns(settings.get(), REIN_SETTING_JOB_SLICE), 10000000);
    EXPECT_EQ(rein_settings_get_duration_ns(settings.get(), REIN_SETTING_JOB_GRACE), 2000000000);
    EXPECT_EQ(rein_settings_get_duration_ns(settings.get(), REIN_SETTING_JOBS_KEEP_AGE),
              G_GINT64_CONSTANT(7) * 86400 * 1000000000);
    EXPECT_EQ(rein_settings_get_size(settings.get(), REIN_SETTING_JOBS_KEEP_SIZE), 2147483648u);
    EXPECT_EQ(rein_settings_get_number(settings.get(), REIN_SETTING_RUN_POPULATION), 0u);
    EXPECT_EQ(rein_settings_get_choice(settings.get(), REIN_SETTING_OUTPUT_FORMAT), 0u);
}

TEST_F(SettingsTest, EveryKeyHasAVariableOfItsName)
{
    for (int i = 0; i < REIN_N_SETTINGS; i++) {
        const ReinSettingInfo *info = rein_setting_get_info(static_cast<ReinSettingKey>(i));
        std::string wanted = "REIN_";
        for (const char *at = info->key; *at != '\0'; at++) {
            wanted += *at == '.' || *at == '-' ? '_' : g_ascii_toupper(*at);
        }
        if (i == REIN_SETTING_LOG_LEVEL || i == REIN_SETTING_WORKER_PATH) {
            wanted.erase(wanted.rfind('_')); /* as in the header */
        }
        EXPECT_EQ(info->environment, wanted);
    }
}

TEST_F(SettingsTest, KeysAreFoundByName)
{
    ReinSettingKey key = REIN_SETTING_RUN_TIME;

    EXPECT_TRUE(rein_setting_find("job.slice", &key));
    EXPECT_EQ(key, REIN_SETTING_JOB_SLICE);
    EXPECT_FALSE(rein_setting_find("job.slices", &key));
}

TEST_F(SettingsTest, MissingFilesAreEmptyOnes)
{
    system_ = { folder_.file("none.conf"), folder_.file("no/such/folder.conf") };
    user_ = folder_.file("none.conf");

    EXPECT_NE(load(), nullptr) << message();
}

TEST_F(SettingsTest, LaterLayersWin)
{
    system_ = { folder_.write("low.conf", "[run]\ntime = 1s\nseed = 2\n[job]\nslice = 3ms\n"
                                          "grace = 4s\n[cpu]\nthreads = 5\n"),
                folder_.write("high.conf", "[run]\nseed = 12\n[job]\nslice = 13ms\ngrace = 5s\n"
                                           "[cpu]\nthreads = 15\n") };
    user_ = folder_.write("user.conf", "[job]\nslice = 23ms\ngrace = 6s\n[cpu]\nthreads = 25\n");
    environment_ = { "PATH=/bin", "REIN_JOB_GRACE=7s", "REIN_CPU_THREADS=35" };

    Settings settings = load();
    ASSERT_NE(settings, nullptr) << message();
    ASSERT_TRUE(
        rein_settings_set(settings.get(), REIN_SETTING_CPU_THREADS, "45", "--threads", nullptr));

    EXPECT_EQ(rein_settings_get_duration_ns(settings.get(), REIN_SETTING_RUN_TIME), 1000000000);
    EXPECT_EQ(rein_settings_get_where(settings.get(), REIN_SETTING_RUN_TIME),
              folder_.file("low.conf") + ":2");
    EXPECT_EQ(rein_settings_get_number(settings.get(), REIN_SETTING_RUN_SEED), 12u);
    EXPECT_EQ(rein_settings_get_origin(settings.get(), REIN_SETTING_RUN_SEED),
              REIN_ORIGIN_SYSTEM_FILE);
    EXPECT_EQ(rein_settings_get_duration_ns(settings.get(), REIN_SETTING_JOB_SLICE), 23000000);
    EXPECT_EQ(rein_settings_get_origin(settings.get(), REIN_SETTING_JOB_SLICE),
              REIN_ORIGIN_USER_FILE);
    EXPECT_EQ(rein_settings_get_duration_ns(settings.get(), REIN_SETTING_JOB_GRACE), 7000000000);
    EXPECT_STREQ(rein_settings_get_where(settings.get(), REIN_SETTING_JOB_GRACE), "REIN_JOB_GRACE");
    EXPECT_EQ(rein_settings_get_number(settings.get(), REIN_SETTING_CPU_THREADS), 45u);
    EXPECT_EQ(rein_settings_get_origin(settings.get(), REIN_SETTING_CPU_THREADS), REIN_ORIGIN_FLAG);
    EXPECT_STREQ(rein_settings_get_where(settings.get(), REIN_SETTING_CPU_THREADS), "--threads");
}

TEST_F(SettingsTest, FileMayHaveCommentsBlankLinesAndCarriageReturns)
{
    Settings settings = load_user("# mine\r\n\r\n  [ run ]\r\n  time=5m  \r\n# done");

    ASSERT_NE(settings, nullptr) << message();
    EXPECT_STREQ(rein_settings_get_text(settings.get(), REIN_SETTING_RUN_TIME), "5m");
}

TEST_F(SettingsTest, ValueMayHoldAnEqualsSign)
{
    Settings settings = load_user("[cpu]\ncompiler = /opt/cc=12/bin/cc\n");

    ASSERT_NE(settings, nullptr) << message();
    EXPECT_STREQ(rein_settings_get_text(settings.get(), REIN_SETTING_CPU_COMPILER),
                 "/opt/cc=12/bin/cc");
}

TEST_F(SettingsTest, AutoIsANumberWhereItIsBuiltIn)
{
    Settings settings = load_user("[cpu]\nthreads = auto\n");

    ASSERT_NE(settings, nullptr) << message();
    EXPECT_EQ(rein_settings_get_number(settings.get(), REIN_SETTING_CPU_THREADS), 0u);
    expect_refusal("[run]\nseed = auto\n", ":2: ", { "run.seed is \"auto\"" });
}

TEST_F(SettingsTest, UnknownKeyIsRefusedWithTheNearestOne)
{
    expect_refusal("[run]\n\ntmie = 5s\n",
                   ":3: ", { "there is no setting \"run.tmie\"", "did you mean run.time?" });
    expect_refusal("[quite]\nother = 5s\n", ":2: ", { "\"quite.other\"", "rein config --explain" });
}

TEST_F(SettingsTest, ValueOutOfRangeIsRefusedWithTheRange)
{
    expect_refusal(
        "[job]\nslice = 200ms\n", ":2: ",
        { "job.slice is \"200ms\"", "a duration from 1ms to 100ms", "built in is \"10ms\"" });
    expect_refusal("[job]\ngrace = 11s\n", ":2: ", { "from 10ms to 10s" });
    expect_refusal("[cpu]\nthreads = 0\n", ":2: ", { "auto or a whole number from 1 to 1024" });
    expect_refusal("[jobs]\nkeep-size = 2 bushels\n", ":2: ", { "a size from 0B to 1024TiB" });
}

TEST_F(SettingsTest, ValueOfAnotherKindIsRefused)
{
    expect_refusal("[cpu]\nlevel = mmx\n",
                   ":2: ", { "cpu.level is \"mmx\"", "auto, baseline, avx2 or avx512" });
    expect_refusal("[cpu]\ncompiler =\n", ":2: ", { "cpu.compiler is \"\"", "not empty" });
    expect_refusal("[run]\nseed = -1\n", ":2: ", { "run.seed is \"-1\"", "a whole number" });
}

TEST_F(SettingsTest, MalformedLinesAreRefusedWithTheirNumber)
{
    expect_refusal("time = 5s\n", ":1: ", { "before the first section" });
    expect_refusal("[run\ntime = 5s\n", ":1: ", { "\"[run\" is not a section" });
    expect_refusal("[]\n", ":1: ", { "is not a section" });
    expect_refusal("[run]\ntime 5s\n", ":2: ", { "\"time 5s\" is no setting", "key = value" });
    expect_refusal("[run]\n= 5s\n", ":2: ", { "is no setting" });
    expect_refusal("[run]\ntime =\n", ":2: ", { "run.time is \"\"" });
}

TEST_F(SettingsTest, KeySetTwiceInAFileIsRefused)
{
    expect_refusal("[run]\ntime = 5s\ntime = 6s\n",
                   ":3: ", { "run.time is set a second time", "rein.conf:2" });
}

TEST_F(SettingsTest, WrongValueIsRefusedWhereALaterLayerWins)
{
    environment_ = { "REIN_JOB_SLICE=10ms" };
    expect_refusal("[job]\nslice = 0ms\n", ":2: ", { "job.slice is \"0ms\"" });
}

TEST_F(SettingsTest, FileThatIsNoTextIsRefused)
{
    expect_refusal(std::string("[run]\n\xff\xfe = 1\n"), ": ", { "UTF-8" });
    expect_refusal(std::string("[run]\n\0time = 1\n", 16), ": ", { "UTF-8" });
    expect_refusal(std::string(2u << 20, '#'), ": ", { "at most 1 MiB" });
}

TEST_F(SettingsTest, FolderInPlaceOfTheFileIsRefused)
{
    user_ = folder_.path();

    EXPECT_EQ(load(), nullptr);
    EXPECT_THAT(message(), StartsWith(user_ + ": cannot be read"));
}

TEST_F(SettingsTest, FileThatCannotBeOpenedIsRefused)
{
    user_ = folder_.file("rein.conf");
    ASSERT_EQ(symlink(user_.c_str(), user_.c_str()), 0);

    EXPECT_EQ(load(), nullptr);
    EXPECT_THAT(message(), StartsWith(user_ + ": cannot be read: "));
}

TEST_F(SettingsTest, UnknownVariableIsRefusedWithTheNearestOne)
{
    environment_ = { "REIN_RUN_TIEM=5s" };

    EXPECT_EQ(load(), nullptr);
    EXPECT_THAT(message(), HasSubstr("\"REIN_RUN_TIEM\""));
    EXPECT_THAT(message(), HasSubstr("did you mean REIN_RUN_TIME?"));
}

TEST_F(SettingsTest, VariableOutOfRangeIsRefusedByItsName)
{
    environment_ = { "REIN_JOB_SLICE=1h" };

    EXPECT_EQ(load(), nullptr);
    EXPECT_THAT(message(), StartsWith("REIN_JOB_SLICE: job.slice is \"1h\": it must be a duration "
                                      "from 1ms to 100ms"));
}

TEST_F(SettingsTest, EmptyVariableIsAsIfNotThere)
{
    environment_ = { "REIN_JOB_SLICE=", "REIN_PLUGIN_PATH=" };

    Settings settings = load();
    ASSERT_NE(settings, nullptr) << message();
    EXPECT_EQ(rein_settings_get_origin(settings.get(), REIN_SETTING_JOB_SLICE),
              REIN_ORIGIN_BUILT_IN);
}

TEST_F(SettingsTest, LogLevelHasTheShortVariable)
{
    environment_ = { "REIN_LOG=debug" };

    Settings settings = load();
    ASSERT_NE(settings, nullptr) << message();
    EXPECT_EQ(rein_settings_get_choice(settings.get(), REIN_SETTING_LOG_LEVEL), 3u);
}

TEST_F(SettingsTest, RefusedFlagLeavesTheSettingAsItWas)
{
    Settings settings = load();

    EXPECT_FALSE(
        rein_settings_set(settings.get(), REIN_SETTING_RUN_TIME, "soon", "--time", &error_));
    EXPECT_THAT(message(), StartsWith("--time: run.time is \"soon\""));
    EXPECT_EQ(rein_settings_get_duration_ns(settings.get(), REIN_SETTING_RUN_TIME), 60000000000);
    EXPECT_EQ(rein_settings_get_origin(settings.get(), REIN_SETTING_RUN_TIME),
              REIN_ORIGIN_BUILT_IN);
}

TEST_F(SettingsTest, FreeingNothingIsANoOp)
{
    rein_settings_free(nullptr);
}

TEST_F(SettingsTest, CopyHasTheSameValuesAndLivesOnItsOwn)
{
    Settings settings = load_user("[job]\nslice = 20ms\n");
    ASSERT_NE(settings, nullptr);

    Settings copy(rein_settings_copy(settings.get()));
    settings.reset();

    EXPECT_EQ(rein_settings_get_duration_ns(copy.get(), REIN_SETTING_JOB_SLICE), 20000000);
    EXPECT_EQ(rein_settings_get_origin(copy.get(), REIN_SETTING_JOB_SLICE), REIN_ORIGIN_USER_FILE);
    EXPECT_EQ(rein_settings_get_where(copy.get(), REIN_SETTING_JOB_SLICE), user_ + ":2");
    EXPECT_STREQ(rein_settings_get_text(copy.get(), REIN_SETTING_RUN_DEVICE), "auto");
}

} // namespace
