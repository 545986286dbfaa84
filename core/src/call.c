/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "device_private.h"
#include "error_private.h"
#include "rein_dialect_text.h"
#include "stop_private.h"
#include "text_private.h"

#define MAX_READ_SIZE (G_GUINT64_CONSTANT(1) << 39) /* bytes; not even tried beyond */

static const guint32 never_stopped = 0;

ReinCall *
rein_call_new(ReinCallKind kind, guint64 job)
{
    ReinCall *call = g_new0(ReinCall, 1);

    call->kind = kind;
    call->job = job;
    call->n_refs = 1;
    return call;
}

/* A copy with a NUL behind its last byte; NULL if there is no memory for it. */
static GBytes *
copy_terminated(GBytes *text)
{
    gsize size = 0;
    const char *data = g_bytes_get_data(text, &size);
    char *copy = size < G_MAXSIZE ? g_try_malloc(size + 1) : NULL;

    if (copy == NULL) {
        return NULL;
    }
    if (size > 0) {
        memcpy(copy, data, size);
    }
    copy[size] = '\0';
    return g_bytes_new_with_free_func(copy, size, g_free, copy);
}

ReinCall *
rein_call_new_build(guint64 job, const char *name, GBytes *text, guint32 flags)
{
    g_autoptr(GChecksum) digest = g_checksum_new(G_CHECKSUM_SHA256);
    ReinCall *call = NULL;

    g_return_val_if_fail(name != NULL && text != NULL, NULL);

    call = rein_call_new(REIN_CALL_BUILD, job);
    call->source_name = g_strdup(name);
    call->source_text = copy_terminated(text);
    call->source_dialect = g_bytes_new_static(rein_dialect_text, rein_dialect_text_size);
    call->source_flags = flags;
    g_checksum_update(digest, g_bytes_get_data(call->source_dialect, NULL),
                      (gssize)rein_dialect_text_size);
    g_checksum_update(digest, g_bytes_get_data(text, NULL), (gssize)g_bytes_get_size(text));
    call->source_digest = g_strdup(g_checksum_get_string(digest));
    return call;
}

ReinCall *
rein_call_new_write(guint64 job, guint64 buffer, guint64 offset, GBytes *data)
{
    ReinCall *call = NULL;

    g_return_val_if_fail(data != NULL, NULL);

    call = rein_call_new(REIN_CALL_WRITE, job);
    call->token = buffer;
    call->offset = offset;
    call->data = g_bytes_ref(data);
    call->size = g_bytes_get_size(data);
    return call;
}

ReinCall *
rein_call_new_run(guint64 job, const ReinSlice *slice, ReinStop *stop)
{
    ReinCall *call = NULL;
    gsize stage_size = 0;

    g_return_val_if_fail(slice != NULL && slice->stages != NULL && slice->n_stages > 0, NULL);

    call = rein_call_new(REIN_CALL_RUN_FITNESS, job);
    call->stages = g_new0(ReinStage, slice->n_stages);
    call->kernel_names = g_new0(char *, slice->n_stages + 1);
    stage_size = MIN((gsize)slice->stage_size, sizeof(ReinStage));
    for (guint32 i = 0; i < slice->n_stages; i++) {
        ReinStage *stage = &call->stages[i];

        memcpy(stage, (const char *)slice->stages + (gsize)i * slice->stage_size, stage_size);
        call->kernel_names[i] = g_strdup(stage->kernel != NULL ? stage->kernel : "");
        stage->kernel = call->kernel_names[i];
    }
    memcpy(&call->slice, slice, MIN((gsize)slice->struct_size, sizeof call->slice));
    call->slice.struct_size = sizeof call->slice;
    call->slice.stage_size = sizeof(ReinStage);
    call->slice.stages = call->stages;
    call->stop = stop != NULL ? rein_stop_ref(stop) : NULL;
    return call;
}

ReinCall *
rein_call_ref(ReinCall *call)
{
    g_return_val_if_fail(call != NULL, NULL);

    g_atomic_int_inc(&call->n_refs);
    return call;
}

