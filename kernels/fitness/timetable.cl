/* SPDX-License-Identifier: MIT */

/*
 * Course timetabling, formulation UD2 of ITC-2007 track 3: what every kernel of the problem shares,
 * and the full fitness. Plane 0 counts hard violations, plane 1 is the soft cost, both with the
 * numbers of the competition's validator.
 *
 * A gene is period * n_rooms + room of one lecture, the lectures of a course side by side; a gene of
 * n_periods * n_rooms or more is a lecture without a place. A second lecture of a course in one
 * period counts as not placed.
 *
 * `data` is the block that host/problems/ctt_block.c makes: the header below, then the tables it
 * points to. Sets of periods are bits, day by day with one bit between the days that is never set, so
 * that neighbouring bits are neighbouring periods of one day.
 */

/* ---- header of `data`: sizes, then where tables begin, all in words ---- */

#define TT_N_LECTURES 0
#define TT_N_COURSES 1
#define TT_N_ROOMS 2
#define TT_N_PERIODS 3
#define TT_N_DAYS 4
#define TT_N_CURRICULA 5
#define TT_N_SLOTS 6        /* n_periods * n_rooms */
#define TT_N_PERIOD_WORDS 7 /* words of a set of periods */
#define TT_LECTURE_COURSE 8 /* [n_lectures] the course of a lecture */
#define TT_COURSES 9        /* [n_courses][TT_COURSE_WORDS] */
#define TT_CURRICULA 10     /* [n_curricula][2] members: where the list begins, how many */
#define TT_CAPACITIES 11    /* [n_rooms] places */
#define TT_SLOTS 12         /* [n_slots] period << 16 | room */
#define TT_PERIODS 13       /* [n_periods] day << 16 | bit */
#define TT_UNAVAILABLE 14   /* [n_courses][n_period_words] sets of forbidden periods */
#define TT_CONFLICTS 15     /* [n_courses][n_course_words] sets of courses in conflict */
#define TT_N_COURSE_WORDS 16
#define TT_THRESHOLDS 17 /* [n_temperatures][n_deltas] chance to accept, of 2^32 */
#define TT_N_TEMPERATURES 18
#define TT_N_DELTAS 19
#define TT_HARD_WEIGHTS 20     /* [n_temperatures] of one hard violation in the search */
#define TT_ROOM_CHANCE 21      /* of 2^32: a move draws a new room too */
#define TT_ROOM_ONLY_CHANCE 22 /* of 2^32: a move leaves the period as it is */
#define TT_CHAIN_CHANCE 23     /* of 2^32: a move to another period exchanges a Kempe chain */
#define TT_COUNT_WORDS 24      /* words of a curriculum in TT_AT_COUNT */
/* where the tables of the search begin in the scratch row, see timetable_search.cl */
#define TT_AT_PLACE 25
#define TT_AT_SLOT 26
#define TT_AT_BUSY 27
#define TT_AT_COUNT 28
#define TT_AT_DAY 29
#define TT_AT_ROOM 30
#define TT_AT_USED 31
#define TT_AT_CHAIN 32
#define TT_HEADER_WORDS 33

/* a course's record */
#define TT_COURSE_FIRST 0 /* its first lecture */
#define TT_COURSE_N 1     /* how many lectures */
#define TT_COURSE_MIN_DAYS 2
#define TT_COURSE_STUDENTS 3
#define TT_COURSE_CURRICULA 4 /* where the list of its curricula begins */
#define TT_COURSE_N_CURRICULA 5
#define TT_COURSE_NEIGHBOURS 6 /* where the list of courses in conflict begins, ascending */
#define TT_COURSE_N_NEIGHBOURS 7
#define TT_COURSE_LATER 8 /* the first of these that comes after the course itself */
#define TT_COURSE_GAIN 9  /* a lecture's new period hardly ever lowers the soft cost by more */
#define TT_COURSE_WORDS 10

#define TT_WEIGHT_DAYS 5
#define TT_WEIGHT_COMPACT 2

