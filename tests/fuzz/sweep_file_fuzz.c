/* SPDX-License-Identifier: MIT */
/*
 * Feeds any bytes to the reader of the file of a sweep. What it accepts must hold together: every
 * combination that it counts can be told, applied and told apart. The same bytes are then read as a
 * line of results.
 */
#include "sweep/sweep_plan.h"
#include "sweep/sweep_result.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib/gstdio.h>

#define MAX_LOOKED_AT 50u /* combinations from each end */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A folder with the instances that the corpus names. */
static char *folder;
static char *file_path;
static ReinSettings *settings;
static ReinSweepPlan *known_plan;

/* Ends the program in release builds too, where assert() does not. */
static void
require(gboolean is_true)
{
    if (!is_true) {
        abort();
    }
}

static void
write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wbe");

    require(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

static void
remove_folder(void)
{
    const char *const names[] = { "a.ctt", "b.ctt", "s.sol", "x.sweep" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        (void)g_unlink(path);
    }
    (void)g_rmdir(folder);
    rein_sweep_plan_free(known_plan);
    rein_settings_free(settings);
    g_free(file_path);
    g_free(folder);
}

static void
make_folder(void)
{
    static const char known[] =
        "[sweep]\ninstances = a.ctt\nseeds = 1-5\n[settings]\nrounds = 1;2\n";
    const char *const names[] = { "a.ctt", "b.ctt", "s.sol" };

    folder = g_dir_make_tmp("rein-fuzz-XXXXXX", NULL);
    require(folder != NULL);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        write_file(path, names[i], strlen(names[i]));
    }
    file_path = g_build_filename(folder, "x.sweep", NULL);
    settings = rein_settings_load_from(NULL, NULL, NULL, NULL);
    write_file(file_path, known, strlen(known));
    known_plan = rein_sweep_plan_new(rein_sweep_file_read(file_path, settings, NULL), settings);
    (void)atexit(remove_folder);
}

static void
check_combination(const ReinSweepPlan *plan, guint number)
{
    g_autoptr(ReinSettings) copy = rein_settings_copy(settings);
    g_autofree char *text = rein_sweep_plan_describe(plan, number);
    ReinSweepCombination combination = { 0 };
    ReinRunSpec spec = { 0 };

    rein_sweep_plan_get(plan, number, &combination);
    require(combination.number == number);
    require(combination.group < rein_sweep_plan_get_n_groups(plan));
    require(g_utf8_validate(text, -1, NULL));
    rein_sweep_plan_apply(plan, number, copy, &spec);
    require(spec.problem_path == combination.instance->path);
    require(rein_settings_get_number(copy, REIN_SETTING_RUN_SEED) == combination.seed);
    require(spec.time_ns > 0 || spec.n_rounds > 0 || spec.n_evaluations > 0);
}

static void
check_plan(const ReinSweepPlan *plan)
{
    guint n = rein_sweep_plan_get_n(plan);

    require(n >= 1 && n <= REIN_SWEEP_MAX_COMBINATIONS);
    require(strlen(rein_sweep_plan_get_digest(plan)) == 64);
    (void)rein_sweep_plan_chooses_device(plan);
    for (guint i = 0; i < MIN(n, MAX_LOOKED_AT); i++) {
        check_combination(plan, 1 + i);
        check_combination(plan, n - i);
    }
}

static void
check_line(const uint8_t *data, size_t size)
{
    g_autofree char *line = g_strndup((const char *)data, size);
    g_autoptr(ReinSweepResult) result = rein_sweep_result_parse(line, known_plan);

    if (result == NULL) {
        return;
    }
    require(result->number >= 1 && result->number <= rein_sweep_plan_get_n(known_plan));
    /* what was read can be written, and is read as the same */
    g_autofree char *written = rein_sweep_result_to_line(result, known_plan);
    g_autoptr(ReinSweepResult) again = rein_sweep_result_parse(written, known_plan);
    require(again != NULL && again->number == result->number);
    require(again->n_planes == result->n_planes && again->exit_code == result->exit_code);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;

    if (folder == NULL) {
        make_folder();
    }
    check_line(data, size);
    write_file(file_path, data, size);
    ReinSweepFile *file = rein_sweep_file_read(file_path, settings, &error);
    require((file != NULL) == (error == NULL));
    require(error == NULL || g_str_has_prefix(error->message, file_path));
    if (file != NULL) {
        g_autoptr(ReinSweepPlan) plan = rein_sweep_plan_new(file, settings);
        check_plan(plan);
    }
    return 0;
}