void
rein_call_unref(ReinCall *call)
{
    if (call == NULL || !g_atomic_int_dec_and_test(&call->n_refs)) {
        return;
    }
    g_clear_pointer(&call->data, g_bytes_unref);
    g_clear_pointer(&call->source_text, g_bytes_unref);
    g_clear_pointer(&call->source_dialect, g_bytes_unref);
    g_clear_pointer(&call->stop, rein_stop_unref);
    g_free(call->source_name);
    g_free(call->source_digest);
    g_free(call->stages);
    g_strfreev(call->kernel_names);
    g_free(call->text);
    g_free(call);
}

gboolean
rein_call_check(ReinCall *call, const char *what, GError **error)
{
    g_return_val_if_fail(call != NULL && what != NULL, FALSE);
    g_return_val_if_fail(error == NULL || *error == NULL, FALSE);

    if (!g_atomic_int_get(&call->is_done)) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_TIMEOUT, "%s: the plugin has not answered", what);
        return FALSE;
    }
    if (call->is_breach) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_PLUGIN, "%s: %s", what, call->text);
        return FALSE;
    }
    if (call->status != REIN_OK) {
        rein_error_set(error, call->status, call->text, what);
        return FALSE;
    }
    return TRUE;
}

static gboolean
makes_token(const ReinCall *call)
{
    return call->kind == REIN_CALL_BUILD || call->kind == REIN_CALL_ALLOCATE;
}

void
rein_call_answer(ReinCall *call, ReinStatus status, const char *text)
{
    g_free(call->text);
    call->text = g_strdup(text);
    call->status = status;
    if (makes_token(call)) {
        call->token = 0;
    }
}

