/* SPDX-License-Identifier: MIT */
#include <gmock/gmock.h>

#include "host/run_fixture.h"

namespace
{

using rein_test::Ended;
using rein_test::Json;
using rein_test::kInfeasible;
using rein_test::read_text;
using rein_test::RunTest;
using testing::Each;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TEST_F(RunTest, RoundsReachedWithFeasibleSolutionEndsWithZero)
{
    Ended ended = run({ data("comp01.ctt"), "--rounds", "3", "--format", "json" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    Json document(ended.out);
    EXPECT_EQ(document.text("outcome"), "rounds");
    EXPECT_EQ(document.number("rounds"), 3);
    EXPECT_EQ(document.number("exit_code"), 0);
    EXPECT_TRUE(document.at("best").truth("feasible"));
    EXPECT_GT(document.number("evaluations"), 0);
    EXPECT_GT(document.number("moves"), 0);
    EXPECT_EQ(document.number("seed"), 1);
    EXPECT_THAT(document.text("device"), StartsWith("cpu"));
    EXPECT_THAT(document.text("solution"), HasSubstr(document.text("job")));
    expect_clean(document.at("receipt"));
    expect_verified(data("comp01.ctt"), document);
}

TEST_F(RunTest, TimeReachedEndsWithZero)
{
    Json document(run_json({ data("toy.ctt"), "--time", "50ms" }));

    EXPECT_EQ(document.text("outcome"), "time");
}

TEST_F(RunTest, EvaluationsReachedEndsWithZero)
{
    Json document(run_json({ data("toy.ctt"), "--evaluations", "6" }));

    EXPECT_EQ(document.text("outcome"), "evaluations");
    EXPECT_GE(document.number("evaluations"), 6);
}

TEST_F(RunTest, StagnationEndsWithZero)
{
    Json document(run_json({ data("toy.ctt"), "--stagnation", "3", "--time", "50s" }));

    EXPECT_EQ(document.text("outcome"), "stagnation");
}

TEST_F(RunTest, TargetReachedEndsWithZero)
{
    Json document(run_json({ data("comp01.ctt"), "--target", "1000", "--time", "50s" }));

    EXPECT_EQ(document.text("outcome"), "target");
}

TEST_F(RunTest, TargetMayNameTheHardCost)
{
    Json document(run_json({ data("comp01.ctt"), "--target", "500,100000", "--time", "50s" }));

    EXPECT_EQ(document.text("outcome"), "target");
}

TEST_F(RunTest, DeadlineEndsWithThreeAndTheBestSoFar)
{
    Ended ended =
        run({ data("comp01.ctt"), "--time", "50s", "--deadline", "2s", "--format", "json" });

    EXPECT_EQ(ended.code, 3);
    EXPECT_THAT(ended.err, HasSubstr("rein: the deadline of 2s passed after "));
    Json document(ended.out);
    EXPECT_EQ(document.text("outcome"), "deadline");
    expect_clean(document.at("receipt"));
    expect_verified(data("comp01.ctt"), document);
}

TEST_F(RunTest, DeadlineBeforeTheFirstRoundReadsAsADeadline)
{
    Ended ended = run({ data("comp01.ctt"), "--deadline", "1ms" });

    EXPECT_EQ(ended.code, 3);
    EXPECT_THAT(ended.err, HasSubstr("rein: the deadline of 1ms passed before the first round"));
}

TEST_F(RunTest, LimitWithoutFeasibleSolutionEndsWithFive)
{
    std::string problem = rein_.home().write("none.ctt", kInfeasible);

    Ended ended = run({ problem, "--rounds", "2", "--format", "json" });

    EXPECT_EQ(ended.code, 5) << ended.err;
    EXPECT_FALSE(Json(ended.out).at("best").truth("feasible"));
}

TEST_F(RunTest, SameSeedGivesSameRecordsWithAnyThreadsLevelAndSlice)
{
    std::string first;

    for (const char *level : { "baseline", "avx2", "avx512" }) {
        for (const char *threads : { "1", "2" }) {
            for (const char *slice : { "1", "100" }) {
                Ended ended = run({ data("comp01.ctt"), "--rounds", "4", "--seed", "7", "--record",
                                    home("record"), "--slice-ms", slice, "--quiet", "--set",
                                    std::string("cpu.level=") + level, "--set",
                                    std::string("cpu.threads=") + threads });
                if (ended.code == 10 && std::string(level) != "baseline") {
                    continue; /* this processor does not have it */
                }
                ASSERT_EQ(ended.code, 0) << ended.err;
                std::string record = read_text(home("record"));
                first = first.empty() ? record : first;
                EXPECT_EQ(record, first) << level << ", " << threads << ", " << slice;
            }
        }
    }
    EXPECT_EQ(Json::lines(first).size(), 5u);
}

TEST_F(RunTest, OtherSeedGivesOtherRecords)
{
    run_json({ data("comp01.ctt"), "--rounds", "2", "--record", home("a") });
    run_json({ data("comp01.ctt"), "--rounds", "2", "--record", home("b"), "--seed", "2" });

    EXPECT_NE(read_text(home("a")), read_text(home("b")));
}

TEST_F(RunTest, StartFileIsEvaluatedFirstAndNeverLost)
{
    Json document(run_json({ data("comp01.ctt"), "--rounds", "1", "--record", home("record"),
                             "--start", data("solutions/comp01-UD2.sol") }));

    EXPECT_EQ(document.at("best").number("soft"), 5);
    EXPECT_THAT(read_text(home("record")), StartsWith("{\"round\":0,\"best\":[0,5],"));
}

TEST_F(RunTest, StartOfAnotherInstanceIsRefused)
{
    Ended ended = run({ data("comp01.ctt"), "--start", data("solutions/comp02-UD2.sol") });

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("comp02-UD2.sol:1: "));
    EXPECT_THAT(ended.err, HasSubstr("another instance"));
    expect_no_job();
}

TEST_F(RunTest, StartThatDoesNotExistIsRefused)
{
    Ended ended = run({ data("comp01.ctt"), "--start", home("none.sol") });

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("none.sol"));
    expect_no_job();
}

TEST_F(RunTest, SolutionIsCopiedToOutput)
{
    Json document(run_json({ data("toy.ctt"), "--rounds", "1", "--output", home("out.sol") }));

    EXPECT_EQ(document.text("output"), home("out.sol"));
    EXPECT_EQ(read_text(home("out.sol")), read_text(document.text("solution")));
}

TEST_F(RunTest, UnwritableOutputIsNoticedBeforeTheRun)
{
    rein_.home().write("folder/file", "");
    for (const std::string &output :
         { home("missing/out.sol"), home("folder"), home("folder/file/out.sol"),
           std::string("/proc/out.sol") }) {
        Ended ended = run({ data("toy.ctt"), "--rounds", "1", "--output", output });
        EXPECT_EQ(ended.code, 2);
        EXPECT_THAT(ended.err, HasSubstr(output + ": cannot be written: "));
    }
    expect_no_job();
}

TEST_F(RunTest, UnwritableRecordIsNoticedBeforeTheRun)
{
    Ended ended = run({ data("toy.ctt"), "--rounds", "1", "--record", home("missing/record") });

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("missing/record: cannot be written: "));
    expect_no_job();
}

