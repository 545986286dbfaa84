/* SPDX-License-Identifier: MIT */

/* One run of an evolution. Round 0 evaluates the start population. */

#include <evolve/layout.cl>
#include <rein/error.h>
#include <rein_kernel.h>
#include <string.h>

#include "evolution_private.h"
#include "population_private.h"
#include "problem_job_private.h"
#include "problem_private.h"
#include "receipt_private.h"
#include "result_private.h"

/* Records in the ring: the most rounds of one slice. */
#define N_RING 4096u

/* Progress is told at least so far apart, unless there is a better best. */
#define PROGRESS_NS (G_GINT64_CONSTANT(200000000))

typedef struct {
    ReinEvolution *evolution;
    ReinProblemJob on;
    ReinPopulation has; /* buffers on the device */
    ReinResult *result;
    ReinProgressCb callback;
    gpointer user_data;
    gint64 begun_ns;
    gint64 told_ns; /* the last progress */

    guint32 round_goal;     /* of the schedule; 0: it follows the clock */
    guint64 progress_start; /* of the round under way */
    guint32 n_rounds;
    guint64 n_evaluations; /* those of round 0 included */
    guint32 better_round;  /* the last one with a better best */
    guint32 slot;
    gboolean is_better;             /* since the best was last fetched */
    double better[REIN_MAX_PLANES]; /* its fitness; the result's, once its genes are there, too */
    gboolean is_over;
    ReinOutcome outcome; /* once it is over */
} Run;

static void
run_set_params(Run *run)
{
    const ReinEvolution *evolution = run->evolution;
    guint32 *param = run->on.param;

    param[PARAM_SEED_LOW] = (guint32)evolution->seed;
    param[PARAM_SEED_HIGH] = (guint32)(evolution->seed >> 32);
    param[PARAM_SELECT_RATE] = evolution->select_rate;
    param[PARAM_TOURNAMENT] = evolution->tournament;
    param[PARAM_CROSS_RATE] = evolution->cross_rate;
    param[PARAM_MUTATE_RATE] = evolution->mutate_rate;
    param[PARAM_MUTATE_GENES] = evolution->mutate_genes;
    param[PARAM_N_ELITES] = evolution->n_elites;
    param[PARAM_MOVES] = evolution->n_moves;
    param[PARAM_RING] = N_RING;
    param[PARAM_HAS_TARGET] = evolution->has_target;
    for (guint plane = 0; plane < evolution->problem->n_planes; plane++) {
        param[PARAM_TARGET + plane] =
            rein_problem_word(evolution->problem, plane, evolution->target[plane]);
    }
}

static gboolean
run_prepare(Run *run, GError **error)
{
    const ReinEvolution *evolution = run->evolution;

    if (!rein_problem_job_init(&run->on, evolution->device, evolution->problem,
                               evolution->population, error)) {
        return FALSE;
    }
    run_set_params(run);
    run->on.slice_target_ns = evolution->slice_target_ns;
    rein_job_set_grace(run->on.job, evolution->grace_ns);
    if (evolution->deadline_ns > 0) {
        rein_job_set_deadline(run->on.job, run->begun_ns + evolution->deadline_ns);
    }
    rein_evolution_set_job(run->evolution, run->on.job);

    return rein_problem_job_prepare(&run->on, error) &&
           rein_population_take(&run->has, &run->on, N_RING, error);
}

/* The value of a fitness word in a record; exact for int32 and float32. */
static void
run_read_planes(const Run *run, const guint32 *words, double *values)
{
    for (guint plane = 0; plane < run->on.problem->n_planes; plane++) {
        values[plane] = rein_problem_value(run->on.problem, plane, words[plane]);
    }
}

static void
run_end(Run *run, ReinOutcome outcome)
{
    if (!run->is_over) {
        run->is_over = TRUE;
        run->outcome = outcome;
        rein_job_stop(run->on.job, REIN_STOP_LIMIT);
    }
}

