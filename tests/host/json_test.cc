/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <gmock/gmock.h>

#include <cmath>
#include <string>

#include "support/json.h"

namespace
{

class JsonTest : public testing::Test
{
  protected:
    JsonTest() : builder_(json_builder_new())
    {
        json_builder_begin_object(builder_);
    }
    ~JsonTest() override
    {
        g_object_unref(builder_);
    }
    std::string
    finish(bool is_indented = false)
    {
        json_builder_end_object(builder_);
        JsonNode *root = json_builder_get_root(builder_);
        char *text = rein_json_to_text(root, is_indented);
        std::string copy = text;
        g_free(text);
        json_node_unref(root);
        return copy;
    }

    JsonBuilder *builder_;
};

TEST_F(JsonTest, MembersKeepTheirKindAndOrder)
{
    rein_json_add_text(builder_, "text", "a \"b\"\n");
    rein_json_add_number(builder_, "number", G_MAXINT64);
    rein_json_add_boolean(builder_, "truth", TRUE);
    rein_json_add_real(builder_, "real", 0.5);

    EXPECT_EQ(finish(), "{\"text\":\"a \\\"b\\\"\\n\",\"number\":9223372036854775807,"
                        "\"truth\":true,\"real\":0.5}");
}

TEST_F(JsonTest, TextThatIsNotUtf8IsMadeSo)
{
    rein_json_add_text(builder_, "path",
                       "a\xff"
                       "b");

    EXPECT_EQ(finish(), "{\"path\":\"a\xef\xbf\xbd"
                        "b\"}");
}

TEST_F(JsonTest, MissingTextAndInfiniteNumbersAreNull)
{
    rein_json_add_text(builder_, "a", nullptr);
    rein_json_add_real(builder_, "b", std::nan(""));
    rein_json_add_real(builder_, "c", HUGE_VAL);

    EXPECT_EQ(finish(), "{\"a\":null,\"b\":null,\"c\":null}");
}

TEST_F(JsonTest, RealsHaveNoMoreDigitsThanTheyNeed)
{
    rein_json_add_real(builder_, "a", 0.06);
    rein_json_add_real(builder_, "b", -1e-7);
    rein_json_add_real(builder_, "c", 1.0 / 3.0);
    rein_json_add_real(builder_, "d", 5);
    rein_json_add_text(builder_, "0.059999999999999998", "a \\\" 0.059999999999999998");

    EXPECT_EQ(finish(), "{\"a\":0.06,\"b\":-1e-07,\"c\":0.33333333333333331,\"d\":5.0,"
                        "\"0.059999999999999998\":\"a \\\\\\\" 0.059999999999999998\"}");
}

TEST_F(JsonTest, IndentedTextIsTheSameDocument)
{
    rein_json_add_number(builder_, "a", 1);

    EXPECT_EQ(rein_test::Json(finish(true)).number("a"), 1);
}

} // namespace
