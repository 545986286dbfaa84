/* SPDX-License-Identifier: MIT */
#include "ctt_fixture.h"

namespace
{

struct Sums {
    gint64 cost[CTT_N_KINDS];
    guint32 n_warnings;
    bool is_ordered;
    CttKind last;
};

void
add_to_sums(const CttViolation *violation, gpointer user_data)
{
    Sums *sums = static_cast<Sums *>(user_data);
    if (violation->is_warning) {
        EXPECT_EQ(violation->cost, 0);
        sums->n_warnings++;
        return;
    }
    EXPECT_GT(violation->cost, 0);
    sums->is_ordered = sums->is_ordered && violation->kind >= sums->last;
    sums->last = violation->kind;
    sums->cost[violation->kind] += violation->cost;
}

class CttExplainAll : public testing::TestWithParam<ctt::Expected>
{
  protected:
    ctt::Instance instance = ctt::read_instance(GetParam().instance);
    ctt::Solution solution = ctt::read_solution(instance, GetParam().solution);
};

TEST_P(CttExplainAll, CostsAddUpToTheScore)
{
    Sums sums = { {}, 0, true, CTT_KIND_LECTURES };
    CttScore score = ctt::score(instance, solution);
    ctt_explain(instance.get(), solution.get(), add_to_sums, &sums);
    for (guint kind = 0; kind < CTT_N_KINDS; kind++) {
        EXPECT_EQ(sums.cost[kind], score.cost[kind]) << ctt_kind_name((CttKind)kind);
    }
    EXPECT_EQ(sums.n_warnings, score.n_warnings);
    EXPECT_TRUE(sums.is_ordered);
}

INSTANTIATE_TEST_SUITE_P(Itc2007, CttExplainAll, testing::ValuesIn(ctt::all_expected()),
                         ctt::test_name);

class CttExplainTest : public testing::Test
{
  protected:
    std::string
    explain(const std::string &text) const
    {
        ctt::Solution solution = ctt::parse_solution(small, text);
        return ctt::take(ctt_explain_to_text(small.get(), solution.get()));
    }

    /* The lines of `kind` alone. */
    std::string
    explain_kind(const std::string &kind, const std::string &text) const
    {
        std::string result;
        char **lines = g_strsplit(explain(text).c_str(), "\n", -1);
        for (guint i = 0; lines[i] != nullptr; i++) {
            result += g_str_has_prefix(lines[i], kind.c_str()) ? std::string(lines[i]) + "\n" : "";
        }
        g_strfreev(lines);
        return result;
    }

    ctt::Instance small = ctt::parse_instance(ctt::small_text);
};

TEST_F(CttExplainTest, FeasibleTimetableHasSoftViolationsAlone)
{
    EXPECT_EQ(explain("Sce rA 0 0\nSce rA 2 0\nTec rB 0 1\nTec rB 1 0\nTec rB 1 1\nGeo rB 0 2\n"
                      "Geo rB 1 2\n"),
              "min_working_days 5: course Tec is on 2 of 3 days\n"
              "compactness 2: course Sce in room rA on day 2 period 0, 1 of curriculum Cur1 with "
              "nothing before or after\n"
              "compactness 2: course Geo in room rB on day 0 period 2, 1 of curriculum Cur2 with "
              "nothing before or after\n"
              "compactness 2: course Geo in room rB on day 1 period 2, 1 of curriculum Cur2 with "
              "nothing before or after\n");
}

TEST_F(CttExplainTest, MissingAndSurplusLecturesNameTheirCourse)
{
    EXPECT_EQ(explain_kind("lectures", "Sce rA 0 0\nSce rA 0 1\nSce rA 0 2\n"),
              "lectures 1: course Sce has 3 of 2 lectures\n"
              "lectures 3: course Tec has 0 of 3 lectures\n"
              "lectures 2: course Geo has 0 of 2 lectures\n");
}

TEST_F(CttExplainTest, RepeatedLectureIsAWarning)
{
    EXPECT_EQ(explain_kind("warning", "Sce rA 0 1\nSce rB 0 1\n"),
              "warning: course Sce in room rB on day 0 period 1 is skipped, it has a lecture "
              "then\n");
}

TEST_F(CttExplainTest, ConflictsNameTheirReason)
{
    EXPECT_EQ(explain_kind("conflicts", "Sce rA 0 1\nTec rB 0 1\nGeo rA 0 1\n"),
              "conflicts 1: course Sce and course Tec (curriculum Cur1) on day 0 period 1\n"
              "conflicts 1: course Sce and course Geo (teacher Ocra) on day 0 period 1\n");
}

TEST_F(CttExplainTest, ConflictNamesTheFirstSharedCurriculum)
{
    ctt::Instance many = ctt::parse_instance(
        ctt::replaced(ctt::replaced(ctt::replaced(ctt::small_text, "Cur1 2 Sce Tec", "Cur1 1 Sce"),
                                    "Cur2 1 Geo\n", "Cur2 1 Tec\nCur3 1 Sce\nCur4 2 Sce Tec\n"),
                      "Curricula: 2", "Curricula: 4"));
    ctt::Solution solution = ctt::parse_solution(many, "Sce rA 0 1\nTec rB 0 1\n");
    std::string text = ctt::take(ctt_explain_to_text(many.get(), solution.get()));
    EXPECT_NE(text.find("conflicts 1: course Sce and course Tec (curriculum Cur4) on day 0 "
                        "period 1\n"),
              std::string::npos)
        << text;
}

TEST_F(CttExplainTest, ForbiddenPeriodNamesItsPlace)
{
    EXPECT_EQ(
        explain_kind("availability", "Tec rB 2 0\n"),
        "availability 1: course Tec in room rB on day 2 period 0, which is forbidden to it\n");
}

TEST_F(CttExplainTest, RoomOccupationNamesWhoHasTheRoom)
{
    EXPECT_EQ(explain_kind("room_occupation", "Geo rB 0 1\nTec rB 0 1\nSce rB 0 1\n"),
              "room_occupation 1: course Tec in room rB on day 0 period 1, where course Sce is\n"
              "room_occupation 1: course Geo in room rB on day 0 period 1, where course Sce is\n");
}

TEST_F(CttExplainTest, RoomCapacityNamesStudentsAndSeats)
{
    EXPECT_EQ(explain_kind("room_capacity", "Tec rA 1 2\n"),
              "room_capacity 10: course Tec in room rA on day 1 period 2, 42 students on 32 "
              "seats\n");
}

TEST_F(CttExplainTest, RoomStabilityNamesTheFirstRoomToo)
{
    EXPECT_EQ(explain_kind("room_stability", "Tec rB 1 2\nTec rA 0 1\n"),
              "room_stability 1: course Tec in room rB on day 1 period 2, but first in room rA\n");
}

} // namespace
