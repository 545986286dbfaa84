/* SPDX-License-Identifier: MIT */

/*
 * The registry finds backend plugins, says of each candidate file what became of it, and opens
 * devices by selector. A host makes one, scans, and frees it after the devices it opened.
 * A registry belongs to the thread that made it.
 */

#pragma once

#include <glib.h>
#include <rein/device.h>
#include <rein/version.h>

G_BEGIN_DECLS

typedef struct ReinRegistry ReinRegistry;

/**
 * ReinCandidateState:
 * @REIN_CANDIDATE_LOADED: the plugin is usable; it may still have found no device
 * @REIN_CANDIDATE_REFUSED: not a plugin, another ABI, a required slot missing, …
 * @REIN_CANDIDATE_SHADOWED: a plugin of the same name was found earlier on the search path
 */
typedef enum {
    REIN_CANDIDATE_LOADED,
    REIN_CANDIDATE_REFUSED,
    REIN_CANDIDATE_SHADOWED,
} ReinCandidateState;

/* One file that the search came across. Text is owned by the registry, "" where not known. */
typedef struct ReinCandidate {
    const char *path;
    const char *name;    /* of the plugin */
    const char *version; /* of the plugin */
    ReinCandidateState state;
    const char *reason; /* why it is refused, or what its probe said */
    guint n_devices;
} ReinCandidate;

/* One device that a loaded plugin found. Text is owned by the registry. */
typedef struct ReinDeviceEntry {
    const char *id;
    const char *name;
    const char *vendor;
    const char *driver;
    const char *pci;
    const char *plugin;
    guint n_units;
    guint interleave;
    guint64 memory_size; /* bytes */
    gboolean is_cpu;
    gboolean is_gpu;
} ReinDeviceEntry;

/**
 * rein_registry_new:
 *
 * Returns: (transfer full): a registry that knows the standard search path: the folders of
 *     `REIN_PLUGIN_PATH` (separated by colons), `$XDG_DATA_HOME/rein/plugins`, and `rein/plugins`
 *     beside librein itself. A folder of the variable that is not there is a candidate with a
 *     reason
 */
REIN_API ReinRegistry *rein_registry_new(void);

/* Frees the registry; devices opened from it live on. NULL is a no-op. */
REIN_API void rein_registry_free(ReinRegistry *self);

/* Puts `folder` in front of the search path; it should be there. Before the scan. */
REIN_API void rein_registry_add_folder(ReinRegistry *self, const char *folder);

/**
 * rein_registry_set:
 * @key: "PLUGIN.KEY", as in "cpu.threads"; or "thread-limit", "cache-folder", "scratch-folder" for
 *     all
 * @value: (nullable): the value, or %NULL to take it back
 *
 * Sets what plugins see as their settings, when they are asked for their devices and when one is
 * opened from now on. Each plugin has a folder of its own in the cache folder, and each open device
 * one in the scratch folder, which is gone when the device is closed.
 */
REIN_API void rein_registry_set(ReinRegistry *self, const char *key, const char *value);

/**
 * rein_registry_scan:
 *
 * Looks at every `*.so` on the search path, loads what is a plugin of this ABI and asks it for its
 * devices. A bad candidate is never an error, it has a reason. May take seconds. A second scan does
 * nothing.
 */
REIN_API void rein_registry_scan(ReinRegistry *self);

REIN_API guint rein_registry_get_n_candidates(ReinRegistry *self);
REIN_API const ReinCandidate *rein_registry_get_candidate(ReinRegistry *self, guint index);
REIN_API guint rein_registry_get_n_devices(ReinRegistry *self);
REIN_API const ReinDeviceEntry *rein_registry_get_device(ReinRegistry *self, guint index);

/**
 * rein_registry_open_device:
 * @selector: "auto" (a GPU if there is one, else the plugin cpu), an id, a plugin ("cpu"),
 *     "plugin:index" ("cuda:0"), or the beginning of an id up to a colon ("opencl:pocl")
 * @flags: how to open it
 *
 * Opens the first device that answers @selector, and no other if that fails. Scans if that was not
 * done yet. Blocks as long as the plugin's driver does: in this process nothing can end its open().
 *
 * Returns: (transfer full): the device, or %NULL with %REIN_ERROR_NO_DEVICE whose message says what
 *     was there and why it did not do; %REIN_ERROR_INVALID for a malformed selector, as "all" is
 *     one here, or a bad setting; %REIN_ERROR_UNSUPPORTED for %REIN_DEVICE_ISOLATED, which this
 *     version does not have; or what the plugin said
 */
REIN_API ReinDevice *rein_registry_open_device(ReinRegistry *self, const char *selector,
                                               ReinDeviceFlags flags, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinRegistry, rein_registry_free)

G_END_DECLS
