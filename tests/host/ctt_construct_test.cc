/* SPDX-License-Identifier: MIT */
#include "ctt_fixture.h"

#include <algorithm>

namespace
{

ctt::Genome
construct(const ctt::Instance &instance, guint64 seed)
{
    ctt::Genome genome(instance->n_lectures, 0);
    ctt_construct(instance.get(), seed, genome.data());
    return genome;
}

CttScore
score(const ctt::Instance &instance, const ctt::Genome &genome)
{
    CttScore result;
    ctt_score_genome(instance.get(), genome.data(), &result);
    return result;
}

class CttConstructOfficial : public testing::TestWithParam<const char *>
{
  protected:
    ctt::Instance instance = ctt::read_instance(GetParam());
};

TEST_P(CttConstructOfficial, TimetableIsFeasibleForManySeeds)
{
    for (guint64 seed = 0; seed < 20; seed++) {
        EXPECT_EQ(score(instance, construct(instance, seed)).hard, 0) << seed;
    }
}

TEST_P(CttConstructOfficial, SameSeedGivesTheSameGenome)
{
    EXPECT_EQ(construct(instance, 7), construct(instance, 7));
}

INSTANTIATE_TEST_SUITE_P(Itc2007, CttConstructOfficial,
                         testing::Values("comp01", "comp02", "comp03", "comp04", "comp05", "comp06",
                                         "comp07", "toy", "toytoy"),
                         [](const testing::TestParamInfo<const char *> &parameter) {
                             return std::string(parameter.param);
                         });

class CttConstructTest : public testing::Test
{
  protected:
    /* Courses of `n_lectures` each, with a teacher of their own or all with the same one. */
    static ctt::Instance
    large_instance(int n_courses, int n_lectures, int n_rooms, int n_periods, bool has_one_teacher)
    {
        std::string text = "Name: Large\nCourses: " + std::to_string(n_courses) +
                           "\nRooms: " + std::to_string(n_rooms) +
                           "\nDays: " + std::to_string(n_periods) +
                           "\nPeriods_per_day: 1\nCurricula: 0\nConstraints: 0\nCOURSES:\n";
        for (int i = 0; i < n_courses; i++) {
            std::string number = std::to_string(i);
            text += "c" + number + " t" + (has_one_teacher ? "" : number) + " " +
                    std::to_string(n_lectures) + " 1 1\n";
        }
        text += "ROOMS:\n";
        for (int i = 0; i < n_rooms; i++) {
            text += "r" + std::to_string(i) + " 1\n";
        }
        return ctt::parse_instance(text + "CURRICULA:\nUNAVAILABILITY_CONSTRAINTS:\nEND.\n");
    }

    static bool
    all_are_placed(const ctt::Instance &instance, const ctt::Genome &genome)
    {
        CttGene not_placed = ctt_instance_not_placed(instance.get());
        return std::all_of(genome.begin(), genome.end(),
                           [=](CttGene gene) { return gene < not_placed; });
    }
};

TEST_F(CttConstructTest, SeedsChooseDifferentTimetables)
{
    ctt::Instance instance = ctt::read_instance("comp01");
    EXPECT_NE(construct(instance, 1), construct(instance, 2));
}

TEST_F(CttConstructTest, SeedMeansTheSameOnEveryMachine)
{
    ctt::Instance small = ctt::parse_instance(ctt::small_text);
    EXPECT_EQ(construct(small, 1), (ctt::Genome{ 12, 10, 9, 15, 5, 17, 7 }));
}

TEST_F(CttConstructTest, LecturesWithoutAllowedPeriodArePlacedAllTheSame)
{
    std::string rows;
    for (int period = 0; period < 9; period++) {
        rows += "Tec " + std::to_string(period / 3) + " " + std::to_string(period % 3) + "\n";
    }
    ctt::Instance instance = ctt::parse_instance(ctt::replaced(
        ctt::replaced(ctt::small_text, "Tec 2 0\nTec 2 2\n", rows), "ts: 4", "ts: 11"));
    ctt::Genome genome = construct(instance, 1);
    EXPECT_TRUE(all_are_placed(instance, genome));
    EXPECT_EQ(score(instance, genome).cost[CTT_KIND_AVAILABILITY], 3);
    EXPECT_EQ(score(instance, genome).hard, 3);
}

TEST_F(CttConstructTest, MoreLecturesThanPlacesArePlacedAllTheSame)
{
    ctt::Instance instance = ctt::parse_instance(ctt::replaced(
        ctt::replaced(ctt::small_text, "Indaco 3", "Indaco 9"), "Geo Ocra 2", "Geo Ocra 9"));
    ctt::Genome genome = construct(instance, 1);
    EXPECT_EQ(genome.size(), 20u);
    EXPECT_TRUE(all_are_placed(instance, genome));
    EXPECT_EQ(score(instance, genome).cost[CTT_KIND_LECTURES], 0);
}

TEST_F(CttConstructTest, SurplusOfACourseOverThePeriodsIsNotPlaced)
{
    ctt::Instance instance =
        ctt::parse_instance(ctt::replaced(ctt::small_text, "Indaco 3", "Indaco 12"));
    ctt::Genome genome = construct(instance, 1);
    EXPECT_EQ(score(instance, genome).cost[CTT_KIND_LECTURES], 3);
}

/* Past its budget of work the heuristic takes the first place that will do. */
TEST_F(CttConstructTest, LargeInstanceIsFeasibleOnABoundedBudget)
{
    ctt::Instance instance = large_instance(1000, 8, 100, 600, false);
    EXPECT_EQ(score(instance, construct(instance, 1)).hard, 0);
}

TEST_F(CttConstructTest, LargeInfeasibleInstanceIsPlacedOnABoundedBudget)
{
    ctt::Instance instance = large_instance(500, 20, 500, 20, true);
    ctt::Genome genome = construct(instance, 1);
    EXPECT_TRUE(all_are_placed(instance, genome));
    EXPECT_EQ(score(instance, genome).cost[CTT_KIND_LECTURES], 0);
}

} // namespace
