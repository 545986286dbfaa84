/* SPDX-License-Identifier: MIT */
#include "value.h"

#include <gmock/gmock.h>
#include <rein/error.h>

#include <string>

namespace
{

using testing::HasSubstr;

class ValueTest : public testing::Test
{
  protected:
    ~ValueTest() override
    {
        g_clear_error(&error_);
    }
    gint64
    duration(const char *text)
    {
        gint64 value = -1;
        return rein_value_parse_duration(text, &value, nullptr) ? value : -1;
    }
    guint64
    size(const char *text)
    {
        guint64 value = 12345;
        return rein_value_parse_size(text, &value, nullptr) ? value : 12345;
    }
    static std::string
    take(char *text)
    {
        std::string copy = text;
        g_free(text);
        return copy;
    }

    GError *error_ = nullptr;
};

TEST_F(ValueTest, DurationsAreReadInEveryUnit)
{
    EXPECT_EQ(duration("10ms"), 10000000);
    EXPECT_EQ(duration("20s"), 20000000000);
    EXPECT_EQ(duration("5m"), 300000000000);
    EXPECT_EQ(duration("1h"), 3600000000000);
    EXPECT_EQ(duration("7d"), 604800000000000);
}

TEST_F(ValueTest, DurationWithoutUnitIsSeconds)
{
    EXPECT_EQ(duration("20"), 20000000000);
}

TEST_F(ValueTest, DecimalsAreExact)
{
    EXPECT_EQ(duration("1.5s"), 1500000000);
    EXPECT_EQ(duration("0.00001s"), 10000);
    EXPECT_EQ(size("2.5KiB"), 2560u);
}

TEST_F(ValueTest, BlanksAroundTheNumberAreAllowed)
{
    EXPECT_EQ(duration(" 20 s "), 20000000000);
}

TEST_F(ValueTest, WhatIsNoDurationIsRefused)
{
    for (const char *text :
         { "", " ", "s", "-1s", "+1s", "1x", "1 0s", "1.s", ".5s", "1e3", "0x10", "1.123456s",
           "99999999999999999999s", "200000d", "1S", "1s2", "nan" }) {
        EXPECT_EQ(duration(text), -1) << text;
    }
}

TEST_F(ValueTest, RefusalNamesTheTextAndTheUnits)
{
    gint64 value = 0;

    EXPECT_FALSE(rein_value_parse_duration("20 parsecs\n", &value, &error_));
    ASSERT_TRUE(g_error_matches(error_, REIN_ERROR, REIN_ERROR_INVALID));
    EXPECT_THAT(error_->message, HasSubstr("\"20 parsecs\\n\" is not a duration"));
    EXPECT_THAT(error_->message, HasSubstr("10ms, 20s, 5m, 1h or 7d"));
}

TEST_F(ValueTest, SizesAreReadInEveryUnit)
{
    EXPECT_EQ(size("4096"), 4096u);
    EXPECT_EQ(size("1B"), 1u);
    EXPECT_EQ(size("1kB"), 1000u);
    EXPECT_EQ(size("1KiB"), 1024u);
    EXPECT_EQ(size("500MB"), 500000000u);
    EXPECT_EQ(size("1MiB"), 1048576u);
    EXPECT_EQ(size("1GB"), 1000000000u);
    EXPECT_EQ(size("2GiB"), 2147483648u);
    EXPECT_EQ(size("1TB"), 1000000000000u);
    EXPECT_EQ(size("1TiB"), 1099511627776u);
}

TEST_F(ValueTest, WhatIsNoSizeIsRefused)
{
    for (const char *text : { "", "G", "2G", "-1", "2gib", "20000000TiB", "1.000001B", "1 2" }) {
        EXPECT_EQ(size(text), 12345u) << text;
    }
}

TEST_F(ValueTest, NumbersAreDigitsOnly)
{
    guint64 value = 0;

    EXPECT_TRUE(rein_value_parse_number("18446744073709551615", &value, nullptr));
    EXPECT_EQ(value, G_MAXUINT64);
    for (const char *text : { "", "-1", "1.5", "1 ", " 1", "1s", "18446744073709551616" }) {
        EXPECT_FALSE(rein_value_parse_number(text, &value, nullptr)) << text;
    }
}

TEST_F(ValueTest, DurationIsFormattedInItsLargestExactUnit)
{
    EXPECT_EQ(take(rein_value_format_duration(10000000)), "10ms");
    EXPECT_EQ(take(rein_value_format_duration(90000000000)), "90s");
    EXPECT_EQ(take(rein_value_format_duration(604800000000000)), "7d");
    EXPECT_EQ(take(rein_value_format_duration(0)), "0s");
    EXPECT_EQ(take(rein_value_format_duration(1)), "1ns");
}

TEST_F(ValueTest, SizeIsFormattedInItsLargestExactUnit)
{
    EXPECT_EQ(take(rein_value_format_size(2147483648)), "2GiB");
    EXPECT_EQ(take(rein_value_format_size(1536)), "1536B");
    EXPECT_EQ(take(rein_value_format_size(0)), "0B");
}

TEST_F(ValueTest, SizeForPeopleHasThreeDigits)
{
    EXPECT_EQ(take(rein_value_describe_size(1000)), "1000 B");
    EXPECT_EQ(take(rein_value_describe_size(8267796480)), "7.70 GiB");
    EXPECT_EQ(take(rein_value_describe_size(16u * 1024 * 1024)), "16.0 MiB");
    EXPECT_EQ(take(rein_value_describe_size(512u * 1024 * 1024)), "512 MiB");
    EXPECT_EQ(take(rein_value_describe_size(2048)), "2.00 KiB");
}

} // namespace
