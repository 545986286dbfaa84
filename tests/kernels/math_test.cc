/* SPDX-License-Identifier: MIT */

/*
 * The mathematics of the dialect keeps what the table in kernels/README.md says of it, on every 4,099th
 * float and on random pairs; math_sweep measures all of them.
 */

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "native_math.h"
#include "native_pairs.h"

namespace
{

constexpr uint64_t kStep = 4099;
constexpr uint32_t kNan = 0x7FC00000u;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();

std::string
Readme()
{
    std::ifstream file(REIN_TEST_DATA_DIR "/../../kernels/README.md");
    std::stringstream contents;

    contents << file.rdbuf();
    return contents.str();
}

/* The error in ulp that the README's row for `name` admits: its third column. */
double
Promised(const std::string &name)
{
    const std::string readme = Readme();
    size_t at = readme.find("| `" + name + "(");

    EXPECT_NE(at, std::string::npos) << name << " has no row in kernels/README.md";
    for (int column = 0; column < 3 && at != std::string::npos; column++) {
        at = readme.find("|", column == 0 ? at : at + 1);
    }
    return at == std::string::npos ? -1 : std::stod(readme.substr(at + 1));
}

const NativeFunction &
Find(const std::string &name)
{
    for (const NativeFunction &function : native_functions) {
        if (name == function.name) {
            return function;
        }
    }
    ADD_FAILURE() << name;
    return native_functions[0];
}

uint32_t
Bits(const std::string &name, float x)
{
    return native_bits(Find(name).function(x));
}

class MathErrorTest : public testing::TestWithParam<const char *>
{
};

TEST_P(MathErrorTest, ErrorIsWithinWhatTheReadmeSays)
{
    const NativeFunction &function = Find(GetParam());
    const double promised = Promised(GetParam());
    double worst = 0;

    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += kStep) {
        const float x = native_from_bits(static_cast<uint32_t>(bits));
        const double error = native_error(function.function(x), function.reference(x));
        ASSERT_LE(error, promised) << x;
        worst = std::fmax(worst, error);
    }
    EXPECT_GE(worst, promised / 2) << "the README says too much";
}

INSTANTIATE_TEST_SUITE_P(All, MathErrorTest,
                         testing::Values("rein_exp", "rein_log", "rein_sin", "rein_cos",
                                         "rein_sqrt", "rein_floor", "rein_abs"),
                         [](const testing::TestParamInfo<const char *> &which) {
                             return std::string(which.param);
                         });

TEST(MathTest, PowIsWithinWhatTheReadmeSays)
{
    const double promised = Promised("rein_pow");
    NativePairs pairs = native_pairs_start();

    for (int i = 0; i < 2000000; i++) {
        float x = 0;
        float y = 0;
        native_pairs_next_powers(&pairs, &x, &y);
        ASSERT_LE(native_error(native_pow(x, y), std::pow(static_cast<double>(x), y)), promised)
            << x << " " << y;
    }
}

TEST(MathTest, PowOfSpecialNumbersIsAsInC99)
{
    const float numbers[] = { 0.0f,      -0.0f,      1.0f,        -1.0f,     0.5f,   -0.5f,
                              2.0f,      -2.0f,      3.0f,        -3.0f,     1.5f,   -2.5f,
                              1e-40f,    -1e-40f,    1e38f,       -1e38f,    1e-38f, 8388607.5f,
                              16777215,  -16777215,  16777216,    33554432,  1e9f,   -1e9f,
                              kInfinity, -kInfinity, kNotANumber, 1.0000001f };

    for (const float x : numbers) {
        for (const float y : numbers) {
            const double truth = std::pow(static_cast<double>(x), y);
            const float result = native_pow(x, y);
            EXPECT_LE(native_error(result, truth), 2) << x << " ^ " << y << " = " << result;
            if (std::isnan(truth)) {
                EXPECT_EQ(native_bits(result), kNan);
            }
        }
    }
}

TEST(MathTest, PowOfWholeNumbersIsExactWhereTheResultIs)
{
    for (int x = -15; x <= 15; x++) {
        for (int y = 0; y <= 6; y++) {
            EXPECT_EQ(native_pow(static_cast<float>(x), static_cast<float>(y)), std::pow(x, y));
        }
    }
    for (int y = -126; y <= 127; y++) {
        EXPECT_EQ(native_pow(2, static_cast<float>(y)), std::ldexp(1.0f, y));
    }
}

