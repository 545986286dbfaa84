/* SPDX-License-Identifier: MIT */
#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

#include "runner/run_device.h"
#include "runner/run_start.h"
#include "runner/runner.h"
#include "support/json.h"
#include "support/program.h"

namespace
{

using rein_test::Json;
using rein_test::read_text;
using rein_test::TemporaryFolder;
using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

std::string
data(const std::string &name)
{
    return std::string(REIN_TEST_DATA_DIR) + "/itc2007/" + name;
}

/* Runs in this process. Its jobs lie where the test environment says, not in a home of their
 * own: GLib reads XDG_STATE_HOME once. */
class RunnerTest : public testing::Test
{
  protected:
    RunnerTest()
    {
        settings_ = rein_settings_load_from(nullptr, nullptr, nullptr, nullptr);
        toy_ = data("toy.ctt");
        spec_.settings = settings_;
        spec_.problem_path = toy_.c_str();
        spec_.n_rounds = 2;
    }
    ~RunnerTest() override
    {
        rein_run_report_free(report_);
        rein_settings_free(settings_);
    }
    void
    run(const ReinRunObserver *observer = nullptr)
    {
        g_autoptr(ReinRunner) runner = rein_runner_new(&spec_, observer);
        report_ = rein_runner_run(runner);
    }

