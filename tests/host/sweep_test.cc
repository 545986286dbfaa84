/* SPDX-License-Identifier: MIT */
#include "host/sweep_fixture.h"

namespace
{

using rein_test::Ended;
using rein_test::Json;
using rein_test::kInfeasible;
using rein_test::read_text;
using rein_test::SweepTest;
using testing::HasSubstr;
using testing::Not;

TEST_F(SweepTest, EachCombinationGivesTheBytesOfAFreshProcess)
{
    std::string path = write("a", "instances = comp01.ctt; toy.ctt\nseeds = 1; 7",
                             "rounds = 25\npopulation = 2; 5");

    EXPECT_EQ(sweep_json(path).text("outcome"), "complete");

    std::map<gint64, Json> all = results("a.results");
    ASSERT_EQ(all.size(), 8u);
    for (const auto &[index, result] : all) {
        Json fresh(run_json({ data(result.text("instance")), "--rounds", "25", "--seed",
                              std::to_string(result.number("seed")), "--population",
                              result.at("settings").text("population") }));
        EXPECT_EQ(solution("a.results", result), read_text(fresh.text("solution"))) << index;
        for (const char *member : { "rounds", "evaluations", "moves" }) {
            EXPECT_EQ(result.number(member), fresh.number(member)) << index << member;
        }
        EXPECT_EQ(result.at("best").number("soft"), fresh.at("best").number("soft"));
        EXPECT_EQ(result.truth("warm"), index > 1);
    }
}

TEST_F(SweepTest, TwoWorkersGiveTheResultsOfOne)
{
    std::string path = write("a", "instances = comp01.ctt; toy.ctt\nseeds = 1-4", "rounds = 15");

    sweep_json(path, { "--output", home("one") });
    Json end = sweep_json(path, { "--output", home("two"), "--workers", "2" });

    expect_same("one", "two", 8);
    EXPECT_EQ(end.at("receipt").number("devices_opened"), 2);
    EXPECT_EQ(end.at("receipt").number("clean"), 8);
}

/* Of the combination at place `i` of four: two seeds, each with 3 and with 4 rounds. */
void
expect_result(const Json &result, std::size_t i)
{
    EXPECT_EQ(result.number("v"), 1);
    EXPECT_EQ(result.text("type"), "combination");
    EXPECT_EQ(result.number("index"), static_cast<gint64>(i + 1));
    EXPECT_EQ(result.text("instance"), "comp01.ctt");
    EXPECT_EQ(result.number("seed"), static_cast<gint64>(i % 2 + 1));
    EXPECT_EQ(result.at("settings").text("rounds"), i < 2 ? "3" : "4");
    EXPECT_EQ(result.text("outcome"), "rounds");
    EXPECT_EQ(result.number("exit_code"), 0);
    EXPECT_EQ(result.at("best").number("hard"), 0);
    EXPECT_TRUE(result.at("best").truth("feasible"));
    EXPECT_EQ(result.number("rounds"), i < 2 ? 3 : 4);
    EXPECT_GT(result.number("evaluations"), 0);
    EXPECT_GT(result.number("moves"), 0);
    EXPECT_TRUE(result.has("seconds"));
    EXPECT_EQ(result.text("device"), "cpu:0");
    EXPECT_TRUE(result.has("warm"));
    EXPECT_TRUE(result.at("receipt").truth("clean"));
    EXPECT_EQ(result.at("receipt").number("leaked_bytes"), 0);
    EXPECT_TRUE(result.at("receipt").has("teardown_ms"));
    EXPECT_THAT(result.text("solution"), HasSubstr("solutions/00000"));
    EXPECT_TRUE(result.has("error") && result.has("job"));
}

void
expect_group(const Json &group)
{
    EXPECT_EQ(group.text("type"), "group");
    EXPECT_EQ(group.text("instance"), "comp01.ctt");
    EXPECT_TRUE(group.at("settings").has("rounds"));
    EXPECT_EQ(group.number("combinations"), 2);
    EXPECT_EQ(group.number("ended"), 2);
    EXPECT_EQ(group.number("feasible"), 2);
    EXPECT_EQ(group.number("failed"), 0);
    for (const char *member : { "best", "median", "worst" }) {
        EXPECT_TRUE(group.at(member).has("soft")) << member;
    }
}

TEST_F(SweepTest, ResultsReceiptAndEndHaveTheDocumentedMembers)
{
    std::string path = write("a", "instances = comp01.ctt\nseeds = 1-2", "rounds = 3; 4");

    Ended ended = sweep(path, { "--format", "ndjson" });

    EXPECT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> lines = Json::lines(ended.out);
    ASSERT_EQ(lines.size(), 4u + 2u + 1u);
    EXPECT_EQ(ended.out.find(read_text(home("a.results/results.ndjson"))), 0u);
    for (std::size_t i = 0; i < 4; i++) {
        expect_result(lines[i], i);
    }
    for (std::size_t i = 4; i < 6; i++) {
        expect_group(lines[i]);
    }
    const Json &end = lines[6];
    EXPECT_EQ(end.text("type"), "sweep");
    EXPECT_EQ(end.text("outcome"), "complete");
    EXPECT_EQ(end.number("exit_code"), 0);
    EXPECT_EQ(end.text("folder"), home("a.results"));
    EXPECT_EQ(end.number("earlier"), 0);
    EXPECT_TRUE(end.has("error"));
    Json receipt(read_text(home("a.results/receipt.json")));
    EXPECT_EQ(receipt.number("v"), 1);
    for (const char *member : { "combinations", "jobs", "ended", "stopped", "failed", "clean",
                                "not_clean", "leaked_bytes", "devices_opened" }) {
        EXPECT_EQ(receipt.number(member), end.at("receipt").number(member)) << member;
    }
    EXPECT_EQ(receipt.number("clean"), 4);
    EXPECT_EQ(receipt.at("outcomes").number("rounds"), 4);
    EXPECT_TRUE(receipt.has("worst_teardown_ms"));
    Json plan(read_text(home("a.results/sweep.json")));
    EXPECT_EQ(plan.text("file"), path);
    EXPECT_EQ(plan.number("combinations"), 4);
    EXPECT_EQ(plan.number("seeds"), 2);
    EXPECT_EQ(plan.items("instances").size(), 1u);
    EXPECT_EQ(plan.at("settings").items("rounds").size(), 2u);
    EXPECT_TRUE(plan.has("digest") && plan.has("version") && plan.has("v"));
}

TEST_F(SweepTest, TextIsATableWithARowForEachInstanceAndSetting)
{
    std::string path =
        write("a", "instances = comp01.ctt; toy.ctt\nseeds = 1-3", "rounds = 2; 3\ntarget = 0,0");

    Ended ended = sweep(path);

    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, HasSubstr("INSTANCE    ROUNDS  ENDED  FAILED  FEASIBLE  BEST"));
    EXPECT_THAT(ended.out, HasSubstr("comp01.ctt  2         3/3       0         3  hard 0, soft"));
    EXPECT_THAT(ended.out, HasSubstr("toy.ctt     3         3/3"));
    EXPECT_THAT(ended.out, Not(HasSubstr("TARGET"))); /* it is the same in all rows */
    EXPECT_THAT(ended.out, HasSubstr("sweep: complete: 12 of 12 ended, 0 failed, 0 stopped\n"));
    EXPECT_THAT(ended.out, HasSubstr("receipt: clean, everything was given back\n"));
    EXPECT_THAT(ended.err, HasSubstr("12/12 toy.ctt, seed 3, rounds 3: hard 0, soft "));
}

