/* SPDX-License-Identifier: MIT */

/*
 * A driver behind a plugin, as its drivers() listed it and the core keeps it: owned text that was
 * looked at. Whoever holds one may read it on [any thread].
 */

#pragma once

#include <glib.h>
#include <rein/plugin_abi.h>

#include "plugin_private.h"

G_BEGIN_DECLS

#define REIN_DRIVER_NAME_SIZE 64   /* most bytes of a name */
#define REIN_DRIVER_MAX_DRIVERS 64 /* of one plugin; more is a mistake */
#define REIN_DRIVER_MAX_VARIABLES 16

typedef struct ReinDriverRecord {
    char *name;             /* unique in its plugin */
    char *path;             /* "" where not known */
    GPtrArray *environment; /* of text, "NAME=VALUE" */
} ReinDriverRecord;

ReinDriverRecord *rein_driver_record_new(const char *name, const char *path);
ReinDriverRecord *rein_driver_record_copy(const ReinDriverRecord *self);
void rein_driver_record_free(ReinDriverRecord *self);

/*
 * Why a variable will not do, or NULL: it must be NAME=VALUE, with a NAME that a shell would take, of
 * fewer bytes than go through to a worker.
 */
const char *rein_driver_variable_fault(const char *variable);

/* Why a name will not do, or NULL. `drivers`, of ReinDriverRecord, are those before it. */
const char *rein_driver_name_fault(const char *name, GPtrArray *drivers);

/*
 * Asks a plugin that has drivers() for them, and appends each good one to `drivers`, of
 * ReinDriverRecord. `settings` is as in rein_device_open(). [core thread, may block]
 *
 * (transfer full): why there is none, or why some were refused, or what else the plugin said; "" if
 * there is nothing to say.
 */
char *rein_driver_list(ReinPlugin *plugin, GHashTable *settings, GPtrArray *drivers);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinDriverRecord, rein_driver_record_free)

G_END_DECLS
