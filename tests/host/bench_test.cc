/* SPDX-License-Identifier: MIT */

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "bench/plain_ctt.h"
#include "bench/series.h"
#include "ctt_fixture.h"
#include "support/json.h"
#include "support/live_program.h"
#include "support/processes.h"
#include "support/program.h"

namespace
{

using rein_test::Ended;
using rein_test::Json;
using rein_test::Program;
using testing::HasSubstr;

class SeriesTest : public testing::Test
{
  protected:
    ~SeriesTest() override
    {
        series_free(series_);
    }

    Series *series_ = series_new();
};

TEST_F(SeriesTest, PercentilesAreValuesThatWereMeasured)
{
    for (double value : { 5.0, 1.0, 4.0, 2.0, 3.0 }) {
        series_add(series_, value);
    }
    EXPECT_EQ(series_get_n(series_), 5u);
    EXPECT_EQ(series_get_percentile(series_, 0), 1.0);
    EXPECT_EQ(series_get_percentile(series_, 0.5), 3.0);
    EXPECT_EQ(series_get_percentile(series_, 0.99), 5.0);
    EXPECT_EQ(series_get_percentile(series_, 1), 5.0);
}

TEST_F(SeriesTest, NoValuesAreZero)
{
    EXPECT_EQ(series_get_percentile(series_, 0.5), 0.0);
}

/* The rival must count as the validator does, or the comparison is worth nothing. */
class PlainCttTable : public testing::TestWithParam<ctt::Expected>
{
};

TEST_P(PlainCttTable, CostsAreTheValidators)
{
    ctt::Instance instance = ctt::read_instance(GetParam().instance);
    ctt::Solution solution = ctt::read_solution(instance, GetParam().solution);
    ctt::Genome genome(instance->n_lectures);
    const CttScore expected = ctt::score(instance, solution);
    PlainCtt *plain = plain_ctt_new(instance.get());

    ctt_solution_to_genome(solution.get(), instance.get(), genome.data());
    for (int repeat = 0; repeat < 2; repeat++) {
        gint32 hard = -1;
        gint32 soft = -1;
        plain_ctt_evaluate(plain, genome.data(), &hard, &soft);
        EXPECT_EQ(hard, expected.hard);
        EXPECT_EQ(soft, expected.soft);
    }
    plain_ctt_free(plain);
}

INSTANTIATE_TEST_SUITE_P(Itc2007, PlainCttTable, testing::ValuesIn(ctt::all_expected()),
                         ctt::test_name);

/* Whether that is a rein bench which serves another one, and no worker that is asked for devices. */
bool
IsPeer(pid_t pid)
{
    return rein_test::read_text("/proc/" + std::to_string(pid) + "/cmdline").find("--peer") !=
           std::string::npos;
}

class BenchTest : public testing::Test
{
  protected:
    Program rein_{ "rein" };
};

TEST_F(BenchTest, UnknownCaseIsAUsageError)
{
    Ended ended = rein_.run({ "bench", "speed" });

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("there is no case \"speed\""));
}

TEST_F(BenchTest, MissingInstancesAreNamed)
{
    Ended ended = rein_.run({ "bench", "moves", "--data", "/nowhere" });

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("--data: /nowhere/comp01.ctt"));
}

