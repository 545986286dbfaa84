/* SPDX-License-Identifier: MIT */

/*
 * The search step of course timetabling: simulated annealing on one individual, PARAM_MOVES moves in
 * a row. A move takes a lecture to another period, another room or both, and the lecture that is
 * there already, if any, to where the first came from. Moves are costed by what they change.
 *
 * The tables of the search live in the item's scratch row and are built anew from the genome each
 * time. In the search a room holds one lecture at a time and no lecture is in a forbidden period or
 * in a period with another of its course: a genome's lecture that breaks this starts without a place,
 * which costs no more. Conflicts and missing lectures are allowed, at TT_HARD_WEIGHT each.
 *
 * The temperature follows `progress` through a table of chances made on the host, so that nothing
 * here is floating point. If there are two words of state, they receive the hard and the soft cost of
 * what was written back, as the search counted it.
 */

#define TT_NOWHERE 0xFFFFFFFFu /* the place of a lecture without one */
#define TT_TAKEN 0x10000u      /* in TT_AT_BUSY: another lecture of the course is there */
#define TT_FORBIDDEN 0x20000u  /* in TT_AT_BUSY: the course cannot be there */
#define TT_CONFLICTS_MASK 0xFFFFu

/* What one item's search has in hand; all of it follows from `data` but hard, soft and random. */
typedef struct TtSearch {
    u32 n_lectures;
    u32 n_courses;
    u32 n_rooms;
    u32 n_periods;
    u32 n_days;
    u32 at_place;    /* [n_lectures] period << 16 | room, or TT_NOWHERE */
    u32 at_slot;     /* [n_periods][n_rooms] the lecture there, or n_lectures */
    u32 at_busy;     /* [n_courses][n_periods] lectures of conflicting courses, and TT_TAKEN... */
    u32 at_count;    /* [n_curricula][count_words] lectures by period, two words ahead */
    u32 at_day;      /* [n_courses][n_days] lectures */
    u32 at_room;     /* [n_courses][n_rooms] lectures */
    u32 at_used;     /* [n_courses] days in use << 16 | rooms in use */
    u32 at_chain;    /* [2][TT_MAX_CHAIN] a Kempe chain: lectures, and where they were */
    u32 count_words;
    i32 weight;      /* of a hard violation */
    u32 n_deltas;
    i32 hard;
    i32 soft;
} TtSearch;

/* A move: `lecture` to (period, room), `other` from there to the place of `lecture`. */
typedef struct TtMove {
    u32 lecture;
    u32 other; /* n_lectures: nobody */
    u32 from;
    u32 to;
    u32 is_chain;
} TtMove;

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
    const u32 word = (u32)data[(u32)data[TT_CONFLICTS] + a * (u32)data[TT_N_COURSE_WORDS] +
                               (b >> 5)];

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

/* Adds `lecture` at `place`, or takes it from there if `sign` is -1; returns what the soft cost
 * gains by its being there, and adds its violations to *hard. */
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

/* Everything empty: all lectures missing. */
REIN_FN void
tt_start(TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row)
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
    search->hard = (i32)search->n_lectures;
    search->soft = 0;
    tt_clear(row, search->at_count, (u32)data[TT_N_CURRICULA] * search->count_words);
    tt_clear(row, search->at_day, search->n_courses * search->n_days);
    tt_clear(row, search->at_room, search->n_courses * search->n_rooms);
    tt_clear(row, search->at_used, search->n_courses);
    for (u32 i = 0; i < search->n_lectures; i++) {
        TT_WORD(search->at_place + i) = TT_NOWHERE;
    }
    for (u32 i = 0; i < search->n_periods * search->n_rooms; i++) {
        TT_WORD(search->at_slot + i) = search->n_lectures;
    }
    for (u32 course = 0; course < search->n_courses; course++) {
        REIN_GLOBAL const i32 *unavailable =
            data + (u32)data[TT_UNAVAILABLE] + course * (u32)data[TT_N_PERIOD_WORDS];

        search->soft += TT_WEIGHT_DAYS * TT_RECORD(course)[TT_COURSE_MIN_DAYS];
        for (u32 period = 0; period < search->n_periods; period++) {
            const u32 bit = TT_BIT_OF(period);

            TT_WORD(search->at_busy + course * search->n_periods + period) =
                (((u32)unavailable[bit >> 5] >> (bit & 31u)) & 1u) ? TT_FORBIDDEN : 0u;
        }
    }
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

