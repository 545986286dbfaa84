/* SPDX-License-Identifier: MIT */
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <string>

#include <rein/error.h>

#include "support/json.h"
#include "support/program.h"
#include "sweep/sweep_folder.h"
#include "sweep/sweep_group.h"
#include "sweep/sweep_receipt.h"

namespace
{

using rein_test::Json;
using rein_test::read_text;
using rein_test::TemporaryFolder;
using testing::HasSubstr;

class SweepFolderTest : public testing::Test
{
  protected:
    SweepFolderTest()
    {
        settings_ = rein_settings_load_from(nullptr, nullptr, nullptr, nullptr);
        folder_.write("a.ctt", "a");
        make_plan("1-5");
    }
    ~SweepFolderTest() override
    {
        rein_sweep_folder_close(results_);
        rein_sweep_plan_free(plan_);
        rein_settings_free(settings_);
    }
    void
    make_plan(const std::string &seeds)
    {
        std::string path =
            folder_.write("x.sweep", "[sweep]\ninstances = a.ctt\nseeds = " + seeds + "\n");
        ReinSweepFile *file = rein_sweep_file_read(path.c_str(), settings_, nullptr);
        g_clear_pointer(&plan_, rein_sweep_plan_free);
        plan_ = rein_sweep_plan_new(file, settings_);
    }
    /* "" or the message; the folder before is closed. */
    std::string
    open()
    {
        GError *error = nullptr;

        g_clear_pointer(&results_, rein_sweep_folder_close);
        results_ = rein_sweep_folder_open(folder_.file("out").c_str(), plan_, &error);
        std::string message = error != nullptr ? error->message : "";
        g_clear_error(&error);
        EXPECT_EQ(results_ == nullptr, !message.empty());
        return message;
    }
    static ReinSweepResult *
    make_result(guint number, double soft, ReinExitCode exit_code = REIN_EXIT_OK)
    {
        ReinSweepResult *result = g_new0(ReinSweepResult, 1);

        result->number = number;
        result->outcome = g_strdup(exit_code == REIN_EXIT_STOPPED ? "stopped"
                                   : exit_code == REIN_EXIT_OK    ? "rounds"
                                                                  : "failed");
        result->exit_code = exit_code;
        result->n_planes = 2;
        result->plane_names[0] = g_strdup("hard");
        result->plane_names[1] = g_strdup("soft");
        result->planes[1] = soft;
        result->is_feasible = TRUE;
        result->seconds = 1.5;
        result->teardown_ms = 0.25 * number;
        result->is_clean = TRUE;
        result->device = g_strdup("cpu:0");
        result->is_warm = number > 1;
        result->solution = g_strdup("solutions/x.sol");
        return result;
    }
    bool
    append(guint number, double soft, ReinExitCode exit_code = REIN_EXIT_OK)
    {
        return rein_sweep_folder_append(results_, make_result(number, soft, exit_code), nullptr) !=
               FALSE;
    }
    const ReinSweepResult *
    result(guint number) const
    {
        return rein_sweep_folder_get_result(results_, number);
    }
    std::string
    lines() const
    {
        return read_text(folder_.file("out/results.ndjson"));
    }