TEST_F(RunTest, OutputDoesNotReplaceTheProblem)
{
    std::string problem = rein_.home().write("toy.ctt", read_text(data("toy.ctt")));

    Ended ended = run({ problem, "--rounds", "1", "--output", problem });

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("would replace the problem"));
    EXPECT_EQ(read_text(problem), read_text(data("toy.ctt")));
}

TEST_F(RunTest, RecordReplacesNothingThatIsReadOrWritten)
{
    std::string problem = rein_.home().write("toy.ctt", read_text(data("toy.ctt")));
    std::string first = Json(run_json({ problem, "--rounds", "1" })).text("solution");
    std::string begin = rein_.home().write("begin.sol", read_text(first));
    struct {
        std::vector<std::string> flags;
        const char *part;
    } cases[] = {
        { { "--record", problem }, "the record would replace the problem" },
        { { "--record", home("./toy.ctt") }, "the record would replace the problem" },
        { { "--record", begin, "--start", begin }, "the record would replace the start solution" },
        { { "--record", home("x"), "--output", home("./x") }, "the record would replace the sol" },
    };

    for (const auto &wrong : cases) {
        std::vector<std::string> arguments = { problem, "--rounds", "1" };
        arguments.insert(arguments.end(), wrong.flags.begin(), wrong.flags.end());
        Ended ended = run(arguments);
        EXPECT_EQ(ended.code, 2);
        EXPECT_THAT(ended.err, HasSubstr(wrong.part));
    }
    EXPECT_EQ(read_text(problem), read_text(data("toy.ctt")));
    EXPECT_EQ(read_text(begin), read_text(first));
    EXPECT_FALSE(std::filesystem::exists(home("x")));
    EXPECT_EQ(count_jobs(), 1);
    expect_nothing_unfinished();
}

