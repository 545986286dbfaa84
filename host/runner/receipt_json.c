/* SPDX-License-Identifier: MIT */

#include "receipt_json.h"

#include <math.h>

#include "common/json.h"
#include "common/value.h"

#define NS_PER_MS 1e6

/* In milliseconds, to the microsecond. */
static void
add_duration(JsonBuilder *builder, const char *member, gint64 duration_ns)
{
    rein_json_add_real(builder, member, round((double)duration_ns / 1e3) / 1e3);
}

static void
add_rungs(JsonBuilder *builder, ReinReceipt *receipt)
{
    guint n_rungs = receipt != NULL ? rein_receipt_get_n_rungs(receipt) : 0;

    json_builder_set_member_name(builder, "rungs");
    json_builder_begin_array(builder);
    for (guint i = 0; i < n_rungs; i++) {
        const ReinReceiptRung *rung = rein_receipt_get_rung(receipt, i);
        json_builder_begin_object(builder);
        rein_json_add_text(builder, "name", rung->name);
        add_duration(builder, "at_ms", rung->at_ns);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void
add_kinds(JsonBuilder *builder, ReinReceipt *receipt)
{
    guint n_kinds = receipt != NULL ? rein_receipt_get_n_kinds(receipt) : 0;

    json_builder_set_member_name(builder, "held");
    json_builder_begin_array(builder);
    for (guint i = 0; i < n_kinds; i++) {
        const ReinReceiptKind *kind = rein_receipt_get_kind(receipt, i);
        json_builder_begin_object(builder);
        rein_json_add_text(builder, "kind", kind->kind);
        rein_json_add_number(builder, "held", kind->n_held);
        rein_json_add_number(builder, "bytes", (gint64)kind->held_size);
        rein_json_add_number(builder, "left", kind->n_left);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void
add_steps(JsonBuilder *builder, ReinReceipt *receipt)
{
    guint n_steps = receipt != NULL ? rein_receipt_get_n_steps(receipt) : 0;

    json_builder_set_member_name(builder, "steps");
    json_builder_begin_array(builder);
    for (guint i = 0; i < n_steps; i++) {
        const ReinReceiptStep *step = rein_receipt_get_step(receipt, i);
        json_builder_begin_object(builder);
        rein_json_add_text(builder, "kind", step->kind);
        rein_json_add_text(builder, "name", step->name);
        rein_json_add_number(builder, "bytes", (gint64)step->size);
        add_duration(builder, "ms", step->duration_ns);
        rein_json_add_text(builder, "error", step->error);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

void
rein_receipt_add_json(JsonBuilder *builder, ReinReceipt *receipt, gboolean has_steps)
{
    gboolean is_real = receipt != NULL;
    gint64 stop_ns = is_real ? rein_receipt_get_stop_ns(receipt) : -1;

    g_return_if_fail(builder != NULL);

    rein_json_add_boolean(builder, "clean", rein_receipt_is_clean_or_null(receipt));
    rein_json_add_boolean(builder, "abandoned", is_real && rein_receipt_is_abandoned(receipt));
    rein_json_add_number(builder, "released_bytes",
                         is_real ? (gint64)rein_receipt_get_released_size(receipt) : 0);
    rein_json_add_number(builder, "leaked_bytes",
                         is_real ? (gint64)MIN(rein_receipt_get_leaked_size(receipt), G_MAXINT64)
                                 : 0);
    add_duration(builder, "teardown_ms", is_real ? rein_receipt_get_teardown_ns(receipt) : 0);
    rein_json_add_text(builder, "memory",
                       is_real ? rein_memory_check_to_string(rein_receipt_get_memory_check(receipt))
                               : NULL);
    add_duration(builder, "memory_ms", is_real ? rein_receipt_get_memory_check_ns(receipt) : 0);
    rein_json_add_text(builder, "isolation",
                       is_real ? rein_isolation_to_string(rein_receipt_get_isolation(receipt))
                               : NULL);
    rein_json_add_text(builder, "worker",
                       is_real ? rein_worker_fate_to_string(rein_receipt_get_worker_fate(receipt))
                               : NULL);
    rein_json_add_number(builder, "swept", is_real ? rein_receipt_get_n_swept(receipt) : 0);
    rein_json_add_real(builder, "stop_ms", stop_ns >= 0 ? round((double)stop_ns / 1e3) / 1e3 : NAN);
    rein_json_add_number(builder, "launches",
                         is_real ? (gint64)rein_receipt_get_n_launches(receipt) : 0);
    rein_json_add_number(builder, "launches_after_stop",
                         is_real ? (gint64)rein_receipt_get_n_launches_after_stop(receipt) : 0);
    add_rungs(builder, receipt);
    add_kinds(builder, receipt);
    if (has_steps) {
        add_steps(builder, receipt);
    }
}

static guint
count_failed_steps(ReinReceipt *receipt)
{
    guint n_failed = 0;

    for (guint i = 0; i < rein_receipt_get_n_steps(receipt); i++) {
        n_failed += rein_receipt_get_step(receipt, i)->error != NULL ? 1 : 0;
    }
    return n_failed;
}

static void
append_stop(GString *text, ReinReceipt *receipt)
{
    gint64 stop_ns = rein_receipt_get_stop_ns(receipt);

    if (stop_ns < 0) {
        return;
    }
    g_string_append_printf(text,
                           "  stop: the device was idle %.1f ms after the flag, %" G_GUINT64_FORMAT
                           " launches after it",
                           (double)stop_ns / NS_PER_MS,
                           rein_receipt_get_n_launches_after_stop(receipt));
    for (guint i = 0; i < rein_receipt_get_n_rungs(receipt); i++) {
        const ReinReceiptRung *rung = rein_receipt_get_rung(receipt, i);
        g_string_append_printf(text, "%s%s %.1f ms", i == 0 ? " (" : ", ", rung->name,
                               (double)rung->at_ns / NS_PER_MS);
    }
    g_string_append(text, rein_receipt_get_n_rungs(receipt) > 0 ? ")\n" : "\n");
}

char *
rein_receipt_to_text(ReinReceipt *receipt)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (receipt == NULL) {
        return g_strdup("receipt: clean, nothing was held\n");
    }
    g_autofree char *released = rein_value_describe_size(rein_receipt_get_released_size(receipt));
    g_autofree char *leaked = rein_value_describe_size(rein_receipt_get_leaked_size(receipt));
    g_string_append_printf(text, "receipt: %s\n",
                           rein_receipt_is_abandoned(receipt) ? "NOT CLEAN, the device was given up"
                           : rein_receipt_is_clean(receipt)   ? "clean, everything was given back"
                                                              : "NOT CLEAN");
    g_string_append_printf(text, "  %u pieces, %s released in %.1f ms, %s leaked",
                           rein_receipt_get_n_steps(receipt), released,
                           (double)rein_receipt_get_teardown_ns(receipt) / NS_PER_MS, leaked);
    guint n_failed = count_failed_steps(receipt);
    if (n_failed > 0) {
        g_string_append_printf(text, ", %u steps failed", n_failed);
    }
    g_string_append_c(text, '\n');
    append_stop(text, receipt);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

GStrv
rein_receipt_describe_kinds(ReinReceipt *receipt)
{
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();

    for (guint i = 0; receipt != NULL && i < rein_receipt_get_n_kinds(receipt); i++) {
        const ReinReceiptKind *kind = rein_receipt_get_kind(receipt, i);
        g_autofree char *size = rein_value_describe_size(kind->held_size);
        g_autofree char *line = g_strdup_printf("%s: %u held (%s), %u left", kind->kind,
                                                kind->n_held, size, kind->n_left);
        g_strv_builder_add(lines, line);
    }
    return g_strv_builder_end(lines);
}

gboolean
rein_receipt_is_clean_or_null(ReinReceipt *receipt)
{
    return receipt == NULL || rein_receipt_is_clean(receipt);
}
