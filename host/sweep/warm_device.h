/* SPDX-License-Identifier: MIT */

/*
 * The open device that one worker of a sweep keeps from combination to combination, with its process
 * and the kernels it has built; opened anew after a job that did not leave it clean, and for
 * settings that ask for another. Used by the thread that opened it.
 */

#pragma once

#include "runner/run_report.h"
#include "runner/runner.h"

G_BEGIN_DECLS

/* Zeroed at the start. */
typedef struct ReinWarmDevice {
    ReinDevice *device; /* NULL: none is open */
    char *key;          /* the settings with which it was opened */
    guint n_jobs;       /* that were on it */
} ReinWarmDevice;

/**
 * rein_warm_device_get:
 * @spec: its settings say which device
 *
 * Returns: (transfer none): a device that is open and clean, until the next call; %NULL with an
 *     error of rein_run_open_device() [may block]
 */
ReinDevice *rein_warm_device_get(ReinWarmDevice *self, const ReinRunSpec *spec, GError **error);

/* A job on it has ended: it is kept if that left it clean, or else closed. [may block] */
void rein_warm_device_end_job(ReinWarmDevice *self, const ReinRunReport *report);

/* Safe to repeat. [may block] */
void rein_warm_device_close(ReinWarmDevice *self);

G_END_DECLS
