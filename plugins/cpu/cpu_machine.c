/* SPDX-License-Identifier: MIT */

#define _GNU_SOURCE
#include "cpu_machine.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_CORES 65536

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

/* The one number in `path`; false if there is none ("max" of a cgroup, for example). */
static bool
read_number(const char *path, uint64_t *number)
{
    FILE *file = fopen(path, "re");
    bool is_number = false;

    if (file == NULL) {
        return false;
    }
    is_number = fscanf(file, "%" SCNu64, number) == 1;
    fclose(file);
    return is_number;
}

/* Lowers `memory` to what the memory cgroup with these two files leaves. */
static void
apply_limit(CpuMemory *memory, const char *limit_path, const char *used_path)
{
    uint64_t limit = 0;
    uint64_t used = 0;

    if (!read_number(limit_path, &limit) || limit >= memory->total) {
        return;
    }
    memory->total = limit;
    if (read_number(used_path, &used)) {
        const uint64_t left = used < limit ? limit - used : 0;
        if (left < memory->available) {
            memory->available = left;
        }
    }
}

/* In a container the process's own memory cgroup is mounted at one of these two places. */
static void
apply_cgroup(CpuMemory *memory)
{
    apply_limit(memory, "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current");
    apply_limit(memory, "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.usage_in_bytes");
}

bool
cpu_machine_memory(CpuMemory *memory)
{
    FILE *file = fopen("/proc/meminfo", "re");
    char line[256];
    uint64_t kibibytes = 0;

    *memory = (CpuMemory){ 0 };
    if (file == NULL) {
        return false;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "MemTotal: %" SCNu64 " kB", &kibibytes) == 1) {
            memory->total = kibibytes * 1024;
        } else if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kibibytes) == 1) {
            memory->available = kibibytes * 1024;
        }
    }
    fclose(file);
    if (memory->total == 0) {
        return false;
    }
    apply_cgroup(memory);
    return true;
}

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

uint64_t
cpu_machine_now(void)
{
    struct timespec now = { 0 };

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
