/* SPDX-License-Identifier: MIT */
#include "exit_code.h"

#include <gio/gio.h>
#include <gmock/gmock.h>
#include <rein/error.h>

namespace
{

class ExitCodeTest : public testing::Test
{
  protected:
    static ReinExitCode
    code_of(GQuark domain, int code)
    {
        GError *error = g_error_new(domain, code, "message");
        ReinExitCode exit_code = rein_exit_code_of_error(error);
        g_error_free(error);
        return exit_code;
    }
};

TEST_F(ExitCodeTest, EveryErrorOfTheLibraryHasItsCode)
{
    EXPECT_EQ(code_of(REIN_ERROR, REIN_ERROR_FAILED), 12);
    EXPECT_EQ(code_of(REIN_ERROR, REIN_ERROR_INVALID), 2);
    EXPECT_EQ(code_of(REIN_ERROR, REIN_ERROR_PLUGIN), 12);
    EXPECT_EQ(code_of(REIN_ERROR, REIN_ERROR_NO_DEVICE), 10);
    EXPECT_EQ(code_of(REIN_ERROR, REIN_ERROR_UNSUPPORTED), 10);
    EXPECT_EQ(code_of(REIN_ERROR, REIN_ERROR_BUILD), 11);
    EXPECT_EQ(code_of(REIN_ERROR, REIN_ERROR_OUT_OF_MEMORY), 13);
    EXPECT_EQ(code_of(REIN_ERROR, REIN_ERROR_DEVICE_LOST), 12);
    EXPECT_EQ(code_of(REIN_ERROR, REIN_ERROR_QUARANTINED), 12);
    EXPECT_EQ(code_of(REIN_ERROR, REIN_ERROR_TIMEOUT), 3);
    EXPECT_EQ(code_of(REIN_ERROR, REIN_ERROR_STOPPED), 4);
}

TEST_F(ExitCodeTest, ErrorsOfOtherDomainsAreBadInput)
{
    EXPECT_EQ(code_of(G_IO_ERROR, G_IO_ERROR_NOT_FOUND), 2);
}

TEST_F(ExitCodeTest, WhatAnotherProcessHoldsIsToBeTriedAgain)
{
    EXPECT_EQ(code_of(G_FILE_ERROR, G_FILE_ERROR_AGAIN), 75);
}

} // namespace