TEST_F(RunTest, OutputMayReplaceTheStart)
{
    std::string begin =
        rein_.home().write("begin.sol", read_text(data("solutions/comp01-UD2.sol")));

    Json document(
        run_json({ data("comp01.ctt"), "--rounds", "1", "--start", begin, "--output", begin }));

    EXPECT_EQ(read_text(begin), read_text(document.text("solution")));
}

TEST_F(RunTest, EmptyPathsAreRefusedBeforeTheRun)
{
    for (const char *flag : { "--output", "--record" }) {
        Ended ended = run({ data("toy.ctt"), "--rounds", "1", flag, "" });
        EXPECT_EQ(ended.code, 2);
        EXPECT_THAT(ended.err, StartsWith("rein: \"\": cannot be written: "));
    }
    for (const std::vector<std::string> &arguments :
         { std::vector<std::string>{ "" }, { data("toy.ctt"), "--start", "" } }) {
        Ended ended = run(arguments);
        EXPECT_EQ(ended.code, 2);
        EXPECT_THAT(ended.err, StartsWith("rein: \"\": cannot be read: "));
    }
    expect_no_job();
}

TEST_F(RunTest, LimitOfFileSizeIsAnErrorAndNoSignal)
{
    Ended ended =
        run_by_shell("ulimit -f 1; ", "run '" + data("comp01.ctt") + "' --rounds 1 --in-process");

    EXPECT_EQ(ended.code, 2) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(": cannot be written: File too large (raise the limit"));
    expect_nothing_unfinished();
}

TEST_F(RunTest, ClosedStdoutIsNamedAndNothingElseIsWrittenInto)
{
    Ended ended = run_by_shell("", "run '" + data("toy.ctt") + "' --rounds 1 --output '" +
                                       home("out.sol") + "' >&-");

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("rein: stdout is closed"));
    EXPECT_EQ(rein_.run({ "verify", data("toy.ctt"), home("out.sol") }).code, 0);
}

TEST_F(RunTest, RelativeStateFolderCountsAsNotSet)
{
    rein_.set("XDG_STATE_HOME", "state-of-here");

    Json document(run_json({ data("toy.ctt"), "--rounds", "1" }));

    EXPECT_THAT(document.text("solution"), StartsWith(home(".local/state/rein/jobs/")));
    EXPECT_FALSE(std::filesystem::exists("state-of-here"));
}

TEST_F(RunTest, SpecNamesAPathThatIsNotUtf8AsAUri)
{
    std::string problem = rein_.home().write("to\xff.ctt", read_text(data("toy.ctt")));
    rein_.set("REIN_CPU_COMPILER", "/no/\xff");

    Json document(run_json({ problem, "--rounds", "1" }));

    std::string spec = read_text(home("state/rein/jobs/" + document.text("job") + "/spec.ini"));
    EXPECT_THAT(spec, HasSubstr("\npath-uri=file://" + home("to%FF.ctt") + "\n"));
    EXPECT_THAT(spec, HasSubstr("\ncpu.compiler-escaped=/no/%FF\n"));
}

TEST_F(RunTest, FullOutputIsAnErrorAndTheSolutionIsInTheJobFolder)
{
    Ended ended =
        run({ data("toy.ctt"), "--rounds", "1", "--output", "/dev/full", "--format", "json" });

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("/dev/full: cannot be written: No space left on device"));
    Json document(ended.out);
    EXPECT_EQ(document.text("outcome"), "rounds");
    EXPECT_FALSE(read_text(document.text("solution")).empty());
}

TEST_F(RunTest, StateFolderThatCannotBeMadeIsAnError)
{
    rein_.set("XDG_STATE_HOME", "/proc/none");

    Ended ended = run({ data("toy.ctt"), "--rounds", "1" });

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("XDG_STATE_HOME"));
}

TEST_F(RunTest, MalformedProblemNamesFileAndLine)
{
    std::string problem = rein_.home().write("bad.ctt", "Name: x\nCourses: -3\n");

    Ended ended = run({ problem });

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, StartsWith("rein: " + problem + ":2: "));
    expect_no_job();
}

TEST_F(RunTest, UnknownFormatListsTheKnownOnes)
{
    std::string problem = rein_.home().write("thing.xyz", "nothing anybody knows\n");

    Ended ended = run({ problem });

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr(".ctt (ITC-2007 course timetabling)"));
    expect_no_job();
}

