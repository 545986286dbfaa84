/* SPDX-License-Identifier: MIT */
#include "ctt_construct.h"
#include "ctt_score.h"

#include <string.h>

#define MAX_TRIES 8u
#define MAX_EJECTIONS 20u  /* for each lecture, in one try */
#define MAX_WORK 50000000u /* places looked at in all tries; then the first that will do */
#define MAX_CURRICULUM_CELLS 32000000u /* beyond, compactness is not looked at */
#define SCALE ((gint64)16) /* of soft costs, so that preferences below 1 can break ties */

/* A timetable under construction. A place is period * n_rooms + room, like a gene. */
typedef struct Build {
    const CttInstance *instance;
    guint64 random;
    guint64 work_left;
    guint32 n_ejections_left;
    CttGene *genome;      /* [n_lectures] */
    guint32 *occupant;    /* [n_periods][n_rooms] the course there, or CTT_NONE */
    gint32 *n_free;       /* [n_periods] rooms; below 0 where lectures were forced in */
    guint16 *n_blocking;  /* [n_courses][n_periods] lectures there that this course must avoid */
    guint8 *is_held;      /* [n_courses][n_periods] */
    guint32 *n_open;      /* [n_courses] periods with a room, allowed and without conflict */
    guint32 *n_left;      /* [n_courses] lectures still to place */
    guint32 *n_forced;    /* [n_courses] lectures to place at any price at the end */
    guint32 *n_conflicts; /* [n_courses] courses it must avoid */
    guint32 *n_ejected;   /* [n_courses] how often it had to give way */
    guint16 *n_on_day;    /* [n_courses][n_days] lectures */
    guint16 *n_in_room;   /* [n_courses][n_rooms] lectures */
    guint16 *n_of_curriculum; /* [n_curricula][n_periods] lectures; NULL if too large */
} Build;

