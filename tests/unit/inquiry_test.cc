/* SPDX-License-Identifier: MIT */

/* What a host makes of a worker that speaks well and says what cannot be. */

#include <gmock/gmock.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "registry_fixture.h"

namespace
{

using rein_test::RegistryTest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class InquiryTest : public RegistryTest
{
  protected:
    /* The one row of a plugin whose worker answers in this way. */
    std::string
    RowOf(const char *way)
    {
        setenv("FAKE_WORKER", way, 1);
        rein_registry_set(Registry(), "worker", REIN_FAKE_PLUGIN_DIR "/fake_worker");
        Scan({ "good" });
        const std::vector<std::string> rows = Candidates();

        EXPECT_EQ(rows.size(), 1u);
        return rows.empty() ? "" : rows[0].substr(sizeof "plugins/rein_plugin_good.so " - 1);
    }
};

struct Lie {
    const char *way;
    const char *row;
};

class InquiryLieTest : public InquiryTest, public testing::WithParamInterface<Lie>
{
};

TEST_P(InquiryLieTest, EndsTheConversationWithAReason)
{
    EXPECT_EQ(RowOf(GetParam().way), GetParam().row);
    EXPECT_THAT(Devices(), IsEmpty());
}

#define LOADED "while it was loaded: "
#define LISTED "failed fake: spoke garbage while it listed its drivers: "
#define PROBED "failed fake: spoke garbage while it was probed: "

INSTANTIATE_TEST_SUITE_P(
    All, InquiryLieTest,
    testing::Values(
        Lie{ "out-of-turn", "failed : spoke garbage " LOADED "an answer to what was not asked" },
        Lie{ "bad-name", "failed : spoke garbage " LOADED "a plugin's name that cannot be one" },
        Lie{ "list-orphan", LISTED "a variable of no driver" },
        Lie{ "list-bad-name", LISTED "a driver's name that cannot be one" },
        Lie{ "list-twice", LISTED "a driver's name that cannot be one" },
        Lie{ "list-bad-variable", LISTED "a driver's variable that cannot be one" },
        Lie{ "list-many-variables", LISTED "a driver's variable that cannot be one" },
        Lie{ "list-many-drivers", LISTED "more drivers than can be" },
        Lie{ "many-devices", PROBED "more devices than can be" },
        Lie{ "ends-early", "failed fake: its driver exited with status 7 while it was probed" }));

TEST_F(InquiryTest, DevicesAreCheckedOnceMore)
{
    const std::string row = RowOf("others-device");

    EXPECT_THAT(row, HasSubstr("device 0 \"other:0\" refused: its id does not begin with the "
                               "plugin's name and a colon"));
    EXPECT_THAT(row, HasSubstr("device 2 \"fake:0\" refused: its id is there twice"));
    EXPECT_THAT(Devices(), ElementsAre("fake:0"));
}

TEST_F(InquiryTest, DeviceOfRandomBytesIsRefused)
{
    EXPECT_THAT(RowOf("garbage-device"), HasSubstr("refused: its id is not terminated"));
    EXPECT_THAT(Devices(), IsEmpty());
}

TEST_F(InquiryTest, TextIsMadeFitToBeShown)
{
    EXPECT_EQ(RowOf("none"), "loaded fake: a  [31m reason");
    EXPECT_STREQ(rein_registry_get_candidate(Registry(), 0)->version, "1 2");
}

TEST_F(InquiryTest, AnswerBeforeTheEndCounts)
{
    EXPECT_EQ(RowOf("answers-and-dies"), "loaded fake: ");
    EXPECT_THAT(Devices(), ElementsAre("fake:0"));
}

} // namespace
