/* SPDX-License-Identifier: MIT */

/*
 * The tables with which the search of course timetabling knows at once what a move changes. They lie
 * in the item's scratch row and are built anew from the genome in each round.
 *
 * In the search a room holds one lecture at a time and no lecture is in a forbidden period or in a
 * period with another of its course: a genome's lecture that breaks this starts without a place,
 * which breaks no more rules than before. Conflicts and missing lectures are allowed and counted.
 */

#define TT_NOWHERE 0xFFFFFFFFu /* the place of a lecture without one */
#define TT_TAKEN 0x10000u      /* in TT_AT_BUSY: another lecture of the course is there */
#define TT_FORBIDDEN 0x20000u  /* in TT_AT_BUSY: the course cannot be there */
#define TT_CONFLICTS_MASK 0xFFFFu

/* What one item's search has in hand: sizes, where its tables begin in the scratch row, and costs. */
typedef struct TtSearch {
    u32 n_lectures;
    u32 n_courses;
    u32 n_rooms;
    u32 n_periods;
    u32 n_days;
    u32 at_place; /* [n_lectures] period << 16 | room, or TT_NOWHERE */
    u32 at_slot;  /* [n_periods][n_rooms] the lecture there, or n_lectures */
    u32 at_busy;  /* [n_courses][n_periods] lectures of conflicting courses, and TT_TAKEN... */
    u32 at_count; /* [n_curricula][count_words] lectures by period, two words ahead */
    u32 at_day;   /* [n_courses][n_days] lectures */
    u32 at_room;  /* [n_courses][n_rooms] lectures */
    u32 at_used;  /* [n_courses] days in use << 16 | rooms in use */
    u32 at_chain; /* [2][TT_MAX_CHAIN] a Kempe chain: lectures, and where they were */
    u32 count_words;
    i32 weight; /* of a hard violation */
    u32 n_deltas;
    i32 hard;
    i32 soft;
} TtSearch;

#define TT_DAY_OF(period) ((u32)data[(u32)data[TT_PERIODS] + (period)] >> 16)
#define TT_BIT_OF(period) ((u32)data[(u32)data[TT_PERIODS] + (period)] & 0xFFFFu)
#define TT_COURSE_OF(lecture) ((u32)data[(u32)data[TT_LECTURE_COURSE] + (lecture)])

REIN_FN i32
tt_excess(REIN_GLOBAL const i32 *data, u32 course, u32 room)
{
    const i32 excess =
        TT_RECORD(course)[TT_COURSE_STUDENTS] - data[(u32)data[TT_CAPACITIES] + room];

    return excess > 0 ? excess : 0;
}

REIN_FN u32
tt_are_in_conflict(REIN_GLOBAL const i32 *data, u32 a, u32 b)
{
    const u32 word =
        (u32)data[(u32)data[TT_CONFLICTS] + a * (u32)data[TT_N_COURSE_WORDS] + (b >> 5)];

    return (word >> (b & 31u)) & 1u;
}

/*
 * What one lecture more costs a curriculum at `at`, a word of its counts, in compactness: itself if
 * it stays alone, less the neighbours that no longer are.
 */
REIN_FN i32
tt_alone(REIN_GLOBAL u32 *row, u32 at, u32 n_here)
{
    const u32 before = TT_WORD(at - 1u);
    const u32 after = TT_WORD(at + 1u);

    if ((before | after) == 0) {
        return 1;
    }
    if (n_here != 0) {
        return 0;
    }
    return -(i32)((TT_WORD(at - 2u) == 0 ? before : 0) + (TT_WORD(at + 2u) == 0 ? after : 0));
}

/*
 * Adds `lecture` to the tables at `place`, or takes it out if `sign` is -1. Returns by how much the
 * soft cost is higher with it than without it, and in *hard with how many lectures it is in conflict.
 */
