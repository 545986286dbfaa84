/* SPDX-License-Identifier: MIT */
#include "ctt_block.h"

#include <math.h>

#define N_TEMPERATURES 256u
#define N_DELTAS 512u
#define MAX_GAIN 4u   /* TT_COURSE_GAIN, for each curriculum of a course */
#define MAX_CHAIN 16u /* TT_MAX_CHAIN */
#define CHANCE_ONE 4294967295.0

/* Words of the header: the numbers are those of TT_* in timetable.cl. */
enum {
    N_LECTURES,
    N_COURSES,
    N_ROOMS,
    N_PERIODS,
    N_DAYS,
    N_CURRICULA,
    N_SLOTS,
    N_PERIOD_WORDS,
    LECTURE_COURSE,
    COURSES,
    CURRICULA,
    CAPACITIES,
    SLOTS,
    PERIODS,
    UNAVAILABLE,
    CONFLICTS,
    N_COURSE_WORDS,
    THRESHOLDS,
    TEMPERATURES,
    DELTAS,
    HARD_WEIGHTS,
    ROOM_CHANCE,
    ROOM_ONLY_CHANCE,
    CHAIN_CHANCE,
    COUNT_WORDS,
    AT_PLACE,
    AT_SLOT,
    AT_BUSY,
    AT_COUNT,
    AT_DAY,
    AT_ROOM,
    AT_USED,
    AT_CHAIN,
    HEADER_WORDS,
};

/* A block while it grows: every table is appended and its place noted in the header. */
typedef struct Block {
    const CttInstance *instance;
    GArray *words; /* gint32 */
} Block;

static void
set_header(Block *self, guint index, guint32 value)
{
    g_array_index(self->words, gint32, index) = (gint32)value;
}

static void
append(Block *self, guint32 value)
{
    gint32 word = (gint32)value;

    g_array_append_val(self->words, word);
}

/* Bits of a set of periods: one day after the other, with an empty bit after each. */
static guint32
period_bit(const CttInstance *instance, guint32 period)
{
    return period + period / instance->periods_per_day;
}

static guint32
n_period_words(const CttInstance *instance)
{
    return (instance->n_periods + instance->n_days + 31) / 32;
}

static void
append_lectures(Block *self)
{
    set_header(self, LECTURE_COURSE, self->words->len);
    for (guint32 i = 0; i < self->instance->n_courses; i++) {
        for (guint32 j = 0; j < self->instance->courses[i].n_lectures; j++) {
            append(self, i);
        }
    }
}

/* A course's record is written before its lists, which follow all records. */
static void
append_courses(Block *self)
{
    const CttInstance *instance = self->instance;
    const guint record_words = 10;
    guint record = self->words->len;

    set_header(self, COURSES, record);
    g_array_set_size(self->words, record + instance->n_courses * record_words);
    for (guint32 i = 0; i < instance->n_courses; i++, record += record_words) {
        const CttCourse *course = &instance->courses[i];
        const guint8 *conflict = &instance->conflict[(gsize)i * instance->n_courses];
        guint curricula = self->words->len;
        guint neighbours = curricula + course->n_curricula;
        guint later = 0;

        for (guint32 j = 0; j < course->n_curricula; j++) {
            append(self, course->curricula[j]);
        }
        for (guint32 j = 0; j < instance->n_courses; j++) {
            later = j == i ? self->words->len : later;
            if (conflict[j]) {
                append(self, j);
            }
        }
        set_header(self, record, course->first_lecture);
        set_header(self, record + 1, course->n_lectures);
        set_header(self, record + 2, course->min_working_days);
        set_header(self, record + 3, course->n_students);
        set_header(self, record + 4, curricula);
        set_header(self, record + 5, course->n_curricula);
        set_header(self, record + 6, neighbours);
        set_header(self, record + 7, self->words->len - neighbours);
        set_header(self, record + 8, later);
        set_header(self, record + 9, MAX_GAIN * course->n_curricula + 5);
    }
}

static void
append_curricula(Block *self)
{
    const CttInstance *instance = self->instance;
    guint record = self->words->len;

    set_header(self, CURRICULA, record);
    g_array_set_size(self->words, record + instance->n_curricula * 2);
    for (guint32 i = 0; i < instance->n_curricula; i++, record += 2) {
        set_header(self, record, self->words->len);
        set_header(self, record + 1, instance->curricula[i].n_courses);
        for (guint32 j = 0; j < instance->curricula[i].n_courses; j++) {
            append(self, instance->curricula[i].courses[j]);
        }
    }
}

