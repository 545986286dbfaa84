/* SPDX-License-Identifier: MIT */

/* Runs whose device does not do its work: who does it instead, and what is remembered of the device. */

#include <cstdio>
#include <sstream>
#include <utility>

#include <rein/registry.h>

#include "host/run_fixture.h"

namespace
{

using rein_test::Ended;
using rein_test::Json;
using rein_test::LiveProgram;
using rein_test::read_text;
using rein_test::RunTest;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/* Runs with faulty_plugin.c beside the CPU plugin, as the device faulty:0. */
class RunFallbackTest : public RunTest
{
  protected:
    std::vector<std::string>
    variables(const std::string &fault) const
    {
        const std::string folder = home("plugins");
        std::error_code exists;
        std::filesystem::create_directory(folder, exists);
        std::filesystem::create_symlink(std::string(REIN_FAKE_PLUGIN_DIR) +
                                            "/rein_plugin_faulty.so",
                                        folder + "/rein_plugin_faulty.so", exists);
        return { "REIN_PLUGIN_PATH=" + folder,
                 "FAULTY_INNER=" REIN_PLUGIN_DIR "/rein_plugin_cpu.so", "FAULTY_FAULT=" + fault,
                 "FAULTY_NAME=faulty" };
    }
    Ended
    run_with(const std::string &fault, std::vector<std::string> flags)
    {
        flags.insert(flags.begin(), { "run", data("toy.ctt"), "--seed", "7" });
        return start(flags, variables(fault)).wait();
    }
    Ended
    run_json_with(const std::string &fault, std::vector<std::string> flags)
    {
        flags.insert(flags.end(), { "--format", "json", "--device", "faulty:0" });
        return run_with(fault, flags);
    }
    void
    quarantine(const char *id) const
    {
        ReinRegistry *registry = rein_registry_new();

        rein_registry_set(registry, "state-folder", home("state/rein").c_str());
        rein_registry_quarantine(registry, id, "64 bytes did not come back");
        rein_registry_free(registry);
    }
    std::string
    job_folder(const Json &document) const
    {
        return home("state/rein/jobs/" + document.text("job"));
    }
};

const std::string kLost = "run_fitness:6:7";
const std::string kNoFault = "none:0:none";

/* ---- at the beginning ---- */

TEST_F(RunFallbackTest, QuarantinedDeviceIsExitCodeTwelveWithoutAFallback)
{
    quarantine("faulty:0");
    Ended ended = run_json_with(kNoFault, { "--rounds", "3" });

    EXPECT_EQ(ended.code, 12);
    EXPECT_THAT(ended.err, AllOf(HasSubstr("rein: faulty:0 is quarantined since 20"),
                                 HasSubstr("64 bytes did not come back"),
                                 HasSubstr("rein devices --clear faulty:0")));
    EXPECT_THAT(ended.out, HasSubstr("\"fallback\" : null"));
    expect_no_job();
}

TEST_F(RunFallbackTest, QuarantinedDeviceGivesWayToTheFallback)
{
    quarantine("faulty:0");
    Ended ended = run_json_with(kNoFault, { "--rounds", "3", "--fallback", "cpu" });

    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("rein: warning: the run goes on with cpu:0 in place of "
                                     "faulty:0: faulty:0 is quarantined since 20"));
    Json document(ended.out);
    EXPECT_EQ(document.text("device"), "cpu:0");
    Json fallback = document.at("fallback");
    EXPECT_EQ(fallback.text("from"), "faulty:0");
    EXPECT_EQ(fallback.text("to"), "cpu:0");
    EXPECT_THAT(fallback.text("reason"), HasSubstr("64 bytes did not come back"));
    EXPECT_TRUE(fallback.at("receipt").truth("clean"));
    expect_verified(data("toy.ctt"), document);
}

TEST_F(RunFallbackTest, QuarantinedDeviceThatASelectorPassesOverIsReported)
{
    /* a plugin with two devices of which the second is taken */
    const std::vector<std::string> environment = [this] {
        std::vector<std::string> all = variables(kNoFault);
        all.push_back("FAULTY_TWICE=1");
        return all;
    }();
    quarantine("faulty:0");
    Ended ended =
        start({ "run", data("toy.ctt"), "--rounds", "3", "--device", "faulty", "--format", "json" },
              environment)
            .wait();

    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("\"faulty\" means faulty:0b instead"));
    Json document(ended.out);
    EXPECT_EQ(document.text("device"), "faulty:0b");
    EXPECT_EQ(document.at("fallback").text("from"), "faulty:0");
    EXPECT_EQ(document.at("fallback").text("to"), "faulty:0b");
    EXPECT_THAT(document.at("fallback").text("reason"), StartsWith("quarantined since 20"));
}