REIN_FN i32
tt_put(const TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, u32 lecture,
       u32 place, u32 sign, i32 *hard)
{
    const u32 course = TT_COURSE_OF(lecture);
    REIN_GLOBAL const i32 *record = TT_RECORD(course);
    const u32 period = place >> 16;
    const u32 room = place & 0xFFFFu;
    const u32 taking = sign >> 31;
    const u32 day_at = search->at_day + course * search->n_days + TT_DAY_OF(period);
    const u32 room_at = search->at_room + course * search->n_rooms + room;
    const u32 busy_at = search->at_busy + course * search->n_periods + period;
    const u32 bit = TT_BIT_OF(period) + 2u;
    u32 end = (u32)(record[TT_COURSE_NEIGHBOURS] + record[TT_COURSE_N_NEIGHBOURS]);
    u32 used = TT_WORD(search->at_used + course);
    i32 cost = tt_excess(data, course, room);

    for (u32 i = (u32)record[TT_COURSE_NEIGHBOURS]; i < end; i++) {
        TT_WORD(search->at_busy + (u32)data[i] * search->n_periods + period) += sign;
    }
    end = (u32)(record[TT_COURSE_CURRICULA] + record[TT_COURSE_N_CURRICULA]);
    for (u32 i = (u32)record[TT_COURSE_CURRICULA]; i < end; i++) {
        const u32 at = search->at_count + (u32)data[i] * search->count_words + bit;
        const u32 n_here = TT_WORD(at);

        cost += TT_WEIGHT_COMPACT * tt_alone(row, at, n_here - taking);
        TT_WORD(at) = n_here + sign;
    }
    TT_WORD(day_at) += sign;
    if (TT_WORD(day_at) == 1u - taking) {
        const i32 n_more = record[TT_COURSE_MIN_DAYS] - (i32)(used >> 16) + (i32)taking;

        cost -= n_more > 0 ? TT_WEIGHT_DAYS : 0;
        used += sign << 16;
    }
    TT_WORD(room_at) += sign;
    if (TT_WORD(room_at) == 1u - taking) {
        cost += (used & 0xFFFFu) > taking;
        used = (used & 0xFFFF0000u) | ((used + sign) & 0xFFFFu);
    }
    TT_WORD(search->at_used + course) = used;
    TT_WORD(busy_at) += taking ? 0u - TT_TAKEN : TT_TAKEN;
    *hard = (i32)(TT_WORD(busy_at) & TT_CONFLICTS_MASK);
    return cost;
}

/* Puts `lecture` at `place` for good. */
REIN_FN void
tt_place(TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, u32 lecture,
         u32 place)
{
    i32 hard;

    if (place == TT_NOWHERE) {
        return;
    }
    search->soft += tt_put(search, data, row, lecture, place, 1u, &hard);
    search->hard += hard - 1;
    TT_WORD(search->at_place + lecture) = place;
    TT_WORD(search->at_slot + (place >> 16) * search->n_rooms + (place & 0xFFFFu)) = lecture;
}

/* Takes `lecture` from its place for good. */
REIN_FN void
tt_take(TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, u32 lecture)
{
    const u32 place = TT_WORD(search->at_place + lecture);
    i32 hard;

    if (place == TT_NOWHERE) {
        return;
    }
    search->soft -= tt_put(search, data, row, lecture, place, 0xFFFFFFFFu, &hard);
    search->hard -= hard - 1;
    TT_WORD(search->at_place + lecture) = TT_NOWHERE;
    TT_WORD(search->at_slot + (place >> 16) * search->n_rooms + (place & 0xFFFFu)) =
        search->n_lectures;
}

/* Clears the tables of a course; without lectures it has no day of its minimum. */
REIN_FN void
tt_start_course(TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, u32 course)
{
    REIN_GLOBAL const i32 *unavailable =
        data + (u32)data[TT_UNAVAILABLE] + course * (u32)data[TT_N_PERIOD_WORDS];

    search->soft += TT_WEIGHT_DAYS * TT_RECORD(course)[TT_COURSE_MIN_DAYS];
    TT_WORD(search->at_used + course) = 0;
    tt_clear(row, search->at_day + course * search->n_days, search->n_days);
    tt_clear(row, search->at_room + course * search->n_rooms, search->n_rooms);
    for (u32 period = 0; period < search->n_periods; period++) {
        const u32 bit = TT_BIT_OF(period);

        TT_WORD(search->at_busy + course * search->n_periods + period) =
            (((u32)unavailable[bit >> 5] >> (bit & 31u)) & 1u) ? TT_FORBIDDEN : 0u;
    }
}

/* Sets up the search with no lecture in place. */
REIN_FN void
tt_start(TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, u32 temperature)
{
    search->n_lectures = (u32)data[TT_N_LECTURES];
    search->n_courses = (u32)data[TT_N_COURSES];
    search->n_rooms = (u32)data[TT_N_ROOMS];
    search->n_periods = (u32)data[TT_N_PERIODS];
    search->n_days = (u32)data[TT_N_DAYS];
    search->at_place = (u32)data[TT_AT_PLACE];
    search->at_slot = (u32)data[TT_AT_SLOT];
    search->at_busy = (u32)data[TT_AT_BUSY];
    search->at_count = (u32)data[TT_AT_COUNT];
    search->at_day = (u32)data[TT_AT_DAY];
    search->at_room = (u32)data[TT_AT_ROOM];
    search->at_used = (u32)data[TT_AT_USED];
    search->at_chain = (u32)data[TT_AT_CHAIN];
    search->count_words = (u32)data[TT_COUNT_WORDS];
    search->n_deltas = (u32)data[TT_N_DELTAS];
    search->weight = data[(u32)data[TT_HARD_WEIGHTS] + temperature];
    search->hard = (i32)search->n_lectures;
    search->soft = 0;
    tt_clear(row, search->at_count, (u32)data[TT_N_CURRICULA] * search->count_words);
    for (u32 i = 0; i < search->n_lectures; i++) {
        TT_WORD(search->at_place + i) = TT_NOWHERE;
    }
    for (u32 i = 0; i < search->n_periods * search->n_rooms; i++) {
        TT_WORD(search->at_slot + i) = search->n_lectures;
    }
    for (u32 i = 0; i < search->n_courses; i++) {
        tt_start_course(search, data, row, i);
    }
}