/* True if a move that costs `delta` is to be made, given 32 random bits. */
REIN_FN u32
tt_accepts(REIN_GLOBAL const i32 *chances, u32 n_deltas, i32 delta, u32 word)
{
    return delta <= 0 || ((u32)delta < n_deltas && word < (u32)chances[delta]);
}

/* Moves whose random numbers are made together, which a CPU does side by side. */
#define TT_BATCH 16u

/* The four random words of each move from number `first` on: word w of move first + i is
 * words[w * TT_BATCH + i], and what rein_philox() gives for draw first + i. */
REIN_FN void
tt_random(const ReinRandom *random, u32 first, u32 *words)
{
    u32 *a = words;
    u32 *b = words + TT_BATCH;
    u32 *c = words + 2u * TT_BATCH;
    u32 *d = words + 3u * TT_BATCH;
    u32 key0 = random->key[0];
    u32 key1 = random->key[1];

    for (u32 i = 0; i < TT_BATCH; i++) {
        a[i] = first + i;
        b[i] = random->counter[1];
        c[i] = random->counter[2];
        d[i] = random->counter[3];
    }
    for (u32 r = 0; r < 10u; r++) {
        for (u32 i = 0; i < TT_BATCH; i++) {
            const u64 p = (u64)0xD2511F53u * a[i];
            const u64 q = (u64)0xCD9E8D57u * c[i];

            a[i] = (u32)(q >> 32) ^ b[i] ^ key0;
            b[i] = (u32)q;
            c[i] = (u32)(p >> 32) ^ d[i] ^ key1;
            d[i] = (u32)p;
        }
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
}

/* Draws the lecture and where it goes. */
REIN_FN void
tt_draw(const TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row,
        const u32 *word, TtMove *move)
{
    const u64 a = (u64)word[0] * search->n_lectures;
    const u64 b = (u64)word[TT_BATCH] * search->n_periods;
    const u64 c = (u64)word[2u * TT_BATCH] * search->n_rooms;
    u32 period = (u32)(b >> 32);
    u32 room = (u32)(c >> 32);

    move->is_chain = (u32)c < (u32)data[TT_CHAIN_CHANCE];
    move->lecture = (u32)(a >> 32);
    move->from = TT_WORD(search->at_place + move->lecture);
    if (move->from != TT_NOWHERE) {
        if ((u32)a < (u32)data[TT_ROOM_ONLY_CHANCE]) {
            period = move->from >> 16;
        } else if ((u32)b >= (u32)data[TT_ROOM_CHANCE]) {
            room = move->from & 0xFFFFu;
        }
    }
    move->to = period << 16 | room;
    move->other = TT_WORD(search->at_slot + period * search->n_rooms + room);
}

/* Moves a lecture that has no place to one; whoever is there loses it. */
REIN_FN u32
tt_try_insert(TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row,
              const TtMove *move, REIN_GLOBAL const i32 *chances, u32 word)
{
    const u32 course = TT_COURSE_OF(move->lecture);
    const i32 hard = search->hard;
    const i32 soft = search->soft;
    i32 delta;

    if (TT_WORD(search->at_busy + course * search->n_periods + (move->to >> 16)) >= TT_TAKEN) {
        return 0;
    }
    if (move->other < search->n_lectures) {
        tt_take(search, data, row, move->other);
    }
    tt_place(search, data, row, move->lecture, move->to);
    delta = search->weight * (search->hard - hard) + search->soft - soft;
    if (tt_accepts(chances, search->n_deltas, delta, word)) {
        return 1;
    }
    tt_take(search, data, row, move->lecture);
    if (move->other < search->n_lectures) {
        tt_place(search, data, row, move->other, move->to);
    }
    return 0;
}

/* Makes the move if it is possible and accepted. */
REIN_FN u32
tt_try(TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, const TtMove *move,
       REIN_GLOBAL const i32 *chances, u32 word)
{
    const u32 n_deltas = search->n_deltas;
    const u32 course = TT_COURSE_OF(move->lecture);
    const u32 has_other = move->other < search->n_lectures;
    const u32 other = has_other ? TT_COURSE_OF(move->other) : search->n_courses;
    const u32 from = move->from >> 16;
    const u32 to = move->to >> 16;
    u32 may_share = 0;
    i32 gain = TT_RECORD(course)[TT_COURSE_GAIN];
    i32 delta = 0;

    if (course == other || move->from == move->to) {
        return 0;
    }
    if (from != to) {
        const u32 busy_at = search->at_busy + course * search->n_periods;
        const u32 busy = TT_WORD(busy_at + to);
        i32 hard = (i32)(busy - (TT_WORD(busy_at + from) & TT_CONFLICTS_MASK));

        if (busy >= TT_TAKEN) {
            return 0;
        }
        if (has_other) {
            const u32 other_at = search->at_busy + other * search->n_periods;
            const u32 other_busy = TT_WORD(other_at + from);

            may_share = tt_are_in_conflict(data, course, other);
            if (other_busy >= TT_TAKEN) {
                return 0;
            }
            gain += TT_RECORD(other)[TT_COURSE_GAIN];
            hard += (i32)(other_busy - (TT_WORD(other_at + to) & TT_CONFLICTS_MASK)) -
                    2 * (i32)may_share;
        }
        if (hard > 0 && !tt_accepts(chances, n_deltas, search->weight * hard - gain, word)) {
            return 0;
        }
        delta = search->weight * hard;
    }
    delta += tt_delta_course(search, data, row, course, move->from, move->to);
    if (has_other) {
        delta += tt_delta_course(search, data, row, other, move->to, move->from);
    }
    if (from != to) {
        if (!tt_accepts(chances, n_deltas, delta - gain, word)) {
            return 0;
        }
        delta += tt_delta_compact(search, data, row, course, may_share ? other : search->n_courses,
                                  move->from, move->to);
        if (has_other) {
            delta += tt_delta_compact(search, data, row, other,
                                      may_share ? course : search->n_courses, move->to,
                                      move->from);
        }
    }
    if (!tt_accepts(chances, n_deltas, delta, word)) {
        return 0;
    }
    tt_take(search, data, row, move->lecture);
    if (has_other) {
        tt_take(search, data, row, move->other);
        tt_place(search, data, row, move->other, move->from);
    }
    tt_place(search, data, row, move->lecture, move->to);
    return 1;
}

/* Longest Kempe chain that is tried. */
#define TT_MAX_CHAIN 16u

/* Adds to the chain, from word `end` on, what stands in `period` in the way of `course`; returns the
 * new end. */
REIN_FN u32
tt_chain_grow(const TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row,
              u32 course, u32 period, u32 end)
{
    for (u32 room = 0; room < search->n_rooms && end < TT_MAX_CHAIN; room++) {
        const u32 lecture = TT_WORD(search->at_slot + period * search->n_rooms + room);
        u32 is_new = 1;

        if (lecture == search->n_lectures ||
            !(TT_COURSE_OF(lecture) == course ||
              tt_are_in_conflict(data, course, TT_COURSE_OF(lecture)))) {
            continue;
        }
        for (u32 i = 0; i < end; i++) {
            is_new &= TT_WORD(search->at_chain + i) != lecture;
        }
        if (is_new) {
            TT_WORD(search->at_chain + end) = lecture;
            end++;
        }
    }
    return end;
}

/* Collects the Kempe chain of a lecture between two periods in TT_AT_CHAIN, and behind it where each
 * of its lectures is now; returns its length, 0 if it cannot be exchanged. */
REIN_FN u32
tt_chain_collect(const TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row,
                 u32 lecture, u32 from, u32 to)
{
    u32 end = 1;

    TT_WORD(search->at_chain) = lecture;
    for (u32 i = 0; i < end; i++) {
        const u32 next = TT_WORD(search->at_chain + i);
        const u32 course = TT_COURSE_OF(next);
        const u32 place = TT_WORD(search->at_place + next);
        const u32 period = (place >> 16) == from ? to : from;
        const u32 busy = TT_WORD(search->at_busy + course * search->n_periods + period);

        TT_WORD(search->at_chain + TT_MAX_CHAIN + i) = place;
        if (busy >= TT_FORBIDDEN) {
            return 0;
        }
        if (busy != 0) {
            end = tt_chain_grow(search, data, row, course, period, end);
        }
        if (end == TT_MAX_CHAIN) {
            return 0;
        }
    }
    return end;
}

/* The free room in `period` that suits the course best, or n_rooms. */
REIN_FN u32
tt_free_room(const TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, u32 course,
             u32 period)
{
    u32 best = search->n_rooms;
    i32 best_cost = 0;

    for (u32 room = 0; room < search->n_rooms; room++) {
        if (TT_WORD(search->at_slot + period * search->n_rooms + room) == search->n_lectures) {
            const i32 cost =
                tt_excess(data, course, room) +
                (TT_WORD(search->at_room + course * search->n_rooms + room) == 0u);

            if (best == search->n_rooms || cost < best_cost) {
                best = room;
                best_cost = cost;
            }
        }
    }
    return best;
}

/* Places the `n` lectures of the chain, all of which are without a place, in the other period, in
 * their own room where it is free; false if there are too few rooms. */
REIN_FN u32
tt_chain_place(TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, u32 n,
               u32 from, u32 to)
{
    for (u32 i = 0; i < n; i++) {
        const u32 place = TT_WORD(search->at_chain + TT_MAX_CHAIN + i);
        const u32 period = (place >> 16) == from ? to : from;
        const u32 room = place & 0xFFFFu;

        if (TT_WORD(search->at_slot + period * search->n_rooms + room) == search->n_lectures) {
            tt_place(search, data, row, TT_WORD(search->at_chain + i), period << 16 | room);
        }
    }
    for (u32 i = 0; i < n; i++) {
        const u32 lecture = TT_WORD(search->at_chain + i);
        const u32 place = TT_WORD(search->at_chain + TT_MAX_CHAIN + i);
        const u32 period = (place >> 16) == from ? to : from;

        if (TT_WORD(search->at_place + lecture) == TT_NOWHERE) {
            const u32 room = tt_free_room(search, data, row, TT_COURSE_OF(lecture), period);

            if (room == search->n_rooms) {
                return 0;
            }
            tt_place(search, data, row, lecture, period << 16 | room);
        }
    }
    return 1;
}

/* Exchanges the Kempe chain of the move's lecture between its period and the new one, if that is
 * accepted: no conflict appears or goes. */
REIN_FN u32
tt_try_chain(TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row,
             const TtMove *move, REIN_GLOBAL const i32 *chances, u32 word)
{
    const i32 hard = search->hard;
    const i32 soft = search->soft;
    const u32 from = move->from >> 16;
    const u32 to = move->to >> 16;
    const u32 n =
        from == to ? 0 : tt_chain_collect(search, data, row, move->lecture, from, to);
    u32 is_placed;

    if (n < 2u) {
        return 0;
    }
    for (u32 i = 0; i < n; i++) {
        tt_take(search, data, row, TT_WORD(search->at_chain + i));
    }
    is_placed = tt_chain_place(search, data, row, n, from, to);
    if (is_placed &&
        tt_accepts(chances, search->n_deltas,
                   search->weight * (search->hard - hard) + search->soft - soft, word)) {
        return 1;
    }
    for (u32 i = 0; i < n; i++) {
        tt_take(search, data, row, TT_WORD(search->at_chain + i));
    }
    for (u32 i = 0; i < n; i++) {
        tt_place(search, data, row, TT_WORD(search->at_chain + i),
                 TT_WORD(search->at_chain + TT_MAX_CHAIN + i));
    }
    return 0;
}

/* ---- improve: a stretch of annealing on each individual ---- */

REIN_KERNEL(timetable_improve, IN(u32, params), INOUT(u16, genes), INOUT(u32, changed),
            IN(i32, fitness), IN(i32, data), INOUT(u32, scratch), INOUT(u32, state))
{
    const u32 n_genes = params[PARAM_N_GENES];
    const u32 n_moves = params[PARAM_MOVES];
    const u32 n_slots = (u32)data[TT_N_SLOTS];
    const u32 temperature = (u32)(((u64)progress * (u32)data[TT_N_TEMPERATURES]) >> 32);
    REIN_GLOBAL const i32 *chances =
        data + (u32)data[TT_THRESHOLDS] + temperature * (u32)data[TT_N_DELTAS];
    REIN_GLOBAL u32 *row = scratch + REIN_SCRATCH_AT(params[PARAM_N_SCRATCH], item, 0u);
    ReinRandom random = rein_random(params[PARAM_SEED_LOW], params[PARAM_SEED_HIGH], item, round,
                                    RANDOM_IMPROVE);
    u32 words[4u * TT_BATCH];
    TtSearch search;

    if (n_moves == 0) {
        return;
    }
    tt_start(&search, data, row);
    search.n_deltas = (u32)data[TT_N_DELTAS];
    search.weight = data[(u32)data[TT_HARD_WEIGHTS] + temperature];
    for (u32 i = 0; i < n_genes; i++) {
        const u32 gene = GENE(i);

        if (gene < n_slots) {
            const u32 place = (u32)data[(u32)data[TT_SLOTS] + gene];
            const u32 busy_at = search.at_busy + TT_COURSE_OF(i) * search.n_periods;

            if (TT_WORD(search.at_slot + gene) == search.n_lectures &&
                TT_WORD(busy_at + (place >> 16)) < TT_TAKEN) {
                tt_place(&search, data, row, i, place);
            }
        }
    }
    for (u32 i = 0; i < n_moves; i++) {
        const u32 *word = words + i % TT_BATCH;
        TtMove move;

        if (i % TT_BATCH == 0) {
            tt_random(&random, i, words);
        }
        tt_draw(&search, data, row, word, &move);
        if (move.from == TT_NOWHERE) {
            tt_try_insert(&search, data, row, &move, chances, word[3u * TT_BATCH]);
        } else if (move.is_chain) {
            tt_try_chain(&search, data, row, &move, chances, word[3u * TT_BATCH]);
        } else {
            tt_try(&search, data, row, &move, chances, word[3u * TT_BATCH]);
        }
    }
    for (u32 i = 0; i < n_genes; i++) {
        const u32 place = TT_WORD(search.at_place + i);
        const u32 gene =
            place == TT_NOWHERE ? n_slots : (place >> 16) * search.n_rooms + (place & 0xFFFFu);

        if (gene != GENE(i)) {
            GENE(i) = (u16)gene;
            changed[item] = 1u;
        }
    }
    if (params[PARAM_N_STATE] >= 2u) {
        state[REIN_AT(params[PARAM_N_STATE], item, 0u)] = (u32)search.hard;
        state[REIN_AT(params[PARAM_N_STATE], item, 1u)] = (u32)search.soft;
    }
}
