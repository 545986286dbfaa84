/* SPDX-License-Identifier: MIT */

/* The inside of a problem, read by the engine. Constant once a run has begun. [any thread] */

#pragma once

#include <glib.h>
#include <rein/problem.h>

G_BEGIN_DECLS

struct ReinProblem {
    gint n_refs; /* atomic */
    char *name;
    ReinGenomeKind genome_kind;
    guint32 n_genes;
    ReinFitnessKind fitness_kind;
    guint n_planes;
    guint32 maximise; /* bit per plane */
    char *file_name;
    GBytes *text;
    char *fitness_kernel;
    char *improve_kernel; /* NULL: none */
    gboolean fast_math;
    GBytes *data;    /* at least four bytes */
    guint32 *bounds; /* [n_genes]; 0: any value of the kind */
    guint32 n_state; /* u32 words per individual */
    guint32 n_scratch;
};

/* A fitness word as the device holds it, to the value the host sees; minimised there, signed here. */
double rein_problem_value(const ReinProblem *self, guint plane, guint32 word);
guint32 rein_problem_word(const ReinProblem *self, guint plane, double value);

G_END_DECLS
