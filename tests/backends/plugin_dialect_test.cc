/* SPDX-License-Identifier: MIT */

/* What kernels/README.md promises about the dialect, as every plugin keeps it. */

#include "plugin_fixture.h"

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace
{

constexpr uint32_t kParams = 32; /* PARAM_COUNT */
constexpr uint32_t kPopulation = 40;
constexpr uint32_t kGenes = 9;

class PluginDialectTest : public PluginFixture
{
  protected:
    void
    SetUp() override
    {
        PluginFixture::SetUp();
        if (!IsSkipped() && !HasFatalFailure()) {
            Open();
        }
    }

    static std::string
    Readme()
    {
        return ReadFile(REIN_TEST_DATA_DIR "/../../kernels/README.md");
    }

    /* The C text of the first of its examples. */
    static std::string
    ReadmeExample()
    {
        const std::string begin = "```c\n";
        const std::string readme = Readme();
        const size_t first = readme.find(begin, readme.find("## Examples"));
        const size_t end = readme.find("```", first + begin.size());

        EXPECT_NE(end, std::string::npos);
        return readme.substr(first + begin.size(), end - first - begin.size());
    }
};

/* The example's problem, and what its kernels ought to make of it. */
class PluginExampleTest : public PluginDialectTest
{
  protected:
    void
    SetUp() override
    {
        PluginDialectTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        tile = Info().interleave;
        genes.resize((kPopulation + tile - 1) / tile * tile * kGenes);
        params.assign(kParams, 0);
        params[0] = kPopulation;
        params[1] = kGenes;
        params[2] = 2;
        params[3] = 2; /* plane 1 is maximised */
        params[4] = 99;
        params[12] = 5;
        data = { 30 };
        for (uint32_t i = 0; i < kGenes; i++) {
            data.push_back(3 + i);
            data.push_back(10 * i + 1);
        }
        for (uint32_t i = 0; i < genes.size(); i++) {
            genes[i] = static_cast<uint16_t>((i * 2654435761u) >> 31);
        }
    }

    size_t
    At(uint32_t item, uint32_t i) const
    {
        return (item / tile * tile) * kGenes + i * tile + item % tile;
    }

    int
    Weight(uint32_t item) const
    {
        uint32_t weight = 0;
        for (uint32_t i = 0; i < kGenes; i++) {
            weight += genes[At(item, i)] * data[1 + 2 * i];
        }
        return static_cast<int>(weight);
    }

    int
    Value(uint32_t item) const
    {
        uint32_t value = 0;
        for (uint32_t i = 0; i < kGenes; i++) {
            value += genes[At(item, i)] * data[2 + 2 * i];
        }
        return static_cast<int>(value);
    }

    uint64_t
    GenesBuffer()
    {
        const uint64_t buffer = Buffer(genes.size() * 2);
        EXPECT_EQ(table->write(device, kJob, buffer, 0, genes.data(), genes.size() * 2, &msg),
                  REIN_OK);
        return buffer;
    }

    std::vector<uint32_t> params;
    std::vector<uint32_t> data;
    uint32_t tile = 0;           /* the device's interleave */
    std::vector<uint16_t> genes; /* whole tiles */
};

} // namespace

TEST_F(PluginExampleTest, FitnessOfTheReadmeIsWhatItSays)
{
    std::vector<uint32_t> changed(kPopulation, 1);
    changed[3] = 0;
    const uint64_t fitness = BufferOf(std::vector<uint32_t>(2 * kPopulation, 4711));

    Run(Slice({ Stage(Build(ReadmeExample()), "knapsack_fitness", kPopulation,
                      { BufferOf(params), GenesBuffer(), BufferOf(changed), fitness, BufferOf(data),
                        Buffer(4) }) }));
    const std::vector<uint32_t> planes = Words(fitness, 2 * kPopulation);
    for (uint32_t item = 0; item < kPopulation; item++) {
        if (item == 3) {
            EXPECT_EQ(planes[item], 4711u) << "left alone: it did not change";
            continue;
        }
        const int excess = Weight(item) - 30;
        EXPECT_EQ(static_cast<int>(planes[item]), excess > 0 ? excess : 0);
        EXPECT_EQ(static_cast<int>(planes[kPopulation + item]), -Value(item));
    }
}

