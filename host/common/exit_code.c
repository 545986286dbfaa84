/* SPDX-License-Identifier: MIT */

#include "exit_code.h"

#include <rein/error.h>

ReinExitCode
rein_exit_code_of_error(const GError *error)
{
    g_return_val_if_fail(error != NULL, REIN_EXIT_BUG);

    if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_AGAIN)) {
        return REIN_EXIT_TRY_AGAIN;
    }
    if (error->domain != REIN_ERROR) {
        return REIN_EXIT_BAD_INPUT;
    }
    switch ((ReinError)error->code) {
    case REIN_ERROR_INVALID:
        return REIN_EXIT_BAD_INPUT;
    case REIN_ERROR_NO_DEVICE:
    case REIN_ERROR_UNSUPPORTED:
        return REIN_EXIT_NO_DEVICE;
    case REIN_ERROR_BUILD:
        return REIN_EXIT_BUILD;
    case REIN_ERROR_OUT_OF_MEMORY:
        return REIN_EXIT_OUT_OF_MEMORY;
    case REIN_ERROR_FAILED: /* what a plugin says of itself when no other code fits */
    case REIN_ERROR_QUARANTINED:
    case REIN_ERROR_PLUGIN:
    case REIN_ERROR_DEVICE_LOST:
        return REIN_EXIT_DEVICE_LOST;
    case REIN_ERROR_TIMEOUT:
        return REIN_EXIT_DEADLINE;
    case REIN_ERROR_STOPPED:
        return REIN_EXIT_STOPPED;
    }
    return REIN_EXIT_BUG;
}