    ReinSettings *settings_ = nullptr;
    std::string toy_;
    ReinRunSpec spec_ = {};
    ReinRunReport *report_ = nullptr;
    TemporaryFolder folder_;
};

/* What an observer saw, and what was on disk by then. */
struct Seen {
    ReinRunner *runner = nullptr;
    std::vector<std::string> events;
    std::vector<std::string> notes;
    bool had_receipt_at_end = false;
    bool had_solution_at_end = false;
    int n_progress = 0;
};

void
see_event(const char *line, gpointer user_data)
{
    Seen *seen = static_cast<Seen *>(user_data);
    Json event(line);

    seen->events.push_back(event.text("event"));
    if (event.text("event") == "job_ended") {
        std::string solution = event.text("solution");
        std::string folder = std::filesystem::path(solution).parent_path();
        seen->had_receipt_at_end = !read_text(folder + "/receipt.json").empty();
        seen->had_solution_at_end = !read_text(solution).empty();
    }
}

void
see_note(const char *text, gpointer user_data)
{
    static_cast<Seen *>(user_data)->notes.push_back(text);
}

void
stop_at_progress(const ReinProgress *progress, const ReinProblemFormat *format, gpointer user_data)
{
    Seen *seen = static_cast<Seen *>(user_data);

    EXPECT_EQ(progress->n_planes, 2u);
    EXPECT_STREQ(format->name, "itc2007");
    seen->n_progress++;
    EXPECT_EQ(rein_runner_stop(seen->runner, "test"), REIN_RUNNER_HOLDING);
}

TEST_F(RunnerTest, ReportSaysWhatWasDone)
{
    run();

    EXPECT_EQ(report_->outcome, REIN_OUTCOME_ROUNDS);
    EXPECT_EQ(report_->error, nullptr);
    EXPECT_EQ(report_->exit_code, REIN_EXIT_OK);
    EXPECT_EQ(report_->n_rounds, 2u);
    EXPECT_TRUE(report_->has_score);
    EXPECT_TRUE(report_->score.is_feasible);
    EXPECT_TRUE(rein_receipt_is_clean(report_->receipt));
    EXPECT_FALSE(read_text(report_->solution_path).empty());
    EXPECT_EQ(report_->output_path, nullptr);
}

TEST_F(RunnerTest, ReceiptAndSolutionAreOnDiskBeforeTheEnd)
{
    Seen seen;
    ReinRunObserver observer = {};
    observer.event = see_event;
    observer.note = see_note;
    observer.user_data = &seen;

    run(&observer);

    EXPECT_TRUE(seen.had_receipt_at_end);
    EXPECT_TRUE(seen.had_solution_at_end);
    EXPECT_EQ(seen.events.front(), "job_started");
    EXPECT_EQ(seen.events.back(), "job_ended");
    /* beside them, what others have left on this machine may be told of */
    EXPECT_THAT(seen.notes, Contains(HasSubstr("toy.ctt")));
    EXPECT_THAT(seen.notes, Contains(StartsWith("start: ")));
    EXPECT_THAT(seen.notes, Contains(StartsWith("device: ")));
}

TEST_F(RunnerTest, BadProblemHasAnErrorAndNoJob)
{
    std::string path = folder_.write("bad.ctt", "nonsense\n");
    spec_.problem_path = path.c_str();

    run();

    EXPECT_EQ(report_->outcome, REIN_OUTCOME_FAILED);
    EXPECT_EQ(report_->exit_code, REIN_EXIT_BAD_INPUT);
    ASSERT_NE(report_->error, nullptr);
    EXPECT_THAT(report_->error->message, HasSubstr("bad.ctt:1: "));
    EXPECT_EQ(report_->job_id, nullptr);
    EXPECT_EQ(report_->receipt, nullptr);
}

TEST_F(RunnerTest, RunReadsNothingOfItsCallers)
{
    std::string problem = toy_;
    std::string output = folder_.file("out.sol");
    ReinSettings *settings = rein_settings_load_from(nullptr, nullptr, nullptr, nullptr);
    ReinRunSpec spec = spec_;
    spec.settings = settings;
    spec.problem_path = problem.c_str();
    spec.output_path = output.c_str();
    g_autoptr(ReinRunner) runner = rein_runner_new(&spec, nullptr);

    rein_settings_free(settings);
    problem.assign(problem.size(), 'x');
    output.assign(output.size(), 'x');
    spec = {};
    report_ = rein_runner_run(runner);

    EXPECT_EQ(report_->error, nullptr);
    EXPECT_FALSE(read_text(folder_.file("out.sol")).empty());
}

TEST_F(RunnerTest, DeviceThatThereIsNotLeavesNoJob)
{
    ASSERT_TRUE(rein_settings_set(settings_, REIN_SETTING_RUN_DEVICE, "none:0", "x", nullptr));

    run();

    EXPECT_EQ(report_->exit_code, REIN_EXIT_NO_DEVICE);
    EXPECT_EQ(report_->job_id, nullptr);
    EXPECT_EQ(report_->genes, nullptr);
}

TEST_F(RunnerTest, GivenDeviceServesRunAfterRunWithTheResultsOfAFreshOne)
{
    std::vector<std::string> solutions;

    spec_.n_rounds = 20;
    run();
    solutions.push_back(read_text(report_->solution_path));
    g_autoptr(ReinDevice) device = rein_run_open_device(&spec_, nullptr);
    ASSERT_NE(device, nullptr);
    spec_.device = device;
    for (int i = 0; i < 3; i++) {
        rein_run_report_free(report_);
        run();
        EXPECT_TRUE(rein_receipt_is_clean(report_->receipt));
        EXPECT_EQ(read_text(report_->solution_path), solutions[0]) << i;
    }

    EXPECT_FALSE(rein_device_is_lost(device));
}

TEST_F(RunnerTest, GivenFolderHoldsTheJobAndIsNotTidied)
{
    std::string path = folder_.path();
    folder_.write("20200101-000000-000001/spec.ini", "[job]\nid=20200101-000000-000001\n");
    folder_.write("20200101-000000-000001/lock", "");
    spec_.jobs_folder = path.c_str();

    run();

    EXPECT_EQ(report_->exit_code, REIN_EXIT_OK);
    EXPECT_EQ(std::string(report_->job_path), folder_.file(report_->job_id));
    EXPECT_TRUE(std::filesystem::exists(folder_.file("20200101-000000-000001/spec.ini")));
}

TEST_F(RunnerTest, SaveNowBeforeAndAfterTheRunSavesNothing)
{
    g_autofree char *before = nullptr;
    g_autofree char *after = nullptr;
    g_autoptr(ReinRunner) runner = rein_runner_new(&spec_, nullptr);

    EXPECT_FALSE(rein_runner_save_now(runner, "test", &before));
    EXPECT_STREQ(before, "there is no solution to be saved");
    report_ = rein_runner_run(runner);
    EXPECT_FALSE(rein_runner_save_now(runner, "test", &after));
}

TEST_F(RunnerTest, StopBeforeTheRunEndsItWithoutAJob)
{
    g_autoptr(ReinRunner) runner = rein_runner_new(&spec_, nullptr);

    EXPECT_EQ(rein_runner_stop(runner, "test"), REIN_RUNNER_LOADING);
    report_ = rein_runner_run(runner);

    EXPECT_EQ(report_->outcome, REIN_OUTCOME_STOPPED);
    EXPECT_EQ(report_->exit_code, REIN_EXIT_STOPPED);
    EXPECT_EQ(report_->error, nullptr);
    EXPECT_EQ(report_->job_id, nullptr);
}

TEST_F(RunnerTest, StopDuringTheRunSavesTheBestSoFar)
{
    Seen seen;
    ReinRunObserver observer = {};
    observer.event = see_event;
    observer.progress = stop_at_progress;
    observer.user_data = &seen;
    spec_.n_rounds = 0;
    spec_.time_ns = G_GINT64_CONSTANT(600000000000);
    g_autoptr(ReinRunner) runner = rein_runner_new(&spec_, &observer);
    seen.runner = runner;

    report_ = rein_runner_run(runner);

    EXPECT_GE(seen.n_progress, 1);
    EXPECT_EQ(report_->outcome, REIN_OUTCOME_STOPPED);
    EXPECT_EQ(report_->exit_code, REIN_EXIT_STOPPED);
    EXPECT_FALSE(read_text(report_->solution_path).empty());
    EXPECT_EQ(std::count(seen.events.begin(), seen.events.end(), "stop"), 1);
    EXPECT_EQ(seen.events.back(), "job_ended");
}

TEST_F(RunnerTest, StopAfterTheEndIsANoOp)
{
    Seen seen;
    ReinRunObserver observer = {};
    observer.event = see_event;
    observer.user_data = &seen;
    g_autoptr(ReinRunner) runner = rein_runner_new(&spec_, &observer);

    report_ = rein_runner_run(runner);
    EXPECT_EQ(rein_runner_stop(runner, "test"), REIN_RUNNER_ENDED);

    EXPECT_EQ(seen.events.back(), "job_ended");
    EXPECT_EQ(std::count(seen.events.begin(), seen.events.end(), "stop"), 0);
}

TEST_F(RunnerTest, PopulationOfTheSettingsGoesBeforeTheRecommendedOne)
{
    ASSERT_TRUE(
        rein_settings_set(settings_, REIN_SETTING_RUN_POPULATION, "5", "--population", nullptr));

    run();

    EXPECT_EQ(report_->population, 5u);
    EXPECT_EQ(report_->n_evaluations, 15u); /* of the start and two rounds */
}

TEST_F(RunnerTest, LargePopulationIsPartlyDrawnAtRandom)
{
    ASSERT_TRUE(
        rein_settings_set(settings_, REIN_SETTING_RUN_POPULATION, "200", "--population", nullptr));
    spec_.n_rounds = 1;

    run();

    EXPECT_EQ(report_->exit_code, REIN_EXIT_OK);
    EXPECT_TRUE(report_->score.is_feasible);
}

class RunStartTest : public testing::Test
{
  protected:
    RunStartTest() : file_(rein_problem_file_load(data("comp01.ctt").c_str(), nullptr))
    {
        g_autoptr(ReinProblem) problem = file_->format->make_problem(file_->instance);
        genome_size_ = rein_problem_get_genome_size(problem);
    }
    ~RunStartTest() override
    {
        rein_problem_file_free(file_);
    }
    ReinScore
    score(GBytes *genes, guint32 index) const
    {
        ReinScore score = {};
        const guint8 *first = static_cast<const guint8 *>(g_bytes_get_data(genes, nullptr));
        rein_problem_file_score_genes(file_, first + index * genome_size_, &score);
        return score;
    }

