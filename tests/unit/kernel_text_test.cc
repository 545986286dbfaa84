/* SPDX-License-Identifier: MIT */

#include <gmock/gmock.h>
#include <rein/error.h>

#include <string>

#include "kernel_text_private.h"

namespace
{

using testing::HasSubstr;

class KernelTextTest : public testing::Test
{
  protected:
    ~KernelTextTest() override
    {
        g_clear_error(&error_);
    }

    /* Checks for kernel f with the arguments IN(u32), OUT(i32), anything. */
    bool
    check(const std::string &text)
    {
        static const ReinKernelArgument expected[] = { { "IN", "u32" },
                                                       { "OUT", "i32" },
                                                       { nullptr, nullptr } };
        GBytes *bytes = g_bytes_new(text.data(), text.size());
        g_clear_error(&error_);
        const bool is_right =
            rein_kernel_text_check("my.cl", bytes, "f", expected, G_N_ELEMENTS(expected), &error_);
        g_bytes_unref(bytes);
        EXPECT_EQ(is_right, error_ == nullptr);
        if (error_ != nullptr) {
            EXPECT_TRUE(g_error_matches(error_, REIN_ERROR, REIN_ERROR_BUILD));
        }
        return is_right;
    }

    GError *error_ = nullptr;
};

TEST_F(KernelTextTest, RightArgumentsPassHoweverTheyAreSpaced)
{
    EXPECT_TRUE(check("REIN_KERNEL(f, IN(u32, params), OUT(i32, fitness), INOUT(u16, genes))\n{}"));
    EXPECT_TRUE(check("\n\nREIN_KERNEL( f ,IN( u32,params ),\n  OUT(i32 , fitness),IN(f32, x)\n)"));
}

TEST_F(KernelTextTest, WrongNumberOfArgumentsIsNamedWithFileAndLine)
{
    EXPECT_FALSE(check("// one\nREIN_KERNEL(f, IN(u32, params))\n{}"));
    EXPECT_STREQ(error_->message, "my.cl:2: kernel f has 1 arguments, where the engine gives it 3 "
                                  "(see kernels/README.md)");
}

TEST_F(KernelTextTest, WrongTypeOrDirectionIsNamed)
{
    EXPECT_FALSE(check("REIN_KERNEL(f, IN(u32, params), OUT(f32, fitness), IN(u16, genes))\n{}"));
    EXPECT_STREQ(error_->message, "my.cl:1: argument 2 of kernel f is OUT(f32,fitness), where this "
                                  "problem needs OUT(i32, …)");
    EXPECT_FALSE(check("REIN_KERNEL(f, OUT(u32, params), OUT(i32, fitness), IN(u16, genes))\n{}"));
    EXPECT_THAT(error_->message, HasSubstr("argument 1 of kernel f is OUT(u32,params)"));
}

TEST_F(KernelTextTest, KernelThatIsNotDeclaredHereIsLeftToTheCompiler)
{
    for (const char *text : { "", "REIN_KERNEL(g, IN(u32, a))", " REIN_KERNEL(f, IN(u32, a))",
                              "REIN_KERNEL(fg, IN(u32, a))", "REIN_KERNEL(", "REIN_KERNEL(f" }) {
        EXPECT_TRUE(check(text)) << text;
    }
}

TEST_F(KernelTextTest, LinesOfAJoinedTextAreThoseOfItsFiles)
{
    EXPECT_FALSE(check("#line 1 \"a.cl\"\n\n\n#line 1 \"b.cl\"\n\nREIN_KERNEL(f, IN(u32, a))\n"));
    EXPECT_THAT(error_->message, HasSubstr("b.cl:2: kernel f has 1 arguments"));
}

TEST_F(KernelTextTest, TextThatEndsInTheMiddleIsReadNoFurther)
{
    EXPECT_FALSE(check("REIN_KERNEL(f, IN(u32, a"));
    EXPECT_FALSE(check("REIN_KERNEL(f,"));
    EXPECT_TRUE(check("#line"));
    EXPECT_TRUE(check("#line 4294967296 \""));
}

} // namespace
