/* SPDX-License-Identifier: MIT */

/*
 * A kernel of known answer, run when a device is opened: a driver that computes something else is
 * found out before a job trusts it. Device thread only.
 */

#pragma once

#include "opencl_device.h"
#include "rein/plugin_abi.h"

/*
 * REIN_ERR_UNSUPPORTED if the device gets it wrong, which the setting opencl.trial = warn turns into
 * a line in the log; or what went wrong on the way.
 */
ReinStatus opencl_trial_run(ReinPluginDevice *device, ReinMsg *msg);
