/* SPDX-License-Identifier: MIT */

/*
 * The registry finds backend plugins, says of each candidate what became of it, and opens devices by
 * selector. A host makes one, scans, and frees it when it has opened what it needs. A registry
 * belongs to the thread that made it.
 *
 * Plugins are asked for their devices in worker processes, one for each driver behind a plugin, so
 * that a driver that crashes, hangs or ends its process costs its own devices and no others. The
 * program is `rein/rein-worker` beside librein; the variable `REIN_WORKER` names another. No worker
 * is left when a function of the registry returns, and each ends with the thread that waits for it.
 */

#pragma once

#include <glib.h>
#include <rein/device.h>
#include <rein/version.h>

G_BEGIN_DECLS

typedef struct ReinRegistry ReinRegistry;

/**
 * ReinCandidateState:
 * @REIN_CANDIDATE_LOADED: the plugin or driver is usable; it may still have found no device
 * @REIN_CANDIDATE_REFUSED: not a plugin, another ABI, a required slot missing, …
 * @REIN_CANDIDATE_SHADOWED: a plugin of the same name was found earlier on the search path
 * @REIN_CANDIDATE_FAILED: its worker crashed, hung, ended without an answer or spoke garbage, or could
 *     not be started
 * @REIN_CANDIDATE_QUARANTINED: its worker crashed, hung, ended without an answer or spoke garbage an
 *     earlier time, and it was not asked again
 */
typedef enum {
    REIN_CANDIDATE_LOADED,
    REIN_CANDIDATE_REFUSED,
    REIN_CANDIDATE_SHADOWED,
    REIN_CANDIDATE_FAILED,
    REIN_CANDIDATE_QUARANTINED,
} ReinCandidateState;

/*
 * One driver of a plugin; or a file that the search came across, where it is no plugin, or its plugin
 * lists no drivers, or has something to say about no driver in particular. In the order of the search,
 * then of the plugin. It and its text are owned by the registry and live as long; "" where not known.
 */
typedef struct ReinCandidate {
    const char *path;        /* of the plugin */
    const char *name;        /* of the plugin */
    const char *version;     /* of the plugin */
    const char *driver;      /* its name in the plugin; "" for a plugin that lists no drivers */
    const char *driver_path; /* the file that names or holds the driver */
    ReinCandidateState state;
    const char *reason; /* why it is refused, failed or quarantined, or what its probe said */
    guint n_devices;
    const char *quarantined_since; /* UTC, "2025-11-22T08:37:12Z"; "" unless it is */
} ReinCandidate;

/*
 * One device that a plugin found. It and its text are owned by the registry and live as long. Whether it
 * is in quarantine is as of the registry's last call.
 */
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
    const char *quarantine;        /* why it is not to be used, "" unless that is so */
    const char *quarantined_since; /* UTC, "2025-11-22T08:37:12Z"; "" unless it is */
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
 * @key: "PLUGIN.KEY", as in "cpu.threads"; "thread-limit", "nice", "cache-folder" or "scratch-folder" for
 *     all plugins: the most threads of its own, the nice value (0 to 19) of the threads that compute;
 *     "probe-timeout", the milliseconds a worker has for each answer (20000), or "worker", the
 *     path of the program rein-worker, which counts more than the variable; "worker-environment",
 *     see below, which counts more than `REIN_WORKER_ENVIRONMENT`; "state-folder", where
 *     quarantine is kept for other processes, and without which it is the registry's alone
 * @value: (nullable): the value, or %NULL to take it back
 *
 * Sets what plugins see as their settings, when they are asked for their devices and when one is
 * opened from now on. Each plugin has a folder of its own in the cache folder, and each open device
 * one in the scratch folder, which is gone when the device is closed.
 *
 * A worker inherits of this process's environment what drivers, compilers and sanitizers look at, and nothing
 * else, as there may be secrets: `PATH`, `HOME`, `USER`, `LOGNAME`, `LANG`, `LANGUAGE`, `LC_*`, `TZ`,
 * `TMPDIR`, `XDG_*`, `LD_LIBRARY_PATH`, `LD_PRELOAD`, `GLIBC_TUNABLES`, `MALLOC_*`, `*SAN_OPTIONS`,
 * `LLVM_PROFILE_FILE`, `GCOV_*`, `CPATH`, `C_INCLUDE_PATH`, `LIBRARY_PATH`, `COMPILER_PATH`,
 * `GCC_EXEC_PREFIX`, `CCACHE_*`, `OCL_*`, `OPENCL_*`, `CL_*`, `POCL_*`, `RUSTICL_*`, `LIBGL_*`, `MESA_*`,
 * `GALLIUM_*`, `LP_*`, `OCLGRIND_*`, `CUDA_*`, `NVIDIA_*`, `ROCR_*`, `HSA_*`, `HIP_*`, `GPU_*`, `AMD_*`,
 * `ZE_*`, `SYCL_*`, `NEO*`, `IGC_*`, `REIN_*`, `G_MESSAGES_DEBUG`, `G_SLICE`. "worker-environment" names
 * more, separated by commas; a star at the end stands for any rest, alone for all.
 */
REIN_API void rein_registry_set(ReinRegistry *self, const char *key, const char *value);

