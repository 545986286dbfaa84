/* SPDX-License-Identifier: MIT */

#include "run_device.h"

#include <rein/registry.h>

#include "common/host_registry.h"

ReinDevice *
rein_run_open_device(const ReinRunSpec *spec, GError **error)
{
    g_autoptr(ReinRegistry) registry = NULL;

    g_return_val_if_fail(spec != NULL && spec->settings != NULL, NULL);
    g_return_val_if_fail(error == NULL || *error == NULL, NULL);

    registry = rein_host_registry_new(spec->settings);
    return rein_host_registry_open(registry, spec->settings, NULL, error);
}
