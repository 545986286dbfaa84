/* SPDX-License-Identifier: MIT */

/* The start population of a run: from a solution file, and by the problem's construction. [any
 * thread] */

#pragma once

#include <gio/gio.h>

#include "problems/format.h"

G_BEGIN_DECLS

/* Individuals that are constructed; a larger population's others are drawn at random. */
#define REIN_RUN_MAX_CONSTRUCTED 64u

/**
 * rein_run_start_read:
 * @problem: what @path is a solution of
 * @sha256: (out) (transfer full): of the file's bytes
 * @n_left_out: (out): entries of the solution that a genome has no place for
 *
 * Returns: (transfer full): one genome, or %NULL with an error that names the file and line
 *     [may block]
 */
GBytes *rein_run_start_read(const ReinProblemFile *problem, const char *path, char **sha256,
                            guint *n_left_out, GError **error);

/**
 * rein_run_start_construct:
 * @first: (nullable): a genome that is individual 0
 * @genome_size: bytes of one individual
 * @population: individuals of the run
 * @cancellable: once it is cancelled, no more than one individual is constructed
 * @n: (out): individuals made
 *
 * Makes at most %REIN_RUN_MAX_CONSTRUCTED individuals. Without @first, individual 0 is the best of
 * them. The same for the same seed.
 *
 * Returns: (transfer full): the genomes, canonical form [may take seconds]
 */
GBytes *rein_run_start_construct(const ReinProblemFile *problem, GBytes *first, gsize genome_size,
                                 guint32 population, guint64 seed, GCancellable *cancellable,
                                 guint32 *n);

G_END_DECLS