/* Word i of the item's scratch row. */
#define TT_STRIDE (REIN_SCRATCH_AT(2u, 0u, 1u) - REIN_SCRATCH_AT(2u, 0u, 0u))
#define TT_WORD(i) row[(u32)(i)*TT_STRIDE]

#define TT_RECORD(course) (data + (u32)data[TT_COURSES] + (u32)(course)*TT_COURSE_WORDS)

REIN_FN u32
tt_popcount(u32 x)
{
    x -= (x >> 1) & 0x55555555u;
    x = (x & 0x33333333u) + ((x >> 2) & 0x33333333u);
    return (((x + (x >> 4)) & 0x0F0F0F0Fu) * 0x01010101u) >> 24;
}

/* Puts `bit` into the set at word `at`; 1 if it was in there already. */
REIN_FN u32
tt_add_bit(REIN_GLOBAL u32 *row, u32 at, u32 bit)
{
    const u32 old = TT_WORD(at + (bit >> 5));

    TT_WORD(at + (bit >> 5)) = old | (1u << (bit & 31u));
    return (old >> (bit & 31u)) & 1u;
}

REIN_FN void
tt_clear(REIN_GLOBAL u32 *row, u32 at, u32 n_words)
{
    for (u32 i = 0; i < n_words; i++) {
        TT_WORD(at + i) = 0;
    }
}

/* The fitness of one individual while it is counted, and where its sets lie in the scratch row. */
typedef struct TtFitness {
    i32 hard;
    i32 soft;
    u32 at_slots; /* slots in use */
    u32 at_days;  /* days of one course */
    u32 at_rooms; /* rooms of one course */
} TtFitness;

/* Puts one lecture of `course` at `gene`; counts what shows at once. */
REIN_FN void
tt_count_lecture(TtFitness *sum, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, u32 course,
                 u32 gene, u32 *n_days, u32 *n_rooms)
{
    const u32 n_words = (u32)data[TT_N_PERIOD_WORDS];
    u32 place;
    u32 bit;
    i32 room;
    i32 excess;

    if (gene >= (u32)data[TT_N_SLOTS]) {
        sum->hard++;
        return;
    }
    place = (u32)data[(u32)data[TT_SLOTS] + gene];
    bit = (u32)data[(u32)data[TT_PERIODS] + (place >> 16)];
    room = (i32)(place & 0xFFFFu);
    if (tt_add_bit(row, course * n_words, bit & 0xFFFFu)) {
        sum->hard++; /* the earlier lecture stays */
        return;
    }
    excess = TT_RECORD(course)[TT_COURSE_STUDENTS] - data[data[TT_CAPACITIES] + room];
    sum->soft += excess > 0 ? excess : 0;
    sum->hard += (i32)tt_add_bit(row, sum->at_slots, gene);
    *n_days += 1u - tt_add_bit(row, sum->at_days, bit >> 16);
    *n_rooms += 1u - tt_add_bit(row, sum->at_rooms, (u32)room);
}

/* Conflicts of `course` with later courses, and its lectures in forbidden periods. */
REIN_FN i32
tt_count_conflicts(REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, u32 course)
{
    const u32 n_words = (u32)data[TT_N_PERIOD_WORDS];
    const u32 first = (u32)TT_RECORD(course)[TT_COURSE_LATER];
    const u32 end =
        (u32)(TT_RECORD(course)[TT_COURSE_NEIGHBOURS] + TT_RECORD(course)[TT_COURSE_N_NEIGHBOURS]);
    u32 count = 0;

    for (u32 w = 0; w < n_words; w++) {
        const u32 own = TT_WORD(course * n_words + w);

        count += tt_popcount(own & (u32)data[(u32)data[TT_UNAVAILABLE] + course * n_words + w]);
        for (u32 i = first; i < end; i++) {
            count += tt_popcount(own & TT_WORD((u32)data[i] * n_words + w));
        }
    }
    return (i32)count;
}

