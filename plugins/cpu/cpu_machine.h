/* SPDX-License-Identifier: MIT */

/*
 * What /proc, the kernel and the processor say about this machine. Nothing is kept between calls; any
 * thread.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cpu_prebuilt.h"

typedef struct CpuMemory {
    uint64_t available; /* bytes a new allocation may hope for */
    uint64_t total;
} CpuMemory;

/* Cores this process may run on, at least 1. */
uint32_t cpu_machine_cores(void);

/*
 * The value of the first line "key : value" of /proc/cpuinfo, cut to `size` bytes with the NUL; the
 * text is left alone where there is none.
 */
void cpu_machine_describe(const char *key, char *text, uint32_t size);

/*
 * Memory of the machine, or of the control groups this process is in where that is less. False if
 * /proc does not say.
 */
bool cpu_machine_memory(CpuMemory *memory);

/* Whether the processor has every instruction of `level`. */
bool cpu_machine_has_level(uint32_t level);
