/* SPDX-License-Identifier: MIT */

/* The one way in which programs of ours make a registry: with the user's settings in it. */

#pragma once

#include <rein/registry.h>

#include "settings.h"

G_BEGIN_DECLS

/**
 * rein_host_registry_new:
 *
 * A registry with plugin.path, probe.timeout, worker.path, the settings of the plugins and the cache
 * folder, which is made and
 * tidied. Where the cache folder cannot be made, plugins do without one, after a warning.
 *
 * Returns: (transfer full): the registry, not scanned yet [may block]
 */
ReinRegistry *rein_host_registry_new(const ReinSettings *settings);

G_END_DECLS