static void
append_grid(Block *self)
{
    const CttInstance *instance = self->instance;

    set_header(self, CAPACITIES, self->words->len);
    for (guint32 room = 0; room < instance->n_rooms; room++) {
        append(self, instance->rooms[room].capacity);
    }
    set_header(self, SLOTS, self->words->len);
    for (guint32 period = 0; period < instance->n_periods; period++) {
        for (guint32 room = 0; room < instance->n_rooms; room++) {
            append(self, period << 16 | room);
        }
    }
    set_header(self, PERIODS, self->words->len);
    for (guint32 period = 0; period < instance->n_periods; period++) {
        append(self, (period / instance->periods_per_day) << 16 | period_bit(instance, period));
    }
}

/* Appends `n_sets` empty sets of `n_words` words and returns the first word. */
static guint
append_sets(Block *self, guint32 n_sets, guint32 n_words)
{
    guint first = self->words->len;

    g_array_set_size(self->words, first + n_sets * n_words);
    return first;
}

static void
add_to_set(Block *self, guint set, guint32 bit)
{
    gint32 *word = &g_array_index(self->words, gint32, set + bit / 32);

    *word = (gint32)((guint32)*word | 1u << (bit % 32));
}

static void
append_restrictions(Block *self)
{
    const CttInstance *instance = self->instance;
    guint32 n_words = n_period_words(instance);
    guint32 n_course_words = (instance->n_courses + 31) / 32;
    guint set = append_sets(self, instance->n_courses, n_words);

    set_header(self, UNAVAILABLE, set);
    for (guint32 i = 0; i < instance->n_courses; i++, set += n_words) {
        for (guint32 period = 0; period < instance->n_periods; period++) {
            if (instance->unavailable[(gsize)i * instance->n_periods + period]) {
                add_to_set(self, set, period_bit(instance, period));
            }
        }
    }
    set = append_sets(self, instance->n_courses, n_course_words);
    set_header(self, CONFLICTS, set);
    for (guint32 i = 0; i < instance->n_courses; i++, set += n_course_words) {
        for (guint32 j = 0; j < instance->n_courses; j++) {
            if (instance->conflict[(gsize)i * instance->n_courses + j]) {
                add_to_set(self, set, j);
            }
        }
    }
}

static guint32
chance(double probability)
{
    return (guint32)floor(CLAMP(probability, 0.0, 1.0) * CHANCE_ONE);
}

/* The temperature falls by the same factor from row to row. */
static void
append_thresholds(Block *self, const CttTuning *tuning)
{
    double range = log(tuning->end_temperature / tuning->start_temperature);

    set_header(self, THRESHOLDS, self->words->len);
    set_header(self, TEMPERATURES, N_TEMPERATURES);
    set_header(self, DELTAS, N_DELTAS);
    for (guint i = 0; i < N_TEMPERATURES; i++) {
        double temperature = tuning->start_temperature * exp(range * i / (N_TEMPERATURES - 1));

        for (guint delta = 0; delta < N_DELTAS; delta++) {
            append(self, chance(exp(-(double)delta / temperature)));
        }
    }
    set_header(self, HARD_WEIGHTS, self->words->len);
    range = log(tuning->end_weight / tuning->start_weight);
    for (guint i = 0; i < N_TEMPERATURES; i++) {
        double weight = tuning->start_weight * exp(range * i / (N_TEMPERATURES - 1));

        append(self, (guint32)CLAMP(weight, 1.0, 1e6));
    }
    set_header(self, ROOM_CHANCE, chance(tuning->room_chance));
    set_header(self, CHAIN_CHANCE, chance(tuning->chain_chance));
    set_header(self, ROOM_ONLY_CHANCE, chance(tuning->room_only_chance));
}

/* Words of scratch that the full fitness needs: its sets, see timetable_fitness. */
static guint64
n_fitness_words(const CttInstance *instance)
{
    guint64 n_bits = ((guint64)instance->n_days + 31) / 32 + (instance->n_rooms + 31) / 32 +
                     ((guint64)instance->n_periods * instance->n_rooms + 31) / 32;

    return n_bits + (guint64)instance->n_courses * n_period_words(instance);
}

