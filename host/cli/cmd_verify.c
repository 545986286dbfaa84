/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include <rein/error.h>

#include "cli.h"
#include "columns.h"
#include "commands.h"
#include "common/json.h"
#include "problems/format.h"
#include "runner/save.h"

/* Violations in one JSON document; a hostile solution has millions. */
#define MAX_LISTED 100000u

#define TO_STDOUT "-"

/* What was asked for, and what there is to say about it. */
typedef struct Verdict {
    const char *solution_path;
    const char *csv_path; /* NULL: no table was asked for */
    gboolean is_explained;
    gboolean is_shown; /* as a grid */
    ReinProblemFile *file;
    ReinSolution *solution;
    ReinScore score;
} Verdict;

static void
verdict_clear(Verdict *self)
{
    if (self->file != NULL) {
        self->file->format->free_solution(g_steal_pointer(&self->solution));
    }
    g_clear_pointer(&self->file, rein_problem_file_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Verdict, verdict_clear)

/* Where violations go while they are told. */
typedef struct Teller {
    const ReinOutput *output;
    JsonBuilder *builder; /* of the one JSON document, else NULL */
    guint n_told;
    guint n_left_out;
} Teller;

/* Says so if what was given as the solution is a problem. */
static void
explain_swap(const char *problem_path, const char *solution_path, GError **error)
{
    g_autoptr(ReinProblemFile) swapped = NULL;

    if (!g_error_matches(*error, REIN_PROBLEM_FORMAT_ERROR, REIN_PROBLEM_FORMAT_ERROR_UNKNOWN)) {
        return;
    }
    swapped = rein_problem_file_load(solution_path, NULL);
    if (swapped != NULL) {
        g_clear_error(error);
        g_set_error(error, REIN_PROBLEM_FORMAT_ERROR, REIN_PROBLEM_FORMAT_ERROR_UNKNOWN,
                    "%s is no problem, but %s is (PROBLEM comes first: rein verify PROBLEM "
                    "SOLUTION)",
                    problem_path, solution_path);
    }
}

static gboolean
load(Verdict *self, const char *problem_path, GError **error)
{
    self->file = rein_problem_file_load(problem_path, error);
    if (self->file == NULL) {
        explain_swap(problem_path, self->solution_path, error);
        return FALSE;
    }
    rein_problem_file_check(self->file);
    self->solution = rein_problem_file_load_solution(self->file, self->solution_path, error);
    if (self->solution == NULL) {
        return FALSE;
    }
    self->file->format->score(self->file->instance, self->solution, &self->score);
    return TRUE;
}

/* The table must not take the place of what it was made from. */
static gboolean
check_csv_place(const Verdict *self, GError **error)
{
    gboolean is_problem = rein_save_is_same_place(self->csv_path, self->file->path);

    if (!is_problem && !rein_save_is_same_place(self->csv_path, self->solution_path)) {
        return TRUE;
    }
    g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID,
                "%s: the table would replace the %s (choose another place)", self->csv_path,
                is_problem ? "problem" : "solution");
    return FALSE;
}

static gboolean
write_csv(const Verdict *self, const ReinOutput *output, GError **error)
{
    if (self->csv_path == NULL) {
        return TRUE;
    }
    g_autofree char *table = self->file->format->show_csv(self->file->instance, self->solution);
    if (strcmp(self->csv_path, TO_STDOUT) == 0) {
        rein_output_print(output, "%s", table);
        return TRUE;
    }
    return check_csv_place(self, error) &&
           rein_save_text(self->csv_path, table, strlen(table), error);
}

static void
print_parts(const Verdict *self, const ReinOutput *output)
{
    g_autoptr(Columns) columns = columns_new(3, 0x2);

    columns_add(columns, "PART");
    columns_add(columns, "COST");
    columns_add(columns, "");
    for (guint i = 0; i < self->score.n_parts; i++) {
        const ReinScorePart *part = &self->score.parts[i];
        g_autofree char *cost = g_strdup_printf("%" G_GINT64_FORMAT, part->cost);
        columns_add(columns, part->name);
        columns_add(columns, cost);
        columns_add(columns, part->is_hard ? "hard" : "");
    }
    columns_print(columns, output);
}

/* "hard 0, soft 5, feasible" (transfer full) */
static char *
summarise(const Verdict *self)
{
    GString *line = g_string_new(NULL);

    for (guint i = 0; i < self->score.n_planes; i++) {
        g_string_append_printf(line, "%s %.15g, ", self->file->format->plane_names[i],
                               self->score.planes[i]);
    }
    g_string_append(line, self->score.is_feasible ? "feasible" : "not feasible");
    if (self->score.n_warnings > 0) {
        g_string_append_printf(line, ", %u %s not count", self->score.n_warnings,
                               self->score.n_warnings == 1 ? "entry does" : "entries do");
    }
    return g_string_free(line, FALSE);
}

static void
print_violation(const ReinViolation *violation, gpointer user_data)
{
    const Teller *teller = user_data;

    rein_output_print(teller->output, "%s%s\n", violation->is_warning ? "warning: " : "",
                      violation->text);
}

static void
print_text(const Verdict *self, const ReinOutput *output)
{
    const ReinProblemFormat *format = self->file->format;
    g_autofree char *line = summarise(self);

    print_parts(self, output);
    rein_output_print(output, "\n%s\n", line);
    if (self->is_explained) {
        Teller teller = { .output = output };
        rein_output_print(output, "\n");
        format->explain(self->file->instance, self->solution, print_violation, &teller);
    }
    if (self->is_shown) {
        g_autofree char *grid = format->show(self->file->instance, self->solution, output->width);
        rein_output_print(output, "\n%s", grid);
    }
}