TEST_F(PluginExampleTest, ImproveOfTheReadmePacksWithinTheCapacity)
{
    const std::vector<uint16_t> before = genes;
    const uint64_t packed = GenesBuffer();
    const uint64_t changed = BufferOf(std::vector<uint32_t>(kPopulation, 0));
    uint32_t n_changed = 0;

    Run(Slice({ Stage(
        Build(ReadmeExample()), "knapsack_improve", kPopulation,
        { BufferOf(params), packed, changed, Buffer(4), BufferOf(data), Buffer(4), Buffer(4) }) }));
    const std::vector<uint32_t> is_changed = Words(changed, kPopulation);
    ASSERT_EQ(table->read(device, kJob, packed, 0, genes.data(), genes.size() * 2, &msg), REIN_OK);
    for (uint32_t item = 0; item < kPopulation; item++) {
        bool is_different = false;
        for (uint32_t i = 0; i < kGenes; i++) {
            is_different |= genes[At(item, i)] != before[At(item, i)];
            EXPECT_GE(genes[At(item, i)], before[At(item, i)]);
        }
        EXPECT_EQ(is_changed[item], is_different ? 1u : 0u);
        EXPECT_TRUE(!is_different || Weight(item) <= 30);
        n_changed += is_changed[item];
    }
    EXPECT_GT(n_changed, 0u);
}

TEST_F(PluginDialectTest, PhiloxGivesThePublishedNumbersOfTheReadme)
{
    const char kernels[] = "REIN_KERNEL(philox, IN(u32, in), OUT(u32, out))\n"
                           "{\n"
                           "    u32 counter[4];\n"
                           "    u32 word[4];\n"
                           "    for (u32 i = 0; i < 4u; i++) {\n"
                           "        counter[i] = in[2u + i];\n"
                           "    }\n"
                           "    rein_philox(in[0], in[1], counter, word);\n"
                           "    for (u32 i = 0; i < 4u; i++) {\n"
                           "        out[i] = word[i];\n"
                           "    }\n"
                           "}\n";
    const std::vector<std::vector<uint32_t>> vectors = {
        { 0, 0, 0, 0, 0, 0, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u },
        { ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu },
        { 0xa4093822u, 0x299f31d0u, 0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xd16cfe09u,
          0x94fdccebu, 0x5001e420u, 0x24126ea1u },
    };
    const uint64_t program = Build(kernels);

    for (const std::vector<uint32_t> &vector : vectors) {
        const uint64_t out = Buffer(16);
        char words[64];
        Run(Slice({ Stage(program, "philox", 1, { BufferOf(vector), out }) }));
        const std::vector<uint32_t> expected(vector.begin() + 6, vector.end());
        EXPECT_EQ(Words(out, 4), expected);
        snprintf(words, sizeof words, "%08x %08x %08x %08x", expected[0], expected[1], expected[2],
                 expected[3]);
        EXPECT_THAT(Readme(), HasSubstr(words));
    }
}

TEST_F(PluginDialectTest, StreamCountsDrawsInItsFirstWordAndHandsWordsOutInOrder)
{
    const char kernels[] =
        "REIN_KERNEL(stream, OUT(u32, same))\n"
        "{\n"
        "    ReinRandom random = rein_random(5u, 6u, item, round, RANDOM_USER);\n"
        "    u32 counter[4];\n"
        "    u32 word[4];\n"
        "    same[item] = 1;\n"
        "    for (u32 i = 0; i < 12u; i++) {\n"
        "        counter[0] = i / 4u;\n"
        "        counter[1] = item;\n"
        "        counter[2] = round;\n"
        "        counter[3] = RANDOM_USER;\n"
        "        rein_philox(5u, 6u, counter, word);\n"
        "        if (rein_next(&random) != word[i % 4u]) {\n"
        "            same[item] = 0;\n"
        "        }\n"
        "    }\n"
        "}\n";
    const uint64_t same = Buffer(100 * 4);
    ReinSlice slice = Slice({ Stage(Build(kernels), "stream", 100, { same }) });

    slice.first_round = 77;
    Run(slice);
    EXPECT_THAT(Words(same, 100), Each(1u));
}

TEST_F(PluginDialectTest, TwelveBuffersAreHandedOverInOrder)
{
    std::string kernels = "REIN_KERNEL(twelve, OUT(u32, out)";
    std::vector<uint64_t> buffers = { Buffer(44) };

    for (uint32_t i = 1; i < REIN_STAGE_BUFFERS; i++) {
        kernels += ", IN(u32, b" + std::to_string(i) + ")";
        buffers.push_back(BufferOf({ 100 + i }));
    }
    kernels += ")\n{\n";
    for (uint32_t i = 1; i < REIN_STAGE_BUFFERS; i++) {
        const std::string n = std::to_string(i);
        kernels += "    out[" + n + " - 1] = b" + n + "[0];\n";
    }
    Run(Slice({ Stage(Build(kernels + "}\n"), "twelve", 1, buffers) }));
    EXPECT_THAT(Words(buffers[0], 11),
                ElementsAre(101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111));
}