TEST_F(RunTest, NoUsableDeviceEndsWithTen)
{
    Ended ended = run({ data("toy.ctt"), "--device", "none:0", "--format", "json" });

    EXPECT_EQ(ended.code, 10);
    EXPECT_THAT(ended.err, HasSubstr("none:0"));
    Json document(ended.out);
    EXPECT_EQ(document.text("outcome"), "failed");
    expect_clean(document.at("receipt"));
    expect_no_job();
}

TEST_F(RunTest, WrongFlagsAreUsageErrors)
{
    struct {
        std::vector<std::string> flags;
        const char *part;
    } cases[] = {
        { { "--islands", "4" }, "--islands" },
        { { "--time", "soon" }, "--time" },
        { { "--time", "0s" }, "--time" },
        { { "--rounds", "0" }, "--rounds" },
        { { "--rounds", "-1" }, "--rounds" },
        { { "--rounds", "4294967296" }, "--rounds" },
        { { "--evaluations", "x" }, "--evaluations" },
        { { "--stagnation", "0" }, "--stagnation" },
        { { "--deadline", "-1s" }, "--deadline" },
        { { "--target", "cheap" }, "--target" },
        { { "--target", "1,2,3" }, "--target" },
        { { "--population", "0" }, "--population" },
        { { "--seed", "-1" }, "--seed" },
        { { "--slice-ms", "0" }, "--slice-ms" },
        { { "--slice-ms", "101" }, "--slice-ms" },
        { { "--set", "cpu.threads" }, "--set" },
        { { "--set", "cpu.thread=1" }, "cpu.thread" },
        { { "--set", "cpu.threads=none" }, "cpu.threads" },
        { { "--device", "" }, "device" },
    };

    for (const auto &wrong : cases) {
        std::vector<std::string> arguments = { data("toy.ctt") };
        arguments.insert(arguments.end(), wrong.flags.begin(), wrong.flags.end());
        Ended ended = run(arguments);
        EXPECT_EQ(ended.code, 2) << wrong.flags[0];
        EXPECT_THAT(ended.err, HasSubstr(wrong.part));
    }
}

TEST_F(RunTest, JsonIsOneDocumentAndStderrIsSilent)
{
    Ended ended = run({ data("toy.ctt"), "--rounds", "1", "--format", "json" });

    EXPECT_THAT(ended.err, IsEmpty());
    Json document(ended.out);
    for (const char *member :
         { "outcome", "error", "exit_code", "best", "rounds", "evaluations", "moves", "seconds",
           "device", "seed", "population", "solution", "output", "job", "receipt" }) {
        EXPECT_TRUE(document.has(member)) << member;
    }
    for (const char *member :
         { "clean", "abandoned", "released_bytes", "leaked_bytes", "teardown_ms", "stop_ms",
           "launches", "launches_after_stop", "swept", "rungs", "held" }) {
        EXPECT_TRUE(document.at("receipt").has(member)) << member;
    }
}

TEST_F(RunTest, GreatSeedIsTextInJson)
{
    Json document(run_json({ data("toy.ctt"), "--rounds", "1", "--seed", "18446744073709551615" }));

    EXPECT_EQ(document.text("seed"), "18446744073709551615");
}

TEST_F(RunTest, EventsBeginWithJobStartedAndEndWithJobEnded)
{
    Ended ended = run({ data("toy.ctt"), "--rounds", "2", "--format", "ndjson" });

    ASSERT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> events = Json::lines(ended.out);
    std::vector<std::string> names;
    for (const Json &event : events) {
        EXPECT_EQ(event.number("v"), 1);
        EXPECT_THAT(event.text("time"), EndsWith("Z"));
        EXPECT_EQ(event.text("job"), events.front().text("job"));
        names.push_back(event.text("event"));
    }
    EXPECT_EQ(names.front(), "job_started");
    EXPECT_EQ(names[1], "start");
    EXPECT_EQ(names[2], "device_opened");
    EXPECT_EQ(names[names.size() - 2], "limit");
    EXPECT_EQ(names.back(), "job_ended");
    EXPECT_EQ(read_text(events.front().text("folder") + "/events.ndjson"), ended.out);
}

