/* SPDX-License-Identifier: MIT */

/*
 * The search step of course timetabling: simulated annealing on one individual, PARAM_MOVES moves in
 * a row. A move takes a lecture to another period, another room or both, and the lecture that is
 * there already, if any, to where the first came from; or it exchanges a Kempe chain between two
 * periods: a lecture, what is in its way in the other period, what is in the way of these, and so on.
 *
 * A hard violation costs so much in the search that it can be left only for a great gain while the
 * search is hot, and is hardly ever taken in the end. The temperature follows `progress` through a
 * table of chances made on the host, so that nothing here is floating point. If there are two words
 * of state, they receive the hard and the soft cost of what was written back, as the search counted.
 */

/* A move: `lecture` to (period, room), `other` from there to the place of `lecture`. */
typedef struct TtMove {
    u32 lecture;
    u32 other; /* n_lectures: nobody */
    u32 from;
    u32 to;
    u32 is_chain;
} TtMove;

#define TT_NEVER 0x7FFFFFFF /* the change of a move that is not to be made */

/* True if a move that changes the cost by `delta` is to be made, given 32 random bits. */
REIN_FN u32
tt_accepts(const TtSearch *search, REIN_GLOBAL const i32 *chances, i32 delta, u32 word)
{
    return delta <= 0 || ((u32)delta < search->n_deltas && word < (u32)chances[delta]);
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
tt_draw(const TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, const u32 *word,
        TtMove *move)
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

/* Moves a lecture that has no place to one, if that is accepted; who is there loses it. */
REIN_FN void
tt_try_insert(TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row,
              const TtMove *move, REIN_GLOBAL const i32 *chances, u32 word)
{
    const u32 course = TT_COURSE_OF(move->lecture);
    const i32 hard = search->hard;
    const i32 soft = search->soft;
    i32 delta;

    if (TT_WORD(search->at_busy + course * search->n_periods + (move->to >> 16)) >= TT_TAKEN) {
        return;
    }
    if (move->other < search->n_lectures) {
        tt_take(search, data, row, move->other);
    }
    tt_place(search, data, row, move->lecture, move->to);
    delta = search->weight * (search->hard - hard) + search->soft - soft;
    if (tt_accepts(search, chances, delta, word)) {
        return;
    }
    tt_take(search, data, row, move->lecture);
    if (move->other < search->n_lectures) {
        tt_place(search, data, row, move->other, move->to);
    }
}

/* Change of hard violations when lectures of `course` and, if it is a course, `other` exchange their
 * periods; false if one of them cannot be where it goes. */
REIN_FN u32
tt_delta_hard(const TtSearch *search, REIN_GLOBAL u32 *row, u32 course, u32 other,
              u32 are_in_conflict, const TtMove *move, i32 *hard)
{
    const u32 from = move->from >> 16;
    const u32 to = move->to >> 16;
    const u32 busy_at = search->at_busy + course * search->n_periods;
    const u32 busy = TT_WORD(busy_at + to);

    if (busy >= TT_TAKEN) {
        return 0;
    }
    *hard = (i32)(busy - (TT_WORD(busy_at + from) & TT_CONFLICTS_MASK));
    if (other < search->n_courses) {
        const u32 other_at = search->at_busy + other * search->n_periods;
        const u32 other_busy = TT_WORD(other_at + from);

        if (other_busy >= TT_TAKEN) {
            return 0;
        }
        /* each counts the other where it will no longer be */
        *hard += (i32)(other_busy - (TT_WORD(other_at + to) & TT_CONFLICTS_MASK)) -
                 2 * (i32)are_in_conflict;
    }
    return 1;
}

/* What a move of a lecture that has a place changes, or TT_NEVER if it is not possible or already
 * as good as known not to be accepted. The dear part, compactness, is left to the end. */
REIN_FN i32
tt_delta(const TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row,
         const TtMove *move, REIN_GLOBAL const i32 *chances, u32 word)
{
    const u32 course = TT_COURSE_OF(move->lecture);
    const u32 has_other = move->other < search->n_lectures;
    const u32 other = has_other ? TT_COURSE_OF(move->other) : search->n_courses;
    const u32 is_new_period = (move->from ^ move->to) >> 16;
    u32 may_share = 0;
    i32 gain = TT_RECORD(course)[TT_COURSE_GAIN];
    i32 delta = 0;

    if (course == other || move->from == move->to) {
        return TT_NEVER;
    }
    if (is_new_period) {
        if (has_other) {
            may_share = tt_are_in_conflict(data, course, other);
            gain += TT_RECORD(other)[TT_COURSE_GAIN];
        }
        if (!tt_delta_hard(search, row, course, other, may_share, move, &delta)) {
            return TT_NEVER;
        }
        delta *= search->weight;
        if (delta > 0 && !tt_accepts(search, chances, delta - gain, word)) {
            return TT_NEVER;
        }
    }
    delta += tt_delta_course(search, data, row, course, move->from, move->to);
    if (has_other) {
        delta += tt_delta_course(search, data, row, other, move->to, move->from);
    }
    if (!is_new_period) {
        return delta;
    }
    if (!tt_accepts(search, chances, delta - gain, word)) {
        return TT_NEVER;
    }
    delta += tt_delta_compact(search, data, row, course, may_share ? other : search->n_courses,
                              move->from, move->to);
    if (has_other) {
        delta += tt_delta_compact(search, data, row, other, may_share ? course : search->n_courses,
                                  move->to, move->from);
    }
    return delta;
}

/* Makes the move of a lecture that has a place, if it is possible and accepted. */
REIN_FN void
tt_try_move(TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, const TtMove *move,
            REIN_GLOBAL const i32 *chances, u32 word)
{
    const i32 delta = tt_delta(search, data, row, move, chances, word);

    if (!tt_accepts(search, chances, delta, word)) {
        return;
    }
    tt_take(search, data, row, move->lecture);
    if (move->other < search->n_lectures) {
        tt_take(search, data, row, move->other);
        tt_place(search, data, row, move->other, move->from);
    }
    tt_place(search, data, row, move->lecture, move->to);
}

/* Longest Kempe chain that is tried. */
#define TT_MAX_CHAIN 16u

/* Adds to the chain, from word `end` on, what stands in `period` in the way of `course`; returns the
 * new end. */
REIN_FN u32
tt_chain_grow(const TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, u32 course,
              u32 period, u32 end)
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
            const i32 cost = tt_excess(data, course, room) +
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
tt_chain_place(TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row, u32 n, u32 from,
               u32 to)
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
 * accepted. A chain of one is left to the other moves. */
REIN_FN void
tt_try_chain(TtSearch *search, REIN_GLOBAL const i32 *data, REIN_GLOBAL u32 *row,
             const TtMove *move, REIN_GLOBAL const i32 *chances, u32 word)
{
    const i32 hard = search->hard;
    const i32 soft = search->soft;
    const u32 from = move->from >> 16;
    const u32 to = move->to >> 16;
    const u32 n = from == to ? 0 : tt_chain_collect(search, data, row, move->lecture, from, to);
    u32 is_placed;

    if (n < 2u) {
        return;
    }
    for (u32 i = 0; i < n; i++) {
        tt_take(search, data, row, TT_WORD(search->at_chain + i));
    }
    is_placed = tt_chain_place(search, data, row, n, from, to);
    if (is_placed &&
        tt_accepts(search, chances, search->weight * (search->hard - hard) + search->soft - soft,
                   word)) {
        return;
    }
    for (u32 i = 0; i < n; i++) {
        tt_take(search, data, row, TT_WORD(search->at_chain + i));
    }
    for (u32 i = 0; i < n; i++) {
        tt_place(search, data, row, TT_WORD(search->at_chain + i),
                 TT_WORD(search->at_chain + TT_MAX_CHAIN + i));
    }
}

/* ---- improve: a stretch of annealing on each individual ---- */

REIN_KERNEL(timetable_improve, IN(u32, params), INOUT(u16, genes), INOUT(u32, changed),
            IN(i32, fitness), IN(i32, data), INOUT(u32, scratch), INOUT(u32, state))
{
    const u32 n_genes = params[PARAM_N_GENES];
    const u32 n_moves = params[PARAM_MOVES];
    const u32 n_state = params[PARAM_N_STATE];
    const u32 temperature = (u32)(((u64)progress * (u32)data[TT_N_TEMPERATURES]) >> 32);
    const ReinRandom random =
        rein_random(params[PARAM_SEED_LOW], params[PARAM_SEED_HIGH], item, round, RANDOM_IMPROVE);
    REIN_GLOBAL const i32 *chances =
        data + (u32)data[TT_THRESHOLDS] + temperature * (u32)data[TT_N_DELTAS];
    REIN_GLOBAL u32 *row = scratch + REIN_SCRATCH_AT(params[PARAM_N_SCRATCH], item, 0u);
    u32 words[4u * TT_BATCH];
    TtSearch search;

    if (n_moves == 0) {
        return;
    }
    tt_start(&search, data, row, temperature);
    for (u32 i = 0; i < n_genes; i++) {
        tt_load(&search, data, row, i, GENE(i));
    }
    for (u32 i = 0; i < n_moves; i++) {
        const u32 *word = words + i % TT_BATCH;
        const u32 last = 3u * TT_BATCH;
        TtMove move;

        if (i % TT_BATCH == 0) {
            tt_random(&random, i, words);
        }
        tt_draw(&search, data, row, word, &move);
        if (move.from == TT_NOWHERE) {
            tt_try_insert(&search, data, row, &move, chances, word[last]);
        } else if (move.is_chain) {
            tt_try_chain(&search, data, row, &move, chances, word[last]);
        } else {
            tt_try_move(&search, data, row, &move, chances, word[last]);
        }
    }
    for (u32 i = 0; i < n_genes; i++) {
        const u32 gene = tt_gene(&search, row, i);

        if (gene != GENE(i)) {
            GENE(i) = (u16)gene;
            changed[item] = 1u;
        }
    }
    if (n_state >= 2u) {
        state[REIN_AT(n_state, item, 0u)] = (u32)search.hard;
        state[REIN_AT(n_state, item, 1u)] = (u32)search.soft;
    }
}
