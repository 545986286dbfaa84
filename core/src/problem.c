/* SPDX-License-Identifier: MIT */

#include "problem_private.h"

#include <math.h>
#include <string.h>

ReinProblem *
rein_problem_new(const char *name, ReinGenomeKind kind, guint32 n_genes)
{
    static const guint32 no_data = 0;

    g_return_val_if_fail(name != NULL && n_genes >= 1, NULL);

    ReinProblem *self = g_new0(ReinProblem, 1);
    self->n_refs = 1;
    self->name = g_strdup(name);
    self->genome_kind = kind;
    self->n_genes = n_genes;
    self->n_planes = 1;
    self->data = g_bytes_new_static(&no_data, sizeof no_data);
    self->bounds = g_new0(guint32, n_genes);
    for (guint32 i = 0; i < n_genes; i++) {
        self->bounds[i] = kind == REIN_GENOME_INT16 ? 1u << 16 : 0;
    }
    return self;
}

ReinProblem *
rein_problem_ref(ReinProblem *self)
{
    g_return_val_if_fail(self != NULL, NULL);

    g_atomic_int_inc(&self->n_refs);
    return self;
}

void
rein_problem_unref(ReinProblem *self)
{
    if (self == NULL || !g_atomic_int_dec_and_test(&self->n_refs)) {
        return;
    }
    g_free(self->name);
    g_free(self->file_name);
    g_clear_pointer(&self->text, g_bytes_unref);
    g_free(self->fitness_kernel);
    g_free(self->improve_kernel);
    g_bytes_unref(self->data);
    g_free(self->bounds);
    g_free(self);
}

void
rein_problem_set_kernel(ReinProblem *self, const char *file_name, GBytes *text, const char *fitness,
                        const char *improve)
{
    g_return_if_fail(self != NULL && file_name != NULL && text != NULL && fitness != NULL);

    g_bytes_ref(text);
    g_clear_pointer(&self->text, g_bytes_unref);
    self->text = text;
    g_free(self->file_name);
    self->file_name = g_strdup(file_name);
    g_free(self->fitness_kernel);
    self->fitness_kernel = g_strdup(fitness);
    g_free(self->improve_kernel);
    self->improve_kernel = g_strdup(improve);
}

void
rein_problem_set_fast_math(ReinProblem *self, gboolean fast_math)
{
    g_return_if_fail(self != NULL);
    self->fast_math = fast_math;
}

void
rein_problem_set_fitness(ReinProblem *self, ReinFitnessKind kind, guint n_planes, guint32 maximise)
{
    g_return_if_fail(self != NULL && n_planes >= 1 && n_planes <= REIN_MAX_PLANES);
    g_return_if_fail(maximise >> n_planes == 0);

    self->fitness_kind = kind;
    self->n_planes = n_planes;
    self->maximise = maximise;
}

void
rein_problem_set_data(ReinProblem *self, GBytes *data)
{
    g_return_if_fail(self != NULL && data != NULL && g_bytes_get_size(data) > 0);

    g_bytes_ref(data);
    g_bytes_unref(self->data);
    self->data = data;
}

void
rein_problem_set_bounds(ReinProblem *self, const guint32 *bounds)
{
    g_return_if_fail(self != NULL && bounds != NULL);

    for (guint32 i = 0; i < self->n_genes; i++) {
        g_return_if_fail(bounds[i] >= 1);
        g_return_if_fail(self->genome_kind != REIN_GENOME_INT16 || bounds[i] <= 1u << 16);
    }
    memcpy(self->bounds, bounds, self->n_genes * sizeof *bounds);
}

void
rein_problem_set_memory(ReinProblem *self, guint32 n_state, guint32 n_scratch)
{
    g_return_if_fail(self != NULL);

    self->n_state = n_state;
    self->n_scratch = n_scratch;
}

const char *
rein_problem_get_name(ReinProblem *self)
{
    g_return_val_if_fail(self != NULL, NULL);
    return self->name;
}

ReinGenomeKind
rein_problem_get_genome_kind(ReinProblem *self)
{
    g_return_val_if_fail(self != NULL, REIN_GENOME_INT16);
    return self->genome_kind;
}

guint32
rein_problem_get_n_genes(ReinProblem *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->n_genes;
}

gsize
rein_problem_get_genome_size(ReinProblem *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return (gsize)self->n_genes *
           (self->genome_kind == REIN_GENOME_INT16 ? sizeof(guint16) : sizeof(guint32));
}

guint
rein_problem_get_n_planes(ReinProblem *self)
{
    g_return_val_if_fail(self != NULL, 0);
    return self->n_planes;
}

double
rein_problem_value(const ReinProblem *self, guint plane, guint32 word)
{
    const gboolean is_maximised = (self->maximise >> plane & 1u) != 0;
    double value = 0;

    if (self->fitness_kind == REIN_FITNESS_FLOAT32) {
        float number = 0;
        memcpy(&number, &word, sizeof number);
        value = (double)number;
    } else {
        value = (double)(gint32)word;
    }
    return is_maximised ? -value : value;
}

guint32
rein_problem_word(const ReinProblem *self, guint plane, double value)
{
    const double minimised = (self->maximise >> plane & 1u) != 0 ? -value : value;
    guint32 word = 0;

    if (self->fitness_kind == REIN_FITNESS_FLOAT32) {
        const float number = (float)minimised;
        memcpy(&word, &number, sizeof word);
        return word;
    }
    /* a target between two integers is met by the better one */
    return (guint32)(gint32)CLAMP(floor(minimised), (double)G_MININT32, (double)G_MAXINT32);
}