/* Places a lecture as its gene says, if the search allows that. */
REIN_FN void
tt_load(TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, u32 lecture, u32 gene)
{
    u32 place;

    if (gene >= (u32)data[TT_N_SLOTS] || TT_WORD(search->at_slot + gene) != search->n_lectures) {
        return;
    }
    place = (u32)data[(u32)data[TT_SLOTS] + gene];
    if (TT_WORD(search->at_busy + TT_COURSE_OF(lecture) * search->n_periods + (place >> 16)) <
        TT_TAKEN) {
        tt_place(search, data, row, lecture, place);
    }
}

/* The gene of a lecture where it is now. */
REIN_FN u32
tt_gene(const TtSearch *search, REIN_GLOBAL u32 *row, u32 lecture)
{
    const u32 place = TT_WORD(search->at_place + lecture);

    if (place == TT_NOWHERE) {
        return search->n_periods * search->n_rooms;
    }
    return (place >> 16) * search->n_rooms + (place & 0xFFFFu);
}

/* Change of days and rooms when a lecture of `course` goes from one place to another. */
REIN_FN i32
tt_delta_course(const TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row,
                u32 course, u32 from, u32 to)
{
    REIN_GLOBAL const i32 *record = TT_RECORD(course);
    const u32 from_day = TT_DAY_OF(from >> 16);
    const u32 to_day = TT_DAY_OF(to >> 16);
    const u32 from_room = from & 0xFFFFu;
    const u32 to_room = to & 0xFFFFu;
    i32 delta = 0;

    if (from_day != to_day) {
        const u32 day_at = search->at_day + course * search->n_days;
        const i32 n_less = TT_WORD(day_at + from_day) == 1u;
        const i32 n_more = TT_WORD(day_at + to_day) == 0u;
        const i32 n_missing =
            record[TT_COURSE_MIN_DAYS] - (i32)(TT_WORD(search->at_used + course) >> 16);

        if (n_less > n_more && n_missing >= 0) {
            delta += TT_WEIGHT_DAYS;
        }
        if (n_more > n_less && n_missing > 0) {
            delta -= TT_WEIGHT_DAYS;
        }
    }
    if (from_room != to_room) {
        const u32 room_at = search->at_room + course * search->n_rooms;

        delta += (TT_WORD(room_at + to_room) == 0u) - (TT_WORD(room_at + from_room) == 1u);
        delta += tt_excess(data, course, to_room) - tt_excess(data, course, from_room);
    }
    return delta;
}

/* Change of compactness in the curricula of `course`, but for those it shares with `other`, when a
 * lecture goes from one period to another. `other` may be n_courses: shares nothing. */
REIN_FN i32
tt_delta_compact(const TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row,
                 u32 course, u32 other, u32 from, u32 to)
{
    REIN_GLOBAL const i32 *record = TT_RECORD(course);
    const u32 end = (u32)(record[TT_COURSE_CURRICULA] + record[TT_COURSE_N_CURRICULA]);
    const u32 from_bit = TT_BIT_OF(from >> 16) + 2u;
    const u32 to_bit = TT_BIT_OF(to >> 16) + 2u;
    /* apart by more than two, or on two days, the two places do not see each other */
    const u32 are_near = from_bit + 2u - to_bit <= 4u;
    u32 shared = 0;
    u32 shared_end = 0;
    i32 delta = 0;

    if (other < search->n_courses) {
        shared = (u32)TT_RECORD(other)[TT_COURSE_CURRICULA];
        shared_end = shared + (u32)TT_RECORD(other)[TT_COURSE_N_CURRICULA];
    }
    for (u32 i = (u32)record[TT_COURSE_CURRICULA]; i < end; i++) {
        const u32 at = search->at_count + (u32)data[i] * search->count_words;
        const u32 n_from = TT_WORD(at + from_bit) - 1u;

        while (shared < shared_end && data[shared] < data[i]) {
            shared++;
        }
        if (shared < shared_end && data[shared] == data[i]) {
            continue;
        }
        delta -= tt_alone(row, at + from_bit, n_from);
        if (are_near) {
            TT_WORD(at + from_bit) = n_from;
        }
        delta += tt_alone(row, at + to_bit, TT_WORD(at + to_bit));
        TT_WORD(at + from_bit) = n_from + 1u;
    }
    return TT_WEIGHT_COMPACT * delta;
}