TEST_F(RunFallbackTest, DeviceThatIsNotThereGivesWayToTheFallback)
{
    Ended ended = run_with(kNoFault, { "--rounds", "3", "--device", "nonesuch", "--set",
                                       "run.fallback=cpu", "--format", "ndjson" });

    EXPECT_EQ(ended.code, 0) << ended.err;
    std::vector<Json> events = Json::lines(ended.out);
    std::vector<std::string> kinds;
    for (const Json &event : events) {
        if (event.text("event") == "fallback" || event.text("event") == "device_opened") {
            kinds.push_back(event.text("event"));
        }
        if (event.text("event") == "fallback") {
            EXPECT_EQ(event.text("from"), "nonesuch");
            EXPECT_EQ(event.text("to"), "cpu:0");
            EXPECT_THAT(event.text("reason"), HasSubstr("no plugin called \"nonesuch\""));
        }
    }
    EXPECT_THAT(kinds, ElementsAre("fallback", "device_opened"));
    EXPECT_EQ(events.back().at("fallback").text("to"), "cpu:0");
    EXPECT_THAT(read_text(home("state/rein/jobs/" + events.back().text("job") + "/spec.ini")),
                HasSubstr("run.fallback"));
}

TEST_F(RunFallbackTest, FallbackThatIsNotThereEitherIsNamedToo)
{
    Ended ended =
        run_with(kNoFault, { "--rounds", "3", "--device", "nonesuch", "--fallback", "nothing" });

    EXPECT_EQ(ended.code, 10);
    EXPECT_THAT(ended.err,
                AllOf(HasSubstr("no device answers \"nonesuch\""),
                      HasSubstr("; nor can the fallback nothing be used: no device answers")));
}

TEST_F(RunFallbackTest, BadInputIsNotMendedByAFallback)
{
    EXPECT_EQ(run_with(kNoFault, { "--device", ":", "--fallback", "cpu" }).code, 2);
}

/* ---- in the middle ---- */

TEST_F(RunFallbackTest, LostDeviceIsExitCodeTwelveWithoutAFallback)
{
    Ended ended = run_json_with(kLost, { "--rounds", "60" });

    EXPECT_EQ(ended.code, 12);
    EXPECT_THAT(ended.out, HasSubstr("\"fallback\" : null"));
}

TEST_F(RunFallbackTest, LostDeviceLeavesTheRestToTheFallback)
{
    Ended ended = run_json_with(kLost, { "--rounds", "300", "--fallback", "cpu", "--slice-ms", "1",
                                         "--record", home("record") });

    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("rein: warning: the run goes on with cpu:0 in place of "
                                     "faulty:0: "));
    Json document(ended.out);
    EXPECT_EQ(document.text("outcome"), "rounds");
    EXPECT_EQ(document.number("rounds"), 300);
    EXPECT_EQ(document.text("device"), "cpu:0");
    Json fallback = document.at("fallback");
    EXPECT_EQ(fallback.text("from"), "faulty:0");
    EXPECT_EQ(fallback.text("to"), "cpu:0");
    EXPECT_THAT(fallback.text("reason"), HasSubstr("run_fitness fails on purpose"));
    expect_clean(fallback.at("receipt"));
    expect_clean(document.at("receipt"));
    expect_verified(data("toy.ctt"), document);

    std::vector<Json> rounds = Json::lines(read_text(home("record")));
    EXPECT_EQ(rounds.front().number("round"), 0);
    EXPECT_EQ(rounds.back().number("round"), 300);
    Json receipt(read_text(job_folder(document) + "/receipt.json"));
    EXPECT_GT(receipt.at("fallback").at("receipt").items("steps").size(), 0u);
    EXPECT_EQ(receipt.text("device"), "cpu:0");
}

TEST_F(RunFallbackTest, BestSoFarIsWhereTheFallbackStarts)
{
    Ended ended =
        run_json_with("run_fitness:20:7", { "--rounds", "300", "--fallback", "cpu", "--slice-ms",
                                            "1", "--record", home("record") });

    ASSERT_EQ(ended.code, 0) << ended.err;
    std::istringstream lines(read_text(home("record")));
    std::vector<std::pair<int, int>> ever; /* hard, soft */
    for (std::string line; std::getline(lines, line);) {
        int hard = 0;
        int soft = 0;
        const std::size_t at = line.find("\"ever\":[");

        ASSERT_NE(at, std::string::npos) << line;
        ASSERT_EQ(sscanf(line.c_str() + at, "\"ever\":[%d,%d]", &hard, &soft), 2) << line;
        EXPECT_TRUE(ever.empty() || std::make_pair(hard, soft) <= ever.back()) << line;
        ever.emplace_back(hard, soft);
    }
}

TEST_F(RunFallbackTest, TextNamesTheFallback)
{
    Ended ended = run_with(kLost, { "--rounds", "60", "--device", "faulty", "--fallback", "cpu" });

    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("\nfallback: cpu:0 in place of faulty:0: "));
}

