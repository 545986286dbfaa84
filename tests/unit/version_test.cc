/* SPDX-License-Identifier: MIT */
#include <gmock/gmock.h>

#include <rein/version.h>

TEST(VersionTest, LibraryOfTheSameBuildHasTheVersionOfItsHeaders)
{
    EXPECT_STREQ(rein_version_string(), REIN_VERSION_STRING);
}
