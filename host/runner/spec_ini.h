/* SPDX-License-Identifier: MIT */

/* spec.ini: everything needed to repeat a run. host/README.md describes it. [any thread] */

#pragma once

#include "problems/format.h"
#include "runner.h"

G_BEGIN_DECLS

/* What the runner found out beside the spec. */
typedef struct ReinSpecFacts {
    const char *job_id;
    const ReinProblemFile *problem;
    const char *start_sha256; /* (nullable) */
    const ReinTuning *tuning; /* with the population in force */
} ReinSpecFacts;

/* Returns: (transfer full): the file's text */
char *rein_spec_to_text(const ReinRunSpec *spec, const ReinSpecFacts *facts);

G_END_DECLS
