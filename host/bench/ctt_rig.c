/* SPDX-License-Identifier: MIT */

#include "ctt_rig.h"

#include <ctt_kernels.h>
#include <rein_kernel.h>

#include "problems/ctt_construct.h"

#define N_CONSTRUCTED 8

void
ctt_rig_free(CttRig *self)
{
    if (self == NULL) {
        return;
    }
    ctt_instance_free(self->instance);
    g_free(self->genomes);
    g_free(self);
}

static void
ctt_rig_make_genomes(CttRig *self, guint32 n_random)
{
    const CttInstance *instance = self->instance;
    const guint32 n_genes = instance->n_lectures;
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);

    self->genomes = g_new0(CttGene, (gsize)self->n_items * n_genes);
    for (guint32 item = 0; item < self->n_items; item++) {
        CttGene *genome = self->genomes + (gsize)item * n_genes;
        if (item < N_CONSTRUCTED) {
            ctt_construct(instance, item + 1, genome);
        } else {
            const CttGene *model = self->genomes + (gsize)(item % N_CONSTRUCTED) * n_genes;
            for (guint32 i = 0; i < n_genes; i++) {
                genome[i] = model[i];
            }
        }
    }
    for (guint32 item = 0; item < self->n_items; item++) {
        CttGene *genome = self->genomes + (gsize)item * n_genes;
        for (guint32 i = 0; i < n_random; i++) {
            genome[g_rand_int_range(rand, 0, (gint32)n_genes)] =
                (CttGene)g_rand_int_range(rand, 0, ctt_instance_not_placed(instance));
        }
    }
}

/* The genomes in tiles of `interleave` items, as GENE(i) finds them. */
static guint64
ctt_rig_take_genes(CttRig *self, guint32 interleave, GError **error)
{
    const guint32 n_genes = self->instance->n_lectures;
    const guint32 n_rows = (self->n_items + interleave - 1) / interleave * interleave;
    const gsize size = (gsize)n_rows * n_genes * sizeof(CttGene);
    g_autofree CttGene *genes = g_malloc0(size);

    for (guint32 item = 0; item < self->n_items; item++) {
        const gsize tile = (gsize)(item / interleave) * interleave * n_genes;
        for (guint32 i = 0; i < n_genes; i++) {
            genes[tile + (gsize)i * interleave + item % interleave] =
                self->genomes[(gsize)item * n_genes + i];
        }
    }
    return table_device_take(self->device, size, genes, error);
}

static gboolean
ctt_rig_bind(CttRig *self, guint32 interleave, GError **error)
{
    const CttInstance *instance = self->instance;
    const guint32 n_scratch = ctt_block_n_scratch(instance);
    const gsize n_rows = (self->n_items + interleave - 1) / interleave * interleave;
    g_autoptr(GBytes) block = ctt_block_new(instance, NULL);
    g_autofree guint32 *changed = g_new(guint32, self->n_items);
    const guint32 params[PARAM_COUNT] = {
        [PARAM_POPULATION] = self->n_items,
        [PARAM_N_GENES] = instance->n_lectures,
        [PARAM_N_PLANES] = 2,
        [PARAM_SEED_LOW] = 1,
        [PARAM_MOVES] = self->n_moves,
        [PARAM_N_SCRATCH] = n_scratch,
    };
    gsize block_size = 0;
    gconstpointer block_data = g_bytes_get_data(block, &block_size);

    for (guint32 i = 0; i < self->n_items; i++) {
        changed[i] = 1;
    }
    const guint64 program =
        table_device_build(self->device, "timetable.cl", ctt_kernels, ctt_kernels_size, error);
    guint64 buffers[7] = { 0 };
    if (program == 0 ||
        (buffers[0] = table_device_take(self->device, sizeof params, params, error)) == 0 ||
        (buffers[1] = ctt_rig_take_genes(self, interleave, error)) == 0 ||
        (buffers[2] = table_device_take(self->device, self->n_items * sizeof *changed, changed,
                                        error)) == 0 ||
        (buffers[3] = table_device_take(self->device, self->n_items * 2 * sizeof(guint32), NULL,
                                        error)) == 0 ||
        (buffers[4] = table_device_take(self->device, block_size, block_data, error)) == 0 ||
        (buffers[5] = table_device_take(self->device, n_rows * n_scratch * sizeof(guint32), NULL,
                                        error)) == 0 ||
        (buffers[6] = table_device_take(self->device, sizeof(guint32), NULL, error)) == 0) {
        return FALSE;
    }
    self->fitness = buffers[3];
    self->evaluate =
        (ReinStage){ .program = program, .kernel = "timetable_fitness", .n_items = self->n_items };
    table_device_bind(&self->evaluate, buffers, 6);
    self->improve = self->evaluate;
    self->improve.kernel = "timetable_improve";
    table_device_bind(&self->improve, buffers, 7);
    return TRUE;
}

CttRig *
ctt_rig_new(TableDevice *device, const char *folder, const char *name, guint32 n_items,
            guint32 interleave, guint32 n_random, GError **error)
{
    g_autofree char *file = g_strdup_printf("%s.ctt", name);
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_autoptr(CttRig) self = g_new0(CttRig, 1);
    CttEvolution evolution = { 0 };

    self->instance = ctt_instance_read(path, error);
    if (self->instance == NULL) {
        g_prefix_error(error, "--data: ");
        return NULL;
    }
    ctt_evolution_init(&evolution, self->instance);
    self->device = device;
    self->n_items = n_items;
    self->n_moves = evolution.n_moves;
    ctt_rig_make_genomes(self, n_random);
    return ctt_rig_bind(self, interleave, error) ? g_steal_pointer(&self) : NULL;
}
