/* SPDX-License-Identifier: MIT */

/*
 * The errors of librein. Every function that can fail for a reason outside the program sets a GError
 * of this domain; messages are lower case and say what was tried, on what, and why it failed.
 * [any thread]
 */

#pragma once

#include <glib.h>
#include <rein/version.h>

G_BEGIN_DECLS

/**
 * ReinError:
 * @REIN_ERROR_FAILED: anything without a code of its own; the message says what
 * @REIN_ERROR_INVALID: a value that the caller passed in (file, setting, selector) is wrong; mend it
 * @REIN_ERROR_PLUGIN: a plugin broke the contract or cannot be loaded; do without it
 * @REIN_ERROR_NO_DEVICE: no usable device answers the selector; the message says why each was not
 * @REIN_ERROR_UNSUPPORTED: the device can never do this; choose another
 * @REIN_ERROR_BUILD: the kernel text does not build; the message is the compiler's log
 * @REIN_ERROR_OUT_OF_MEMORY: device memory does not suffice; a smaller population may
 * @REIN_ERROR_DEVICE_LOST: the device failed or was given up while it hung; open it anew or choose
 *     another
 * @REIN_ERROR_TIMEOUT: the deadline passed, or a call hung, before there was a result
 * @REIN_ERROR_STOPPED: the job was stopped before there was a result
 * @REIN_ERROR_QUARANTINED: the device failed too often, or did not give everything back, since the
 *     machine was started; choose another, or let go of it by rein_registry_clear_quarantine()
 */
typedef enum {
    REIN_ERROR_FAILED,
    REIN_ERROR_INVALID,
    REIN_ERROR_PLUGIN,
    REIN_ERROR_NO_DEVICE,
    REIN_ERROR_UNSUPPORTED,
    REIN_ERROR_BUILD,
    REIN_ERROR_OUT_OF_MEMORY,
    REIN_ERROR_DEVICE_LOST,
    REIN_ERROR_TIMEOUT,
    REIN_ERROR_STOPPED,
    REIN_ERROR_QUARANTINED,
} ReinError;

#define REIN_ERROR (rein_error_quark())

REIN_API GQuark rein_error_quark(void);

G_END_DECLS
