/* SPDX-License-Identifier: MIT */
#include "host/sweep_fixture.h"
#include "support/processes.h"

namespace
{

using rein_test::Ended;
using rein_test::Json;
using rein_test::LiveProgram;
using rein_test::read_text;
using rein_test::SweepTest;
using testing::HasSubstr;
using testing::Not;

/* Sweeps of which each combination takes a moment, so that some are left when a signal comes. */
class SweepSignalTest : public SweepTest
{
  protected:
    SweepSignalTest()
    {
        path_ = write("a", "instances = comp01.ctt\nseeds = 1-6", "rounds = 60");
    }
    LiveProgram
    start_sweep(const std::vector<std::string> &flags = {},
                const std::vector<std::string> &variables = {}) const
    {
        std::vector<std::string> words = { "sweep", path_, "--format", "ndjson" };
        words.insert(words.end(), flags.begin(), flags.end());
        return start(words, variables);
    }
    /* Goes on with the sweep, and compares it with one that nobody disturbed. */
    void
    expect_resumed(const std::vector<std::string> &flags = {}) const
    {
        Ended resumed = sweep(path_, flags);
        Ended whole = sweep(path_, { "--output", home("whole") });

        EXPECT_EQ(resumed.code, 0) << resumed.err;
        EXPECT_EQ(table(resumed), table(whole));
        EXPECT_THAT(resumed.out, HasSubstr("sweep: complete: 6 of 6 ended, 0 failed, 0 stopped; "));
        EXPECT_THAT(resumed.out, HasSubstr("of them earlier"));
        expect_same("a.results", "whole", 6);
        EXPECT_EQ(count_files("a.results/jobs"), 0u);
        EXPECT_EQ(count_files("a.results/solutions"), 6u);
        expect_nothing_unfinished();
    }

    /* Whether a job in the folder, which may be missing, has begun. */
    bool
    has_begun(const std::string &folder) const
    {
        std::error_code failed;

        for (const auto &job : std::filesystem::directory_iterator(home(folder), failed)) {
            const std::string events = job.path() / "events.ndjson";

            if (std::filesystem::exists(events, failed) &&
                read_text(events).find("\"job_started\"") != std::string::npos) {
                return true;
            }
        }
        return false;
    }

    std::string path_;
};

TEST_F(SweepSignalTest, InProcessHasNoWorkerAndGivesTheSame)
{
    for (const bool is_in_process : { false, true }) {
        LiveProgram rein =
            start_sweep(is_in_process ? std::vector<std::string>{ "--in-process" }
                                      : std::vector<std::string>{ "--output", home("isolated") });
        rein.read_until("\"index\":1");
        EXPECT_EQ(rein_test::FindChildren(rein.pid()).empty(), is_in_process);
        EXPECT_EQ(rein.wait().code, 0);
    }
    expect_same("a.results", "isolated", 6);
}

TEST_F(SweepSignalTest, SigintStopsAndRecordsAndTheSameCommandGoesOn)
{
    LiveProgram rein = start_sweep();
    rein.read_until("\"index\":1");
    rein.send(SIGINT);
    Ended ended = rein.wait();

    EXPECT_EQ(ended.code, 4) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("SIGINT: stopping (once more to end at once)"));
    std::vector<Json> lines = Json::lines(ended.out);
    EXPECT_EQ(lines.back().text("outcome"), "stopped");
    EXPECT_LT(lines.back().at("receipt").number("ended"), 6);
    EXPECT_EQ(lines.back().at("receipt").number("not_clean"), 0);
    EXPECT_TRUE(exists("a.results/receipt.json"));
    expect_resumed();
}

TEST_F(SweepSignalTest, SigintStopsTheCombinationThatRunsAndItsReceiptIsClean)
{
    std::string path = write("b", "instances = comp01.ctt\nseeds = 1-2", "time = 10m");
    LiveProgram rein = start({ "sweep", path, "--format", "ndjson" });

    EXPECT_TRUE(rein_test::WaitUntil([this] { return has_begun("b.results/jobs"); }));
    rein.send(SIGINT);
    Ended ended = rein.wait();

    EXPECT_EQ(ended.code, 4) << ended.err;
    const Json end = Json::lines(ended.out).back();
    EXPECT_EQ(end.text("outcome"), "stopped");
    EXPECT_EQ(end.at("receipt").number("stopped"), 1);
    EXPECT_EQ(end.at("receipt").number("ended"), 0);
    EXPECT_EQ(end.at("receipt").number("not_clean"), 0);
}