/* Takes one record of the ring into account; ends the run if it reached a limit that is counted. */
static void
run_take_record(Run *run, const guint32 *words)
{
    const ReinEvolution *evolution = run->evolution;
    ReinRecord record = {
        .round = words[RECORD_ROUND],
        .best_index = words[RECORD_BEST_INDEX],
        .n_evaluated = words[RECORD_N_EVALUATED],
        .n_nan = words[RECORD_N_NAN],
        .digest = words[RECORD_DIGEST],
        .n_planes = run->on.problem->n_planes,
    };

    run_read_planes(run, words + RECORD_BEST, record.best);
    run_read_planes(run, words + RECORD_EVER, record.ever);
    run->n_rounds = record.round;
    run->slot = words[RECORD_SLOT];
    run->n_evaluations += record.n_evaluated;
    if (record.round > 0 && run->on.problem->improve_kernel != NULL) {
        run->result->n_moves += (guint64)run->on.population * evolution->n_moves;
    }
    if (words[RECORD_IS_BETTER] != 0) {
        memcpy(run->better, record.ever, sizeof record.ever);
        run->better_round = record.round;
        run->is_better = TRUE;
    }
    if (evolution->record_cb != NULL) {
        evolution->record_cb(&record, evolution->record_data);
    }

    if (words[RECORD_MET] != 0) {
        run_end(run, REIN_OUTCOME_TARGET);
    } else if (evolution->round_limit > 0 && record.round >= evolution->round_limit) {
        run_end(run, REIN_OUTCOME_ROUNDS);
    } else if (evolution->evaluation_limit > 0 &&
               run->n_evaluations >= evolution->evaluation_limit) {
        run_end(run, REIN_OUTCOME_EVALUATIONS);
    } else if (evolution->stagnation > 0 &&
               record.round - run->better_round >= evolution->stagnation) {
        run_end(run, REIN_OUTCOME_STAGNATION);
    }
}

/* Reads `n` records from `first_round` on out of the ring, in order, across its end. */
static gboolean
run_take_records(Run *run, guint32 first_round, guint32 n, GError **error)
{
    const gsize record_size = RECORD_COUNT * sizeof(guint32);

    while (n > 0 && !run->is_over) {
        const guint32 at = first_round % N_RING;
        const guint32 n_part = MIN(n, N_RING - at);
        g_autoptr(GBytes) bytes = rein_job_read(run->on.job, run->has.ring, at * record_size,
                                                n_part * record_size, error);
        if (bytes == NULL) {
            return FALSE;
        }

        const guint32 *words = g_bytes_get_data(bytes, NULL);
        for (guint32 i = 0; i < n_part && !run->is_over; i++) {
            run_take_record(run, words + (gsize)i * RECORD_COUNT);
        }
        first_round += n_part;
        n -= n_part;
    }
    return TRUE;
}

/* Brings a better best to the host. */
static gboolean
run_fetch_best(Run *run, GError **error)
{
    const gsize genome_size = rein_problem_get_genome_size(run->on.problem);
    g_autoptr(GBytes) genes = NULL;

    if (!run->is_better) {
        return TRUE;
    }
    genes = rein_job_read(run->on.job, run->has.best, run->slot * genome_size, genome_size, error);
    if (genes == NULL) {
        return FALSE;
    }
    g_clear_pointer(&run->result->best_genes, g_bytes_unref);
    run->result->best_genes = g_steal_pointer(&genes);
    memcpy(run->result->best, run->better, sizeof run->better);
    run->result->has_best = TRUE;
    run->is_better = FALSE;
    return TRUE;
}

/* How far the limits are used up, in 2^-64. */
static guint64
run_clock_progress(const Run *run)
{
    const gint64 limit_ns = run->evolution->time_limit_ns;
    const gint64 elapsed_ns = rein_now_ns() - run->begun_ns;

    if (limit_ns <= 0) {
        return 0;
    }
    if (elapsed_ns >= limit_ns) {
        return G_MAXUINT64;
    }
    return (guint64)((double)elapsed_ns / (double)limit_ns * 4294967296.0) << 32;
}

/* The same as a part of 1, of whichever limit is nearest. */
static double
run_get_fraction(const Run *run)
{
    const ReinEvolution *evolution = run->evolution;
    double fraction = (double)(run_clock_progress(run) >> 32) / 4294967296.0;

    if (evolution->round_limit > 0) {
        fraction = MAX(fraction, (double)run->n_rounds / evolution->round_limit);
    }
    if (evolution->evaluation_limit > 0) {
        fraction = MAX(fraction, (double)run->n_evaluations / (double)evolution->evaluation_limit);
    }
    return MIN(fraction, 1.0);
}

