/* SPDX-License-Identifier: MIT */

/*
 * The one way in which a run's device is opened, by whoever keeps it: `rein run` for one run, a
 * sweep for many.
 */

#pragma once

#include "runner.h"

G_BEGIN_DECLS

/**
 * rein_run_open_device:
 * @spec: of its settings those of device, plugins, probing and cache count; no other member does
 *
 * Finds the plugins and opens what run.device selects. The processes that this starts end with the
 * thread that called it: one that lives as long as the device is wanted.
 *
 * Returns: (transfer full): the device, or %NULL with an error of rein_registry_open_device() [one
 *     thread at a time, may block]
 */
ReinDevice *rein_run_open_device(const ReinRunSpec *spec, GError **error);

G_END_DECLS
