/* SPDX-License-Identifier: MIT */

/* The one way in which programs of ours make a registry: with the user's settings in it. */

#pragma once

#include <rein/registry.h>

#include "settings.h"

G_BEGIN_DECLS

/**
 * rein_host_registry_new:
 *
 * A registry with plugin.path, the settings of workers, of plugins and of run.polite, a scratch folder, the state folder
 * for quarantine, and the cache folder, which is made and tidied. Where the cache folder cannot be made,
 * plugins do without one, after a warning.
 *
 * Returns: (transfer full): the registry, not scanned yet [may block]
 */
ReinRegistry *rein_host_registry_new(const ReinSettings *settings);

/* Whether the setting run.polite says so. */
gboolean rein_host_is_polite(const ReinSettings *settings);

/*
 * What one slice aims at: the setting job.slice, of a polite run 2 ms at most, so that what else needs
 * the device has its turn sooner.
 */
gint64 rein_host_get_slice_ns(const ReinSettings *settings);

/**
 * rein_host_registry_open:
 * @selector: (nullable): the setting run.device for %NULL
 *
 * Opens a device as the setting device.isolation says. As rein_registry_open_device() otherwise.
 *
 * Returns: (transfer full): the device, or %NULL with the error [may block]
 */
ReinDevice *rein_host_registry_open(ReinRegistry *registry, const ReinSettings *settings,
                                    const char *selector, GError **error);

G_END_DECLS