static void
run_tell(Run *run, gboolean is_better)
{
    const gint64 now_ns = rein_now_ns();
    ReinProgress progress = {
        .n_rounds = run->n_rounds,
        .n_evaluations = run->n_evaluations,
        .n_moves = run->result->n_moves,
        .elapsed_ns = now_ns - run->begun_ns,
        .is_better = is_better,
        .n_planes = run->on.problem->n_planes,
        .best_genes = run->result->best_genes,
    };

    if (run->callback == NULL || (!is_better && now_ns - run->told_ns < PROGRESS_NS)) {
        return;
    }
    progress.fraction = run_get_fraction(run);
    memcpy(progress.best, run->result->best, sizeof progress.best);
    run->told_ns = now_ns;
    run->callback(&progress, run->user_data);
}

/* After each slice: the records of the rounds it completed, a better best, progress. */
static gboolean
run_take_rounds(Run *run, guint32 first_round, guint32 n, GError **error)
{
    gboolean is_better = FALSE;

    if (n > 0) {
        if (!run_take_records(run, first_round, n, error)) {
            return FALSE;
        }
        is_better = run->is_better;
        if (!run_fetch_best(run, error)) {
            return FALSE;
        }
    }
    run_tell(run, is_better);
    return TRUE;
}

/* Round 0: the start population, what it is worth, its best. */
static gboolean
run_start_round(Run *run, GError **error)
{
    ReinStage stages[REIN_SLICER_STAGES];
    const guint32 n_stages = rein_population_get_start_stages(&run->has, &run->on, stages);

    if (!rein_problem_job_give(&run->on, run->evolution->start, run->evolution->n_start, error)) {
        return FALSE;
    }
    rein_problem_job_begin(&run->on, stages, n_stages, 0);
    return rein_problem_job_run_round(&run->on, error) && run_take_rounds(run, 0, 1, error);
}

/* The most rounds the next slice may run without going past a limit that is counted. */
static guint32
run_max_rounds(const Run *run)
{
    const ReinEvolution *evolution = run->evolution;
    guint64 n = N_RING;

    if (evolution->round_limit > 0) {
        n = MIN(n, evolution->round_limit - run->n_rounds);
    }
    if (run->n_rounds < run->round_goal) { /* beyond it the schedule stands still */
        n = MIN(n, run->round_goal - run->n_rounds);
    }
    if (evolution->stagnation > 0) {
        n = MIN(n, evolution->stagnation - (run->n_rounds - run->better_round));
    }
    if (evolution->evaluation_limit > 0) {
        const guint64 n_left = evolution->evaluation_limit - run->n_evaluations;
        n = MIN(n, (n_left - 1) / run->on.population + 1);
    }
    /* rounds are counted in 32 bits */
    return (guint32)MIN(n, G_MAXUINT32 - 1 - run->n_rounds);
}

/* Where the schedule stands at the beginning of the round to come, and what each round adds. */
static guint64
run_schedule(Run *run)
{
    const ReinSlicer *slicer = &run->on.slicer;
    const gboolean is_new_round = slicer->stage == 0 && slicer->item == 0;

    if (run->round_goal > 0) {
        const guint64 step = G_MAXUINT64 / run->round_goal;
        const guint32 n_done = slicer->round - 1;
        /* a round may evaluate less than it could, so there may be more rounds than foreseen */
        run->progress_start = n_done < run->round_goal ? n_done * step : G_MAXUINT64;
        return n_done < run->round_goal ? step : 0;
    }
    if (is_new_round) {
        run->progress_start = run_clock_progress(run);
    }
    return 0;
}

