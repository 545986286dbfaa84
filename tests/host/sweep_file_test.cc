/* SPDX-License-Identifier: MIT */
#include <gmock/gmock.h>

#include <cstring>
#include <string>
#include <vector>

#include "support/program.h"
#include "sweep/sweep_file.h"
#include "sweep/sweep_plan.h"

namespace
{

using rein_test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

class SweepFileTest : public testing::Test
{
  protected:
    SweepFileTest()
    {
        settings_ = rein_settings_load_from(nullptr, nullptr, nullptr, nullptr);
        folder_.write("a.ctt", "a");
        folder_.write("in/b.ctt", "b");
        folder_.write("s.sol", "s");
    }
    ~SweepFileTest() override
    {
        rein_sweep_plan_free(plan_);
        rein_settings_free(settings_);
    }
    /* "" if the file is good. */
    std::string
    read(const std::string &text)
    {
        GError *error = nullptr;
        std::string path = folder_.write("x.sweep", text);
        ReinSweepFile *file = rein_sweep_file_read(path.c_str(), settings_, &error);

        EXPECT_EQ(file == nullptr, error != nullptr) << text;
        g_clear_pointer(&plan_, rein_sweep_plan_free);
        if (file != nullptr) {
            plan_ = rein_sweep_plan_new(file, settings_);
            return "";
        }
        std::string message = error->message;
        g_error_free(error);
        return message;
    }
    /* The message without the folder's path in front. */
    std::string
    refusal(const std::string &text)
    {
        std::string message = read(text);
        std::string front = folder_.path() + "/";
        EXPECT_EQ(message.substr(0, front.size()), front) << text << " gives: " << message;
        return message.substr(std::min(front.size(), message.size()));
    }
    std::vector<std::string>
    expansion() const
    {
        std::vector<std::string> all;
        for (guint i = 1; i <= rein_sweep_plan_get_n(plan_); i++) {
            g_autofree char *text = rein_sweep_plan_describe(plan_, i);
            all.push_back(text);
        }
        return all;
    }

