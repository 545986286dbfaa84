/* SPDX-License-Identifier: MIT */
#include "ctt_fixture.h"

namespace
{

class CttCheckTest : public testing::Test
{
  protected:
    static std::string
    check(const ctt::Instance &instance)
    {
        std::string notes;
        ctt_check(
            instance.get(),
            [](guint32 line, const char *text, gpointer user_data) {
                *static_cast<std::string *>(user_data) += std::to_string(line) + ": " + text + "\n";
            },
            &notes);
        return notes;
    }

    /* Of the small instance with `from` replaced by `to`. */
    static std::string
    check_of(const std::string &from, const std::string &to)
    {
        return check(ctt::parse_instance(ctt::replaced(ctt::small_text, from, to)));
    }
};

TEST_F(CttCheckTest, InstanceThatCanBeSatisfiedHasNoNotes)
{
    EXPECT_EQ(check(ctt::parse_instance(ctt::small_text)), "");
    for (const char *name : { "comp01", "comp02", "comp03", "comp04", "comp05", "comp06" }) {
        EXPECT_EQ(check(ctt::read_instance(name)), "") << name;
    }
}

TEST_F(CttCheckTest, CourseWithMoreLecturesThanFreePeriodsIsTold)
{
    /* seven of the nine periods are free to it */
    EXPECT_EQ(check_of("Tec Indaco 3", "Tec Indaco 8"),
              "11: course \"Tec\" has 8 lectures but 7 free periods (no timetable can be "
              "feasible)\n"
              "19: curriculum \"Cur1\" has 10 lectures but 9 free periods (no timetable can be "
              "feasible)\n");
    EXPECT_EQ(check_of("Tec Indaco 3", "Tec Indaco 7"), "");
}

TEST_F(CttCheckTest, TeacherWithMoreLecturesThanFreePeriodsIsTold)
{
    EXPECT_EQ(check_of("Geo Ocra 2", "Geo Ocra 8"),
              "10: teacher \"Ocra\" has 10 lectures but 9 free periods (no timetable can be "
              "feasible)\n");
    EXPECT_EQ(check_of("Geo Ocra 2", "Geo Ocra 7"), "");
}

TEST_F(CttCheckTest, MoreLecturesThanPlacesAreToldWithoutALine)
{
    std::string text = ctt::replaced(ctt::small_text, "Tec Indaco 3", "Tec Indaco 9");
    std::string notes = check(ctt::parse_instance(ctt::replaced(text, "Geo Ocra 2", "Geo Ocra 9")));
    EXPECT_EQ(notes.substr(0, notes.find('\n')),
              "0: 20 lectures have 18 places, periods times rooms (no timetable can be feasible)");
}

TEST_F(CttCheckTest, MoreWorkingDaysThanDaysAreTold)
{
    EXPECT_EQ(check_of("Tec Indaco 3 3", "Tec Indaco 4 4"),
              "11: course \"Tec\" must be on 4 days but can be on 3 at most (the soft cost can "
              "never be 0)\n");
}

TEST_F(CttCheckTest, MoreWorkingDaysThanLecturesAreTold)
{
    EXPECT_EQ(check_of("Tec Indaco 3 3", "Tec Indaco 2 3"),
              "11: course \"Tec\" must be on 3 days but can be on 2 at most (the soft cost can "
              "never be 0)\n");
}

TEST_F(CttCheckTest, DayWithoutAFreePeriodIsNoWorkingDay)
{
    EXPECT_EQ(check_of("Sce 1 0", "Tec 2 1"),
              "11: course \"Tec\" must be on 3 days but can be on 2 at most (the soft cost can "
              "never be 0)\n");
}

} // namespace