static gboolean
run_loop(Run *run, GError **error)
{
    const ReinEvolution *evolution = run->evolution;
    ReinStage stages[REIN_SLICER_STAGES];
    const guint32 n_stages = rein_population_get_round_stages(&run->has, &run->on, stages);

    rein_problem_job_begin(&run->on, stages, n_stages, 1);

    while (!run->is_over && rein_job_get_stop_reason(run->on.job) == REIN_STOP_NONE) {
        const guint32 first_round = run->on.slicer.round;
        guint32 n_rounds = 0;
        if (evolution->time_limit_ns > 0 &&
            rein_now_ns() - run->begun_ns >= evolution->time_limit_ns) {
            run_end(run, REIN_OUTCOME_TIME);
            break;
        }
        if (run->n_rounds >= G_MAXUINT32 - 1) {
            run_end(run, REIN_OUTCOME_ROUNDS);
            break;
        }
        const guint64 step = run_schedule(run);
        if (!rein_problem_job_step(&run->on, run_max_rounds(run), run->progress_start, step,
                                   &n_rounds, error) ||
            !run_take_rounds(run, first_round, n_rounds, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
run_all(Run *run, GError **error)
{
    return run_prepare(run, error) && run_start_round(run, error) &&
           (run->is_over || run_loop(run, error));
}

/* Why it ended, from who raised the flag first, and what went wrong, if anything. */
static ReinOutcome
run_get_outcome(Run *run, const GError *error)
{
    const ReinStopReason reason =
        run->on.job != NULL ? rein_job_get_stop_reason(run->on.job) : REIN_STOP_NONE;

    if (rein_receipt_is_abandoned(run->result->receipt) ||
        rein_receipt_get_worker_fate(run->result->receipt) == REIN_WORKER_ENDED) {
        return REIN_OUTCOME_HANG; /* whoever wanted it to end */
    }
    if (reason == REIN_STOP_DEADLINE) {
        return REIN_OUTCOME_DEADLINE;
    }
    if (reason == REIN_STOP_HANG || g_error_matches(error, REIN_ERROR, REIN_ERROR_TIMEOUT)) {
        return REIN_OUTCOME_HANG;
    }
    if (error != NULL && !g_error_matches(error, REIN_ERROR, REIN_ERROR_STOPPED)) {
        return REIN_OUTCOME_FAILED;
    }
    return reason == REIN_STOP_USER ? REIN_OUTCOME_STOPPED : run->outcome;
}

/* For an end that no call failed at, and that yet is an error; else NULL. */
static GError *
run_new_error(const Run *run, ReinOutcome outcome)
{
    const char *name = run->evolution->problem->name;

    if (outcome == REIN_OUTCOME_DEADLINE) {
        return g_error_new(REIN_ERROR, REIN_ERROR_TIMEOUT,
                           "evolve %s: the deadline passed after %u rounds", name, run->n_rounds);
    }
    if (outcome == REIN_OUTCOME_HANG) {
        return g_error_new(
            REIN_ERROR, REIN_ERROR_TIMEOUT,
            "evolve %s: a call hung after %u rounds, and came back when it was stopped", name,
            run->n_rounds);
    }
    return NULL;
}

/* Tears the job down and writes the result; the error is taken over. */
static void
run_finish(Run *run, GError *error)
{
    ReinResult *result = run->result;

    if (run->on.job != NULL) {
        if (error != NULL) {
            rein_job_stop(run->on.job, REIN_STOP_ERROR);
        }
        rein_evolution_set_job(run->evolution, NULL);
        result->receipt = rein_job_end(run->on.job);
    } else {
        result->receipt = rein_receipt_builder_seal(rein_receipt_builder_new());
    }
    result->outcome = run_get_outcome(run, error);
    if (result->outcome == REIN_OUTCOME_STOPPED) {
        g_clear_error(&error);
    }
    result->error = error != NULL ? error : run_new_error(run, result->outcome);
    result->n_rounds = run->n_rounds;
    result->n_evaluations = run->n_evaluations;
    result->elapsed_ns = rein_now_ns() - run->begun_ns;
}

/* The rounds that the limits allow at most, if they are counted: the schedule follows them. */
static guint32
run_get_round_goal(const ReinEvolution *evolution)
{
    guint64 goal = evolution->round_limit > 0 ? evolution->round_limit : G_MAXUINT64;

    if (evolution->evaluation_limit > 0) {
        /* less the start population, and one at least */
        const guint64 n_rounds = (evolution->evaluation_limit - 1) / evolution->population;
        goal = MIN(goal, MAX(n_rounds, 1));
    }
    return goal < G_MAXUINT32 ? (guint32)goal : 0;
}

/* The best of the host's start is the best so far until the device knows better. */
static void
run_keep_start(Run *run)
{
    const ReinEvolution *evolution = run->evolution;

    if (evolution->start != NULL) {
        run->result->best_genes = g_bytes_new_from_bytes(
            evolution->start, 0, rein_problem_get_genome_size(evolution->problem));
    }
}

ReinResult *
rein_evolution_execute(ReinEvolution *self, ReinProgressCb callback, gpointer user_data)
{
    Run run = {
        .evolution = self,
        .result = rein_result_new(),
        .callback = callback,
        .user_data = user_data,
        .begun_ns = rein_now_ns(),
        .round_goal = run_get_round_goal(self),
    };
    GError *error = NULL;

    run_keep_start(&run);
    run_all(&run, &error);
    run_finish(&run, error);
    rein_problem_job_clear(&run.on);
    return run.result;
}
