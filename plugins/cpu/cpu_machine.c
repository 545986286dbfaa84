/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE
#include "cpu_machine.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_CORES 65536

/* ---- processor ---- */

uint32_t
cpu_machine_cores(void)
{
    uint32_t n_cores = 0;

    /* the kernel refuses a mask smaller than its own, and does not tell its size */
    for (int n_bits = 1024; n_bits <= MAX_CORES && n_cores == 0; n_bits *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)n_bits);
        if (set == NULL) {
            break;
        }
        if (sched_getaffinity(0, CPU_ALLOC_SIZE(n_bits), set) == 0) {
            n_cores = (uint32_t)CPU_COUNT_S(CPU_ALLOC_SIZE(n_bits), set);
        }
        CPU_FREE(set);
    }
    return n_cores > 0 ? n_cores : 1;
}

void
cpu_machine_describe(const char *key, char *text, uint32_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[4096];

    if (file == NULL) {
        return;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        const char *value = strstr(line, ": ");
        if (strncmp(line, key, strlen(key)) == 0 && value != NULL) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(text, size, "%s", value + 2);
            break;
        }
    }
    fclose(file);
}

/* ---- memory ---- */

/* The number behind `key` at the start of a line of `path`; false if there is none. */
static bool
read_number(const char *path, const char *key, uint64_t *number)
{
    const size_t length = strlen(key);
    FILE *file = fopen(path, "re");
    char line[256];
    bool is_found = false;

    if (file == NULL) {
        return false;
    }
    while (!is_found && fgets(line, sizeof line, file) != NULL) {
        char *end = line;
        if (strncmp(line, key, length) == 0) {
            *number = strtoull(line + length, &end, 10);
        }
        is_found = end > line + length; /* some digits were read */
    }
    fclose(file);
    return is_found;
}

/* The names that the two versions of control groups have for one thing. */
typedef struct CgroupFiles {
    const char *controllers; /* as /proc/self/cgroup has them */
    const char *mount;
    const char *limit;
    const char *used;
    const char *reclaimable; /* in memory.stat: counted as used, but given up on demand */
} CgroupFiles;

static const CgroupFiles cgroup_versions[] = {
    { "", "/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file" },
    { "memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
      "total_inactive_file" },
};

/* Lowers `memory` to what the control group in `folder` leaves. */
static void
apply_limit(CpuMemory *memory, const CgroupFiles *files, const char *folder)
{
    char path[PATH_MAX + 64];
    uint64_t limit = 0;
    uint64_t used = 0;
    uint64_t reclaimable = 0;

    snprintf(path, sizeof path, "%s/%s", folder, files->limit);
    if (!read_number(path, "", &limit)) {
        return; /* no such group, or "max" */
    }
    snprintf(path, sizeof path, "%s/%s", folder, files->used);
    read_number(path, "", &used);
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    read_number(path, files->reclaimable, &reclaimable);

    used -= reclaimable < used ? reclaimable : used;
    const uint64_t left = used < limit ? limit - used : 0;
    memory->total = limit < memory->total ? limit : memory->total;
    memory->available = left < memory->available ? left : memory->available;
}

/* The process's own group and all above it, each of which may have a limit. */
static void
apply_groups(CpuMemory *memory, const CgroupFiles *files, const char *group)
{
    char folder[PATH_MAX];
    const size_t mount_length = strlen(files->mount);

    if (snprintf(folder, sizeof folder, "%s%s", files->mount, group) >= (int)sizeof folder) {
        return;
    }
    while (strlen(folder) >= mount_length) {
        apply_limit(memory, files, folder);
        *strrchr(folder, '/') = '\0';
    }
}

static void
apply_cgroups(CpuMemory *memory)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[PATH_MAX];

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        /* "4:memory:/group", or "0::/group" */
        char *controllers = strchr(line, ':');
        char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (group == NULL) {
            continue;
        }
        *group = '\0';
        group[1 + strcspn(group + 1, "\n")] = '\0';
        for (size_t i = 0; i < sizeof cgroup_versions / sizeof cgroup_versions[0]; i++) {
            if (strcmp(controllers + 1, cgroup_versions[i].controllers) == 0) {
                apply_groups(memory, &cgroup_versions[i], group + 1);
            }
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

bool
cpu_machine_memory(CpuMemory *memory)
{
    uint64_t total = 0;
    uint64_t available = 0;

    *memory = (CpuMemory){ 0 };
    if (!read_number("/proc/meminfo", "MemTotal:", &total) ||
        !read_number("/proc/meminfo", "MemAvailable:", &available)) {
        return false;
    }
    memory->total = total * 1024; /* both are in KiB */
    memory->available = available * 1024;
    apply_cgroups(memory);
    return true;
}

/* ---- instructions and time ---- */

bool
cpu_machine_has_level(uint32_t level)
{
    if (level == CPU_LEVEL_BASELINE) {
        return true;
    }
#if defined(__x86_64__)
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
                          __builtin_cpu_supports("fma");
    if (level == CPU_LEVEL_AVX2) {
        return has_avx2;
    }
    if (level == CPU_LEVEL_AVX512) {
        return has_avx2 && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
    }
#endif
    return false;
}
