/* SPDX-License-Identifier: MIT */

/* The test functions against what they are defined as, in double. */

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "native_kernels.h"
#include "native_math.h"

#include <rein_kernel.h>

namespace
{

using Point = std::vector<double>;

constexpr double kPi = 3.14159265358979323846;
constexpr uint32_t kUntouched = 0xDEADBEEFu;

double
Sphere(const Point &x)
{
    double sum = 0;

    for (const double value : x) {
        sum += value * value;
    }
    return sum;
}

double
Rosenbrock(const Point &x)
{
    double sum = 0;

    for (size_t i = 0; i + 1 < x.size(); i++) {
        sum += 100 * std::pow(x[i + 1] - x[i] * x[i], 2) + std::pow(1 - x[i], 2);
    }
    return sum;
}

double
Rastrigin(const Point &x)
{
    double sum = 10 * static_cast<double>(x.size());

    for (const double value : x) {
        sum += value * value - 10 * std::cos(2 * kPi * value);
    }
    return sum;
}

double
Ackley(const Point &x)
{
    const auto n = static_cast<double>(x.size());
    double waves = 0;

    for (const double value : x) {
        waves += std::cos(2 * kPi * value);
    }
    return 20 + std::exp(1.0) - 20 * std::exp(-0.2 * std::sqrt(Sphere(x) / n)) -
           std::exp(waves / n);
}

double
Griewank(const Point &x)
{
    double product = 1;

    for (size_t i = 0; i < x.size(); i++) {
        product *= std::cos(x[i] / std::sqrt(static_cast<double>(i + 1)));
    }
    return 1 + Sphere(x) / 4000 - product;
}

double
Schwefel(const Point &x)
{
    double sum = 418.9828872724339 * static_cast<double>(x.size());

    for (const double value : x) {
        sum -= value * std::sin(std::sqrt(std::fabs(value)));
    }
    return sum;
}

/* What is known of one of them. */
struct Function {
    const char *name;
    double (*value)(const Point &x);
    float lower;
    float upper;
    double optimum; /* each variable of it */
    double error;   /* in the fitness of a random point of one variable, at most */
};

const Function kFunctions[] = {
    { "sphere", Sphere, -5.12f, 5.12f, 0, 1e-5 },
    { "rosenbrock", Rosenbrock, -2.048f, 2.048f, 1, 2e-3 },
    { "rastrigin", Rastrigin, -5.12f, 5.12f, 0, 2e-4 },
    { "ackley", Ackley, -32.768f, 32.768f, 0, 1e-4 },
    { "griewank", Griewank, -600, 600, 0, 1e-4 },
    { "schwefel", Schwefel, -500, 500, 420.968746, 2e-3 },
};

class FunctionsTest : public testing::TestWithParam<Function>
{
  protected:
    void
    Shape(uint32_t new_population, uint32_t new_n_genes)
    {
        population = new_population;
        n_genes = new_n_genes;
        params.assign(PARAM_COUNT, 0);
        params[PARAM_POPULATION] = population;
        params[PARAM_N_GENES] = n_genes;
        params[PARAM_N_PLANES] = 1;
        params[PARAM_FLOAT] = 1;
        genes.assign(
            (population + REIN_INTERLEAVE - 1) / REIN_INTERLEAVE * REIN_INTERLEAVE * n_genes, 0);
        changed.assign(population, 1);
        fitness.assign(population, kUntouched);
        data = { native_bits(GetParam().lower), native_bits(GetParam().upper) };
    }

    uint32_t &
    Gene(uint32_t item, uint32_t i)
    {
        return genes[native_at(n_genes, item, i)];
    }

    /* The gene that comes closest to x. */
    uint32_t
    GeneOf(double x) const
    {
        const double lower = GetParam().lower;
        const double part = (x - lower) / (GetParam().upper - lower);

        return static_cast<uint32_t>(std::lround(part * 0x1p24)) << 8;
    }

    void
    Run()
    {
        const std::string name = std::string(GetParam().name) + "_fitness";
        NativeKernel kernel = native_kernel_functions(name.c_str());
        uint32_t scratch = 0;
        void *buffers[] = { params.data(),  genes.data(), changed.data(),
                            fitness.data(), data.data(),  &scratch };

        ASSERT_NE(kernel, nullptr);
        kernel(buffers, 0, population, 0, 0);
    }

    Point
    PointOf(uint32_t item)
    {
        const float lower = GetParam().lower;
        const float step = (GetParam().upper - lower) * 0x1p-24f;
        Point x;

        for (uint32_t i = 0; i < n_genes; i++) {
            x.push_back(lower + step * static_cast<float>(Gene(item, i) >> 8));
        }
        return x;
    }

    uint32_t population = 0;
    uint32_t n_genes = 0;
    std::vector<uint32_t> params, genes, changed, fitness, data;
};

TEST_P(FunctionsTest, RandomPointsAreWorthWhatTheDefinitionSays)
{
    std::mt19937 random(7);

    for (const uint32_t n : { 1u, 2u, 30u, 100u }) {
        Shape(200, n);
        for (uint32_t &gene : genes) {
            gene = static_cast<uint32_t>(random());
        }
        Run();
        for (uint32_t item = 0; item < population; item++) {
            const double expected = GetParam().value(PointOf(item));
            EXPECT_NEAR(native_from_bits(fitness[item]), expected, GetParam().error * n)
                << n << " genes, individual " << item;
        }
    }
}

TEST_P(FunctionsTest, TheOptimumIsZeroAndTheBestThereIs)
{
    std::mt19937 random(8);

    Shape(100, 10);
    for (uint32_t item = 0; item < population; item++) {
        for (uint32_t i = 0; i < n_genes; i++) {
            const uint32_t distance = item == 0 ? 0 : static_cast<uint32_t>(random() >> 12);
            Gene(item, i) = GeneOf(GetParam().optimum) + distance;
        }
    }
    Run();
    EXPECT_NEAR(native_from_bits(fitness[0]), 0, 1e-3);
    EXPECT_GE(native_from_bits(fitness[0]), 0);
    for (uint32_t item = 1; item < population; item++) {
        EXPECT_GE(native_from_bits(fitness[item]), native_from_bits(fitness[0]));
    }
}

TEST_P(FunctionsTest, AnIndividualThatDidNotChangeIsLeftAlone)
{
    Shape(40, 5);
    for (uint32_t item = 0; item < population; item += 3) {
        changed[item] = 0;
    }
    Run();
    for (uint32_t item = 0; item < population; item++) {
        EXPECT_EQ(fitness[item] == kUntouched, item % 3 == 0) << item;
    }
}

TEST_P(FunctionsTest, AMaximisedPlaneHasItsSignTurned)
{
    Shape(20, 5);
    Run();
    const std::vector<uint32_t> minimised = fitness;
    params[PARAM_MAXIMISE] = 1;
    Run();
    for (uint32_t item = 0; item < population; item++) {
        EXPECT_EQ(fitness[item], minimised[item] ^ 0x80000000u);
    }
}

INSTANTIATE_TEST_SUITE_P(All, FunctionsTest, testing::ValuesIn(kFunctions),
                         [](const testing::TestParamInfo<Function> &which) {
                             return std::string(which.param.name);
                         });

} // namespace
