/* SPDX-License-Identifier: MIT */

/* `rein run` in a home of its own, and what every run must leave behind. */

#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/json.h"
#include "support/live_program.h"
#include "support/program.h"

namespace rein_test
{

/* Two courses of one teacher for one period: there is no feasible timetable. */
inline constexpr const char *kInfeasible =
    "Name: none\nCourses: 2\nRooms: 2\nDays: 1\nPeriods_per_day: 1\n"
    "Curricula: 1\nConstraints: 0\n\nCOURSES:\na t 1 1 5\nb t 1 1 5\n\n"
    "ROOMS:\nr1 10\nr2 10\n\nCURRICULA:\nq 2 a b\n\n"
    "UNAVAILABILITY_CONSTRAINTS:\n\nEND.\n";

class RunTest : public testing::Test
{
  protected:
    static std::string
    data(const std::string &name)
    {
        return std::string(REIN_TEST_DATA_DIR) + "/itc2007/" + name;
    }
    std::string
    home(const std::string &name) const
    {
        return rein_.home().file(name);
    }
    Ended
    run(const std::vector<std::string> &arguments) const
    {
        std::vector<std::string> words = { "run" };
        words.insert(words.end(), arguments.begin(), arguments.end());
        return rein_.run(words);
    }
    /* `rein`, watched while it runs. */
    LiveProgram
    start(const std::vector<std::string> &arguments, const std::vector<std::string> &variables = {},
          LiveProgram::Err err = LiveProgram::Err::kPipe) const
    {
        return LiveProgram(rein_.home(), "rein", arguments, variables, err);
    }
    /* Any program, with the environment of the tests; 99 if it cannot be started. */
    static Ended
    spawn(const std::vector<std::string> &words)
    {
        std::vector<const char *> argv;
        char *out = nullptr;
        char *err = nullptr;
        int status = 0;
        Ended ended;

        for (const std::string &word : words) {
            argv.push_back(word.c_str());
        }
        argv.push_back(nullptr);
        if (!g_spawn_sync(nullptr, const_cast<char **>(argv.data()), nullptr, G_SPAWN_SEARCH_PATH,
                          nullptr, nullptr, &out, &err, &status, nullptr)) {
            ended.code = 99;
            return ended;
        }
        ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        ended.out = out;
        ended.err = err;
        g_free(out);
        g_free(err);
        return ended;
    }
    /* `rein` after `before`, by a shell: its arguments and redirections are the shell's words. */
    Ended
    run_by_shell(const std::string &before, const std::string &words) const
    {
        return spawn({ "sh", "-c",
                       "XDG_STATE_HOME='" + home("state") + "'; export XDG_STATE_HOME; " + before +
                           "exec '" REIN_PROGRAM_DIR "/rein' " + words });
    }
    /* A run of ten minutes, to be stopped. */
    std::vector<std::string>
    long_run(const std::string &format, const std::vector<std::string> &more = {}) const
    {
        std::vector<std::string> words = { "run", data("comp01.ctt"), "--time",
                                           "10m", "--format",         format };
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }
    /* Of a run that must end with 0: its document. */
    std::string
    run_json(std::vector<std::string> arguments) const
    {
        arguments.insert(arguments.end(), { "--format", "json" });
        Ended ended = run(arguments);
        EXPECT_EQ(ended.code, 0) << ended.err;
        return ended.out;
    }
    static void
    expect_clean(const Json &receipt)
    {
        EXPECT_TRUE(receipt.truth("clean"));
        EXPECT_EQ(receipt.number("leaked_bytes"), 0);
        EXPECT_EQ(receipt.number("launches_after_stop"), 0);
        for (const Json &kind : receipt.items("held")) {
            EXPECT_EQ(kind.number("left"), 0) << kind.text("kind");
        }
    }
    /* The solution that `document` names costs what it says, by `rein verify`. */
    void
    expect_verified(const std::string &problem, const Json &document) const
    {
        Ended ended =
            rein_.run({ "verify", problem, document.text("solution"), "--format", "json" });
        Json verified(ended.out);
        EXPECT_EQ(verified.number("hard"), document.at("best").number("hard")) << ended.err;
        EXPECT_EQ(verified.number("soft"), document.at("best").number("soft"));
    }
    int
    count_jobs() const
    {
        int n_jobs = 0;
        std::error_code missing;
        for (const auto &entry :
             std::filesystem::directory_iterator(home("state/rein/jobs"), missing)) {
            n_jobs += entry.is_directory() ? 1 : 0;
        }
        return n_jobs;
    }
    void
    expect_no_job() const
    {
        EXPECT_EQ(count_jobs(), 0);
        expect_nothing_unfinished();
    }
    /* No half-written file anywhere in the home. */
    void
    expect_nothing_unfinished() const
    {
        for (const auto &entry :
             std::filesystem::recursive_directory_iterator(rein_.home().path())) {
            EXPECT_NE(entry.path().extension(), ".part") << entry.path();
        }
    }

    Program rein_{ "rein" };
};

} // namespace rein_test
