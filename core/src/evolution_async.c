/* SPDX-License-Identifier: MIT */

/* An evolution on a thread of its own, with progress and the answer on the caller's main context. */

#include <pthread.h>
#include <rein/error.h>

#include "evolution_private.h"
#include "receipt_private.h"
#include "result_private.h"
#include "thread_private.h"

/* One asynchronous run. The newest progress waits in it until the main context takes it. */
typedef struct {
    GTask *task; /* a reference, of the thread */
    ReinEvolution *evolution;
    GCancellable *cancellable;
    ReinProgressCb callback;
    gpointer user_data;
    GMainContext *context;

    gint n_refs; /* atomic: the thread's, and one for each delivery under way */
    pthread_mutex_t mutex;
    ReinProgress progress; /* under the mutex, with a reference to the genes */
    gboolean has_progress; /* under the mutex: a delivery is under way */
} AsyncRun;

static void
async_run_unref(gpointer data)
{
    AsyncRun *run = data;

    if (!g_atomic_int_dec_and_test(&run->n_refs)) {
        return;
    }
    g_clear_pointer(&run->progress.best_genes, g_bytes_unref);
    g_clear_object(&run->cancellable);
    g_main_context_unref(run->context);
    pthread_mutex_destroy(&run->mutex);
    g_free(run);
}

/* On the main context: hands the newest progress over. */
static gboolean
async_run_deliver(gpointer data)
{
    AsyncRun *run = data;
    ReinProgress progress = { 0 };

    pthread_mutex_lock(&run->mutex);
    progress = run->progress;
    run->progress.best_genes = NULL;
    run->has_progress = FALSE;
    pthread_mutex_unlock(&run->mutex);

    run->callback(&progress, run->user_data);
    g_clear_pointer(&progress.best_genes, g_bytes_unref);
    return G_SOURCE_REMOVE;
}

/* On the run's thread: keeps the newest progress and sees that it is delivered. */
static void
async_run_on_progress(const ReinProgress *progress, gpointer data)
{
    AsyncRun *run = data;
    gboolean is_first = FALSE;

    pthread_mutex_lock(&run->mutex);
    is_first = !run->has_progress;
    const gboolean was_better = run->has_progress && run->progress.is_better;
    g_clear_pointer(&run->progress.best_genes, g_bytes_unref);
    run->progress = *progress;
    run->progress.is_better |= was_better;
    if (progress->best_genes != NULL) {
        g_bytes_ref(progress->best_genes);
    }
    run->has_progress = TRUE;
    pthread_mutex_unlock(&run->mutex);

    if (is_first) {
        g_autoptr(GSource) source = g_idle_source_new();
        g_source_set_priority(source, G_PRIORITY_DEFAULT);
        g_atomic_int_inc(&run->n_refs);
        g_source_set_callback(source, async_run_deliver, run, async_run_unref);
        g_source_attach(source, run->context);
    }
}

static void *
async_run_thread(void *data)
{
    AsyncRun *run = data;
    GTask *task = run->task;
    ReinResult *result =
        rein_evolution_run(run->evolution, run->cancellable,
                           run->callback != NULL ? async_run_on_progress : NULL, run);

    async_run_unref(run);
    g_task_return_pointer(task, result, (GDestroyNotify)rein_result_unref);
    g_object_unref(task);
    return NULL;
}

/* A result for a run that never began: nothing was held. */
static ReinResult *
result_new_failed(const char *what, int code)
{
    ReinResult *result = rein_result_new();

    result->outcome = REIN_OUTCOME_FAILED;
    result->receipt = rein_receipt_builder_seal(rein_receipt_builder_new());
    g_set_error(&result->error, REIN_ERROR, REIN_ERROR_FAILED, "%s: %s", what, g_strerror(code));
    return result;
}

void
rein_evolution_run_async(ReinEvolution *self, GCancellable *cancellable, ReinProgressCb progress,
                         gpointer progress_data, GAsyncReadyCallback callback, gpointer user_data)
{
    pthread_t thread;

    g_return_if_fail(self != NULL);

    AsyncRun *run = g_new0(AsyncRun, 1);
    GTask *task = g_task_new(NULL, NULL, callback, user_data);
    run->task = task;
    run->evolution = self;
    run->cancellable = cancellable != NULL ? g_object_ref(cancellable) : NULL;
    run->callback = progress;
    run->user_data = progress_data;
    run->context = g_main_context_ref_thread_default();
    run->n_refs = 1;
    pthread_mutex_init(&run->mutex, NULL);
    g_task_set_check_cancellable(task, FALSE);
    g_task_set_source_tag(task, (gpointer)rein_evolution_run_async);

    const int code = rein_thread_start(&thread, TRUE, async_run_thread, run);
    if (code != 0) {
        async_run_unref(run);
        g_task_return_pointer(task, result_new_failed("evolution: start a thread", code),
                              (GDestroyNotify)rein_result_unref);
        g_object_unref(task);
    }
}

ReinResult *
rein_evolution_run_finish(ReinEvolution *self, GAsyncResult *result)
{
    g_return_val_if_fail(self != NULL && g_task_is_valid(result, NULL), NULL);
    return g_task_propagate_pointer(G_TASK(result), NULL);
}