    TemporaryFolder folder_;
    ReinSettings *settings_ = nullptr;
    ReinSweepPlan *plan_ = nullptr;
};

TEST_F(SweepFileTest, InstancesThenSettingsThenSeedsAreExpandedInTheOrderOfTheFile)
{
    ASSERT_EQ(read("[sweep]\ninstances = in/b.ctt; a.ctt\nseeds = 7; 1-2\n[settings]\n"
                   "time = 10s\npopulation = 8; 4\nslice-ms = 5; 6;\n"),
              "");

    std::vector<std::string> all = expansion();
    ASSERT_EQ(all.size(), 24u);
    EXPECT_EQ(all[0], "in/b.ctt, seed 7, population 8, slice-ms 5");
    EXPECT_EQ(all[1], "in/b.ctt, seed 1, population 8, slice-ms 5");
    EXPECT_EQ(all[2], "in/b.ctt, seed 2, population 8, slice-ms 5");
    EXPECT_EQ(all[3], "in/b.ctt, seed 7, population 8, slice-ms 6");
    EXPECT_EQ(all[6], "in/b.ctt, seed 7, population 4, slice-ms 5");
    EXPECT_EQ(all[12], "a.ctt, seed 7, population 8, slice-ms 5");
    EXPECT_EQ(all[23], "a.ctt, seed 2, population 4, slice-ms 6");
    EXPECT_EQ(rein_sweep_plan_get_n_groups(plan_), 8u);
}

TEST_F(SweepFileTest, CombinationIsAppliedAsTheFlagsOfRunWouldBe)
{
    ASSERT_EQ(read("[sweep]\ninstances = in/b.ctt\nseeds = 5\n[settings]\nrounds = 9; 10\n"
                   "start = s.sol\ntarget = 0,5\ncpu.threads = 1\n"),
              "");
    g_autoptr(ReinSettings) settings = rein_settings_copy(settings_);
    ReinRunSpec spec = {};

    rein_sweep_plan_apply(plan_, 2, settings, &spec);

    EXPECT_EQ(std::string(spec.problem_path), folder_.file("in/b.ctt"));
    EXPECT_EQ(std::string(spec.start_path), folder_.file("s.sol"));
    EXPECT_STREQ(spec.target, "0,5");
    EXPECT_EQ(spec.n_rounds, 10u);
    EXPECT_EQ(spec.time_ns, 0);
    EXPECT_EQ(rein_settings_get_number(settings, REIN_SETTING_RUN_SEED), 5u);
    EXPECT_EQ(rein_settings_get_number(settings, REIN_SETTING_CPU_THREADS), 1u);
    EXPECT_TRUE(rein_sweep_plan_chooses_device(plan_));
}

TEST_F(SweepFileTest, WithoutSeedsAndLimitTheSettingsSayThem)
{
    ASSERT_EQ(read("[sweep]\ninstances = a.ctt\n"), "");
    g_autoptr(ReinSettings) settings = rein_settings_copy(settings_);
    ReinRunSpec spec = {};

    rein_sweep_plan_apply(plan_, 1, settings, &spec);

    EXPECT_THAT(expansion(), ElementsAre("a.ctt, seed 1"));
    EXPECT_EQ(spec.time_ns, G_GINT64_CONSTANT(60000000000));
    EXPECT_FALSE(rein_sweep_plan_get_file(plan_)->stops_on_failure);
    EXPECT_FALSE(rein_sweep_plan_chooses_device(plan_));
}

TEST_F(SweepFileTest, SemicolonInANameIsEscaped)
{
    folder_.write("a;b.ctt", "x");
    ASSERT_EQ(read("[sweep]\ninstances = a\\;b.ctt; a.ctt\n"), "");

    EXPECT_THAT(expansion(), ElementsAre("a;b.ctt, seed 1", "a.ctt, seed 1"));
}

TEST_F(SweepFileTest, DigestFollowsWhatTheCombinationsAre)
{
    const std::string text = "[sweep]\ninstances = a.ctt\nseeds = 1-3\n[settings]\nrounds = 2\n";
    ASSERT_EQ(read(text), "");
    std::string digest = rein_sweep_plan_get_digest(plan_);

    ASSERT_EQ(read("# a remark\n\n" + text), "");
    EXPECT_EQ(digest, rein_sweep_plan_get_digest(plan_));
    ASSERT_EQ(read("[sweep]\non-failure = stop\n" + text), "");
    EXPECT_EQ(digest, rein_sweep_plan_get_digest(plan_));
    ASSERT_EQ(read("[sweep]\ninstances = a.ctt\nseeds = 1; 2; 3\n[settings]\nrounds = 3\n"), "");
    EXPECT_NE(digest, rein_sweep_plan_get_digest(plan_));
    folder_.write("a.ctt", "changed");
    ASSERT_EQ(read(text), "");
    EXPECT_NE(digest, rein_sweep_plan_get_digest(plan_));
}

TEST_F(SweepFileTest, UnknownKeyNamesTheNearest)
{
    EXPECT_EQ(refusal("[sweep]\ninstance = a.ctt\n"),
              "x.sweep:2: there is no \"sweep.instance\" (did you mean sweep.instances? known are "
              "instances, seeds and on-failure in [sweep], flags and settings of rein run in "
              "[settings])");
    EXPECT_THAT(refusal("[settings]\npopulatoin = 4\n"),
                HasSubstr("x.sweep:2: there is no \"populatoin\" (did you mean population?"));
    EXPECT_THAT(refusal("[sweeps]\nseeds = 4\n"), HasSubstr("did you mean sweep.seeds?"));
    EXPECT_THAT(refusal("[other]\nzzzz = 4\n"), HasSubstr("there is no \"other.zzzz\" (known"));
}

TEST_F(SweepFileTest, MissingFileSaysSo)
{
    GError *error = nullptr;

    EXPECT_EQ(rein_sweep_file_read(folder_.file("none").c_str(), settings_, &error), nullptr);
    EXPECT_THAT(error->message, HasSubstr("none: there is no such file"));
    g_error_free(error);
}

struct Malformed {
    const char *text;
    const char *message; /* what the refusal contains */
};

/* Behind `[sweep]` and `instances = a.ctt`, lines 1 and 2. */
const Malformed kMalformed[] = {
    { "seeds", "x.sweep:3: \"seeds\" is no setting (write it as key = value)" },
    { "seeds =", "x.sweep:3: a value is empty" },
    { "seeds = ;", "x.sweep:3: a value is empty" },
    { "seeds = 1;;2", "x.sweep:3: a value is empty" },
    { "seeds = x", "x.sweep:3: \"x\" is no seed and no range" },
    { "seeds = -1", "is no seed and no range" },
    { "seeds = 1-", "is no seed and no range" },
    { "seeds = 9-1", "is no seed and no range" },
    { "seeds = 1-2-3", "is no seed and no range" },
    { "seeds = 1.5", "is no seed and no range" },
    { "seeds = 1,2", "is no seed and no range" },
    { "seeds = 18446744073709551616", "is no seed and no range" },
    { "seeds = 0-18446744073709551615", "x.sweep:3: more than 100000 seeds" },
    { "seeds = 1-100001", "more than 100000 seeds" },
    { "seeds = 1-60000; 100001-200000", "more than 100000 seeds" },
    { "seeds = 1-5; 3", "x.sweep:3: seed 3 is there twice" },
    { "seeds = 1\nseeds = 2", "x.sweep:4: sweep.seeds is set a second time, first at " },
    { "instances = a.ctt", "x.sweep:3: sweep.instances is set a second time, first at " },
    { "on-failure = maybe", "x.sweep:3: on-failure is \"maybe\": it must be continue or stop" },
    { "on-failure = continue; stop", "it must be continue or stop" },
    { "[settings", "x.sweep:3: \"[settings\" is not a section" },
    { "[settings]\nseed = 1",
      "x.sweep:4: seed is no setting here (write seeds = 1-10 in [sweep])" },
    { "[settings]\nrun.seed = 1; 2", "run.seed is no setting here" },
    { "[settings]\noutput.format = json", "is a setting of the whole program" },
    { "[settings]\nlog.level = debug", "is a setting of the whole program" },
    { "[settings]\noutput = x.sol", "there is no \"output\"" },
    { "[settings]\ntime = soon", "x.sweep:4: \"soon\" is not a duration" },
    { "[settings]\ntime = 10s; 0s", "x.sweep:4: 0s is no time at all" },
    { "[settings]\nrounds = 4294967296", "x.sweep:4: 4294967296 is out of range" },
    { "[settings]\nrounds = 1;2;3;1", "x.sweep:4: 1 is there twice" },
    { "[settings]\npopulation = 0", "x.sweep:4: run.population is \"0\"" },
    { "[settings]\npopulation = 4\nrun.population = 8",
      "x.sweep:5: run.population is set a second" },
    { "[settings]\nslice-ms = 5\njob.slice = 8ms", "x.sweep:5: job.slice is set a second time" },
    { "[settings]\nstart = none.sol", "x.sweep:4: " },
    { "[settings]\ncpu.level = best", "x.sweep:4: cpu.level is \"best\"" },
    { "= 4", "is no setting" },
    { "\xff", "is not a settings file (it must be UTF-8 text" },
};

TEST_F(SweepFileTest, MalformedFilesAreRefusedByLine)
{
    for (const Malformed &malformed : kMalformed) {
        EXPECT_THAT(refusal("[sweep]\ninstances = a.ctt\n" + std::string(malformed.text) + "\n"),
                    HasSubstr(malformed.message))
            << malformed.text;
    }
}

TEST_F(SweepFileTest, MalformedInstancesAreRefusedByLine)
{
    EXPECT_THAT(refusal(""), HasSubstr("x.sweep: it names no instances (write [sweep]"));
    EXPECT_THAT(refusal("seeds = 1\n"), HasSubstr("x.sweep:1: \"seeds = 1\" stands before"));
    EXPECT_THAT(refusal("[sweep]\nseeds = 1\n"), HasSubstr("it names no instances"));
    EXPECT_THAT(
        refusal("[sweep]\ninstances = a.ctt; none.ctt\n"),
        testing::AllOf(HasSubstr("x.sweep:2: "), HasSubstr("none.ctt"), HasSubstr("No such file")));
    EXPECT_THAT(refusal("[sweep]\ninstances = a.ctt; ./in/../a.ctt\n"),
                HasSubstr("x.sweep:2: ./in/../a.ctt is there twice"));
    EXPECT_THAT(refusal("[sweep]\ninstances = in\n"), HasSubstr("in is no file"));
    EXPECT_THAT(refusal("[sweep]\ninstances = /dev/null\n"), HasSubstr("/dev/null is no file"));
    EXPECT_THAT(refusal(std::string("[sweep]\0instances = a.ctt\n", 26)),
                HasSubstr("is not a settings file"));
    EXPECT_THAT(refusal("[sweep]\n#" + std::string(1 << 20, 'x')), HasSubstr("at most 1 MiB"));
}

TEST_F(SweepFileTest, SizesAreBounded)
{
    std::string many;
    std::string settings = "[settings]\n";

    for (int i = 1; i <= 1001; i++) {
        many += std::to_string(i) + ";";
    }
    EXPECT_THAT(refusal("[sweep]\ninstances = a.ctt\n[settings]\nrounds = " + many + "\n"),
                HasSubstr("x.sweep:4: more than 1000 values"));
    EXPECT_THAT(refusal("[sweep]\ninstances = a.ctt; in/b.ctt\nseeds = 1-60000\n"),
                HasSubstr("more than 100000 combinations"));
    /* far beyond what 64 bits hold */
    for (const char *name : { "time", "rounds", "evaluations", "stagnation", "deadline",
                              "population", "run.time", "job.grace", "cpu.threads" }) {
        settings += std::string(name) + " = ";
        for (int i = 1; i <= 500; i++) {
            settings += std::to_string(i) + ";";
        }
        settings += "\n";
    }
    EXPECT_NE(read("[sweep]\ninstances = a.ctt\nseeds = 1-100000\n" + settings), "");
}

/* Every prefix, and every byte replaced by others, of a good file: read or refused, nothing else. */
TEST_F(SweepFileTest, NoDamageToAFileDoesMoreThanRefuseIt)
{
    const std::string good = "[sweep]\ninstances = a.ctt; in/b.ctt\nseeds = 1-3; 9\n"
                             "on-failure = stop\n[settings]\ntime = 1s\npopulation = 4; 8\n";

    ASSERT_EQ(read(good), "");
    for (std::size_t i = 0; i < good.size(); i++) {
        read(good.substr(0, i));
        for (char damage : { '\0', '\n', ';', '\\', '=', '[', ']', '#', '9', '-', '\xc3', ' ' }) {
            std::string damaged = good;
            damaged[i] = damage;
            read(damaged);
        }
    }
}

} // namespace
