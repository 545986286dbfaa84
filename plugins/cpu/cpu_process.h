/* SPDX-License-Identifier: MIT */

/*
 * One short-lived child process and the private folder it works in. The child is started by
 * posix_spawn() in a process group of its own, sees no descriptor of ours, and is gone when the call
 * returns. Device thread.
 */

#pragma once

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "rein/plugin_abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How a child ended. */
#define CPU_PROCESS_EXITED 0
#define CPU_PROCESS_KILLED 1    /* by a signal that was not ours */
#define CPU_PROCESS_TIMED_OUT 2 /* killed by us */

typedef struct CpuProcess {
    const char *path; /* of the program */
    char *const *arguments;
    const char *folder;   /* its temporary files go here */
    const char *log_path; /* what it prints */
    uint64_t limit_ns;
    int32_t ended; /* out: CPU_PROCESS_* */
    int32_t code;  /* out: exit status or signal */
} CpuProcess;

/*
 * Starts the process and waits for its end. Status is REIN_OK however that end was;
 * REIN_ERR_UNSUPPORTED if the program cannot be started.
 */
ReinStatus cpu_process_run(CpuProcess *process, ReinMsg *msg);

/*
 * Makes a private folder in the host's scratch or cache folder, in $TMPDIR or in /tmp, the first that
 * can be written to. On success the caller gives `path` to cpu_folder_remove().
 */
ReinStatus cpu_folder_make(char path[PATH_MAX], const ReinHost *host, ReinMsg *msg);

/* Removes the folder and the files in it. */
void cpu_folder_remove(const char *path);

#ifdef __cplusplus
}
#endif