/* Where the tables of the search begin, if `self` is given; returns their words. */
static guint64
lay_out_search(Block *self, const CttInstance *instance)
{
    guint32 count_words = instance->n_periods + instance->n_days + 4;
    const guint64 sizes[] = {
        instance->n_lectures,
        (guint64)instance->n_periods * instance->n_rooms,
        (guint64)instance->n_courses * instance->n_periods,
        (guint64)instance->n_curricula * count_words,
        (guint64)instance->n_courses * instance->n_days,
        (guint64)instance->n_courses * instance->n_rooms,
        instance->n_courses,
        2 * MAX_CHAIN,
    };
    static const guint tables[G_N_ELEMENTS(sizes)] = {
        AT_PLACE, AT_SLOT, AT_BUSY, AT_COUNT, AT_DAY, AT_ROOM, AT_USED, AT_CHAIN,
    };
    guint64 total = 0;

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        if (self != NULL) {
            set_header(self, tables[i], (guint32)total);
        }
        total += sizes[i];
    }
    if (self != NULL) {
        set_header(self, COUNT_WORDS, count_words);
    }
    return total;
}

void
ctt_tuning_init(CttTuning *tuning, const CttInstance *instance)
{
    double n_curricula = 0; /* of a lecture, on average */

    g_return_if_fail(tuning != NULL && instance != NULL);

    /* a lecture of many curricula costs much wherever it goes: the search must start hotter */
    for (guint32 i = 0; i < instance->n_courses; i++) {
        n_curricula += (double)instance->courses[i].n_lectures * instance->courses[i].n_curricula;
    }
    n_curricula = CLAMP(n_curricula / instance->n_lectures, 1.5, 20.0);
    *tuning = (CttTuning){
        .start_temperature = 1.5 * n_curricula,
        .end_temperature = 0.1 + 0.02 * n_curricula,
        .start_weight = 15 + 1.5 * n_curricula,
        .end_weight = 100,
        .room_chance = 0.5,
        .room_only_chance = 0.1,
        .chain_chance = 0.03,
    };
}

GBytes *
ctt_block_new(const CttInstance *instance, const CttTuning *tuning)
{
    CttTuning defaults;
    Block self = { .instance = instance };

    g_return_val_if_fail(instance != NULL, NULL);

    if (tuning == NULL) {
        ctt_tuning_init(&defaults, instance);
        tuning = &defaults;
    }
    self.words = g_array_new(FALSE, TRUE, sizeof(gint32));
    g_array_set_size(self.words, HEADER_WORDS);
    set_header(&self, N_LECTURES, instance->n_lectures);
    set_header(&self, N_COURSES, instance->n_courses);
    set_header(&self, N_ROOMS, instance->n_rooms);
    set_header(&self, N_PERIODS, instance->n_periods);
    set_header(&self, N_DAYS, instance->n_days);
    set_header(&self, N_CURRICULA, instance->n_curricula);
    set_header(&self, N_SLOTS, instance->n_periods * instance->n_rooms);
    set_header(&self, N_PERIOD_WORDS, n_period_words(instance));
    set_header(&self, N_COURSE_WORDS, (instance->n_courses + 31) / 32);
    append_lectures(&self);
    append_courses(&self);
    append_curricula(&self);
    append_grid(&self);
    append_restrictions(&self);
    append_thresholds(&self, tuning);
    lay_out_search(&self, instance);

    gsize size = self.words->len * sizeof(gint32);
    return g_bytes_new_take(g_array_free(self.words, FALSE), size);
}

guint32
ctt_block_n_scratch(const CttInstance *instance)
{
    g_return_val_if_fail(instance != NULL, 0);

    guint64 fitness = n_fitness_words(instance);
    guint64 search = lay_out_search(NULL, instance);

    return (guint32)(search <= CTT_MAX_SEARCH_WORDS ? MAX(fitness, search) : fitness);
}

guint32
ctt_block_n_state(const CttInstance *instance G_GNUC_UNUSED)
{
    return 0;
}

void
ctt_evolution_init(CttEvolution *evolution, const CttInstance *instance)
{
    g_return_if_fail(evolution != NULL && instance != NULL);

    gboolean can_search = lay_out_search(NULL, instance) <= CTT_MAX_SEARCH_WORDS;

    /* long undisturbed chains do best: replacing the worse ones by the better made results worse */
    *evolution = (CttEvolution){
        .population = 4,
        .n_moves = can_search ? 30000 : 0,
        .select_rate = 0,
        .tournament = 2,
    };
}
