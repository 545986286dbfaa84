/* SPDX-License-Identifier: MIT */

/* Reads a result back from its line. A line may be anything; members that are missing or of another
 * kind make it no result. */

#include <string.h>

#include "sweep_result.h"

#define FEASIBLE "feasible"

/* The member, or NULL unless it is there and a value of `type`. */
static JsonNode *
find_value(JsonObject *object, const char *member, GType type)
{
    JsonNode *node = json_object_get_member(object, member);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type
               ? node
               : NULL;
}

/* A number that counts; an error in any of them is kept in `is_good`. */
static guint64
take_number(JsonObject *object, const char *member, gboolean *is_good)
{
    JsonNode *node = find_value(object, member, G_TYPE_INT64);
    gint64 number = node != NULL ? json_node_get_int(node) : -1;

    *is_good &= number >= 0;
    return (guint64)MAX(number, 0);
}

static double
take_real(JsonObject *object, const char *member, gboolean *is_good)
{
    JsonNode *node = json_object_get_member(object, member);
    gboolean is_number = node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                         (json_node_get_value_type(node) == G_TYPE_INT64 ||
                          json_node_get_value_type(node) == G_TYPE_DOUBLE);

    *is_good &= is_number;
    return is_number ? json_node_get_double(node) : 0;
}

static gboolean
take_truth(JsonObject *object, const char *member, gboolean *is_good)
{
    JsonNode *node = find_value(object, member, G_TYPE_BOOLEAN);

    *is_good &= node != NULL;
    return node != NULL && json_node_get_boolean(node);
}

/* (transfer full) (nullable): text or null */
static char *
take_text(JsonObject *object, const char *member, gboolean *is_good)
{
    JsonNode *node = json_object_get_member(object, member);

    if (node != NULL && JSON_NODE_HOLDS_NULL(node)) {
        return NULL;
    }
    node = find_value(object, member, G_TYPE_STRING);
    *is_good &= node != NULL;
    return node != NULL ? g_strdup(json_node_get_string(node)) : NULL;
}

/* (nullable): the object `member`; null is none, anything else no result. */
static JsonObject *
take_object(JsonObject *object, const char *member, gboolean *is_good)
{
    JsonNode *node = json_object_get_member(object, member);
    gboolean is_object = node != NULL && JSON_NODE_HOLDS_OBJECT(node);

    *is_good &= is_object || (node != NULL && JSON_NODE_HOLDS_NULL(node));
    return is_object ? json_node_get_object(node) : NULL;
}

/* The planes are in the order in which they were written. */
static void
take_cost(ReinSweepResult *self, JsonObject *best, gboolean *is_good)
{
    g_autoptr(GList) names = json_object_get_members(best);

    self->is_feasible = take_truth(best, FEASIBLE, is_good);
    for (GList *at = names; at != NULL; at = at->next) {
        const char *name = at->data;
        if (strcmp(name, FEASIBLE) == 0) {
            continue;
        }
        if (self->n_planes == REIN_MAX_PLANES) {
            *is_good = FALSE;
            return;
        }
        self->planes[self->n_planes] = take_real(best, name, is_good);
        self->plane_names[self->n_planes++] = g_strdup(name);
    }
}

static void
take_members(ReinSweepResult *self, JsonObject *object, gboolean *is_good)
{
    JsonObject *best = take_object(object, "best", is_good);
    JsonObject *receipt = take_object(object, "receipt", is_good);

    self->outcome = take_text(object, "outcome", is_good);
    self->error = take_text(object, "error", is_good);
    self->exit_code = (ReinExitCode)take_number(object, "exit_code", is_good);
    self->n_rounds = take_number(object, "rounds", is_good);
    self->n_evaluations = take_number(object, "evaluations", is_good);
    self->n_moves = take_number(object, "moves", is_good);
    self->seconds = take_real(object, "seconds", is_good);
    self->device = take_text(object, "device", is_good);
    self->is_warm = take_truth(object, "warm", is_good);
    self->solution = take_text(object, "solution", is_good);
    self->job = take_text(object, "job", is_good);
    if (best != NULL) {
        take_cost(self, best, is_good);
    }
    *is_good &= receipt != NULL && self->outcome != NULL;
    if (receipt != NULL) {
        self->is_clean = take_truth(receipt, "clean", is_good);
        self->leaked_size = take_number(receipt, "leaked_bytes", is_good);
        self->teardown_ms = take_real(receipt, "teardown_ms", is_good);
    }
}

ReinSweepResult *
rein_sweep_result_parse(const char *line, const ReinSweepPlan *plan)
{
    g_autoptr(JsonNode) root = json_from_string(line, NULL);
    g_autoptr(ReinSweepResult) self = NULL;
    gboolean is_good = TRUE;

    g_return_val_if_fail(plan != NULL, NULL);

    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        return NULL;
    }
    JsonObject *object = json_node_get_object(root);
    guint64 version = take_number(object, "v", &is_good);
    guint64 number = take_number(object, "index", &is_good);
    if (!is_good || version != REIN_SWEEP_VERSION || number < 1 ||
        number > rein_sweep_plan_get_n(plan)) {
        return NULL;
    }
    self = g_new0(ReinSweepResult, 1);
    self->number = (guint)number;
    take_members(self, object, &is_good);
    return is_good ? g_steal_pointer(&self) : NULL;
}
