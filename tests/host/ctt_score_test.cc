/* SPDX-License-Identifier: MIT */
#include "ctt_fixture.h"

namespace
{

/* Every part of every row of the official validator's tables. */
class CttValidatorTable : public testing::TestWithParam<ctt::Expected>
{
  protected:
    ctt::Instance instance = ctt::read_instance(GetParam().instance);
    ctt::Solution solution = ctt::read_solution(instance, GetParam().solution);
};

TEST_P(CttValidatorTable, ScoreHasEveryPart)
{
    const std::vector<gint64> &expected = GetParam().parts;
    CttScore score = ctt::score(instance, solution);
    ASSERT_EQ(expected.size(), CTT_N_KINDS + 2u);
    for (guint kind = 0; kind < CTT_N_KINDS; kind++) {
        EXPECT_EQ(score.cost[kind], expected[kind]) << ctt_kind_name((CttKind)kind);
    }
    EXPECT_EQ(score.hard, expected[0] + expected[1] + expected[2] + expected[3]);
    EXPECT_EQ(score.soft, expected[CTT_N_KINDS]);
    EXPECT_EQ(score.n_warnings, expected[CTT_N_KINDS + 1]);
}

TEST_P(CttValidatorTable, ScoreOfTheGenomeIsTheSame)
{
    ctt::Genome genome(instance->n_lectures);
    CttScore expected = ctt::score(instance, solution);
    CttScore score;
    guint32 n_left_out = ctt_solution_to_genome(solution.get(), instance.get(), genome.data());
    ctt_score_genome(instance.get(), genome.data(), &score);
    EXPECT_EQ(n_left_out, expected.n_warnings);
    for (guint kind = 0; kind < CTT_N_KINDS; kind++) {
        EXPECT_EQ(score.cost[kind], expected.cost[kind]) << ctt_kind_name((CttKind)kind);
    }
    EXPECT_EQ(score.n_warnings, 0u);
}

TEST_P(CttValidatorTable, ScoreOfTheWrittenTextIsTheSame)
{
    std::string text = ctt::take(ctt_solution_to_text(solution.get(), instance.get()));
    CttScore score = ctt::score(instance, ctt::parse_solution(instance, text));
    EXPECT_EQ(score.hard, ctt::score(instance, solution).hard);
    EXPECT_EQ(score.soft, ctt::score(instance, solution).soft);
}

INSTANTIATE_TEST_SUITE_P(Itc2007, CttValidatorTable, testing::ValuesIn(ctt::all_expected()),
                         ctt::test_name);

TEST(CttValidatorTables, HaveAllTheirRows)
{
    EXPECT_EQ(ctt::read_expected("solutions").size(), 17u);
    EXPECT_EQ(ctt::read_expected("mutated").size(), 18u);
}

class CttScoreTest : public testing::Test
{
  protected:
    gint64
    cost(CttKind kind, const std::string &text) const
    {
        return ctt::score(small, ctt::parse_solution(small, text)).cost[kind];
    }