TEST_F(SweepSignalTest, KilledSweepGoesOnToTheSameTable)
{
    {
        LiveProgram rein = start_sweep();
        rein.read_until("\"index\":2");
        rein.send(SIGKILL);
        EXPECT_EQ(rein.wait().code, -SIGKILL);
    }
    EXPECT_GE(results("a.results").size(), 2u);
    EXPECT_LT(results("a.results").size(), 6u);

    expect_resumed();
}

TEST_F(SweepSignalTest, SweepKilledWithTwoWorkersGoesOnWithTwo)
{
    for (int i = 0; i < 3; i++) {
        LiveProgram rein = start_sweep({ "--workers", "2" });
        rein.read_until("\"type\":");
        rein.send(SIGKILL);
        rein.wait();
    }

    expect_resumed({ "--workers", "2" });
}

TEST_F(SweepSignalTest, SecondSigintEndsAtOnce)
{
    std::string path = write("b", "instances = comp01.ctt\nseeds = 1-2",
                             "time = 10m\njob.grace = 10s\ndevice.isolation = in-process");
    LiveProgram rein = start({ "sweep", path }, faulty("run_fitness:30:hang"));
    rein.read_err_until("faulty plugin: hangs");

    rein.send(SIGHUP);
    rein.read_err_until("SIGHUP: stopping");
    rein.send(SIGHUP); /* never ends at once */
    rein.send(SIGINT);
    Ended ended = rein.wait();

    EXPECT_EQ(ended.code, 4);
    EXPECT_THAT(ended.err, HasSubstr("rein: ended at once by SIGINT: what was running will be run "
                                     "again (give the same command to go on)"));
    EXPECT_TRUE(results("b.results").empty());
    expect_nothing_unfinished();
}

TEST_F(SweepSignalTest, Sigusr1IsPassedOver)
{
    LiveProgram rein = start_sweep();
    rein.read_until("\"index\":1");
    rein.send(SIGUSR1);
    Ended ended = rein.wait();

    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(results("a.results").size(), 6u);
}

TEST_F(SweepSignalTest, ReaderOfTheResultsThatGoesAwayStopsIt)
{
    LiveProgram rein = start_sweep();
    rein.read_until("\"index\":1");
    rein.close_out();
    Ended ended = rein.wait();

    EXPECT_EQ(ended.code, 4) << ended.err;
    EXPECT_LT(results("a.results").size(), 6u);
}

TEST_F(SweepSignalTest, SecondSweepOfTheSameFolderIsToldToTryAgain)
{
    LiveProgram rein = start_sweep();
    rein.read_until("\"index\":1");
    Ended second = sweep(path_);
    rein.send(SIGINT);
    rein.wait();

    EXPECT_EQ(second.code, 75);
    EXPECT_THAT(second.err, HasSubstr("a.results: another rein sweep works on it"));
}

TEST_F(SweepSignalTest, TerminalHasALineWithWhatIsDoneAndHowLongTheRestTakes)
{
    LiveProgram rein = start({ "sweep", path_ }, {}, LiveProgram::Err::kTerminal);
    rein.read_err_until("/6 done | 1 running | ");
    rein.read_err_until(" left");
    Ended ended = rein.wait();

    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.err, Not(HasSubstr("seed"))); /* single results are not listed there */
}

TEST_F(SweepSignalTest, ChangedFileIsRefusedWithWhatToDo)
{
    LiveProgram rein = start_sweep();
    rein.read_until("\"index\":1");
    rein.send(SIGINT);
    rein.wait();
    std::string before = read_text(home("a.results/results.ndjson"));
    write("a", "instances = comp01.ctt\nseeds = 1-6", "rounds = 61");

    Ended ended = sweep(path_);

    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("a.results: holds results of other combinations"));
    EXPECT_THAT(ended.err, HasSubstr("(give another --output, or remove this folder)"));
    EXPECT_EQ(read_text(home("a.results/results.ndjson")), before);
}

} // namespace
