/* SPDX-License-Identifier: MIT */

#include <gmock/gmock.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "error_private.h"
#include "text_private.h"

namespace
{

using testing::StartsWith;

class StatusTest : public testing::Test
{
  protected:
    /* The error made of a status, as "code message". */
    static std::pair<int, std::string>
    Translate(ReinStatus status, const char *text, const char *what = "allocate on cpu:0")
    {
        g_autoptr(GError) error = nullptr;

        rein_error_set(&error, status, text, what);
        EXPECT_NE(error, nullptr);
        EXPECT_EQ(error->domain, REIN_ERROR);
        return { error->code, error->message };
    }

    static std::string
    Line(const char *text, size_t size)
    {
        g_autofree char *line = rein_text_line(text, size);

        return line;
    }

    static std::string
    Lines(const char *text)
    {
        g_autofree char *lines = rein_text_lines(text, strlen(text));

        return lines;
    }
};

TEST_F(StatusTest, EachStatusHasItsOwnCode)
{
    const std::vector<std::pair<ReinStatus, ReinError>> expected = {
        { REIN_ERR_FAILED, REIN_ERROR_FAILED },
        { REIN_ERR_INVALID_ARGUMENT, REIN_ERROR_INVALID },
        { REIN_ERR_UNSUPPORTED, REIN_ERROR_UNSUPPORTED },
        { REIN_ERR_NO_DEVICE, REIN_ERROR_NO_DEVICE },
        { REIN_ERR_OUT_OF_MEMORY, REIN_ERROR_OUT_OF_MEMORY },
        { REIN_ERR_BUILD, REIN_ERROR_BUILD },
        { REIN_ERR_DEVICE_LOST, REIN_ERROR_DEVICE_LOST },
    };

    for (const auto &[status, code] : expected) {
        EXPECT_EQ(Translate(status, "why").first, code) << status;
        EXPECT_TRUE(rein_status_is_known(status)) << status;
    }
    EXPECT_TRUE(rein_status_is_known(REIN_OK));
}

TEST_F(StatusTest, MessageBeginsWithWhatWasTried)
{
    EXPECT_EQ(Translate(REIN_ERR_FAILED, "ENOMEM, 12 bytes free").second,
              "allocate on cpu:0: ENOMEM, 12 bytes free");
}

TEST_F(StatusTest, SilentPluginGetsTheStatusInWords)
{
    EXPECT_EQ(Translate(REIN_ERR_OUT_OF_MEMORY, "").second,
              "allocate on cpu:0: out of device memory");
    EXPECT_EQ(Translate(REIN_ERR_OUT_OF_MEMORY, nullptr).second,
              "allocate on cpu:0: out of device memory");
}

TEST_F(StatusTest, UnknownStatusIsFailedAndNamedByNumber)
{
    EXPECT_FALSE(rein_status_is_known(99));
    EXPECT_FALSE(rein_status_is_known(-1));
    EXPECT_EQ(Translate(99, "boo"),
              std::make_pair(int(REIN_ERROR_FAILED),
                             std::string("allocate on cpu:0: unknown status 99: boo")));
    EXPECT_EQ(Translate(-1, "").second, "allocate on cpu:0: unknown status -1");
}

TEST_F(StatusTest, LogKeepsItsLines)
{
    EXPECT_EQ(Translate(REIN_ERR_BUILD, "a.cl:1: one\na.cl:2: two\n", "build a.cl").second,
              "build a.cl: a.cl:1: one\na.cl:2: two");
}

TEST_F(StatusTest, TextBecomesValidUtf8)
{
    const std::string message = Translate(REIN_ERR_FAILED, "caf\xe9").second;

    EXPECT_TRUE(g_utf8_validate(message.c_str(), -1, nullptr)) << message;
    EXPECT_THAT(message, StartsWith("allocate on cpu:0: caf"));
}

TEST_F(StatusTest, NoErrorWantedIsNoCrash)
{
    rein_error_set(nullptr, REIN_ERR_FAILED, "why", "what");
}

TEST_F(StatusTest, LineStopsAtItsSizeWithoutNul)
{
    const char text[4] = { 'a', 'b', 'c', 'd' };

    EXPECT_EQ(Line(text, sizeof text), "abcd");
    EXPECT_EQ(Line(text, 2), "ab");
    EXPECT_EQ(Line(text, 0), "");
    EXPECT_EQ(Line(nullptr, 0), "");
}

TEST_F(StatusTest, LineHasNothingATerminalWouldObey)
{
    EXPECT_EQ(Line("a\033[31mb\nc\td\xc2\x9b"
                   "e\x7f"
                   "f",
                   100),
              "a [31mb c d e f");
}

TEST_F(StatusTest, LinesKeepNewlinesAndTabsAndLoseCarriageReturns)
{
    EXPECT_EQ(Lines("a\r\n\tb\033c\n\n"), "a\n\tb c");
}

TEST_F(StatusTest, AdviceIsForLimitsAlone)
{
    EXPECT_STREQ(rein_error_advise(EMFILE), " (raise the limit: ulimit -n)");
    EXPECT_THAT(rein_error_advise(EFBIG), testing::HasSubstr("--in-process"));
    EXPECT_STREQ(rein_error_advise(ENOENT), "");
}

} // namespace
