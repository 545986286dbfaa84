/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/stat.h>

#include "host/run_fixture.h"

namespace
{

using rein_test::Ended;
using rein_test::Json;
using rein_test::LiveProgram;
using rein_test::read_text;
using rein_test::RunTest;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class RunSignalTest : public RunTest
{
  protected:
    /* The end that a stop leaves: exit code 4, a clean receipt, a solution that verifies. */
    void
    expect_stopped(const Ended &ended, const std::string &reason) const
    {
        EXPECT_EQ(ended.code, 4) << ended.err;
        std::vector<Json> events = Json::lines(ended.out);
        ASSERT_FALSE(events.empty());
        EXPECT_EQ(events.back().text("event"), "job_ended");
        EXPECT_EQ(events.back().text("outcome"), "stopped");
        EXPECT_THAT(ended.out, HasSubstr("\"event\":\"stop\""));
        EXPECT_THAT(ended.out, HasSubstr("\"reason\":\"" + reason + "\""));
        expect_clean(events.back().at("receipt"));
        expect_verified(data("comp01.ctt"), events.back());
        EXPECT_EQ(read_text(events.front().text("folder") + "/events.ndjson"), ended.out);
        expect_nothing_unfinished();
    }
    void
    expect_stop_at(const std::string &moment, int number, const std::string &reason) const
    {
        LiveProgram rein = start(long_run("ndjson"));
        rein.read_until("\"event\":\"" + moment + "\"");
        rein.send(number);
        expect_stopped(rein.wait(), reason);
    }
};

TEST_F(RunSignalTest, SigintAtJobStartedStopsAndSaves)
{
    expect_stop_at("job_started", SIGINT, "SIGINT");
}

TEST_F(RunSignalTest, SigintAtStartStopsAndSaves)
{
    expect_stop_at("start", SIGINT, "SIGINT");
}

TEST_F(RunSignalTest, SigintAtDeviceOpenedStopsAndSaves)
{
    expect_stop_at("device_opened", SIGINT, "SIGINT");
}

TEST_F(RunSignalTest, SigintAtFirstBetterStopsAndSaves)
{
    expect_stop_at("better", SIGINT, "SIGINT");
}

TEST_F(RunSignalTest, SigintAtProgressStopsAndSaves)
{
    expect_stop_at("progress", SIGINT, "SIGINT");
}

TEST_F(RunSignalTest, SigtermIsOneSigint)
{
    expect_stop_at("better", SIGTERM, "SIGTERM");
}

TEST_F(RunSignalTest, SighupIsOneSigint)
{
    expect_stop_at("better", SIGHUP, "SIGHUP");
}

TEST_F(RunSignalTest, SigintRightAfterTheStartEndsCleanlyWhereverItHits)
{
    for (int i = 0; i < 20; i++) {
        LiveProgram rein = start(long_run("json"), { "REIN_LOG=debug" });
        /* the first words on stderr come from some early moment, never the same */
        rein.read_err_until("rein");
        rein.send(SIGINT);
        Ended ended = rein.wait();
        ASSERT_EQ(ended.code, 4) << ended.err;
        Json document(ended.out);
        EXPECT_EQ(document.text("outcome"), "stopped");
        expect_clean(document.at("receipt"));
        expect_nothing_unfinished();
    }
}

TEST_F(RunSignalTest, SigintWhileTheProblemIsReadEndsWithoutAJob)
{
    std::string problem = home("pipe.ctt");
    ASSERT_EQ(mkfifo(problem.c_str(), 0600), 0);
    LiveProgram rein = start({ "run", problem, "--format", "json" });
    /* opens when the program has opened it, too; it waits for a text that never comes */
    int fd = open(problem.c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);

    rein.send(SIGINT);
    Ended ended = rein.wait();
    close(fd);

    EXPECT_EQ(ended.code, 4) << ended.err;
    Json document(ended.out);
    EXPECT_EQ(document.text("outcome"), "stopped");
    expect_clean(document.at("receipt"));
    expect_no_job();
}

TEST_F(RunSignalTest, SigintInTextModeSaysWhereTheSolutionIs)
{
    LiveProgram rein = start(long_run("text", { "--output", home("out.sol") }));

    rein.read_err_until("round ");
    rein.send(SIGINT);
    Ended ended = rein.wait();

    EXPECT_EQ(ended.code, 4);
    EXPECT_THAT(ended.err, HasSubstr("SIGINT: stopping"));
    EXPECT_THAT(ended.out, HasSubstr("run: stopped after "));
    EXPECT_THAT(ended.out, HasSubstr("output: " + home("out.sol")));
    EXPECT_THAT(ended.out, HasSubstr("receipt: clean"));
    EXPECT_FALSE(read_text(home("out.sol")).empty());
}

TEST_F(RunSignalTest, SighupIsLeftAloneIfItWasIgnored)
{
    auto handler = signal(SIGHUP, SIG_IGN); /* as nohup does; a child inherits it */
    LiveProgram rein = start(long_run("ndjson"));
    signal(SIGHUP, handler);

    rein.read_until("\"event\":\"better\"");
    rein.send(SIGHUP);
    rein.send(SIGTERM);
    expect_stopped(rein.wait(), "SIGTERM");
}

TEST_F(RunSignalTest, SigintIsTakenAlsoIfItWasIgnored)
{
    auto handler = signal(SIGINT, SIG_IGN); /* as a script's shell does for a background job */
    LiveProgram rein = start(long_run("ndjson"));
    signal(SIGINT, handler);

    rein.read_until("\"event\":\"better\"");
    rein.send(SIGINT);
    expect_stopped(rein.wait(), "SIGINT");
}

TEST_F(RunSignalTest, Sigusr1SavesTheBestSoFarAndTheRunGoesOn)
{
    LiveProgram rein = start(long_run("ndjson", { "--output", home("out.sol") }));
    std::string folder = Json(rein.read_until("job_started")).text("folder");

    rein.read_until("\"event\":\"better\"");
    rein.send(SIGUSR1);
    EXPECT_EQ(Json(rein.read_until("\"event\":\"saved\"")).text("reason"), "SIGUSR1");
    EXPECT_EQ(rein_.run({ "verify", data("comp01.ctt"), folder + "/solution.sol" }).code, 0);
    EXPECT_EQ(read_text(home("out.sol")), read_text(folder + "/solution.sol"));
    rein.read_err_until("SIGUSR1: the best so far is in " + folder + "/solution.sol\n");
    expect_nothing_unfinished();
    rein.read_until("\"event\":\"progress\"");
    rein.send(SIGINT);
    expect_stopped(rein.wait(), "SIGINT");
}

TEST_F(RunSignalTest, Sigusr1LeavesAStreamToTheEnd)
{
    std::string pipe = home("pipe");
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    int fd = open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    char byte = 0;
    LiveProgram rein = start(long_run("ndjson", { "--output", pipe }));

    rein.read_until("\"event\":\"start\"");
    rein.send(SIGUSR1);
    rein.read_until("\"event\":\"saved\"");
    EXPECT_EQ(read(fd, &byte, 1), -1);
    rein.send(SIGINT);
    EXPECT_EQ(rein.wait().code, 4);
    EXPECT_EQ(read(fd, &byte, 1), 1);
    close(fd);
}

TEST_F(RunSignalTest, Sigusr1BeforeThereIsASolutionSaysSo)
{
    std::string problem = home("pipe.ctt");
    ASSERT_EQ(mkfifo(problem.c_str(), 0600), 0);
    LiveProgram rein = start({ "run", problem });
    int fd = open(problem.c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);

    rein.send(SIGUSR1);
    rein.read_err_until("rein: warning: SIGUSR1: there is no solution to be saved\n");
    rein.send(SIGINT);
    EXPECT_EQ(rein.wait().code, 4);
    close(fd);
    expect_no_job();
}

TEST_F(RunSignalTest, StopAfterTheEndIsANoOp)
{
    LiveProgram rein = start({ "run", data("toy.ctt"), "--rounds", "1", "--format", "ndjson" });

    rein.read_until("\"event\":\"job_ended\"");
    rein.send(SIGINT);
    rein.send(SIGTERM);
    Ended ended = rein.wait();

    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, Not(HasSubstr("\"event\":\"stop\"")));
}