TEST_F(RunFallbackTest, DeviceThatFailedIsNoFallbackOfItself)
{
    Ended ended = run_json_with(kLost, { "--rounds", "60", "--fallback", "faulty" });

    EXPECT_EQ(ended.code, 12);
    EXPECT_THAT(ended.err, HasSubstr("the fallback faulty cannot be used: it is the same device"));
    EXPECT_THAT(Json(ended.out).text("error"), HasSubstr("run_fitness fails on purpose"));
}

TEST_F(RunFallbackTest, FallbackIsTakenOnce)
{
    /* the fault is the faulty plugin's alone, which is the fallback here */
    quarantine("cpu:0");
    Ended ended = start({ "run", data("toy.ctt"), "--rounds", "60", "--device", "cpu:0",
                          "--fallback", "faulty", "--format", "json" },
                        variables(kLost))
                      .wait();

    EXPECT_EQ(ended.code, 12);
    EXPECT_EQ(Json(ended.out).at("fallback").text("to"), "faulty:0");
    EXPECT_THAT(Json(ended.out).text("error"), HasSubstr("run_fitness fails on purpose"));
}

TEST_F(RunFallbackTest, DeviceThatHangsLeavesTheRestToTheFallback)
{
    Ended ended = run_json_with(
        "run_fitness:6:hang", { "--rounds", "60", "--fallback", "cpu", "--set", "job.grace=50ms" });

    EXPECT_EQ(ended.code, 0) << ended.err;
    Json document(ended.out);
    EXPECT_EQ(document.number("rounds"), 60);
    EXPECT_EQ(document.at("fallback").at("receipt").text("worker"), "ended");
    expect_clean(document.at("receipt"));
    expect_verified(data("toy.ctt"), document);
}

/* ---- what is remembered ---- */

TEST_F(RunFallbackTest, ThirdLossQuarantinesTheDevice)
{
    for (int i = 0; i < 3; i++) {
        Ended ended = run_json_with(kLost, { "--rounds", "60" });
        EXPECT_EQ(ended.code, 12);
        EXPECT_EQ(
            ended.err.find("rein: warning: faulty:0 is quarantined: it failed too often (rein "
                           "devices --clear faulty:0 ends that)") != std::string::npos,
            i == 2)
            << ended.err;
    }
    Ended ended = run_json_with(kNoFault, { "--rounds", "3" });
    EXPECT_EQ(ended.code, 12);
    EXPECT_THAT(ended.err, HasSubstr("it failed 3 times within 10 minutes, the last time: "));
    EXPECT_EQ(rein_.run({ "devices", "--clear", "faulty:0" }).code, 0);
    EXPECT_EQ(run_json_with(kNoFault, { "--rounds", "3" }).code, 0);
}

TEST_F(RunFallbackTest, MemoryThatDoesNotComeBackQuarantinesAtOnce)
{
    Ended ended = run_json_with("memory_info:0:missing", { "--rounds", "3" });

    EXPECT_EQ(ended.code, 12);
    EXPECT_EQ(Json(ended.out).at("receipt").text("memory"), "missing");
    EXPECT_THAT(ended.err, HasSubstr("rein: warning: faulty:0 is quarantined: the memory of a job "
                                     "did not come back"));
    ended = run_json_with(kNoFault, { "--rounds", "3" });
    EXPECT_EQ(ended.code, 12);
    EXPECT_THAT(ended.err, HasSubstr("the memory of a job did not come back (choose another"));
}

TEST_F(RunFallbackTest, WhatIsNotTheDevicesFaultIsNotCounted)
{
    for (int i = 0; i < 4; i++) {
        EXPECT_EQ(run_json_with("build:2:6", { "--rounds", "3" }).code, 11);
        EXPECT_EQ(run_json_with("allocate:5:5", { "--rounds", "3" }).code, 13);
        EXPECT_EQ(run_json_with(kNoFault, { "--time", "10m", "--deadline", "100ms" }).code, 3);
    }
    for (int i = 0; i < 4; i++) {
        LiveProgram rein = start({ "run", data("toy.ctt"), "--time", "10m", "--device", "faulty",
                                   "--fallback", "cpu", "--format", "ndjson" },
                                 variables(kNoFault));
        rein.read_until("device_opened");
        rein.send(SIGINT);
        Ended ended = rein.wait();
        EXPECT_EQ(ended.code, 4) << ended.err;
        EXPECT_THAT(ended.out, Not(HasSubstr("\"event\":\"fallback\"")));
    }
    EXPECT_EQ(run_json_with(kNoFault, { "--rounds", "3" }).code, 0);
    EXPECT_THAT(read_text(home("state/rein/quarantine")), Not(HasSubstr("faulty")));
}

} // namespace
