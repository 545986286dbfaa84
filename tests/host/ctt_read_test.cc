/* SPDX-License-Identifier: MIT */
#include "ctt_fixture.h"

#include <cstring>

namespace
{

class CttReadTest : public testing::Test
{
  protected:
    static void
    expect_same(const CttInstance &a, const CttInstance &b)
    {
        ASSERT_EQ(a.n_courses, b.n_courses);
        ASSERT_EQ(a.n_periods, b.n_periods);
        EXPECT_STREQ(a.name, b.name);
        for (guint32 i = 0; i < a.n_courses; i++) {
            EXPECT_STREQ(a.courses[i].id, b.courses[i].id);
            EXPECT_EQ(a.courses[i].n_students, b.courses[i].n_students);
        }
        EXPECT_EQ(memcmp(a.unavailable, b.unavailable, a.n_courses * a.n_periods), 0);
        EXPECT_EQ(memcmp(a.conflict, b.conflict, a.n_courses * a.n_courses), 0);
    }

    ctt::Instance small = ctt::parse_instance(ctt::small_text);
};

TEST_F(CttReadTest, SmallInstanceHasSizesOfItsHeader)
{
    EXPECT_STREQ(small->name, "Small");
    EXPECT_EQ(small->n_courses, 3u);
    EXPECT_EQ(small->n_rooms, 2u);
    EXPECT_EQ(small->n_curricula, 2u);
    EXPECT_EQ(small->n_teachers, 2u);
    EXPECT_EQ(small->n_days, 3u);
    EXPECT_EQ(small->periods_per_day, 3u);
    EXPECT_EQ(small->n_periods, 9u);
    EXPECT_EQ(small->n_lectures, 7u);
    EXPECT_EQ(ctt_instance_not_placed(small.get()), 18);
}

TEST_F(CttReadTest, SmallInstanceHasItsRows)
{
    const CttCourse &geo = small->courses[2];
    EXPECT_STREQ(geo.id, "Geo");
    EXPECT_STREQ(small->teachers[geo.teacher], "Ocra");
    EXPECT_EQ(geo.n_lectures, 2u);
    EXPECT_EQ(geo.min_working_days, 2u);
    EXPECT_EQ(geo.n_students, 40u);
    EXPECT_EQ(geo.first_lecture, 5u);
    ASSERT_EQ(geo.n_curricula, 1u);
    EXPECT_EQ(geo.curricula[0], 1u);
    EXPECT_STREQ(small->rooms[1].id, "rB");
    EXPECT_EQ(small->rooms[1].capacity, 50u);
    EXPECT_STREQ(small->curricula[0].id, "Cur1");
    ASSERT_EQ(small->curricula[0].n_courses, 2u);
    EXPECT_EQ(small->curricula[0].courses[1], 1u);
}

TEST_F(CttReadTest, ConflictsFollowTeachersAndCurricula)
{
    const guint8 expected[9] = { 0, 1, 1, /* Sce: curriculum with Tec, teacher with Geo */
                                 1, 0, 0, /* */
                                 1, 0, 0 };
    EXPECT_EQ(memcmp(small->conflict, expected, sizeof expected), 0);
}

TEST_F(CttReadTest, UnavailablePeriodsAreMarkedByCourse)
{
    for (guint32 course = 0; course < 3; course++) {
        for (guint32 period = 0; period < 9; period++) {
            bool is_unavailable = (course == 1 && (period == 6 || period == 8)) ||
                                  (course == 0 && (period == 3 || period == 4));
            EXPECT_EQ(small->unavailable[course * 9 + period], is_unavailable);
        }
    }
}

TEST_F(CttReadTest, CarriageReturnsAreBlanks)
{
    ctt::Instance crlf = ctt::parse_instance(ctt::replaced_all(ctt::small_text, "\n", "\r\n"));
    expect_same(*crlf, *small);
}

TEST_F(CttReadTest, TrailingBlanksAndTabsAreIgnored)
{
    ctt::Instance blanks = ctt::parse_instance(ctt::replaced_all(ctt::small_text, "\n", " \t \n"));
    expect_same(*blanks, *small);
}

TEST_F(CttReadTest, FieldsMayBeSeparatedByTabs)
{
    ctt::Instance tabs = ctt::parse_instance(ctt::replaced_all(ctt::small_text, " ", "\t"));
    expect_same(*tabs, *small);
}

TEST_F(CttReadTest, BlankLinesMayStandAnywhere)
{
    ctt::Instance spaced =
        ctt::parse_instance("\n\n" + ctt::replaced_all(ctt::small_text, "\n", "\n\n"));
    expect_same(*spaced, *small);
}

TEST_F(CttReadTest, BlankLinesMayBeMissing)
{
    ctt::Instance dense = ctt::parse_instance(ctt::replaced_all(ctt::small_text, "\n\n", "\n"));
    expect_same(*dense, *small);
}

TEST_F(CttReadTest, LastLineMayLackItsEnd)
{
    ctt::Instance unended = ctt::parse_instance(ctt::replaced(ctt::small_text, "END.\n", "END."));
    expect_same(*unended, *small);
}

TEST_F(CttReadTest, ByteOrderMarkIsSkipped)
{
    ctt::Instance marked = ctt::parse_instance("\xef\xbb\xbf" + ctt::small_text);
    expect_same(*marked, *small);
}

TEST_F(CttReadTest, NameMayHaveSeveralWords)
{
    ctt::Instance named =
        ctt::parse_instance(ctt::replaced(ctt::small_text, "Small", "University of \xc3\x9a"));
    EXPECT_STREQ(named->name, "University of \xc3\x9a");
}

TEST_F(CttReadTest, CurriculaAndConstraintsMayBeNone)
{
    ctt::Instance bare = ctt::parse_instance("Name: Bare\nCourses: 1\nRooms: 1\nDays: 1\n"
                                             "Periods_per_day: 1\nCurricula: 0\nConstraints: 0\n"
                                             "COURSES:\nc t 1 0 0\nROOMS:\nB 0\nCURRICULA:\n"
                                             "UNAVAILABILITY_CONSTRAINTS:\nEND.\n");
    EXPECT_EQ(bare->n_curricula, 0u);
    EXPECT_EQ(bare->n_lectures, 1u);
}

TEST_F(CttReadTest, RepeatedConstraintCountsOnce)
{
    ctt::Instance repeated = ctt::parse_instance(ctt::replaced(
        ctt::replaced(ctt::small_text, "Sce 1 1\n", "Sce 1 1\nSce 1 1\n"), "ts: 4", "ts: 5"));
    expect_same(*repeated, *small);
}

TEST_F(CttReadTest, RoomIsFoundInEitherDialect)
{
    EXPECT_EQ(ctt_instance_find_room(small.get(), "rB"), 1u);
    EXPECT_EQ(ctt_instance_find_room(small.get(), "B"), 1u);
    ctt::Instance plain =
        ctt::parse_instance(ctt::replaced(ctt::replaced(ctt::small_text, "rA", "A"), "rB", "B"));
    EXPECT_EQ(ctt_instance_find_room(plain.get(), "rB"), 1u);
    EXPECT_EQ(ctt_instance_find_room(plain.get(), "B"), 1u);
    EXPECT_EQ(ctt_instance_find_room(plain.get(), "rrB"), CTT_NONE);
    EXPECT_EQ(ctt_instance_find_room(plain.get(), ""), CTT_NONE);
}

TEST_F(CttReadTest, ExactRoomNameWinsOverDialects)
{
    ctt::Instance both = ctt::parse_instance(ctt::replaced(ctt::small_text, "rA", "B"));
    EXPECT_EQ(ctt_instance_find_room(both.get(), "B"), 0u);
    EXPECT_EQ(ctt_instance_find_room(both.get(), "rB"), 1u);
}

TEST_F(CttReadTest, AmbiguousRoomNameIsNotFound)
{
    ctt::Instance both =
        ctt::parse_instance(ctt::replaced(ctt::replaced(ctt::small_text, "rA", "x"), "rB", "rrx"));
    EXPECT_EQ(ctt_instance_find_room(both.get(), "rx"), CTT_NONE);
}

TEST_F(CttReadTest, UnknownCourseIsNotFound)
{
    EXPECT_EQ(ctt_instance_find_course(small.get(), "Tec"), 1u);
    EXPECT_EQ(ctt_instance_find_course(small.get(), "tec"), CTT_NONE);
}

TEST_F(CttReadTest, FreeTakesNull)
{
    ctt_instance_free(nullptr);
}

/* name, courses, rooms, lectures, curricula, periods */
struct Official {
    const char *name;
    guint32 sizes[5];
};

class CttOfficialInstance : public testing::TestWithParam<Official>
{
};

TEST_P(CttOfficialInstance, HasItsSizes)
{
    ctt::Instance instance = ctt::read_instance(GetParam().name);
    ASSERT_NE(instance, nullptr);
    const guint32 *sizes = GetParam().sizes;
    EXPECT_EQ(instance->n_courses, sizes[0]);
    EXPECT_EQ(instance->n_rooms, sizes[1]);
    EXPECT_EQ(instance->n_lectures, sizes[2]);
    EXPECT_EQ(instance->n_curricula, sizes[3]);
    EXPECT_EQ(instance->n_periods, sizes[4]);
}

INSTANTIATE_TEST_SUITE_P(Itc2007, CttOfficialInstance,
                         testing::Values(Official{ "comp01", { 30, 6, 160, 14, 30 } },
                                         Official{ "comp02", { 82, 16, 283, 70, 25 } },
                                         Official{ "comp03", { 72, 16, 251, 68, 25 } },
                                         Official{ "comp04", { 79, 18, 286, 57, 25 } },
                                         Official{ "comp05", { 54, 9, 152, 139, 36 } },
                                         Official{ "comp06", { 108, 18, 361, 70, 25 } },
                                         Official{ "comp07", { 131, 20, 434, 77, 25 } },
                                         Official{ "toy", { 4, 2, 16, 2, 20 } },
                                         Official{ "toytoy", { 3, 2, 7, 2, 9 } }),
                         [](const testing::TestParamInfo<Official> &parameter) {
                             return std::string(parameter.param.name);
                         });

} // namespace