TEST(MathTest, SpecialNumbersAreAsTheReadmeSays)
{
    EXPECT_EQ(Bits("rein_exp", 0), native_bits(1));
    EXPECT_EQ(Bits("rein_exp", -0.0f), native_bits(1));
    EXPECT_EQ(Bits("rein_exp", kInfinity), native_bits(kInfinity));
    EXPECT_EQ(Bits("rein_exp", 88.73f), native_bits(kInfinity));
    EXPECT_EQ(Bits("rein_exp", -kInfinity), 0u);
    EXPECT_EQ(Bits("rein_exp", -87.34f), 0u) << "would be denormal";
    EXPECT_EQ(Bits("rein_log", 1), 0u);
    EXPECT_EQ(Bits("rein_log", 0), native_bits(-kInfinity));
    EXPECT_EQ(Bits("rein_log", -0.0f), native_bits(-kInfinity));
    EXPECT_EQ(Bits("rein_log", kInfinity), native_bits(kInfinity));
    EXPECT_EQ(Bits("rein_sin", -0.0f), native_bits(-0.0f));
    EXPECT_EQ(Bits("rein_sin", 1e-40f), native_bits(1e-40f)) << "denormal";
    EXPECT_EQ(Bits("rein_cos", 0), native_bits(1));
    EXPECT_EQ(Bits("rein_floor", -0.0f), native_bits(-0.0f));
    EXPECT_EQ(Bits("rein_floor", -1e-40f), native_bits(-1));
    EXPECT_EQ(Bits("rein_sqrt", -0.0f), native_bits(-0.0f));
    EXPECT_EQ(native_pow(0.5f, 127), 0) << "would be denormal";
    EXPECT_EQ(native_bits(native_pow(-0.5f, 127)), native_bits(-0.0f));
}

TEST(MathTest, EveryNanIsTheSameNan)
{
    const uint32_t nans[] = { 0x7FC00000u, 0xFFC00000u, 0x7F800001u, 0xFFFFFFFFu };

    for (const char *name : { "rein_exp", "rein_log", "rein_sin", "rein_cos" }) {
        for (const uint32_t nan : nans) {
            EXPECT_EQ(Bits(name, native_from_bits(nan)), kNan) << name;
        }
    }
    EXPECT_EQ(Bits("rein_log", -1), kNan);
    for (const char *name : { "rein_sin", "rein_cos" }) {
        EXPECT_NE(Bits(name, 100000.0f), kNan);
        EXPECT_EQ(Bits(name, 100000.01f), kNan);
        EXPECT_EQ(Bits(name, -kInfinity), kNan);
    }
}

TEST(MathTest, RootInIntegersIsTheMachinesOwn)
{
    const NativeFunction &own = Find("rein_sqrt");
    const NativeFunction &integers = Find("rein_sqrt_in_integers");

    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += kStep) {
        const float x = native_from_bits(static_cast<uint32_t>(bits));
        const uint32_t expected = native_bits(own.function(x));
        ASSERT_EQ(native_bits(integers.function(x)),
                  std::isnan(native_from_bits(expected)) ? kNan : expected)
            << x;
    }
}

TEST(MathTest, QuotientInIntegersIsTheMachinesOwn)
{
    NativePairs pairs = native_pairs_start();

    for (int i = 0; i < 4000000; i++) {
        float a = 0;
        float b = 0;
        native_pairs_next_quotients(&pairs, &a, &b);
        const float expected = native_div(a, b);
        ASSERT_EQ(native_bits(native_div_in_integers(a, b)),
                  std::isnan(expected) ? kNan : native_bits(expected))
            << a << " / " << b;
    }
}

TEST(MathTest, QuotientInIntegersOfSpecialNumbersIsTheMachinesOwn)
{
    const float numbers[] = { 0.0f,     -0.0f,     1.0f,  -3.0f,     1e-45f,     -1e-45f,
                              1.1e-38f, 1.17e-38f, 1e38f, kInfinity, -kInfinity, kNotANumber };

    for (const float a : numbers) {
        for (const float b : numbers) {
            const float expected = a / b;
            EXPECT_EQ(native_bits(native_div_in_integers(a, b)),
                      std::isnan(expected) ? kNan : native_bits(expected))
                << a << " / " << b;
        }
    }
}

} // namespace
