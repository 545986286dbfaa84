/* SPDX-License-Identifier: MIT */

/*
 * What drivers that were opened in this process need of its environment. One record for the whole
 * process, which has one environment, whatever registries there are. [any thread]
 */

#pragma once

#include <glib.h>

#include "driver_private.h"

G_BEGIN_DECLS

/*
 * Sees to it that this process has the environment that `driver` of `plugin` needs, before the
 * plugin's library is loaded: a variable that has the value already is left alone, another is set.
 * From then on it is kept: FALSE with REIN_ERROR_UNSUPPORTED, nothing set, where another driver was
 * let in before with other needs: of the same plugin, or for the same variable.
 */
gboolean rein_environment_take(const char *plugin, const ReinDriverRecord *driver, GError **error);

/*
 * (transfer full): this process's environment without what rein_environment_take() set: what workers
 * start from, so that one driver's needs hide no other from a later scan.
 */
char **rein_environment_get_original(void);

/*
 * (transfer full): what a worker inherits of that, with these "NAME=VALUE" (nullable) in place of its own
 * or beside it.
 */
char **rein_environment_make(GPtrArray *variables);

/*
 * (transfer full): "NAME=VALUE" for rein_environment_make(): of the original environment what `more` names,
 * the setting "worker-environment" (NULL: what REIN_WORKER_ENVIRONMENT names); then `variables` (nullable).
 */
GPtrArray *rein_environment_choose(const char *more, GPtrArray *variables);

G_END_DECLS