TEST_F(RunSignalTest, ReaderOfEventsThatWentAwayStopsTheRunQuietly)
{
    LiveProgram rein = start(long_run("ndjson"));
    std::string folder = Json(rein.read_until("job_started")).text("folder");

    rein.read_until("device_opened");
    rein.close_out();
    Ended ended = rein.wait();

    EXPECT_EQ(ended.code, 4);
    EXPECT_THAT(ended.err, IsEmpty());
    std::vector<Json> events = Json::lines(read_text(folder + "/events.ndjson"));
    EXPECT_EQ(events.back().text("event"), "job_ended");
    EXPECT_EQ(events.back().text("outcome"), "stopped");
}

TEST_F(RunSignalTest, WithoutALimitTheTimeIsSixtySeconds)
{
    LiveProgram rein = start({ "run", data("toy.ctt"), "--target", "0", "--format", "ndjson" });
    Json started(rein.read_until("job_started"));

    rein.send(SIGINT);
    rein.wait();

    EXPECT_EQ(started.at("limits").number("seconds"), 60);
}

TEST_F(RunSignalTest, CountedLimitTakesTheTimeLimitAway)
{
    LiveProgram rein = start({ "run", data("toy.ctt"), "--rounds", "5", "--format", "ndjson" });

    EXPECT_FALSE(Json(rein.read_until("job_started")).at("limits").has("seconds"));
    EXPECT_EQ(rein.wait().code, 0);
}

