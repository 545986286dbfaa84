/* SPDX-License-Identifier: MIT */

/*
 * The same seed and rounds give the same course, whatever the number of threads, the instruction level
 * and the length of the slices. Courses are compared in all fields of all records.
 */

#include <map>

#include "engine_fixture.h"

namespace
{

using rein_test::EngineRun;

constexpr gint64 kMs = 1000 * 1000;

class EvolutionCourseTest : public rein_test::EngineFixture
{
  protected:
    struct Way {
        std::string threads;
        std::string level;
        gint64 slice_ms;
    };

    static std::vector<Way>
    Ways()
    {
        std::vector<Way> ways;

        for (const char *threads : { "1", "2", "3" }) {
            for (const gint64 slice_ms : { 1, 100 }) {
                ways.push_back({ threads, "auto", slice_ms });
            }
        }
        for (const char *level : { "baseline", "avx2", "avx512" }) {
            ways.push_back({ "2", level, 1 });
        }
        return ways;
    }

    /* Runs what `set` makes of an evolution in all ways, and compares. */
    void
    ExpectOneCourse(const std::function<void(ReinEvolution *)> &set, size_t n_least)
    {
        std::vector<std::string> course;
        std::vector<uint32_t> genes;

        for (const Way &way : Ways()) {
            SCOPED_TRACE(way.threads + " threads, " + way.level + ", slices of " +
                         std::to_string(way.slice_ms) + " ms");
            if (Open(way.threads, way.level) == nullptr) {
                continue; /* this processor has not that level */
            }
            EngineRun run(device_, problem_);
            set(*run);
            rein_evolution_set_slice_target(*run, way.slice_ms * kMs);
            run.Go();
            ASSERT_GE(run.Course().size(), n_least);
            course = course.empty() ? run.Course() : course;
            genes = genes.empty() ? run.BestGenes() : genes;
            ASSERT_EQ(run.Course(), course);
            ASSERT_EQ(run.BestGenes(), genes);
            ExpectClean(run.receipt());
        }
    }
};

TEST_F(EvolutionCourseTest, OfInt16IsTheSameInAllWays)
{
    NewProblem("sum16", 50, 100);
    ExpectOneCourse(
        [](ReinEvolution *evolution) {
            rein_evolution_set_seed(evolution, 42);
            rein_evolution_set_population(evolution, 300);
            rein_evolution_set_round_limit(evolution, 150);
        },
        151);
}

TEST_F(EvolutionCourseTest, OfInt32IsTheSameInAllWays)
{
    NewProblem("sum32", 33, 1000, REIN_GENOME_INT32);
    rein_problem_set_fitness(problem_, REIN_FITNESS_INT32, 1, 1);
    ExpectOneCourse(
        [](ReinEvolution *evolution) {
            rein_evolution_set_population(evolution, 101);
            rein_evolution_set_operators(evolution, 0.8, 4, 0.5, 0.3, 7, 0, 0);
            rein_evolution_set_round_limit(evolution, 150);
        },
        151);
}

TEST_F(EvolutionCourseTest, OfHalvesIsTheSameInAllWays)
{
    NewProblem("half16", 12, 9);
    rein_problem_set_fitness(problem_, REIN_FITNESS_FLOAT32, 1, 0);
    ExpectOneCourse(
        [](ReinEvolution *evolution) {
            rein_evolution_set_population(evolution, 77);
            rein_evolution_set_round_limit(evolution, 100);
        },
        101);
}

TEST_F(EvolutionCourseTest, WithAnImproveKernelAndStateIsTheSameInAllWays)
{
    NewProblem("sum16", 20, 500, REIN_GENOME_INT16, "improve16");
    rein_problem_set_memory(problem_, 2, 3);
    ExpectOneCourse(
        [](ReinEvolution *evolution) {
            rein_evolution_set_population(evolution, 65);
            rein_evolution_set_operators(evolution, 1, 2, 0.9, 0.5, 2, 1, 3);
            rein_evolution_set_round_limit(evolution, 100);
        },
        101);
}

TEST_F(EvolutionCourseTest, OfRoundsLongerThanASliceIsTheSameInAllWays)
{
    NewProblem("slow16", 4, 50);
    ExpectOneCourse(
        [](ReinEvolution *evolution) {
            rein_evolution_set_population(evolution, 500);
            rein_evolution_set_operators(evolution, 1, 2, 0.9, 0.5, 2, 1, 0);
            rein_evolution_set_round_limit(evolution, 4);
        },
        5);
}

TEST_F(EvolutionCourseTest, TheScheduleIsTheSameInAllWays)
{
    NewProblem("progress16", 4, 4);
    ExpectOneCourse(
        [](ReinEvolution *evolution) {
            rein_evolution_set_population(evolution, 33);
            rein_evolution_set_round_limit(evolution, 300);
        },
        301);
}

TEST_F(EvolutionCourseTest, TheFirstRoundThatMeetsTheTargetIsTheSameInAllWays)
{
    NewProblem("sum16", 200, 2);
    ExpectOneCourse(
        [](ReinEvolution *evolution) {
            const double target = 60; /* rounds past it, in a long slice, would find better */
            rein_evolution_set_target(evolution, &target);
            rein_evolution_set_round_limit(evolution, 5000);
        },
        3);
}

TEST_F(EvolutionCourseTest, TheEndByEvaluationsIsTheSameInAllWays)
{
    NewProblem("sum16", 40, 2);
    ExpectOneCourse(
        [](ReinEvolution *evolution) {
            rein_evolution_set_operators(evolution, 1, 2, 0.2, 0.1, 2, 1, 0);
            rein_evolution_set_evaluation_limit(evolution, 4000);
        },
        5);
}

TEST_F(EvolutionCourseTest, TheEndByStagnationIsTheSameInAllWays)
{
    NewProblem("sum16", 40, 2);
    ExpectOneCourse([](ReinEvolution *evolution) { rein_evolution_set_stagnation(evolution, 30); },
                    31);
}

} // namespace