    TemporaryFolder folder_;
    ReinSettings *settings_ = nullptr;
    ReinSweepPlan *plan_ = nullptr;
    ReinSweepFolder *results_ = nullptr;
};

TEST_F(SweepFolderTest, ResultsAreReadBackAsTheyWereWritten)
{
    ASSERT_EQ(open(), "");
    ASSERT_TRUE(append(2, 7));
    ASSERT_TRUE(append(1, 12, REIN_EXIT_DEADLINE));

    ASSERT_EQ(open(), "");

    ASSERT_NE(result(2), nullptr);
    EXPECT_EQ(result(3), nullptr);
    g_autofree char *cost = rein_sweep_result_describe_cost(result(2));
    EXPECT_STREQ(cost, "hard 0, soft 7");
    g_autofree char *line = rein_sweep_result_to_line(result(1), plan_);
    EXPECT_EQ(std::string(line) + "\n", lines().substr(lines().find('\n') + 1));
    EXPECT_EQ(rein_sweep_result_get_end(result(1)), REIN_SWEEP_FAILED);
}

TEST_F(SweepFolderTest, LaterResultOfACombinationTakesThePlaceOfTheEarlier)
{
    ASSERT_EQ(open(), "");
    ASSERT_TRUE(append(2, 7, REIN_EXIT_STOPPED));
    ASSERT_TRUE(append(2, 5));
    ASSERT_EQ(open(), "");

    EXPECT_EQ(result(2)->planes[1], 5);
    EXPECT_EQ(rein_sweep_result_get_end(result(2)), REIN_SWEEP_ENDED);
}

TEST_F(SweepFolderTest, TornLastLineIsDroppedWhereverItIsTorn)
{
    ASSERT_EQ(open(), "");
    ASSERT_TRUE(append(1, 7));
    std::string whole = lines();
    ASSERT_TRUE(append(2, 8));
    std::string both = lines();

    for (std::size_t size = whole.size(); size < both.size(); size++) {
        g_clear_pointer(&results_, rein_sweep_folder_close);
        folder_.write("out/results.ndjson", both.substr(0, size));
        ASSERT_EQ(open(), "") << size;
        EXPECT_NE(result(1), nullptr);
        EXPECT_EQ(result(2), nullptr);
        EXPECT_EQ(lines(), whole);
    }
    ASSERT_TRUE(append(2, 8));
    EXPECT_EQ(lines(), both);
}

TEST_F(SweepFolderTest, LineInTheMiddleThatIsNoResultIsRefused)
{
    ASSERT_EQ(open(), "");
    ASSERT_TRUE(append(1, 7));
    std::string good = lines();

    for (const char *bad : { "", "x", "{}", "[]", "null", "{\"v\":1,\"index\":1}", "\xff" }) {
        g_clear_pointer(&results_, rein_sweep_folder_close);
        folder_.write("out/results.ndjson", good + bad + "\n" + good);
        EXPECT_THAT(open(), HasSubstr("results.ndjson:2: is no result of this sweep")) << bad;
        EXPECT_EQ(lines(), good + bad + "\n" + good); /* nothing is lost */
    }
}

/* Each byte of a line by others: a result or none, and never more than that. */
TEST_F(SweepFolderTest, DamagedLineIsAResultOrNone)
{
    ReinSweepResult *whole = make_result(3, 9);
    g_autofree char *line = rein_sweep_result_to_line(whole, plan_);
    std::string good = line;
    rein_sweep_result_free(whole);

    for (std::size_t i = 0; i < good.size(); i++) {
        for (char damage : { '\0', '"', '{', '}', '[', ']', '9', '-', ',', 'n', '\xff' }) {
            std::string damaged = good;
            damaged[i] = damage;
            g_autoptr(ReinSweepResult) result = rein_sweep_result_parse(damaged.c_str(), plan_);
            EXPECT_TRUE(result == nullptr || (result->number >= 1 && result->number <= 5));
        }
    }
}

TEST_F(SweepFolderTest, ResultOfAnotherNumberOrVersionIsNone)
{
    ReinSweepResult *whole = make_result(3, 9);
    g_autofree char *line = rein_sweep_result_to_line(whole, plan_);
    std::string good = line;
    rein_sweep_result_free(whole);

    for (const char *index : { "0", "6", "-1", "4294967297", "1.5", "\"3\"", "null" }) {
        std::string other = good;
        other.replace(other.find("\"index\":3"), 9, std::string("\"index\":") + index);
        EXPECT_EQ(rein_sweep_result_parse(other.c_str(), plan_), nullptr) << index;
    }
    good.replace(good.find("\"v\":1"), 5, "\"v\":2");
    EXPECT_EQ(rein_sweep_result_parse(good.c_str(), plan_), nullptr);
}

TEST_F(SweepFolderTest, OtherCombinationsAreRefusedWithWhatToDo)
{
    ASSERT_EQ(open(), "");
    ASSERT_TRUE(append(1, 7));
    g_clear_pointer(&results_, rein_sweep_folder_close);
    make_plan("1-6");

    EXPECT_THAT(open(),
                HasSubstr("out: holds results of other combinations: the file of the sweep, "
                          "one that it names, run.time or run.population has changed since "
                          "(give another --output, or remove this folder)"));
    make_plan("1-5");
    EXPECT_EQ(open(), "");
    EXPECT_NE(result(1), nullptr);
}

TEST_F(SweepFolderTest, FolderWithOtherThingsIsLeftAlone)
{
    folder_.write("out/precious", "text");

    EXPECT_THAT(open(), HasSubstr("out: holds other things than a sweep"));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.file("out")), {}), 1);
    EXPECT_EQ(read_text(folder_.file("out/precious")), "text");
}