    ReinProblemFile *file_;
    gsize genome_size_ = 0;
};

TEST_F(RunStartTest, FirstIndividualIsTheBestOfTheConstructed)
{
    guint32 n = 0;
    g_autoptr(GBytes) genes =
        rein_run_start_construct(file_, nullptr, genome_size_, 10, 3, nullptr, &n);

    ASSERT_EQ(n, 10u);
    ASSERT_EQ(g_bytes_get_size(genes), 10 * genome_size_);
    ReinScore best = score(genes, 0);
    for (guint32 i = 1; i < n; i++) {
        ReinScore other = score(genes, i);
        EXPECT_FALSE(rein_score_is_better(&other, &best)) << i;
    }
}

TEST_F(RunStartTest, SameSeedGivesTheSameStart)
{
    guint32 n = 0;
    g_autoptr(GBytes) a = rein_run_start_construct(file_, nullptr, genome_size_, 4, 3, nullptr, &n);
    g_autoptr(GBytes) b = rein_run_start_construct(file_, nullptr, genome_size_, 4, 3, nullptr, &n);
    g_autoptr(GBytes) c = rein_run_start_construct(file_, nullptr, genome_size_, 4, 4, nullptr, &n);

    EXPECT_TRUE(g_bytes_equal(a, b));
    EXPECT_FALSE(g_bytes_equal(a, c));
}

TEST_F(RunStartTest, GivenGenomeIsTheFirstIndividual)
{
    guint32 n = 0;
    guint n_left_out = 1;
    g_autofree char *sha256 = nullptr;
    g_autoptr(GBytes) first = rein_run_start_read(file_, data("solutions/comp01-UD2.sol").c_str(),
                                                  &sha256, &n_left_out, nullptr);
    ASSERT_NE(first, nullptr);
    g_autoptr(GBytes) genes =
        rein_run_start_construct(file_, first, genome_size_, 3, 1, nullptr, &n);

    EXPECT_EQ(n_left_out, 0u);
    EXPECT_EQ(std::string(sha256).size(), 64u);
    EXPECT_EQ(score(genes, 0).planes[1], 5);
}

TEST_F(RunStartTest, CancelledConstructionStillHasOneIndividual)
{
    guint32 n = 0;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_cancellable_cancel(cancellable);

    g_autoptr(GBytes) genes =
        rein_run_start_construct(file_, nullptr, genome_size_, 50, 1, cancellable, &n);

    EXPECT_EQ(n, 1u);
    EXPECT_EQ(g_bytes_get_size(genes), genome_size_);
}

TEST_F(RunStartTest, NoMoreThanTheMostAreConstructed)
{
    guint32 n = 0;
    g_autoptr(GBytes) genes =
        rein_run_start_construct(file_, nullptr, genome_size_, 1000, 1, nullptr, &n);

    EXPECT_EQ(n, REIN_RUN_MAX_CONSTRUCTED);
    EXPECT_EQ(g_bytes_get_size(genes), n * genome_size_);
}

} // namespace