class RunTerminalTest : public RunTest
{
  protected:
    /* What stderr gets of a short run, a terminal of 100 columns. */
    std::string
    show(const std::string &format, const std::vector<std::string> &variables)
    {
        LiveProgram rein =
            start({ "run", data("comp01.ctt"), "--time", "700ms", "--no-grid", "--format", format },
                  variables, LiveProgram::Err::kTerminal);
        Ended ended = rein.wait();
        EXPECT_EQ(ended.code, 0);
        return ended.err;
    }
};

TEST_F(RunTerminalTest, LineIsRedrawnInPlaceAndTakenAway)
{
    std::string shown = show("text", { "TERM=xterm" });

    EXPECT_THAT(shown, HasSubstr("\rround "));
    EXPECT_THAT(shown, HasSubstr(" | hard 0, soft "));
    EXPECT_THAT(shown, HasSubstr(" left"));
    EXPECT_THAT(shown, Not(HasSubstr("left\r\n"))); /* no line of its own */
    EXPECT_EQ(shown.substr(shown.size() - 4), "\r\033[K");
}

TEST_F(RunTerminalTest, LineIsNarrowerThanTheTerminal)
{
    std::string shown = show("text", { "TERM=xterm" });

    for (std::size_t at = shown.find("\rround "); at != std::string::npos;
         at = shown.find("\rround ", at + 1)) {
        EXPECT_LT(shown.find('\r', at + 1) - at - 1, LiveProgram::kColumns);
    }
}

/* what erases a line is no colour */
TEST_F(RunTerminalTest, NoColorMeansNoColours)
{
    EXPECT_THAT(show("text", { "TERM=xterm", "NO_COLOR=1" }),
                Not(ContainsRegex("\033\\[[0-9;]*m")));
}

TEST_F(RunTerminalTest, DumbTerminalGetsPlainLines)
{
    std::string shown = show("text", { "TERM=dumb" });

    EXPECT_THAT(shown, Not(HasSubstr("\033")));
    EXPECT_THAT(shown, Not(HasSubstr("\rround ")));
    EXPECT_THAT(shown, HasSubstr("\nround "));
}

TEST_F(RunTerminalTest, LineIsThereBesideJson)
{
    EXPECT_THAT(show("json", { "TERM=xterm" }), HasSubstr("\rround "));
}

} // namespace
