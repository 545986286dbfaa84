/* SPDX-License-Identifier: MIT */

/*
 * The file of a sweep: which instances, seeds and settings are to be combined. Read and checked as a
 * whole by one thread, then only read. host/README.md documents the form.
 */

#pragma once

#include "common/settings.h"

G_BEGIN_DECLS

#define REIN_SWEEP_MAX_INSTANCES 1000u
#define REIN_SWEEP_MAX_SEEDS 100000u
#define REIN_SWEEP_MAX_DIMENSIONS 32u
#define REIN_SWEEP_MAX_VALUES 1000u /* of one dimension */
#define REIN_SWEEP_MAX_COMBINATIONS 100000u

/* A problem file. */
typedef struct ReinSweepInstance {
    char *name;   /* as it is written */
    char *path;   /* from the sweep's file on */
    char *sha256; /* of its content */
} ReinSweepInstance;

/* An option of a run with the values it takes in turn. */
typedef struct ReinSweepDimension {
    char *name;  /* as it is written: "population" */
    char *where; /* "path:line" */
    guint n_values;
    GStrv values;  /* as they are written */
    GStrv applied; /* the same, but that paths are from the sweep's file on */
    GStrv sha256;  /* of the content, if they are paths; else NULL */
} ReinSweepDimension;

typedef struct ReinSweepFile {
    char *path;
    GPtrArray *instances;      /* ReinSweepInstance, at least one */
    GArray *seeds;             /* guint64, at least one */
    GPtrArray *dimensions;     /* ReinSweepDimension, in the order of the file */
    gboolean stops_on_failure; /* on-failure = stop */
    guint n_combinations;      /* of all that */
} ReinSweepFile;

/**
 * rein_sweep_file_read:
 * @settings: where the file does not name seeds, run.seed is the one; values are tried on a copy
 *
 * Reads the file, and the files it names.
 *
 * Returns: (transfer full): what it asks for, or %NULL with an error that begins with the path and,
 *     where there is one, the line: of a line that is none, a key that is not known, a value that no
 *     run takes or that is there twice, more than the bounds above, or a file that cannot be read
 *     [may block]
 */
ReinSweepFile *rein_sweep_file_read(const char *path, const ReinSettings *settings, GError **error);

/* NULL is a no-op. */
void rein_sweep_file_free(ReinSweepFile *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReinSweepFile, rein_sweep_file_free)

G_END_DECLS
