/* SPDX-License-Identifier: MIT */

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "criticals.h"
#include "problem_private.h"

namespace
{

class ProblemTest : public testing::Test
{
  protected:
    ~ProblemTest() override
    {
        rein_problem_unref(problem_);
    }

    ReinProblem *
    New(ReinGenomeKind kind = REIN_GENOME_INT16, guint32 n_genes = 3)
    {
        g_clear_pointer(&problem_, rein_problem_unref);
        problem_ = rein_problem_new("p", kind, n_genes);
        return problem_;
    }

    /* The value that is left of `value` after its way to the device and back. */
    double
    ThereAndBack(double value, guint plane = 0)
    {
        return rein_problem_value(problem_, plane, rein_problem_word(problem_, plane, value));
    }

    rein_test::Criticals criticals_;
    ReinProblem *problem_ = nullptr;
};

TEST_F(ProblemTest, ANewOneHasOnePlaneOfInt32MinimisedAndAnyGene)
{
    New(REIN_GENOME_INT16, 3);
    EXPECT_STREQ(rein_problem_get_name(problem_), "p");
    EXPECT_EQ(rein_problem_get_genome_kind(problem_), REIN_GENOME_INT16);
    EXPECT_EQ(rein_problem_get_n_genes(problem_), 3u);
    EXPECT_EQ(rein_problem_get_n_planes(problem_), 1u);
    EXPECT_EQ(problem_->maximise, 0u);
    EXPECT_EQ(problem_->fitness_kind, REIN_FITNESS_INT32);
    EXPECT_EQ(problem_->bounds[2], 65536u);
    New(REIN_GENOME_INT32, 2);
    EXPECT_EQ(problem_->bounds[1], 0u) << "0 stands for any 32 bits";
}

TEST_F(ProblemTest, GenomeSizeIsInBytes)
{
    EXPECT_EQ(rein_problem_get_genome_size(New(REIN_GENOME_INT16, 5)), 10u);
    EXPECT_EQ(rein_problem_get_genome_size(New(REIN_GENOME_INT32, 5)), 20u);
    EXPECT_EQ(rein_problem_get_genome_size(New(REIN_GENOME_INT32, 1)), 4u);
}

TEST_F(ProblemTest, WithoutDataKernelsGetFourZeroBytes)
{
    gsize size = 0;
    gconstpointer data = g_bytes_get_data(New()->data, &size);

    ASSERT_EQ(size, 4u);
    EXPECT_EQ(memcmp(data, "\0\0\0\0", 4), 0);
}

TEST_F(ProblemTest, TextAndDataAreReferencedAndNamesCopied)
{
    char name[] = "fit";
    g_autoptr(GBytes) text = g_bytes_new("text", 4);
    g_autoptr(GBytes) data = g_bytes_new("data", 4);

    New();
    rein_problem_set_kernel(problem_, "a.cl", text, name, name);
    rein_problem_set_data(problem_, data);
    name[0] = 'x';
    EXPECT_EQ(problem_->text, text);
    EXPECT_EQ(problem_->data, data);
    EXPECT_STREQ(problem_->fitness_kernel, "fit");
    EXPECT_STREQ(problem_->improve_kernel, "fit");
    rein_problem_set_kernel(problem_, "b.cl", text, "other", nullptr);
    rein_problem_set_data(problem_, data);
    EXPECT_STREQ(problem_->file_name, "b.cl");
    EXPECT_EQ(problem_->improve_kernel, nullptr);
}

TEST_F(ProblemTest, BoundsAreCopied)
{
    guint32 bounds[] = { 1, 65536, 7 };

    New();
    rein_problem_set_bounds(problem_, bounds);
    bounds[0] = 9;
    EXPECT_EQ(problem_->bounds[0], 1u);
    EXPECT_EQ(problem_->bounds[1], 65536u);
    EXPECT_EQ(problem_->bounds[2], 7u);
}

TEST_F(ProblemTest, BoundsThatNoGeneCanHoldAreRefusedWhole)
{
    const guint32 empty[] = { 5, 0, 5 };
    const guint32 wide[] = { 5, 65537, 5 };

    New();
    rein_problem_set_bounds(problem_, empty);
    rein_problem_set_bounds(problem_, wide);
    EXPECT_EQ(criticals_.Take(), 2u);
    EXPECT_EQ(problem_->bounds[0], 65536u);
}

TEST_F(ProblemTest, ShapesThatMakeNoSenseAreRefused)
{
    g_autoptr(GBytes) nothing = g_bytes_new(nullptr, 0);

    EXPECT_EQ(rein_problem_new("p", REIN_GENOME_INT16, 0), nullptr);
    EXPECT_EQ(rein_problem_new(nullptr, REIN_GENOME_INT16, 1), nullptr);
    EXPECT_EQ(criticals_.Take(), 2u);
    New();
    rein_problem_set_fitness(problem_, REIN_FITNESS_INT32, 0, 0);
    rein_problem_set_fitness(problem_, REIN_FITNESS_INT32, REIN_MAX_PLANES + 1, 0);
    rein_problem_set_fitness(problem_, REIN_FITNESS_INT32, 2, 4);
    rein_problem_set_data(problem_, nothing);
    EXPECT_EQ(criticals_.Take(), 4u);
    EXPECT_EQ(rein_problem_get_n_planes(problem_), 1u);
}

TEST_F(ProblemTest, IntegersComeBackAsTheyWere)
{
    New();
    for (const bool is_maximised : { false, true }) {
        rein_problem_set_fitness(problem_, REIN_FITNESS_INT32, 1, is_maximised ? 1 : 0);
        for (const double value : { 0.0, 1.0, -1.0, 2147483647.0, -2147483647.0 }) {
            EXPECT_EQ(ThereAndBack(value), value) << is_maximised;
        }
    }
}

TEST_F(ProblemTest, MaximisedPlanesAreMinimisedOnTheDevice)
{
    New();
    rein_problem_set_fitness(problem_, REIN_FITNESS_INT32, 2, 2);
    EXPECT_EQ(rein_problem_word(problem_, 0, 5), 5u);
    EXPECT_EQ(rein_problem_word(problem_, 1, 5), static_cast<guint32>(-5));
    EXPECT_EQ(rein_problem_value(problem_, 1, static_cast<guint32>(-5)), 5);
}

/* A target is met by what is at least as good: the integer on its better side. */
TEST_F(ProblemTest, ATargetBetweenIntegersIsMetByTheBetterOne)
{
    New();
    EXPECT_EQ(ThereAndBack(2.5), 2);
    EXPECT_EQ(ThereAndBack(-2.5), -3);
    rein_problem_set_fitness(problem_, REIN_FITNESS_INT32, 1, 1);
    EXPECT_EQ(ThereAndBack(2.5), 3);
    EXPECT_EQ(ThereAndBack(-2.5), -2);
}

TEST_F(ProblemTest, ATargetBeyondTheIntegersIsTheLastOne)
{
    New();
    EXPECT_EQ(ThereAndBack(1e300), 2147483647.0);
    EXPECT_EQ(ThereAndBack(-1e300), -2147483648.0);
    EXPECT_EQ(ThereAndBack(std::numeric_limits<double>::infinity()), 2147483647.0);
}

TEST_F(ProblemTest, FloatsComeBackAsTheyWere)
{
    const float infinity = std::numeric_limits<float>::infinity();

    New();
    for (const bool is_maximised : { false, true }) {
        rein_problem_set_fitness(problem_, REIN_FITNESS_FLOAT32, 1, is_maximised ? 1 : 0);
        for (const float value : { 0.5f, -3.25f, 1e-40f, 3.4e38f, infinity, -infinity }) {
            EXPECT_EQ(ThereAndBack(static_cast<double>(value)), static_cast<double>(value));
        }
        EXPECT_TRUE(std::isnan(ThereAndBack(std::nan(""))));
    }
}

TEST_F(ProblemTest, LivesAsLongAsItsLastReference)
{
    g_autoptr(ReinProblem) other = rein_problem_ref(New());

    g_clear_pointer(&problem_, rein_problem_unref);
    EXPECT_STREQ(rein_problem_get_name(other), "p");
    rein_problem_unref(nullptr);
}

} // namespace
