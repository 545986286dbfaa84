/* SPDX-License-Identifier: MIT */

#include "sweep_session.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "line_queue.h"
#include "live_line.h"
#include "runner/save.h"
#include "stop_signals.h"

typedef struct Session {
    ReinOutput output; /* a copy, for workers that outlive the caller */
    const ReinSweepPlan *plan;
    GMainLoop *loop;
    ReinSweep *sweep;
    LineQueue *lines; /* of results on stdout; NULL: not wanted */
    LiveLine live;
    gboolean has_live;
    gboolean is_stopped;
    gboolean is_abandoned;

    pthread_mutex_t lock; /* guards all below; comes after the sweep's own */
    GPtrArray *notes;     /* of char *, not yet shown */
    guint n_done;
    guint wake_up; /* the main loop is to look at all this */
    gboolean is_over;
    GError *error;
} Session;

/* The one session, for the signal handlers. */
static Session *current;

/* ---- on the main loop ---- */

static gboolean
is_over(Session *self)
{
    pthread_mutex_lock(&self->lock);
    gboolean is_over = self->is_over;
    pthread_mutex_unlock(&self->lock);
    return is_over;
}

static void
quit_if_over(gpointer user_data)
{
    Session *self = user_data;

    /* a reader of the results that went away wants no more of them */
    if (self->lines != NULL && line_queue_get_error(self->lines) == EPIPE) {
        self->is_stopped = TRUE;
        rein_sweep_stop(self->sweep, "SIGPIPE");
    }
    if (is_over(self) && (self->lines == NULL || line_queue_is_empty(self->lines))) {
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
        rein_output_note(&self->output, "%s", (const char *)g_ptr_array_index(notes, i));
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
    quit_if_over(self);
    return G_SOURCE_REMOVE;
}

static gboolean
on_tick(gpointer user_data)
{
    Session *self = user_data;
    ReinSweepState state = { 0 };

    rein_sweep_get_state(self->sweep, &state);
    g_autofree char *elapsed = live_line_format_duration(state.elapsed_ns);
    g_autofree char *left = live_line_format_duration(MAX(state.left_ns, 0));
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_append_printf(line, "%u/%u done", state.n_done, state.n);
    if (state.n_failed > 0) {
        g_string_append_printf(line, ", %u failed", state.n_failed);
    }
    g_string_append_printf(line, " | %u running | %s", state.n_running, elapsed);
    if (state.left_ns >= 0) {
        g_string_append_printf(line, " | %s left", left);
    }
    live_line_show(&self->live, line->str);
    return G_SOURCE_CONTINUE;
}

/* ---- on the workers' threads ---- */

static void
wake_up_locked(Session *self)
{
    if (self->wake_up == 0) {
        self->wake_up = g_idle_add_full(G_PRIORITY_DEFAULT, on_wake_up, self, NULL);
    }
}

/* (transfer full): "12/40 comp01.ctt, seed 2: hard 0, soft 5, feasible, 10.0 s" */
static char *
describe(const Session *self, const ReinSweepResult *result, guint n_done)
{
    g_autofree char *what = rein_sweep_plan_describe(self->plan, result->number);
    g_autofree char *cost = rein_sweep_result_describe_cost(result);
    g_autofree char *elapsed = live_line_format_duration((gint64)(result->seconds * 1e9));
    guint n = rein_sweep_plan_get_n(self->plan);

    if (rein_sweep_result_get_end(result) == REIN_SWEEP_FAILED) {
        return g_strdup_printf("%u/%u %s: %s: %s", n_done, n, what, result->outcome,
                               result->error != NULL ? result->error : "the receipt is not clean");
    }
    return g_strdup_printf(
        "%u/%u %s: %s%s, %s%s", n_done, n, what, cost,
        result->n_planes == 0 ? ""
        : result->is_feasible ? ", feasible"
                              : ", NOT feasible",
        elapsed, rein_sweep_result_get_end(result) == REIN_SWEEP_STOPPED ? ", stopped" : "");
}

static void
on_ended(const ReinSweepResult *result, gpointer user_data)
{
    Session *self = user_data;
    ReinSweepEnd end = rein_sweep_result_get_end(result);
    /* where a line is redrawn, it is enough to say what went wrong */
    gboolean is_noted =
        self->output.format == REIN_OUTPUT_TEXT &&
        (!self->live.is_redrawn || self->output.is_verbose || end == REIN_SWEEP_FAILED);

    if (self->lines != NULL) {
        g_autofree char *line = rein_sweep_result_to_line(result, self->plan);
        line_queue_add(self->lines, line);
    }
    pthread_mutex_lock(&self->lock);
    self->n_done += end != REIN_SWEEP_STOPPED ? 1 : 0;
    if (is_noted) {
        g_ptr_array_add(self->notes, describe(self, result, self->n_done));
        wake_up_locked(self);
    }
    pthread_mutex_unlock(&self->lock);
}

static void *
sweep_thread(void *user_data)
{
    Session *self = user_data;
    GError *error = NULL;

    (void)rein_sweep_run(self->sweep, &error);
    pthread_mutex_lock(&self->lock);
    self->error = error;
    self->is_over = TRUE;
    wake_up_locked(self);
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

/* ---- signals ---- */

/* A second signal waits for nothing. What runs has no result then, and is run again. */
static void
end_at_once(Session *self, const char *signal_name)
{
    if (is_over(self)) {
        g_main_loop_quit(self->loop);
        return;
    }
    rein_save_drop_all();
    live_line_clear(&self->live);
    rein_output_error("ended at once by %s: what was running will be run again (give the same "
                      "command to go on)",
                      signal_name);
    self->is_abandoned = TRUE;
    g_main_loop_quit(self->loop);
}

static void
on_stop(const char *signal_name, gboolean may_end_at_once)
{
    if (!current->is_stopped) {
        current->is_stopped = TRUE;
        rein_sweep_stop(current->sweep, signal_name);
        live_line_clear(&current->live);
        rein_output_note(&current->output, "%s: stopping (once more to end at once)", signal_name);
    } else if (may_end_at_once) {
        end_at_once(current, signal_name);
    }
}

/* ---- the session ---- */

static Session *
session_new(const SweepRequest *request, const ReinOutput *output)
{
    Session *self = g_new0(Session, 1);
    gboolean has_lines = output->format == REIN_OUTPUT_NDJSON;
    const ReinSweepObserver observer = { .ended = on_ended, .user_data = self };
    ReinSweepState state = { 0 };

    self->output = *output;
    self->plan = request->plan;
    self->live.stream = stderr;
    self->live.is_redrawn = output->is_err_terminal && g_strcmp0(g_getenv("TERM"), "dumb") != 0;
    self->has_live =
        self->live.is_redrawn && !output->is_quiet && !(has_lines && output->is_terminal);
    self->notes = g_ptr_array_new_with_free_func(g_free);
    pthread_mutex_init(&self->lock, NULL);
    self->loop = g_main_loop_new(NULL, FALSE);
    self->lines = has_lines ? line_queue_new(STDOUT_FILENO, quit_if_over, self) : NULL;
    self->sweep = rein_sweep_new(request->plan, request->folder, request->settings,
                                 request->n_workers, request->stops_on_failure, &observer);
    rein_sweep_get_state(self->sweep, &state);
    self->n_done = state.n_done;
    return self;
}

static void
session_free(Session *self)
{
    if (self->wake_up != 0) {
        g_source_remove(self->wake_up);
    }
    rein_sweep_free(self->sweep);
    line_queue_free(self->lines);
    g_main_loop_unref(self->loop);
    g_ptr_array_unref(self->notes);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

/* The sweep's thread has ended. */
static SweepSessionEnd
finish(Session *self, GError **error)
{
    ReinSweepState state = { 0 };

    show_notes(self);
    rein_sweep_get_state(self->sweep, &state);
    gboolean is_stopped = rein_sweep_is_stopped(self->sweep) && state.n_done < state.n;
    int number = self->lines != NULL ? line_queue_get_error(self->lines) : 0;
    if (number != 0 && number != EPIPE) {
        rein_output_warning("stdout: cannot be written: %s; results are missing from it",
                            number == EBADF ? "it is closed" : g_strerror(number));
    }
    if (self->error != NULL) {
        g_propagate_error(error, self->error);
    }
    session_free(self);
    return is_stopped ? SWEEP_SESSION_STOPPED : SWEEP_SESSION_OVER;
}

SweepSessionEnd
sweep_session_run(const SweepRequest *request, const ReinOutput *output, GError **error)
{
    pthread_t thread;

    g_return_val_if_fail(request != NULL && output != NULL, SWEEP_SESSION_OVER);

    Session *self = session_new(request, output);
    current = self;
    stop_signals_catch(on_stop, NULL);
    int number = pthread_create(&thread, NULL, sweep_thread, self);
    if (number != 0) {
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(number),
                    "sweep: no thread: %s (end other programs)", g_strerror(number));
        session_free(self);
        return SWEEP_SESSION_OVER;
    }
    guint tick = self->has_live ? g_timeout_add(LIVE_LINE_INTERVAL_MS, on_tick, self) : 0;
    g_main_loop_run(self->loop);
    if (tick != 0) {
        g_source_remove(tick);
    }
    live_line_clear(&self->live);
    if (self->is_abandoned) {
        return SWEEP_SESSION_ABANDONED;
    }
    pthread_join(thread, NULL);
    return finish(self, error);
}
