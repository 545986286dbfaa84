/* SPDX-License-Identifier: MIT */

#include "cpu_settings.h"

#include <string.h>

#include "cpu_machine.h"
#include "plugin_msg.h"

static const char *const level_names[CPU_N_LEVELS] = { "baseline", "avx2", "avx512" };

const char *
cpu_level_name(uint32_t level)
{
    return level < CPU_N_LEVELS ? level_names[level] : "unknown";
}

/* Decimal digits and nothing else; 0 for anything that is not a number from 1 to `most`. */
static uint32_t
parse_count(const char *text, uint32_t most)
{
    uint64_t value = 0;

    if (*text == '\0') {
        return 0;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return 0;
        }
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > most) {
            return 0;
        }
    }
    return (uint32_t)value;
}

static uint32_t
best_level(void)
{
    uint32_t level = CPU_N_LEVELS - 1;

    while (level > CPU_LEVEL_BASELINE && !cpu_machine_has_level(level)) {
        level--;
    }
    return level;
}

static ReinStatus
read_level(CpuSettings *settings, const char *text, ReinMsg *msg)
{
    if (text == NULL || strcmp(text, "auto") == 0) {
        return REIN_OK;
    }
    for (uint32_t level = 0; level < CPU_N_LEVELS; level++) {
        if (strcmp(text, level_names[level]) != 0) {
            continue;
        }
        if (!cpu_machine_has_level(level)) {
            return rein_msg_fail(msg, REIN_ERR_UNSUPPORTED,
                                 "setting level = %s: this processor has no %s, its best is %s",
                                 text, text, cpu_level_name(settings->level));
        }
        settings->level = level;
        return REIN_OK;
    }
    return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                         "setting level = %s: must be auto, baseline, avx2 or avx512", text);
}

static ReinStatus
read_threads(CpuSettings *settings, const char *text, ReinMsg *msg)
{
    uint32_t n_threads = 0;

    if (text == NULL || strcmp(text, "auto") == 0) {
        return REIN_OK;
    }
    n_threads = parse_count(text, CPU_MAX_THREADS);
    if (n_threads == 0) {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "setting threads = %s: must be auto or a number from 1 to %u", text,
                             CPU_MAX_THREADS);
    }
    settings->n_threads = n_threads;
    return REIN_OK;
}

static ReinStatus
read_compiler(CpuSettings *settings, const char *text, ReinMsg *msg)
{
    if (text == NULL) {
        return REIN_OK;
    }
    if (*text == '\0') {
        return rein_msg_fail(msg, REIN_ERR_INVALID_ARGUMENT,
                             "setting compiler is empty: must be a program's name or path");
    }
    settings->compiler = text;
    return REIN_OK;
}

ReinStatus
cpu_settings_read(CpuSettings *settings, const ReinHost *host, ReinMsg *msg)
{
    CpuSettings automatic = { .n_threads = cpu_machine_cores(),
                              .level = best_level(),
                              .compiler = "cc" };
    CpuSettings wanted = { 0 };
    ReinStatus status = REIN_OK;

    if (automatic.n_threads > CPU_MAX_THREADS) {
        automatic.n_threads = CPU_MAX_THREADS;
    }
    wanted = automatic;
    *settings = automatic;

    status = read_threads(&wanted, host->setting(host->context, "threads"), msg);
    if (status == REIN_OK) {
        status = read_level(&wanted, host->setting(host->context, "level"), msg);
    }
    if (status == REIN_OK) {
        status = read_compiler(&wanted, host->setting(host->context, "compiler"), msg);
    }
    if (status != REIN_OK) {
        return status;
    }

    if (host->thread_limit != 0 && wanted.n_threads > host->thread_limit) {
        wanted.n_threads = host->thread_limit;
    }
    *settings = wanted;
    return REIN_OK;
}