TEST_F(SweepFolderTest, BeginningThatWasCutShortIsBegunAnew)
{
    folder_.write("out/lock", "");
    folder_.write("out/.sweep.json.12345678.part", "{");

    EXPECT_EQ(open(), "");
    folder_.write("out/.receipt.json.12345678.part", "{"); /* that of the end, too */
    EXPECT_EQ(open(), "");

    for (const char *name :
         { "out/.sweep.json.12345678.part", "out/.receipt.json.12345678.part" }) {
        EXPECT_FALSE(std::filesystem::exists(folder_.file(name)));
    }
}

TEST_F(SweepFolderTest, SecondOneAtOnceIsToldToTryAgain)
{
    GError *error = nullptr;
    ASSERT_EQ(open(), "");

    EXPECT_EQ(rein_sweep_folder_open(folder_.file("out").c_str(), plan_, &error), nullptr);
    EXPECT_THAT(error->message, HasSubstr("another rein sweep works on it"));
    EXPECT_EQ(rein_exit_code_of_error(error), REIN_EXIT_TRY_AGAIN);
    g_error_free(error);
}

TEST_F(SweepFolderTest, JobsWithoutAResultAreRemovedAndOthersKept)
{
    for (const char *id : { "20250101-000000-000001", "20250101-000000-000002" }) {
        folder_.write(std::string("out/jobs/") + id + "/spec.ini",
                      std::string("[job]\nid=") + id + "\n");
        folder_.write(std::string("out/jobs/") + id + "/lock", "");
    }
    folder_.write("out/jobs/.gone-20250101-000000-000003/log", ""); /* killed while it went */
    std::filesystem::create_directory(folder_.file("out/jobs/20250101-000000-000004"));
    folder_.write("out/jobs/other/file", "");
    std::filesystem::rename(folder_.file("out/jobs"), folder_.file("jobs"));
    ASSERT_EQ(open(), "");
    std::filesystem::remove(folder_.file("out/jobs"));
    std::filesystem::rename(folder_.file("jobs"), folder_.file("out/jobs"));
    ReinSweepResult *failed = make_result(1, 7, REIN_EXIT_DEVICE_LOST);
    failed->job = g_strdup("jobs/20250101-000000-000002");
    ASSERT_TRUE(rein_sweep_folder_append(results_, failed, nullptr));

    ASSERT_EQ(open(), "");

    EXPECT_FALSE(std::filesystem::exists(folder_.file("out/jobs/20250101-000000-000001")));
    EXPECT_TRUE(std::filesystem::exists(folder_.file("out/jobs/20250101-000000-000002/spec.ini")));
    EXPECT_TRUE(std::filesystem::exists(folder_.file("out/jobs/other/file")));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.file("out/jobs")), {}), 2);
}

