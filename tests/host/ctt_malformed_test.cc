/* SPDX-License-Identifier: MIT */
#include "ctt_fixture.h"

namespace
{

class CttMalformedTest : public testing::Test
{
  protected:
    static void
    expect_error(const std::string &text, const std::string &message)
    {
        GError *error = nullptr;
        ctt::Instance instance(ctt_instance_parse(text.data(), text.size(), "small.ctt", &error));
        ctt::Error holder(error);
        EXPECT_EQ(instance, nullptr);
        ASSERT_NE(error, nullptr);
        EXPECT_TRUE(g_error_matches(error, CTT_ERROR, CTT_ERROR_INVALID));
        EXPECT_EQ(std::string(error->message), message);
    }

    /* Of the small instance with `from` replaced by `to`. */
    static void
    expect_error_of(const std::string &from, const std::string &to, const std::string &message)
    {
        expect_error(ctt::replaced(ctt::small_text, from, to), message);
    }

    /* Of the small instance up to and with `end`. */
    static void
    expect_error_after(const std::string &end, const std::string &message)
    {
        expect_error(ctt::small_text.substr(0, ctt::small_text.find(end) + end.size()), message);
    }

    static void
    expect_io_error(const char *path, const std::string &message)
    {
        GError *error = nullptr;
        ctt::Instance instance(ctt_instance_read(path, &error));
        ctt::Error holder(error);
        EXPECT_EQ(instance, nullptr);
        ASSERT_NE(error, nullptr);
        EXPECT_TRUE(g_error_matches(error, CTT_ERROR, CTT_ERROR_IO));
        EXPECT_EQ(std::string(error->message), message);
    }
};

/* --- the file --- */

TEST_F(CttMalformedTest, MissingFileIsNamed)
{
    expect_io_error("/nonexistent/x.ctt", "/nonexistent/x.ctt: cannot be read: No such file or "
                                          "directory (give a readable file)");
}

TEST_F(CttMalformedTest, DirectoryIsNotAFile)
{
    expect_io_error("/tmp", "/tmp: cannot be read: Is a directory (give a readable file)");
}

TEST_F(CttMalformedTest, TooLargeFileIsRefused)
{
    expect_error(std::string(CTT_MAX_FILE_SIZE + 1, ' '),
                 "small.ctt:1: file has more than 16777216 bytes (give a smaller file)");
}

TEST_F(CttMalformedTest, EndlessFileIsRefused)
{
    GError *error = nullptr;
    EXPECT_EQ(ctt_instance_read("/dev/zero", &error), nullptr);
    ctt::Error holder(error);
    ASSERT_NE(error, nullptr);
    EXPECT_STREQ(error->message,
                 "/dev/zero:1: file has more than 16777216 bytes (give a smaller file)");
}

TEST_F(CttMalformedTest, EmptyFileIsRefused)
{
    expect_error("", "small.ctt:1: file is empty (give an ITC-2007 .ctt file)");
}

TEST_F(CttMalformedTest, BlankFileIsRefused)
{
    expect_error("\n \n\t\r\n", "small.ctt:3: file is empty (give an ITC-2007 .ctt file)");
}

TEST_F(CttMalformedTest, NulByteIsRefused)
{
    std::string text = ctt::small_text;
    text[text.find("Indaco")] = '\0';
    expect_error(text, "small.ctt:11: NUL byte (give a plain text file)");
}

TEST_F(CttMalformedTest, NulByteAtTheEndIsRefused)
{
    expect_error(ctt::small_text + std::string(1, '\0'),
                 "small.ctt:29: NUL byte (give a plain text file)");
}

TEST_F(CttMalformedTest, EscapeSequenceIsRefused)
{
    expect_error_of("Geo Ocra", "\x1b[31mGeo Ocra",
                    "small.ctt:12: control character 0x1b (give a plain text file)");
}

TEST_F(CttMalformedTest, OtherEncodingIsRefused)
{
    expect_error_of("Ocra", "Ocr\xe0",
                    "small.ctt:10: byte 0xe0 is not UTF-8 (convert the file with iconv)");
}

TEST_F(CttMalformedTest, OtherFormatIsRefused)
{
    expect_error("<?xml version=\"1.0\"?>\n",
                 "small.ctt:1: found \"<?xml\" where \"Name:\" and a name must stand (give an "
                 "ITC-2007 .ctt file)");
}

/* --- the header --- */

TEST_F(CttMalformedTest, NameWithoutValueIsRefused)
{
    expect_error_of("Name: Small",
                    "Name:", "small.ctt:1: \"Name:\" has nothing behind it (write a name there)");
}

TEST_F(CttMalformedTest, MissingHeaderLineIsNamed)
{
    expect_error_of("Days: 3\n", "",
                    "small.ctt:4: found \"Periods_per_day:\" where \"Days:\" and a number must "
                    "stand (give an ITC-2007 .ctt file)");
}

TEST_F(CttMalformedTest, HeaderInOtherOrderIsRefused)
{
    expect_error_of("Courses: 3\nRooms: 2\n", "Rooms: 2\nCourses: 3\n",
                    "small.ctt:2: found \"Rooms:\" where \"Courses:\" and a number must stand "
                    "(give an ITC-2007 .ctt file)");
}

TEST_F(CttMalformedTest, HeaderWithoutNumberIsRefused)
{
    expect_error_of("Rooms: 2", "Rooms:",
                    "small.ctt:3: \"Rooms:\" has nothing behind it (write a number there)");
}

TEST_F(CttMalformedTest, HeaderWithTwoNumbersIsRefused)
{
    expect_error_of("Rooms: 2", "Rooms: 2 3",
                    "small.ctt:3: found \"3\" after the number of \"Rooms:\" (remove it)");
}

TEST_F(CttMalformedTest, TruncatedHeaderIsRefused)
{
    expect_error_after("Days: 3\n",
                       "small.ctt:4: file ends before \"Periods_per_day:\" (it is truncated)");
}

TEST_F(CttMalformedTest, CountThatIsNoNumberIsRefused)
{
    expect_error_of("Courses: 3", "Courses: three",
                    "small.ctt:2: Courses: is \"three\" (give a whole number from 1 to 4096)");
}

TEST_F(CttMalformedTest, NegativeCountIsRefused)
{
    expect_error_of("Rooms: 2", "Rooms: -2",
                    "small.ctt:3: Rooms: is \"-2\" (give a whole number from 1 to 4096)");
}

TEST_F(CttMalformedTest, CountWithSignIsRefused)
{
    expect_error_of("Rooms: 2", "Rooms: +2",
                    "small.ctt:3: Rooms: is \"+2\" (give a whole number from 1 to 4096)");
}

TEST_F(CttMalformedTest, FractionIsRefused)
{
    expect_error_of("Days: 3", "Days: 3.5",
                    "small.ctt:4: Days: is \"3.5\" (give a whole number from 1 to 4096)");
}

TEST_F(CttMalformedTest, CountOver32BitsIsRefused)
{
    expect_error_of("Courses: 3", "Courses: 4294967299",
                    "small.ctt:2: Courses: is \"4294967299\" (give a whole number from 1 to 4096)");
}

TEST_F(CttMalformedTest, CountOver64BitsIsRefused)
{
    expect_error_of("Courses: 3", "Courses: 18446744073709551619",
                    "small.ctt:2: Courses: is \"18446744073709551619\" (give a whole number from "
                    "1 to 4096)");
}

TEST_F(CttMalformedTest, VeryLongNumberIsCutInTheMessage)
{
    expect_error_of("Courses: 3", "Courses: " + std::string(100, '9'),
                    "small.ctt:2: Courses: is \"" + std::string(40, '9') +
                        "...\" (give a whole number from 1 to 4096)");
}

TEST_F(CttMalformedTest, ZeroCoursesAreRefused)
{
    expect_error_of("Courses: 3", "Courses: 0",
                    "small.ctt:2: Courses: is \"0\" (give a whole number from 1 to 4096)");
}

TEST_F(CttMalformedTest, ZeroRoomsAreRefused)
{
    expect_error_of("Rooms: 2", "Rooms: 0",
                    "small.ctt:3: Rooms: is \"0\" (give a whole number from 1 to 4096)");
}

TEST_F(CttMalformedTest, ZeroDaysAreRefused)
{
    expect_error_of("Days: 3", "Days: 0",
                    "small.ctt:4: Days: is \"0\" (give a whole number from 1 to 4096)");
}

TEST_F(CttMalformedTest, ZeroPeriodsAreRefused)
{
    expect_error_of("day: 3", "day: 0",
                    "small.ctt:5: Periods_per_day: is \"0\" (give a whole number from 1 to 4096)");
}

TEST_F(CttMalformedTest, TooManyPeriodsAreRefused)
{
    expect_error_of("Days: 3\nPeriods_per_day: 3", "Days: 241\nPeriods_per_day: 17",
                    "small.ctt:5: 241 days of 17 periods are more than 4096 periods (use fewer)");
}

TEST_F(CttMalformedTest, TooManyPlacesAreRefused)
{
    expect_error_of("Rooms: 2\nDays: 3\nPeriods_per_day: 3",
                    "Rooms: 255\nDays: 257\nPeriods_per_day: 1",
                    "small.ctt:5: 257 periods in 255 rooms are more than 65534 places (use fewer)");
}

TEST_F(CttMalformedTest, MoreConstraintsThanThereCanBeAreRefused)
{
    expect_error_of("ts: 4", "ts: 28",
                    "small.ctt:7: Constraints: is \"28\" (give a whole number from 0 to 27)");
}

/* --- sections and their counts --- */

TEST_F(CttMalformedTest, MissingSectionTitleIsNamed)
{
    expect_error_of("COURSES:\n", "",
                    "small.ctt:9: found \"Sce\" where \"COURSES:\" must stand (add that line)");
}

TEST_F(CttMalformedTest, UnknownSectionTitleIsRefused)
{
    expect_error_of("ROOMS:", "HALLS:",
                    "small.ctt:14: found \"HALLS:\" where \"ROOMS:\" must stand, after 3 rows of "
                    "\"COURSES:\" (correct the number in the header)");
}

TEST_F(CttMalformedTest, SectionsInOtherOrderAreRefusedWithTheOrder)
{
    expect_error_of("ROOMS:\nrA 32\nrB 50\n\nCURRICULA:\nCur1 2 Sce Tec\nCur2 1 Geo\n",
                    "CURRICULA:\nCur1 2 Sce Tec\nCur2 1 Geo\n\nROOMS:\nrA 32\nrB 50\n",
                    "small.ctt:14: found \"CURRICULA:\" where \"ROOMS:\" must stand (the order is "
                    "COURSES:, ROOMS:, CURRICULA:, UNAVAILABILITY_CONSTRAINTS:, END.)");
}

TEST_F(CttMalformedTest, TitleWithoutItsColonIsRefused)
{
    expect_error_of("\nROOMS:", "\nROOMS",
                    "small.ctt:14: found \"ROOMS\" where \"ROOMS:\" must stand (\"ROOMS:\" needs "
                    "the colon)");
}

TEST_F(CttMalformedTest, EndWithoutItsDotIsRefused)
{
    expect_error_of("END.", "END",
                    "small.ctt:28: found \"END\" where \"END.\" must stand (\"END.\" needs the "
                    "dot)");
    expect_error(ctt::replaced(ctt::replaced(ctt::small_text, "ts: 4\n", "ts: 5\n"), "END.", "END"),
                 "small.ctt:28: found \"END\" after 4 of 5 rows of "
                 "\"UNAVAILABILITY_CONSTRAINTS:\" (correct the number in the header)");
}

TEST_F(CttMalformedTest, CommentIsRefusedAsOne)
{
    expect_error("# a comment\n" + ctt::small_text,
                 "small.ctt:1: found \"#\" where \"Name:\" and a name must stand (a .ctt file has "
                 "no comments: remove the line)");
    expect_error_of(
        "ROOMS:", "#rooms\nROOMS:",
        "small.ctt:14: found \"#rooms\" where \"ROOMS:\" must stand (a .ctt file has no "
        "comments: remove the line)");
}

TEST_F(CttMalformedTest, OneRowIsNotRows)
{
    expect_error_of("Curricula: 2", "Curricula: 1",
                    "small.ctt:20: found \"Cur2\" where \"UNAVAILABILITY_CONSTRAINTS:\" must "
                    "stand, after 1 row of \"CURRICULA:\" (correct the number in the header)");
}

TEST_F(CttMalformedTest, FewerCoursesThanPromisedAreRefused)
{
    expect_error_of("Courses: 3", "Courses: 4",
                    "small.ctt:14: found \"ROOMS:\" after 3 of 4 rows of \"COURSES:\" (correct the "
                    "number in the header)");
}

TEST_F(CttMalformedTest, MoreCoursesThanPromisedAreRefused)
{
    expect_error_of("Courses: 3", "Courses: 2",
                    "small.ctt:12: found \"Geo\" where \"ROOMS:\" must stand, after 2 rows of "
                    "\"COURSES:\" (correct the number in the header)");
}

TEST_F(CttMalformedTest, FewerRoomsThanPromisedAreRefused)
{
    expect_error_of("Rooms: 2", "Rooms: 3",
                    "small.ctt:18: found \"CURRICULA:\" after 2 of 3 rows of \"ROOMS:\" (correct "
                    "the number in the header)");
}

TEST_F(CttMalformedTest, FewerCurriculaThanPromisedAreRefused)
{
    expect_error_of("Curricula: 2", "Curricula: 3",
                    "small.ctt:22: found \"UNAVAILABILITY_CONSTRAINTS:\" after 2 of 3 rows of "
                    "\"CURRICULA:\" (correct the number in the header)");
}

TEST_F(CttMalformedTest, FewerConstraintsThanPromisedAreRefused)
{
    expect_error_of("ts: 4", "ts: 5",
                    "small.ctt:28: found \"END.\" after 4 of 5 rows of "
                    "\"UNAVAILABILITY_CONSTRAINTS:\" (correct the number in the header)");
}

TEST_F(CttMalformedTest, MoreConstraintsThanPromisedAreRefused)
{
    expect_error_of("ts: 4", "ts: 3",
                    "small.ctt:26: found \"Sce\" where \"END.\" must stand, after 3 rows of "
                    "\"UNAVAILABILITY_CONSTRAINTS:\" (correct the number in the header)");
}

TEST_F(CttMalformedTest, TruncationWithinRowsIsRefused)
{
    expect_error_after("Tec Indaco 3 3 42\n", "small.ctt:11: file ends after 2 of 3 rows of "
                                              "\"COURSES:\" (it is truncated)");
}

TEST_F(CttMalformedTest, TruncationWithinARowIsRefused)
{
    expect_error_after("Tec Indaco 3 3",
                       "small.ctt:11: row of \"COURSES:\" has fewer than 5 fields (write \"course "
                       "teacher lectures working_days students\")");
}

TEST_F(CttMalformedTest, TruncationBetweenSectionsIsRefused)
{
    expect_error_after("rB 50\n",
                       "small.ctt:16: file ends before \"CURRICULA:\" (it is truncated)");
}

TEST_F(CttMalformedTest, MissingEndIsRefused)
{
    expect_error_of("END.\n", "", "small.ctt:27: file ends before \"END.\" (it is truncated)");
}

TEST_F(CttMalformedTest, TextAfterTheEndIsRefused)
{
    expect_error(ctt::small_text + "\nName: Another\n",
                 "small.ctt:30: found \"Name:\" after \"END.\" (remove it)");
}

TEST_F(CttMalformedTest, TextOnTheLineOfTheEndIsRefused)
{
    expect_error_of("END.", "END. really",
                    "small.ctt:28: found \"END.\" where \"END.\" must stand alone on its line "
                    "(remove what follows it)");
}

/* --- rows --- */

TEST_F(CttMalformedTest, CourseWithMoreFieldsIsRefused)
{
    expect_error_of("Sce Ocra 2 2 30", "Sce Ocra 2 2 30 1",
                    "small.ctt:10: row of \"COURSES:\" has more than 5 fields (write \"course "
                    "teacher lectures working_days students\")");
}

TEST_F(CttMalformedTest, RoomWithoutCapacityIsRefused)
{
    expect_error_of("rB 50", "rB",
                    "small.ctt:16: row of \"ROOMS:\" has fewer than 2 fields (write \"room "
                    "capacity\")");
}

TEST_F(CttMalformedTest, ConstraintWithoutPeriodIsRefused)
{
    expect_error_of("Tec 2 2", "Tec 2",
                    "small.ctt:24: row of \"UNAVAILABILITY_CONSTRAINTS:\" has fewer than 3 fields "
                    "(write \"course day period\")");
}

TEST_F(CttMalformedTest, DuplicateCourseIsRefused)
{
    expect_error_of("Geo Ocra", "Sce Ocra",
                    "small.ctt:12: course \"Sce\" is there twice (give each its own id)");
}

TEST_F(CttMalformedTest, DuplicateRoomIsRefused)
{
    expect_error_of("rB 50", "rA 50",
                    "small.ctt:16: room \"rA\" is there twice (give each its own id)");
}

TEST_F(CttMalformedTest, DuplicateCurriculumIsRefused)
{
    expect_error_of("Cur2", "Cur1",
                    "small.ctt:20: curriculum \"Cur1\" is there twice (give each its own id)");
}

TEST_F(CttMalformedTest, LongCourseIdIsRefused)
{
    expect_error_of("Geo", std::string(256, 'x'),
                    "small.ctt:12: course \"" + std::string(40, 'x') +
                        "...\" is longer than 255 bytes (shorten it)");
}

TEST_F(CttMalformedTest, LongTeacherIdIsRefused)
{
    expect_error_of("Ocra", std::string(256, 'x'),
                    "small.ctt:10: teacher \"" + std::string(40, 'x') +
                        "...\" is longer than 255 bytes (shorten it)");
}

TEST_F(CttMalformedTest, CourseWithoutLecturesIsRefused)
{
    expect_error_of("Ocra 2 2 30", "Ocra 0 2 30",
                    "small.ctt:10: number of lectures is \"0\" (give a whole number from 1 to "
                    "32767)");
}

TEST_F(CttMalformedTest, NegativeStudentsAreRefused)
{
    expect_error_of("Ocra 2 2 30", "Ocra 2 2 -30",
                    "small.ctt:10: number of students is \"-30\" (give a whole number from 0 to "
                    "1000000)");
}

TEST_F(CttMalformedTest, TooManyWorkingDaysAreRefused)
{
    expect_error_of("Ocra 2 2 30", "Ocra 2 4097 30",
                    "small.ctt:10: minimum of working days is \"4097\" (give a whole number from 0 "
                    "to 4096)");
}

TEST_F(CttMalformedTest, HugeCapacityIsRefused)
{
    expect_error_of("rB 50", "rB 1000001",
                    "small.ctt:16: capacity is \"1000001\" (give a whole number from 0 to "
                    "1000000)");
}

TEST_F(CttMalformedTest, TooManyLecturesInAllAreRefused)
{
    expect_error_of("Tec Indaco 3 3 42", "Tec Indaco 32766 3 42",
                    "small.ctt:11: 32768 lectures up to here are more than 32767 (use fewer)");
}

TEST_F(CttMalformedTest, CostThatMayOverflowIsRefused)
{
    expect_error_of("Tec Indaco 3 3 42", "Tec Indaco 2148 3 1000000",
                    "small.ctt:11: a timetable up to here may cost more than 2147483647 (use "
                    "smaller numbers)");
}

TEST_F(CttMalformedTest, CurriculaWhoseCostMayOverflowAreRefused)
{
    expect_error_of("Tec Indaco 3 3 42", "Tec Indaco 32763 3 65543",
                    "small.ctt:19: a timetable up to here may cost more than 2147483647 (use "
                    "smaller numbers)");
}

TEST_F(CttMalformedTest, CurriculumWithoutCoursesIsRefused)
{
    expect_error_of("Cur1 2 Sce Tec", "Cur1 0 Sce Tec",
                    "small.ctt:19: number of courses is \"0\" (give a whole number from 1 to 3)");
}

TEST_F(CttMalformedTest, CurriculumWithFewerCoursesThanItPromisesIsRefused)
{
    expect_error_of("Cur1 2 Sce Tec", "Cur1 3 Sce Tec",
                    "small.ctt:19: curriculum has fewer than the 3 courses it promises (correct "
                    "the number)");
}

TEST_F(CttMalformedTest, CurriculumWithMoreCoursesThanItPromisesIsRefused)
{
    expect_error_of("Cur1 2 Sce Tec", "Cur1 1 Sce Tec",
                    "small.ctt:19: curriculum has more than the 1 course it promises (correct "
                    "the number)");
}

TEST_F(CttMalformedTest, CurriculumWithUnknownCourseIsRefused)
{
    expect_error_of("Cur1 2 Sce Tec", "Cur1 2 Sce Art",
                    "small.ctt:19: course \"Art\" does not exist (use an id from COURSES)");
}

TEST_F(CttMalformedTest, CurriculumThatNamesACourseTwiceIsRefused)
{
    expect_error_of("Cur1 2 Sce Tec", "Cur1 2 Sce Sce",
                    "small.ctt:19: course \"Sce\" is twice in the curriculum (name each course "
                    "once)");
}

TEST_F(CttMalformedTest, TooManyCoursesOfAllCurriculaAreRefused)
{
    std::string text = "Name: Large\nCourses: 4096\nRooms: 1\nDays: 1\nPeriods_per_day: 1\n"
                       "Curricula: 65\nConstraints: 0\nCOURSES:\n";
    std::string members;
    for (int i = 0; i < 4096; i++) {
        text += "c" + std::to_string(i) + " t 1 0 0\n";
        members += " c" + std::to_string(i);
    }
    text += "ROOMS:\nA 1\nCURRICULA:\n";
    for (int i = 0; i < 65; i++) {
        text += "q" + std::to_string(i) + " 4096" + members + "\n";
    }
    expect_error(text, "small.ctt:4172: curricula up to here have more than 262144 courses (use "
                       "fewer)");
}

TEST_F(CttMalformedTest, CurriculumOnAVeryLongLineIsRefused)
{
    std::string line = "Cur1 2";
    for (int i = 0; i < 100000; i++) {
        line += " Sce";
    }
    expect_error_of("Cur1 2 Sce Tec", line,
                    "small.ctt:19: curriculum has more than the 2 courses it promises (correct "
                    "the number)");
}

TEST_F(CttMalformedTest, ConstraintOfUnknownCourseIsRefused)
{
    expect_error_of("Tec 2 2", "tec 2 2",
                    "small.ctt:24: course \"tec\" does not exist (use an id from COURSES)");
}

TEST_F(CttMalformedTest, ConstraintOnDayOutOfRangeIsRefused)
{
    expect_error_of("Tec 2 2", "Tec 3 2",
                    "small.ctt:24: day is \"3\" (give a whole number from 0 to 2)");
}

TEST_F(CttMalformedTest, ConstraintInPeriodOutOfRangeIsRefused)
{
    expect_error_of("Tec 2 2", "Tec 2 3",
                    "small.ctt:24: period is \"3\" (give a whole number from 0 to 2)");
}

TEST_F(CttMalformedTest, LineNumbersCountBlankLinesAndCarriageReturns)
{
    expect_error(
        "\r\n\r\n" +
            ctt::replaced_all(ctt::replaced(ctt::small_text, "Tec 2 2", "Tec 2 3"), "\n", "\r\n"),
        "small.ctt:26: period is \"3\" (give a whole number from 0 to 2)");
}

TEST_F(CttMalformedTest, UnprintableTextIsEscapedInMessages)
{
    expect_error_of("Cur1 2 Sce Tec", "Cur1 2 Sce \xc3\xa9\"",
                    "small.ctt:19: course \"\\303\\251\\\"\" does not exist (use an id from "
                    "COURSES)");
}

TEST_F(CttMalformedTest, EveryTruncationIsRefused)
{
    for (size_t size = 0; size < ctt::small_text.find("END.") + 4; size++) {
        GError *error = nullptr;
        ctt::Instance instance(
            ctt_instance_parse(ctt::small_text.data(), size, "small.ctt", &error));
        ctt::Error holder(error);
        EXPECT_EQ(instance, nullptr) << size;
        ASSERT_NE(error, nullptr) << size;
        EXPECT_TRUE(g_str_has_prefix(error->message, "small.ctt:")) << error->message;
    }
}

TEST_F(CttMalformedTest, ErrorMayBeIgnored)
{
    EXPECT_EQ(ctt_instance_parse("x", 1, "small.ctt", nullptr), nullptr);
}

} // namespace
