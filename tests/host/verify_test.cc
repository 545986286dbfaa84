/* SPDX-License-Identifier: MIT */
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "support/json.h"
#include "support/program.h"

namespace
{

using rein_test::Ended;
using rein_test::Json;
using rein_test::Program;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::string DATA = std::string(REIN_TEST_DATA_DIR) + "/itc2007/";

std::vector<std::vector<std::string>>
read_table(const std::string &path)
{
    std::ifstream file(path);
    std::vector<std::vector<std::string>> rows;

    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        rows.emplace_back();
        for (std::string field; std::getline(fields, field, '\t');) {
            rows.back().push_back(field);
        }
    }
    return rows;
}

class VerifyTest : public testing::Test
{
  protected:
    Ended
    verify(const std::string &instance, const std::string &solution,
           const std::vector<std::string> &flags = {})
    {
        std::vector<std::string> arguments = { "verify", DATA + instance, solution };
        arguments.insert(arguments.end(), flags.begin(), flags.end());
        return rein_.run(arguments);
    }
    void
    expect_bad_input(const Ended &ended, const std::string &part)
    {
        EXPECT_EQ(ended.code, 2);
        EXPECT_THAT(ended.out, IsEmpty());
        EXPECT_THAT(ended.err, StartsWith("rein: "));
        EXPECT_THAT(ended.err, HasSubstr(part));
    }

    Program rein_{ "rein" };
};

TEST_F(VerifyTest, FeasibleSolutionIsExitCodeZeroWithEveryPart)
{
    Ended ended = verify("comp01.ctt", DATA + "solutions/comp01-UD2.sol");

    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(ended.out, "PART              COST\n"
                         "lectures             0  hard\n"
                         "conflicts            0  hard\n"
                         "availability         0  hard\n"
                         "room_occupation      0  hard\n"
                         "room_capacity        4\n"
                         "min_working_days     0\n"
                         "compactness          0\n"
                         "room_stability       1\n"
                         "\n"
                         "hard 0, soft 5, feasible\n");
}

TEST_F(VerifyTest, InfeasibleSolutionIsExitCodeFive)
{
    Ended ended = verify("comp01.ctt", DATA + "mutated/comp01-m5.sol");

    EXPECT_EQ(ended.code, 5) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("hard 7, soft 59, not feasible\n"));
}

TEST_F(VerifyTest, SolutionWithoutLecturesIsInfeasible)
{
    std::string path = rein_.home().write("empty.sol", "");

    Ended ended = verify("comp01.ctt", path);
    EXPECT_EQ(ended.code, 5) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("not feasible"));
}

/* Every part of every row, as the competition's validator counts it. */
class VerifyTableTest : public VerifyTest, public testing::WithParamInterface<const char *>
{
};

TEST_P(VerifyTableTest, EveryPartOfEveryRowIsTheValidators)
{
    static const char *const parts[] = { "lectures",        "conflicts",     "availability",
                                         "room_occupation", "room_capacity", "min_working_days",
                                         "compactness",     "room_stability" };
    std::string folder = DATA + GetParam() + "/";
    auto rows = read_table(folder + "expected.tsv");

    ASSERT_GT(rows.size(), 1u);
    for (std::size_t i = 1; i < rows.size(); i++) {
        SCOPED_TRACE(rows[i][0]);
        Ended ended = verify(rows[i][1] + ".ctt", folder + rows[i][0], { "--format", "json" });
        Json score(ended.out);
        gint64 hard = 0;
        for (int part = 0; part < 8; part++) {
            gint64 expected = std::stoll(rows[i][2 + part]);
            EXPECT_EQ(score.at("parts").number(parts[part]), expected) << parts[part];
            hard += part < 4 ? expected : 0;
        }
        EXPECT_EQ(score.number("hard"), hard);
        EXPECT_EQ(score.number("soft"), std::stoll(rows[i][10]));
        EXPECT_EQ(score.number("warnings"), std::stoll(rows[i][11]));
        EXPECT_EQ(score.truth("feasible"), hard == 0);
        EXPECT_EQ(ended.code, hard == 0 ? 0 : 5);
    }
}

INSTANTIATE_TEST_SUITE_P(All, VerifyTableTest, testing::Values("solutions", "mutated"));

TEST_F(VerifyTest, JsonNamesProblemFormatAndSolution)
{
    std::string solution = DATA + "solutions/comp01-UD2.sol";
    Json score(verify("comp01.ctt", solution, { "--format", "json" }).out);

    EXPECT_EQ(score.text("problem"), DATA + "comp01.ctt");
    EXPECT_EQ(score.text("problem_format"), "itc2007");
    EXPECT_EQ(score.text("problem_name"), "Fis0506-1");
    EXPECT_EQ(score.text("solution"), solution);
    EXPECT_FALSE(score.has("violations"));
    EXPECT_FALSE(score.has("grid"));
}

