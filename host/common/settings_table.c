/* SPDX-License-Identifier: MIT */

/* Every setting there is. A line here is all that a new one needs, beside its name in settings.h. */

#include "settings.h"

#include <string.h>

#include "value.h"

#define MILLISECOND G_GUINT64_CONSTANT(1000000)
#define SECOND (1000u * MILLISECOND)
#define DAY (86400u * SECOND)
#define TEBIBYTE (G_GUINT64_CONSTANT(1) << 40)

static const ReinSettingInfo infos[REIN_N_SETTINGS] = {
    [REIN_SETTING_RUN_TIME] = {
        .key = "run.time",
        .environment = "REIN_RUN_TIME",
        .kind = REIN_SETTING_KIND_DURATION,
        .built_in = "60s",
        .minimum = MILLISECOND,
        .maximum = 365u * DAY,
        .meaning = "how long a run takes when it is given no limit",
    },
    [REIN_SETTING_RUN_SEED] = {
        .key = "run.seed",
        .environment = "REIN_RUN_SEED",
        .kind = REIN_SETTING_KIND_NUMBER,
        .built_in = "1",
        .minimum = 0,
        .maximum = G_MAXUINT64,
        .meaning = "seed of all random numbers of a run",
    },
    [REIN_SETTING_RUN_POPULATION] = {
        .key = "run.population",
        .environment = "REIN_RUN_POPULATION",
        .kind = REIN_SETTING_KIND_NUMBER,
        .built_in = "auto",
        .minimum = 1,
        .maximum = 16777216,
        .meaning = "individuals of a run; auto leaves it to the problem",
    },
    [REIN_SETTING_RUN_DEVICE] = {
        .key = "run.device",
        .environment = "REIN_RUN_DEVICE",
        .kind = REIN_SETTING_KIND_TEXT,
        .built_in = "auto",
        .meaning = "selector of the device: auto, a plugin (cpu), plugin:index (cuda:0), an id or "
                   "its beginning up to a colon",
    },
    [REIN_SETTING_RUN_FALLBACK] = {
        .key = "run.fallback",
        .environment = "REIN_RUN_FALLBACK",
        .kind = REIN_SETTING_KIND_TEXT,
        .built_in = "",
        .meaning = "selector of the device to go on with when that of run.device is not there, "
                   "quarantined, lost or hangs; none unless set",
    },
    [REIN_SETTING_RUN_POLITE] = {
        .key = "run.polite",
        .environment = "REIN_RUN_POLITE",
        .kind = REIN_SETTING_KIND_CHOICE,
        .built_in = "no",
        .choices = "no|yes",
        .meaning = "leave the machine usable beside the run: least priority, at most half the "
                   "cores, slices of at most 2 ms",
    },
    [REIN_SETTING_JOB_SLICE] = {
        .key = "job.slice",
        .environment = "REIN_JOB_SLICE",
        .kind = REIN_SETTING_KIND_DURATION,
        .built_in = "10ms",
        .minimum = MILLISECOND,
        .maximum = 100u * MILLISECOND,
        .meaning = "what one call of a plugin aims to take: the latency of a stop",
    },
    [REIN_SETTING_JOB_GRACE] = {
        .key = "job.grace",
        .environment = "REIN_JOB_GRACE",
        .kind = REIN_SETTING_KIND_DURATION,
        .built_in = "2s",
        .minimum = 10u * MILLISECOND,
        .maximum = 10u * SECOND,
        .meaning = "what a plugin has to come back in after a stop before it is given up",
    },
    [REIN_SETTING_JOB_SAVE] = {
        .key = "job.save",
        .environment = "REIN_JOB_SAVE",
        .kind = REIN_SETTING_KIND_DURATION,
        .built_in = "10s",
        .minimum = 100u * MILLISECOND,
        .maximum = 3600u * SECOND,
        .meaning = "how long a better solution may wait before it is in the job's folder",
    },
    [REIN_SETTING_JOBS_KEEP_AGE] = {
        .key = "jobs.keep-age",
        .environment = "REIN_JOBS_KEEP_AGE",
        .kind = REIN_SETTING_KIND_DURATION,
        .built_in = "7d",
        .minimum = 0,
        .maximum = 3650u * DAY,
        .meaning = "age at which folders of finished jobs are deleted",
    },
    [REIN_SETTING_JOBS_KEEP_SIZE] = {
        .key = "jobs.keep-size",
        .environment = "REIN_JOBS_KEEP_SIZE",
        .kind = REIN_SETTING_KIND_SIZE,
        .built_in = "2GiB",
        .minimum = 0,
        .maximum = 1024u * TEBIBYTE,
        .meaning = "size of all folders of finished jobs; the oldest are deleted beyond it",
    },
    [REIN_SETTING_CACHE_KEEP_AGE] = {
        .key = "cache.keep-age",
        .environment = "REIN_CACHE_KEEP_AGE",
        .kind = REIN_SETTING_KIND_DURATION,
        .built_in = "30d",
        .minimum = 0,
        .maximum = 3650u * DAY,
        .meaning = "age at which built kernels that were not used are deleted from the cache",
    },
    [REIN_SETTING_CACHE_KEEP_SIZE] = {
        .key = "cache.keep-size",
        .environment = "REIN_CACHE_KEEP_SIZE",
        .kind = REIN_SETTING_KIND_SIZE,
        .built_in = "512MiB",
        .minimum = 0,
        .maximum = 1024u * TEBIBYTE,
        .meaning = "size of the cache of built kernels; the oldest are deleted beyond it",
    },
    [REIN_SETTING_PLUGIN_PATH] = {
        .key = "plugin.path",
        .environment = "REIN_PLUGIN_PATH",
        .kind = REIN_SETTING_KIND_TEXT,
        .built_in = "",
        .meaning = "folders with plugins, separated by colons, searched before the usual ones",
    },
    [REIN_SETTING_PROBE_TIMEOUT] = {
        .key = "probe.timeout",
        .environment = "REIN_PROBE_TIMEOUT",
        .kind = REIN_SETTING_KIND_DURATION,
        .built_in = "20s",
        .minimum = 100u * MILLISECOND,
        .maximum = 600u * SECOND,
        .meaning = "how long a plugin or driver may take to say what devices it has",
    },
    [REIN_SETTING_WORKER_PATH] = {
        .key = "worker.path",
        .environment = "REIN_WORKER",
        .kind = REIN_SETTING_KIND_TEXT,
        .built_in = "",
        .meaning = "program in which plugins are probed; rein-worker beside librein unless set",
    },
    [REIN_SETTING_WORKER_ENVIRONMENT] = {
        .key = "worker.environment",
        .environment = "REIN_WORKER_ENVIRONMENT",
        .kind = REIN_SETTING_KIND_TEXT,
        .built_in = "",
        .meaning = "variables that a worker inherits beside those of drivers, separated by commas; "
                   "DRI_* is all that begin so",
    },
    [REIN_SETTING_DEVICE_ISOLATION] = {
        .key = "device.isolation",
        .environment = "REIN_DEVICE_ISOLATION",
        .kind = REIN_SETTING_KIND_CHOICE,
        .built_in = "namespace",
        .choices = "namespace|subreaper|in-process",
        .meaning = "what is between a device's plugin and rein: a worker with a PID namespace where "
                   "the kernel allows it, a worker without, or nothing",
    },
    [REIN_SETTING_DEVICE_OPEN_TIMEOUT] = {
        .key = "device.open-timeout",
        .environment = "REIN_DEVICE_OPEN_TIMEOUT",
        .kind = REIN_SETTING_KIND_DURATION,
        .built_in = "60s",
        .minimum = 100u * MILLISECOND,
        .maximum = 600u * SECOND,
        .meaning = "most time a worker has to load its plugin and open its device",
    },
    [REIN_SETTING_CPU_THREADS] = {
        .key = "cpu.threads",
        .environment = "REIN_CPU_THREADS",
        .kind = REIN_SETTING_KIND_NUMBER,
        .built_in = "auto",
        .minimum = 1,
        .maximum = 1024,
        .meaning = "threads of the CPU plugin; auto is one for each core",
    },
    [REIN_SETTING_CPU_LEVEL] = {
        .key = "cpu.level",
        .environment = "REIN_CPU_LEVEL",
        .kind = REIN_SETTING_KIND_CHOICE,
        .built_in = "auto",
        .choices = "auto|baseline|avx2|avx512",
        .meaning = "instructions the CPU plugin uses; auto is the best this processor has",
    },
    [REIN_SETTING_CPU_GRACE] = {
        .key = "cpu.grace",
        .environment = "REIN_CPU_GRACE",
        .kind = REIN_SETTING_KIND_DURATION,
        .built_in = "0s",
        .minimum = 0,
        .maximum = 10u * SECOND,
        .meaning = "job.grace for the devices of the CPU plugin; 0s is what job.grace says",
    },
    [REIN_SETTING_CPU_COMPILER] = {
        .key = "cpu.compiler",
        .environment = "REIN_CPU_COMPILER",
        .kind = REIN_SETTING_KIND_TEXT,
        .built_in = "cc",
        .meaning = "C compiler with which the CPU plugin builds a user's own kernels",
    },
    [REIN_SETTING_OPENCL_GRACE] = {
        .key = "opencl.grace",
        .environment = "REIN_OPENCL_GRACE",
        .kind = REIN_SETTING_KIND_DURATION,
        .built_in = "0s",
        .minimum = 0,
        .maximum = 10u * SECOND,
        .meaning = "job.grace for the devices of the OpenCL plugin; 0s is what job.grace says",
    },
    [REIN_SETTING_OPENCL_LIBRARY] = {
        .key = "opencl.library",
        .environment = "REIN_OPENCL_LIBRARY",
        .kind = REIN_SETTING_KIND_TEXT,
        .built_in = "libOpenCL.so.1",
        .meaning = "the OpenCL loader: a name the system's linker finds, or a path",
    },
    [REIN_SETTING_OPENCL_TRIAL] = {
        .key = "opencl.trial",
        .environment = "REIN_OPENCL_TRIAL",
        .kind = REIN_SETTING_KIND_CHOICE,
        .built_in = "require",
        .choices = "require|warn",
        .meaning = "what becomes of an OpenCL device that gets a trial kernel wrong: warn uses it, "
                   "and its results may be wrong",
    },
    [REIN_SETTING_OUTPUT_FORMAT] = {
        .key = "output.format",
        .environment = "REIN_OUTPUT_FORMAT",
        .kind = REIN_SETTING_KIND_CHOICE,
        .built_in = "text",
        .choices = "text|json|ndjson",
        .meaning = "form of a command's output when --format does not say",
    },
    [REIN_SETTING_OUTPUT_COLOUR] = {
        .key = "output.colour",
        .environment = "REIN_OUTPUT_COLOUR",
        .kind = REIN_SETTING_KIND_CHOICE,
        .built_in = "auto",
        .choices = "auto|always|never",
        .meaning = "colour on a terminal; auto also heeds NO_COLOR and TERM=dumb",
    },
    [REIN_SETTING_LOG_LEVEL] = {
        .key = "log.level",
        .environment = "REIN_LOG",
        .kind = REIN_SETTING_KIND_CHOICE,
        .built_in = "warning",
        .choices = "error|warning|info|debug",
        .meaning = "what is logged to stderr; --verbose is info, --quiet is error",
    },
};

