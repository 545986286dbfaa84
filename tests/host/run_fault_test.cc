/* SPDX-License-Identifier: MIT */
#include "host/run_fixture.h"
#include "support/processes.h"

namespace
{

using rein_test::Ended;
using rein_test::Json;
using rein_test::LiveProgram;
using rein_test::read_text;
using rein_test::RunTest;
using testing::HasSubstr;
using testing::Not;

/* Runs on faulty_plugin.c, which takes the place of the CPU plugin. */
class RunFaultTest : public RunTest
{
  protected:
    std::vector<std::string>
    variables(const std::string &fault) const
    {
        std::string folder = home("plugins");
        std::error_code exists;
        std::filesystem::create_directory(folder, exists);
        std::filesystem::create_symlink(std::string(REIN_FAKE_PLUGIN_DIR) +
                                            "/rein_plugin_faulty.so",
                                        folder + "/rein_plugin_cpu.so", exists);
        return { "REIN_PLUGIN_PATH=" + folder,
                 "FAULTY_INNER=" REIN_PLUGIN_DIR "/rein_plugin_cpu.so", "FAULTY_FAULT=" + fault };
    }
    Ended
    run_with(const std::string &fault, std::vector<std::string> flags)
    {
        flags.insert(flags.begin(), { "run", data("comp01.ctt"), "--format", "json" });
        return start(flags, variables(fault)).wait();
    }
};

TEST_F(RunFaultTest, KernelThatDoesNotBuildEndsWithEleven)
{
    Ended ended = run_with("build:2:6", { "--rounds", "3" });

    EXPECT_EQ(ended.code, 11);
    EXPECT_THAT(ended.err, HasSubstr("build fails on purpose"));
    Json document(ended.out);
    EXPECT_EQ(document.text("outcome"), "failed");
    expect_clean(document.at("receipt"));
    expect_verified(data("comp01.ctt"), document); /* the start is the best so far */
}

TEST_F(RunFaultTest, OutOfDeviceMemoryEndsWithThirteen)
{
    Ended ended = run_with("allocate:5:5", { "--rounds", "3" });

    EXPECT_EQ(ended.code, 13);
    EXPECT_THAT(ended.err, HasSubstr("allocate fails on purpose"));
    expect_clean(Json(ended.out).at("receipt"));
}

TEST_F(RunFaultTest, LostDeviceEndsWithTwelveAndTheBestSoFar)
{
    Ended ended = run_with("run_fitness:6:7", { "--rounds", "1000", "--output", home("out.sol") });

    EXPECT_EQ(ended.code, 12);
    EXPECT_THAT(ended.err, HasSubstr("run_fitness fails on purpose"));
    Json document(ended.out);
    EXPECT_EQ(document.text("outcome"), "failed");
    expect_verified(data("comp01.ctt"), document);
    EXPECT_EQ(read_text(home("out.sol")), read_text(document.text("solution")));
}

TEST_F(RunFaultTest, PluginErrorOfNoKindIsNoBugOfOursAndEndsWithTwelve)
{
    Ended ended = run_with("run_fitness:3:1", { "--rounds", "1000" });

    EXPECT_EQ(ended.code, 12);
    EXPECT_THAT(ended.err, HasSubstr("run_fitness fails on purpose"));
}

TEST_F(RunFaultTest, LeakIsReportedAndEndsWithTwelve)
{
    Ended ended = run_with("usage:0:leak", { "--rounds", "2" });

    EXPECT_EQ(ended.code, 12);
    EXPECT_THAT(ended.err, HasSubstr("the receipt is not clean"));
    Json receipt = Json(ended.out).at("receipt");
    EXPECT_FALSE(receipt.truth("clean"));
    EXPECT_EQ(receipt.number("leaked_bytes"), 64);
}

TEST_F(RunFaultTest, CostThatTheHostCannotConfirmIsNotClaimed)
{
    Ended ended = run_with("read:320:forge", { "--rounds", "3" });

    EXPECT_EQ(ended.code, 70);
    EXPECT_THAT(ended.err, HasSubstr(" by its kernel but hard "));
    EXPECT_THAT(ended.err, HasSubstr(" by the host's count"));
    EXPECT_THAT(ended.out, HasSubstr("\"best\" : null"));
}

TEST_F(RunFaultTest, PluginThatHangsIsEndedAfterTheGraceWithTheBestSoFar)
{
    Ended ended = run_with("run_fitness:2:hang",
                           { "--time", "10m", "--deadline", "3s", "--set", "job.grace=50ms" });

    EXPECT_EQ(ended.code, 3) << ended.err;
    Json document(ended.out);
    EXPECT_TRUE(document.at("receipt").truth("clean"));
    EXPECT_EQ(document.at("receipt").text("worker"), "ended");
    expect_verified(data("comp01.ctt"), document);
}

TEST_F(RunFaultTest, GraceOfThePluginCountsMoreThanThatOfJobs)
{
    Ended ended = run_with("run_fitness:2:hang", { "--time", "10m", "--deadline", "1s", "--set",
                                                   "job.grace=20ms", "--set", "cpu.grace=700ms" });

    EXPECT_EQ(ended.code, 3) << ended.err;
    const Json receipt = Json(ended.out).at("receipt");
    bool is_terminated = false;
    for (const Json &rung : receipt.items("rungs")) {
        if (rung.text("name") == "terminate") {
            is_terminated = true;
            EXPECT_GE(rung.number("at_ms"), 700);
        }
    }
    EXPECT_TRUE(is_terminated);
}

TEST_F(RunFaultTest, PluginInThisProcessThatHangsIsGivenUpAfterTheGraceWithTheBestSoFar)
{
    Ended ended = run_with("run_fitness:2:hang", { "--time", "10m", "--deadline", "3s", "--set",
                                                   "job.grace=50ms", "--in-process" });

    EXPECT_EQ(ended.code, 3) << ended.err;
    Json document(ended.out);
    EXPECT_TRUE(document.at("receipt").truth("abandoned"));
    EXPECT_FALSE(document.at("receipt").truth("clean"));
    expect_verified(data("comp01.ctt"), document);
}

TEST_F(RunFaultTest, SecondSigintEndsAtOnceAndLeavesTheBestSoFar)
{
    LiveProgram rein = start(long_run("ndjson", { "--set", "job.grace=10s", "--in-process",
                                                  "--output", home("out.sol") }),
                             variables("run_fitness:30:hang"));
    std::string folder = Json(rein.read_until("job_started")).text("folder");
    rein.read_err_until("faulty plugin: hangs");

    rein.send(SIGHUP);
    rein.read_until("\"event\":\"stop\"");
    rein.send(SIGHUP); /* never ends at once */
    rein.send(SIGINT);
    Ended ended = rein.wait();

    EXPECT_EQ(ended.code, 4);
    EXPECT_THAT(ended.err, HasSubstr("rein: ended at once by SIGINT: the best so far is in "));
    EXPECT_THAT(read_text(folder + "/events.ndjson"), Not(HasSubstr("job_ended")));
    EXPECT_EQ(rein_.run({ "verify", data("comp01.ctt"), folder + "/solution.sol" }).code, 0);
    EXPECT_EQ(read_text(home("out.sol")), read_text(folder + "/solution.sol"));
    EXPECT_FALSE(std::filesystem::exists(folder + "/receipt.json"));
    expect_nothing_unfinished();

    /* the next run says what became of it */
    EXPECT_EQ(run({ data("toy.ctt"), "--rounds", "1" }).code, 0);
    EXPECT_EQ(Json::lines(read_text(folder + "/events.ndjson")).back().text("outcome"), "lost");
}

/* Whatever the plugin was in when its host was killed. */
TEST_F(RunFaultTest, HostThatIsKilledWhileAnySlotHangsLeavesNoProcess)
{
    for (const char *fault :
         { "open:1:hang", "build:2:hang", "run_fitness:3:hang", "cleanup:1:hang" }) {
        for (const char *isolation : { "namespace", "subreaper" }) {
            LiveProgram rein = start({ "run", data("toy.ctt"), "--rounds", "5", "--set",
                                       std::string("device.isolation=") + isolation, "--set",
                                       "job.grace=10s", "--set", "device.open-timeout=60s" },
                                     variables(fault));

            ASSERT_TRUE(rein_test::WaitUntil([] {
                return !rein_test::FindByName("rein-hung").empty();
            })) << fault;
            rein.send(SIGKILL);
            EXPECT_EQ(rein.wait().code, -SIGKILL);
            EXPECT_TRUE(rein_test::WaitUntil([] {
                return rein_test::FindByName("rein-hung").empty();
            })) << fault
                << " " << isolation;
        }
    }
}

/* A run whose state lies on a disk of so many KiB; skipped where none can be mounted. */
class RunFullDiskTest : public RunTest
{
  protected:
    Ended
    run_on_disk(int size_kib, const std::string &output)
    {
        std::string disk = home("disk");
        std::string script =
            "mount -t tmpfs -o size=" + std::to_string(size_kib) + "k none '" + disk +
            "' || exit 99; XDG_STATE_HOME='" + disk + "' '" REIN_PROGRAM_DIR "/rein' run '" +
            data("comp01.ctt") + "' --rounds 1 --quiet --output '" + output +
            "' > /dev/null; code=$?; find '" + disk +
            "' -name '*.part'; mount -o remount,size=4m '" + disk + "'; XDG_STATE_HOME='" + disk +
            "' '" REIN_PROGRAM_DIR "/rein' run '" + data("toy.ctt") +
            "' --rounds 1 --quiet > /dev/null && tail -q -n 1 '" + disk +
            "'/rein/jobs/*/events.ndjson; exit $code";
        std::error_code exists;
        std::filesystem::create_directory(disk, exists);
        Ended ended = spawn({ "unshare", "-rm", "sh", "-c", script });
        /* unshare itself ends with 1 where it may not */
        ended.code = ended.code == 1 ? 99 : ended.code;
        return ended;
    }
};

TEST_F(RunFullDiskTest, EverySizeGivesAClearErrorAndNothingHalfWritten)
{
    for (int size_kib = 4; size_kib <= 32; size_kib += 4) {
        Ended ended = run_on_disk(size_kib, home("out.sol"));
        if (ended.code == 99) {
            GTEST_SKIP() << "full disk: no tmpfs may be mounted here: " << ended.err;
        }
        EXPECT_THAT(ended.code, testing::AnyOf(0, 2)) << size_kib << " KiB: " << ended.err;
        EXPECT_THAT(ended.out, Not(HasSubstr(".part")));
        /* once there is room each job has an end, that which comes then too */
        const std::vector<Json> ends = Json::lines(ended.out);
        EXPECT_FALSE(ends.empty());
        for (const Json &end : ends) {
            EXPECT_EQ(end.text("event"), "job_ended") << size_kib << " KiB";
        }
        if (ended.code == 2) {
            EXPECT_THAT(ended.err, HasSubstr("No space left on device (make room"));
        } else {
            EXPECT_FALSE(read_text(home("out.sol")).empty());
        }
    }
}

} // namespace
