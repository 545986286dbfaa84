/* SPDX-License-Identifier: MIT */

/* Where the parts of this rein are, as it finds them itself. [any thread] */

#pragma once

#include "common/settings.h"

G_BEGIN_DECLS

/* Returns: (transfer full): the file of librein, "" where not known */
char *doctor_find_library(void);

/* Returns: (transfer full): the program rein-worker that would be started, there or not */
char *doctor_find_worker(const ReinSettings *settings);

G_END_DECLS
