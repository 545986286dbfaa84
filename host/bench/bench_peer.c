/* SPDX-License-Identifier: MIT */

#include "bench_peer.h"

#include <bench_evolve.h>
#include <ctt_kernels.h>
#include <gio/gio.h>
#include <rein/error.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "bench_timetable.h"
#include "bench_work.h"
#include "common/state.h"

#define MAX_LINE 4096

/* ---- the side that asks ---- */

/* Where drivers keep what they compile, when the user wants it elsewhere. */
static const char *const cache_variables[] = { "POCL_CACHE_DIR", "MESA_SHADER_CACHE_DIR",
                                               "CUDA_CACHE_PATH" };

static GStrv
make_environment(const Bench *bench, const char *home)
{
    GStrv environment = g_strdupv((char **)bench->environment);

    if (home == NULL) {
        return environment;
    }
    environment = g_environ_setenv(environment, "XDG_STATE_HOME", home, TRUE);
    environment = g_environ_setenv(environment, "XDG_CACHE_HOME", home, TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS(cache_variables); i++) {
        environment = g_environ_unsetenv(environment, cache_variables[i]);
    }
    return environment;
}

static gboolean
peer_greet(BenchPeer *self, GError **error)
{
    g_auto(GStrv) words = g_strsplit(rival_get_choice(self->rival), " ", -1);
    guint64 opened_ns = 0;

    if (g_strv_length(words) != 3 ||
        !g_ascii_string_to_unsigned(words[2], 10, 0, G_MAXINT64, &opened_ns, NULL)) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_FAILED, "rein bench --peer says \"ready %s\"",
                    rival_get_choice(self->rival));
        return FALSE;
    }
    self->device = g_strdup(words[0]);
    self->plugin = g_strdup(words[1]);
    self->opened_ns = (gint64)opened_ns;
    return TRUE;
}

BenchPeer *
bench_peer_start(const Bench *bench, const char *selector, const char *work, const char *home,
                 GError **error)
{
    g_autoptr(BenchPeer) self = g_new0(BenchPeer, 1);
    g_autofree char *program = g_file_read_link("/proc/self/exe", error);
    g_autofree char *limit =
        g_strdup_printf("%" G_GINT64_FORMAT "ms", bench->time_limit_ns / 1000000);
    g_auto(GStrv) environment = make_environment(bench, home);
    const char *const arguments[] = { "bench",  "--peer",           work,     "--device", selector,
                                      "--data", bench->data_folder, "--time", limit,      "--quiet",
                                      NULL };
    const RivalSetup setup = { .program = program,
                               .arguments = arguments,
                               .environment = environment,
                               .answer_ns = bench->answer_ns + bench->time_limit_ns };

    if (program == NULL) {
        return NULL;
    }
    self->rival = rival_start(&setup, error);
    if (self->rival == NULL || !peer_greet(self, error)) {
        g_prefix_error(error, "%s: ", selector);
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
bench_peer_free(BenchPeer *self)
{
    if (self == NULL) {
        return;
    }
    rival_free(self->rival);
    g_free(self->device);
    g_free(self->plugin);
    g_free(self);
}

BenchSide
bench_peer_side(const BenchPeer *self)
{
    return (BenchSide){ .device = self->device, .backend = self->plugin };
}

/* ---- the side that answers ---- */

static gint64
serve_build(Bench *bench, const char *name, GError **error)
{
    g_autofree char *cache = rein_state_make_folder(REIN_STATE_CACHE "/bench", error);
    g_autoptr(TableDevice) device = cache != NULL
                                        ? table_device_open(bench->plugin_path, bench->device->id,
                                                            bench->settings, cache, error)
                                        : NULL;
    const gint64 begun_us = g_get_monotonic_time();
    guint64 program = 0;

    if (device == NULL) {
        return -1;
    }
    if (g_str_equal(name, "evolve_int16")) {
        program =
            table_device_build(device, "evolve_int16", bench_evolve, bench_evolve_size, error);
    } else {
        program = table_device_build(device, "timetable.cl", ctt_kernels, ctt_kernels_size, error);
    }
    return program != 0 ? (g_get_monotonic_time() - begun_us) * 1000 : -1;
}

static gboolean
serve_solve(Bench *bench, guint index, guint seed, GError **error)
{
    g_autoptr(ReinDevice) device = rein_registry_open_device(bench->registry, bench->device->id,
                                                             REIN_DEVICE_IN_PROCESS, error);
    BenchCost cost = { 0 };
    g_autoptr(GError) failure = NULL;

    if (device == NULL) {
        return FALSE;
    }
    if (!bench_timetable_solve(bench, device, index, seed, &cost, &failure)) {
        if (g_error_matches(failure, BENCH_ERROR, BENCH_ERROR_WRONG)) {
            printf("%s\n", failure->message);
            return TRUE;
        }
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n", cost.hard, cost.soft);
    return TRUE;
}

/* One line, one answer; FALSE with an error ends the process. */
static gboolean
serve_line(Bench *bench, BenchWork *work, const char *line, GError **error)
{
    guint first = 0;
    guint second = 0;
    guint progress = 0;
    char name[64] = "";
    gint64 duration_ns = -1;

    if (work != NULL && sscanf(line, "run %u %u %u", &first, &second, &progress) == 3) {
        duration_ns =
            table_device_run(work->device, work->stages, work->n_stages, first, second, error);
    } else if (sscanf(line, "build %63s", name) == 1) {
        duration_ns = serve_build(bench, name, error);
    } else if (sscanf(line, "solve %u %u", &first, &second) == 2) {
        return serve_solve(bench, first, second, error);
    } else {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID, "--peer: not a line to answer: %s",
                    line);
    }
    if (duration_ns < 0) {
        return FALSE;
    }
    printf("%" G_GINT64_FORMAT "\n", duration_ns);
    return TRUE;
}

gboolean
bench_serve(Bench *bench, const char *name, GError **error)
{
    const BenchWorkSpec *spec = bench_work_find(name);
    g_autoptr(BenchWork) work = NULL;
    g_autoptr(GError) failure = NULL;
    char line[MAX_LINE];

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a driver that hangs reads no end of its input */
    if (g_str_equal(name, BENCH_JOB_WORK)) {
        return bench_serve_job(bench, error);
    }
    if (spec == NULL && !g_str_equal(name, BENCH_NO_WORK)) {
        g_set_error(error, REIN_ERROR, REIN_ERROR_INVALID, "--peer: no work is called \"%s\"",
                    name);
        return FALSE;
    }
    if (spec != NULL) {
        work = bench_work_new(bench, spec, bench->device, bench->plugin_path, &failure);
    }
    if (failure != NULL && g_error_matches(failure, BENCH_ERROR, BENCH_ERROR_WRONG)) {
        printf("wrong %s: %s\n", bench->device->id, failure->message);
        return TRUE;
    }
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    printf("ready %s %s %" G_GINT64_FORMAT "\n", bench->device->id, bench->device->plugin,
           bench->opened_ns);
    while (fflush(stdout) == 0 && fgets(line, sizeof line, stdin) != NULL) {
        if (!serve_line(bench, work, line, error)) {
            return FALSE;
        }
    }
    return TRUE;
}
