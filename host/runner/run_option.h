/* SPDX-License-Identifier: MIT */

/*
 * What a run may be asked beside its problem, by name and as text: the flags of `rein run` without
 * their dashes (`time`, `population`), and every setting (`cpu.threads`). The one reader of them,
 * for the command line and for files. [any thread]
 */

#pragma once

#include "runner.h"

G_BEGIN_DECLS

/**
 * rein_run_option_find:
 * @name: as the user wrote it
 *
 * Returns: (transfer none) (nullable): the one name of what @name asks for: "run.population" for
 *     "population" as well; %NULL if there is no such option
 */
const char *rein_run_option_find(const char *name);

/* Returns: (transfer none) (nullable): the option whose name is nearest to `name` */
const char *rein_run_option_suggest(const char *name);

/**
 * rein_run_option_apply:
 * @spec: what is a limit, a target or a start goes into it
 * @settings: what is a setting is set in them
 * @name: an option's name
 * @text: its value; @spec keeps a pointer to that of a path or a target
 * @where: where it was written, "--time" or "path:line"; the message begins with it
 *
 * Returns: FALSE with %REIN_ERROR_INVALID if @text is no value of it
 */
gboolean rein_run_option_apply(ReinRunSpec *spec, ReinSettings *settings, const char *name,
                               const char *text, const char *where, GError **error);

/* Gives a run without a limit the one of the setting run.time; after all options. */
void rein_run_option_complete(ReinRunSpec *spec);

G_END_DECLS