/* splitmix64: the same numbers everywhere and with every GLib, which GRand does not promise. */
static guint64
next_random(Build *self)
{
    guint64 z = self->random += G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Whether the `n_equal`-th of equally good things replaces the one chosen so far. */
static gboolean
wins_tie(Build *self, guint32 n_equal)
{
    return next_random(self) % n_equal == 0;
}

static void
spend_work(Build *self, guint64 n_places)
{
    self->work_left -= MIN(n_places, self->work_left);
}

static gsize
cell(const Build *self, guint32 course, guint32 period)
{
    return (gsize)course * self->instance->n_periods + period;
}

static void
build_init(Build *self, const CttInstance *instance, guint64 seed, guint64 work)
{
    gsize n_cells = (gsize)instance->n_courses * instance->n_periods;
    guint64 n_curriculum_cells = (guint64)instance->n_curricula * instance->n_periods;

    *self = (Build){ .instance = instance, .random = seed, .work_left = work };
    self->n_ejections_left = MAX_EJECTIONS * instance->n_lectures;
    self->genome = g_new(CttGene, instance->n_lectures);
    self->occupant = g_new(guint32, ctt_instance_not_placed(instance));
    self->n_free = g_new(gint32, instance->n_periods);
    self->n_blocking = g_new0(guint16, n_cells);
    self->is_held = g_new0(guint8, n_cells);
    self->n_open = g_new0(guint32, instance->n_courses);
    self->n_left = g_new(guint32, instance->n_courses);
    self->n_forced = g_new0(guint32, instance->n_courses);
    self->n_conflicts = g_new0(guint32, instance->n_courses);
    self->n_ejected = g_new0(guint32, instance->n_courses);
    self->n_on_day = g_new0(guint16, (gsize)instance->n_courses * instance->n_days);
    self->n_in_room = g_new0(guint16, (gsize)instance->n_courses * instance->n_rooms);
    if (n_curriculum_cells <= MAX_CURRICULUM_CELLS) {
        self->n_of_curriculum = g_new0(guint16, n_curriculum_cells);
    }
    for (guint32 i = 0; i < instance->n_lectures; i++) {
        self->genome[i] = ctt_instance_not_placed(instance);
    }
    memset(self->occupant, 0xff, ctt_instance_not_placed(instance) * sizeof *self->occupant);
    for (guint32 period = 0; period < instance->n_periods; period++) {
        self->n_free[period] = (gint32)instance->n_rooms;
    }
    for (guint32 course = 0; course < instance->n_courses; course++) {
        self->n_left[course] = instance->courses[course].n_lectures;
        for (guint32 other = 0; other < instance->n_courses; other++) {
            self->n_conflicts[course] +=
                instance->conflict[(gsize)course * instance->n_courses + other];
        }
        for (guint32 period = 0; period < instance->n_periods; period++) {
            self->n_open[course] += !instance->unavailable[cell(self, course, period)];
        }
    }
}

static void
build_clear(Build *self)
{
    g_free(self->genome);
    g_free(self->occupant);
    g_free(self->n_free);
    g_free(self->n_blocking);
    g_free(self->is_held);
    g_free(self->n_open);
    g_free(self->n_left);
    g_free(self->n_forced);
    g_free(self->n_conflicts);
    g_free(self->n_ejected);
    g_free(self->n_on_day);
    g_free(self->n_in_room);
    g_free(self->n_of_curriculum);
}

static gboolean
is_open(const Build *self, guint32 course, guint32 period)
{
    gsize at = cell(self, course, period);

    return self->n_free[period] > 0 && self->n_blocking[at] == 0 &&
           self->instance->unavailable[at] == 0;
}

/* Enters or takes out (`sign` 1 or -1) a lecture in all counts, but for the occupant. */
static void
count_lecture(Build *self, guint32 course, guint32 place, int sign)
{
    const CttInstance *instance = self->instance;
    const guint8 *conflict = &instance->conflict[(gsize)course * instance->n_courses];
    guint32 period = place / instance->n_rooms;
    guint32 room = place % instance->n_rooms;
    gint32 n_free = self->n_free[period];

    for (guint32 other = 0; other < instance->n_courses; other++) {
        gboolean was_open = is_open(self, other, period);
        guint16 *n_blocking = &self->n_blocking[cell(self, other, period)];
        self->n_free[period] = n_free - sign;
        *n_blocking = (guint16)(*n_blocking + sign * (conflict[other] != 0 || other == course));
        self->n_open[other] += (guint32)(is_open(self, other, period) - was_open);
        self->n_free[period] = n_free;
    }
    self->n_free[period] = n_free - sign;
    self->is_held[cell(self, course, period)] = sign > 0;
    guint16 *n_on_day =
        &self->n_on_day[(gsize)course * instance->n_days + period / instance->periods_per_day];
    guint16 *n_in_room = &self->n_in_room[(gsize)course * instance->n_rooms + room];
    *n_on_day = (guint16)(*n_on_day + sign);
    *n_in_room = (guint16)(*n_in_room + sign);
    for (guint32 i = 0; self->n_of_curriculum != NULL && i < instance->courses[course].n_curricula;
         i++) {
        guint16 *n = &self->n_of_curriculum[(gsize)instance->courses[course].curricula[i] *
                                                instance->n_periods +
                                            period];
        *n = (guint16)(*n + sign);
    }
}

/* Gives a lecture of `course` that has `from` the place `to`; either may be "not placed". */
static void
set_gene(Build *self, guint32 course, guint32 from, guint32 to)
{
    CttGene *gene = &self->genome[self->instance->courses[course].first_lecture];

    while (*gene != from) {
        gene++;
    }
    *gene = (CttGene)to;
}

static void
put(Build *self, guint32 course, guint32 place)
{
    set_gene(self, course, ctt_instance_not_placed(self->instance), place);
    count_lecture(self, course, place, 1);
    spend_work(self, self->instance->n_courses);
    self->occupant[place] = course;
    self->n_left[course]--;
}

static void
eject(Build *self, guint32 place)
{
    guint32 course = self->occupant[place];

    set_gene(self, course, place, ctt_instance_not_placed(self->instance));
    count_lecture(self, course, place, -1);
    self->occupant[place] = CTT_NONE;
    self->n_left[course]++;
    self->n_ejected[course]++;
}

/* The course with the fewest periods to spare; of several the one in most conflicts. */
static guint32
pick_course(Build *self)
{
    guint32 best = CTT_NONE;
    gint64 best_slack = 0;
    guint32 n_equal = 0;

    for (guint32 course = 0; course < self->instance->n_courses; course++) {
        if (self->n_left[course] == 0) {
            continue;
        }
        gint64 slack = (gint64)self->n_open[course] - (gint64)self->n_left[course];
        gboolean is_better =
            best == CTT_NONE || slack < best_slack ||
            (slack == best_slack && self->n_conflicts[course] > self->n_conflicts[best]);
        gboolean is_equal = !is_better && slack == best_slack &&
                            self->n_conflicts[course] == self->n_conflicts[best];
        n_equal = is_better ? 1 : n_equal + (is_equal ? 1 : 0);
        if (is_better || (is_equal && wins_tie(self, n_equal))) {
            best = course;
            best_slack = slack;
        }
    }
    return best;
}

/* What a lecture more in `period` changes in the gaps of a curriculum, in units of compactness. */
static gint64
gap_cost(const Build *self, guint32 curriculum, guint32 period)
{
    const guint16 *n = &self->n_of_curriculum[(gsize)curriculum * self->instance->n_periods];
    guint32 per_day = self->instance->periods_per_day;
    guint32 hour = period % per_day;
    gint64 cost = 1;

    if (hour > 0 && n[period - 1] > 0) {
        cost = hour > 1 && n[period - 2] > 0 ? MIN(cost, 0) : -1;
    }
    if (hour + 1 < per_day && n[period + 1] > 0) {
        cost = hour + 2 < per_day && n[period + 2] > 0 ? MIN(cost, 0) : -1;
    }
    return cost;
}

/* What `course` in `period` adds to the soft cost, whatever the room; scaled. */
static gint64
period_cost(const Build *self, guint32 course, guint32 period)
{
    const CttInstance *instance = self->instance;
    const CttCourse *data = &instance->courses[course];
    const guint16 *n_on_day = &self->n_on_day[(gsize)course * instance->n_days];
    guint32 n_days = 0;
    gint64 cost = 0;

    for (guint32 day = 0; day < instance->n_days; day++) {
        n_days += n_on_day[day] > 0;
    }
    if (n_days < data->min_working_days && n_on_day[period / instance->periods_per_day] > 0) {
        cost += CTT_WEIGHT_MIN_WORKING_DAYS * SCALE;
    }
    for (guint32 i = 0; self->n_of_curriculum != NULL && i < data->n_curricula; i++) {
        cost += CTT_WEIGHT_COMPACTNESS * SCALE * gap_cost(self, data->curricula[i], period);
    }
    return cost;
}

/* What `course` in `room` adds to the soft cost; scaled. Of rooms that fit, the tightest. */
static gint64
room_cost(const Build *self, guint32 course, guint32 room)
{
    const CttInstance *instance = self->instance;
    gint64 n_spare =
        (gint64)instance->rooms[room].capacity - (gint64)instance->courses[course].n_students;
    gboolean is_new = self->n_in_room[(gsize)course * instance->n_rooms + room] == 0 &&
                      self->n_left[course] < instance->courses[course].n_lectures;

    return (n_spare < 0 ? -n_spare * SCALE : MIN(n_spare / SCALE, SCALE - 1)) +
           (is_new ? CTT_WEIGHT_ROOM_STABILITY * SCALE : 0);
}

/* The best of several places, with ties decided at random. */
typedef struct Choice {
    guint32 place; /* CTT_NONE before the first offer */
    gint64 cost;
    guint32 n_equal;
} Choice;

static void
offer(Build *self, Choice *choice, guint32 place, gint64 cost)
{
    if (choice->place == CTT_NONE || cost < choice->cost) {
        *choice = (Choice){ .place = place, .cost = cost, .n_equal = 1 };
    } else if (cost == choice->cost && wins_tie(self, ++choice->n_equal)) {
        choice->place = place;
    }
}

static guint32
find_free_place(Build *self, guint32 course)
{
    guint32 n_rooms = self->instance->n_rooms;
    Choice choice = { .place = CTT_NONE };

    for (guint32 period = 0; period < self->instance->n_periods; period++) {
        if (!is_open(self, course, period)) {
            continue;
        }
        if (choice.place != CTT_NONE && self->work_left == 0) {
            break;
        }
        gint64 cost = period_cost(self, course, period);
        spend_work(self, n_rooms);
        for (guint32 room = 0; room < n_rooms; room++) {
            guint32 place = period * n_rooms + room;
            if (self->occupant[place] == CTT_NONE) {
                offer(self, &choice, place, cost + room_cost(self, course, room));
            }
        }
    }
    return choice.place;
}

/* How much it hurts to drive `course` out: more each time, so that nothing goes round in circles. */
static gint64
ejection_cost(const Build *self, guint32 course)
{
    return 1 + (gint64)self->n_ejected[course];
}

static gboolean
must_give_way(const Build *self, guint32 occupant, guint32 course)
{
    return occupant != CTT_NONE &&
           self->instance->conflict[(gsize)course * self->instance->n_courses + occupant] != 0;
}

/* The place for `course` whose clearing hurts least, among the periods that are allowed to it. */
static guint32
find_place_to_clear(Build *self, guint32 course)
{
    guint32 n_rooms = self->instance->n_rooms;
    Choice choice = { .place = CTT_NONE };

    for (guint32 period = 0; period < self->instance->n_periods; period++) {
        const guint32 *occupant = &self->occupant[(gsize)period * n_rooms];
        gint64 cost = 0;
        if (self->is_held[cell(self, course, period)] ||
            self->instance->unavailable[cell(self, course, period)]) {
            continue;
        }
        for (guint32 room = 0; room < n_rooms; room++) {
            cost += must_give_way(self, occupant[room], course)
                        ? ejection_cost(self, occupant[room])
                        : 0;
        }
        for (guint32 room = 0; room < n_rooms; room++) {
            gboolean is_extra =
                occupant[room] != CTT_NONE && !must_give_way(self, occupant[room], course);
            offer(self, &choice, period * n_rooms + room,
                  (cost + (is_extra ? ejection_cost(self, occupant[room]) : 0)) * G_MAXINT32 +
                      room_cost(self, course, room));
        }
    }
    return choice.place;
}

static void
clear_place(Build *self, guint32 course, guint32 place)
{
    guint32 n_rooms = self->instance->n_rooms;
    guint32 first = place / n_rooms * n_rooms;

    for (guint32 other = first; other < first + n_rooms; other++) {
        if (self->occupant[other] != CTT_NONE &&
            (other == place || must_give_way(self, self->occupant[other], course))) {
            eject(self, other);
        }
    }
}

/* Finds a place for `course`, by driving others out if there is no free one and budget is left. */
static guint32
make_place(Build *self, guint32 course)
{
    guint32 place = find_free_place(self, course);

    if (place != CTT_NONE || self->n_ejections_left == 0 || self->work_left == 0) {
        return place;
    }
    self->n_ejections_left--;
    spend_work(self, ctt_instance_not_placed(self->instance));
    place = find_place_to_clear(self, course);
    if (place != CTT_NONE) {
        clear_place(self, course, place);
    }
    return place;
}

/* Puts a lecture of `course` where it violates least; nowhere if all periods hold the course. */
static void
force(Build *self, guint32 course)
{
    guint32 n_rooms = self->instance->n_rooms;
    Choice choice = { .place = CTT_NONE };

    for (guint32 period = 0; period < self->instance->n_periods; period++) {
        gsize at = cell(self, course, period);
        if (self->is_held[at]) {
            continue;
        }
        if (choice.place != CTT_NONE && self->work_left == 0) {
            break;
        }
        spend_work(self, n_rooms);
        gint64 hard = (gint64)self->n_blocking[at] + self->instance->unavailable[at];
        for (guint32 room = 0; room < n_rooms; room++) {
            guint32 place = period * n_rooms + room;
            gint64 cost = hard + (self->occupant[place] != CTT_NONE);
            offer(self, &choice, place, cost * G_MAXINT32 + room_cost(self, course, room));
        }
    }
    if (choice.place == CTT_NONE) {
        return;
    }
    set_gene(self, course, ctt_instance_not_placed(self->instance), choice.place);
    count_lecture(self, course, choice.place, 1);
    self->occupant[choice.place] = course;
}

static void
build_all(Build *self)
{
    guint32 course = pick_course(self);

    while (course != CTT_NONE) {
        guint32 place = make_place(self, course);
        if (place != CTT_NONE) {
            put(self, course, place);
        } else {
            self->n_left[course]--;
            self->n_forced[course]++;
        }
        course = pick_course(self);
    }
    guint64 work_left = self->work_left;
    self->work_left = MAX_WORK; /* how bad the rest gets is worth as much again */
    for (course = 0; course < self->instance->n_courses; course++) {
        for (guint32 i = 0; i < self->n_forced[course]; i++) {
            force(self, course);
        }
    }
    self->work_left = work_left;
}

void
ctt_construct(const CttInstance *instance, guint64 seed, CttGene *genome)
{
    CttScore best = { 0 };
    guint64 work_left = MAX_WORK;

    g_return_if_fail(instance != NULL && genome != NULL);

    for (guint try = 0; try < MAX_TRIES && (try == 0 || (best.hard > 0 && work_left > 0)); try++) {
        CttScore score = { 0 };
        Build build;
        build_init(&build, instance, seed + try * G_GUINT64_CONSTANT(0xd1342543de82ef95),
                   work_left);
        build_all(&build);
        ctt_score_genome(instance, build.genome, &score);
        if (try == 0 || score.hard < best.hard ||
            (score.hard == best.hard && score.soft < best.soft)) {
            best = score;
            memcpy(genome, build.genome, instance->n_lectures * sizeof *genome);
        }
        work_left = build.work_left;
        build_clear(&build);
    }
}
