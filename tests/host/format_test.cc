/* SPDX-License-Identifier: MIT */
#include <gmock/gmock.h>

#include <cstring>
#include <string>
#include <vector>

#include "problems/format.h"
#include "support/program.h"

namespace
{

using rein_test::read_text;
using rein_test::TemporaryFolder;
using testing::HasSubstr;
using testing::StartsWith;

class FormatTest : public testing::Test
{
  protected:
    ~FormatTest() override
    {
        g_clear_error(&error_);
        rein_problem_file_free(file_);
    }
    static std::string
    data(const std::string &name)
    {
        return std::string(REIN_TEST_DATA_DIR) + "/itc2007/" + name;
    }
    void
    load(const std::string &path)
    {
        file_ = rein_problem_file_load(path.c_str(), &error_);
    }
    /* Loads comp01 and its best known solution. */
    ReinSolution *
    load_comp01()
    {
        load(data("comp01.ctt"));
        return rein_problem_file_load_solution(file_, data("solutions/comp01-UD2.sol").c_str(),
                                               &error_);
    }

    GError *error_ = nullptr;
    ReinProblemFile *file_ = nullptr;
    TemporaryFolder folder_;
};

TEST_F(FormatTest, EveryFormatIsCompleteAndFoundByItsName)
{
    ASSERT_GE(rein_problem_format_get_n(), 1u);
    for (guint i = 0; i < rein_problem_format_get_n(); i++) {
        const ReinProblemFormat *format = rein_problem_format_get(i);
        /* all members are pointers */
        const void *const *members = reinterpret_cast<const void *const *>(format);
        for (std::size_t j = 0; j < sizeof *format / sizeof *members; j++) {
            std::size_t offset = j * sizeof *members;
            bool is_plane_name =
                offset >= offsetof(ReinProblemFormat, plane_names) &&
                offset < offsetof(ReinProblemFormat, plane_names) + sizeof format->plane_names;
            EXPECT_TRUE(members[j] != nullptr || is_plane_name) << format->name << " " << j;
        }
        EXPECT_EQ(rein_problem_format_find(format->name), format);
    }
    EXPECT_EQ(rein_problem_format_find("none"), nullptr);
}

TEST_F(FormatTest, ExtensionDecidesInAnyCase)
{
    EXPECT_STREQ(rein_problem_format_pick("a/b.CTT", "", 0, &error_)->name, "itc2007");
}

TEST_F(FormatTest, ContentDecidesWhereTheExtensionDoesNot)
{
    std::string text = read_text(data("comp01.ctt"));

    EXPECT_STREQ(rein_problem_format_pick("/dev/fd/63", text.c_str(), text.size(), &error_)->name,
                 "itc2007");
}

TEST_F(FormatTest, UnknownFileListsWhatIsKnown)
{
    EXPECT_EQ(rein_problem_format_pick("a.txt", "hello", 5, &error_), nullptr);
    EXPECT_TRUE(
        g_error_matches(error_, REIN_PROBLEM_FORMAT_ERROR, REIN_PROBLEM_FORMAT_ERROR_UNKNOWN));
    EXPECT_THAT(error_->message, StartsWith("a.txt: "));
    EXPECT_THAT(error_->message, HasSubstr(".ctt (ITC-2007 course timetabling)"));
}

TEST_F(FormatTest, DotInAFolderIsNoExtension)
{
    EXPECT_EQ(rein_problem_format_pick("a.ctt/b", "hello", 5, &error_), nullptr);
}

TEST_F(FormatTest, LoadedFileKnowsItsBytes)
{
    load(data("comp01.ctt"));

    ASSERT_NE(file_, nullptr) << error_->message;
    /* from SHA256SUMS */
    std::string sums = read_text(data("SHA256SUMS"));
    EXPECT_THAT(sums, HasSubstr(std::string(file_->sha256) + "  ./comp01.ctt"));
    EXPECT_EQ(file_->path, data("comp01.ctt"));
    EXPECT_STREQ(file_->format->get_name(file_->instance), "Fis0506-1");
}

TEST_F(FormatTest, MissingFileIsAnErrorThatNamesIt)
{
    load(folder_.file("none.ctt"));

    EXPECT_EQ(file_, nullptr);
    EXPECT_TRUE(g_error_matches(error_, REIN_PROBLEM_FORMAT_ERROR, REIN_PROBLEM_FORMAT_ERROR_IO));
    EXPECT_THAT(error_->message, HasSubstr("none.ctt: cannot be read: No such file"));
}

TEST_F(FormatTest, FolderIsNotAProblem)
{
    load(folder_.path());

    EXPECT_EQ(file_, nullptr);
    EXPECT_THAT(error_->message, HasSubstr("Is a directory"));
}

TEST_F(FormatTest, EmptyFileIsAnError)
{
    load(folder_.write("empty.ctt", ""));

    EXPECT_EQ(file_, nullptr);
    EXPECT_THAT(error_->message, StartsWith(folder_.file("empty.ctt:")));
}

TEST_F(FormatTest, FileOverTheLimitIsRefusedWithoutBeingRead)
{
    gsize size = 0;

    /* endless, and never read to more than the limit */
    g_autofree char *text = rein_problem_format_read_file("/dev/zero", &size, &error_);

    EXPECT_EQ(text, nullptr);
    EXPECT_THAT(error_->message, HasSubstr("256 MiB"));
}

TEST_F(FormatTest, ScoreHasTheKernelsPlanesAndNamedParts)
{
    ReinSolution *solution = load_comp01();
    ReinScore score = {};

    ASSERT_NE(solution, nullptr) << error_->message;
    file_->format->score(file_->instance, solution, &score);
    file_->format->free_solution(solution);

    ASSERT_EQ(score.n_planes, 2u);
    EXPECT_EQ(score.planes[0], 0);
    EXPECT_EQ(score.planes[1], 5);
    EXPECT_TRUE(score.is_feasible);
    ASSERT_EQ(score.n_parts, 8u);
    EXPECT_STREQ(score.parts[0].name, "lectures");
    EXPECT_TRUE(score.parts[0].is_hard);
    EXPECT_STREQ(score.parts[7].name, "room_stability");
    EXPECT_FALSE(score.parts[7].is_hard);
}

TEST_F(FormatTest, SolutionGoesToGenesAndBack)
{
    ReinSolution *solution = load_comp01();
    ReinScore score = {};

    ASSERT_NE(solution, nullptr) << error_->message;
    g_autoptr(ReinProblem) problem = file_->format->make_problem(file_->instance);
    std::vector<guint8> genes(rein_problem_get_genome_size(problem));
    EXPECT_EQ(file_->format->solution_to_genes(file_->instance, solution, genes.data()), 0u);
    file_->format->free_solution(solution);

    rein_problem_file_score_genes(file_, genes.data(), &score);
    EXPECT_EQ(score.planes[1], 5);
    solution = file_->format->solution_from_genes(file_->instance, genes.data());
    g_autofree char *text = file_->format->solution_to_text(file_->instance, solution);
    file_->format->free_solution(solution);
    EXPECT_EQ(std::count(text, text + std::strlen(text), '\n'), 160);
}

TEST_F(FormatTest, SolutionOfAnotherInstanceNamesTheLine)
{
    load(data("comp01.ctt"));

    EXPECT_EQ(
        rein_problem_file_load_solution(file_, data("solutions/comp02-UD2.sol").c_str(), &error_),
        nullptr);
    EXPECT_THAT(error_->message, HasSubstr("comp02-UD2.sol:1: "));
}

TEST_F(FormatTest, ConstructionIsTheSameForTheSameSeed)
{
    load(data("comp01.ctt"));
    g_autoptr(ReinProblem) problem = file_->format->make_problem(file_->instance);
    std::vector<guint8> a(rein_problem_get_genome_size(problem));
    std::vector<guint8> b(a.size());
    std::vector<guint8> c(a.size());

    file_->format->construct(file_->instance, 1, a.data());
    file_->format->construct(file_->instance, 1, b.data());
    file_->format->construct(file_->instance, 2, c.data());

    EXPECT_EQ(a, b);
    EXPECT_NE(a, c);
}

TEST_F(FormatTest, RecommendedSettingsAreWithinWhatAnEvolutionTakes)
{
    for (const char *name : { "toy.ctt", "comp01.ctt", "comp07.ctt" }) {
        ReinTuning tuning = {};
        g_clear_pointer(&file_, rein_problem_file_free);
        load(data(name));
        file_->format->recommend(file_->instance, &tuning);
        EXPECT_GE(tuning.population, 1u);
        EXPECT_GE(tuning.tournament, 1u);
        EXPECT_LE(tuning.n_elites, 1u);
        EXPECT_GE(tuning.select_rate, 0);
        EXPECT_LE(tuning.select_rate, 1);
    }
}

TEST_F(FormatTest, TargetIsASoftCostOrBothCosts)
{
    double planes[REIN_MAX_PLANES] = { 9, 9 };
    load(data("toy.ctt"));

    EXPECT_TRUE(file_->format->parse_target("5", planes, &error_));
    EXPECT_EQ(planes[0], 0);
    EXPECT_EQ(planes[1], 5);
    EXPECT_TRUE(file_->format->parse_target("2,100", planes, &error_));
    EXPECT_EQ(planes[0], 2);
    EXPECT_EQ(planes[1], 100);
    for (const char *wrong : { "", "x", "-1", "1,", ",1", "1,2,3", "1e3", "99999999999" }) {
        EXPECT_FALSE(file_->format->parse_target(wrong, planes, &error_)) << wrong;
        EXPECT_TRUE(
            g_error_matches(error_, REIN_PROBLEM_FORMAT_ERROR, REIN_PROBLEM_FORMAT_ERROR_INVALID));
        g_clear_error(&error_);
    }
}

TEST_F(FormatTest, ViolationsAddUpToTheScore)
{
    load(data("comp01.ctt"));
    ReinSolution *solution =
        rein_problem_file_load_solution(file_, data("mutated/comp01-m20.sol").c_str(), &error_);
    ReinScore score = {};
    gint64 sum = 0;
    gint64 told = 0;

    ASSERT_NE(solution, nullptr) << error_->message;
    file_->format->score(file_->instance, solution, &score);
    file_->format->explain(
        file_->instance, solution,
        [](const ReinViolation *violation, gpointer user_data) {
            EXPECT_STRNE(violation->text, "");
            *static_cast<gint64 *>(user_data) += violation->cost;
        },
        &told);
    file_->format->free_solution(solution);

    for (guint i = 0; i < score.n_parts; i++) {
        sum += score.parts[i].cost;
    }
    EXPECT_GT(told, 0);
    EXPECT_EQ(told, sum);
}

TEST_F(FormatTest, BetterIsDecidedByTheFirstPlaneThatDiffers)
{
    ReinScore a = {};
    ReinScore b = {};
    a.n_planes = b.n_planes = 2;
    a.planes[1] = 100;
    b.planes[0] = 1;

    EXPECT_TRUE(rein_score_is_better(&a, &b));
    EXPECT_FALSE(rein_score_is_better(&b, &a));
    EXPECT_FALSE(rein_score_is_better(&a, &a));
}

} // namespace
