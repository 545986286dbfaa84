/* SPDX-License-Identifier: MIT */

#include <sstream>

#include "host/run_fixture.h"
#include "support/processes.h"

namespace
{

using rein_test::Ended;
using rein_test::Json;
using rein_test::LiveProgram;
using rein_test::RunTest;

constexpr const char *kEvolving = "\"event\":\"progress\"";
constexpr int kNiceField = 19; /* of /proc/PID/stat, which counts from 1; the name is the second */

/* The nice values of all threads of a process. */
std::vector<int>
ReadNice(pid_t pid)
{
    const std::string folder = "/proc/" + std::to_string(pid) + "/task";
    std::vector<int> found;

    for (const auto &thread : std::filesystem::directory_iterator(folder)) {
        const std::string text = rein_test::read_text(thread.path().string() + "/stat");
        std::istringstream fields(text.substr(text.rfind(')') + 2));
        std::string word;

        for (int field = 3; field <= kNiceField; field++) {
            fields >> word;
        }
        found.push_back(std::atoi(word.c_str()));
    }
    return found;
}

class RunPoliteTest : public RunTest
{
  protected:
    /* A run on the CPU. */
    std::vector<std::string>
    words(std::vector<std::string> flags) const
    {
        flags.insert(flags.end(), { "--device", "cpu" });
        return long_run("ndjson", flags);
    }

    static void
    expect_stopped(LiveProgram &rein)
    {
        rein.send(SIGINT);
        EXPECT_EQ(rein.wait().code, 4);
    }

    /* The process of the plugin, by which it is asked how polite it is. */
    static pid_t
    FindPlugin(pid_t rein)
    {
        const std::vector<pid_t> supervisors = rein_test::FindChildren(rein);
        const std::vector<pid_t> plugins =
            rein_test::FindChildren(supervisors.empty() ? -1 : supervisors[0]);

        return plugins.empty() ? -1 : plugins[0];
    }
};

TEST_F(RunPoliteTest, ThreadsThatComputeHaveTheLeastPriorityAndHalfTheCores)
{
    LiveProgram rein = start(words({ "--polite" }));

    rein.read_until(kEvolving);
    const pid_t plugin = FindPlugin(rein.pid());

    ASSERT_GT(plugin, 0);
    const std::vector<int> nice = ReadNice(plugin);
    /* beside those that compute there is the one that listens for an interrupt */
    const auto n_computing = static_cast<std::size_t>(std::count(nice.begin(), nice.end(), 19));
    EXPECT_GE(n_computing, 1u);
    EXPECT_LE(n_computing, std::max(1u, g_get_num_processors() / 2));
    EXPECT_GE(n_computing + 1, nice.size());
    EXPECT_THAT(ReadNice(rein.pid()), testing::Each(0)); /* it has to be there to stop them */
    expect_stopped(rein);
}

TEST_F(RunPoliteTest, OtherRunsKeepTheirPriority)
{
    LiveProgram rein = start(words({}));

    rein.read_until(kEvolving);
    const pid_t plugin = FindPlugin(rein.pid());

    ASSERT_GT(plugin, 0);
    EXPECT_THAT(ReadNice(plugin), testing::Each(0));
    expect_stopped(rein);
}

TEST_F(RunPoliteTest, ThreadOfAPluginInThisProcessIsPoliteToo)
{
    LiveProgram rein = start(words({ "--polite", "--in-process" }));

    rein.read_until(kEvolving);
    EXPECT_THAT(ReadNice(rein.pid()), testing::Contains(19));
    EXPECT_THAT(ReadNice(rein.pid()), testing::Contains(0));
    expect_stopped(rein);
}

/* The one in force is in the job folder. */
TEST_F(RunPoliteTest, SlicesTakeTwoMillisecondsAtMost)
{
    const auto slice = [this](const std::vector<std::string> &flags) {
        std::vector<std::string> words = { data("toy.ctt"), "--rounds", "2" };

        words.insert(words.end(), flags.begin(), flags.end());
        const std::filesystem::path solution = Json(run_json(words)).text("solution");
        std::istringstream lines(rein_test::read_text(solution.parent_path() / "spec.ini"));
        std::string line;
        while (std::getline(lines, line) && line.rfind("slice=", 0) != 0) {
        }
        return line;
    };

    EXPECT_EQ(slice({}), "slice=10ms");
    EXPECT_EQ(slice({ "--polite" }), "slice=2ms");
    EXPECT_EQ(slice({ "--polite", "--set", "job.slice=1ms" }), "slice=1ms");
}

TEST_F(RunPoliteTest, ResultIsTheSame)
{
    const std::vector<std::string> words = { data("toy.ctt"), "--rounds", "20", "--format",
                                             "json" };
    std::vector<std::string> polite_words = words;

    polite_words.push_back("--polite");
    const Ended usual = run(words);
    const Ended polite = run(polite_words);
    ASSERT_EQ(polite.code, usual.code) << polite.err;
    EXPECT_EQ(rein_test::read_text(Json(polite.out).text("solution")),
              rein_test::read_text(Json(usual.out).text("solution")));
}

} // namespace
