/* SPDX-License-Identifier: MIT */

/* What the programs' exit codes mean, and which one an error gets. [any thread] */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    REIN_EXIT_OK = 0,             /* done; of a run: a limit or the target was reached */
    REIN_EXIT_BAD_INPUT = 2,      /* usage, files, settings; output that cannot be written */
    REIN_EXIT_DEADLINE = 3,       /* deadline or hang, with the best so far */
    REIN_EXIT_STOPPED = 4,        /* somebody stopped it, with the best so far */
    REIN_EXIT_INFEASIBLE = 5,     /* limit reached, or solution complete, but not feasible */
    REIN_EXIT_NO_DEVICE = 10,     /* no usable device, or it can never do this */
    REIN_EXIT_BUILD = 11,         /* the kernel does not build */
    REIN_EXIT_DEVICE_LOST = 12,   /* device lost or quarantined, its plugin failed or is broken */
    REIN_EXIT_OUT_OF_MEMORY = 13, /* of the device */
    REIN_EXIT_BUG = 70,           /* of ours: kernel and host disagree, or no code fits */
    REIN_EXIT_TRY_AGAIN = 75,     /* later */
} ReinExitCode;

/**
 * rein_exit_code_of_error:
 * @error: any error; of other domains than #ReinError it is taken for bad input, but for
 *     %G_FILE_ERROR_AGAIN, which is of what another process holds for a while
 */
ReinExitCode rein_exit_code_of_error(const GError *error);

G_END_DECLS
