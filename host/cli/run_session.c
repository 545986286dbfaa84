/* SPDX-License-Identifier: MIT */

#include "run_session.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "line_queue.h"
#include "live_line.h"
#include "stop_signals.h"

#define PLAIN_INTERVAL_NS \
    G_GINT64_CONSTANT(1000000000) /* between two lines where none is redrawn */

typedef struct Session {
    const ReinOutput *output;
    GMainLoop *loop;
    ReinRunner *runner;
    LineQueue *events; /* NULL: not wanted */
    LiveLine live;
    LiveRates rates;
    gboolean has_live; /* the run's progress is shown */
    gint64 shown_ns;   /* plain: the last line, by the evolution's clock */
    gboolean is_stopped;
    gboolean is_left;      /* held nothing when it was stopped: not waited for */
    gboolean is_abandoned; /* ended at once */

    pthread_mutex_t lock; /* guards all below */
    GPtrArray *notes;     /* of char *, not yet shown */
    LiveState state;
    gboolean has_news; /* the state has changed since it was shown */
    gboolean has_better;
    guint wake_up;         /* the main loop is to look at all this */
    ReinRunReport *report; /* of the run that has ended */
} Session;

/* The one session, for the signal handlers; they are only called while its loop runs. */
static Session *current;

/* ---- on the main loop ---- */

static gboolean
has_report(Session *self)
{
    pthread_mutex_lock(&self->lock);
    gboolean is_over = self->report != NULL;
    pthread_mutex_unlock(&self->lock);
    return is_over;
}

static void
quit_if_over(gpointer user_data)
{
    Session *self = user_data;

    /* a reader of the events that went away wants no more of them */
    if (self->events != NULL && line_queue_get_error(self->events) == EPIPE) {
        (void)rein_runner_stop(self->runner, "SIGPIPE");
    }
    if (has_report(self) && (self->events == NULL || line_queue_is_empty(self->events))) {
        g_main_loop_quit(self->loop);
    }
}

static void
show_notes(Session *self)
{
    pthread_mutex_lock(&self->lock);
    g_autoptr(GPtrArray) notes = self->notes;
    self->notes = g_ptr_array_new_with_free_func(g_free);
    pthread_mutex_unlock(&self->lock);

    if (notes->len > 0) {
        live_line_clear(&self->live);
    }
    for (guint i = 0; i < notes->len; i++) {
        rein_output_note(self->output, "%s", (const char *)g_ptr_array_index(notes, i));
    }
}

/* A redrawn line follows the clock, plain ones the better bests. */
static void
show_state(Session *self, gboolean is_end)
{
    pthread_mutex_lock(&self->lock);
    LiveState state = self->state;
    gint64 since_ns = state.progress.elapsed_ns - self->shown_ns;
    gboolean is_due = self->live.is_redrawn
                          ? self->has_news
                          : self->has_better && (is_end || since_ns >= PLAIN_INTERVAL_NS);
    if (is_due) {
        self->has_news = self->has_better = FALSE;
        self->shown_ns = state.progress.elapsed_ns;
    }
    pthread_mutex_unlock(&self->lock);
    if (self->has_live && is_due) {
        live_rates_update(&self->rates, &state);
        live_line_draw(&self->live, &state);
    }
}

static gboolean
on_wake_up(gpointer user_data)
{
    Session *self = user_data;

    pthread_mutex_lock(&self->lock);
    self->wake_up = 0;
    pthread_mutex_unlock(&self->lock);
    show_notes(self);
    if (!self->live.is_redrawn) {
        show_state(self, FALSE);
    }
    quit_if_over(self);
    return G_SOURCE_REMOVE;
}

static gboolean
on_tick(gpointer user_data)
{
    show_state(user_data, FALSE);
    return G_SOURCE_CONTINUE;
}

/* ---- on the run's thread ---- */

static void
wake_up_locked(Session *self)
{
    if (self->wake_up == 0) {
        self->wake_up = g_idle_add_full(G_PRIORITY_DEFAULT, on_wake_up, self, NULL);
    }
}

static void
on_note(const char *text, gpointer user_data)
{
    Session *self = user_data;

    pthread_mutex_lock(&self->lock);
    g_ptr_array_add(self->notes, g_strdup(text));
    wake_up_locked(self);
    pthread_mutex_unlock(&self->lock);
}

static void
on_progress(const ReinProgress *progress, const ReinProblemFormat *format, gpointer user_data)
{
    Session *self = user_data;

    pthread_mutex_lock(&self->lock);
    self->state.progress = *progress;
    self->state.progress.best_genes = NULL;
    self->state.format = format;
    self->has_news = TRUE;
    self->has_better |= progress->is_better;
    wake_up_locked(self);
    pthread_mutex_unlock(&self->lock);
}

static void
on_event(const char *line, gpointer user_data)
{
    Session *self = user_data;

    line_queue_add(self->events, line);
}