TEST_F(SweepTest, JobsLeaveNoFolderButForFailures)
{
    rein_.home().write("bad.ctt", "nonsense\n");
    std::string path = write("a", "instances = comp01.ctt; bad.ctt; toy.ctt", "rounds = 2");

    sweep_json(path, {}, 2);

    EXPECT_EQ(count_files("a.results/jobs"), 0u); /* a file that cannot be read makes no job */
    EXPECT_EQ(count_files("a.results/solutions"), 2u);
    expect_no_job();
}

TEST_F(SweepTest, FailedCombinationIsRecordedAndTheRestGoOn)
{
    rein_.home().write("bad.ctt", "nonsense\n");
    std::string path = write("a", "instances = bad.ctt; toy.ctt\nseeds = 1-2", "rounds = 2");

    Json end = sweep_json(path, {}, 2);

    EXPECT_EQ(end.text("outcome"), "complete");
    std::map<gint64, Json> all = results("a.results");
    ASSERT_EQ(all.size(), 4u);
    EXPECT_EQ(all.at(1).text("outcome"), "failed");
    EXPECT_EQ(all.at(1).number("exit_code"), 2);
    EXPECT_THAT(all.at(1).text("error"), HasSubstr("bad.ctt:1: "));
    EXPECT_TRUE(all.at(1).at("receipt").truth("clean"));
    EXPECT_EQ(all.at(4).number("exit_code"), 0);
    EXPECT_EQ(end.at("receipt").number("failed"), 2);
    EXPECT_EQ(end.items("groups")[0].number("failed"), 2);
    EXPECT_THAT(sweep(path).out, HasSubstr("complete: 2 of 4 ended, 2 failed, 0 stopped; 4 of them "
                                           "earlier"));
}