static void
add_violation(JsonBuilder *builder, const ReinViolation *violation)
{
    rein_json_add_text(builder, "part", violation->part);
    rein_json_add_number(builder, "cost", violation->cost);
    rein_json_add_boolean(builder, "warning", violation->is_warning);
    rein_json_add_text(builder, "text", violation->text);
}

static void
collect_violation(const ReinViolation *violation, gpointer user_data)
{
    Teller *teller = user_data;

    if (teller->n_told >= MAX_LISTED) {
        teller->n_left_out++;
        return;
    }
    teller->n_told++;
    json_builder_begin_object(teller->builder);
    add_violation(teller->builder, violation);
    json_builder_end_object(teller->builder);
}

static void
print_violation_line(const ReinViolation *violation, gpointer user_data)
{
    const Teller *teller = user_data;
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    rein_json_add_text(builder, "type", "violation");
    add_violation(builder, violation);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    rein_output_print_json(teller->output, root);
}

static void
add_score(JsonBuilder *builder, const Verdict *self)
{
    const ReinProblemFile *file = self->file;

    rein_json_add_text(builder, "type", "score");
    rein_json_add_text(builder, "problem", file->path);
    rein_json_add_text(builder, "problem_format", file->format->name);
    rein_json_add_text(builder, "problem_name", file->format->get_name(file->instance));
    rein_json_add_text(builder, "solution", self->solution_path);
    rein_json_add_boolean(builder, "feasible", self->score.is_feasible);
    for (guint i = 0; i < self->score.n_planes; i++) {
        double plane = self->score.planes[i];
        if (plane == floor(plane) && fabs(plane) < 0x1p53) {
            rein_json_add_number(builder, file->format->plane_names[i], (gint64)plane);
        } else {
            rein_json_add_real(builder, file->format->plane_names[i], plane);
        }
    }
    json_builder_set_member_name(builder, "parts");
    json_builder_begin_object(builder);
    for (guint i = 0; i < self->score.n_parts; i++) {
        rein_json_add_number(builder, self->score.parts[i].name, self->score.parts[i].cost);
    }
    json_builder_end_object(builder);
    rein_json_add_number(builder, "warnings", self->score.n_warnings);
}

static void
add_violations(JsonBuilder *builder, const Verdict *self)
{
    Teller teller = { .builder = builder };

    json_builder_set_member_name(builder, "violations");
    json_builder_begin_array(builder);
    self->file->format->explain(self->file->instance, self->solution, collect_violation, &teller);
    json_builder_end_array(builder);
    rein_json_add_number(builder, "violations_left_out", teller.n_left_out);
}

/* One document; as ndjson the violations are lines of their own and come first. */
static void
print_json(const Verdict *self, const ReinOutput *output)
{
    const ReinProblemFormat *format = self->file->format;
    g_autoptr(JsonBuilder) builder = json_builder_new();
    gboolean is_one_document = output->format == REIN_OUTPUT_JSON;

    if (self->is_explained && !is_one_document) {
        Teller teller = { .output = output };
        format->explain(self->file->instance, self->solution, print_violation_line, &teller);
    }
    json_builder_begin_object(builder);
    add_score(builder, self);
    if (self->is_explained && is_one_document) {
        add_violations(builder, self);
    }
    if (self->is_shown) {
        g_autofree char *grid = format->show(self->file->instance, self->solution, 0);
        rein_json_add_text(builder, "grid", grid);
    }
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    rein_output_print_json(output, root);
}

static int
verify(Cli *cli, Verdict *verdict)
{
    g_autoptr(GError) error = NULL;

    if (!load(verdict, cli->arguments[0], &error) || !write_csv(verdict, &cli->output, &error)) {
        return cli_fail(cli, error);
    }
    if (g_strcmp0(verdict->csv_path, TO_STDOUT) == 0) {
        g_autofree char *line = summarise(verdict);
        rein_output_note(&cli->output, "%s", line);
    } else if (cli->output.format == REIN_OUTPUT_TEXT) {
        print_text(verdict, &cli->output);
    } else {
        print_json(verdict, &cli->output);
    }
    return cli_end(cli, verdict->score.is_feasible ? REIN_EXIT_OK : REIN_EXIT_INFEASIBLE);
}

int
cmd_verify(int argc, char **argv)
{
    g_auto(Verdict) verdict = { 0 };
    g_autofree char *csv_path = NULL;
    const GOptionEntry entries[] = {
        { "explain", 'e', 0, G_OPTION_ARG_NONE, &verdict.is_explained,
          "List each violation with what it costs", NULL },
        { "grid", 'g', 0, G_OPTION_ARG_NONE, &verdict.is_shown, "Show the solution as a grid",
          NULL },
        { "csv", 0, 0, G_OPTION_ARG_FILENAME, &csv_path,
          "Write the solution as a table for a spreadsheet; - is stdout, and the score goes to stderr",
          "FILE" },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };
    const CliUsage usage = {
        .verb = "verify",
        .arguments = "PROBLEM SOLUTION",
        .n_least = 2,
        .n_most = 2,
        .summary = "Scores a solution on the host, by other code than the kernels'.",
        .details = "Exit code 0 if it is feasible, 5 if not, 2 if a file cannot be read.",
        .entries = entries,
    };
    g_auto(Cli) cli = { 0 };
    int code = 0;

    if (!cli_begin(&cli, &usage, argc, argv, &code)) {
        return code;
    }
    verdict.solution_path = cli.arguments[1];
    verdict.csv_path = csv_path;
    if (g_strcmp0(csv_path, TO_STDOUT) == 0 &&
        (verdict.is_explained || verdict.is_shown || cli.output.format != REIN_OUTPUT_TEXT)) {
        return cli_fail_usage(&usage, "--csv - leaves no room on stdout for anything else");
    }
    return verify(&cli, &verdict);
}
