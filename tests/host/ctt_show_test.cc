/* SPDX-License-Identifier: MIT */
#include "ctt_fixture.h"

#include <algorithm>

namespace
{

class CttShowTest : public testing::Test
{
  protected:
    std::string
    grid(const std::string &text, guint width) const
    {
        ctt::Solution solution = ctt::parse_solution(small, text);
        return ctt::take(ctt_show_grid(small.get(), solution.get(), width));
    }

    std::string
    csv(const std::string &text) const
    {
        ctt::Solution solution = ctt::parse_solution(small, text);
        return ctt::take(ctt_show_csv(small.get(), solution.get()));
    }

    static size_t
    longest_line(const std::string &text)
    {
        size_t longest = 0;
        char **lines = g_strsplit(text.c_str(), "\n", -1);
        for (guint i = 0; lines[i] != nullptr; i++) {
            longest = std::max(longest, strlen(lines[i]));
        }
        g_strfreev(lines);
        return longest;
    }

    ctt::Instance small = ctt::parse_instance(ctt::small_text);
    const std::string some = "Tec rB 0 1\nSce rA 0 0\nTec rB 2 1\nGeo rA 2 1\nSce rA 2 1\n";
};

TEST_F(CttShowTest, GridHasARowForEachPeriodAndAColumnForEachRoom)
{
    EXPECT_EQ(grid(some, 80), "day period  rA       rB\n"
                              "  0      0  Sce      .\n"
                              "  0      1  .        Tec\n"
                              "  0      2  .        .\n"
                              "\n"
                              "  1      0  .        .\n"
                              "  1      1  .        .\n"
                              "  1      2  .        .\n"
                              "\n"
                              "  2      0  .        .\n"
                              "  2      1  Sce+Geo  Tec\n"
                              "  2      2  .        .\n");
}

TEST_F(CttShowTest, NarrowGridStandsInBlocks)
{
    std::string text = grid(some, 20);
    EXPECT_EQ(text.substr(0, text.find('\n') + 1), "day period  rA\n");
    EXPECT_NE(text.find("\n\nday period  rB\n  0      0  .\n  0      1  Tec\n"), std::string::npos);
    EXPECT_LE(longest_line(text), 20u);
}

TEST_F(CttShowTest, VeryNarrowGridHasOneRoomInEachBlock)
{
    EXPECT_EQ(grid(some, 1), grid(some, 20));
}

TEST_F(CttShowTest, CrowdedCellCountsWhatItDoesNotName)
{
    std::string text = grid("Sce rA 0 0\nTec rA 0 0\nGeo rA 0 0\nGeo rA 0 0\n", 80);
    EXPECT_NE(text.find("  0      0  Sce+Tec+2 more  .\n"), std::string::npos) << text;
}

TEST_F(CttShowTest, RealGridFitsTheTerminal)
{
    ctt::Instance comp07 = ctt::read_instance("comp07");
    ctt::Solution solution = ctt::read_solution(comp07, "solutions/comp07-UD2.sol");
    std::string text = ctt::take(ctt_show_grid(comp07.get(), solution.get(), 0));
    EXPECT_LE(longest_line(text), 100u);
    EXPECT_GE(longest_line(text), 90u);
}

TEST_F(CttShowTest, CsvIsSortedByTimeRoomAndCourse)
{
    EXPECT_EQ(csv(some), "day,period,room,course,teacher,students\n"
                         "0,0,rA,Sce,Ocra,30\n"
                         "0,1,rB,Tec,Indaco,42\n"
                         "2,1,rA,Sce,Ocra,30\n"
                         "2,1,rA,Geo,Ocra,40\n"
                         "2,1,rB,Tec,Indaco,42\n");
}

TEST_F(CttShowTest, CsvQuotesWhatNeedsIt)
{
    ctt::Instance quoted = ctt::parse_instance(
        ctt::replaced(ctt::replaced_all(ctt::small_text, "Ocra", "\"O,\""), "rA", "r,A"));
    ctt::Solution solution = ctt::parse_solution(quoted, "Sce r,A 0 0\n");
    EXPECT_EQ(ctt::take(ctt_show_csv(quoted.get(), solution.get())),
              "day,period,room,course,teacher,students\n"
              "0,0,\"r,A\",Sce,\"\"\"O,\"\"\",30\n");
}

TEST_F(CttShowTest, EmptyTimetableIsAnEmptyGrid)
{
    EXPECT_EQ(csv(""), "day,period,room,course,teacher,students\n");
    EXPECT_NE(grid("", 80).find("  2      2  .   .\n"), std::string::npos);
}

} // namespace
