/* SPDX-License-Identifier: MIT */

/*
 * The worker's side of an isolated device: takes what the host's forwarding table sends apart, makes
 * the call of the plugin, and puts its answer together. The answer is not judged here: this process
 * is the plugin's. One thread, that of the worker; but interrupt() from any.
 */

#pragma once

#include <glib.h>

#include "plugin_private.h"
#include "wire_private.h"

G_BEGIN_DECLS

typedef struct ReinServer ReinServer;

/*
 * For one device of `plugin`, borrowed. `staging` and `stop` are descriptors of the host's memory, which
 * is mapped and stays so; NULL with what is wrong with them.
 */
ReinServer *rein_server_new(ReinPlugin *plugin, GHashTable *settings, int staging, int stop,
                            GError **error);

/* Closes the device, if it is open. NULL is a no-op. [may block] */
void rein_server_free(ReinServer *self);

/*
 * Does what the packet asks for; it is one of OPEN, CALL, RUN and CLOSE. FALSE with what is wrong with
 * a packet that no host would send: the connection has to end. After a job's cleanup nothing of what went
 * through the shared memory is in it any more.
 */
gboolean rein_server_handle(ReinServer *self, const ReinWirePacket *packet, ReinWireAnswer *answer,
                            GError **error);

/* Passes the host's interrupt on; a no-op unless the device is open. [any thread] */
void rein_server_interrupt(ReinServer *self, guint64 job);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinServer, rein_server_free)

G_END_DECLS