/**
 * rein_registry_scan:
 *
 * Looks at every `*.so` on the search path and asks each plugin of this ABI for its devices, all at
 * once, in workers; loads none into this process. A bad candidate is never an error, it has a reason.
 * A device id that two drivers of a plugin have is the first one's. May take seconds, and as long as
 * "probe-timeout" for each step: load, list drivers, probe. A second scan does nothing, but for
 * completing what rein_registry_open_device() left out, and what was let go of since.
 *
 * A plugin or driver that crashes, hangs, ends its worker or speaks garbage is put into quarantine: it
 * is not asked again until the machine restarts, its file, the driver's file or the worker's program
 * changes, or it is let go of; one that hung also until "probe-timeout" is longer. [may block]
 */
REIN_API void rein_registry_scan(ReinRegistry *self);

/* "loaded", "refused", "shadowed", "failed", "quarantined" [any thread] */
REIN_API const char *rein_candidate_state_to_string(ReinCandidateState state);

REIN_API guint rein_registry_get_n_candidates(ReinRegistry *self);
REIN_API const ReinCandidate *rein_registry_get_candidate(ReinRegistry *self, guint index);
REIN_API guint rein_registry_get_n_devices(ReinRegistry *self);
REIN_API const ReinDeviceEntry *rein_registry_get_device(ReinRegistry *self, guint index);

/**
 * rein_registry_find_device:
 *
 * Returns: (transfer none): the device that rein_registry_open_device() would open for @selector, in
 *     quarantine or not, or %NULL with one of its errors. Scans in the same way [may block]
 */
REIN_API const ReinDeviceEntry *rein_registry_find_device(ReinRegistry *self, const char *selector,
                                                          GError **error);

/**
 * rein_registry_open_device:
 * @selector: "auto" (a GPU if there is one, else the plugin cpu), an id, a plugin ("cpu"),
 *     "plugin:index" ("cuda:0"), or the beginning of an id up to a colon ("opencl:pocl")
 * @flags: how to open it
 *
 * Opens the first device that answers @selector, and no other if that fails. One in quarantine does not
 * answer where another one does, which a warning tells, unless @selector is its id or its index. A
 * device that fails in the opening, lost or by its plugin's fault, is counted as by
 * rein_registry_note_failure(). Scans if that was not done yet; then plugins of another name than @selector's are not probed, unless nothing answers.
 * In this process nothing can end an open() that hangs.
 *
 * With %REIN_DEVICE_ISOLATED the plugin is loaded in a worker, which ends with this process. One that
 * crashes, hangs for longer than "open-timeout" (60000 ms) or speaks garbage while it opens is ended,
 * and the message says so. "isolation" is "namespace", the best there is, or "subreaper".
 *
 * With %REIN_DEVICE_IN_PROCESS the plugin is loaded into this process. If the device is behind a driver
 * that needs environment variables (rein_plugin's drivers() names them), then before that each which
 * has another value is set by setenv(), which is not safe while other threads read the environment:
 * set them yourself, before there are threads, to avoid it. They stay set, but for later scans, which see
 * the environment as it was. One process can have one driver of a plugin so: another that needs other
 * values is %REIN_ERROR_UNSUPPORTED from then on.
 *
 * Returns: (transfer full): the device, or %NULL with %REIN_ERROR_NO_DEVICE whose message says what
 *     was there and why it did not do; %REIN_ERROR_INVALID for a malformed selector, as "all" is
 *     one here, or a bad setting; %REIN_ERROR_UNSUPPORTED for a second driver as above; %REIN_ERROR_PLUGIN where the file is no
 *     longer the plugin that was probed; %REIN_ERROR_QUARANTINED with why and since when; or what
 *     the plugin said
 */
REIN_API ReinDevice *rein_registry_open_device(ReinRegistry *self, const char *selector,
                                               ReinDeviceFlags flags, GError **error);

/*
 * Returns: (transfer none) (nullable): the device in quarantine that the last rein_registry_open_device()
 * passed over for the one that it opened; a host tells its users
 */
REIN_API const ReinDeviceEntry *rein_registry_get_passed_over(ReinRegistry *self);

/**
 * rein_registry_note_failure:
 * @device_id: of any device, here or not
 * @reason: what went wrong, in words
 *
 * To be told when a job ended because of its device: lost, hung, broken by its plugin; never because
 * of the user or of bad input. The third time within 10 minutes the device is quarantined.
 *
 * Returns: whether it is in quarantine now [may block]
 */
REIN_API gboolean rein_registry_note_failure(ReinRegistry *self, const char *device_id,
                                             const char *reason);

/**
 * rein_registry_quarantine:
 *
 * Puts a device into quarantine at once, as where its memory did not come back: it is listed, but not
 * opened, until the machine restarts or it is let go of. The first reason stays. [may block]
 */
REIN_API void rein_registry_quarantine(ReinRegistry *self, const char *device_id,
                                       const char *reason);

/**
 * rein_registry_clear_quarantine:
 * @name: (nullable): a device's id; or, of plugins and drivers, the path of the plugin's file, its
 *     name, the driver's name or its path, "plugin:driver"; %NULL for everything
 *
 * Lets go of what is called so, and forgets the failures of a device. A later scan asks a plugin or
 * driver again.
 *
 * Returns: FALSE with %REIN_ERROR_INVALID if nothing in quarantine is called @name, or if
 *     "state-folder" cannot be written; then all stays [may block]
 */
REIN_API gboolean rein_registry_clear_quarantine(ReinRegistry *self, const char *name,
                                                 GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinRegistry, rein_registry_free)

G_END_DECLS
