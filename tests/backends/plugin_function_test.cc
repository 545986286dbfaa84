/* SPDX-License-Identifier: MIT */

/*
 * The dialect's mathematics and the test functions on every backend: the same bits as in C, which is
 * what the CPU plugin computes. Only a number smaller than 2^-126 may be 0 on a device that says that
 * it does not keep those.
 */

#include <cstring>
#include <random>

#include "kernels/native_kernels.h"
#include "kernels/native_math.h"
#include "plugin_fixture.h"

namespace
{

constexpr uint32_t kTile = 16; /* REIN_INTERLEAVE in C */
constexpr uint32_t kParams = 32;

const char kMath[] = R"(
#define FUNCTION(name) \
    REIN_KERNEL(name##_of, IN(u32, x), OUT(u32, y)) \
    { \
        y[item] = rein_bits(name(rein_from_bits(x[item]))); \
    }
#define PAIR_FUNCTION(name) \
    REIN_KERNEL(name##_of, IN(u32, a), IN(u32, b), OUT(u32, y)) \
    { \
        y[item] = rein_bits(name(rein_from_bits(a[item]), rein_from_bits(b[item]))); \
    }
FUNCTION(rein_exp)
FUNCTION(rein_log)
FUNCTION(rein_sin)
FUNCTION(rein_cos)
FUNCTION(rein_floor)
FUNCTION(rein_abs)
FUNCTION(rein_sqrt)
PAIR_FUNCTION(rein_pow)
PAIR_FUNCTION(rein_div)
)";

struct Range {
    const char *function;
    float lower;
    float upper;
};

const Range kRanges[] = {
    { "sphere", -5.12f, 5.12f }, { "rosenbrock", -30, 30 }, { "rastrigin", -5.12f, 5.12f },
    { "ackley", -32, 32 },       { "griewank", -600, 600 }, { "schwefel", -500, 500 },
};

bool
IsDenormal(uint32_t bits)
{
    return (bits & 0x7F800000u) == 0 && (bits & 0x007FFFFFu) != 0;
}

bool
IsNan(uint32_t bits)
{
    return (bits & 0x7FFFFFFFu) > 0x7F800000u;
}

class PluginFunctionTest : public PluginFixture
{
  protected:
    void
    SetUp() override
    {
        PluginFixture::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        info = Info();
        keeps_denormals = (info.flags & REIN_DEVICE_KEEPS_DENORMALS) != 0;
        Open();
    }

    /* Numbers of every size, and those at which functions change their ways. */
    std::vector<uint32_t>
    Numbers() const
    {
        std::vector<uint32_t> numbers = { 0,           0x80000000u, 1,           0x007FFFFFu,
                                          0x00800000u, 0x80800000u, 0x3F800000u, 0xBF800000u,
                                          0x7F7FFFFFu, 0x7F800000u, 0xFF800000u, 0x7FC00000u };

        for (uint64_t bits = 0; bits < (uint64_t{ 1 } << 32); bits += 130003) {
            numbers.push_back(static_cast<uint32_t>(bits));
        }
        for (uint32_t i = 0; i < 20000; i++) {
            numbers.push_back(native_bits((static_cast<float>(i) - 10000.0f) * 0.0123f));
        }
        return numbers;
    }

    /* `a` and `b` are what went in. */
    void
    ExpectSame(const char *function, uint32_t a, uint32_t b, uint32_t computed, uint32_t expected)
    {
        if (computed == expected || (IsNan(computed) && IsNan(expected))) {
            return;
        }
        if (!keeps_denormals && (IsDenormal(a) || IsDenormal(b) || IsDenormal(expected))) {
            return;
        }
        n_different++;
        if (n_different > 10) {
            return; /* enough were shown */
        }
        ADD_FAILURE() << function << " of " << native_from_bits(a) << ", " << native_from_bits(b)
                      << " is " << native_from_bits(computed) << ", not "
                      << native_from_bits(expected);
    }

    /* Fitness of random individuals, the first with all genes 0 and the second with all the largest. */
    void
    ExpectFitness(uint64_t program, const Range &range, uint32_t n_genes)
    {
        const uint32_t n = 203;
        std::vector<uint32_t> params(kParams, 0);
        std::vector<uint32_t> data = { native_bits(range.lower), native_bits(range.upper) };
        std::vector<uint32_t> changed(n, 1);
        std::vector<uint32_t> expected(n, 0);
        std::vector<uint32_t> native(Rows(n, kTile) * n_genes);
        std::vector<uint32_t> tiled(Rows(n, info.interleave) * n_genes);
        const std::string kernel = std::string(range.function) + "_fitness";
        uint32_t nothing = 0;
        std::mt19937 random(7);

        params[0] = n;
        params[1] = n_genes;
        params[2] = 1;
        params[21] = 1;
        for (uint32_t item = 0; item < n; item++) {
            for (uint32_t i = 0; i < n_genes; i++) {
                const uint32_t gene = item == 0   ? 0
                                      : item == 1 ? UINT32_MAX
                                                  : static_cast<uint32_t>(random());
                native[At(kTile, n_genes, item, i)] = gene;
                tiled[At(info.interleave, n_genes, item, i)] = gene;
            }
        }
        void *buffers[] = { params.data(),   native.data(), changed.data(),
                            expected.data(), data.data(),   &nothing };
        native_kernel_functions(kernel.c_str())(buffers, 0, n, 0, 0);
        const uint64_t fitness = Buffer(n * 4);
        Run(Slice({ Stage(program, kernel.c_str(), n,
                          { BufferOf(params), BufferOf(tiled), BufferOf(changed), fitness,
                            BufferOf(data), Buffer(4) }) }));
        const std::vector<uint32_t> computed = Words(fitness, n);
        for (uint32_t item = 0; item < n; item++) {
            ExpectSame(range.function, item, n_genes, computed[item], expected[item]);
        }
    }

    static size_t
    Rows(uint32_t n, uint32_t tile)
    {
        return (n + tile - 1) / tile * tile;
    }

    static size_t
    At(uint32_t tile, uint32_t n_genes, uint32_t item, uint32_t i)
    {
        return item / tile * tile * n_genes + i * tile + item % tile;
    }

    ReinDeviceInfo info = {};
    bool keeps_denormals = true;
    uint32_t n_different = 0;
};

} // namespace

TEST_F(PluginFunctionTest, OfOneNumberHaveTheBitsOfC)
{
    const std::vector<uint32_t> numbers = Numbers();
    const auto n = static_cast<uint32_t>(numbers.size());
    const uint64_t program = Build(kMath);
    const uint64_t x = BufferOf(numbers);
    const uint64_t y = Buffer(n * 4);

    for (const NativeFunction &function : native_functions) {
        const std::string kernel = std::string(function.name) + "_of";
        if (kernel.find("in_integers") != std::string::npos) {
            continue; /* C has it for its tests */
        }
        Run(Slice({ Stage(program, kernel.c_str(), n, { x, y }) }));
        const std::vector<uint32_t> computed = Words(y, n);
        for (uint32_t i = 0; i < n; i++) {
            ExpectSame(function.name, numbers[i], 0, computed[i],
                       native_bits(function.function(native_from_bits(numbers[i]))));
        }
        EXPECT_EQ(n_different, 0u) << function.name;
    }
}

TEST_F(PluginFunctionTest, OfTwoNumbersHaveTheBitsOfC)
{
    const std::vector<uint32_t> a = Numbers();
    const auto n = static_cast<uint32_t>(a.size());
    std::vector<uint32_t> b = a;
    std::mt19937 random(9);
    const uint64_t program = Build(kMath);
    const uint64_t y = Buffer(n * 4);

    std::shuffle(b.begin(), b.end(), random);
    const std::pair<const char *, float (*)(float, float)> functions[] = {
        { "rein_pow", native_pow }, { "rein_div", native_div }
    };
    for (const auto &[name, function] : functions) {
        const std::string kernel = std::string(name) + "_of";
        Run(Slice({ Stage(program, kernel.c_str(), n, { BufferOf(a), BufferOf(b), y }) }));
        const std::vector<uint32_t> computed = Words(y, n);
        for (uint32_t i = 0; i < n; i++) {
            ExpectSame(name, a[i], b[i], computed[i],
                       native_bits(function(native_from_bits(a[i]), native_from_bits(b[i]))));
        }
        EXPECT_EQ(n_different, 0u) << name;
    }
}

TEST_F(PluginFunctionTest, FitnessOfTheTestFunctionsHasTheBitsOfC)
{
    const uint64_t program =
        Build(ReadFile(REIN_TEST_DATA_DIR "/../../kernels/fitness/functions.cl"));

    for (const Range &range : kRanges) {
        for (const uint32_t n_genes : { 1u, 2u, 17u, 100u }) {
            ExpectFitness(program, range, n_genes);
        }
        EXPECT_EQ(n_different, 0u) << range.function;
    }
}
