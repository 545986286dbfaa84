/* SPDX-License-Identifier: MIT */

/* The same seed and rounds give the same course on the CPU plugin and on the backend. */

#include "course_fixture.h"
#include "support/temporary_folder.h"

namespace
{

/*
 * Moves of an individual in a round. llvmpipe goes through 65535 iterations of all loops of a kernel
 * and then on as if nothing was: of comp05, which has the most curricula, 500 moves are still the same
 * as the CPU's and 1000 are not.
 */
constexpr guint32 kMovesOfRusticl = 200;
constexpr guint32 kMoves = 1000;
#if defined(__SANITIZE_ADDRESS__)
constexpr guint32 kRounds = 50; /* as many as show what a sanitizer can see */
#else
constexpr guint32 kRounds = 1000;
#endif

class CourseTest : public rein_test::CourseFixture
{
  protected:
    void
    ExpectTimetable(const std::string &name, guint32 n_moves, guint32 n_rounds)
    {
        ASSERT_NO_FATAL_FAILURE(LoadTimetable(name));
        ExpectOneCourse(
            [this, n_moves, n_rounds](ReinEvolution *evolution) {
                Recommend(evolution, 42, n_moves);
                rein_evolution_set_round_limit(evolution, n_rounds);
            },
            n_rounds + 1);
    }

    guint32
    NMoves() const
    {
        return backend.name == "rusticl" ? kMovesOfRusticl : kMoves;
    }
};

TEST_F(CourseTest, OfComp01IsTheCpus)
{
    ExpectTimetable("comp01", NMoves(), kRounds);
}

TEST_F(CourseTest, OfComp05IsTheCpus)
{
    ExpectTimetable("comp05", NMoves(), kRounds);
}

TEST_F(CourseTest, OfComp05AsRecommendedIsTheCpus)
{
    ExpectTimetable("comp05", 0, 20);
}

/* Fitness of floats, with cosines: equal bits, so equal courses, also where denormals are not kept. */
TEST_F(CourseTest, OfRastriginIsTheCpus)
{
    const std::string kernels =
        rein_test::ReadFile(REIN_TEST_DATA_DIR "/../../kernels/fitness/functions.cl");
    g_autoptr(GBytes) text = g_bytes_new(kernels.data(), kernels.size());
    const float bounds[] = { -5.12f, 5.12f };
    g_autoptr(GBytes) data = g_bytes_new(bounds, sizeof bounds);

    NewProblem("sum32", 30, 0xFFFFFFFFu, REIN_GENOME_INT32);
    rein_problem_set_kernel(problem_, "functions.cl", text, "rastrigin_fitness", nullptr);
    rein_problem_set_fitness(problem_, REIN_FITNESS_FLOAT32, 1, 0);
    rein_problem_set_data(problem_, data);
    ExpectOneCourse(
        [](ReinEvolution *evolution) {
            rein_evolution_set_population(evolution, 201);
            rein_evolution_set_round_limit(evolution, 100);
        },
        101);
}

TEST_F(CourseTest, OfInt16InAPopulationThatIsNoMultipleOfAGroupIsTheCpus)
{
    NewProblem("sum16", 50, 100);
    ExpectOneCourse(
        [](ReinEvolution *evolution) {
            rein_evolution_set_seed(evolution, 42);
            rein_evolution_set_population(evolution, 301);
            rein_evolution_set_round_limit(evolution, 150);
        },
        151);
}

TEST_F(CourseTest, OfALargePopulationIsTheCpus)
{
    NewProblem("sum16", 20, 100);
    ExpectOneCourse(
        [](ReinEvolution *evolution) {
            rein_evolution_set_population(evolution, 70001);
            rein_evolution_set_round_limit(evolution, 5);
        },
        6);
}

TEST_F(CourseTest, OfInt32IsTheCpus)
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

TEST_F(CourseTest, OfPlanesIsTheCpus)
{
    NewProblem("planes16", 10, 9);
    rein_problem_set_fitness(problem_, REIN_FITNESS_INT32, 3, 0);
    ExpectOneCourse(
        [](ReinEvolution *evolution) {
            rein_evolution_set_population(evolution, 47);
            rein_evolution_set_round_limit(evolution, 100);
        },
        101);
}

TEST_F(CourseTest, OfHalvesAndNansIsTheCpus)
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

TEST_F(CourseTest, WithAnImproveKernelAndStateIsTheCpus)
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

TEST_F(CourseTest, OfRoundsLongerThanASliceIsTheCpus)
{
    NewProblem("slow16", 4, 50);
    ExpectOneCourse(
        [](ReinEvolution *evolution) {
            rein_evolution_set_population(evolution, 2000);
            rein_evolution_set_operators(evolution, 1, 2, 0.9, 0.5, 2, 1, 0);
            rein_evolution_set_round_limit(evolution, 4);
        },
        5);
}

TEST_F(CourseTest, OfTheScheduleIsTheCpus)
{
    NewProblem("progress16", 4, 4);
    ExpectOneCourse(
        [](ReinEvolution *evolution) {
            rein_evolution_set_population(evolution, 33);
            rein_evolution_set_round_limit(evolution, 100);
        },
        101);
}

TEST_F(CourseTest, ToTheFirstRoundThatMeetsTheTargetIsTheCpus)
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

} // namespace
