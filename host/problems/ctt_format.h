/* SPDX-License-Identifier: MIT */
/* ITC-2007 course timetabling as one of the formats of format.h. Constant; any thread. */
#pragma once

#include "format.h"

G_BEGIN_DECLS

extern const ReinProblemFormat ctt_format;

G_END_DECLS