static gpointer
run_thread(gpointer user_data)
{
    Session *self = user_data;
    ReinRunReport *report = rein_runner_run(self->runner);

    pthread_mutex_lock(&self->lock);
    self->report = report;
    wake_up_locked(self);
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

/* ---- signals ---- */

static void
stop(Session *self, const char *signal_name)
{
    self->is_stopped = TRUE;
    switch (rein_runner_stop(self->runner, signal_name)) {
    case REIN_RUNNER_LOADING:
        self->is_left = !has_report(self);
        g_main_loop_quit(self->loop);
        break;
    case REIN_RUNNER_HOLDING:
        live_line_clear(&self->live);
        rein_output_note(self->output, "%s: stopping (once more to end at once)", signal_name);
        break;
    case REIN_RUNNER_ENDED:
        break;
    }
}

/* A second signal does not wait: neither for the run nor for who reads its events. */
static void
end_at_once(Session *self, const char *signal_name)
{
    g_autofree char *message = NULL;

    if (!rein_runner_abandon(self->runner, &message)) {
        if (has_report(self)) {
            g_main_loop_quit(self->loop);
        }
        return;
    }
    live_line_clear(&self->live);
    rein_output_error("ended at once by %s: %s", signal_name, message);
    self->is_abandoned = TRUE;
    g_main_loop_quit(self->loop);
}

static void
on_stop(const char *signal_name, gboolean may_end_at_once)
{
    if (!current->is_stopped) {
        stop(current, signal_name);
    } else if (may_end_at_once) {
        end_at_once(current, signal_name);
    }
}

/* The best so far is saved, and the run goes on. */
static void
on_save(void)
{
    g_autofree char *message = NULL;
    gboolean is_saved = rein_runner_save_now(current->runner, "SIGUSR1", &message);

    live_line_clear(&current->live);
    if (is_saved) {
        rein_output_note(current->output, "SIGUSR1: %s", message);
    } else {
        rein_output_warning("SIGUSR1: %s", message);
    }
}

void
run_session_catch_signals(void)
{
    stop_signals_catch(on_stop, on_save);
}

/* ---- the session ---- */

static void
session_init(Session *self, const ReinRunSpec *spec, const ReinOutput *output)
{
    gboolean has_events = output->format == REIN_OUTPUT_NDJSON;
    gboolean is_text = output->format == REIN_OUTPUT_TEXT;
    gboolean is_dumb = g_strcmp0(g_getenv("TERM"), "dumb") == 0;

    self->output = output;
    self->live.stream = stderr;
    self->live.is_redrawn = output->is_err_terminal && !is_dumb;
    /* with documents on stdout, lines on stderr are for a person only */
    self->has_live = !output->is_quiet && (is_text || output->is_err_terminal) &&
                     !(has_events && output->is_terminal);
    self->notes = g_ptr_array_new_with_free_func(g_free);
    pthread_mutex_init(&self->lock, NULL);
    self->loop = g_main_loop_new(NULL, FALSE);
    if (has_events) {
        self->events = line_queue_new(STDOUT_FILENO, quit_if_over, self);
    }
    const ReinRunObserver observer = {
        .event = has_events ? on_event : NULL,
        .note = is_text || output->is_verbose ? on_note : NULL,
        .detail = output->is_verbose ? on_note : NULL,
        .progress = on_progress,
        .user_data = self,
    };
    self->runner = rein_runner_new(spec, &observer);
}

static void
session_free(Session *self)
{
    if (self->wake_up != 0) {
        g_source_remove(self->wake_up);
    }
    rein_runner_free(self->runner);
    line_queue_free(self->events);
    g_main_loop_unref(self->loop);
    g_ptr_array_unref(self->notes);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

/* What the run's thread still uses stays; for a program that ends. */
static ReinRunReport *
leave(Session *self, const ReinRunSpec *spec)
{
    if (self->is_abandoned) {
        return NULL;
    }
    ReinRunReport *report = g_new0(ReinRunReport, 1);
    report->outcome = REIN_OUTCOME_STOPPED;
    report->exit_code = REIN_EXIT_STOPPED;
    report->seed = rein_settings_get_number(spec->settings, REIN_SETTING_RUN_SEED);
    return report;
}

static ReinRunReport *
finish(Session *self, GThread *thread)
{
    g_thread_join(thread);
    show_notes(self);
    show_state(self, TRUE);
    live_line_clear(&self->live);
    int number = self->events != NULL ? line_queue_get_error(self->events) : 0;
    if (number != 0 && number != EPIPE) {
        rein_output_warning("stdout: cannot be written: %s; events are missing from it",
                            number == EBADF ? "it is closed" : g_strerror(number));
    }
    ReinRunReport *report = self->report;
    session_free(self);
    return report;
}

ReinRunReport *
run_session_run(const ReinRunSpec *spec, const ReinOutput *output, int *code)
{
    g_return_val_if_fail(spec != NULL && output != NULL && code != NULL, NULL);

    Session *self = g_new0(Session, 1);
    session_init(self, spec, output);
    *code = REIN_EXIT_STOPPED;
    current = self;
    GThread *thread = g_thread_new("rein-run", run_thread, self);
    guint tick = self->has_live && self->live.is_redrawn
                     ? g_timeout_add(LIVE_LINE_INTERVAL_MS, on_tick, self)
                     : 0;
    g_main_loop_run(self->loop);
    if (tick != 0) {
        g_source_remove(tick);
    }
    live_line_clear(&self->live);
    return self->is_left || self->is_abandoned ? leave(self, spec) : finish(self, thread);
}
