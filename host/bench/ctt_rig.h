/* SPDX-License-Identifier: MIT */

/*
 * A timetable instance on a plugin's table: a population of genomes in the device's layout with all
 * that the timetabling kernels need beside it. Belongs to one thread.
 */

#pragma once

#include "problems/ctt_block.h"
#include "problems/ctt_instance.h"
#include "table_device.h"

G_BEGIN_DECLS

typedef struct CttRig {
    CttInstance *instance;
    TableDevice *device;
    guint32 n_items;
    guint32 n_moves;  /* of the improve kernel, per item */
    CttGene *genomes; /* [n_items][n_lectures] */
    guint64 fitness;  /* buffer: [2][n_items] */
    ReinStage evaluate;
    ReinStage improve;
} CttRig;

/*
 * Reads `name` ("comp01") and puts `n_items` genomes on `device`, which is borrowed: constructed
 * timetables, each with `n_random` lectures put somewhere at random.
 */
CttRig *ctt_rig_new(TableDevice *device, const char *folder, const char *name, guint32 n_items,
                    guint32 interleave, guint32 n_random, GError **error);
void ctt_rig_free(CttRig *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CttRig, ctt_rig_free)

G_END_DECLS