const ReinSettingInfo *
rein_setting_get_info(ReinSettingKey key)
{
    g_return_val_if_fail((guint)key < REIN_N_SETTINGS, NULL);

    return &infos[key];
}

gboolean
rein_setting_find(const char *name, ReinSettingKey *key)
{
    for (guint i = 0; i < REIN_N_SETTINGS; i++) {
        if (strcmp(infos[i].key, name) == 0) {
            *key = (ReinSettingKey)i;
            return TRUE;
        }
    }
    return FALSE;
}

static char *
describe_choices(const ReinSettingInfo *info)
{
    g_auto(GStrv) choices = g_strsplit(info->choices, "|", -1);
    guint n_choices = g_strv_length(choices);
    g_autofree char *last = g_strdup(choices[n_choices - 1]);

    g_clear_pointer(&choices[n_choices - 1], g_free);
    g_autofree char *others = g_strjoinv(", ", choices);
    return g_strdup_printf("%s or %s", others, last);
}

char *
rein_setting_describe_range(const ReinSettingInfo *info)
{
    g_autofree char *minimum = NULL;
    g_autofree char *maximum = NULL;
    const char *noun = "a whole number";

    switch (info->kind) {
    case REIN_SETTING_KIND_TEXT:
        return g_strdup(*info->built_in == '\0' ? "text" : "text that is not empty");
    case REIN_SETTING_KIND_CHOICE:
        return describe_choices(info);
    case REIN_SETTING_KIND_NUMBER:
        minimum = g_strdup_printf("%" G_GUINT64_FORMAT, info->minimum);
        maximum = g_strdup_printf("%" G_GUINT64_FORMAT, info->maximum);
        break;
    case REIN_SETTING_KIND_DURATION:
        noun = "a duration";
        minimum = rein_value_format_duration((gint64)info->minimum);
        maximum = rein_value_format_duration((gint64)info->maximum);
        break;
    case REIN_SETTING_KIND_SIZE:
        noun = "a size";
        minimum = rein_value_format_size(info->minimum);
        maximum = rein_value_format_size(info->maximum);
        break;
    }
    return g_strdup_printf("%s%s from %s to %s",
                           strcmp(info->built_in, "auto") == 0 ? "auto or " : "", noun, minimum,
                           maximum);
}
