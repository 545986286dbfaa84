/* SPDX-License-Identifier: MIT */
#include "suggest.h"

#include <gmock/gmock.h>

#include <string>

namespace
{

class SuggestTest : public testing::Test
{
  protected:
    static const char *
    suggest(const std::string &word)
    {
        static const char *const known[] = { "run", "verify", "devices", "config" };

        return rein_suggest(word.c_str(), known, 4);
    }
};

TEST_F(SuggestTest, NearestWordIsFound)
{
    EXPECT_STREQ(suggest("rnu"), "run");
    EXPECT_STREQ(suggest("device"), "devices");
    EXPECT_STREQ(suggest("verfiy"), "verify");
}

TEST_F(SuggestTest, CaseDoesNotMatter)
{
    EXPECT_STREQ(suggest("CONFIG"), "config");
}

TEST_F(SuggestTest, WordFarFromAllHasNone)
{
    EXPECT_EQ(suggest("timetable"), nullptr);
    EXPECT_EQ(suggest("xyz"), nullptr);
}

TEST_F(SuggestTest, VeryLongWordHasNone)
{
    EXPECT_EQ(suggest(std::string(100000, 'r')), nullptr);
}

} // namespace