TEST_F(SweepTest, OnFailureStopBeginsNoMoreAndTheNextTimeGoesOn)
{
    rein_.home().write("bad.ctt", "nonsense\n");
    std::string path =
        write("a", "instances = toy.ctt; bad.ctt; comp01.ctt\non-failure = stop", "rounds = 2");

    EXPECT_EQ(sweep_json(path, {}, 2).text("outcome"), "failed");
    EXPECT_EQ(results("a.results").size(), 2u);

    EXPECT_EQ(sweep_json(path, { "--on-failure", "continue" }, 2).text("outcome"), "complete");
    EXPECT_EQ(results("a.results").size(), 3u);
}

TEST_F(SweepTest, LimitWithoutAFeasibleSolutionIsAnEndLikeAnyOther)
{
    rein_.home().write("none.ctt", kInfeasible);
    std::string path = write("a", "instances = none.ctt; toy.ctt\nseeds = 1-3", "rounds = 2");

    Ended ended = sweep(path);

    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("none.ctt    3/3       0         0  hard "));
    EXPECT_EQ(results("a.results").at(1).number("exit_code"), 5);
    /* what no solution can give is said once for each instance, not for each seed */
    EXPECT_EQ(ended.err.find("none.ctt:10:", ended.err.find("none.ctt:10:") + 1), std::string::npos)
        << ended.err;
}

TEST_F(SweepTest, DeadlineIsAFailureWithTheBestSoFar)
{
    std::string path = write("a", "instances = comp01.ctt", "time = 10m\ndeadline = 1s");

    Json end = sweep_json(path, {}, 3);

    EXPECT_EQ(end.at("receipt").number("failed"), 1);
    EXPECT_EQ(end.at("receipt").at("outcomes").number("deadline"), 1);
    Json result = results("a.results").at(1);
    EXPECT_TRUE(result.at("best").truth("feasible"));
    EXPECT_FALSE(solution("a.results", result).empty());
    EXPECT_TRUE(exists("a.results/" + result.text("job") + "/receipt.json"));
}

TEST_F(SweepTest, WorkersShareTheCoresUnlessTheSettingsSayOtherwise)
{
    const std::string share = std::to_string(std::max(1u, g_get_num_processors() / 2));
    std::string path =
        write("a", "instances = comp01.ctt\nseeds = 1-2", "time = 10m\ndeadline = 1s");

    sweep_json(path, { "--workers", "2" }, 3);

    /* a failure keeps the folder of its job */
    std::string spec = home("a.results/" + results("a.results").at(1).text("job") + "/spec.ini");
    EXPECT_THAT(read_text(spec), HasSubstr("cpu.threads=" + share + "\n"));

    path = write("b", "instances = comp01.ctt",
                 "time = 10m\ndeadline = 1s\ncpu.threads = 1\ncpu.level = baseline");
    sweep_json(path, { "--workers", "2" }, 3);
    spec = home("b.results/" + results("b.results").at(1).text("job") + "/spec.ini");
    EXPECT_THAT(read_text(spec), HasSubstr("cpu.threads=1\n"));
}

TEST_F(SweepTest, ResultsThatDoNotFitOnTheDiskEndItAndTheNextTimeGoesOn)
{
    std::string path = write("a", "instances = toy.ctt\nseeds = 1-60",
                             "rounds = 1\ndevice.isolation = in-process");

    /* files of at most 16 KiB: it is the results that grow beyond that */
    Ended ended = run_by_shell("ulimit -f 32; ", "sweep '" + path + "' --workers 2");

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err,
                HasSubstr("a.results/results.ndjson: cannot be written: File too large"));
    std::size_t n_before = 0;
    for (const auto &[index, result] : results("a.results")) {
        n_before += result.text("outcome") == "stopped" ? 0 : 1; /* the other worker's may fit */
    }
    EXPECT_GT(n_before, 10u);
    EXPECT_LT(n_before, 60u);
    EXPECT_EQ(sweep_json(path).number("earlier"), static_cast<gint64>(n_before));
    EXPECT_EQ(results("a.results").size(), 60u);
    EXPECT_EQ(count_files("a.results/jobs"), 0u);
}

TEST_F(SweepTest, DryRunPrintsTheCombinationsAndMakesNothing)
{
    std::string path = write("a", "instances = comp01.ctt; toy.ctt\nseeds = 3-4", "time = 1s; 2s");

    Ended ended = sweep(path, { "--dry-run" });
    Json document = sweep_json(path, { "--dry-run" });

    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, HasSubstr("INDEX  INSTANCE    TIME  SEED\n"
                                     "    1  comp01.ctt  1s       3\n"
                                     "    2  comp01.ctt  1s       4\n"
                                     "    3  comp01.ctt  2s       3\n"));
    ASSERT_EQ(document.items("combinations").size(), 8u);
    EXPECT_EQ(document.items("combinations")[7].text("instance"), "toy.ctt");
    EXPECT_EQ(document.items("combinations")[7].at("settings").text("time"), "2s");
    EXPECT_EQ(Json::lines(sweep(path, { "--dry-run", "--format", "ndjson" }).out).size(), 8u);
    EXPECT_FALSE(exists("a.results"));
}