TEST_F(SweepFolderTest, LineThatDoesNotFitOnTheDiskIsNotHalfThere)
{
    rlimit before = {};
    GError *error = nullptr;
    ASSERT_EQ(open(), "");
    ASSERT_TRUE(append(1, 7));
    std::string good = lines();
    getrlimit(RLIMIT_FSIZE, &before);
    auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit small = { good.size() + 20, before.rlim_max };
    setrlimit(RLIMIT_FSIZE, &small);

    gboolean is_appended = rein_sweep_folder_append(results_, make_result(2, 8), &error);

    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    EXPECT_FALSE(is_appended);
    EXPECT_THAT(error->message, HasSubstr("results.ndjson: cannot be written: "));
    g_error_free(error);
    EXPECT_EQ(lines(), good);
    EXPECT_EQ(result(2), nullptr);
}

TEST_F(SweepFolderTest, GroupHasTheMedianOfWhatEndedByItsLimit)
{
    ReinSweepGroup group = {};
    ASSERT_EQ(open(), "");
    ASSERT_TRUE(append(1, 30));
    ASSERT_TRUE(append(2, 10));
    ASSERT_TRUE(append(3, 20));
    ASSERT_TRUE(append(4, 1, REIN_EXIT_DEVICE_LOST));
    ASSERT_TRUE(append(5, 2, REIN_EXIT_STOPPED));

    rein_sweep_group_init(&group, plan_, results_, 0);

    EXPECT_EQ(group.n, 5u);
    EXPECT_EQ(group.n_ended, 3u);
    EXPECT_EQ(group.n_failed, 1u);
    EXPECT_EQ(group.n_feasible, 3u);
    EXPECT_EQ(group.best->planes[1], 10);
    EXPECT_EQ(group.median->planes[1], 20);
    EXPECT_EQ(group.worst->planes[1], 30);
}

TEST_F(SweepFolderTest, MedianOfAnEvenNumberIsTheWorseOfTheTwo)
{
    ReinSweepGroup group = {};
    ASSERT_EQ(open(), "");
    ASSERT_TRUE(append(1, 30));
    ASSERT_TRUE(append(2, 10));

    rein_sweep_group_init(&group, plan_, results_, 0);

    EXPECT_EQ(group.median->planes[1], 30);
}

TEST_F(SweepFolderTest, ReceiptAddsUpAllJobs)
{
    ReinSweepReceipt receipt = {};
    ASSERT_EQ(open(), "");
    ASSERT_TRUE(append(1, 30));
    ReinSweepResult *leaky = make_result(4, 1, REIN_EXIT_DEVICE_LOST);
    leaky->is_clean = FALSE;
    leaky->leaked_size = 64;
    ASSERT_TRUE(rein_sweep_folder_append(results_, leaky, nullptr));
    ASSERT_TRUE(append(2, 1, REIN_EXIT_DEADLINE));
    ASSERT_TRUE(append(5, 2, REIN_EXIT_STOPPED));

    rein_sweep_receipt_init(&receipt, plan_, results_);

    g_autofree char *text = rein_sweep_receipt_to_text(&receipt);
    Json document(text);
    EXPECT_EQ(document.number("v"), 1);
    EXPECT_EQ(document.number("combinations"), 5);
    EXPECT_EQ(document.number("jobs"), 4);
    EXPECT_EQ(document.number("ended"), 1);
    EXPECT_EQ(document.number("failed"), 2);
    EXPECT_EQ(document.number("stopped"), 1);
    EXPECT_EQ(document.number("clean"), 3);
    EXPECT_EQ(document.number("not_clean"), 1);
    EXPECT_EQ(document.number("leaked_bytes"), 64);
    EXPECT_EQ(receipt.worst_teardown_ms, 1.25);
    EXPECT_EQ(document.number("devices_opened"), 1);
    EXPECT_EQ(document.at("outcomes").number("failed"), 2);
    EXPECT_EQ(document.at("outcomes").number("rounds"), 1);
    EXPECT_EQ(rein_sweep_receipt_get_exit_code(&receipt, TRUE), REIN_EXIT_STOPPED);
    EXPECT_EQ(rein_sweep_receipt_get_exit_code(&receipt, FALSE), REIN_EXIT_DEADLINE);
}

} // namespace