    ctt::Instance small = ctt::parse_instance(ctt::small_text);
};

TEST_F(CttScoreTest, EmptyTimetableLacksAllLecturesAndDays)
{
    CttScore score = ctt::score(small, ctt::parse_solution(small, ""));
    EXPECT_EQ(score.cost[CTT_KIND_LECTURES], 7);
    EXPECT_EQ(score.cost[CTT_KIND_MIN_WORKING_DAYS], 5 * 7);
    EXPECT_EQ(score.hard, 7);
    EXPECT_EQ(score.soft, 5 * 7);
}

TEST_F(CttScoreTest, SurplusLecturesCountLikeMissingOnes)
{
    EXPECT_EQ(cost(CTT_KIND_LECTURES, "Sce rA 0 0\nSce rA 0 1\nSce rA 0 2\nSce rA 2 0\n"),
              2 + 3 + 2);
}

TEST_F(CttScoreTest, RepeatedLectureIsAWarningAndTakesNoRoom)
{
    CttScore score =
        ctt::score(small, ctt::parse_solution(small, "Sce rA 0 0\nSce rB 0 0\nTec rB 0 0\n"));
    EXPECT_EQ(score.n_warnings, 1u);
    EXPECT_EQ(score.cost[CTT_KIND_LECTURES], 1 + 2 + 2);
    EXPECT_EQ(score.cost[CTT_KIND_ROOM_OCCUPATION], 0);
    EXPECT_EQ(score.cost[CTT_KIND_ROOM_STABILITY], 0);
}

TEST_F(CttScoreTest, ConflictThroughTeacherAndCurriculumCountsOnce)
{
    ctt::Instance both = ctt::parse_instance(
        ctt::replaced(ctt::replaced(ctt::small_text, "Indaco", "Ocra"), "Cur2 1 Geo",
                      "Cur2 2 Geo "
                      "Tec"));
    ctt::Solution solution = ctt::parse_solution(both, "Sce rA 0 0\nTec rB 0 0\nGeo rB 0 1\n");
    EXPECT_EQ(ctt::score(both, solution).cost[CTT_KIND_CONFLICTS], 1);
}

TEST_F(CttScoreTest, ThreeConflictingCoursesAreThreePairs)
{
    ctt::Instance all =
        ctt::parse_instance(ctt::replaced(ctt::small_text, "Cur2 1 Geo", "Cur2 3 Geo Tec Sce"));
    ctt::Solution solution = ctt::parse_solution(all, "Sce rA 0 0\nTec rB 0 0\nGeo rB 0 0\n");
    EXPECT_EQ(ctt::score(all, solution).cost[CTT_KIND_CONFLICTS], 3);
}

TEST_F(CttScoreTest, ThreeLecturesInARoomAreTwoTooMany)
{
    EXPECT_EQ(cost(CTT_KIND_ROOM_OCCUPATION, "Sce rA 0 0\nTec rA 0 0\nGeo rA 0 0\n"), 2);
}

TEST_F(CttScoreTest, ForbiddenPeriodCountsForItsCourseAlone)
{
    EXPECT_EQ(cost(CTT_KIND_AVAILABILITY, "Tec rA 2 0\nGeo rA 2 0\n"), 1);
}

TEST_F(CttScoreTest, EachStudentWithoutASeatCountsInEachLecture)
{
    EXPECT_EQ(cost(CTT_KIND_ROOM_CAPACITY, "Tec rA 0 0\nTec rA 0 1\nTec rB 0 2\nGeo rA 1 0\n"),
              10 + 10 + 8);
}

TEST_F(CttScoreTest, RoomsBeyondTheFirstCount)
{
    EXPECT_EQ(cost(CTT_KIND_ROOM_STABILITY, "Tec rA 0 0\nTec rB 0 1\nTec rA 0 2\nGeo rB 1 0\n"), 1);
}

TEST_F(CttScoreTest, IsolatedLecturesCountWithinADay)
{
    EXPECT_EQ(cost(CTT_KIND_COMPACTNESS, "Sce rA 0 0\nTec rA 0 1\n"), 0);
    EXPECT_EQ(cost(CTT_KIND_COMPACTNESS, "Sce rA 0 0\nTec rA 0 2\n"), 4);
    /* the last period of a day and the first of the next are not adjacent */
    EXPECT_EQ(cost(CTT_KIND_COMPACTNESS, "Sce rA 0 2\nTec rA 1 0\n"), 4);
}

TEST_F(CttScoreTest, TwoLecturesOfACurriculumInOnePeriodAreIsolatedTogether)
{
    EXPECT_EQ(cost(CTT_KIND_COMPACTNESS, "Sce rA 0 0\nTec rB 0 0\n"), 4);
}

TEST_F(CttScoreTest, DayOfOnePeriodHasNoNeighbours)
{
    ctt::Instance short_days = ctt::parse_instance(ctt::replaced(
        ctt::replaced(ctt::replaced(ctt::small_text, "day: 3", "day: 1"), "Tec 2 2", "Tec 2 0"),
        "Sce 1 1", "Sce 1 0"));
    ctt::Solution solution = ctt::parse_solution(short_days, "Sce rA 0 0\nTec rA 1 0\n");
    EXPECT_EQ(ctt::score(short_days, solution).cost[CTT_KIND_COMPACTNESS], 4);
}

TEST_F(CttScoreTest, HardPartsComeFirst)
{
    for (guint kind = 0; kind < CTT_N_KINDS; kind++) {
        EXPECT_EQ(ctt_kind_is_hard((CttKind)kind), kind < 4) << ctt_kind_name((CttKind)kind);
    }
    EXPECT_STREQ(ctt_kind_name(CTT_KIND_MIN_WORKING_DAYS), "min_working_days");
}

} // namespace