TEST_F(VerifyTest, ExplainListsViolationsThatAddUp)
{
    std::string solution = DATA + "mutated/comp01-m5.sol";
    Json score(verify("comp01.ctt", solution, { "--explain", "--format", "json" }).out);
    gint64 cost = 0;

    for (const Json &violation : score.items("violations")) {
        cost += violation.number("cost");
        EXPECT_FALSE(violation.text("part").empty());
        EXPECT_FALSE(violation.text("text").empty());
        violation.truth("warning");
    }
    EXPECT_EQ(cost, score.number("hard") + score.number("soft"));
    EXPECT_EQ(score.number("violations_left_out"), 0);
}

TEST_F(VerifyTest, ExplainInTextIsALineForEachViolation)
{
    Ended ended = verify("comp01.ctt", DATA + "solutions/comp01-UD2.sol", { "--explain" });

    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("feasible\n\nroom_capacity "));
    EXPECT_THAT(ended.out, HasSubstr("\nroom_stability 1: "));
}

TEST_F(VerifyTest, NdjsonIsViolationsThenTheScore)
{
    Ended ended = verify("comp01.ctt", DATA + "solutions/comp01-UD2.sol",
                         { "--explain", "--format", "ndjson" });

    std::vector<Json> lines = Json::lines(ended.out);
    ASSERT_GE(lines.size(), 2u);
    EXPECT_EQ(lines.front().text("type"), "violation");
    EXPECT_EQ(lines.back().text("type"), "score");
    EXPECT_EQ(lines.back().number("soft"), 5);
}

TEST_F(VerifyTest, GridShowsRoomsAndPeriods)
{
    Ended ended = verify("comp01.ctt", DATA + "solutions/comp01-UD2.sol", { "--grid" });

    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, HasSubstr("day"));
    EXPECT_THAT(ended.out, HasSubstr("c0001"));
}

TEST_F(VerifyTest, CsvGoesToAFileBesideTheScore)
{
    std::string csv = rein_.home().file("table.csv");

    Ended ended = verify("comp01.ctt", DATA + "solutions/comp01-UD2.sol", { "--csv", csv });
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("feasible"));
    EXPECT_THAT(rein_test::read_text(csv), StartsWith("day,period,room,course,teacher,students\n"));
}

TEST_F(VerifyTest, CsvToStdoutStandsThereAlone)
{
    Ended ended = verify("comp01.ctt", DATA + "solutions/comp01-UD2.sol", { "--csv", "-" });

    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, StartsWith("day,period,room,course,teacher,students\n"));
    EXPECT_EQ(std::count(ended.out.begin(), ended.out.end(), '\n'), 161);
    EXPECT_EQ(ended.err, "hard 0, soft 5, feasible\n");
    for (const char *flag : { "--grid", "--explain", "--format=json" }) {
        expect_bad_input(
            verify("comp01.ctt", DATA + "solutions/comp01-UD2.sol", { "--csv", "-", flag }),
            "--csv - leaves no room");
    }
}

TEST_F(VerifyTest, QuietPrintsOnlyTheResult)
{
    Ended ended =
        verify("comp01.ctt", DATA + "solutions/comp01-UD2.sol", { "--csv", "-", "--quiet" });

    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.err, IsEmpty());
}

TEST_F(VerifyTest, CsvThatCannotBeWrittenIsAnError)
{
    expect_bad_input(verify("comp01.ctt", DATA + "solutions/comp01-UD2.sol",
                            { "--csv", rein_.home().file("no/such/folder.csv") }),
                     "no/such/folder.csv");
}

TEST_F(VerifyTest, CsvDoesNotReplaceProblemOrSolution)
{
    std::string problem = rein_.home().write("p.ctt", rein_test::read_text(DATA + "comp01.ctt"));
    std::string solution =
        rein_.home().write("s.sol", rein_test::read_text(DATA + "solutions/comp01-UD2.sol"));

    expect_bad_input(rein_.run({ "verify", problem, solution, "--csv", problem }),
                     "p.ctt: the table would replace the problem");
    expect_bad_input(rein_.run({ "verify", problem, solution, "--csv", solution }),
                     "s.sol: the table would replace the solution");
    EXPECT_EQ(rein_test::read_text(problem), rein_test::read_text(DATA + "comp01.ctt"));
    EXPECT_EQ(rein_test::read_text(solution),
              rein_test::read_text(DATA + "solutions/comp01-UD2.sol"));
}