/* The plugin broke the contract: nothing of its answer is used. */
static void answer_breach(ReinCall *call, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
answer_breach(ReinCall *call, const char *format, ...)
{
    g_autofree char *lie = NULL;
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    lie = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    text =
        g_strdup_printf("plugin lies: %s%s%s", lie, call->text[0] != '\0' ? ": " : "", call->text);
    rein_call_answer(call, REIN_ERR_FAILED, text);
    call->is_breach = TRUE;
    call->report = (ReinSliceReport){ 0 };
    call->free_size = 0;
    call->total_size = 0;
    g_clear_pointer(&call->data, g_bytes_unref);
}

static void
perform_build(ReinCall *call, const ReinPluginTable *table, ReinPluginDevice *handle, ReinMsg *msg)
{
    ReinSource source = {
        .struct_size = sizeof source,
        .flags = call->source_flags,
        .name = call->source_name,
        .dialect = g_bytes_get_data(call->source_dialect, NULL),
        .dialect_size = g_bytes_get_size(call->source_dialect),
        .digest = call->source_digest,
    };

    call->token = 0;
    if (call->source_text == NULL) {
        call->status = REIN_ERR_FAILED;
        g_strlcpy(msg->text, "no host memory for the kernel text", msg->size);
        return;
    }
    source.text = g_bytes_get_data(call->source_text, NULL);
    source.text_size = g_bytes_get_size(call->source_text);
    call->status = table->build(handle, call->job, &source, &call->token, msg);
}

static void
perform_read(ReinCall *call, const ReinPluginTable *table, ReinPluginDevice *handle, ReinMsg *msg)
{
    void *data = call->size <= MAX_READ_SIZE ? g_try_malloc(MAX(call->size, 1)) : NULL;

    if (data == NULL) {
        call->status = REIN_ERR_FAILED;
        g_snprintf(msg->text, msg->size, "no host memory for %" G_GUINT64_FORMAT " bytes",
                   call->size);
        return;
    }
    call->status = table->read(handle, call->job, call->token, call->offset, data, call->size, msg);
    if (call->status == REIN_OK) {
        call->data = g_bytes_new_take(data, call->size);
    } else {
        g_free(data);
    }
}

static void
perform_run(ReinCall *call, const ReinPluginTable *table, ReinPluginDevice *handle, ReinMsg *msg)
{
    const volatile guint32 *flag =
        call->stop != NULL ? rein_stop_get_flag(call->stop) : &never_stopped;

    call->report = (ReinSliceReport){ .struct_size = sizeof call->report };
    call->status = table->run_fitness(handle, call->job, &call->slice, flag, &call->report, msg);
}

static void
call_slot(ReinCall *call, const ReinPluginTable *table, ReinPluginDevice *handle, ReinMsg *msg)
{
    call->status = REIN_OK;
    switch (call->kind) {
    case REIN_CALL_BUILD:
        perform_build(call, table, handle, msg);
        break;
    case REIN_CALL_DISCARD:
        call->status = table->discard(handle, call->job, call->token, msg);
        break;
    case REIN_CALL_ALLOCATE:
        call->token = 0;
        call->status =
            table->allocate(handle, call->job, call->size, call->usage, &call->token, msg);
        break;
    case REIN_CALL_RELEASE:
        call->status = table->release(handle, call->job, call->token, msg);
        break;
    case REIN_CALL_WRITE:
        call->status = table->write(handle, call->job, call->token, call->offset,
                                    g_bytes_get_data(call->data, NULL), call->size, msg);
        break;
    case REIN_CALL_READ:
        perform_read(call, table, handle, msg);
        break;
    case REIN_CALL_RUN_FITNESS:
        perform_run(call, table, handle, msg);
        break;
    case REIN_CALL_USAGE:
        call->count = (ReinUsage){ .struct_size = sizeof call->count };
        table->usage(handle, call->job, &call->count);
        break;
    case REIN_CALL_CLEANUP:
        call->count = (ReinUsage){ .struct_size = sizeof call->count };
        table->cleanup(handle, call->job, &call->count);
        break;
    case REIN_CALL_MEMORY_INFO:
        call->status = table->memory_info(handle, &call->free_size, &call->total_size, msg);
        break;
    }
}

/* A slice reports rounds, or the items of its range, and never more than it was given. */
static void
check_report(ReinCall *call)
{
    const ReinSlice *slice = &call->slice;
    ReinSliceReport *report = &call->report;
    guint32 n_items = slice->end_item - slice->first_item;

    if (report->n_rounds > slice->n_rounds) {
        answer_breach(call, "run_fitness reports %u rounds of %u", report->n_rounds,
                      slice->n_rounds);
    } else if (report->n_items > n_items) {
        answer_breach(call, "run_fitness reports %u items of %u", report->n_items, n_items);
    } else if (slice->end_item > 0) {
        report->n_rounds = 0; /* a range of items is counted in items */
    }
}

/* What a caller would act upon is in bounds from here on. */
static void
check_answer(ReinCall *call)
{
    if (!rein_status_is_known(call->status)) {
        answer_breach(call, "it answered with the unknown status %d", (int)call->status);
        return;
    }
    if (call->status != REIN_OK) {
        call->report = (ReinSliceReport){ .n_launches = call->report.n_launches,
                                          .last_launch_ns = call->report.last_launch_ns };
        if (makes_token(call)) {
            call->token = 0;
        }
        return;
    }
    if (call->kind == REIN_CALL_BUILD && call->token == 0) {
        answer_breach(call, "build answered without a program");
    } else if (call->kind == REIN_CALL_ALLOCATE && call->token == 0) {
        answer_breach(call, "allocate answered without a buffer");
    } else if (call->kind == REIN_CALL_RUN_FITNESS) {
        check_report(call);
    } else if (call->kind == REIN_CALL_MEMORY_INFO && call->free_size > call->total_size) {
        answer_breach(call,
                      "memory_info says %" G_GUINT64_FORMAT " bytes are free of %" G_GUINT64_FORMAT,
                      call->free_size, call->total_size);
    }
}

void
rein_call_perform(ReinCall *call, const ReinPluginTable *table, ReinPluginDevice *handle)
{
    char room[REIN_MSG_SIZE];
    g_autofree char *large_room = NULL;
    ReinMsg msg = { .text = room, .size = sizeof room };

    if (call->kind == REIN_CALL_BUILD) {
        large_room = g_malloc(REIN_BUILD_MSG_SIZE);
        msg = (ReinMsg){ .text = large_room, .size = REIN_BUILD_MSG_SIZE };
    }
    /* the plugin may change its copy of the message's place; ours stays */
    ReinMsg given = msg;
    msg.text[0] = '\0';

    call->begun_ns = rein_now_ns();
    call_slot(call, table, handle, &given);
    call->ended_ns = rein_now_ns();

    g_free(call->text);
    call->text = rein_text_lines(msg.text, msg.size);
    check_answer(call);
}
