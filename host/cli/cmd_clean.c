/* SPDX-License-Identifier: MIT */

#include <rein/error.h>
#include <rein/leftovers.h>

#include "cli.h"
#include "columns.h"
#include "commands.h"
#include "common/json.h"
#include "common/state.h"
#include "common/value.h"
#include "runner/job_tidy.h"

/* One piece that goes, or would. */
typedef struct Item {
    const char *kind;
    char *path;
    gint64 pid;
    char *reason;
    guint64 size;
    gboolean is_removed;
    char *failure; /* NULL: none */
} Item;

typedef struct Cleaning {
    gboolean is_dry_run;
    char *state_folder;
    char *jobs_folder;
    GPtrArray *items;
} Cleaning;

static void
item_free(gpointer data)
{
    Item *item = data;

    g_free(item->path);
    g_free(item->reason);
    g_free(item->failure);
    g_free(item);
}

static void
cleaning_init(Cleaning *self, gboolean is_dry_run)
{
    self->is_dry_run = is_dry_run;
    self->state_folder = rein_state_get_folder();
    self->jobs_folder = rein_state_path(REIN_STATE_JOBS);
    self->items = g_ptr_array_new_with_free_func(item_free);
}

static void
cleaning_clear(Cleaning *self)
{
    g_clear_pointer(&self->state_folder, g_free);
    g_clear_pointer(&self->jobs_folder, g_free);
    g_clear_pointer(&self->items, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Cleaning, cleaning_clear)

/* ---- act ---- */

static void
clean_leftovers(Cleaning *self)
{
    g_autofree char *cache_folder = rein_state_path(REIN_STATE_CACHE);
    g_autoptr(GPtrArray) leftovers = rein_leftovers_find(self->state_folder, cache_folder);

    if (!self->is_dry_run) {
        (void)rein_leftovers_remove(leftovers);
    }
    for (guint i = 0; i < leftovers->len; i++) {
        const ReinLeftover *leftover = g_ptr_array_index(leftovers, i);
        Item *item = g_new0(Item, 1);
        item->kind = rein_leftover_kind_to_string(leftover->kind);
        item->path = g_strdup(leftover->path);
        item->pid = leftover->pid;
        item->reason = g_strdup(leftover->reason);
        item->size = leftover->size;
        item->is_removed = leftover->is_removed;
        item->failure = g_strdup(leftover->failure);
        g_ptr_array_add(self->items, item);
    }
}

static void
add_job(const char *name, guint64 size, const char *reason, gboolean is_removed, gpointer user_data)
{
    Cleaning *self = user_data;
    Item *item = g_new0(Item, 1);

    item->kind = "job";
    item->path = g_build_filename(self->jobs_folder, name, NULL);
    item->reason = g_strdup(reason);
    item->size = size;
    item->is_removed = is_removed;
    if (!is_removed && !self->is_dry_run) {
        item->failure = g_strdup("it cannot be removed, or was taken up again");
    }
    g_ptr_array_add(self->items, item);
}

static void
clean_jobs(Cleaning *self, const ReinSettings *settings)
{
    const ReinJobTidyWatch watch = { self->is_dry_run, add_job, self };
    ReinJobTidyReport report = { 0 };

    rein_job_tidy_watched(
        self->jobs_folder, rein_settings_get_duration_ns(settings, REIN_SETTING_JOBS_KEEP_AGE),
        rein_settings_get_size(settings, REIN_SETTING_JOBS_KEEP_SIZE), NULL, &watch, &report);
}

/* ---- say ---- */

/* The sum of what is gone, or would be, and how many could not be removed. */
static guint64
sum_up(const Cleaning *self, guint *n_gone, guint *n_failed)
{
    guint64 size = 0;

    *n_gone = *n_failed = 0;
    for (guint i = 0; i < self->items->len; i++) {
        const Item *item = g_ptr_array_index(self->items, i);

        if (item->failure != NULL) {
            (*n_failed)++;
        } else {
            (*n_gone)++;
            size += item->size;
        }
    }
    return size;
}

static void
print_text(const Cleaning *self, const ReinOutput *output)
{
    static const char *const heading[] = { "KIND", "STATE", "SIZE", "WHAT", "WHY" };
    g_autoptr(Columns) columns = columns_new(G_N_ELEMENTS(heading), 0x4);
    guint n_gone = 0;
    guint n_failed = 0;
    const guint64 size = sum_up(self, &n_gone, &n_failed);
    g_autofree char *sum = rein_value_describe_size(size);

    for (guint i = 0; i < G_N_ELEMENTS(heading); i++) {
        columns_add(columns, heading[i]);
    }
    for (guint i = 0; i < self->items->len; i++) {
        const Item *item = g_ptr_array_index(self->items, i);
        g_autofree char *item_size = rein_value_describe_size(item->size);
        g_autofree char *what =
            item->pid > 0 ? g_strdup_printf("%" G_GINT64_FORMAT " %s", item->pid, item->path)
                          : g_strdup(item->path);
        const char *done = self->is_dry_run ? "would go" : "removed";
        columns_add(columns, item->kind);
        columns_add(columns, item->failure != NULL ? "stays" : done);
        columns_add(columns, item_size);
        columns_add(columns, what);
        columns_add(columns, item->failure != NULL ? item->failure : item->reason);
    }
    if (self->items->len > 0) {
        columns_print(columns, output);
        rein_output_print(output, "\n");
    }
    rein_output_print(output, self->is_dry_run ? "%u would be removed, %s\n" : "%u removed, %s\n",
                      n_gone, sum);
}

static JsonNode *
describe_item(const Item *item)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    rein_json_add_text(builder, "type", "item");
    rein_json_add_text(builder, "kind", item->kind);
    rein_json_add_text(builder, "path", item->path);
    rein_json_add_number(builder, "pid", item->pid);
    rein_json_add_text(builder, "reason", item->reason);
    rein_json_add_number(builder, "bytes", (gint64)item->size);
    rein_json_add_boolean(builder, "removed", item->is_removed);
    rein_json_add_text(builder, "error", item->failure);
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

static void
add_summary(const Cleaning *self, JsonBuilder *builder)
{
    guint n_gone = 0;
    guint n_failed = 0;
    const guint64 size = sum_up(self, &n_gone, &n_failed);

    rein_json_add_boolean(builder, "dry_run", self->is_dry_run);
    rein_json_add_number(builder, "removed", self->is_dry_run ? 0 : n_gone);
    rein_json_add_number(builder, "removed_bytes", self->is_dry_run ? 0 : (gint64)size);
    rein_json_add_number(builder, "failed", n_failed);
}

static void
print_json(const Cleaning *self, const ReinOutput *output)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    const gboolean is_ndjson = output->format == REIN_OUTPUT_NDJSON;

    json_builder_begin_object(builder);
    if (is_ndjson) {
        rein_json_add_text(builder, "type", "summary");
    }
    add_summary(self, builder);
    if (!is_ndjson) {
        json_builder_set_member_name(builder, "items");
        json_builder_begin_array(builder);
    }
    for (guint i = 0; i < self->items->len; i++) {
        g_autoptr(JsonNode) node = describe_item(g_ptr_array_index(self->items, i));
        if (is_ndjson) {
            rein_output_print_json(output, node);
        } else {
            json_builder_add_value(builder, g_steal_pointer(&node));
        }
    }
    if (!is_ndjson) {
        json_builder_end_array(builder);
    }
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    rein_output_print_json(output, root);
}