TEST_F(RunTest, JobFolderHoldsSpecSolutionReceiptAndLog)
{
    Json document(run_json({ data("toy.ctt"), "--rounds", "1", "--seed", "9", "--target", "0,0",
                             "--set", "cpu.threads=1" }));
    std::string folder = home("state/rein/jobs/" + document.text("job"));

    std::string spec = read_text(folder + "/spec.ini");
    for (const std::string &part :
         { "id=" + document.text("job"), std::string("seed=9"), std::string("rounds=1"),
           std::string("target=0,0"), std::string("cpu.threads=1"), "path=" + data("toy.ctt"),
           std::string("sha256="), std::string("version=") }) {
        EXPECT_THAT(spec, HasSubstr(part));
    }
    Json receipt(read_text(folder + "/receipt.json"));
    EXPECT_EQ(receipt.text("job"), document.text("job"));
    EXPECT_FALSE(receipt.items("steps").empty());
    expect_clean(receipt);
    EXPECT_THAT(read_text(folder + "/log"), HasSubstr("teardown: buffer: "));
    expect_nothing_unfinished();
}

TEST_F(RunTest, TextShowsBestGridSolutionAndReceipt)
{
    Ended ended = run({ data("comp01.ctt"), "--rounds", "2" });

    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, StartsWith("best: hard 0, soft "));
    for (const char *part : { "  compactness ", "\nday period ",
                              "\nsolution: ", "\nreceipt: clean, everything was given back\n" }) {
        EXPECT_THAT(ended.out, HasSubstr(part));
    }
    EXPECT_THAT(ended.out, Not(HasSubstr("\033")));
    EXPECT_THAT(ended.err, Not(HasSubstr("\r")));
    EXPECT_THAT(ended.err, HasSubstr("round "));
}

TEST_F(RunTest, NoGridLeavesOutTheGrid)
{
    Ended ended = run({ data("comp01.ctt"), "--rounds", "1", "--no-grid" });

    EXPECT_THAT(ended.out, Not(HasSubstr("day period")));
    EXPECT_THAT(ended.out, HasSubstr("receipt: "));
}

TEST_F(RunTest, QuietSaysTheBestAndWhereItIs)
{
    Ended ended = run({ data("comp01.ctt"), "--rounds", "1", "--quiet" });

    EXPECT_THAT(ended.err, IsEmpty());
    EXPECT_THAT(ended.out, StartsWith("best: hard 0, soft "));
    EXPECT_EQ(std::count(ended.out.begin(), ended.out.end(), '\n'), 2);
}

TEST_F(RunTest, VerboseSaysWhatWasHeldBeforeAndAfterTeardown)
{
    Ended ended = run({ data("toy.ctt"), "--rounds", "1", "--verbose" });

    for (const char *kind : { "buffer", "program", "device" }) {
        EXPECT_THAT(ended.err, HasSubstr(std::string("teardown: ") + kind + ": "));
    }
    EXPECT_THAT(ended.err, HasSubstr(" held ("));
    EXPECT_THAT(ended.err, HasSubstr("), 0 left\n"));
}

TEST_F(RunTest, ReaderThatWentAwayIsNoError)
{
    rein_.break_out();

    Ended ended = run({ data("toy.ctt"), "--rounds", "1" });

    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.err, Not(HasSubstr("rein: ")));
}

TEST_F(RunTest, JobsFolderIsTidiedByAge)
{
    Json first(run_json({ data("toy.ctt"), "--rounds", "1" }));

    run_json({ data("toy.ctt"), "--rounds", "1", "--set", "jobs.keep-age=0s" });

    EXPECT_EQ(count_jobs(), 1);
    EXPECT_TRUE(read_text(first.text("solution")).empty());
}

TEST_F(RunTest, TimetableKernelsNeedNoCompiler)
{
    run_json({ data("toy.ctt"), "--rounds", "1", "--set", "cpu.compiler=/none/cc" });
}

TEST_F(RunTest, InProcessIsWhatHappens)
{
    Ended ended = run({ data("toy.ctt"), "--rounds", "1", "--in-process", "--format", "ndjson" });

    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, HasSubstr("\"isolation\":\"in-process\""));
}

TEST_F(RunTest, BetterSolutionsAreSavedByTheClock)
{
    Ended ended = run({ data("comp02.ctt"), "--time", "1500ms", "--set", "job.save=100ms",
                        "--format", "ndjson" });
    bool is_saved = false;

    EXPECT_EQ(ended.code, 0) << ended.err;
    for (const Json &event : Json::lines(ended.out)) {
        is_saved |= event.text("event") == "saved" && event.text("reason") == "interval";
    }
    EXPECT_TRUE(is_saved);
}

} // namespace
