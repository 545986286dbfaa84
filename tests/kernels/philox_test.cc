/* SPDX-License-Identifier: MIT */

/*
 * The dialect's random numbers, in its C build. The vectors are those that Random123 publishes for
 * philox4x32 with 10 rounds (kat_vectors).
 */

#include <gmock/gmock.h>

#include <array>
#include <cstdint>
#include <vector>

#include "native_kernels.h"

namespace
{

using testing::Each;
using testing::ElementsAre;

constexpr uint32_t kAlways = 0xFFFFFFFFu;

std::array<uint32_t, 4>
Philox(const std::array<uint32_t, 4> &counter, const std::array<uint32_t, 2> &key)
{
    std::array<uint32_t, 4> word = {};

    native_philox(key.data(), counter.data(), word.data());
    return word;
}

std::vector<uint32_t>
Next(uint64_t seed, uint32_t n, uint32_t individual = 0, uint32_t round = 0, uint32_t purpose = 16)
{
    std::vector<uint32_t> words(n);

    native_next(seed, individual, round, purpose, n, words.data());
    return words;
}

std::vector<uint32_t>
Below(uint64_t seed, uint32_t bound, uint32_t n)
{
    std::vector<uint32_t> numbers(n);

    native_below(seed, bound, n, numbers.data());
    return numbers;
}

std::vector<uint32_t>
Chance(uint64_t seed, uint32_t threshold, uint32_t n)
{
    std::vector<uint32_t> claims(n);

    native_chance(seed, threshold, n, claims.data());
    return claims;
}

TEST(PhiloxTest, KnownAnswerForZeros)
{
    EXPECT_THAT(Philox({ 0, 0, 0, 0 }, { 0, 0 }),
                ElementsAre(0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u));
}

TEST(PhiloxTest, KnownAnswerForOnes)
{
    EXPECT_THAT(Philox({ ~0u, ~0u, ~0u, ~0u }, { ~0u, ~0u }),
                ElementsAre(0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu));
}

TEST(PhiloxTest, KnownAnswerForTheDigitsOfPi)
{
    EXPECT_THAT(Philox({ 0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u },
                       { 0xa4093822u, 0x299f31d0u }),
                ElementsAre(0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u));
}

TEST(PhiloxTest, AStreamIsTheCountersInOrderWordByWord)
{
    const uint64_t seed = 0x0123456789abcdefu;
    const std::vector<uint32_t> words = Next(seed, 12, 5, 6, 7);

    for (uint32_t draw = 0; draw < 3; draw++) {
        const auto expected = Philox({ draw, 5, 6, 7 }, { 0x89abcdefu, 0x01234567u });
        for (uint32_t i = 0; i < 4; i++) {
            EXPECT_EQ(words[draw * 4 + i], expected[i]) << draw << " " << i;
        }
    }
}

TEST(PhiloxTest, SeedIndividualRoundAndPurposeMakeDifferentStreams)
{
    const std::vector<uint32_t> words = Next(1, 4, 2, 3, 4);

    EXPECT_EQ(Next(1, 4, 2, 3, 4), words);
    EXPECT_NE(Next(2, 4, 2, 3, 4), words);
    EXPECT_NE(Next(1 + (uint64_t(1) << 32), 4, 2, 3, 4), words);
    EXPECT_NE(Next(1, 4, 3, 3, 4), words);
    EXPECT_NE(Next(1, 4, 2, 4, 4), words);
    EXPECT_NE(Next(1, 4, 2, 3, 5), words);
}

TEST(PhiloxTest, BelowOneIsZero)
{
    EXPECT_THAT(Below(1, 1, 100), Each(0u));
}

TEST(PhiloxTest, BelowIsTheUpperHalfOfWordTimesBound)
{
    const std::vector<uint32_t> words = Next(9, 1000);

    for (const uint32_t bound : { 2u, 3u, 1000u, 65536u, 0x80000000u, 0xFFFFFFFFu }) {
        const std::vector<uint32_t> numbers = Below(9, bound, 1000);
        for (size_t i = 0; i < words.size(); i++) {
            ASSERT_EQ(numbers[i], uint64_t(words[i]) * bound >> 32);
            ASSERT_LT(numbers[i], bound);
        }
    }
}

TEST(PhiloxTest, BelowReachesEveryNumberAboutEquallyOften)
{
    std::vector<int> n_hits(7);

    for (const uint32_t number : Below(3, 7, 70000)) {
        n_hits[number]++;
    }
    for (const int n : n_hits) {
        EXPECT_NEAR(n, 10000, 500); /* five standard deviations */
    }
}

TEST(PhiloxTest, ChanceOfZeroIsNeverAndOfAllOnesAlways)
{
    EXPECT_THAT(Chance(1, 0, 1000), Each(0u));
    EXPECT_THAT(Chance(1, kAlways, 1000), Each(1u));
}

TEST(PhiloxTest, ChanceIsAWordBelowTheThreshold)
{
    const std::vector<uint32_t> words = Next(4, 200);

    for (const uint32_t threshold : { 1u, 0x40000000u, 0x80000000u, kAlways - 1 }) {
        const std::vector<uint32_t> claims = Chance(4, threshold, 200);
        for (size_t i = 0; i < words.size(); i++) {
            ASSERT_EQ(claims[i] != 0, words[i] < threshold);
        }
    }
    for (uint32_t i = 0; i < words.size(); i++) { /* at the very edge */
        EXPECT_EQ(Chance(4, words[i], i + 1)[i], 0u);
        EXPECT_EQ(Chance(4, words[i] + 1, i + 1)[i], 1u);
    }
}

} // namespace