/* The periods with a lecture of the curriculum whose members are listed from `first`: word `w`. */
REIN_FN u32
tt_curriculum_word(REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, u32 first, u32 n_members,
                   u32 w)
{
    const u32 n_words = (u32)data[TT_N_PERIOD_WORDS];
    u32 any = 0;

    if (w < n_words) {
        for (u32 i = 0; i < n_members; i++) {
            any |= TT_WORD((u32)data[first + i] * n_words + w);
        }
    }
    return any;
}

/* Lectures of a curriculum without a neighbour in their part of the day. */
REIN_FN i32
tt_count_alone(REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, u32 curriculum)
{
    const u32 n_words = (u32)data[TT_N_PERIOD_WORDS];
    const u32 first = (u32)data[(u32)data[TT_CURRICULA] + 2u * curriculum];
    const u32 n_members = (u32)data[(u32)data[TT_CURRICULA] + 2u * curriculum + 1u];
    u32 before = 0;
    u32 here = tt_curriculum_word(data, row, first, n_members, 0);
    u32 count = 0;

    for (u32 w = 0; w < n_words; w++) {
        const u32 after = tt_curriculum_word(data, row, first, n_members, w + 1u);
        const u32 alone = here & ~((here << 1) | (before >> 31)) & ~((here >> 1) | (after << 31));

        if (alone != 0) {
            for (u32 i = 0; i < n_members; i++) {
                count += tt_popcount(alone & TT_WORD((u32)data[first + i] * n_words + w));
            }
        }
        before = here;
        here = after;
    }
    return (i32)count;
}

/* ---- fitness: nothing to do for an individual that did not change ---- */

REIN_KERNEL(timetable_fitness, IN(u32, params), IN(u16, genes), IN(u32, changed), OUT(i32, fitness),
            IN(i32, data), INOUT(u32, scratch))
{
    const u32 n_genes = params[PARAM_N_GENES];
    const u32 n_courses = (u32)data[TT_N_COURSES];
    const u32 n_day_words = ((u32)data[TT_N_DAYS] + 31u) >> 5;
    const u32 n_room_words = ((u32)data[TT_N_ROOMS] + 31u) >> 5;
    REIN_GLOBAL u32 *row = scratch + REIN_SCRATCH_AT(params[PARAM_N_SCRATCH], item, 0u);
    TtFitness sum;

    if (!changed[item]) {
        return;
    }
    sum.hard = 0;
    sum.soft = 0;
    sum.at_days = n_courses * (u32)data[TT_N_PERIOD_WORDS];
    sum.at_rooms = sum.at_days + n_day_words;
    sum.at_slots = sum.at_rooms + n_room_words;
    tt_clear(row, 0, sum.at_slots + (((u32)data[TT_N_SLOTS] + 31u) >> 5));
    for (u32 course = 0; course < n_courses; course++) {
        const u32 first = (u32)TT_RECORD(course)[TT_COURSE_FIRST];
        const u32 end = first + (u32)TT_RECORD(course)[TT_COURSE_N];
        const i32 min_days = TT_RECORD(course)[TT_COURSE_MIN_DAYS];
        u32 n_days = 0;
        u32 n_rooms = 0;

        tt_clear(row, sum.at_days, n_day_words + n_room_words);
        for (u32 i = first; i < end; i++) {
            tt_count_lecture(&sum, data, row, course, GENE(i), &n_days, &n_rooms);
        }
        sum.soft += (i32)n_days < min_days ? TT_WEIGHT_DAYS * (min_days - (i32)n_days) : 0;
        sum.soft += n_rooms > 1u ? (i32)n_rooms - 1 : 0;
    }
    for (u32 course = 0; course < n_courses; course++) {
        sum.hard += tt_count_conflicts(data, row, course);
    }
    for (u32 i = 0; i < (u32)data[TT_N_CURRICULA]; i++) {
        sum.soft += TT_WEIGHT_COMPACT * tt_count_alone(data, row, i);
    }
    FITNESS(0, sum.hard);
    FITNESS(1, sum.soft);
}