TEST_F(VerifyTest, MissingFilesAreNamed)
{
    expect_bad_input(verify("nowhere.ctt", "nowhere.sol"), DATA + "nowhere.ctt");
    expect_bad_input(verify("comp01.ctt", "nowhere.sol"), "nowhere.sol");
}

TEST_F(VerifyTest, SolutionBeforeTheProblemIsToldToComeAfterIt)
{
    expect_bad_input(
        rein_.run({ "verify", DATA + "solutions/comp01-UD2.sol", DATA + "comp01.ctt" }),
        "comp01.ctt is (PROBLEM comes first: rein verify PROBLEM SOLUTION)");
}

TEST_F(VerifyTest, EntryThatDoesNotCountIsAWarningOnce)
{
    std::string text = rein_test::read_text(DATA + "solutions/comp01-UD2.sol");
    std::string path = rein_.home().write("twice.sol", text + text.substr(0, text.find('\n') + 1));

    Ended ended = verify("comp01.ctt", path, { "--explain" });
    EXPECT_THAT(ended.out, HasSubstr(", 1 entry does not count\n\nwarning: course c0001 in room "));
    Json score(verify("comp01.ctt", path, { "--explain", "--format", "json" }).out);
    EXPECT_THAT(score.items("violations").front().text("text"),
                StartsWith("course c0001 in room "));
}

TEST_F(VerifyTest, WhatNoSolutionCanGiveIsAWarningThatNamesTheLine)
{
    std::string path = rein_.home().write(
        "tiny.ctt", "Name: Tiny\nCourses: 1\nRooms: 1\nDays: 5\nPeriods_per_day: 1\nCurricula: 0\n"
                    "Constraints: 0\n\nCOURSES:\nMath t 7 6 10\nROOMS:\nA 20\nCURRICULA:\n"
                    "UNAVAILABILITY_CONSTRAINTS:\nEND.\n");

    Ended ended = rein_.run({ "verify", path, rein_.home().write("empty.sol", "") });
    EXPECT_EQ(ended.code, 5);
    EXPECT_EQ(ended.err,
              "rein: warning: " + path +
                  ": 7 lectures have 5 places, periods times rooms (no timetable can be feasible)\n"
                  "rein: warning: " +
                  path +
                  ":10: course \"Math\" has 7 lectures but 5 free periods (no timetable can be "
                  "feasible)\n"
                  "rein: warning: " +
                  path +
                  ":10: course \"Math\" must be on 6 days but can be on 5 at most (the soft cost "
                  "can never be 0)\n");
}

TEST_F(VerifyTest, WarningsOfAProblemAreBounded)
{
    std::string text = "Name: Many\nCourses: 30\nRooms: 1\nDays: 1\nPeriods_per_day: 100\n"
                       "Curricula: 0\nConstraints: 0\n\nCOURSES:\n";
    for (int i = 0; i < 30; i++) {
        text += "c" + std::to_string(i) + " t" + std::to_string(i) + " 1 2 10\n";
    }
    std::string path = rein_.home().write(
        "many.ctt", text + "ROOMS:\nA 20\nCURRICULA:\nUNAVAILABILITY_CONSTRAINTS:\nEND.\n");

    Ended ended = rein_.run({ "verify", path, rein_.home().write("empty.sol", "") });
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 21);
    EXPECT_THAT(ended.err, HasSubstr("many.ctt: 10 more of the like\n"));
}

TEST_F(VerifyTest, MalformedSolutionIsNamedWithItsLine)
{
    std::string path = rein_.home().write("bad.sol", "c0001 rB 0 0\nc0001 rB zero 1\n");

    expect_bad_input(verify("comp01.ctt", path), path + ":2: ");
}

TEST_F(VerifyTest, MalformedProblemIsNamedWithItsLine)
{
    std::string path = rein_.home().write("bad.ctt", "Name: x\nCourses: many\n");

    Ended ended = rein_.run({ "verify", path, DATA + "solutions/comp01-UD2.sol" });
    expect_bad_input(ended, path + ":2: ");
}

TEST_F(VerifyTest, SolutionOfAnotherInstanceIsSaidToBeOne)
{
    expect_bad_input(verify("comp01.ctt", DATA + "solutions/comp02-UD2.sol"),
                     "solution of another instance");
}

TEST_F(VerifyTest, UnknownFormatNamesThoseThereAre)
{
    std::string path = rein_.home().write("problem.xyz", "something else\n");

    expect_bad_input(rein_.run({ "verify", path, "x.sol" }), ".ctt");
}

TEST_F(VerifyTest, FolderInPlaceOfAFileIsAnError)
{
    expect_bad_input(rein_.run({ "verify", DATA, DATA }), "Is a directory");
}

} // namespace