TEST_F(SweepTest, BadUseIsRefusedBeforeAnythingIsMade)
{
    std::string path = write("a", "instances = toy.ctt", "rounds = 1\ndevice = cpu");
    const struct {
        std::vector<std::string> flags;
        const char *message;
    } uses[] = {
        { { "--workers", "0" }, "--workers: 0 is out of range (give 1 to 64)" },
        { { "--workers", "65" }, "--workers: 65 is out of range" },
        { { "--workers", "x" }, "--workers: \"x\" is not" },
        { { "--on-failure", "x" }, "--on-failure: \"x\" is neither continue nor stop" },
        { { "--device", "cpu" }, "a.sweep:5: there is" },
    };

    for (const auto &use : uses) {
        Ended ended = sweep(path, use.flags);
        EXPECT_EQ(ended.code, 2) << ended.err;
        EXPECT_TRUE(ended.out.empty());
        if (use.flags[0] != "--device") {
            EXPECT_THAT(ended.err, HasSubstr(use.message));
        } else {
            EXPECT_THAT(ended.err, HasSubstr("a.sweep:5 says already which device"));
        }
    }
    Ended missing = sweep(home("none.sweep"));
    EXPECT_EQ(missing.code, 2);
    EXPECT_THAT(missing.err, HasSubstr("none.sweep: there is no such file"));
    EXPECT_EQ(rein_.run({ "sweep" }).code, 2);
    EXPECT_FALSE(exists("a.results"));
}

TEST_F(SweepTest, WithoutADeviceNothingIsRecorded)
{
    std::string path = write("a", "instances = toy.ctt\nseeds = 1-3", "rounds = 1");

    Ended ended = sweep(path, { "--device", "none:0", "--workers", "2" });

    EXPECT_EQ(ended.code, 10);
    EXPECT_THAT(ended.err, HasSubstr("none:0"));
    EXPECT_TRUE(results("a.results").empty());
    EXPECT_EQ(sweep_json(path).text("outcome"), "complete"); /* another time, with another device */
    EXPECT_EQ(results("a.results").size(), 3u);
}

TEST_F(SweepTest, DeviceThatTheFileChoosesFailsItsOwnCombinations)
{
    std::string path = write("a", "instances = toy.ctt\nseeds = 1-2",
                             "rounds = 1\ndevice = cpu; none:0\ncpu.threads = 1; 2");

    Json end = sweep_json(path, {}, 10);

    EXPECT_EQ(end.at("receipt").number("ended"), 4);
    EXPECT_EQ(end.at("receipt").number("failed"), 4);
    EXPECT_EQ(end.at("receipt").number("devices_opened"), 2); /* one for each number of threads */
    EXPECT_EQ(results("a.results").at(5).number("exit_code"), 10);
}

TEST_F(SweepTest, LostDeviceIsOpenedAnewForTheNextCombination)
{
    std::string path = write("a", "instances = comp01.ctt\nseeds = 1-2", "rounds = 40");

    Ended ended = start({ "sweep", path, "--format", "json" }, faulty("run_fitness:6:7")).wait();

    EXPECT_EQ(ended.code, 12) << ended.err;
    std::map<gint64, Json> all = results("a.results");
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all.at(1).text("outcome"), "failed");
    EXPECT_THAT(all.at(1).text("error"), HasSubstr("run_fitness fails on purpose"));
    EXPECT_FALSE(all.at(2).truth("warm"));
    /* the evidence of the failure is kept, and its best so far */
    EXPECT_TRUE(exists("a.results/" + all.at(1).text("job") + "/receipt.json"));
    EXPECT_FALSE(solution("a.results", all.at(1)).empty());
}

TEST_F(SweepTest, DeviceWithoutACleanReceiptIsNotUsedAgain)
{
    std::string path = write("a", "instances = toy.ctt\nseeds = 1-3", "rounds = 2");

    Ended ended = start({ "sweep", path }, faulty("usage:0:leak")).wait();

    EXPECT_EQ(ended.code, 12);
    EXPECT_THAT(ended.out, HasSubstr("receipt: NOT clean in 3 of 3 jobs\n"));
    Json receipt(read_text(home("a.results/receipt.json")));
    EXPECT_EQ(receipt.number("not_clean"), 3);
    EXPECT_EQ(receipt.number("leaked_bytes"), 192);
    EXPECT_EQ(receipt.number("devices_opened"), 3);
    for (const auto &[index, result] : results("a.results")) {
        EXPECT_FALSE(result.truth("warm")) << index;
        EXPECT_EQ(result.number("exit_code"), 12);
    }
}

} // namespace
