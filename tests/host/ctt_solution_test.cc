/* SPDX-License-Identifier: MIT */
#include "ctt_fixture.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace
{

namespace fs = std::filesystem;

/* A feasible timetable of the small instance. */
const std::string small_solution = "Sce rA 0 0\n"
                                   "Sce rA 2 0\n"
                                   "Tec rB 0 1\n"
                                   "Tec rB 1 0\n"
                                   "Tec rB 2 1\n"
                                   "Geo rB 0 2\n"
                                   "Geo rB 1 2\n";

class CttSolutionTest : public testing::Test
{
  protected:
    void
    SetUp() override
    {
        std::string pattern = testing::TempDir() + "ctt-XXXXXX";
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder = pattern;
    }

    void
    TearDown() override
    {
        fs::remove_all(folder);
    }

    void
    expect_error(const std::string &text, const std::string &message) const
    {
        GError *error = nullptr;
        ctt::Solution solution(
            ctt_solution_parse(small.get(), text.data(), text.size(), "small.sol", &error));
        ctt::Error holder(error);
        EXPECT_EQ(solution, nullptr);
        ASSERT_NE(error, nullptr);
        EXPECT_TRUE(g_error_matches(error, CTT_ERROR, CTT_ERROR_INVALID));
        EXPECT_EQ(std::string(error->message), message);
    }

    std::string
    text_of(const ctt::Solution &solution) const
    {
        return ctt::take(ctt_solution_to_text(solution.get(), small.get()));
    }

    bool
    write(const std::string &path, std::string *message = nullptr) const
    {
        GError *error = nullptr;
        ctt::Solution solution = ctt::parse_solution(small, small_solution);
        bool is_written = ctt_solution_write(solution.get(), small.get(), path.c_str(), &error);
        EXPECT_EQ(is_written, error == nullptr);
        if (error != nullptr) {
            EXPECT_TRUE(g_error_matches(error, CTT_ERROR, CTT_ERROR_IO));
            *message = error->message;
            g_error_free(error);
        }
        return is_written;
    }

    fs::path folder;
    ctt::Instance small = ctt::parse_instance(ctt::small_text);
};

TEST_F(CttSolutionTest, PlacementsAreInTheOrderOfTheFile)
{
    ctt::Solution solution = ctt::parse_solution(small, small_solution);
    ASSERT_EQ(solution->n_placements, 7u);
    EXPECT_EQ(solution->placements[1].course, 0u);
    EXPECT_EQ(solution->placements[1].room, 0u);
    EXPECT_EQ(solution->placements[1].period, 6u);
    EXPECT_EQ(solution->placements[6].course, 2u);
    EXPECT_EQ(solution->placements[6].room, 1u);
    EXPECT_EQ(solution->placements[6].period, 5u);
}

TEST_F(CttSolutionTest, TextOfASolutionIsItsFile)
{
    EXPECT_EQ(text_of(ctt::parse_solution(small, small_solution)), small_solution);
}

TEST_F(CttSolutionTest, OtherDialectOfRoomNamesIsTaken)
{
    std::string plain = ctt::replaced_all(ctt::replaced_all(small_solution, "rA", "A"), "rB", "B");
    EXPECT_EQ(text_of(ctt::parse_solution(small, plain)), small_solution);
}

TEST_F(CttSolutionTest, LineEndsBlanksAndBlankLinesAreIgnored)
{
    std::string spaced = "\n \t\n" + ctt::replaced_all(small_solution, "\n", " \t\r\n\r\n");
    EXPECT_EQ(text_of(ctt::parse_solution(small, spaced)), small_solution);
}

TEST_F(CttSolutionTest, EmptyFileIsATimetableWithoutLectures)
{
    EXPECT_EQ(ctt::parse_solution(small, "")->n_placements, 0u);
}

TEST_F(CttSolutionTest, UnknownCourseMayBeAnotherInstance)
{
    expect_error("Sce rA 0 0\nArt rA 0 1\n",
                 "small.sol:2: course \"Art\" does not exist in instance \"Small\" (is this a "
                 "solution of another instance?)");
}

TEST_F(CttSolutionTest, UnknownRoomMayBeAnotherInstance)
{
    expect_error("\nSce rC 0 0\n",
                 "small.sol:2: room \"rC\" does not exist in instance \"Small\" (is this a "
                 "solution of another instance?)");
}

TEST_F(CttSolutionTest, DayOutOfRangeMayBeAnotherInstance)
{
    expect_error("Sce rA 3 0\n", "small.sol:1: day is 3 but instance \"Small\" has days 0 to 2 (is "
                                 "this a solution of another instance?)");
}

TEST_F(CttSolutionTest, PeriodOutOfRangeMayBeAnotherInstance)
{
    expect_error("Sce rA 0 3\n", "small.sol:1: period is 3 but instance \"Small\" has periods 0 to "
                                 "2 (is this a solution of another instance?)");
}

TEST_F(CttSolutionTest, NegativeDayIsRefused)
{
    expect_error("Sce rA -1 0\n",
                 "small.sol:1: day is \"-1\" (give a whole number from 0 to 4294967295)");
}

TEST_F(CttSolutionTest, LineWithFewerFieldsIsRefused)
{
    expect_error("Sce rA 0 0\nSce rA 0\n",
                 "small.sol:2: line has fewer than 4 fields (write \"course room day period\")");
}

TEST_F(CttSolutionTest, LineWithMoreFieldsIsRefused)
{
    expect_error("Sce rA 0 0 0\n",
                 "small.sol:1: line has more than 4 fields (write \"course room day period\")");
}

TEST_F(CttSolutionTest, NulByteIsRefused)
{
    expect_error(std::string("Sce rA 0 0\n\0", 12),
                 "small.sol:2: NUL byte (give a plain text file)");
}

TEST_F(CttSolutionTest, EndlessSolutionIsRefused)
{
    std::string text;
    for (guint i = 0; i <= CTT_MAX_PLACEMENTS; i++) {
        text += "Sce rA 0 0\n";
    }
    expect_error(text, "small.sol:65536: solution has more than 65535 lectures (remove some)");
}

TEST_F(CttSolutionTest, RealSolutionOfAnotherInstanceIsRefused)
{
    ctt::Instance comp02 = ctt::read_instance("comp02");
    GError *error = nullptr;
    std::string path = ctt::data_path("solutions/comp01-UD2.sol");
    EXPECT_EQ(ctt_solution_read(comp02.get(), path.c_str(), &error), nullptr);
    ctt::Error holder(error);
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(std::string(error->message),
              path + ":1: course \"c0001\" does not exist in instance \"Ing0203-2\" (is this a "
                     "solution of another instance?)");
}

TEST_F(CttSolutionTest, MissingFileIsNamed)
{
    GError *error = nullptr;
    EXPECT_EQ(ctt_solution_read(small.get(), "/nonexistent/x.sol", &error), nullptr);
    ctt::Error holder(error);
    ASSERT_TRUE(g_error_matches(error, CTT_ERROR, CTT_ERROR_IO));
    EXPECT_STREQ(error->message, "/nonexistent/x.sol: cannot be read: No such file or directory "
                                 "(give a readable file)");
}

TEST_F(CttSolutionTest, GenomeHoldsPeriodAndRoomOfEachLecture)
{
    ctt::Genome genome(7);
    ctt::Solution solution = ctt::parse_solution(small, small_solution);
    EXPECT_EQ(ctt_solution_to_genome(solution.get(), small.get(), genome.data()), 0u);
    EXPECT_EQ(genome, (ctt::Genome{ 0, 12, 3, 7, 15, 5, 11 }));
}

TEST_F(CttSolutionTest, SolutionAndGenomeConvertBothWays)
{
    ctt::Genome genome(7);
    ctt::Solution solution = ctt::parse_solution(small, small_solution);
    ctt_solution_to_genome(solution.get(), small.get(), genome.data());
    ctt::Solution back(ctt_solution_from_genome(small.get(), genome.data()));
    EXPECT_EQ(text_of(back), small_solution);
}

TEST_F(CttSolutionTest, LecturesFillTheirCourseInTheOrderOfTheFile)
{
    ctt::Genome genome(7);
    ctt::Solution solution =
        ctt::parse_solution(small, "Tec rB 2 1\nSce rA 0 0\nTec rA 0 1\nTec rB 1 0\n");
    EXPECT_EQ(ctt_solution_to_genome(solution.get(), small.get(), genome.data()), 0u);
    EXPECT_EQ(genome, (ctt::Genome{ 0, 18, 15, 2, 7, 18, 18 }));
}

TEST_F(CttSolutionTest, SecondLectureInOnePeriodStaysOutOfTheGenome)
{
    ctt::Genome genome(7);
    ctt::Solution solution = ctt::parse_solution(small, "Sce rA 0 0\nSce rB 0 0\nSce rB 0 1\n");
    EXPECT_EQ(ctt_solution_to_genome(solution.get(), small.get(), genome.data()), 1u);
    EXPECT_EQ(genome[0], 0);
    EXPECT_EQ(genome[1], 3);
}

TEST_F(CttSolutionTest, SurplusLectureStaysOutOfTheGenome)
{
    ctt::Genome genome(7);
    ctt::Solution solution = ctt::parse_solution(small, "Sce rA 0 0\nSce rA 0 1\nSce rA 0 2\n");
    EXPECT_EQ(ctt_solution_to_genome(solution.get(), small.get(), genome.data()), 1u);
    EXPECT_EQ(genome[0], 0);
    EXPECT_EQ(genome[1], 2);
    EXPECT_EQ(genome[2], 18);
}

TEST_F(CttSolutionTest, GenesBeyondTheLastPlaceAreNotPlaced)
{
    ctt::Genome genome = { 17, 18, 19, G_MAXUINT16, 18, 18, 18 };
    ctt::Solution solution(ctt_solution_from_genome(small.get(), genome.data()));
    EXPECT_EQ(text_of(solution), "Sce rB 2 2\n");
}

TEST_F(CttSolutionTest, WriteMakesAFileThatReads)
{
    std::string path = folder / "x.sol";
    ASSERT_TRUE(write(path));
    EXPECT_EQ(ctt::file_content(path), small_solution);
}

TEST_F(CttSolutionTest, WriteReplacesTheWholeFile)
{
    std::string path = folder / "x.sol";
    std::ofstream(path) << std::string(10000, 'x');
    ASSERT_TRUE(write(path));
    EXPECT_EQ(ctt::file_content(path), small_solution);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
}

TEST_F(CttSolutionTest, WriteFollowsALink)
{
    std::string path = folder / "x.sol";
    fs::path link = folder / "link.sol";
    std::ofstream(path) << "old";
    fs::create_symlink(path, link);
    ASSERT_TRUE(write(link));
    EXPECT_TRUE(fs::is_symlink(link));
    EXPECT_EQ(ctt::file_content(path), small_solution);
}

TEST_F(CttSolutionTest, WriteIntoAPipeGoesThrough)
{
    std::string path = folder / "pipe";
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    std::string got;
    std::thread reader([&] {
        std::ifstream pipe(path);
        got.assign(std::istreambuf_iterator<char>(pipe), {});
    });
    bool is_written = write(path);
    reader.join();
    EXPECT_TRUE(is_written);
    EXPECT_EQ(got, small_solution);
    EXPECT_TRUE(fs::is_fifo(path));
}

TEST_F(CttSolutionTest, WriteToAFullDiskFails)
{
    std::string message;
    if (access("/dev/full", W_OK) != 0) {
        GTEST_SKIP() << "no /dev/full here";
    }
    EXPECT_FALSE(write("/dev/full", &message));
    EXPECT_EQ(message, "/dev/full: cannot be written: No space left on device (choose another "
                       "place)");
}

TEST_F(CttSolutionTest, WriteToADirectoryFails)
{
    std::string message;
    EXPECT_FALSE(write(folder, &message));
    EXPECT_EQ(message,
              folder.string() + ": cannot be written: Is a directory (choose another place)");
}

TEST_F(CttSolutionTest, WriteIntoAMissingDirectoryFails)
{
    std::string message;
    std::string path = folder / "missing" / "x.sol";
    EXPECT_FALSE(write(path, &message));
    EXPECT_TRUE(g_str_has_prefix(message.c_str(), (path + ": cannot be written: ").c_str()));
}

TEST_F(CttSolutionTest, FreeTakesNull)
{
    ctt_solution_free(nullptr);
}

} // namespace