/* The first that stays, as the error of all of them. */
static gboolean
check_failures(const Cleaning *self, GError **error)
{
    guint n_gone = 0;
    guint n_failed = 0;

    (void)sum_up(self, &n_gone, &n_failed);
    for (guint i = 0; n_failed > 0 && i < self->items->len; i++) {
        const Item *item = g_ptr_array_index(self->items, i);

        if (item->failure != NULL) {
            g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                        "clean: %u could not be removed, first %s%s: %s (mend that, then run rein "
                        "clean again)",
                        n_failed, item->pid > 0 ? "the process of " : "", item->path,
                        item->failure);
            return FALSE;
        }
    }
    return TRUE;
}

static int
clean(Cli *cli, gboolean is_dry_run)
{
    g_auto(Cleaning) cleaning = { 0 };
    g_autoptr(GError) error = NULL;

    cleaning_init(&cleaning, is_dry_run);
    clean_leftovers(&cleaning);
    clean_jobs(&cleaning, cli->settings);
    if (cli->output.format == REIN_OUTPUT_TEXT) {
        print_text(&cleaning, &cli->output);
    } else {
        print_json(&cleaning, &cli->output);
    }
    return check_failures(&cleaning, &error) ? cli_end(cli, REIN_EXIT_OK) : cli_fail(cli, error);
}

int
cmd_clean(int argc, char **argv)
{
    gboolean is_dry_run = FALSE;
    g_autofree char *older = NULL;
    const GOptionEntry entries[] = {
        { "older", 0, 0, G_OPTION_ARG_STRING, &older,
          "Remove folders of jobs that ended longer ago (jobs.keep-age)", "T" },
        { "dry-run", 'n', 0, G_OPTION_ARG_NONE, &is_dry_run, "Only say what would be removed",
          NULL },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };
    const CliUsage usage = {
        .verb = "clean",
        .arguments = "",
        .summary = "Removes what killed runs left, and folders of old jobs.",
        .details = "What a process left is removed if the process is known to be dead by its boot, "
                   "number and\nstart time. Jobs that run are left alone. Exit code 2 if something "
                   "could not be removed.",
        .entries = entries,
    };
    g_auto(Cli) cli = { 0 };
    g_autoptr(GError) error = NULL;
    int code = 0;

    if (!cli_begin(&cli, &usage, argc, argv, &code)) {
        return code;
    }
    if (!cli_set(&cli, REIN_SETTING_JOBS_KEEP_AGE, older, "--older", &error)) {
        return cli_fail(&cli, error);
    }
    return clean(&cli, is_dry_run);
}
