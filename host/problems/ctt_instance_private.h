/* SPDX-License-Identifier: MIT */
/*
 * What the reader of instances needs of them and nobody else: the last step of building one.
 */
#pragma once

#include "ctt_instance.h"

G_BEGIN_DECLS

/* Fills what follows from the rest: `conflict`, and the curricula of each course. */
void ctt_instance_derive(CttInstance *self);

G_END_DECLS