TEST_F(BenchTest, JsonHasARowForEachFigureWithItsSpread)
{
    Ended ended = rein_.run({ "bench", "round", "--repeats", "1", "--format", "json" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    Json document(ended.out);
    EXPECT_EQ(document.text("device"), "cpu:0");
    ASSERT_EQ(document.items("rows").size(), 3u);
    for (const Json &row : document.items("rows")) {
        EXPECT_EQ(row.text("case"), "round");
        EXPECT_EQ(row.text("unit"), "us");
        EXPECT_EQ(row.number("n"), 1);
        EXPECT_TRUE(row.has("median"));
        EXPECT_TRUE(row.has("min"));
        EXPECT_TRUE(row.has("max"));
    }
}

TEST_F(BenchTest, KernelAndPlainCAgreeBeforeTheyAreTimed)
{
    Ended ended = rein_.run({ "bench", "evaluate", "--repeats", "1", "--format", "json", "--data",
                              REIN_TEST_DATA_DIR "/itc2007" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(Json(ended.out).items("rows").size(), 9u);
}

/* The row of that name; a failure if there is none. */
Json
FindRow(const std::vector<Json> &rows, const std::string &what)
{
    for (const Json &row : rows) {
        if (row.text("what") == what) {
            return row;
        }
    }
    ADD_FAILURE() << "there is no row \"" << what << "\"";
    return Json("{}");
}

TEST_F(BenchTest, StopsEndCleanAndLaunchNothingLate)
{
    Ended ended = rein_.run({ "bench", "stop", "--stops", "20", "--format", "json", "--data",
                              REIN_TEST_DATA_DIR "/itc2007" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> rows = Json(ended.out).items("rows");
    ASSERT_EQ(rows.size(), 10u);
    for (const std::string place : { "in process", "isolated" }) {
        EXPECT_EQ(FindRow(rows, "launches begun after the flag, all stops, " + place).number("max"),
                  0);
        EXPECT_EQ(FindRow(rows, "receipts that are not clean, " + place).number("max"), 0);
        EXPECT_EQ(FindRow(rows, "stop to terminal state, comp01, " + place).number("p99_at_most"),
                  500);
    }
}

TEST_F(BenchTest, IsolationHasBothRatesAndTheirRatioAndThatOfAWarmWorker)
{
    Ended ended = rein_.run({ "bench", "isolation", "--device", "cpu", "--repeats", "1", "--data",
                              REIN_TEST_DATA_DIR "/itc2007", "--format", "json" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> rows = Json(ended.out).items("rows");
    ASSERT_EQ(rows.size(), 10u);
    for (std::size_t i = 0; i < rows.size(); i++) {
        const bool is_ratio = i % 3 == 2 || i == 9;
        EXPECT_EQ(rows[i].text("unit"), is_ratio ? "ratio" : "1/s");
        EXPECT_TRUE(rows[i].has("median"));
        EXPECT_EQ(rows[i].has("median_at_least"), is_ratio);
        EXPECT_EQ(rows[i].has("held"), is_ratio);
    }
    EXPECT_THAT(rows[9].text("what"), HasSubstr("20th job"));
}

TEST_F(BenchTest, WorkerOfAnEndlessKernelIsGone)
{
    Ended ended =
        rein_.run({ "bench", "gone", "--device", "cpu", "--trials", "1", "--format", "json" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> rows = Json(ended.out).items("rows");
    ASSERT_EQ(rows.size(), 4u);
    for (const std::string how : { "endless kernel", "endless kernel, process stopped" }) {
        EXPECT_EQ(FindRow(rows, "flag to gone, " + how).number("max_at_most"), 3000);
        EXPECT_EQ(FindRow(rows, "processes left, " + how).number("max"), 0);
    }
}

TEST_F(BenchTest, GoneIsLeftOutWithoutACompiler)
{
    rein_.set("REIN_CPU_COMPILER", "/nowhere/cc");
    Ended ended = rein_.run({ "bench", "gone", "--device", "cpu", "--format", "json" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> left_out = Json(ended.out).items("left_out");
    ASSERT_EQ(left_out.size(), 1u);
    EXPECT_THAT(left_out[0].text("reason"), HasSubstr("/nowhere/cc"));
}

TEST_F(BenchTest, KilledHostLeavesNoDescendant)
{
    Ended ended = rein_.run({ "bench", "kill", "--device", "cpu", "--trials", "2", "--data",
                              REIN_TEST_DATA_DIR "/itc2007", "--format", "json" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> rows = Json(ended.out).items("rows");
    ASSERT_EQ(rows.size(), 6u);
    for (const std::string how : { "", ", all of them stopped" }) {
        EXPECT_EQ(FindRow(rows, "host killed to last one gone" + how).number("n"), 2);
        EXPECT_GE(FindRow(rows, "descendants of a host" + how).number("min"), 2);
        EXPECT_EQ(FindRow(rows, "descendants left after 10 s" + how).number("max"), 0);
    }
}

TEST_F(BenchTest, TeardownHasItsPartOfTheJobAndTheScratchFolders)
{
    Ended ended = rein_.run({ "bench", "teardown", "--device", "cpu", "--repeats", "2", "--data",
                              REIN_TEST_DATA_DIR "/itc2007", "--format", "json" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> rows = Json(ended.out).items("rows");
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(FindRow(rows, "its part of the job's time").text("unit"), "%");
    EXPECT_EQ(FindRow(rows, "emptying the scratch folder").number("n"), 2);
}

TEST_F(BenchTest, JobsLeaveNoDescriptorAndNoThread)
{
    Ended ended = rein_.run({ "bench", "drift", "--device", "cpu", "--jobs", "10", "--data",
                              REIN_TEST_DATA_DIR "/itc2007", "--format", "json" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> rows = Json(ended.out).items("rows");
    ASSERT_EQ(rows.size(), 6u);
    for (const std::string who : { "host", "worker" }) {
        EXPECT_EQ(FindRow(rows, "descriptors more after 10 jobs, " + who).number("max"), 0);
        EXPECT_EQ(FindRow(rows, "threads more after 10 jobs, " + who).number("max"), 0);
        EXPECT_EQ(FindRow(rows, "resident memory more after 10 jobs, " + who).text("unit"), "KiB");
    }
}

TEST_F(BenchTest, NoTrialsIsAUsageError)
{
    Ended ended = rein_.run({ "bench", "kill", "--trials", "0" });

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("--trials"));
}

TEST_F(BenchTest, WhatIsLeftOutIsInTheDocumentWithItsReason)
{
    Ended ended = rein_.run({ "bench", "host", "versus", "--format", "json" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> left_out = Json(ended.out).items("left_out");
    ASSERT_EQ(left_out.size(), 2u);
    EXPECT_EQ(left_out[0].text("case"), "host");
    EXPECT_EQ(left_out[1].text("case"), "versus");
    EXPECT_THAT(left_out[1].text("reason"), HasSubstr("--against"));
}

/* Another rein bench serves as the second device, so that none but the CPU plugin is needed. */
TEST_F(BenchTest, VersusHasBothRatesAndTheirRatioOfEachWork)
{
    Ended ended = rein_.run({ "bench", "versus", "--device", "cpu", "--against", "cpu", "--repeats",
                              "1", "--data", REIN_TEST_DATA_DIR "/itc2007", "--format", "json" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> rows = Json(ended.out).items("rows");
    ASSERT_EQ(rows.size(), 30u);
    for (std::size_t i = 0; i < rows.size(); i++) {
        EXPECT_EQ(rows[i].text("device"), "cpu:0");
        EXPECT_EQ(rows[i].text("backend"), "cpu");
        EXPECT_EQ(rows[i].text("unit"), i % 3 == 2 ? "ratio" : "1/s");
        EXPECT_EQ(rows[i].has("against_device"), i % 3 == 2);
    }
}

TEST_F(BenchTest, OtherDeviceThatIsNotThereIsNamed)
{
    Ended ended = rein_.run({ "bench", "versus", "--device", "cpu", "--against", "cpu:7", "--data",
                              REIN_TEST_DATA_DIR "/itc2007" });

    EXPECT_NE(ended.code, 0);
    EXPECT_THAT(ended.err, HasSubstr("cpu:7"));
    EXPECT_THAT(ended.err, HasSubstr("ended with exit code 10"));
}

TEST_F(BenchTest, BuildHasThreeStepsFromNothingAndOnceMore)
{
    Ended ended =
        rein_.run({ "bench", "build", "--device", "cpu", "--repeats", "1", "--format", "json" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> rows = Json(ended.out).items("rows");
    ASSERT_EQ(rows.size(), 6u);
    for (std::size_t i = 0; i < rows.size(); i++) {
        EXPECT_EQ(rows[i].text("unit"), "ms");
        EXPECT_THAT(rows[i].text("what"), HasSubstr(i < 3 ? "from nothing" : "second process"));
    }
}

TEST_F(BenchTest, TimetableHasBothDevicesSideBySide)
{
    Ended ended = rein_.run({ "bench", "timetable", "--device", "cpu", "--against", "cpu",
                              "--seeds", "1", "--time", "50ms", "--data",
                              REIN_TEST_DATA_DIR "/itc2007", "--format", "json" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> rows = Json(ended.out).items("rows");
    ASSERT_EQ(rows.size(), 48u); /* three for each of seven instances and one sum, on two devices */
    for (std::size_t i = 0; i < 42; i += 6) {
        EXPECT_EQ(rows[i].text("what"), rows[i + 3].text("what"));
        EXPECT_THAT(rows[i].text("what"), HasSubstr("soft cost"));
    }
}

TEST_F(BenchTest, OtherProcessIsGoneWithAKilledBench)
{
    const rein_test::TemporaryFolder home;
    rein_test::LiveProgram rein(home, "rein",
                                { "bench", "timetable", "--device", "cpu", "--against", "cpu",
                                  "--time", "1h", "--data", REIN_TEST_DATA_DIR "/itc2007" });
    std::vector<pid_t> children;

    ASSERT_TRUE(rein_test::WaitUntil([&] {
        children = rein_test::FindChildren(rein.pid());
        return !children.empty() && IsPeer(children[0]);
    }));
    kill(rein.pid(), SIGKILL);
    EXPECT_TRUE(rein_test::WaitUntil([&] { return !rein_test::IsRunning(children[0]); }));
}

/* On PoCL, with rivals that a test puts into a folder of its own. */
class BenchRivalTest : public BenchTest
{
  protected:
    static constexpr char kDriver[] = "/etc/OpenCL/vendors/pocl.icd";
    static constexpr char kRival[] = REIN_PROGRAM_DIR "/../tests/rivals/opencl_host";

    void
    SetUp() override
    {
        if (access(kDriver, R_OK) != 0 || access(kRival, X_OK) != 0) {
            GTEST_SKIP() << "pocl: no " << kDriver << " or no " << kRival;
        }
        rein_.set("OCL_ICD_VENDORS", kDriver);
    }

    Ended
    Run(const std::string &script, const std::vector<std::string> &more = {})
    {
        std::vector<std::string> arguments = { "bench",     "host",
                                               "--device",  "opencl",
                                               "--repeats", "1",
                                               "--data",    REIN_TEST_DATA_DIR "/itc2007",
                                               "--format",  "json" };
        if (!script.empty()) {
            const std::string path = folder_.write("opencl_host", "#!/bin/sh\n" + script + "\n");
            std::filesystem::permissions(path, std::filesystem::perms::owner_all);
            arguments.insert(arguments.end(), { "--rivals", folder_.path() });
        }
        arguments.insert(arguments.end(), more.begin(), more.end());
        return rein_.run(arguments);
    }

    rein_test::TemporaryFolder folder_;
};

/* Where things lie is of no matter to empty kernels, so that they alone are measured. */
TEST_F(BenchRivalTest, RivalThatComputesSomethingElseGetsNoFigureAndTheOthersDo)
{
    Ended ended =
        Run(std::string("sed -i 's/^interleave .*/interleave 1/' \"$1/manifest\"\nexec ") + kRival +
            " \"$@\"");

    EXPECT_EQ(ended.code, 12);
    EXPECT_THAT(ended.out, HasSubstr("is not the same here and in opencl_host"));
    std::vector<Json> rows = Json(ended.out).items("rows");
    ASSERT_GE(rows.size(), 9u);
    EXPECT_EQ(rows.size() % 3, 0u);
    EXPECT_EQ(rows[0].text("backend"), "opencl");
    EXPECT_EQ(rows[1].text("backend"), "opencl_host");
    EXPECT_EQ(rows[2].text("unit"), "ratio");
}

TEST_F(BenchRivalTest, RivalThatDiesIsAnError)
{
    Ended ended = Run("exit 1");

    EXPECT_NE(ended.code, 0);
    EXPECT_THAT(ended.err, HasSubstr("opencl_host"));
}

TEST_F(BenchRivalTest, RivalThatHangsIsEndedAfterThePatience)
{
    const std::string number = folder_.file("pid");
    Ended ended = Run("echo $$ >" + number + "\nexec sleep 1000", { "--patience", "1s" });
    const pid_t pid = std::stoi(rein_test::read_text(number));

    EXPECT_NE(ended.code, 0);
    EXPECT_THAT(ended.err, HasSubstr("opencl_host"));
    EXPECT_NE(kill(pid, 0), 0) << "it is still there";
}

} // namespace
