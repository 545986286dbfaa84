/* SPDX-License-Identifier: MIT */
/*
 * ITC-2007 curriculum-based course timetabling (formulation UD2) on the host: all of it. An
 * instance is read from a .ctt file, a solution from a .sol file; both are plain data, owned by
 * whoever made them, and nothing in here keeps a global, so any thread may use any of it as long
 * as no two write the same object.
 */
#pragma once

#include "ctt_check.h"
#include "ctt_construct.h"
#include "ctt_explain.h"
#include "ctt_instance.h"
#include "ctt_score.h"
#include "ctt_show.h"
#include "ctt_solution.h"
