/* SPDX-License-Identifier: MIT */

/* Whatever is interrupted, and however: nothing that it started is left. */

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "observer.h"
#include "support/temporary_folder.h"

namespace
{

constexpr double kLimitMs = 60000; /* only a broken program takes it */

struct Case {
    const char *name;
    std::vector<std::string> words; /* of the program, which is the first */
    unsigned n_processes;           /* there are so many when it is struck */
};

std::string
program(const char *name)
{
    return std::string(REIN_PROGRAM_DIR) + "/" + name;
}

const std::string kInstance = std::string(REIN_TEST_DATA_DIR) + "/itc2007/comp01.ctt";

const Case kCases[] = {
    { "run", { program("rein"), "run", kInstance, "--time", "10m" }, 3 },
    { "run_by_a_shell",
      { "/bin/sh", "-c", "'" + program("rein") + "' run '" + kInstance + "' --time 10m; true" },
      4 },
    { "run_without_namespace",
      { program("rein"), "run", kInstance, "--time", "10m", "--set", "device.isolation=subreaper" },
      3 },
    { "bench", { program("rein"), "bench", "timetable", "--device", "cpu" }, 1 },
    { "chaos", { std::string(REIN_CHAOS), "--rounds", "100000" }, 3 },
};

/* The second value is the signal, which goes to the process group, as from a terminal. */
class InterruptTest : public testing::TestWithParam<std::tuple<Case, int>>
{
  protected:
    void
    SetUp() override
    {
        const auto *info = testing::UnitTest::GetInstance()->current_test_info();

        value_ = std::to_string(getpid()) + info->name();
        mark_ = "INTERRUPT_MARK=" + value_;
    }
    void
    TearDown() override
    {
        chaos::kill_marked(mark_);
    }

    pid_t
    start(const std::vector<std::string> &words) const
    {
        std::vector<char *> argv;
        const pid_t pid = fork();

        if (pid != 0) {
            return pid;
        }
        setpgid(0, 0);
        setenv("INTERRUPT_MARK", value_.c_str(), 1);
        setenv("REIN_WORKER_ENVIRONMENT", "INTERRUPT_MARK", 1);
        setenv("XDG_STATE_HOME", home_.At("state").c_str(), 1);
        setenv("TMPDIR", home_.path().c_str(), 1);
        if (std::freopen("/dev/null", "w", stdout) == nullptr ||
            std::freopen("/dev/null", "w", stderr) == nullptr) {
            _exit(127);
        }
        for (const std::string &word : words) {
            argv.push_back(const_cast<char *>(word.c_str()));
        }
        argv.push_back(nullptr);
        execv(argv[0], argv.data());
        _exit(127);
    }

    rein_test::TemporaryFolder home_;
    std::string value_;
    std::string mark_;
};

TEST_P(InterruptTest, NothingIsLeft)
{
    const auto &[what, number] = GetParam();
    const pid_t pid = start(what.words);
    const double until_ms = chaos::now_ms() + kLimitMs;
    double gone_ms = 0;
    int status = 0;

    ASSERT_GT(pid, 0);
    while (chaos::find_marked(mark_).size() < what.n_processes) {
        ASSERT_EQ(waitpid(pid, &status, WNOHANG), 0) << "it ended by itself";
        chaos::pause_ms(1);
    }
    kill(-pid, number);
    while (waitpid(pid, &status, WNOHANG) == 0 && chaos::now_ms() < until_ms) {
        chaos::pause_ms(1);
    }
    EXPECT_TRUE(chaos::wait_until_gone(mark_, until_ms, &gone_ms).empty());
}

std::string
name_case(const testing::TestParamInfo<InterruptTest::ParamType> &info)
{
    const int number = std::get<1>(info.param);

    return std::string(std::get<0>(info.param).name) + (number == SIGINT    ? "_SIGINT"
                                                        : number == SIGTERM ? "_SIGTERM"
                                                                            : "_SIGKILL");
}

INSTANTIATE_TEST_SUITE_P(All, InterruptTest,
                         testing::Combine(testing::ValuesIn(kCases),
                                          testing::Values(SIGINT, SIGTERM, SIGKILL)),
                         name_case);

} // namespace
